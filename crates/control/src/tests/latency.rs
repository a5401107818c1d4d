//! How late fans see the picture.

use std::time::Duration;

use media_api::Event;
use protocol::ServerMessage;

use super::world::World;

fn clocks(w: &mut World, fan: crate::ClientId) -> Vec<(u32, u32, f64)> {
    let of = |message| match message {
        ServerMessage::Clock { rtp, rate, wall } => Some((rtp, rate, wall)),
        _ => None,
    };
    w.take(fan).into_iter().filter_map(of).collect()
}

fn uplink(w: &mut World, fan: crate::ClientId) -> Vec<Option<f64>> {
    let of = |message| match message {
        ServerMessage::State(state) => Some(state.uplink_ms),
        _ => None,
    };
    w.take(fan).into_iter().filter_map(of).collect()
}

#[test]
fn a_page_is_told_when_its_picture_was_captured_by_the_servers_clock() {
    let mut w = World::new();
    w.host("");
    let fan = w.fan();
    let peer = w.last_peer();
    w.take(fan);
    w.say(fan, r#"{"type":"ping","t":1}"#);
    let [ServerMessage::Pong { now, .. }] = w.take(fan)[..] else { panic!("no pong") };
    let captured = w.now().at - Duration::from_millis(40);
    w.event(Event::Captured { peer, captured, rtp_ts: 7, clock_rate: 90_000 });
    let told = clocks(&mut w, fan);
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].0, told[0].1), (7, 90_000));
    assert!((told[0].2 - (now - 40.0)).abs() < 0.01, "{told:?}");
}

#[test]
fn fans_are_told_how_far_the_host_is_when_that_changes() {
    let mut w = World::new();
    let host = w.host("");
    let fan = w.fan();
    w.take(fan);
    w.say(host, r#"{"type":"stats","rttMs":80}"#);
    assert_eq!(uplink(&mut w, fan), [Some(40.0)]);
    w.say(host, r#"{"type":"stats","rttMs":84}"#);
    assert_eq!(uplink(&mut w, fan), [], "it is the same way");
    w.say(fan, r#"{"type":"stats","rttMs":300}"#);
    assert_eq!(uplink(&mut w, fan), [], "a fan's round trip is its own");
    w.say(host, r#"{"type":"stats","rttMs":-1}"#);
    assert_eq!(uplink(&mut w, fan), [], "no round trip is negative");
}
