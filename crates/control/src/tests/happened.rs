//! What the operator's programs are told of a broadcast, and what its record says.

use media_api::{CloseReason, Event, Finding as Found, LayerRate, Reason};
use protocol::FindingCode;

use super::world::{World, in_room};
use crate::record::{Interruption, LayerShare, Point};
use crate::{BroadcastRecord, Happened, Input, Seen};

/// What happened since last asked, in short.
fn happened(w: &mut World) -> Vec<String> {
    let short = |what| match what {
        Happened::Live => "live".into(),
        Happened::Interrupted => "interrupted".into(),
        Happened::Resumed { after_ms } => format!("resumed after {after_ms}"),
        Happened::Ended { why, for_ms, peak, joins } => {
            format!("ended {why} after {for_ms}, {peak} of {joins}")
        }
        Happened::Viewers { step, n } => format!("{n} viewers, step {step}"),
        Happened::Finding(finding) => finding.code.as_str().into(),
    };
    std::mem::take(&mut w.happened).into_iter().map(|it| short(it.what)).collect()
}

fn last(w: &World) -> &BroadcastRecord {
    w.records.last().expect("a record")
}

fn found(w: &mut World, findings: &[Found]) {
    let room = w.default_room();
    w.event(Event::Findings { room, findings: findings.to_vec() });
}

#[test]
fn programs_are_told_when_a_broadcast_begins_stops_returns_and_ends() {
    let mut w = World::new();
    let host = w.host("");
    assert_eq!(happened(&mut w), ["live"]);
    w.seconds(30);
    w.stall();
    w.seconds(7);
    w.flow();
    w.seconds(3);
    w.say(host, r#"{"type":"end"}"#);
    let told = happened(&mut w);
    assert_eq!(told, ["interrupted", "resumed after 7000", "ended ended after 40000, 0 of 0"]);
    let record = last(&w);
    assert_eq!(record.ended, Some(record.began + 40_000.0));
    assert_eq!(record.why.as_deref(), Some("ended"));
    let at = record.began + 30_000.0;
    assert_eq!(record.interruptions, [Interruption { at, for_s: Some(7.0) }]);
    assert_eq!(record.freezes.for_all, 1);
    let n_records = w.records.len();
    w.seconds(600);
    assert_eq!((happened(&mut w).len(), w.records.len()), (0, n_records), "it is over");
}

#[test]
fn a_rehearsal_and_a_test_room_tell_nothing() {
    let mut w = World::new();
    let host = w.open();
    w.hello(host, r#""role":"host""#);
    w.offer(host, super::world::SENDING);
    w.flow();
    w.say(host, r#"{"type":"end"}"#);
    let test = w.open_with(in_room("doctor-0123456789abcdef0123456789abcdef-udp4"));
    w.offer(test, super::world::SENDING);
    let room = w.session(test).2.id;
    w.event(Event::MediaFlowing { room, media: media_api::MediaInfo::default() });
    assert_eq!(w.session(test).2.broadcast.live, protocol::LiveState::Live);
    assert_eq!((happened(&mut w).len(), w.records.len()), (0, 0));
}

#[test]
fn each_step_of_viewers_is_told_once_in_a_broadcast() {
    let mut w = World::new();
    let host = w.host("");
    happened(&mut w);
    for n in 0..6 {
        w.viewer(&format!("192.0.2.{}", 100 + n));
    }
    let last_fan = w.last_peer();
    w.closes(last_fan, CloseReason::Remote);
    w.viewer("192.0.2.110");
    let steps = ["1 viewers, step 1", "2 viewers, step 2", "5 viewers, step 5"];
    assert_eq!(happened(&mut w), steps);
    w.say(host, r#"{"type":"end"}"#);
    assert_eq!(happened(&mut w), ["ended ended after 0, 6 of 7"]);
}

#[test]
fn a_finding_that_comes_and_goes_is_told_once_in_ten_minutes() {
    let mut w = World::new();
    w.host("");
    happened(&mut w);
    for _ in 0..3 {
        found(&mut w, &[Found::BFrames]);
        found(&mut w, &[]);
    }
    found(&mut w, &[Found::LossyUplink { percent: 5 }]);
    found(&mut w, &[Found::LossyUplink { percent: 9 }]);
    assert_eq!(happened(&mut w), ["b_frames", "lossy_uplink"]);
    w.seconds(601);
    found(&mut w, &[]);
    found(&mut w, &[Found::BFrames]);
    assert_eq!(happened(&mut w), ["b_frames"]);
    w.seconds(120);
    let record = last(&w);
    let codes: Vec<_> = record.findings.iter().map(|it| it.code).collect();
    assert_eq!(codes, [FindingCode::BFrames, FindingCode::LossyUplink, FindingCode::BFrames]);
    assert_eq!(record.freezes.for_all, 1);
}

#[test]
fn what_was_found_before_is_told_when_the_broadcast_is_live() {
    let mut w = World::new();
    let host = w.open();
    w.hello(host, r#""role":"host""#);
    w.offer(host, super::world::SENDING);
    w.flow();
    found(&mut w, &[Found::NoAudio]);
    assert_eq!(happened(&mut w), [""; 0]);
    w.say(host, r#"{"type":"golive"}"#);
    assert_eq!(happened(&mut w), ["live", "no_audio"]);
}

#[test]
fn a_record_says_who_watched_what_and_when() {
    let mut w = World::new();
    w.host("");
    let room = w.default_room();
    let rate = |rid: &str, kbps| LayerRate { rid: Some(rid.into()), kbps };
    w.event(Event::LayerRates { room, rates: vec![rate("h", 1500), rate("l", 500)] });
    let fan = w.viewer("192.0.2.100");
    let send = |w: &mut World, layer: Option<&str>| {
        let (peer, has_picture, layer) = (w.last_peer(), layer.is_some(), layer.map(Into::into));
        w.event(Event::LayerSent { peer, has_picture, layer, reason: Reason::Link });
    };
    send(&mut w, Some("h"));
    for ms in [200, 300, 400] {
        w.say(fan, &format!(r#"{{"type":"stats","latencyMs":{ms}}}"#));
    }
    w.seconds(90);
    send(&mut w, Some("l"));
    w.seconds(20);
    send(&mut w, None);
    w.seconds(10);
    let record = last(&w).clone();
    let share = |name: &str, share| LayerShare { name: name.into(), share };
    assert_eq!(record.layers, [share("h", 0.75), share("l", 0.167), share("off", 0.083)]);
    let latency = record.latency_ms.unwrap();
    assert!((latency.p50 - 300.0).abs() < 6.0 && (latency.p95 - 400.0).abs() < 8.0, "{latency:?}");
    let point =
        |minute: f64| Point { at: record.began + minute * 60_000.0, viewers: 1, kbps: 2000 };
    assert_eq!(record.timeline, [point(0.0), point(1.0)]);
    assert_eq!((record.ended, record.until), (None, record.began + 120_000.0), "it goes on");
    assert_eq!((record.joins, record.peak), (1, 1));
    assert_eq!(w.records.iter().filter(|it| it.id == record.id).count(), w.records.len());
    let text = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<BroadcastRecord>(&text).unwrap(), record);
}

#[test]
fn what_pages_report_is_in_the_record_and_of_a_room_that_nobody_is_live_in_it_is_nothing() {
    let mut w = World::new();
    let room = protocol::RoomName::parse("default").unwrap();
    let seen = Seen { watched_ms: 60_000, freezes: 2, loss: Some(0.1), server_kept_up: true };
    w.input(Input::Seen { room: room.clone(), seen });
    w.host("");
    assert_eq!(last(&w).freezes.n, None);
    w.input(Input::Seen { room, seen });
    w.seconds(120);
    let freezes = last(&w).freezes;
    assert_eq!((freezes.n, freezes.by_fault.unwrap().last_mile), (Some(2), 2));
}

#[test]
fn ids_of_broadcasts_sort_in_their_order() {
    let mut w = World::new();
    let host = w.host("");
    w.say(host, r#"{"type":"end"}"#);
    w.ms(1);
    w.host("");
    let ids: Vec<_> = w.records.iter().map(|it| &it.id).collect();
    assert!(ids.is_sorted() && ids.first() != ids.last(), "{ids:?}");
    assert_ne!(w.happened[0].broadcast, w.happened.last().unwrap().broadcast);
}
