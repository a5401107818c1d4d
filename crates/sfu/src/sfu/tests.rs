//! A fault in one session, and the end of all.

use std::net::SocketAddr;
use std::time::Duration;

use super::*;
use crate::egress::{Egress, Kind, Outgoing};
use crate::rtp::Format;
use crate::testing::START;
use crate::{Codec, NegotiationError};

const ROOM: RoomId = RoomId(1);

/// A viewer that is fine until its time comes, and then has a bug.
#[derive(Debug)]
struct Faulty {
    panics_at: Instant,
}

impl Egress for Faulty {
    fn offer(&mut self) -> String {
        String::new()
    }

    fn offer_ice_restart(&mut self) -> Result<String, NegotiationError> {
        Err(NegotiationError::OutOfOrder)
    }

    fn accept_answer(&mut self, _: &str, _: Instant) -> Result<(), NegotiationError> {
        panic!("a bug in an answer")
    }

    fn accept_offer(&mut self, _: &str, _: Instant) -> Result<String, NegotiationError> {
        Err(NegotiationError::OutOfOrder)
    }

    fn ufrag(&mut self) -> String {
        format!("{:?}", self.panics_at)
    }

    fn codecs(&self) -> Vec<Codec> {
        Vec::new()
    }

    fn payload_type(&self, _: Kind, _: &Format) -> Option<u8> {
        None
    }

    fn handle_datagram(&mut self, _: &Datagram<'_>, _: Instant, _: &mut Outbox) -> bool {
        false
    }

    fn handle_timeout(&mut self, now: Instant) {
        assert!(now < self.panics_at, "a bug in a timer");
    }

    fn forward(&mut self, _: Outgoing<'_>, _: Instant, _: &mut Outbox) {}

    fn poll(&mut self, _: Instant, _: &mut Outbox) -> egress::Output {
        egress::Output::Timeout(self.panics_at)
    }

    fn is_connected(&self) -> bool {
        true
    }

    fn closed(&self) -> Option<CloseReason> {
        None
    }

    fn close(&mut self) {}
}

fn events(sfu: &mut Sfu, now: Instant) -> Vec<Event> {
    let mut events = Vec::new();
    loop {
        match sfu.poll_output(now) {
            Output::Event(event) => events.push(event),
            Output::Transmits(_) | Output::Parcel { .. } => {}
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
    sfu.add_viewer(ROOM, PeerId(1), Box::new(Faulty { panics_at: at(5) }));
    sfu.add_viewer(ROOM, PeerId(2), Box::new(Faulty { panics_at: at(9) }));
    for peer in [PeerId(1), PeerId(2)] {
        sfu.drain(peer, *START);
    }
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
        sfu.handle_command(Command::Watch { room: RoomId(n % 3), peer: PeerId(n) }, *START);
    }
    sfu.close_all(*START);
    let closed = events(&mut sfu, *START)
        .iter()
        .filter(|it| matches!(it, Event::Closed { reason: CloseReason::Requested, .. }))
        .count();
    assert_eq!((closed, sfu.sizes().rooms, sfu.sizes().timers), (10, 0, 0));
}
