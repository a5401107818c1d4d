//! Tests of a panic in one session, of migration to the worker that receives a viewer's datagrams, and of
//! closing everybody.

use std::net::SocketAddr;
use std::time::Duration;

use aws_lc_rs::hmac;
use is::stun::{StunMessage, TransId};

use super::*;
use crate::NegotiationError;
use crate::egress::Egress;
use crate::testing::START;
use media_api::Cast;

const ROOM: RoomId = RoomId(1);

const CHROMIUM_ANSWER: &str = include_str!("../../transport/sdp/fixtures/chromium_156_answer.sdp");

fn events(sfu: &mut Sfu, now: Instant) -> Vec<Event> {
    let mut events = Vec::new();
    loop {
        match sfu.poll_output(now) {
            Output::Event(event) => events.push(event),
            Output::Tapped(_) => {}
            Output::Transmits(_) | Output::Message { .. } => {}
            Output::Timeout(_) => return events,
        }
    }
}

fn sfu() -> Sfu {
    Sfu::new(Config::new(vec![SocketAddr::from(([192, 0, 2, 1], 3000))]))
}

fn closed(peer: PeerId) -> Event {
    Event::Closed { peer, reason: CloseReason::Internal }
}

#[test]
fn a_fault_in_one_viewer_ends_that_viewer_alone() {
    let mut sfu = sfu();
    let at = |s| *START + Duration::from_secs(s);
    for (peer, panics_at) in [(PeerId(1), at(5)), (PeerId(2), at(9))] {
        let mut egress = Box::new(Egress::new(&sfu.shared, *START));
        egress.panics_at = Some(panics_at);
        sfu.add_viewer(ROOM, peer, egress);
        sfu.drain(peer, *START);
    }
    sfu.timers.set(Deadline::Peer(PeerId(1)), Some(at(5)));
    sfu.handle_timeout(at(5));
    assert_eq!(events(&mut sfu, at(5)), [closed(PeerId(1))]);
    assert_eq!(sfu.sizes().peers, 1);
    sfu.handle_command(Command::Answer { peer: PeerId(2), sdp: String::new() }, at(6));
    let unknown = Event::Rejected { peer: PeerId(2), error: NegotiationError::UnknownPeer };
    assert_eq!(events(&mut sfu, at(6)), [closed(PeerId(2)), unknown]);
    let empty = Sizes {
        rooms: 0,
        peers: 0,
        timers: 0,
        routes: [0, 0, 0],
        elsewhere: [0, 0],
        ring_bytes: 0,
    };
    assert_eq!(sfu.sizes(), empty);
}

#[test]
fn closing_everybody_leaves_nothing() {
    let mut sfu = sfu();
    for n in 0..10 {
        sfu.handle_command(
            Command::Watch {
                room: RoomId(n % 3),
                peer: PeerId(n),
                cast: Cast::default(),
                publishes: None,
                via: None,
            },
            *START,
        );
    }
    sfu.close_all(*START);
    let closed = events(&mut sfu, *START)
        .iter()
        .filter(|it| matches!(it, Event::Closed { reason: CloseReason::Requested, .. }))
        .count();
    assert_eq!((closed, sfu.sizes().rooms, sfu.sizes().timers), (10, 0, 0));
}

#[test]
fn a_viewer_that_nominates_before_its_answer_goes_with_the_answer_to_who_heard_it() {
    let at = |n| SocketAddr::from(([192, 0, 2, 1], n));
    let mut config = Config::new(vec![at(3000)]);
    (config.worker, config.workers) = (0, 2);
    let peer = (1..).map(PeerId).find(|it| crate::registrar_of(*it, 2) == 0).unwrap();
    let mut sfu = Sfu::new(config);
    sfu.handle_command(
        Command::Watch { room: ROOM, peer, cast: Cast::default(), publishes: None, via: None },
        *START,
    );
    let Some(Event::Offer { sdp, .. }) = events(&mut sfu, *START).pop() else { panic!("no offer") };
    let ours = |name| sdp.lines().find_map(|it| it.strip_prefix(name)).unwrap();
    let username = format!("{}:ERqn", ours("a=ice-ufrag:"));
    let check = StunMessage::binding_request(&username, TransId::new(), true, 1, 1, true);
    let mut contents = [0; 200];
    let hmac = |key: &[u8], parts: &[&[u8]]| {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
        hmac::sign(&key, &parts.concat()).as_ref().try_into().unwrap()
    };
    let password = ours("a=ice-pwd:").as_bytes();
    let len = check.to_bytes(Some(password), &mut contents, hmac).unwrap();
    let check =
        Datagram { source: at(1).into(), destination: at(3000), contents: &contents[..len] };
    let mut message = WorkerMessage { from: 1, ..WorkerMessage::default() };
    assert!(message.datagrams.push(&check, 1), "the message has no space for the check");

    sfu.handle_message(message, *START);
    events(&mut sfu, *START);
    assert!(sfu.has(peer), "the viewer left before its answer");
    sfu.handle_command(Command::Answer { peer, sdp: CHROMIUM_ANSWER.into() }, *START);
    let Output::Message { to: 1, message } = sfu.poll_output(*START) else { panic!("no message") };
    let [Control::Viewer { migrating, to: 1 }] = &message.controls[..] else {
        panic!("{message:?}")
    };
    assert_eq!((migrating.peer, migrating.address), (peer, at(1).into()));
    assert!(!sfu.has(peer));
}
