//! Rooms with rules of their own: keys of hosts, a password of viewers, and rights that are taken away.

use auth::{RoomKey, RoomRules, Secret, SecretHash, WatchPolicy};
use protocol::{CloseCode, ErrorCode, LiveState, Role, RoomName};

use super::world::{RECEIVING, SENDING, World};
use crate::{Input, Request};

/// Sets the default room up with these keys and this password.
fn set_up(w: &mut World, keys: &[&str], password: Option<&str>) {
    let room = RoomName::parse("default").unwrap();
    let watch = password.map_or(WatchPolicy::Everybody, |password| {
        WatchPolicy::Password(SecretHash::of_password(&Secret::new(password), 7))
    });
    let key = |key: &&str| RoomKey { id: 1, hash: SecretHash::of_key(&Secret::new(*key)) };
    let keys = keys.iter().map(key).collect();
    w.hub.cx.auth.set_room(room.clone(), Some(RoomRules { watch, keys, ..RoomRules::default() }));
    w.input(Input::Rules { room: Some(room) });
}

fn fan_with(w: &mut World, password: &str) -> crate::ClientId {
    let fan = w.open();
    w.hello(fan, &format!(r#""role":"fan","key":"{password}""#));
    w.seconds(1);
    fan
}

#[test]
fn a_page_is_told_nothing_of_a_room_before_it_says_its_password() {
    let mut w = World::new();
    set_up(&mut w, &[], Some("open sesame"));
    let fan = w.open();
    w.hello(fan, r#""role":"fan""#);
    assert_eq!(w.types(fan), ["auth_required"]);
    w.hello(fan, r#""role":"fan","key":"open barley""#);
    assert_eq!(w.types(fan), ["auth_bad"]);
    w.hello(fan, r#""role":"fan","key":"open sesame""#);
    assert_eq!(w.types(fan)[0], "welcome");
}

#[test]
fn a_page_of_the_basic_profile_and_a_player_are_asked_too() {
    let mut w = World::new();
    let host = w.host("");
    set_up(&mut w, &[], Some("open sesame"));
    let basic = w.open();
    w.seconds(1);
    assert_eq!(w.types(basic), ["auth_required"]);
    w.say(basic, r#"{"type":"chat","text":"let me in"}"#);
    assert_eq!(w.types(basic), ["auth_required"]);
    assert!(w.types(host).iter().all(|it| !it.starts_with("chats")), "nobody hears it");
    let code = |w: &mut World, key| w.program("192.0.2.9", Role::Fan, key).unwrap_err().code;
    assert_eq!(code(&mut w, None), ErrorCode::AuthRequired);
    assert_eq!(code(&mut w, Some("open barley")), ErrorCode::AuthBad);
    let player = w.program("192.0.2.9", Role::Fan, Some("open sesame")).unwrap();
    assert!(w.ask(player, Request::Watch { offer: Some(RECEIVING.into()) }).is_ok());
}

#[test]
fn another_password_turns_out_who_came_by_the_old_one_and_leaves_the_host() {
    let mut w = World::new();
    let host = w.host("");
    set_up(&mut w, &[], Some("one"));
    let fan = fan_with(&mut w, "one");
    let player = w.program("192.0.2.9", Role::Fan, Some("one")).unwrap();
    w.ask(player, Request::Watch { offer: Some(RECEIVING.into()) }).unwrap();
    w.types(fan);
    set_up(&mut w, &[], Some("two"));
    assert_eq!(w.types(fan), ["auth_required", "bye"]);
    assert_eq!(w.close_code(fan), Some(CloseCode::Auth));
    assert_eq!(w.close_code(player), Some(CloseCode::Auth));
    assert_eq!((w.close_code(host), w.live()), (None, LiveState::Live));
    let again = fan_with(&mut w, "two");
    assert_eq!(w.types(again)[0], "welcome");
}

#[test]
fn a_key_that_is_taken_away_ends_its_session_and_no_other() {
    let mut w = World::new();
    set_up(&mut w, &["key of ann", "key of bo"], None);
    let host = w.open();
    w.hello(host, r#""role":"host","key":"key of ann""#);
    w.offer(host, SENDING);
    w.flow();
    w.say(host, r#"{"type":"golive"}"#);
    let fan = w.fan();
    assert_eq!(w.live(), LiveState::Live);
    w.types(host);
    set_up(&mut w, &["key of bo"], None);
    assert_eq!(w.types(host), ["auth_required", "bye"]);
    assert_eq!(w.close_code(host), Some(CloseCode::Auth));
    assert_eq!(w.close_code(fan), None);
    assert_ne!(w.live(), LiveState::Live);
    let next = w.open();
    w.hello(next, r#""role":"host","key":"key of ann""#);
    assert_eq!(w.types(next), ["auth_bad"]);
}

#[test]
fn rules_that_take_no_right_away_disturb_nobody() {
    let mut w = World::new();
    let host = w.host("");
    let fan = w.fan();
    w.types(fan);
    w.types(host);
    set_up(&mut w, &[], None);
    assert!(w.types(fan).is_empty() && w.types(host).is_empty());
}
