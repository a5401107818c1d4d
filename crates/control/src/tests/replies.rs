//! Programs: each request has one reply, whatever becomes of the session.

use media_api::{CloseReason, Command, Event, NegotiationError, PeerId};
use protocol::{ErrorCode, Role};

use super::world::{RECEIVING, SENDING, World, sending};
use crate::{ClientId, Request, RequestId};

/// An encoder that is live.
fn encoder(w: &mut World, key: Option<&str>) -> ClientId {
    let encoder = w.program("192.0.2.7", Role::Host, key).unwrap();
    w.ask(encoder, publish(SENDING)).unwrap();
    w.flow();
    encoder
}

fn publish(sdp: &str) -> Request {
    Request::Publish { offer: sdp.into() }
}

fn refused(w: &mut World, id: RequestId) -> ErrorCode {
    w.reply(id).expect("a reply").expect_err("a refusal").code
}

/// The peer of the last offer that the media plane was told of.
fn offered(w: &World) -> PeerId {
    let mut peers = w.commands.iter().filter_map(|command| match command {
        Command::Publish { peer, .. } | Command::Reoffer { peer, .. } => Some(*peer),
        _ => None,
    });
    peers.next_back().expect("an offer")
}

#[test]
fn a_restart_is_answered_when_its_connection_ends_first() {
    let ends: [fn(&mut World, ClientId); 4] = [
        |w, _| {
            let peer = w.publisher();
            w.closes(peer, CloseReason::ConsentExpired);
        },
        |w, encoder| w.drop_socket(encoder, Some(1001)),
        // Nobody returns.
        |w, _| {
            w.stall();
            w.seconds(95);
        },
        // Another encoder with the same key takes over.
        |w, _| {
            w.answers = true;
            let other = w.program("192.0.2.8", Role::Host, Some("a key of ours, long")).unwrap();
            w.ask(other, publish(&sending(5))).unwrap();
        },
    ];
    for (n, end) in ends.into_iter().enumerate() {
        let mut w = World::with(|setup| setup.key = Some("a key of ours, long".into()));
        let encoder = encoder(&mut w, Some("a key of ours, long"));
        w.answers = false;
        let restart = w.begin(encoder, publish(SENDING));
        end(&mut w, encoder);
        assert_eq!(refused(&mut w, restart), ErrorCode::Unexpected, "end {n}");
    }
}

#[test]
fn a_restart_is_answered_when_a_new_connection_takes_over() {
    let mut w = World::new();
    let encoder = encoder(&mut w, None);
    w.answers = false;
    let restart = w.begin(encoder, publish(SENDING));
    let again = w.begin(encoder, publish(&sending(9)));
    let peer = offered(&w);
    w.event(Event::Answer { peer, sdp: "v=0".into(), codecs: Vec::new() });
    assert!(w.reply(again).expect("a reply").is_ok());
    assert_eq!(refused(&mut w, restart), ErrorCode::Unexpected);
}

#[test]
fn of_several_offers_of_a_refused_publisher_the_last_is_tried_again_and_all_are_answered() {
    let mut w = World::new();
    let encoder = w.program("192.0.2.7", Role::Host, None).unwrap();
    w.answers = false;
    let [first, second, third] = [(); 3].map(|()| w.begin(encoder, publish(SENDING)));
    let peer = offered(&w);
    w.event(Event::Rejected { peer, error: NegotiationError::NoCodec });
    assert_eq!(refused(&mut w, first), ErrorCode::CodecUnsupported);
    assert_eq!(refused(&mut w, second), ErrorCode::Unexpected);
    assert_eq!(w.reply(third), None, "it is under way");
    let peer = offered(&w);
    w.event(Event::Answer { peer, sdp: "v=0".into(), codecs: Vec::new() });
    assert!(w.reply(third).expect("a reply").is_ok());
}

#[test]
fn an_answer_to_an_offer_that_was_withdrawn_is_done() {
    let mut w = World::new();
    encoder(&mut w, None);
    let player = w.program("192.0.2.9", Role::Fan, None).unwrap();
    w.ask(player, Request::Watch { offer: None }).unwrap();
    w.ask(player, Request::Watch { offer: Some(RECEIVING.into()) }).unwrap();
    let answered = w.ask(player, Request::Answer { sdp: "v=0".into() });
    assert_eq!(answered, Ok(crate::Reply::Done));
}

#[test]
fn a_join_by_a_name_that_is_taken_is_refused() {
    let mut w = World::new();
    let encoder = encoder(&mut w, None);
    w.begin_join(encoder, "192.0.2.8", Role::Fan);
    assert!(w.open_requests.is_empty());
    assert!(w.ask(encoder, publish(SENDING)).is_ok(), "the first is as it was");
}

#[test]
fn a_session_whose_caller_is_gone_holds_nothing() {
    for code in [None, Some(1000), Some(1001)] {
        let mut w = World::new();
        let player = w.program("192.0.2.9", Role::Fan, None).unwrap();
        w.drop_socket(player, code);
        assert_eq!(w.admission.counts(), (0, 0), "{code:?}");
    }
}

#[test]
fn a_session_that_gets_nothing_is_over() {
    let mut w = World::new();
    let player = w.program("192.0.2.9", Role::Fan, None).unwrap();
    let watch = || Request::Watch { offer: Some(RECEIVING.into()) };
    assert_eq!(w.ask(player, watch()).unwrap_err().code, ErrorCode::RoomOffline);
    assert_eq!(w.admission.counts(), (0, 0));
    assert_eq!(w.ask(player, watch()).unwrap_err().code, ErrorCode::NotFound);
}
