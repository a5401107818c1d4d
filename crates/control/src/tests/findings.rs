//! What hosts are told of what they send, and who else hears of it.

use std::time::Duration;

use media_api::{Event, Finding as Found};
use protocol::{Finding, FindingCode, LiveState, Role, RoomInfo, RoomName, ServerMessage};

use super::world::{SENDING, World, sending};
use crate::{ClientId, Request};

fn found(w: &mut World, findings: &[Found]) {
    let room = w.default_room();
    w.event(Event::Findings { room, findings: findings.to_vec() });
}

/// What a page was told of findings, since last asked.
fn told(w: &mut World, host: ClientId) -> Vec<Vec<Finding>> {
    let of = |message| match message {
        ServerMessage::Findings { findings } => Some(findings),
        _ => None,
    };
    w.take(host).into_iter().filter_map(of).collect()
}

fn codes(w: &mut World, host: ClientId) -> Vec<Vec<FindingCode>> {
    let codes = |findings: Vec<Finding>| findings.into_iter().map(|it| it.code).collect();
    told(w, host).into_iter().map(codes).collect()
}

/// An encoder is live, with the key `k`.
fn encode(w: &mut World) {
    let encoder = w.program("192.0.2.9", Role::Host, Some("k")).unwrap();
    w.ask(encoder, Request::Publish { offer: SENDING.into() }).unwrap();
    w.flow();
}

fn room(w: &World) -> Option<RoomInfo> {
    w.hub.room_info(&RoomName::parse("default").unwrap())
}

#[test]
fn a_host_is_told_what_is_found_and_when_it_is_over() {
    let mut w = World::new();
    let host = w.host("");
    let fan = w.fan();
    found(&mut w, &[Found::BFrames]);
    found(&mut w, &[Found::BFrames]);
    found(&mut w, &[]);
    assert_eq!(codes(&mut w, host), [vec![FindingCode::BFrames], vec![]]);
    assert!(w.take(fan).is_empty(), "it is nobody else's business");
}

#[test]
fn every_finding_says_in_words_what_to_do() {
    let mut w = World::new();
    let host = w.host("");
    let interval = Duration::from_millis(8_333);
    let all = [
        (Found::BFrames, "set B-frames to 0"),
        (Found::KeyframeInterval { interval }, "keyframes are 8.3 s apart"),
        (Found::IgnoresPli, "keyframe interval of 1 s"),
        (Found::H264Profile { profile_idc: 244 }, "the H264 profile High 4:4:4"),
        (Found::H264Profile { profile_idc: 118 }, "the H264 profile 118"),
        (Found::NoParameterSets, "before each keyframe"),
        (Found::NoAudio, "no sound"),
        (Found::NoOpus, "set the audio encoder to Opus"),
        (Found::BitrateOverLimit { kbps: 7_200, limit_kbps: 6_000 }, "7200 kbit/s are sent"),
        (
            Found::OverCeiling {
                packets: 24_500,
                limit_packets: 10_000,
                kbps: 200,
                limit_kbps: 50_000,
            },
            "24500 packets and 200 kbit are sent a second",
        ),
        (Found::UnknownMedia, "send one stream for each m= line"),
        (Found::LossyUplink { percent: 7 }, "7 % of the packets get lost"),
    ];
    for (finding, words) in all {
        found(&mut w, &[finding]);
        let told = told(&mut w, host);
        assert!(told[0][0].message.contains(words), "{told:?}");
        let on_wire = serde_json::to_value(&told[0][0]).unwrap();
        assert_eq!(on_wire["code"], told[0][0].code.as_str());
        let is_rate = matches!(finding, Found::BitrateOverLimit { .. } | Found::OverCeiling { .. });
        let parameters = [
            ("intervalMs", matches!(finding, Found::KeyframeInterval { .. })),
            ("profile", matches!(finding, Found::H264Profile { .. })),
            ("kbps", is_rate),
            ("limitKbps", is_rate),
            ("packets", matches!(finding, Found::OverCeiling { .. })),
            ("limitPackets", matches!(finding, Found::OverCeiling { .. })),
            ("percent", matches!(finding, Found::LossyUplink { .. })),
        ];
        for (name, is_there) in parameters {
            assert_eq!(on_wire.get(name).is_some(), is_there, "{name} of {on_wire}");
        }
    }
}

#[test]
fn a_page_that_comes_back_is_told_again() {
    let mut w = World::new();
    let host = w.open();
    w.hello(host, r#""role":"host""#);
    let token = w.resume_token(host);
    w.offer(host, &sending(1));
    w.say(host, r#"{"type":"golive"}"#);
    w.flow();
    found(&mut w, &[Found::NoOpus]);
    w.drop_socket(host, None);
    found(&mut w, &[Found::NoOpus, Found::IgnoresPli]);
    let again = w.open();
    w.hello(again, &format!(r#""role":"host","resume":"{token}""#));
    assert_eq!(codes(&mut w, again), [[FindingCode::NoOpus, FindingCode::IgnoresPli]]);
}

#[test]
fn a_new_connection_begins_without_findings() {
    let mut w = World::new();
    let host = w.host("");
    found(&mut w, &[Found::BFrames]);
    w.take(host);
    w.offer(host, &sending(2));
    assert_eq!(codes(&mut w, host), [[]]);
    found(&mut w, &[Found::NoAudio]);
    w.say(host, r#"{"type":"end"}"#);
    w.take(host);
    found(&mut w, &[Found::NoAudio]);
    assert!(told(&mut w, host).is_empty(), "what was on its way is no news");
    assert_eq!(room(&w).unwrap().findings, []);
}

#[test]
fn who_switched_the_microphone_off_is_not_told_that_there_is_no_sound() {
    let mut w = World::new();
    let host = w.host("");
    w.say(host, r#"{"type":"media_state","audio":false,"video":true}"#);
    found(&mut w, &[Found::NoAudio]);
    assert!(told(&mut w, host).is_empty());
    w.say(host, r#"{"type":"media_state","audio":true,"video":true}"#);
    assert_eq!(codes(&mut w, host), [[FindingCode::NoAudio]], "now it should come");
    w.say(host, r#"{"type":"media_state","audio":false,"video":true}"#);
    assert_eq!(codes(&mut w, host), [[]]);
}

#[test]
fn a_page_of_the_basic_profile_hears_nothing_and_programs_can_ask() {
    let mut w = World::new();
    assert_eq!(room(&w), None);
    let host = w.basic_host();
    found(&mut w, &[Found::BitrateOverLimit { kbps: 7_200, limit_kbps: 6_000 }]);
    assert!(w.take(host).is_empty());
    let room = room(&w).unwrap();
    assert_eq!((room.findings[0].kbps, room.findings[0].limit_kbps), (Some(7_200), Some(6_000)));
    assert_eq!(room.codec.as_deref(), Some("VP8"));
    assert_eq!(serde_json::to_value(room.live).unwrap(), "live");
}

/// What a page was told of the host's trouble, since last asked.
fn troubles(w: &mut World, fan: ClientId) -> Vec<bool> {
    let of = |message| match message {
        ServerMessage::State(state) => Some(state.host_trouble),
        _ => None,
    };
    w.take(fan).into_iter().filter_map(of).collect()
}

#[test]
fn viewers_are_told_that_the_hosts_side_is_in_trouble_and_nothing_more() {
    let mut w = World::new();
    w.host("");
    let fan = w.fan();
    let loss = |percent| Found::LossyUplink { percent };
    for trouble in [Found::NoParameterSets, loss(7)] {
        found(&mut w, &[Found::BFrames, trouble]);
        let told = w.take(fan);
        let [ServerMessage::State(state)] = &told[..] else { panic!("{told:?}") };
        assert!(state.host_trouble);
        let on_wire = serde_json::to_string(state).unwrap();
        assert!(!on_wire.contains("loss") && !on_wire.contains("set"), "{on_wire}");
        found(&mut w, &[Found::BFrames]);
        assert_eq!(troubles(&mut w, fan), [false]);
    }
    found(&mut w, &[loss(7)]);
    found(&mut w, &[loss(20)]);
    assert_eq!(troubles(&mut w, fan), [true], "a figure is not theirs to know");
    let late = w.idler("192.0.2.51");
    let welcome = w.take(late).into_iter().find_map(|message| match message {
        ServerMessage::Welcome { room, .. } => Some(room.host_trouble),
        _ => None,
    });
    assert_eq!(welcome, Some(true), "who comes later is told too");
}

#[test]
fn keyframes_that_are_far_apart_are_not_why_everybody_waits() {
    let mut w = World::new();
    w.host("");
    let fan = w.fan();
    let interval = Duration::from_secs(10);
    found(&mut w, &[Found::KeyframeInterval { interval }, Found::IgnoresPli, Found::NoAudio]);
    assert!(troubles(&mut w, fan).is_empty());
}

#[test]
fn a_host_that_stops_for_a_moment_is_in_trouble_until_it_flows_or_has_ended() {
    let mut w = World::new();
    let host = w.host("");
    let fan = w.fan();
    let room = w.default_room();
    w.event(Event::MediaQuiet { room });
    w.event(Event::MediaQuiet { room });
    assert_eq!(troubles(&mut w, fan), [true]);
    w.flow();
    assert_eq!(troubles(&mut w, fan), [false]);
    w.event(Event::MediaQuiet { room });
    w.stall();
    assert_eq!(troubles(&mut w, fan), [true, true], "interrupted");
    w.flow();
    assert_eq!(troubles(&mut w, fan), [false]);
    w.event(Event::MediaQuiet { room });
    w.say(host, r#"{"type":"end"}"#);
    assert_eq!(troubles(&mut w, fan), [true, false]);
    w.event(Event::MediaQuiet { room });
    assert!(troubles(&mut w, fan).is_empty(), "what was on its way is no news");
}

#[test]
fn a_new_connection_of_the_host_begins_without_trouble() {
    let mut w = World::new();
    let host = w.host("");
    let fan = w.fan();
    found(&mut w, &[Found::LossyUplink { percent: 9 }]);
    w.offer(host, &sending(2));
    w.flow();
    assert_eq!(troubles(&mut w, fan).last(), Some(&false));
}

#[test]
fn the_page_of_a_host_that_sends_from_an_encoder_is_told_what_is_found() {
    let mut w = World::with(|setup| setup.key = Some("k".into()));
    encode(&mut w);
    found(&mut w, &[Found::BFrames]);
    let page = w.open();
    w.hello(page, r#""role":"host","key":"k""#);
    assert_eq!(codes(&mut w, page), [vec![FindingCode::BFrames]], "what was found before");
    found(&mut w, &[]);
    assert_eq!(codes(&mut w, page), [vec![]]);
}

#[test]
fn the_page_of_a_host_that_sends_from_an_encoder_sees_it_and_is_no_viewer() {
    let mut w = World::with(|setup| setup.key = Some("k".into()));
    encode(&mut w);
    let page = w.open();
    w.hello(page, r#""role":"host","key":"k""#);
    assert!(!w.types(page).contains(&"offer".into()), "it is not asked for");
    w.say(page, r#"{"type":"restart","pc":"sub"}"#);
    assert_eq!(w.types(page), ["offer"]);
    w.answer_neg(page, 1);
    let peer = w.last_peer();
    w.event(Event::Connected { peer });
    assert_eq!(w.n_viewers(), 0);
    w.say(page, r#"{"type":"end"}"#);
    assert!(room(&w).is_some_and(|room| room.live == LiveState::Ended));
    w.drop_socket(page, None);
    assert_eq!(w.n_viewers(), 0);
}
