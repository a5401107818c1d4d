//! What is kept of a broadcast: recordings that hosts begin, the chat beside them, going back.

use std::time::Duration;

use auth::{RecordPolicy, RoomRules};
use protocol::{ErrorCode, Kept, RoomName, ServerMessage};

use super::world::World;
use crate::{ClientId, Input, RecordedChat, Rewind};

fn rules(w: &mut World, record: RecordPolicy) {
    let room = RoomName::parse("default").unwrap();
    let rules = RoomRules { record: Some(record), ..RoomRules::default() };
    w.hub.cx.auth.set_room(room.clone(), Some(rules));
    w.input(Input::Rules { room: Some(room) });
}

fn recorded(w: &mut World, on: Result<bool, String>) {
    w.input(Input::Recording { room: RoomName::parse("default").unwrap(), on });
}

/// What is kept, as a page was told last.
fn kept(w: &mut World, page: ClientId) -> Option<Kept> {
    let of = |message| match message {
        ServerMessage::State(room) => Some(room.kept),
        ServerMessage::Welcome { room, .. } => Some(room.kept),
        _ => None,
    };
    w.take(page).into_iter().filter_map(of).next_back()
}

#[test]
fn a_host_begins_and_ends_a_recording_and_all_are_told() {
    let mut w = World::new();
    let host = w.open();
    w.hello(host, r#""role":"host""#);
    w.say(host, r#"{"type":"room_set","recording":true}"#);
    assert_eq!(w.errors(host), [ErrorCode::RoomOffline], "what fans see is recorded");
    w.drop_socket(host, Some(1000));
    let host = w.host("");
    let fan = w.fan();
    w.take(fan);
    w.say(fan, r#"{"type":"room_set","recording":true}"#);
    assert_eq!(w.errors(fan), [ErrorCode::Forbidden]);
    w.say(host, r#"{"type":"room_set","recording":true}"#);
    assert_eq!(std::mem::take(&mut w.recordings), [true]);
    recorded(&mut w, Ok(true));
    assert!(kept(&mut w, fan).unwrap().recording);
    w.say(host, r#"{"type":"room_set","recording":true}"#);
    assert!(w.recordings.is_empty(), "it is already");
    w.say(host, r#"{"type":"room_set","recording":false}"#);
    assert_eq!(w.recordings, [false]);
    recorded(&mut w, Ok(false));
    assert!(!kept(&mut w, fan).unwrap().recording);
}

#[test]
fn a_host_is_told_why_nothing_is_recorded() {
    let mut w = World::new();
    let host = w.host("");
    w.take(host);
    recorded(&mut w, Err("the disk is full".into()));
    let told = w.take(host);
    let is_told = |it: &ServerMessage| matches!(it, ServerMessage::Error { message, fatal: false, .. } if message.contains("full"));
    assert!(told.iter().any(is_told), "{told:?}");
}

#[test]
fn the_rules_of_a_room_say_who_has_it_recorded() {
    let mut w = World::new();
    let host = w.host("");
    rules(&mut w, RecordPolicy::Operator);
    assert!(w.recordings.is_empty());
    assert!(!kept(&mut w, host).unwrap().by_host);
    w.say(host, r#"{"type":"room_set","recording":true}"#);
    assert_eq!(w.errors(host), [ErrorCode::Forbidden]);
    rules(&mut w, RecordPolicy::Host);
    assert!(kept(&mut w, host).unwrap().by_host);

    let mut w = World::new();
    rules(&mut w, RecordPolicy::Always);
    w.host("");
    assert_eq!(w.recordings, [true]);
}

#[test]
fn what_is_said_is_kept_while_it_is_recorded() {
    let mut w = World::new();
    let host = w.host("");
    w.say(host, r#"{"type":"rename","name":"Ann"}"#);
    w.say(host, r#"{"type":"chat","text":"before"}"#);
    recorded(&mut w, Ok(true));
    w.say(host, r#"{"type":"chat","text":"hello"}"#);
    let [RecordedChat::Line(line)] = &w.recorded_chat[..] else { panic!("{:?}", w.recorded_chat) };
    let mid = line.mid;
    w.say(host, &format!(r#"{{"type":"moderate","action":"delete","mid":{mid}}}"#));
    assert_eq!(w.recorded_chat[1], RecordedChat::Removed(vec![mid], None));
}

#[test]
fn a_viewer_goes_back_as_far_as_is_kept_and_nobody_else_does() {
    let mut w = World::new();
    let host = w.host("");
    w.say(host, r#"{"type":"rewind","agoMs":1000}"#);
    assert_eq!(w.errors(host), [ErrorCode::Unexpected]);
    let fan = w.viewer("192.0.2.9");
    w.say(fan, r#"{"type":"rewind","agoMs":30000}"#);
    w.say(fan, r#"{"type":"rewind","agoMs":3600000,"fast":true}"#);
    w.say(fan, r#"{"type":"rewind","paused":true}"#);
    let half_hour = Duration::from_secs(1_800);
    let wishes = [
        Rewind::To(Duration::from_secs(30)),
        Rewind::To(half_hour),
        Rewind::Fast(true),
        Rewind::Pause,
    ];
    assert_eq!(w.rewinds, wishes);
    w.take(fan);
    let peer = w.last_peer();
    w.input(Input::Rewound { peer, at: Some(5.0) });
    assert_eq!(w.take(fan), [ServerMessage::Rewound { at: Some(5.0) }]);
}
