//! Crowds and attackers: who gets in, and who gives way.

use media_api::{Command, Event};
use protocol::{CloseCode, ErrorCode, Role};

use super::world::{Query, SENDING, World, in_room, offers};
use crate::ClientId;

/// A fan that says `hello` and never answers.
fn idler(w: &mut World, ip: &str) -> ClientId {
    let client = w.open_as(ip, false, Query::default());
    w.hello(client, r#""role":"fan""#);
    client
}

/// A fan that answers and connects.
fn viewer(w: &mut World, ip: &str) -> ClientId {
    let client = idler(w, ip);
    w.answer_neg(client, 1);
    let peer = w.last_peer();
    w.event(Event::Connected { peer });
    client
}

#[test]
fn the_offer_of_a_page_that_is_gone_holds_no_place() {
    let mut w = World::new();
    w.host("");
    w.take_commands();
    for _ in 0..100 {
        let client = idler(&mut w, "192.0.2.66");
        w.drop_socket(client, None);
    }
    let closes = w.take_commands().iter().filter(|it| matches!(it, Command::Close { .. })).count();
    assert_eq!(closes, 100, "each peer closes with its socket");
    assert_eq!(w.admission.counts().1, 1, "the host's is left");
}

#[test]
fn in_a_full_room_the_oldest_that_has_not_answered_gives_way() {
    let mut w = World::with(|setup| setup.max_viewers = 3);
    w.host("");
    let connected = viewer(&mut w, "192.0.2.1");
    let idlers: Vec<_> = (2..4).map(|n| idler(&mut w, &format!("192.0.2.{n}"))).collect();
    for idler in &idlers {
        w.take(*idler);
    }
    let late = viewer(&mut w, "192.0.2.9");
    assert!(!offers(&w.take(late)).is_empty());
    assert_eq!(w.errors(idlers[0]), [ErrorCode::RoomFull]);
    assert_eq!(w.errors(idlers[1]), [], "the younger one keeps its place");
    assert_eq!(w.close_code(connected), None);
    // Only those that are connected are left: now it is full.
    viewer(&mut w, "192.0.2.10");
    let refused = idler(&mut w, "192.0.2.11");
    assert_eq!(w.errors(refused), [ErrorCode::RoomFull]);
}

#[test]
fn in_a_full_server_the_oldest_that_has_not_answered_gives_way_in_whatever_room() {
    let mut w = World::with(|setup| setup.capacity.max_peers = 4);
    let elsewhere = w.open_with(in_room("elsewhere"));
    w.hello(elsewhere, r#""role":"fan","room":"elsewhere""#);
    w.host("");
    let others: Vec<_> = (2..4).map(|n| viewer(&mut w, &format!("192.0.2.{n}"))).collect();
    w.take(elsewhere);
    let late = viewer(&mut w, "192.0.2.9");
    assert!(!offers(&w.take(late)).is_empty());
    assert_eq!(w.errors(elsewhere).len(), 1, "it is told");
    assert_eq!(w.admission.counts().1, 4);
    for other in others {
        assert_eq!(w.close_code(other), None);
    }
    let refused = idler(&mut w, "192.0.2.10");
    assert_eq!(w.errors(refused), [ErrorCode::ServerFull]);
}

#[test]
fn the_last_places_are_kept_for_hosts() {
    let mut w = World::with(|setup| setup.capacity.max_peers = 40);
    for n in 0..60 {
        let fan = viewer(&mut w, &format!("198.51.100.{n}"));
        w.take(fan);
    }
    assert_eq!(w.admission.counts().1, 38, "one in twenty is left");
    let host = w.open_as("192.0.2.1", false, Query::default());
    w.offer(host, SENDING);
    assert_eq!(w.types(host), ["answer"]);
}

#[test]
fn one_network_cannot_fill_the_server() {
    let mut w = World::new();
    w.host("");
    let mut refused = 0;
    for _ in 0..40 {
        for n in 0..20 {
            // Of one customer.
            let ip = format!("2001:db8::{n:x}");
            match w.try_open(&ip, false, Query::default()) {
                Ok(client) => w.hello(client, r#""role":"fan""#),
                Err(refusal) => {
                    assert_eq!(refusal.code, ErrorCode::RateLimited);
                    refused += 1;
                }
            }
        }
        w.seconds(1);
    }
    assert!(refused >= 400, "{refused}");
    let other = viewer(&mut w, "2001:db8:0:1::1");
    assert!(w.errors(other).is_empty());
}

#[test]
fn sessions_that_nobody_holds_make_room_before_their_time() {
    let mut w = World::with(|setup| {
        setup.capacity.max_peers = 10;
        setup.capacity.sessions_per_network = 1000;
    });
    for n in 0..200 {
        let ip = format!("198.51.100.{n}");
        let client = w.open_as(&ip, false, Query::default());
        w.hello(client, r#""role":"host""#);
        w.drop_socket(client, None);
    }
    assert!(w.admission.counts().0 < 40, "{:?}", w.admission.counts());
    let host = w.open();
    w.offer(host, SENDING);
    assert_eq!(w.types(host), ["answer"]);
}

#[test]
fn there_are_so_many_rooms() {
    let mut w = World::with(|setup| setup.capacity.max_peers = 20);
    let mut full = 0;
    for n in 0..60 {
        let query = in_room(&format!("room{n}"));
        let client = w.open_as(&format!("198.51.100.{n}"), false, query);
        if w.close_code(client) == Some(CloseCode::Full) {
            assert_eq!(w.errors(client), [ErrorCode::ServerFull]);
            full += 1;
        }
    }
    assert_eq!((w.hub.rooms.len(), full), (20, 40));
    let known = w.open_as("203.0.113.1", false, in_room("room3"));
    assert_eq!(w.close_code(known), None, "a room that is there takes more");
}

#[test]
fn long_secrets_are_refused_and_not_kept() {
    let mut w = World::new();
    let client = w.open();
    for field in ["key", "secret"] {
        let long = "x".repeat(129);
        w.hello(client, &format!(r#""role":"host","{field}":"{long}""#));
        assert_eq!(w.errors(client), [ErrorCode::BadField], "{field}");
    }
    let longest = "x".repeat(128);
    w.hello(client, &format!(r#""role":"host","secret":"{longest}""#));
    assert_eq!(w.types(client)[0], "welcome");
}

#[test]
fn turn_credentials_expire_and_are_each_clients_own() {
    let mut w = World::with(|setup| {
        setup.ice_servers = vec![crate::IceServerConfig {
            server: protocol::IceServer {
                urls: vec!["turn:turn.example.com".into()],
                username: None,
                credential: None,
            },
            secret: Some(crate::TurnSecret("of ours".into())),
        }];
    });
    let given = |w: &mut World| {
        let client = w.open();
        w.hello(client, r#""role":"fan""#);
        let told = w.take(client);
        let Some(protocol::ServerMessage::Welcome { ice_servers, .. }) = told.first() else {
            panic!("{told:?}")
        };
        (ice_servers[0].username.clone().unwrap(), ice_servers[0].credential.clone().unwrap())
    };
    let (first, second) = (given(&mut w), given(&mut w));
    assert_ne!(first, second);
    assert!(first.0.starts_with("1700003600:s"), "an hour from now: {}", first.0);
    let silent = w.open_with(Query { role: Some(Role::Host), ..Query::default() });
    w.seconds(1);
    assert!(w.take(silent).is_empty(), "who says nothing is given nothing");
}
