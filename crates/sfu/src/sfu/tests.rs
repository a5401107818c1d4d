//! A fault in one session, who hears a viewer, and the end of all.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use is::stun::{StunMessage, TransId};

use super::*;
use crate::egress::{Egress, Kind, Outgoing};
use crate::rtp::Format;
use crate::testing::START;
use crate::{Codec, NegotiationError};

const ROOM: RoomId = RoomId(1);

/// A viewer that may have a bug, and whose checks all nominate.
#[derive(Debug, Default)]
struct Fake {
    /// Its timer panics then, and its answer whenever it comes.
    panics_at: Option<Instant>,
    is_answered: bool,
    path: Option<(SocketAddr, SocketAddr)>,
}

impl Fake {
    fn faulty(panics_at: Instant) -> Box<Self> {
        Box::new(Self { panics_at: Some(panics_at), ..Self::default() })
    }
}

impl Egress for Fake {
    fn offer(&mut self, _: Option<IpAddr>) -> String {
        String::new()
    }

    fn offer_ice_restart(&mut self, _: Option<IpAddr>) -> Result<String, NegotiationError> {
        Err(NegotiationError::OutOfOrder)
    }

    fn accept_answer(&mut self, _: &str, _: Instant) -> Result<(), NegotiationError> {
        assert_eq!(self.panics_at, None, "a bug in an answer");
        self.is_answered = true;
        Ok(())
    }

    fn accept_offer(
        &mut self,
        _: &str,
        _: Option<IpAddr>,
        _: Instant,
    ) -> Result<String, NegotiationError> {
        Err(NegotiationError::OutOfOrder)
    }

    fn ufrag(&mut self) -> String {
        format!("fake{:?}", self.panics_at)
    }

    fn codecs(&self) -> Vec<Codec> {
        Vec::new()
    }

    fn payload_type(&self, _: Kind, _: &Format) -> Option<u8> {
        None
    }

    fn path(&self) -> Option<(SocketAddr, SocketAddr)> {
        self.path
    }

    fn handle_datagram(&mut self, it: &Datagram<'_>, _: Instant, _: &mut Outbox) -> Receipt {
        if !self.is_answered {
            return Receipt::Early;
        }
        self.path = Some((it.destination, it.source));
        Receipt::Taken
    }

    fn handle_timeout(&mut self, now: Instant) {
        assert!(self.panics_at.is_none_or(|it| now < it), "a bug in a timer");
    }

    fn forward(&mut self, _: Outgoing<'_>, _: Instant, _: &mut Outbox) {}

    fn poll(&mut self, now: Instant, _: &mut Outbox) -> egress::Output {
        egress::Output::Timeout(self.panics_at.unwrap_or(now + Duration::from_secs(1)))
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
    sfu.add_viewer(ROOM, PeerId(1), Fake::faulty(at(5)));
    sfu.add_viewer(ROOM, PeerId(2), Fake::faulty(at(9)));
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
        sfu.handle_command(
            Command::Watch { room: RoomId(n % 3), peer: PeerId(n), via: None },
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
    sfu.add_viewer(ROOM, peer, Box::<Fake>::default());
    let username = format!("{}:it", Fake::default().ufrag());
    let check = StunMessage::binding_request(&username, TransId::new(), true, 1, 1, true);
    let mut contents = [0; 200];
    let len = check.to_bytes(Some(b"password"), &mut contents, |_, _| [0; 20]).unwrap();
    let check = Datagram { source: at(1), destination: at(3000), contents: &contents[..len] };
    let mut parcel = Parcel { from: 1, ..Parcel::default() };
    assert!(parcel.datagrams.push(&check, 1), "it came in at the other worker's socket");

    sfu.handle_parcel(parcel, *START);
    events(&mut sfu, *START);
    assert!(sfu.has(peer), "it waits for its answer");
    sfu.handle_command(Command::Answer { peer, sdp: String::new() }, *START);
    let Output::Parcel { to: 1, parcel } = sfu.poll_output(*START) else { panic!("no parcel") };
    let [Note::Viewer { parked, to: 1 }] = &parcel.notes[..] else { panic!("{parcel:?}") };
    assert_eq!((parked.peer, parked.address), (peer, at(1)));
    assert!(!sfu.has(peer));
}
