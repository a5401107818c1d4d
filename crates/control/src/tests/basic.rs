//! The basic profile: pages that never say `hello`.

use media_api::{CloseReason, Command};
use protocol::{CloseCode, ErrorCode, LiveState, Role, ServerMessage};

use super::world::{RECEIVING, SENDING, World, in_room, offers, query, sending};

#[test]
fn a_sending_offer_makes_a_host_that_is_on_air_at_once() {
    let mut w = World::new();
    let host = w.open();
    w.offer(host, SENDING);
    assert!(matches!(w.commands[..], [Command::Publish { on_air: true, .. }]), "{:?}", w.commands);
    let [ServerMessage::Answer { pc: None, neg: None, .. }] = w.take(host)[..] else {
        panic!("an answer and nothing else")
    };
    assert_eq!(w.live(), LiveState::Starting);
    w.flow();
    assert_eq!(w.live(), LiveState::Live);
    assert!(w.take(host).is_empty(), "a basic page is told nothing it did not ask for");
}

#[test]
fn a_late_fan_is_offered_after_300_ms_of_silence() {
    let mut w = World::new();
    w.basic_host();
    let fan = w.open();
    w.ms(299);
    assert!(w.take(fan).is_empty());
    w.ms(1);
    assert_eq!(offers(&w.take(fan)), [(None, None)]);
}

#[test]
fn an_early_fan_is_offered_when_the_host_goes_live() {
    let mut w = World::new();
    let fan = w.open();
    w.seconds(60);
    assert!(w.take(fan).is_empty());
    w.basic_host();
    assert_eq!(offers(&w.take(fan)), [(None, None)]);
    w.answer(fan);
    assert!(matches!(w.commands.last(), Some(Command::Answer { .. })));
    assert!(w.take(fan).is_empty());
}

#[test]
fn many_fans_are_offered_each_their_own_connection() {
    let mut w = World::new();
    let fans: Vec<_> = (0..10).map(|_| w.open()).collect();
    w.ms(300);
    w.basic_host();
    for fan in fans {
        assert_eq!(w.types(fan), ["offer"]);
    }
    let watches = w.commands.iter().filter(|c| matches!(c, Command::Watch { .. })).count();
    assert_eq!(watches, 10);
}

#[test]
fn a_page_that_says_in_its_url_to_be_a_fan_is_offered_at_once() {
    let mut w = World::new();
    w.basic_host();
    let fan = w.open_with(query(Some(Role::Fan), None));
    assert_eq!(w.types(fan), ["offer"]);
}

#[test]
fn a_page_that_says_in_its_url_to_be_a_host_is_never_offered() {
    let mut w = World::new();
    let waiting = w.open_with(query(Some(Role::Host), None));
    w.basic_host();
    w.seconds(1);
    assert!(w.take(waiting).is_empty());
}

#[test]
fn a_receiving_offer_is_answered_when_the_room_is_live() {
    let mut w = World::new();
    w.basic_host();
    let fan = w.open();
    w.offer(fan, RECEIVING);
    assert!(matches!(w.commands.last(), Some(Command::WatchOffer { .. })));
    assert_eq!(w.types(fan), ["answer"]);
    w.seconds(1);
    assert!(w.take(fan).is_empty(), "it has what it wants");
}

#[test]
fn a_receiving_offer_to_an_empty_room_is_told_so_and_offered_later() {
    let mut w = World::new();
    let fan = w.open();
    w.offer(fan, RECEIVING);
    assert_eq!(w.types(fan), ["room_offline"]);
    w.basic_host();
    assert_eq!(w.types(fan), ["offer"]);
}

#[test]
fn a_second_receiving_offer_of_the_same_connection_restarts_it() {
    let mut w = World::new();
    w.basic_host();
    let fan = w.open();
    w.offer(fan, RECEIVING);
    w.take_commands();
    w.offer(fan, RECEIVING);
    assert!(matches!(w.commands[..], [Command::Reoffer { .. }]), "{:?}", w.commands);
    assert_eq!(w.types(fan), ["answer", "answer"]);
}

#[test]
fn when_both_sides_offer_the_server_gives_way() {
    let mut w = World::new();
    w.basic_host();
    let fan = w.open();
    w.ms(300);
    let ours = w.last_peer();
    assert_eq!(w.types(fan), ["offer"]);
    w.offer(fan, RECEIVING);
    assert!(w.commands.contains(&Command::Close { peer: ours }));
    assert_eq!(w.types(fan), ["answer"]);
    w.answer(fan);
    assert!(w.take(fan).is_empty(), "the answer to the withdrawn offer is no fault");
    w.seconds(20);
    assert!(w.take(fan).is_empty(), "and the withdrawn offer is not missed");
}

#[test]
fn a_silent_page_that_was_offered_may_still_become_the_host_of_a_free_room() {
    let mut w = World::new();
    let host = w.basic_host();
    let other = w.open();
    w.ms(300);
    assert_eq!(w.types(other), ["offer"]);
    w.say(host, r#"{"type":"end"}"#);
    w.offer(other, SENDING);
    assert_eq!(w.types(other), ["answer"]);
    assert!({
        let (sid, _, room) = w.session(other);
        room.is_host(sid)
    });
}

#[test]
fn in_an_interrupted_room_a_silent_page_waits_for_the_picture_since_it_may_be_the_host() {
    let mut w = World::new();
    let host = w.basic_host();
    w.drop_socket(host, None);
    let peer = w.publisher();
    w.closes(peer, CloseReason::ConsentExpired);
    let [again, fan] = [w.open(), w.open()];
    w.seconds(1);
    assert!(w.take(again).is_empty(), "its person has not pressed the button yet");
    w.offer(again, &sending(3));
    assert_eq!(w.types(again), ["answer"], "nothing but its own negotiation");
    assert!(w.take(fan).is_empty());
    w.flow();
    assert_eq!(w.types(fan), ["offer"]);
}

#[test]
fn in_an_interrupted_room_a_page_that_says_to_be_a_fan_is_offered_at_once() {
    let mut w = World::new();
    w.basic_host();
    w.stall();
    let fan = w.open_with(query(Some(Role::Fan), None));
    assert_eq!(w.types(fan), ["offer"]);
}

#[test]
fn an_answer_to_nothing_is_unexpected() {
    let mut w = World::new();
    let page = w.open();
    w.answer(page);
    assert_eq!(w.errors(page), [ErrorCode::Unexpected]);
}

#[test]
fn candidates_may_come_at_any_time_and_are_never_answered() {
    let mut w = World::new();
    let host = w.open();
    let candidate = r#"{"type":"offer_ice","iceCandidate":{"candidate":"candidate:1 1 udp 1 a.local 9 typ host"}}"#;
    for _ in 0..30 {
        w.say(host, candidate);
    }
    w.offer(host, SENDING);
    w.say(host, r#"{"type":"answer_ice","iceCandidate":null}"#);
    w.say(host, r#"{"type":"offer_ice","iceCandidate":{"candidate":""}}"#);
    for _ in 0..100 {
        w.say(host, candidate);
    }
    assert_eq!(w.types(host), ["answer"]);
    assert_eq!(w.commands.len(), 1, "no candidate reaches the media plane");
}

#[test]
fn what_only_the_extended_profile_has_needs_hello() {
    let mut w = World::new();
    let page = w.open();
    for text in [
        r#"{"type":"ping","t":1}"#,
        r#"{"type":"golive"}"#,
        r#"{"type":"restart"}"#,
        r#"{"type":"media_state","audio":true,"video":true}"#,
    ] {
        w.say(page, text);
        assert_eq!(w.errors(page), [ErrorCode::Unexpected], "{text}");
    }
}

#[test]
fn the_second_socket_of_strict_mode_is_offered_once_and_then_left_alone() {
    let mut w = World::new();
    let orphan = w.open();
    w.basic_host();
    w.ms(300);
    assert_eq!(w.types(orphan), ["offer"]);
    assert_eq!(w.n_viewers(), 0);
    let peer = w.last_peer();
    w.seconds(10);
    assert_eq!(w.types(orphan), ["answer_timeout"]);
    assert!(w.commands.contains(&Command::Close { peer }));
    w.stall();
    w.flow();
    w.seconds(600);
    assert!(w.take(orphan).is_empty());
    // Until the next going-live.
    let host = w.hub.cx.directory.clients.keys().copied().find(|s| *s != orphan).unwrap();
    w.say(host, r#"{"type":"end"}"#);
    w.basic_host();
    assert_eq!(w.types(orphan), ["offer"]);
}

#[test]
fn an_offer_may_name_its_room_and_key() {
    let mut w = World::with(|config| {
        config.open = auth::PublishOpen::None;
        config.key = Some("k".into());
    });
    let host = w.open();
    let offer = serde_json::json!({"type":"offer","sdp":SENDING,"room":"直播间","key":"k"});
    w.say(host, &offer.to_string());
    assert_eq!(w.types(host), ["answer"]);
    let fan = w.open_with(in_room("直播间"));
    assert_eq!(w.session(host).2.id, w.session(fan).2.id);
    w.say(host, r#"{"type":"offer","sdp":"v=0\r\nm=audio 9 x 1\r\n","room":"other"}"#);
    assert_eq!(w.errors(host), [ErrorCode::Unexpected], "it cannot move with its media");
}

#[test]
fn rooms_do_not_see_each_other() {
    let mut w = World::new();
    let fan = w.open_with(in_room("other"));
    w.basic_host();
    w.seconds(1);
    assert!(w.take(fan).is_empty());
    let host = w.open_with(in_room("other"));
    w.offer(host, SENDING);
    assert_eq!(w.types(host), ["answer"]);
}

#[test]
fn what_is_no_offer_is_refused_with_words() {
    let mut w = World::new();
    let page = w.open();
    w.offer(page, "hello");
    w.offer(page, "v=0\r\n");
    w.offer(page, "v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n");
    let expected = [ErrorCode::SdpBad, ErrorCode::SdpNoMedia, ErrorCode::SdpNoMedia];
    assert_eq!(w.errors(page), expected);
    assert!(w.commands.is_empty());
}

#[test]
fn what_cannot_be_read_is_refused_before_anything_is_asked_of_the_media_plane() {
    let mut w = World::new();
    let page = w.open();
    w.offer(page, &format!("{SENDING}m=audio 9\r\n"));
    w.offer(page, &format!("{SENDING}a=x:{}\r\n", "x".repeat(2_000)));
    w.offer(page, &format!("{SENDING}{}", "a=rtpmap:96 VP8/90000\r\na=rtpmap:96 H264/90000\r\n"));
    let heard = w.take(page);
    let words: Vec<_> = heard
        .iter()
        .map(|it| match it {
            ServerMessage::Error { code, message, .. } => (*code, message.as_str()),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [
        (
            ErrorCode::SdpBad,
            "the session description cannot be read: line 9: an m= line is cut short: kind, port and protocol",
        ),
        (
            ErrorCode::TooLarge,
            "the session description is too large: a line of more than 1024 bytes",
        ),
        (
            ErrorCode::SdpBad,
            "the session description cannot be read: line 10: a payload type stands for two things",
        ),
    ];
    assert_eq!(words, expected);
    assert!(w.commands.is_empty());
}

#[test]
fn a_seventeenth_idle_socket_of_one_address_is_closed() {
    let mut w = World::new();
    let idle: Vec<_> = (0..16).map(|_| w.open()).collect();
    w.ms(300);
    let talking = w.open();
    w.hello(talking, "");
    let one_more = w.open();
    w.ms(300);
    assert_eq!(w.types(one_more), ["rate_limited"]);
    assert_eq!(w.close_code(one_more), Some(CloseCode::RateLimited));
    assert_eq!(w.close_code(talking), None);
    let elsewhere = w.open_as("192.0.2.99", false, Default::default());
    w.ms(300);
    assert_eq!(w.close_code(elsewhere), None);
    w.drop_socket(idle[0], None);
    let next = w.open();
    w.ms(300);
    assert_eq!(w.close_code(next), None);
}
