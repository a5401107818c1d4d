//! Hosts: who stays one, going live, the end.

use std::time::Duration;

use media_api::{CloseReason, Command};
use protocol::{CloseCode, ErrorCode, LiveState, Role, ServerMessage};

use super::world::{SENDING, World, offers, query, sending};

const HELLO_HOST: &str = r#""role":"host""#;

#[test]
fn second_host_is_refused() {
    let mut w = World::new();
    let first = w.basic_host();
    w.take_commands();
    let second = w.open();
    w.offer(second, SENDING);
    assert_eq!(w.types(second), ["host_taken"]);
    assert!(w.commands.is_empty());
    assert_eq!(w.close_code(first), None);
    assert_eq!(w.live(), LiveState::Live);
}

#[test]
fn a_second_host_is_refused_while_the_first_is_being_answered() {
    let mut w = World::new();
    w.answers = false;
    let (first, second) = (w.open(), w.open());
    w.offer(first, SENDING);
    w.offer(second, SENDING);
    assert_eq!(w.types(second), ["host_taken"]);
    assert!(w.take(first).is_empty());
}

#[test]
fn the_same_key_takes_over_and_viewers_stay() {
    let mut w = World::new();
    let first = w.host(r#","key":"k""#);
    let fan = w.fan();
    w.take_commands();
    w.take(first);
    let second = w.open();
    w.hello(second, r#""role":"host","key":"k""#);
    assert_eq!(w.close_code(first), None, "hello alone takes nothing");
    w.offer(second, &sending(2));
    assert_eq!(w.types(first), ["bye"]);
    assert_eq!(w.close_code(first), Some(CloseCode::Replaced));
    let told = ["welcome", "chats", "viewers", "answer", "state:interrupted", "you"];
    assert_eq!(w.types(second), told, "it is the host from now on");
    w.flow();
    assert_eq!(w.live(), LiveState::Live);
    let published: Vec<_> =
        w.commands.iter().filter(|c| matches!(c, Command::Publish { on_air: true, .. })).collect();
    assert_eq!(published.len(), 1, "it goes on with what is on air: {:?}", w.commands);
    assert_eq!(w.n_viewers(), 1);
    assert_eq!(w.types(fan), ["state:interrupted", "state:live"], "the fan negotiates nothing");
}

#[test]
fn a_basic_host_is_taken_over_without_a_word_it_does_not_know() {
    let mut w = World::new();
    let first = w.open_with(query(None, Some("k")));
    w.offer(first, SENDING);
    w.flow();
    w.take(first);
    let second = w.open_with(query(None, Some("k")));
    w.offer(second, &sending(2));
    assert!(w.take(first).is_empty());
    assert_eq!(w.close_code(first), Some(CloseCode::Replaced));
    assert_eq!(w.types(second), ["answer"]);
}

#[test]
fn a_takeover_with_a_bad_offer_leaves_the_host_alone() {
    let mut w = World::new();
    let first = w.host(r#","key":"k""#);
    let second = w.open_with(query(None, Some("k")));
    w.media.rejects = Some(media_api::NegotiationError::NoCodec);
    w.offer(second, &sending(2));
    assert_eq!(w.types(second), ["codec_unsupported"]);
    assert_eq!(w.close_code(first), None);
    assert_eq!(w.live(), LiveState::Live);
    assert!(w.take(first).is_empty());
}

#[test]
fn a_host_page_rehearses_until_golive() {
    let mut w = World::new();
    let fan = w.open();
    w.ms(300);
    let host = w.open();
    w.hello(host, HELLO_HOST);
    w.offer(host, SENDING);
    assert!(matches!(w.commands[..], [Command::Publish { on_air: false, .. }]));
    w.flow();
    assert_eq!(w.live(), LiveState::Starting);
    assert!(w.take(fan).is_empty());
    w.take(host);
    w.say(host, r#"{"type":"golive"}"#);
    assert!(w.commands.contains(&Command::GoLive { room: w.default_room() }));
    assert_eq!(w.types(host), ["state:live"]);
    assert_eq!(w.types(fan), ["offer"]);
    w.take_commands();
    w.say(host, r#"{"type":"golive"}"#);
    assert!(w.commands.is_empty() && w.take(host).is_empty(), "once is enough");
}

#[test]
fn golive_before_the_offer_is_remembered() {
    let mut w = World::new();
    let host = w.open();
    w.hello(host, HELLO_HOST);
    w.say(host, r#"{"type":"golive"}"#);
    w.offer(host, SENDING);
    assert!(matches!(w.commands[..], [Command::Publish { on_air: true, .. }]));
    w.flow();
    assert_eq!(w.live(), LiveState::Live);
}

#[test]
fn golive_while_the_offer_is_being_answered_is_remembered() {
    let mut w = World::new();
    w.answers = false;
    let host = w.open();
    w.hello(host, HELLO_HOST);
    w.offer(host, SENDING);
    w.say(host, r#"{"type":"golive"}"#);
    let Some(Command::Publish { peer, room, on_air: false, .. }) = w.commands.pop() else {
        panic!("a rehearsal")
    };
    w.event(media_api::Event::Answer { peer, sdp: "v=0".into(), codecs: vec![] });
    assert!(w.commands.contains(&Command::GoLive { room }));
    w.flow();
    assert_eq!(w.live(), LiveState::Live);
}

#[test]
fn the_host_ends_the_broadcast() {
    let mut w = World::new();
    let host = w.host("");
    let fan = w.fan();
    let peer = w.publisher();
    w.say(host, r#"{"type":"end"}"#);
    assert!(w.commands.contains(&Command::Close { peer }));
    assert_eq!(w.types(host).last().unwrap(), "state:ended");
    assert_eq!(w.types(fan), ["state:ended"]);
    assert_eq!(w.close_code(host), None, "the page stays, and may go live again");
    w.offer(host, &sending(2));
    w.say(host, r#"{"type":"golive"}"#);
    w.flow();
    assert_eq!(w.live(), LiveState::Live);
    assert_eq!(w.types(fan), ["state:starting", "state:starting", "state:live"][1..]);
}

#[test]
fn a_goodbye_ends_the_broadcast_at_once() {
    let mut w = World::new();
    let host = w.host("");
    let fan = w.fan();
    let peer = w.publisher();
    w.say(host, r#"{"type":"leave"}"#);
    assert_eq!(w.types(host).last().unwrap(), "bye");
    assert_eq!(w.close_code(host), Some(CloseCode::Normal));
    assert_eq!(w.types(fan), ["state:ended"]);
    assert!(w.commands.contains(&Command::Close { peer }));
    let other = w.open();
    w.offer(other, &sending(3));
    assert_eq!(w.types(other), ["answer"]);
}

#[test]
fn a_host_who_reloads_the_page_goes_on_with_the_broadcast() {
    let mut w = World::new();
    let host = w.host(r#","secret":"s""#);
    let fan = w.fan();
    let peer = w.publisher();
    w.drop_socket(host, Some(1001));
    w.closes(peer, CloseReason::Remote);
    assert_eq!(w.types(fan), ["state:interrupted"]);
    let stranger = w.open();
    w.hello(stranger, r#""role":"host","secret":"t""#);
    w.offer(stranger, &sending(2));
    assert_eq!(w.types(stranger).last().unwrap(), "host_taken");
    w.seconds(60);
    let again = w.open();
    w.hello(again, r#""role":"host","secret":"s""#);
    w.take(fan);
    w.offer(again, &sending(3));
    w.flow();
    assert_eq!(w.types(fan).last().unwrap(), "state:live", "without golive");
}

#[test]
fn a_host_who_reloads_the_page_may_also_end() {
    let mut w = World::new();
    let host = w.host(r#","secret":"s""#);
    let fan = w.fan();
    w.drop_socket(host, Some(1001));
    w.take(fan);
    let stranger = w.open();
    w.hello(stranger, r#""role":"host","secret":"t""#);
    w.say(stranger, r#"{"type":"end"}"#);
    assert_eq!(w.types(stranger).last().unwrap(), "host_taken");
    let again = w.open();
    w.hello(again, r#""role":"host","secret":"s""#);
    w.say(again, r#"{"type":"end"}"#);
    assert_eq!(w.types(fan), ["state:ended"]);
}

#[test]
fn a_rehearsal_ends_with_its_page() {
    let mut w = World::new();
    let host = w.open();
    w.hello(host, r#""role":"host""#);
    w.offer(host, SENDING);
    w.flow();
    w.drop_socket(host, Some(1001));
    let other = w.open();
    w.offer(other, &sending(3));
    assert_eq!(w.types(other), ["answer"]);
}

#[test]
fn a_dead_host_socket_alone_changes_nothing_while_media_flows() {
    for code in [None, Some(1006), Some(1000), Some(1005)] {
        let mut w = World::new();
        let host = w.basic_host();
        let fan = w.fan();
        w.drop_socket(host, code);
        w.seconds(3600);
        assert_eq!(w.live(), LiveState::Live, "{code:?}");
        assert!(w.take(fan).is_empty());
        let other = w.open();
        w.offer(other, &sending(3));
        assert_eq!(w.types(other), ["host_taken"], "its media is its claim");
    }
}

#[test]
fn a_host_whose_media_stalls_has_90_seconds_to_return() {
    let mut w = World::new();
    let host = w.host("");
    w.stall();
    assert_eq!(w.types(host), ["state:interrupted"]);
    w.ms(89_999);
    w.flow();
    assert_eq!(w.types(host), ["state:live"]);
    w.stall();
    w.seconds(90);
    assert_eq!(w.types(host), ["state:interrupted", "state:ended"]);
    assert!(w.hub.summaries().is_empty());
}

#[test]
fn while_interrupted_the_room_is_kept_for_its_host() {
    let mut w = World::new();
    w.host(r#","key":"k""#);
    w.stall();
    let stranger = w.open_as("192.0.2.9", false, query(None, None));
    w.offer(stranger, &sending(2));
    assert_eq!(w.types(stranger), ["host_taken"], "an address is no key");
    let same = w.open_with(query(None, Some("k")));
    w.offer(same, &sending(3));
    assert_eq!(w.types(same), ["answer"]);
}

#[test]
fn a_vanished_host_without_key_returns_from_its_address() {
    let mut w = World::new();
    let host = w.basic_host();
    w.drop_socket(host, None);
    let peer = w.publisher();
    w.closes(peer, CloseReason::ConsentExpired);
    assert_eq!(w.live(), LiveState::Interrupted);
    let stranger = w.open_as("192.0.2.66", false, query(None, None));
    w.offer(stranger, &sending(2));
    assert_eq!(w.types(stranger), ["host_taken"]);
    let again = w.open();
    w.offer(again, &sending(3));
    assert_eq!(w.types(again), ["answer"]);
    w.flow();
    assert_eq!(w.live(), LiveState::Live);
}

#[test]
fn a_host_whose_page_is_there_is_not_replaced_from_its_address() {
    let mut w = World::new();
    w.basic_host();
    w.stall();
    let neighbour = w.open();
    w.offer(neighbour, &sending(2));
    assert_eq!(w.types(neighbour), ["host_taken"]);
}

#[test]
fn after_the_grace_the_room_is_free() {
    let mut w = World::new();
    let host = w.basic_host();
    w.fan();
    w.drop_socket(host, None);
    w.stall();
    w.seconds(90);
    assert_eq!(w.live(), LiveState::Ended);
    let stranger = w.open_as("192.0.2.66", false, query(None, None));
    w.offer(stranger, &sending(2));
    assert_eq!(w.types(stranger), ["answer"]);
}

#[test]
fn a_returning_host_has_its_grace_anew_to_connect() {
    let mut w = World::new();
    let host = w.host("");
    w.stall();
    w.seconds(89);
    w.offer(host, &sending(2));
    w.seconds(89);
    assert_eq!(w.live(), LiveState::Interrupted);
    w.flow();
    assert_eq!(w.live(), LiveState::Live);
}

#[test]
fn a_second_offer_of_the_same_connection_is_a_restart_of_it() {
    let mut w = World::new();
    let host = w.host("");
    let peer = w.publisher();
    w.take_commands();
    let offer = serde_json::json!({"type":"offer","sdp":SENDING,"pc":"pub","neg":2});
    w.say(host, &offer.to_string());
    assert!(matches!(&w.commands[..], [Command::Reoffer { peer: p, .. }] if *p == peer));
    let answer = w.take(host);
    assert!(matches!(answer[..], [ServerMessage::Answer { neg: Some(2), .. }]), "{answer:?}");
    assert_eq!(w.live(), LiveState::Live);
}

#[test]
fn a_restart_of_a_connection_that_is_gone_becomes_a_new_one() {
    let mut w = World::new();
    let host = w.host("");
    let peer = w.publisher();
    w.media.peers.remove(&peer);
    w.take_commands();
    w.offer(host, SENDING);
    assert!(matches!(w.commands[..], [Command::Reoffer { .. }, Command::Publish { .. }]));
    assert_eq!(w.types(host), ["answer", "state:interrupted"]);
}

#[test]
fn a_rejected_restart_leaves_the_host_live() {
    let mut w = World::new();
    let host = w.host("");
    w.media.rejects = Some(media_api::NegotiationError::malformed("line 3"));
    w.offer(host, SENDING);
    assert_eq!(w.types(host), ["sdp_bad"]);
    assert_eq!(w.live(), LiveState::Live);
}

#[test]
fn an_offer_of_a_new_page_is_a_new_connection() {
    let mut w = World::new();
    let host = w.host("");
    let old = w.publisher();
    w.offer(host, &sending(2));
    assert_ne!(w.publisher(), old);
    w.flow();
    assert_eq!(w.live(), LiveState::Live);
    assert_eq!(w.types(host), ["answer", "state:interrupted", "state:live"]);
}

#[test]
fn a_host_that_never_connects_leaves_the_room_free() {
    let mut w = World::new();
    let host = w.open();
    w.offer(host, SENDING);
    let peer = w.publisher();
    w.closes(peer, CloseReason::ConnectTimeout);
    assert_eq!(w.types(host), ["answer", "ice_timeout"]);
    assert_eq!(w.live(), LiveState::Offline);
    let other = w.open();
    w.offer(other, &sending(2));
    assert_eq!(w.types(other), ["answer"]);
}

#[test]
fn a_rejected_offer_leaves_the_room_free() {
    let mut w = World::new();
    let host = w.open();
    w.media.rejects = Some(media_api::NegotiationError::Full);
    w.say(host, &serde_json::json!({"type":"offer","sdp":SENDING,"id":"a"}).to_string());
    let ServerMessage::Error { code, re, retry_ms, .. } = &w.take(host)[0] else { panic!() };
    assert_eq!((*code, re), (ErrorCode::ServerFull, &Some("a".into())));
    assert!(retry_ms.is_some());
    let other = w.open();
    w.offer(other, SENDING);
    assert_eq!(w.types(other), ["answer"]);
}

#[test]
fn the_camera_and_microphone_are_part_of_the_state() {
    let mut w = World::new();
    let host = w.host(r#","name":"小明""#);
    let fan = w.fan();
    w.say(host, r#"{"type":"media_state","audio":false,"video":true}"#);
    w.say(host, r#"{"type":"media_state","audio":false,"video":true}"#);
    let told = w.take(fan);
    let [ServerMessage::State(state)] = &told[..] else { panic!("{told:?}") };
    assert_eq!(state.audio, protocol::AudioState::Muted);
    assert_eq!(state.host.as_ref().unwrap().name.as_str(), "小明");
    assert_eq!(state.codec.as_deref(), Some("VP8"));
    assert!(state.since.is_some());
}

#[test]
fn each_state_has_a_higher_rev_than_the_one_before() {
    let mut w = World::new();
    let fan = w.fan();
    let host = w.host("");
    w.stall();
    w.flow();
    w.say(host, r#"{"type":"end"}"#);
    let revs: Vec<u32> = w
        .take(fan)
        .into_iter()
        .filter_map(|message| match message {
            ServerMessage::State(state) => Some(state.rev),
            _ => None,
        })
        .collect();
    assert!(revs.len() >= 5 && revs.is_sorted_by(|a, b| a < b), "{revs:?}");
}

#[test]
fn what_is_live_is_listed() {
    let mut w = World::new();
    assert!(w.hub.summaries().is_empty());
    w.host("");
    w.fan();
    let listed = w.hub.summaries();
    assert_eq!((listed.len(), listed[0].viewers), (1, 1));
    assert_eq!(listed[0].live, LiveState::Live);
    w.stall();
    assert_eq!(w.hub.summaries()[0].live, LiveState::Interrupted);
    w.advance(Duration::from_secs(90));
    assert!(w.hub.summaries().is_empty());
}

#[test]
fn a_host_is_never_offered_what_it_sends() {
    let mut w = World::new();
    let host = w.open_with(query(Some(Role::Host), None));
    w.offer(host, SENDING);
    w.flow();
    w.seconds(10);
    assert!(offers(&w.take(host)).is_empty());
}
