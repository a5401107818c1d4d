//! All rooms and peers of one worker. [`Sfu`] owns them, routes datagrams, commands and time to them,
//! and collects their outputs. Nothing here is shared.

mod figures;
mod findings;
pub(crate) mod migration;
mod negotiation;
mod relay;
mod stage;
mod strangers;
pub(crate) mod streams;
mod tap;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use self::figures::Gone;
use self::strangers::Strangers;
use crate::config::Config;
use crate::core::demux::Demux;
use crate::core::outbox::{MAX_DATAGRAM_BYTES, Outbox};
use crate::core::timers::Timers;
use crate::datagram::Datagram;
use crate::egress::{CaptureTime, outgoing};
use crate::ingress::{self, Publisher};
use crate::room::{Change, Room};
use crate::transport::Receipt;
use crate::transport::shared::Shared;
use crate::viewer::past::PastNews;
use crate::viewer::{Sent, Served, Viewer};
use crate::workers::Workers;
use crate::workers::directory::{ForwardedAddrs, RemotePeers};
use crate::workers::message::{Control, WorkerMessage};
use media_api::{CloseReason, Command, Event};
use media_api::{PastOrder, PeerId, RoomId, Seat, TapPacket};

/// An output of the core.
#[derive(Debug)]
pub enum Output<'a> {
    /// Datagrams to send before the core is called again.
    Transmits(&'a Outbox),
    /// A message for another worker. Deliver it before sending anything else, so that it arrives
    /// first. Never yielded with one worker.
    Message {
        /// The worker that takes the message with [`Sfu::handle_message`]. If its inbox is full, give
        /// the message back with [`Sfu::undelivered`].
        to: u8,
        /// The message.
        message: WorkerMessage,
    },
    /// Packets of rooms that are tapped. Take them: those that are left are dropped.
    Tapped(&'a mut Vec<TapPacket>),
    /// An event for the control plane.
    Event(Event),
    /// No more output before this time, unless there is input; `None`: only after input.
    Timeout(Option<Instant>),
}

/// The sizes of the core's collections. They return to their initial values when everybody has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Rooms with a peer or a subscribed worker.
    pub rooms: usize,
    /// Publishers and viewers.
    pub peers: usize,
    /// Deadlines.
    pub timers: usize,
    /// Addresses, ICE username fragments and peers in the demultiplexer.
    pub routes: [usize; 3],
    /// Peers registered here that are at other workers, and addresses whose datagrams are forwarded.
    pub elsewhere: [usize; 2],
    /// Bytes of payload in the rings.
    pub ring_bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Deadline {
    Peer(PeerId),
    Room(RoomId),
    /// Expiry of addresses whose datagrams are forwarded.
    ForwardedAddrs,
    /// Undelivered messages are sent again.
    RetryMessages,
}

/// All rooms and peers of one worker.
///
/// The contract: after every call that takes `&mut self`, the caller calls [`Sfu::poll_output`] until
/// it returns [`Output::Timeout`]. Time never goes back.
#[derive(Debug)]
pub struct Sfu {
    config: Config,
    shared: Shared,
    rooms: HashMap<RoomId, Room>,
    room_of: HashMap<PeerId, RoomId>,
    demux: Demux,
    timers: Timers<Deadline>,
    /// Rooms with packets that their viewers have not been given. At most all rooms.
    dirty: BTreeSet<RoomId>,
    /// A fan-out that stopped at a full outbox: the room, and its next viewer.
    fanning_out: Option<(RoomId, PeerId)>,
    /// Emptied by every drain. Holds at most the datagrams that the inputs since then caused, and a chunk
    /// of a fan-out.
    outbox: Outbox,
    /// Whether the outbox was handed out, so that the next poll clears it.
    is_sent: bool,
    events: VecDeque<Event>,
    /// Packets for the tap. Emptied by every drain, so that it holds at most what the inputs since then brought.
    tapped: Vec<TapPacket>,
    /// Whether they were handed out, so that the next poll drops what is left.
    is_tapped: bool,
    /// The results of serving the viewers of a fan-out; empty outside of it.
    served: Vec<(PeerId, Option<Served>)>,
    workers: Workers,
    remote_peers: RemotePeers,
    forwarded: ForwardedAddrs,
    strangers: Strangers,
    /// The number of peers here whose registrar is another worker.
    n_foreign: usize,
    gone: Gone,
}

impl Sfu {
    /// Creates an empty core and the DTLS certificate that it shows to all its peers.
    pub fn new(config: Config) -> Self {
        Self {
            shared: Shared::new(&config),
            workers: Workers::new(config.worker, config.workers),
            config,
            rooms: HashMap::new(),
            room_of: HashMap::new(),
            demux: Demux::default(),
            timers: Timers::new(),
            dirty: BTreeSet::new(),
            fanning_out: None,
            outbox: Outbox::default(),
            is_sent: false,
            events: VecDeque::new(),
            tapped: Vec::new(),
            is_tapped: false,
            served: Vec::new(),
            remote_peers: RemotePeers::default(),
            forwarded: ForwardedAddrs::default(),
            strangers: Strangers::default(),
            n_foreign: 0,
            gone: Gone::default(),
        }
    }

    /// The sizes of its collections.
    pub fn sizes(&self) -> Sizes {
        Sizes {
            rooms: self.rooms.len(),
            peers: self.room_of.len(),
            timers: self.timers.len(),
            routes: self.demux.sizes(),
            elsewhere: [self.remote_peers.len(), self.forwarded.len()],
            ring_bytes: self.rooms.values().map(Room::bytes).sum(),
        }
    }

    /// Announces other candidates from now on. The sessions that are there keep theirs.
    pub fn set_candidates(&mut self, udp: Vec<SocketAddr>, tcp: Vec<SocketAddr>) {
        (self.config.candidates, self.config.tcp_candidates) = (udp, tcp);
        self.shared.set_addresses(&self.config);
    }

    /// Whether a peer is at this worker.
    pub fn has(&self, peer: PeerId) -> bool {
        self.room_of.contains_key(&peer)
    }

    /// Carries out a command; its result is an event. With several workers, call this at the one that
    /// [`crate::addressee`] names.
    pub fn handle_command(&mut self, command: Command, now: Instant) {
        match self.elsewhere(&command) {
            Some(worker) => self.workers.send(worker, Control::Command(command)),
            None => self.carry_out(command, now),
        }
    }

    fn carry_out(&mut self, command: Command, now: Instant) {
        let peer = command.peer();
        match command {
            Command::Publish { room, peer, seat, offer, on_air, max_kbps, via } => {
                let limits = self.config.publish_limits(max_kbps);
                let result = self.publish(room, peer, (seat, on_air, limits), &offer, via, now);
                self.answered(peer, result);
            }
            Command::WatchOffer { room, peer, offer, via } => {
                let result = self.watch_offer(room, peer, &offer, via, now);
                self.answered(peer, result);
            }
            Command::Watch { room, peer, cast, publishes, via } => {
                let result = self.watch(room, peer, (cast, publishes), via, now);
                self.offered(peer, result);
            }
            Command::Recast { peer, cast, via } => {
                let result = self.recast(peer, cast, via, now);
                self.offered(peer, result);
            }
            Command::Mute { room, seat, is_muted } => self.mute(room, seat, is_muted),
            Command::Answer { peer, sdp } => {
                let event = match self.answer(peer, &sdp, now) {
                    Ok(codecs) => Event::Negotiated { peer, codecs },
                    Err(error) => Event::Rejected { peer, error },
                };
                self.events.push_back(event);
                self.handle_pending_checks(peer, now);
            }
            Command::Reoffer { peer, offer, via } => {
                let result = self.reoffer(peer, &offer, via, now);
                self.answered(peer, result);
            }
            Command::RestartIce { peer, via } => {
                let result = self.restart_ice(peer, via, now);
                self.offered(peer, result);
            }
            Command::Prefer { peer, preference } => {
                self.with_peer(peer, now, |it, _| {
                    if let Peer::Viewer(it) = it {
                        it.prefer(&preference);
                    }
                });
            }
            Command::Past { peer, order } => self.order_past(peer, order, now),
            Command::Tap { room, tap } => self.set_tap(room, tap, now),
            Command::TapKeyframe { room, seat, ssrc } => {
                self.want_tap_keyframe(room, seat, ssrc, now);
            }
            Command::GoLive { room } => {
                if let Some(it) = self.rooms.get_mut(&room).filter(|it| it.publisher.is_some()) {
                    it.go_live(now);
                    self.attend_room(room, now);
                    self.dirty.insert(room);
                    self.relay_stage(room, false);
                }
            }
            Command::Close { peer } => self.close(peer, CloseReason::Requested, now),
        }
        // After the answer, so that the peer's own events follow it.
        if let Some(peer) = peer {
            self.drain(peer, now);
        }
    }

    /// Sends a viewer the past of its room, or what is live again.
    fn order_past(&mut self, peer: PeerId, order: PastOrder, now: Instant) {
        let room = self.room_of.get(&peer).and_then(|room| self.rooms.get_mut(room));
        let Some(room) = room else { return };
        if contain(peer, || room.order_past(peer, order)).is_none() {
            self.close(peer, CloseReason::Internal, now);
        }
    }

    /// Handles a received datagram. One that is for no peer is dropped silently.
    pub fn handle_datagram(&mut self, datagram: &Datagram<'_>, now: Instant) {
        if datagram.contents.len() > MAX_DATAGRAM_BYTES {
            return;
        }
        let me = self.workers.me;
        if !self.take_datagram(datagram, me, now) && self.workers.is_many() {
            self.pass_on(datagram, now);
        }
    }

    /// Handles a datagram received by the worker `origin`; returns `false` if no peer here is known for it.
    fn take_datagram(&mut self, datagram: &Datagram<'_>, origin: u8, now: Instant) -> bool {
        let Some(peer) = self.demux.route(datagram.source, datagram.contents, now) else {
            return self.take_shared(datagram, origin, now);
        };
        self.offer_datagram(peer, datagram, origin, now);
        true
    }

    /// Passes a datagram to a peer; returns whether the peer accepted it.
    fn offer_datagram(
        &mut self,
        peer: PeerId,
        datagram: &Datagram<'_>,
        origin: u8,
        now: Instant,
    ) -> bool {
        let Datagram { source, contents, .. } = *datagram;
        let is_afar = origin != self.workers.me;
        let is_new = is_afar && self.demux.route_of(source) != Some(peer);
        let receipt = self.with_peer(peer, now, |it, out| match it {
            Peer::Publisher(it) => it.handle_datagram(datagram, now, out),
            Peer::Viewer(it) => it.handle_datagram(datagram, origin, now, out),
        });
        let Some(receipt) = receipt.filter(|it| *it != Receipt::Foreign) else { return false };
        self.learn(peer, source, now);
        self.demux.learn_ssrc_of(peer, contents);
        // Most datagrams of viewers are feedback, which only matters once the next packet is sent.
        if receipt != Receipt::CanWait {
            self.drain(peer, now);
        }
        if is_afar {
            self.taken_from_afar(peer, datagram, origin, is_new);
        }
        true
    }

    /// Does everything that is due at `now`, or as much as the outbox has space for. In that case the
    /// next timeout is in the past.
    pub fn handle_timeout(&mut self, now: Instant) {
        // Handling a deadline moves it beyond `now` or removes it. The loop is bounded in case one
        // stays due, which would otherwise block all peers.
        for _ in 0..=self.timers.len() {
            if self.outbox.is_full() {
                return;
            }
            match self.timers.pop_due(now) {
                Some(Deadline::Peer(peer)) => {
                    self.with_peer(peer, now, |it, _| match it {
                        Peer::Publisher(it) => it.handle_timeout(now),
                        Peer::Viewer(it) => it.timer_at = None,
                    });
                    self.drain(peer, now);
                }
                Some(Deadline::Room(room)) => self.handle_room_timeout(room, now),
                Some(Deadline::ForwardedAddrs) => {
                    let next = self.forwarded.expire(now);
                    self.timers.set(Deadline::ForwardedAddrs, next);
                }
                Some(Deadline::RetryMessages) => self.workers.unblock(),
                None => return,
            }
        }
    }

    /// Closes every peer and sends each a goodbye.
    pub fn close_all(&mut self, now: Instant) {
        let peers: Vec<PeerId> = self.room_of.keys().copied().collect();
        for peer in peers {
            self.close(peer, CloseReason::Requested, now);
        }
    }

    /// Returns the next output.
    pub fn poll_output(&mut self, now: Instant) -> Output<'_> {
        if std::mem::take(&mut self.is_sent) {
            self.outbox.clear();
        }
        if std::mem::take(&mut self.is_tapped) {
            self.tapped.clear();
        }
        if let Some((to, message)) = self.workers.next() {
            return Output::Message { to, message };
        }
        while !self.outbox.is_full() {
            let begun = self.fanning_out.take();
            let Some((room, from)) = begun.or_else(|| Some((self.dirty.pop_first()?, PeerId(0))))
            else {
                break;
            };
            self.fan_out(room, from, now);
        }
        self.send_to_streams_elsewhere();
        if let Some((to, message)) = self.workers.next() {
            return Output::Message { to, message };
        }
        if !self.outbox.is_empty() {
            self.is_sent = true;
            return Output::Transmits(&self.outbox);
        }
        // Messages that the fan-out caused. Relayed packets left above, before the fan-out here.
        if let Some((to, message)) = self.workers.next() {
            return Output::Message { to, message };
        }
        if !self.tapped.is_empty() {
            self.is_tapped = true;
            return Output::Tapped(&mut self.tapped);
        }
        if let Some(event) = self.events.pop_front() {
            return Output::Event(event);
        }
        Output::Timeout(self.timers.next())
    }

    // --- media ---

    /// Serves a room's viewers, beginning with `from`, until the outbox is full.
    fn fan_out(&mut self, room_id: RoomId, from: PeerId, now: Instant) {
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        let (mut viewers, stage) = room.viewers_from(from);
        let (mut next, mut after) = (viewers.next(), viewers.next());
        while let Some((peer, viewer)) = next.take() {
            if self.outbox.is_full() {
                self.fanning_out = Some((room_id, peer));
                break;
            }
            (next, after) = (after, viewers.next());
            if let Some((_, it)) = &after {
                std::hint::black_box(it.warm());
            }
            if let Some((_, it)) = &next {
                std::hint::black_box(it.warm_logs());
            }
            let served = contain(peer, || viewer.serve(stage, now, &mut self.outbox));
            // Most viewers need nothing further.
            if served.is_none_or(|it| !it.is_quiet(viewer.timer_at)) {
                self.served.push((peer, served));
            }
        }
        drop(viewers);
        let mut served = std::mem::take(&mut self.served);
        for (peer, it) in served.drain(..) {
            self.after_serving(room_id, peer, it, now);
        }
        self.served = served;
        self.attend_room(room_id, now);
    }

    /// Acts on the result of serving a viewer; `None`: it panicked.
    fn after_serving(
        &mut self,
        room_id: RoomId,
        peer: PeerId,
        served: Option<Served>,
        now: Instant,
    ) {
        let Some(served) = served else {
            return self.close(peer, CloseReason::Internal, now);
        };
        if served.connected {
            self.events.push_back(Event::Connected { peer });
            self.subscribe(room_id);
        }
        if let Some(reason) = served.closed {
            return self.close(peer, reason, now);
        }
        if let Some(Sent { has_picture, layer, reason }) = served.sent {
            let layer = layer.map(|it| it.to_string());
            self.events.push_back(Event::LayerSent { peer, has_picture, layer, reason });
        }
        if let Some(CaptureTime { captured, rtp_ts, clock_rate }) = served.captured {
            self.events.push_back(Event::Captured { peer, captured, rtp_ts, clock_rate });
        }
        match served.past {
            Some(PastNews::Wanted) => self.events.push_back(Event::PastWanted { peer }),
            Some(PastNews::Over) => self.events.push_back(Event::PastOver { peer }),
            None => {}
        }
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        if let Some(viewer) = room.viewers.get_mut(&peer) {
            viewer.timer_at = Some(served.deadline);
            self.timers.set(Deadline::Peer(peer), Some(served.deadline));
        }
        if let Some(layer) = served.keyframe {
            room.want_keyframe(Seat::HOST, layer, now);
            self.attend_room(room_id, now);
        }
        if served.has_media {
            self.ingest_of_viewer(room_id, peer, now);
        }
        if served.wants_guests {
            self.want_guests(room_id, peer, now);
        }
    }

    /// Sends due keyframe requests to the publisher, updates which layers are watched, and sets the room's
    /// deadline.
    fn attend_room(&mut self, room_id: RoomId, now: Instant) {
        self.attend_layers(room_id, now);
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        let (workers, home) = (&mut self.workers, crate::home_of(room_id, self.config.workers));
        let ask = |stream| {
            workers.send(home, Control::KeyframeWanted(room_id, Seat::HOST, stream));
        };
        let asked = contain_in(room_id, || room.request_keyframes(now, ask)).unwrap_or_default();
        self.timers.set(Deadline::Room(room_id), room.deadline());
        if asked && let Some(peer) = room.publisher.as_ref().map(|it| it.id) {
            self.with_peer(peer, now, |it, _| {
                if let Peer::Publisher(it) = it {
                    it.handle_timeout(now);
                }
            });
            self.drain(peer, now);
        }
        self.attend_guests(room_id, now);
    }

    fn handle_room_timeout(&mut self, room_id: RoomId, now: Instant) {
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        let change = room.check_stall(now);
        if room.is_flush_over(now) {
            self.dirty.insert(room_id);
        }
        self.report(room_id, change);
        self.check_guests(room_id, now);
        self.attend_room(room_id, now);
    }

    /// Reports a change of a room's media to the control plane, at the room's home only.
    fn report(&mut self, room: RoomId, change: Option<Change>) {
        match change.filter(|_| self.workers.is_home(room)) {
            Some(Change::Flowing(media)) => {
                self.events.push_back(Event::MediaFlowing { room, media });
            }
            Some(Change::Quiet) => self.events.push_back(Event::MediaQuiet { room }),
            Some(Change::Stalled) => self.events.push_back(Event::MediaStalled { room }),
            Some(Change::Unwanted(layers)) => {
                self.events.push_back(Event::LayersUnwanted { room, layers });
            }
            Some(Change::Guest(seat, is_flowing)) => {
                self.events.push_back(Event::GuestFlowing { room, seat, is_flowing });
            }
            None => {}
        }
    }

    /// Polls a peer until it has no more output.
    fn drain(&mut self, peer: PeerId, now: Instant) {
        let Some(room_id) = self.room_of.get(&peer).copied() else { return };
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        if room.viewers.contains_key(&peer) {
            let served = contain(peer, || room.serve(peer, now, &mut self.outbox)).flatten();
            return self.after_serving(room_id, peer, served, now);
        }
        let Some(seat) = room.seat_of(peer) else { return };
        loop {
            let step = self.with_peer(peer, now, |it, out| match it {
                Peer::Publisher(it) => match it.poll(now, out) {
                    ingress::Output::Timeout(at) => Err((at, it.closed())),
                    other => Ok(other),
                },
                Peer::Viewer(_) => Err((now, None)),
            });
            match step {
                None | Some(Ok(ingress::Output::Timeout(_))) => return,
                Some(Ok(ingress::Output::Media(key, format, packet))) => {
                    let room = self.rooms.get(&room_id);
                    let is_second = seat.is_host() && room.is_some_and(|it| it.is_second(key));
                    let seat = if is_second { Seat::SECOND } else { seat };
                    self.ingest(room_id, (seat, key), format, packet, now);
                }
                Some(Ok(ingress::Output::Connected)) => {
                    self.events.push_back(Event::Connected { peer });
                }
                Some(Err((at, None))) => {
                    self.timers.set(Deadline::Peer(peer), Some(at));
                    return self.attend_ingest(room_id, now);
                }
                Some(Err((_, Some(reason)))) => return self.close(peer, reason, now),
            }
        }
    }

    // --- entering and leaving ---

    /// Calls `f` with a peer; `None` if it is not here. A panic in `f` closes that peer and nothing else.
    fn with_peer<T>(
        &mut self,
        peer: PeerId,
        now: Instant,
        f: impl FnOnce(Peer<'_>, &mut Outbox) -> T,
    ) -> Option<T> {
        let room = self.rooms.get_mut(self.room_of.get(&peer)?)?;
        let it = match (&mut room.publisher, room.viewers.get_mut(&peer)) {
            (Some(publisher), _) if publisher.id == peer => Peer::Publisher(publisher),
            (_, Some(viewer)) => Peer::Viewer(viewer),
            _ => Peer::Publisher(room.publisher_of(peer)?),
        };
        let result = contain(peer, || f(it, &mut self.outbox));
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
            self.relay_stage(room_id, true);
            self.end_second(room_id);
            if let Some(publisher) = publisher {
                self.say_goodbye_to_publisher(publisher, reason, now);
            }
        } else if let Some(seat) = room.seat_of(peer) {
            self.close_guest(room_id, seat, reason, now);
        } else if room.viewers.contains_key(&peer) {
            room.retire_viewer(peer);
            let Some(mut viewer) = room.viewers.remove(&peer) else { return };
            if let Some(seat) = viewer.inbound().map(|it| it.seat) {
                self.unseat_viewer(room_id, seat, peer, now);
            }
            if reason != CloseReason::Internal {
                contain(peer, || {
                    viewer.egress.close();
                    viewer.egress.handle_timeout(now);
                    let is_over = |it| matches!(it, outgoing::Output::Timeout(_));
                    while !is_over(viewer.egress.poll(now, &mut self.outbox)) {}
                });
            }
            self.forget(peer, reason);
        }
        self.leave_room(room_id);
    }

    /// Removes a room that is empty.
    fn leave_room(&mut self, room_id: RoomId) {
        if self.rooms.get(&room_id).is_some_and(Room::is_empty)
            && let Some(room) = self.rooms.remove(&room_id)
        {
            self.gone.add(room_id, room.totals());
            self.timers.set(Deadline::Room(room_id), None);
            self.dirty.remove(&room_id);
            if room.is_subscribed {
                self.workers.send(self.workers.home(room_id), Control::Unsubscribe(room_id));
            }
        }
    }

    fn enter(&mut self, peer: PeerId, room: RoomId) {
        self.room_of.insert(peer, room);
        self.n_foreign += usize::from(self.workers.registrar(peer) != self.workers.me);
    }

    fn leave(&mut self, peer: PeerId) {
        if self.room_of.remove(&peer).is_some() {
            self.n_foreign -= usize::from(self.workers.registrar(peer) != self.workers.me);
        }
    }

    fn say_goodbye_to_publisher(&mut self, mut it: Publisher, reason: CloseReason, now: Instant) {
        self.retire_publisher(&it);
        if reason != CloseReason::Internal {
            contain(it.id, || {
                it.close();
                it.handle_timeout(now);
                let is_over = |it| matches!(it, ingress::Output::Timeout(_));
                while !is_over(it.poll(now, &mut self.outbox)) {}
            });
        }
        self.forget(it.id, reason);
    }

    fn forget(&mut self, peer: PeerId, reason: CloseReason) {
        self.leave(peer);
        self.demux.forget(peer);
        let registrar = self.workers.registrar(peer);
        if registrar != self.workers.me {
            self.workers.send(registrar, Control::Gone(peer));
        }
        self.timers.set(Deadline::Peer(peer), None);
        self.events.push_back(Event::Closed { peer, reason });
        tracing::debug!(%peer, ?reason, "peer closed");
    }
}

/// A peer, borrowed for one operation.
enum Peer<'a> {
    Publisher(&'a mut Publisher),
    Viewer(&'a mut Viewer),
}

/// [`contain`] for a step that concerns a whole room.
fn contain_in<T>(room: RoomId, step: impl FnOnce() -> T) -> Option<T> {
    let result = catch_unwind(AssertUnwindSafe(step));
    if result.is_err() {
        tracing::error!(%room, "panic in a room; please report it");
    }
    result.ok()
}

/// Runs a step of one peer; `None` if it panicked. The caller then only drops the peer.
fn contain<T>(peer: PeerId, step: impl FnOnce() -> T) -> Option<T> {
    let result = catch_unwind(AssertUnwindSafe(step));
    if result.is_err() {
        tracing::error!(%peer, "panic in a session, which is closed; please report it");
    }
    result.ok()
}
