//! All rooms and peers of one worker: routes datagrams, commands and time to them, and gathers
//! what they yield. One owner of everything; nothing here is shared.

mod negotiation;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use crate::config::Config;
use crate::datagram::{Datagram, Transmit};
use crate::demux::Demux;
use crate::egress;
use crate::event::{CloseReason, Command, Event};
use crate::id::{PeerId, RoomId};
use crate::publisher::{self, Publisher};
use crate::room::{Change, Room};
use crate::session::Shared;
use crate::timers::Timers;
use crate::viewer::Viewer;

/// The largest datagram of interest: what fits an Ethernet frame. A larger one could not be passed on
/// with the viewer's own headers.
const MAX_DATAGRAM_BYTES: usize = 1_500;

/// What the core yields.
#[derive(Debug, PartialEq, Eq)]
pub enum Output {
    /// A datagram to send.
    Transmit(Transmit),
    /// Something for the control plane.
    Event(Event),
    /// Nothing more before this time, unless something comes in; `None`: nothing at all.
    Timeout(Option<Instant>),
}

/// How much the core holds; what must go back to where it began when everybody has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Rooms with anybody in them.
    pub rooms: usize,
    /// Peers, publishers and viewers.
    pub peers: usize,
    /// Deadlines.
    pub timers: usize,
    /// Addresses, ICE username fragments and peers that datagrams are routed by.
    pub routes: [usize; 3],
    /// Bytes of payload kept for late viewers.
    pub ring_bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Deadline {
    Peer(PeerId),
    Room(RoomId),
}

/// All rooms and peers of one worker.
///
/// The law: after every call that takes `&mut self`, [`Sfu::poll_output`] is called until it
/// yields [`Output::Timeout`]. Time never goes back.
#[derive(Debug)]
pub struct Sfu {
    config: Config,
    shared: Shared,
    rooms: HashMap<RoomId, Room>,
    room_of: HashMap<PeerId, RoomId>,
    demux: Demux,
    timers: Timers<Deadline>,
    /// Rooms with packets that viewers have not been given. At most all rooms.
    dirty: BTreeSet<RoomId>,
    /// Emptied by every drain; holds at most what the inputs since then make: a burst for each viewer.
    outbox: VecDeque<Transmit>,
    events: VecDeque<Event>,
}

impl Sfu {
    /// An empty core. Makes the certificate that all its peers see.
    pub fn new(config: Config) -> Self {
        Self {
            shared: Shared::new(&config),
            config,
            rooms: HashMap::new(),
            room_of: HashMap::new(),
            demux: Demux::default(),
            timers: Timers::new(),
            dirty: BTreeSet::new(),
            outbox: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// How much it holds.
    pub fn sizes(&self) -> Sizes {
        Sizes {
            rooms: self.rooms.len(),
            peers: self.room_of.len(),
            timers: self.timers.len(),
            routes: self.demux.sizes(),
            ring_bytes: self.rooms.values().map(Room::bytes).sum(),
        }
    }

    /// Carries out a command; what comes of it is an event.
    pub fn handle_command(&mut self, command: Command, now: Instant) {
        let peer = match &command {
            Command::Publish { peer, .. }
            | Command::WatchOffer { peer, .. }
            | Command::Watch { peer, .. }
            | Command::Answer { peer, .. }
            | Command::Reoffer { peer, .. }
            | Command::RestartIce { peer } => Some(*peer),
            Command::GoLive { .. } | Command::Close { .. } => None,
        };
        match command {
            Command::Publish { room, peer, offer, on_air } => {
                let result = self.publish(room, peer, &offer, on_air, now);
                self.answered(peer, result);
            }
            Command::WatchOffer { room, peer, offer } => {
                let result = self.watch_offer(room, peer, &offer, now);
                self.answered(peer, result);
            }
            Command::Watch { room, peer } => {
                let result = self.watch(room, peer, now);
                self.offered(peer, result);
            }
            Command::Answer { peer, sdp } => {
                let event = match self.answer(peer, &sdp, now) {
                    Ok(codecs) => Event::Negotiated { peer, codecs },
                    Err(error) => Event::Rejected { peer, error },
                };
                self.events.push_back(event);
            }
            Command::Reoffer { peer, offer } => {
                let result = self.reoffer(peer, &offer, now);
                self.answered(peer, result);
            }
            Command::RestartIce { peer } => {
                let result = self.restart_ice(peer, now);
                self.offered(peer, result);
            }
            Command::GoLive { room } => {
                if let Some(it) = self.rooms.get_mut(&room).filter(|it| it.publisher.is_some()) {
                    it.on_air = true;
                    self.dirty.insert(room);
                }
            }
            Command::Close { peer } => self.close(peer, CloseReason::Requested, now),
        }
        // After its answer: what a peer yields comes behind it.
        if let Some(peer) = peer {
            self.drain(peer, now);
        }
    }

    /// Takes a datagram. One that is for nobody is dropped without a word.
    pub fn handle_datagram(&mut self, datagram: &Datagram<'_>, now: Instant) {
        let Datagram { source, contents, .. } = *datagram;
        if contents.len() > MAX_DATAGRAM_BYTES {
            return;
        }
        let Some(peer) = self.demux.route(source, contents, now) else { return };
        let taken = self.with_peer(peer, now, |it| match it {
            Peer::Publisher(it) => it.handle_datagram(datagram, now),
            Peer::Viewer(it) => it.egress.handle_datagram(datagram, now),
        });
        if taken == Some(true) {
            self.demux.learn(peer, source, now);
            self.drain(peer, now);
        }
    }

    /// Lets time pass: everything that is due at `now` is done.
    pub fn handle_timeout(&mut self, now: Instant) {
        // Each deadline is moved beyond `now` or removed by what is done for it; the bound is for
        // one that is not, which would otherwise hold up everybody.
        for _ in 0..=self.timers.len() {
            match self.timers.pop_due(now) {
                Some(Deadline::Peer(peer)) => {
                    self.with_peer(peer, now, |it| match it {
                        Peer::Publisher(it) => it.handle_timeout(now),
                        Peer::Viewer(it) => it.egress.handle_timeout(now),
                    });
                    self.pump(peer, now);
                    self.drain(peer, now);
                }
                Some(Deadline::Room(room)) => self.handle_room_timeout(room, now),
                None => return,
            }
        }
    }

    /// Closes every peer, with a goodbye to each.
    pub fn close_all(&mut self, now: Instant) {
        let peers: Vec<PeerId> = self.room_of.keys().copied().collect();
        for peer in peers {
            self.close(peer, CloseReason::Requested, now);
        }
    }

    /// What comes next.
    pub fn poll_output(&mut self, now: Instant) -> Output {
        while let Some(room) = self.dirty.pop_first() {
            self.fan_out(room, now);
        }
        if let Some(transmit) = self.outbox.pop_front() {
            return Output::Transmit(transmit);
        }
        if let Some(event) = self.events.pop_front() {
            return Output::Event(event);
        }
        Output::Timeout(self.timers.next())
    }

    // --- media ---

    /// Gives a room's viewers what is new.
    fn fan_out(&mut self, room_id: RoomId, now: Instant) {
        let Some(room) = self.rooms.get(&room_id) else { return };
        let viewers: Vec<PeerId> = room.viewers.keys().copied().collect();
        for peer in viewers {
            self.pump(peer, now);
            self.drain(peer, now);
        }
        self.attend_room(room_id, now);
    }

    /// Gives one viewer what is new, and notes what it needs.
    fn pump(&mut self, peer: PeerId, now: Instant) {
        let Some(room_id) = self.room_of.get(&peer).copied() else { return };
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        if !room.viewers.contains_key(&peer) {
            return;
        }
        let Some(needs) = contain(peer, || {
            let needs = room.pump(peer, now);
            if let Some(viewer) = room.viewers.get_mut(&peer) {
                viewer.again_at = needs.again_at;
                viewer.egress.handle_timeout(now);
            }
            needs
        }) else {
            return self.close(peer, CloseReason::Internal, now);
        };
        if let Some(layer) = needs.keyframe {
            room.want_keyframe(layer);
            self.attend_room(room_id, now);
        }
    }

    /// Asks the publisher for keyframes that are due, and sets the room's deadline.
    fn attend_room(&mut self, room_id: RoomId, now: Instant) {
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        let asked = contain_in(room_id, || room.request_keyframes(now)).unwrap_or_default();
        self.timers.set(Deadline::Room(room_id), room.deadline());
        if asked && let Some(peer) = room.publisher.as_ref().map(|it| it.id) {
            self.with_peer(peer, now, |it| {
                if let Peer::Publisher(it) = it {
                    it.handle_timeout(now);
                }
            });
            self.drain(peer, now);
        }
    }

    fn handle_room_timeout(&mut self, room_id: RoomId, now: Instant) {
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        let change = room.check_stall(now);
        self.report(room_id, change);
        self.attend_room(room_id, now);
    }

    fn report(&mut self, room: RoomId, change: Option<Change>) {
        match change {
            Some(Change::Flowing(media)) => {
                self.events.push_back(Event::MediaFlowing { room, media });
            }
            Some(Change::Stalled) => self.events.push_back(Event::MediaStalled { room }),
            None => {}
        }
    }

    /// Polls a peer until it has nothing more: the one place where this is done.
    fn drain(&mut self, peer: PeerId, now: Instant) {
        loop {
            let step = self.with_peer(peer, now, |it| match it {
                Peer::Publisher(it) => match it.poll(now) {
                    publisher::Output::Transmit(it) => Step::Transmit(it),
                    publisher::Output::Media(key, format, packet) => {
                        Step::Media(key, format, packet)
                    }
                    publisher::Output::Connected => Step::Connected,
                    publisher::Output::Timeout(at) => Step::Done { at, closed: it.closed() },
                },
                Peer::Viewer(it) => match it.egress.poll(now) {
                    egress::Output::Transmit(it) => Step::Transmit(it),
                    egress::Output::Connected => Step::Connected,
                    egress::Output::KeyframeWanted => Step::KeyframeWanted,
                    egress::Output::Timeout(at) => {
                        let at = it.again_at.map_or(at, |again| again.min(at));
                        Step::Done { at, closed: it.egress.closed() }
                    }
                },
            });
            let Some(room_id) = self.room_of.get(&peer).copied() else { return };
            match step {
                None => return,
                Some(Step::Transmit(it)) => self.outbox.push_back(it),
                Some(Step::Media(key, format, packet)) => {
                    let Some(room) = self.rooms.get_mut(&room_id) else { return };
                    let change = room.ingest(key, format, packet);
                    self.report(room_id, change);
                    self.dirty.insert(room_id);
                }
                Some(Step::Connected) => {
                    self.events.push_back(Event::Connected { peer });
                    self.pump(peer, now);
                }
                Some(Step::KeyframeWanted) => {
                    if let Some(room) = self.rooms.get_mut(&room_id) {
                        room.want_keyframe_for(peer);
                    }
                    self.attend_room(room_id, now);
                }
                Some(Step::Done { at, closed: None }) => {
                    return self.timers.set(Deadline::Peer(peer), Some(at));
                }
                Some(Step::Done { closed: Some(reason), .. }) => {
                    return self.close(peer, reason, now);
                }
            }
        }
    }

    // --- life and death ---

    /// Lets `f` at a peer; a panic in there ends that peer and nothing else.
    fn with_peer<T>(
        &mut self,
        peer: PeerId,
        now: Instant,
        f: impl FnOnce(Peer<'_>) -> T,
    ) -> Option<T> {
        let room = self.rooms.get_mut(self.room_of.get(&peer)?)?;
        let it = match (&mut room.publisher, room.viewers.get_mut(&peer)) {
            (Some(publisher), _) if publisher.id == peer => Peer::Publisher(publisher),
            (_, Some(viewer)) => Peer::Viewer(viewer),
            _ => return None,
        };
        let result = contain(peer, || f(it));
        if result.is_none() {
            self.close(peer, CloseReason::Internal, now);
        }
        result
    }

    fn close(&mut self, peer: PeerId, reason: CloseReason, now: Instant) {
        let Some(room_id) = self.room_of.get(&peer).copied() else { return };
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        if room.publisher.as_ref().is_some_and(|it| it.id == peer) {
            let publisher = room.set_publisher(None, false);
            self.timers.set(Deadline::Room(room_id), room.deadline());
            if let Some(publisher) = publisher {
                self.say_goodbye_to_publisher(publisher, reason, now);
            }
        } else if let Some(mut viewer) = room.viewers.remove(&peer) {
            if reason != CloseReason::Internal {
                let goodbye = contain(peer, || {
                    let mut goodbye = Vec::new();
                    viewer.egress.close();
                    viewer.egress.handle_timeout(now);
                    loop {
                        match viewer.egress.poll(now) {
                            egress::Output::Transmit(it) => goodbye.push(it),
                            egress::Output::Timeout(_) => break goodbye,
                            _ => {}
                        }
                    }
                });
                self.outbox.extend(goodbye.into_iter().flatten());
            }
            self.forget(peer, reason);
        }
        if self.rooms.get(&room_id).is_some_and(Room::is_empty) {
            self.rooms.remove(&room_id);
            self.timers.set(Deadline::Room(room_id), None);
            self.dirty.remove(&room_id);
        }
    }

    fn say_goodbye_to_publisher(&mut self, mut it: Publisher, reason: CloseReason, now: Instant) {
        if reason != CloseReason::Internal {
            let goodbye = contain(it.id, || {
                let mut goodbye = Vec::new();
                it.close();
                it.handle_timeout(now);
                loop {
                    match it.poll(now) {
                        publisher::Output::Transmit(it) => goodbye.push(it),
                        publisher::Output::Timeout(_) => break goodbye,
                        _ => {}
                    }
                }
            });
            self.outbox.extend(goodbye.into_iter().flatten());
        }
        self.forget(it.id, reason);
    }

    fn forget(&mut self, peer: PeerId, reason: CloseReason) {
        self.room_of.remove(&peer);
        self.demux.forget(peer);
        self.timers.set(Deadline::Peer(peer), None);
        self.events.push_back(Event::Closed { peer, reason });
        tracing::debug!(%peer, ?reason, "peer closed");
    }
}

/// One peer, for as long as something is done with it.
enum Peer<'a> {
    Publisher(&'a mut Publisher),
    Viewer(&'a mut Viewer),
}

/// One thing that a peer yielded.
#[allow(
    clippy::large_enum_variant,
    reason = "moved on at once, never stored: a box would allocate"
)]
enum Step {
    Transmit(Transmit),
    Media(publisher::StreamKey, crate::rtp::Format, crate::rtp::Packet),
    Connected,
    KeyframeWanted,
    Done { at: Instant, closed: Option<CloseReason> },
}

/// [`contain`] for what is not of one peer.
fn contain_in<T>(room: RoomId, step: impl FnOnce() -> T) -> Option<T> {
    let result = catch_unwind(AssertUnwindSafe(step));
    if result.is_err() {
        tracing::error!(%room, "a fault in one room; please report it");
    }
    result.ok()
}

/// Runs a step of one peer; `None` when it panicked. The peer is not touched again but to be dropped.
fn contain<T>(peer: PeerId, step: impl FnOnce() -> T) -> Option<T> {
    let result = catch_unwind(AssertUnwindSafe(step));
    if result.is_err() {
        tracing::error!(%peer, "a fault in one session, which is closed; please report it");
    }
    result.ok()
}
