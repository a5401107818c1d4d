//! Fans that said `hello`, and what all fans have in common.

use media_api::{CloseReason, Codec, Command, Event, NegotiationError};
use protocol::{ErrorCode, Pc, ServerMessage};

use super::world::{RECEIVING, World, offers};

#[test]
fn a_fan_is_offered_with_its_welcome_even_when_nobody_is_live() {
    let mut w = World::new();
    let fan = w.open();
    w.hello(fan, r#""role":"fan","name":"小红""#);
    let told = w.take(fan);
    let [
        ServerMessage::Welcome { me, room, resumed: false, .. },
        ServerMessage::Chats { history: true, .. },
        ServerMessage::Viewers { .. },
        ..,
    ] = &told[..]
    else {
        panic!("{told:?}")
    };
    assert_eq!(me.role, protocol::Role::Fan);
    assert_eq!(room.live, protocol::LiveState::Offline);
    assert_eq!(offers(&told), [(Some(Pc::Sub), Some(1))]);
    w.answer_neg(fan, 1);
    w.host("");
    assert_eq!(offers(&w.take(fan)), [], "going live negotiates nothing");
}

#[test]
fn hello_without_a_role_is_a_fans() {
    let mut w = World::new();
    let fan = w.open();
    w.hello(fan, "");
    assert_eq!(w.types(fan), ["welcome", "chats", "viewers", "offer"]);
    w.hello(fan, "");
    assert_eq!(w.errors(fan), [ErrorCode::Unexpected], "once is enough");
}

#[test]
fn a_version_that_is_not_spoken_is_refused_with_the_one_that_is() {
    let mut w = World::new();
    let fan = w.open();
    w.say(fan, r#"{"type":"hello","v":2}"#);
    let told = w.take(fan);
    let [ServerMessage::Error { code, detail, .. }] = &told[..] else { panic!("{told:?}") };
    assert_eq!((*code, detail.as_deref()), (ErrorCode::VersionUnsupported, Some("1")));
}

#[test]
fn a_stale_answer_is_dropped() {
    let mut w = World::new();
    let fan = w.open();
    w.hello(fan, "");
    w.take_commands();
    w.answer_neg(fan, 9);
    w.answer_neg(fan, 0);
    assert!(w.commands.is_empty());
    assert_eq!(w.errors(fan), []);
    w.answer_neg(fan, 1);
    assert!(matches!(w.commands[..], [Command::Answer { .. }]));
    w.answer_neg(fan, 1);
    assert_eq!(w.commands.len(), 1, "once");
    assert_eq!(w.errors(fan), []);
}

#[test]
fn an_offer_that_is_not_answered_ends_with_a_hint() {
    let mut w = World::new();
    let fan = w.open();
    w.hello(fan, "");
    w.take(fan);
    w.ms(9_999);
    assert!(w.take(fan).is_empty());
    w.ms(1);
    let told = w.take(fan);
    let [ServerMessage::Error { code: ErrorCode::AnswerTimeout, message, .. }] = &told[..] else {
        panic!("{told:?}")
    };
    assert!(message.contains("setRemoteDescription"));
    w.answer_neg(fan, 1);
    assert!(w.take(fan).is_empty(), "too late, and no second complaint");
    w.say(fan, r#"{"type":"restart","pc":"sub"}"#);
    assert_eq!(offers(&w.take(fan)), [(Some(Pc::Sub), Some(1))], "a new connection counts anew");
}

#[test]
fn a_fan_restarts_the_connection_it_has() {
    let mut w = World::new();
    w.host("");
    let fan = w.fan();
    let peer = w.last_peer();
    w.take_commands();
    w.say(fan, r#"{"type":"restart","pc":"sub"}"#);
    assert_eq!(w.commands, [Command::RestartIce { peer, via: None }]);
    assert_eq!(offers(&w.take(fan)), [(Some(Pc::Sub), Some(2))]);
    w.answer_neg(fan, 2);
    assert_eq!(w.errors(fan), []);
    assert_eq!(w.n_viewers(), 1);
}

#[test]
fn a_restart_of_a_connection_that_is_gone_becomes_a_new_one() {
    let mut w = World::new();
    w.host("");
    let fan = w.fan();
    let peer = w.last_peer();
    w.media.peers.remove(&peer);
    w.say(fan, r#"{"type":"restart"}"#);
    assert_eq!(offers(&w.take(fan)), [(Some(Pc::Sub), Some(1))]);
    assert_ne!(w.last_peer(), peer);
}

#[test]
fn restarts_are_for_fans_and_one_a_second() {
    let mut w = World::new();
    let host = w.host("");
    w.say(host, r#"{"type":"restart","pc":"pub"}"#);
    assert_eq!(w.errors(host), [ErrorCode::Unexpected]);
    let fan = w.fan();
    w.say(fan, r#"{"type":"restart"}"#);
    w.say(fan, r#"{"type":"restart"}"#);
    assert_eq!(w.errors(fan), [ErrorCode::RateLimited]);
    w.seconds(1);
    w.say(fan, r#"{"type":"restart"}"#);
    assert_eq!(w.errors(fan), []);
}

#[test]
fn a_restart_while_an_offer_is_unanswered_makes_a_new_connection() {
    let mut w = World::new();
    let fan = w.open();
    w.hello(fan, "");
    let old = w.last_peer();
    w.say(fan, r#"{"type":"restart"}"#);
    assert!(w.commands.contains(&Command::Close { peer: old }));
    assert_eq!(offers(&w.take(fan)), [(Some(Pc::Sub), Some(1)); 2]);
}

#[test]
fn a_connection_that_fails_says_why() {
    let check = |reason, expect: &[ErrorCode]| {
        let mut w = World::new();
        let fan = w.fan();
        let peer = w.last_peer();
        w.closes(peer, reason);
        let told = w.errors(fan);
        assert_eq!(told, expect, "{reason:?}");
        assert_eq!(w.n_viewers(), 0);
        w.say(fan, r#"{"type":"restart"}"#);
        assert_eq!(offers(&w.take(fan)), [(Some(Pc::Sub), Some(1))], "{reason:?}");
    };
    check(CloseReason::ConnectTimeout, &[ErrorCode::IceTimeout]);
    check(CloseReason::ConsentExpired, &[ErrorCode::IceFailed]);
    check(CloseReason::Dtls, &[ErrorCode::DtlsFailed]);
    check(CloseReason::Internal, &[ErrorCode::Internal]);
    check(CloseReason::Flooding, &[ErrorCode::RateLimited]);
    check(CloseReason::Remote, &[]);
}

#[test]
fn a_bad_answer_is_told_and_its_connection_closed() {
    let mut w = World::new();
    let fan = w.open();
    w.hello(fan, "");
    w.media.rejects = Some(NegotiationError::malformed("no fingerprint"));
    let peer = w.last_peer();
    w.answer_neg(fan, 1);
    assert_eq!(w.errors(fan), [ErrorCode::SdpBad]);
    assert!(w.commands.contains(&Command::Close { peer }));
}

#[test]
fn the_number_of_viewers_is_of_those_connected() {
    let mut w = World::new();
    let host = w.host("");
    let fan = w.open();
    w.hello(fan, "");
    w.answer_neg(fan, 1);
    assert_eq!(w.n_viewers(), 0);
    let peer = w.last_peer();
    w.event(Event::Connected { peer });
    w.event(Event::Connected { peer });
    assert_eq!(w.n_viewers(), 1);
    w.seconds(1);
    let told = w.take(host);
    assert_eq!(told, [ServerMessage::Viewers { n: 1, peak: 1 }]);
    w.closes(peer, CloseReason::Remote);
    w.seconds(1);
    assert_eq!(w.take(host), [ServerMessage::Viewers { n: 0, peak: 1 }]);
}

#[test]
fn the_number_of_viewers_is_told_once_a_second_at_most() {
    let mut w = World::new();
    let host = w.host("");
    w.seconds(5);
    w.take(host);
    for _ in 0..20 {
        let fan = w.open_as("192.0.2.30", false, Default::default());
        w.hello(fan, "");
        w.answer_neg(fan, 1);
        let peer = w.last_peer();
        w.event(Event::Connected { peer });
        w.ms(100);
    }
    let told = w.take(host);
    assert!(told.len() <= 3, "{told:?}");
    w.seconds(1);
    let last = w.take(host).pop().or(told.last().cloned());
    assert_eq!(last, Some(ServerMessage::Viewers { n: 20, peak: 20 }));
}

#[test]
fn the_peak_is_that_of_the_broadcast() {
    let mut w = World::new();
    let host = w.host("");
    let fan = w.fan();
    w.drop_socket(fan, Some(1001));
    w.say(host, r#"{"type":"end"}"#);
    w.seconds(2);
    w.take(host);
    w.offer(host, &super::world::sending(2));
    w.say(host, r#"{"type":"golive"}"#);
    w.flow();
    w.seconds(2);
    assert!(w.take(host).contains(&ServerMessage::Viewers { n: 0, peak: 0 }));
}

#[test]
fn a_fan_whose_browser_lacks_the_codec_is_told_which_once() {
    let mut w = World::new();
    let host = w.open();
    w.offer(host, super::world::SENDING);
    w.flow_as(Codec::H264);
    let fan = w.fan();
    // `fan` has taken its messages; ask again with a fresh one.
    let other = w.open();
    w.hello(other, "");
    w.answer_neg(other, 1);
    let told = w.take(other);
    let detail = told.iter().find_map(|message| match message {
        ServerMessage::Error { code: ErrorCode::CodecUnsupported, detail, .. } => detail.clone(),
        _ => None,
    });
    assert_eq!(detail.as_deref(), Some("H264"));
    w.flow_as(Codec::H264);
    assert_eq!(w.errors(other), []);
    w.flow_as(Codec::Av1);
    assert_eq!(w.errors(fan), [ErrorCode::CodecUnsupported]);
}

#[test]
fn a_codec_that_becomes_known_later_is_checked_then() {
    let mut w = World::new();
    let fan = w.fan();
    let host = w.open();
    w.offer(host, super::world::SENDING);
    w.flow_as(Codec::H264);
    assert_eq!(w.errors(fan), [ErrorCode::CodecUnsupported]);
}

#[test]
fn a_full_room_says_so() {
    let mut w = World::with(|config| config.max_viewers = 2);
    w.host("");
    let (first, _second) = (w.fan(), w.fan());
    let third = w.open();
    w.hello(third, "");
    assert_eq!(w.types(third), ["welcome", "chats", "viewers", "room_full"]);
    let own = w.open();
    w.offer(own, RECEIVING);
    assert_eq!(w.errors(own), [ErrorCode::RoomFull]);
    w.drop_socket(first, Some(1000));
    w.say(third, r#"{"type":"restart"}"#);
    assert_eq!(offers(&w.take(third)), [(Some(Pc::Sub), Some(1))]);
}

#[test]
fn a_full_server_says_so() {
    let mut w = World::new();
    w.media.rejects = Some(NegotiationError::Full);
    let fan = w.open();
    w.hello(fan, "");
    assert_eq!(w.types(fan), ["welcome", "chats", "viewers", "server_full"]);
    w.host("");
    assert!(!offers(&w.take(fan)).is_empty(), "it is offered when somebody goes live");
}

#[test]
fn every_refusal_of_the_media_plane_has_its_code() {
    let check = |error: NegotiationError, expect| {
        let mut w = World::new();
        let host = w.open();
        w.media.rejects = Some(error);
        w.offer(host, super::world::SENDING);
        assert_eq!(w.errors(host), [expect]);
    };
    check(NegotiationError::malformed("x"), ErrorCode::SdpBad);
    check(NegotiationError::TooLarge("lines"), ErrorCode::TooLarge);
    check(NegotiationError::NoMedia("to receive"), ErrorCode::SdpNoMedia);
    check(NegotiationError::NoCodec, ErrorCode::CodecUnsupported);
    check(NegotiationError::OutOfOrder, ErrorCode::Unexpected);
    check(NegotiationError::UnknownPeer, ErrorCode::Unexpected);
    check(NegotiationError::Full, ErrorCode::ServerFull);
}

#[test]
fn a_fan_that_leaves_is_closed_and_one_that_vanishes_is_kept() {
    let check = |code, kept| {
        let mut w = World::new();
        w.host("");
        let fan = w.fan();
        let peer = w.last_peer();
        w.drop_socket(fan, code);
        assert_eq!(!w.commands.contains(&Command::Close { peer }), kept, "{code:?}");
        assert_eq!(w.n_viewers(), u32::from(kept), "{code:?}");
        w.seconds(3600);
        assert_eq!(w.n_viewers(), u32::from(kept), "it watches on: {code:?}");
    };
    check(Some(1000), false);
    check(Some(1001), false);
    check(Some(1005), true);
    check(Some(1006), true);
    check(None, true);
}

#[test]
fn ping_is_answered_with_the_clock() {
    let mut w = World::new();
    let fan = w.fan();
    w.say(fan, r#"{"type":"ping","t":12.5}"#);
    let told = w.take(fan);
    assert!(matches!(told[..], [ServerMessage::Pong { t: 12.5, now }] if now > 1.7e12));
}

#[test]
fn too_many_candidates_before_the_description_are_told_once() {
    let mut w = World::new();
    let host = w.open();
    w.hello(host, r#""role":"host""#);
    w.take(host);
    for _ in 0..200 {
        w.say(host, r#"{"type":"offer_ice","pc":"pub","iceCandidate":null}"#);
    }
    assert_eq!(w.errors(host), [ErrorCode::IceQueueFull]);
}

#[test]
fn a_hello_cannot_be_moved_to_another_room() {
    let mut w = World::new();
    let fan = w.fan();
    w.say(fan, r#"{"type":"restart","room":"other"}"#);
    assert_eq!(w.errors(fan), [ErrorCode::Unexpected]);
}
