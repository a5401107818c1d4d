//! Sockets die, sessions live.

use media_api::{CloseReason, Command, Event};
use protocol::{CloseCode, LiveState, Pc, ServerMessage};

use super::world::{SENDING, World, offers, sending};
use crate::ClientId;

fn resume(w: &mut World, fields: &str, token: &str) -> ClientId {
    let socket = w.open();
    w.hello(socket, &format!(r#"{fields},"resume":"{token}""#));
    socket
}

fn joined(w: &mut World, role: &str) -> (ClientId, String) {
    let socket = w.open();
    w.hello(socket, &format!(r#""role":"{role}""#));
    let token = w.resume_token(socket);
    (socket, token)
}

#[test]
fn a_fan_takes_its_session_up_with_its_connection() {
    let mut w = World::new();
    w.host("");
    let (fan, token) = joined(&mut w, "fan");
    w.answer_neg(fan, 1);
    let peer = w.last_peer();
    w.event(Event::Connected { peer });
    w.drop_socket(fan, None);
    w.seconds(30);
    w.take_commands();
    let again = resume(&mut w, r#""role":"fan""#, &token);
    let told = w.take(again);
    let ServerMessage::Welcome { resumed: true, room, resume, .. } = &told[0] else {
        panic!("{told:?}")
    };
    assert_eq!(room.live, LiveState::Live);
    assert_eq!(*resume, token);
    assert!(offers(&told).is_empty() && w.commands.is_empty(), "nothing is negotiated");
    assert_eq!(w.n_viewers(), 1);
}

#[test]
fn the_old_socket_is_closed_when_it_is_still_open() {
    let mut w = World::new();
    let (old, token) = joined(&mut w, "fan");
    let new = resume(&mut w, r#""role":"fan""#, &token);
    assert_eq!(w.types(old), ["bye"]);
    assert_eq!(w.close_code(old), Some(CloseCode::Replaced));
    assert_eq!(w.types(new)[0], "welcome");
    // What the old socket says or does now is nobody's.
    w.drop_socket(old, Some(1001));
    w.say(new, r#"{"type":"ping","t":1}"#);
    assert_eq!(w.types(new), ["pong"]);
}

#[test]
fn an_offer_that_was_lost_with_the_socket_is_sent_again() {
    let mut w = World::new();
    let (fan, token) = joined(&mut w, "fan");
    w.drop_socket(fan, None);
    let again = resume(&mut w, r#""role":"fan""#, &token);
    assert_eq!(offers(&w.take(again)), [(Some(Pc::Sub), Some(1))]);
    w.answer_neg(again, 1);
    assert!(w.errors(again).is_empty());
}

#[test]
fn a_fan_that_lost_its_connection_too_is_offered_a_new_one() {
    let mut w = World::new();
    let (fan, token) = joined(&mut w, "fan");
    w.answer_neg(fan, 1);
    w.drop_socket(fan, None);
    let peer = w.last_peer();
    w.closes(peer, CloseReason::ConsentExpired);
    w.seconds(30);
    let again = resume(&mut w, r#""role":"fan""#, &token);
    let told = w.take(again);
    assert!(matches!(told[0], ServerMessage::Welcome { resumed: true, .. }));
    assert_eq!(offers(&told), [(Some(Pc::Sub), Some(1))]);
}

#[test]
fn a_host_takes_its_broadcast_up_again() {
    let mut w = World::new();
    let (host, token) = joined(&mut w, "host");
    w.offer(host, SENDING);
    w.say(host, r#"{"type":"golive"}"#);
    w.flow();
    w.drop_socket(host, None);
    let again = resume(&mut w, r#""role":"host""#, &token);
    let told = w.take(again);
    assert!(matches!(told[0], ServerMessage::Welcome { resumed: true, .. }));
    assert_eq!(w.live(), LiveState::Live);
    w.offer(again, &sending(2));
    w.flow();
    assert_eq!(w.live(), LiveState::Live, "and restarts its media without golive");
    w.say(again, r#"{"type":"end"}"#);
    assert_eq!(w.live(), LiveState::Ended);
}

#[test]
fn an_answer_made_while_the_socket_was_dead_is_kept() {
    let mut w = World::new();
    let (host, token) = joined(&mut w, "host");
    w.answers = false;
    w.offer(host, SENDING);
    w.drop_socket(host, None);
    let Some(Command::Publish { peer, .. }) = w.commands.pop() else { panic!() };
    w.event(Event::Answer { peer, sdp: "v=0".into(), codecs: vec![] });
    let again = resume(&mut w, r#""role":"host""#, &token);
    assert_eq!(w.types(again), ["welcome", "chats", "viewers", "answer"]);
}

#[test]
fn an_unknown_token_is_a_normal_join() {
    let mut w = World::new();
    let fan = resume(&mut w, r#""role":"fan""#, "nonsense");
    assert!(matches!(w.take(fan)[0], ServerMessage::Welcome { resumed: false, .. }));
}

#[test]
fn a_token_is_good_for_its_own_room_and_role_only() {
    let mut w = World::new();
    let (_fan, token) = joined(&mut w, "fan");
    let other = resume(&mut w, r#""role":"fan","room":"other""#, &token);
    assert!(matches!(w.take(other)[0], ServerMessage::Welcome { resumed: false, .. }));
    let host = resume(&mut w, r#""role":"host""#, &token);
    assert!(matches!(w.take(host)[0], ServerMessage::Welcome { resumed: false, .. }));
}

#[test]
fn a_session_without_socket_and_media_is_forgotten_after_a_minute() {
    let mut w = World::new();
    w.host("");
    let (fan, token) = joined(&mut w, "fan");
    w.drop_socket(fan, None);
    let peer = w.last_peer();
    w.closes(peer, CloseReason::Remote);
    w.seconds(60);
    let again = resume(&mut w, r#""role":"fan""#, &token);
    assert!(matches!(w.take(again)[0], ServerMessage::Welcome { resumed: false, .. }));
}

#[test]
fn a_replaced_host_cannot_come_back_by_its_token() {
    let mut w = World::new();
    let host = w.open();
    w.hello(host, r#""role":"host","key":"k""#);
    let token = w.resume_token(host);
    w.offer(host, SENDING);
    let second = w.open();
    w.hello(second, r#""role":"host","key":"k""#);
    w.offer(second, &sending(2));
    let again = resume(&mut w, r#""role":"host""#, &token);
    assert!(matches!(w.take(again)[0], ServerMessage::Welcome { resumed: false, .. }));
    w.offer(again, &sending(3));
    assert_eq!(w.types(again), ["host_taken"]);
}

#[test]
fn vanished_fans_of_a_broadcast_that_is_over_are_closed_after_a_minute() {
    let mut w = World::new();
    let host = w.host("");
    let (vanished, there) = (w.fan(), w.fan());
    w.drop_socket(vanished, None);
    w.seconds(600);
    w.say(host, r#"{"type":"end"}"#);
    w.seconds(59);
    assert_eq!(w.n_viewers(), 2, "a return within a minute finds everybody");
    w.seconds(1);
    assert_eq!(w.n_viewers(), 1);
    assert_eq!(w.close_code(there), None);
}

#[test]
fn who_vanishes_from_a_room_that_is_over_is_closed_after_a_minute() {
    let mut w = World::new();
    let host = w.host("");
    let fan = w.fan();
    w.say(host, r#"{"type":"end"}"#);
    w.seconds(600);
    w.drop_socket(fan, None);
    assert_eq!(w.n_viewers(), 1);
    w.seconds(60);
    assert_eq!(w.n_viewers(), 0);
}

#[test]
fn a_room_that_nobody_is_in_is_forgotten() {
    let mut w = World::new();
    let host = w.host("");
    let fan = w.fan();
    w.drop_socket(fan, None);
    w.drop_socket(host, Some(1001));
    w.seconds(3600);
    let directory = &w.hub.cx.directory;
    assert_eq!((w.hub.rooms.len(), directory.sessions.len(), directory.peers.len()), (0, 0, 0));
    assert_eq!((directory.tokens.len(), directory.rooms.len()), (0, 0));
    assert_eq!(w.admission.counts(), (0, 0));
    assert_eq!(w.hub.poll_timeout(), None);
}
