//! What the media plane reports, in orders that may surprise.

use media_api::{CloseReason, Command, Event, MediaInfo, NegotiationError, PeerId, Reason, RoomId};
use protocol::{ErrorCode, LiveState};

use super::world::{SENDING, World, sending};

#[test]
fn events_of_the_unknown_are_nobodys() {
    let mut w = World::new();
    let (peer, room) = (PeerId(999), RoomId(999));
    for event in [
        Event::Answer { peer, sdp: String::new(), codecs: vec![] },
        Event::Offer { peer, sdp: String::new() },
        Event::Negotiated { peer, codecs: vec![] },
        Event::Rejected { peer, error: NegotiationError::Full },
        Event::Connected { peer },
        Event::Closed { peer, reason: CloseReason::Dtls },
        Event::MediaFlowing { room, media: MediaInfo::default() },
        Event::MediaQuiet { room },
        Event::MediaStalled { room },
        Event::LayerSent { peer, has_picture: false, layer: None, reason: Reason::Link },
        Event::LayersUnwanted { room, layers: vec!["q".into()] },
        Event::Findings { room, findings: vec![media_api::Finding::BFrames] },
    ] {
        w.event(event);
    }
    assert!(w.commands.is_empty());
}

#[test]
fn late_news_of_an_ended_broadcast_changes_nothing() {
    let mut w = World::new();
    let host = w.host("");
    w.say(host, r#"{"type":"end"}"#);
    w.take(host);
    w.flow();
    w.stall();
    assert_eq!(w.live(), LiveState::Ended);
    assert!(w.take(host).is_empty());
}

#[test]
fn a_publisher_that_is_closed_has_its_grace() {
    for reason in [CloseReason::Remote, CloseReason::ConsentExpired, CloseReason::Internal] {
        let mut w = World::new();
        let host = w.host("");
        let peer = w.publisher();
        w.closes(peer, reason);
        assert_eq!(w.live(), LiveState::Interrupted, "{reason:?}");
        w.seconds(1);
        w.offer(host, &sending(2));
        w.flow();
        assert_eq!(w.live(), LiveState::Live, "{reason:?}");
    }
}

#[test]
fn a_host_hears_why_its_connection_failed() {
    let mut w = World::new();
    let host = w.host("");
    let peer = w.publisher();
    w.closes(peer, CloseReason::ConsentExpired);
    assert_eq!(w.errors(host), [ErrorCode::IceFailed]);
}

#[test]
fn a_stall_in_rehearsal_interrupts_nothing() {
    let mut w = World::new();
    let host = w.open();
    w.hello(host, r#""role":"host""#);
    w.offer(host, SENDING);
    w.flow();
    w.stall();
    assert_eq!(w.live(), LiveState::Starting);
    w.say(host, r#"{"type":"golive"}"#);
    assert_eq!(w.live(), LiveState::Starting, "on air, but nothing to see");
    w.flow();
    assert_eq!(w.live(), LiveState::Live);
}

#[test]
fn the_end_of_a_rehearsal_is_no_end_of_a_broadcast() {
    let mut w = World::new();
    let host = w.open();
    w.hello(host, r#""role":"host""#);
    w.offer(host, SENDING);
    w.flow();
    w.say(host, r#"{"type":"end"}"#);
    assert_eq!(w.live(), LiveState::Offline);
}

#[test]
fn a_host_cut_off_while_another_claims_the_room_does_not_keep_it() {
    let mut w = World::new();
    let first = w.open_with(super::world::query(None, Some("k")));
    w.offer(first, SENDING);
    let peer = w.publisher();
    w.answers = false;
    let second = w.open_with(super::world::query(None, Some("k")));
    w.offer(second, &sending(2));
    let Some(Command::Publish { peer: claim, .. }) = w.commands.pop() else { panic!() };
    w.closes(peer, CloseReason::ConnectTimeout);
    w.event(Event::Rejected { peer: claim, error: NegotiationError::NoCodec });
    assert_eq!(w.live(), LiveState::Offline);
    let third = w.open();
    w.answers = true;
    w.offer(third, &sending(3));
    assert_eq!(w.types(third), ["answer"]);
}

#[test]
fn an_end_before_the_answer_is_an_end() {
    let mut w = World::new();
    w.answers = false;
    let host = w.open();
    w.offer(host, SENDING);
    w.say(host, r#"{"type":"end"}"#);
    let [Command::Publish { peer, .. }, Command::Close { peer: closed }] = w.commands[..] else {
        panic!("{:?}", w.commands)
    };
    assert_eq!(peer, closed);
    w.event(Event::Answer { peer, sdp: String::new(), codecs: vec![] });
    assert_eq!(w.live(), LiveState::Offline);
    assert!(w.take(host).is_empty());
}

#[test]
fn offers_in_a_hurry_are_answered_in_order() {
    let mut w = World::new();
    w.answers = false;
    let host = w.open();
    w.hello(host, r#""role":"host""#);
    w.take(host);
    for neg in 1..=3 {
        let offer = serde_json::json!({"type":"offer","sdp":SENDING,"pc":"pub","neg":neg});
        w.say(host, &offer.to_string());
    }
    let Command::Publish { peer, .. } = w.commands[0] else { panic!() };
    for _ in 0..3 {
        w.event(Event::Answer { peer, sdp: String::new(), codecs: vec![] });
    }
    let negs: Vec<_> = w
        .take(host)
        .into_iter()
        .filter_map(|message| match message {
            protocol::ServerMessage::Answer { neg, .. } => neg,
            _ => None,
        })
        .collect();
    assert_eq!(negs, [1, 2, 3]);
}

#[test]
fn a_better_offer_after_a_rejected_one_begins_anew() {
    let mut w = World::new();
    w.answers = false;
    let host = w.open();
    w.offer(host, SENDING);
    w.offer(host, SENDING);
    let Command::Publish { peer, .. } = w.commands[0] else { panic!() };
    w.answers = true;
    w.event(Event::Rejected { peer, error: NegotiationError::NoCodec });
    assert_eq!(w.types(host), ["codec_unsupported", "answer"]);
    assert_eq!(w.live(), LiveState::Starting);
}
