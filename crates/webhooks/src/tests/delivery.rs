//! What receivers get, on virtual time.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use store::{DeliveryState, OpenError, Store};

use super::receivers::{Does, Receivers, Server};
use crate::event::EventKind;
use crate::limits::{TRIES_PER_MINUTE, TRY_FOR};

const ROOMS: [&str; 3] = ["red", "green", "blue"];
const MINUTE: Duration = Duration::from_secs(60);

/// The store of a server that was killed is free when its thread has ended.
fn open(folder: &Path) -> Store {
    loop {
        match Store::open(folder) {
            Err(OpenError::InUse { .. }) => std::thread::yield_now(),
            other => return other.unwrap(),
        }
    }
}

/// Each room's events came in order, each once by its id.
fn assert_told(receivers: &Receivers, name: &str, n: u64) {
    let taken = receivers.taken(name);
    let ids: BTreeSet<&str> = taken.iter().map(|(_, body)| body["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), taken.len(), "each once");
    for room in ROOMS {
        let of_room = taken.iter().filter(|(it, _)| it == room);
        let told: Vec<_> = of_room.map(|(_, body)| body["n"].as_u64().unwrap()).collect();
        assert_eq!(told, (0..n).collect::<Vec<_>>(), "{room}");
    }
}

#[tokio::test]
async fn a_receiver_that_is_down_for_ten_minutes_gets_everything_once_and_in_order() {
    let receivers = Receivers::new();
    let mut server = Server::start(Store::in_memory().unwrap(), &receivers);
    server.add("down", &EventKind::ALL).await;
    server.add("up", &EventKind::ALL).await;
    receivers.set("down", Does::Refuses);
    for n in 0..20 {
        for room in ROOMS {
            server.happens(EventKind::RoomViewers, room, n).await;
        }
        server.advance(MINUTE / 2).await;
    }
    assert_told(&receivers, "up", 20);
    assert_eq!(receivers.taken("down"), []);
    receivers.set("down", Does::Takes);
    let took = server.until_told("down").await;
    assert_told(&receivers, "down", 20);
    // The last wait is of 640 s and a quarter at most.
    assert!(took < 14 * MINUTE, "{took:?}");
}

#[tokio::test]
async fn a_restart_and_a_kill_lose_nothing_that_waits() {
    let folder = tempfile::tempdir().unwrap();
    let receivers = Receivers::new();
    receivers.set("hook", Does::Refuses);
    let mut server = Server::start(open(folder.path()), &receivers);
    server.add("hook", &EventKind::ALL).await;
    for room in ROOMS {
        server.happens(EventKind::RoomLive, room, 0).await;
    }
    server.advance(MINUTE).await;
    server.happens(EventKind::RoomEnded, ROOMS[0], 1).await;
    server.stop().await;

    let mut server = Server::start(open(folder.path()), &receivers);
    for room in &ROOMS[1..] {
        server.happens(EventKind::RoomEnded, room, 1).await;
    }
    server.advance(MINUTE).await;
    server.kill();

    receivers.set("hook", Does::Takes);
    let mut server = Server::start(open(folder.path()), &receivers);
    let took = server.until_told("hook").await;
    assert_told(&receivers, "hook", 2);
    assert!(took < Duration::from_secs(5), "what waited is tried at once: {took:?}");
}

#[tokio::test]
async fn a_receiver_that_hangs_holds_nobody_elses_deliveries() {
    let receivers = Receivers::new();
    let mut server = Server::start(Store::in_memory().unwrap(), &receivers);
    for name in ["hangs", "hangs too", "quick"] {
        server.add(name, &EventKind::ALL).await;
        receivers.set(name, if name == "quick" { Does::Takes } else { Does::Hangs });
    }
    for n in 0..20 {
        for room in ROOMS {
            server.happens(EventKind::RoomViewers, room, n).await;
        }
    }
    server.advance(Duration::from_secs(9)).await;
    assert_told(&receivers, "quick", 20);
    assert_eq!(server.waiting("hangs").await, 60);
    server.advance(MINUTE).await;
    let told = server.store.deliveries("hangs", None, 99).await.unwrap().unwrap();
    assert!(told.iter().any(|it| it.tries > 1 && it.error.is_some()), "it is tried again");
}

#[tokio::test]
async fn an_event_is_tried_for_a_day_and_given_up_for_the_next() {
    let receivers = Receivers::new();
    let mut server = Server::start(Store::in_memory().unwrap(), &receivers);
    server.add("gone", &EventKind::ALL).await;
    receivers.set("gone", Does::Refuses);
    server.happens(EventKind::RoomLive, "red", 0).await;
    server.advance(TRY_FOR / 2).await;
    server.happens(EventKind::RoomEnded, "red", 1).await;
    server.advance(TRY_FOR / 2).await;
    let told = server.store.deliveries("gone", None, 9).await.unwrap().unwrap();
    let [second, first] = &told[..] else { panic!("{told:?}") };
    assert_eq!((first.state, first.code), (DeliveryState::Failed, Some(503)));
    assert!((30..45).contains(&first.tries), "{}", first.tries);
    assert!(matches!(second.state, DeliveryState::Waiting { .. }), "{second:?}");
    receivers.set("gone", Does::Takes);
    server.until_told("gone").await;
    let taken = receivers.taken("gone");
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].1["event"], "room.ended");
}

#[tokio::test]
async fn a_webhook_is_told_what_it_asked_for_and_nothing_once_it_is_deleted() {
    let receivers = Receivers::new();
    let mut server = Server::start(Store::in_memory().unwrap(), &receivers);
    server.add("ends", &[EventKind::RoomEnded]).await;
    server.happens(EventKind::RoomLive, "red", 0).await;
    server.happens(EventKind::RoomEnded, "red", 1).await;
    server.advance(MINUTE).await;
    let taken = receivers.taken("ends");
    let kinds: Vec<_> = taken.iter().map(|(_, body)| body["event"].clone()).collect();
    assert_eq!(kinds, ["room.ended"]);
    receivers.set("ends", Does::Refuses);
    server.happens(EventKind::RoomEnded, "red", 2).await;
    assert!(server.store.delete_webhook("ends").await.unwrap());
    receivers.set("ends", Does::Takes);
    server.happens(EventKind::RoomEnded, "red", 3).await;
    server.advance(MINUTE).await;
    assert_eq!(receivers.taken("ends").len(), 1);
    assert_eq!(server.store.deliveries("ends", None, 9).await, Ok(None));
}

#[tokio::test]
async fn a_crowd_of_events_goes_out_at_the_rate_and_holds_no_other_webhook() {
    let receivers = Receivers::new();
    let mut server = Server::start(Store::in_memory().unwrap(), &receivers);
    server.add("crowd", &[EventKind::RoomViewers]).await;
    server.add("quiet", &[EventKind::RoomEnded]).await;
    for n in 0..3_000 {
        server.happens(EventKind::RoomViewers, &format!("room-{}", n % 100), n).await;
    }
    server.happens(EventKind::RoomEnded, "red", 0).await;
    server.advance(Duration::from_secs(1)).await;
    assert_eq!(server.waiting("quiet").await, 0);
    let took = server.until_told("crowd").await;
    let at_least = MINUTE * (3_000 / TRIES_PER_MINUTE);
    assert!((at_least..at_least + MINUTE).contains(&took), "{took:?}");
    assert_eq!(receivers.taken("crowd").len(), 3_000);
}
