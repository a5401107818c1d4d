//! Real sockets, several threads, and clients that the kernel spreads over them: one publishes, the
//! others see it, whichever thread each is heard by.
#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

mod client;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use client::Client;
use engine::{
    Cast, CloseReason, Command, Config, Engine, Event, NegotiationError, PeerId, RoomId, Seat,
};

/// How long anything may take; a machine that is busy with other things is no failure.
const PATIENCE: Duration = Duration::from_secs(60);

const N_VIEWERS: u64 = 8;

/// What is told, and the thread that told it.
type Told = (String, Event);

/// An engine, and what it tells.
struct Studio {
    engine: Engine,
    events: Receiver<Told>,
    /// The threads that each peer's offer and connection were told by.
    offered_by: BTreeMap<PeerId, String>,
    connected_by: BTreeMap<PeerId, String>,
    host: Option<Client>,
    viewers: Vec<Client>,
}

impl Studio {
    fn open(workers: usize, max_peers: usize) -> Self {
        let (sink, events) = channel();
        let config = Config {
            listen: [127, 0, 0, 1].into(),
            udp_port: 0,
            tcp: None,
            public_ips: Vec::new(),
            max_peers,
            max_publish_kbps: 0,
            max_publish_packets: engine::MAX_PUBLISH_PACKETS,
            publish_ceiling_kbps: engine::PUBLISH_CEILING_KBPS,
            workers,
        };
        let tell = move |event| {
            let thread = thread::current().name().unwrap_or_default().to_owned();
            _ = sink.send((thread, event));
        };
        let engine = Engine::start(config, tell, |_| {}).unwrap();
        let (offered_by, connected_by) = (BTreeMap::new(), BTreeMap::new());
        Self { engine, events, offered_by, connected_by, host: None, viewers: Vec::new() }
    }

    /// The next event of a peer; the others go by.
    fn event_of(&mut self, peer: PeerId) -> Event {
        loop {
            let (thread, event) = self.events.recv_timeout(PATIENCE).unwrap();
            match &event {
                Event::Offer { peer, .. } => _ = self.offered_by.insert(*peer, thread),
                Event::Connected { peer } => _ = self.connected_by.insert(*peer, thread),
                _ => {}
            }
            let of = match &event {
                Event::Answer { peer, .. }
                | Event::Offer { peer, .. }
                | Event::Negotiated { peer, .. }
                | Event::Rejected { peer, .. }
                | Event::Connected { peer }
                | Event::Closed { peer, .. } => Some(*peer),
                // Told when it changes, between any others.
                Event::LayerSent { .. }
                | Event::Captured { .. }
                | Event::PastWanted { .. }
                | Event::PastOver { .. }
                | Event::GuestFlowing { .. }
                | Event::Speaker { .. }
                | Event::MediaFlowing { .. }
                | Event::MediaQuiet { .. }
                | Event::MediaStalled { .. }
                | Event::LayersUnwanted { .. }
                | Event::LayerRates { .. }
                | Event::Findings { .. } => None,
            };
            if of == Some(peer) {
                return event;
            }
        }
    }

    fn publish(&mut self, room: RoomId, peer: PeerId) {
        let mut host = Client::new();
        let offer = host.offer();
        self.engine.command(Command::Publish {
            room,
            peer,
            seat: Seat::HOST,
            offer,
            on_air: true,
            max_kbps: None,
            via: None,
        });
        let Event::Answer { sdp, .. } = self.event_of(peer) else { panic!("no answer") };
        host.accept_answer(&sdp);
        self.host = Some(host);
    }

    fn watch(&mut self, room: RoomId, peer: PeerId) {
        let mut viewer = Client::new();
        self.engine.command(Command::Watch {
            room,
            peer,
            cast: Cast::default(),
            publishes: None,
            via: None,
        });
        let Event::Offer { sdp, .. } = self.event_of(peer) else { panic!("no offer") };
        let sdp = viewer.answer(&sdp);
        self.engine.command(Command::Answer { peer, sdp });
        let Event::Negotiated { .. } = self.event_of(peer) else { panic!("not negotiated") };
        self.viewers.push(viewer);
    }

    /// Lets all clients live until the condition holds.
    fn until(&mut self, what: &str, holds: impl Fn(&[Client]) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !holds(&self.viewers) {
            assert!(Instant::now() < end, "{what}: not in {PATIENCE:?}");
            for client in self.host.iter_mut().chain(&mut self.viewers) {
                client.turn();
            }
        }
    }
}

/// Rooms with different homes, each with viewers that the kernel spreads.
fn everybody_sees(workers: usize) {
    let mut threads = BTreeSet::new();
    let mut n_handed_over = 0;
    for room in 1..=3 {
        let mut studio = Studio::open(workers, 100);
        studio.publish(RoomId(room), PeerId(1_000 + room));
        for n in 0..N_VIEWERS {
            studio.watch(RoomId(room), PeerId(n));
        }
        studio.until("everybody sees pictures", |all| all.iter().all(|it| it.seqs.len() > 100));
        // One who comes late, too.
        studio.watch(RoomId(room), PeerId(N_VIEWERS));
        studio.until("the late one sees pictures", |all| all.iter().all(|it| it.seqs.len() > 150));
        for viewer in &studio.viewers {
            assert_eq!(viewer.gaps(), 0, "a packet was lost on the way");
        }
        // A command finds each wherever it is now.
        for n in 0..=N_VIEWERS {
            let peer = PeerId(n);
            studio.engine.command(Command::Close { peer });
            let closed = loop {
                match studio.event_of(peer) {
                    Event::Connected { .. } => {}
                    other => break other,
                }
            };
            assert_eq!(closed, Event::Closed { peer, reason: CloseReason::Requested });
        }
        for (peer, thread) in &studio.offered_by {
            n_handed_over += usize::from(studio.connected_by.get(peer) != Some(thread));
        }
        threads.extend(studio.connected_by.into_values());
    }
    // Of 27 viewers not all are heard by one thread, nor all by the one that made their offer.
    assert_eq!(threads.len() > 1, workers > 1, "{threads:?}");
    assert_eq!(n_handed_over > 0, workers > 1, "{n_handed_over} were handed over");
}

#[test]
fn everybody_sees_whichever_of_two_threads_they_are_heard_by() {
    everybody_sees(2);
}

#[test]
fn everybody_sees_whichever_of_five_threads_they_are_heard_by() {
    everybody_sees(5);
}

#[test]
fn everybody_sees_with_one_thread() {
    everybody_sees(1);
}

#[test]
fn the_end_is_told_to_everybody() {
    let mut studio = Studio::open(2, 100);
    studio.publish(RoomId(1), PeerId(1));
    for n in 2..6 {
        studio.watch(RoomId(1), PeerId(n));
    }
    studio.until("everybody sees pictures", |all| all.iter().all(|it| it.seqs.len() > 10));
    let Studio { engine, host, viewers, events, .. } = studio;
    drop(engine);
    assert_eq!(events.iter().filter(|it| matches!(it.1, Event::Closed { .. })).count(), 5);
    let end = Instant::now() + PATIENCE;
    for mut client in viewers.into_iter().chain(host) {
        while !client.is_closed {
            assert!(Instant::now() < end, "a client that was not told");
            client.turn();
        }
    }
}

#[test]
fn the_limit_is_that_of_all_threads_together() {
    let mut studio = Studio::open(3, 5);
    let watch = |studio: &mut Studio, n| {
        studio.engine.command(Command::Watch {
            room: RoomId(n % 4),
            peer: PeerId(n),
            cast: Cast::default(),
            publishes: None,
            via: None,
        });
        studio.event_of(PeerId(n))
    };
    for n in 0..5 {
        assert!(matches!(watch(&mut studio, n), Event::Offer { .. }));
    }
    let full = Event::Rejected { peer: PeerId(5), error: NegotiationError::Full };
    assert_eq!(watch(&mut studio, 5), full);
    // An offer that is refused takes no place, and who leaves gives theirs back.
    studio.engine.command(Command::Close { peer: PeerId(2) });
    assert!(matches!(studio.event_of(PeerId(2)), Event::Closed { .. }));
    let end = Instant::now() + PATIENCE;
    let mut n = 6;
    loop {
        let offer = "no".into();
        let peer = PeerId(n);
        studio.engine.command(Command::Publish {
            room: RoomId(n),
            peer,
            seat: Seat::HOST,
            offer,
            on_air: true,
            max_kbps: None,
            via: None,
        });
        match studio.event_of(peer) {
            Event::Rejected { error: NegotiationError::Full, .. } => {}
            Event::Rejected { .. } => break,
            other => panic!("{other:?}"),
        }
        assert!(Instant::now() < end, "the place is not given back");
        n += 1;
    }
    while !matches!(watch(&mut studio, n + 1), Event::Offer { .. }) {
        assert!(Instant::now() < end, "the place is not given back");
        n += 1;
    }
}
