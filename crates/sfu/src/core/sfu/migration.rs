//! Peers with several workers. The kernel decides which worker receives the datagrams of an address.
//! The username fragment in a connectivity check names the worker that knows the peer, and that worker
//! verifies the check before anything moves. A viewer then migrates to the worker that receives its
//! datagrams. A publisher stays at home, and its datagrams are forwarded there.
//!
//! Every migration and every command of a peer goes through its registrar, and messages between two
//! workers keep their order. So a command never overtakes the peer that it follows.

use std::time::{Duration, Instant};

use super::strangers::is_media;
use super::{Deadline, Sfu};
use crate::core::demux;
use crate::core::ufrag::named_worker;
use crate::datagram::{Datagram, RemoteAddr};
use crate::workers::message::{Control, Migrating, WorkerMessage};
use media_api::Command;
use media_api::PeerId;

/// How long after an inbox was full its message is sent again.
const RETRY: Duration = Duration::from_millis(2);

impl Sfu {
    /// The number of peers whose registrar is this worker, wherever they are.
    pub fn registered(&self) -> usize {
        self.room_of.len() - self.n_foreign + self.remote_peers.len()
    }

    /// Handles a message from another worker. Returns it emptied; give it back to its sender for
    /// [`Self::recycle`].
    pub fn handle_message(&mut self, mut message: WorkerMessage, now: Instant) -> WorkerMessage {
        let from = message.from;
        for control in message.controls.drain(..) {
            self.handle_control(control, from, now);
        }
        for relayed in message.media.drain(..) {
            self.handle_relayed(relayed, now);
        }
        for (datagram, origin) in message.datagrams.iter() {
            if !self.take_datagram(&datagram, origin, now) && origin == from {
                self.redirect(&datagram, origin);
            }
        }
        message.clear();
        message
    }

    /// Takes back a message because the inbox of the worker `to` is full. It is sent again later.
    pub fn undelivered(&mut self, to: u8, message: WorkerMessage, now: Instant) {
        self.workers.undelivered(to, message);
        self.timers.set(Deadline::RetryMessages, Some(now + RETRY));
    }

    /// Takes back a message of its own, emptied, to reuse its memory.
    pub fn recycle(&mut self, message: WorkerMessage) {
        self.workers.recycle(message);
    }

    fn handle_control(&mut self, control: Control, from: u8, now: Instant) {
        match control {
            Control::Subscribe(room) => self.subscribed(room, from),
            Control::Unsubscribe(room) => self.unsubscribed(room, from),
            Control::KeyframeWanted(room, seat, stream) => {
                self.keyframe_wanted(room, seat, stream, now);
            }
            Control::Watched(room, layers) => self.watched_elsewhere(room, &layers, now),
            Control::Command(command) => self.handle_forwarded(command, from, now),
            Control::Returned(command) => self.handle_command(command, now),
            Control::Viewer { migrating, to } if to == self.workers.me => {
                self.accept_migrated(*migrating, now)
            }
            Control::Viewer { migrating, to } => self.forward_migrating(migrating, to),
            Control::Ufrag(peer, ufrag) => self.remote_peers.add_ufrag(peer, &ufrag),
            Control::ToStream(local, remote, contents) => {
                self.outbox.push(local, remote, &contents)
            }
            Control::Gone(peer) => self.remote_peers.remove(peer),
            Control::PassOn(address) => {
                if !self.demux.holds(address, now) {
                    self.forwarded.set(address, from, now);
                    let deadline = self.forwarded.expire(now);
                    self.timers.set(Deadline::ForwardedAddrs, deadline);
                }
            }
        }
    }

    // --- commands ---

    /// The worker to forward a command to; `None` if it is carried out here.
    pub(super) fn elsewhere(&mut self, command: &Command) -> Option<u8> {
        match command {
            Command::Publish { room, peer, .. }
            | Command::Watch { room, peer, publishes: Some(_), .. } => {
                let home = self.workers.home(*room);
                (home != self.workers.me).then(|| self.remote_peers.set(*peer, home, &[]))?;
                Some(home)
            }
            Command::GoLive { room }
            | Command::Mute { room, .. }
            | Command::Tap { room, .. }
            | Command::TapKeyframe { room, .. } => Some(self.workers.home(*room)),
            Command::Watch { .. } | Command::WatchOffer { .. } => None,
            Command::Answer { peer, .. }
            | Command::Reoffer { peer, .. }
            | Command::RestartIce { peer, .. }
            | Command::Recast { peer, .. }
            | Command::Prefer { peer, .. }
            | Command::Past { peer, .. }
            | Command::Close { peer } => self.remote_peers.of(*peer),
        }
        .filter(|to| *to != self.workers.me)
    }

    /// Handles a command from the registrar of its peer, or about a room whose home is here.
    fn handle_forwarded(&mut self, command: Command, from: u8, now: Instant) {
        let Some(peer) = command.peer() else { return self.carry_out(command, now) };
        let publishes = matches!(command, Command::Watch { publishes: Some(_), .. });
        let is_new = publishes || matches!(command, Command::Publish { .. });
        if !is_new && !self.room_of.contains_key(&peer) {
            return self.workers.send(from, Control::Returned(command));
        }
        self.carry_out(command, now);
        if is_new && !self.room_of.contains_key(&peer) {
            self.workers.send(from, Control::Gone(peer));
        }
    }

    /// Records the username fragments of a peer here, one per transport, after each negotiation.
    pub(super) fn set_ufrags(&mut self, peer: PeerId, ufrags: &[String]) {
        for ufrag in ufrags {
            self.set_ufrag(peer, ufrag);
        }
    }

    /// Records a username fragment of a peer here, after each negotiation.
    pub(super) fn set_ufrag(&mut self, peer: PeerId, ufrag: &str) {
        self.demux.set_ufrag(peer, ufrag);
        // A publisher's fragment names its home. A viewer's names its registrar, which must know it.
        let registrar = self.workers.registrar(peer);
        if registrar != self.workers.me && named_worker(ufrag) == Some(registrar) {
            self.workers.send(registrar, Control::Ufrag(peer, ufrag.into()));
        }
    }

    // --- datagrams ---

    /// Forwards a datagram from our socket to the worker of its peer.
    pub(super) fn pass_on(&mut self, datagram: &Datagram<'_>, now: Instant) {
        let me = self.workers.me;
        match demux::of_ufrag(datagram.contents, named_worker) {
            Some(worker) if worker == me => self.redirect(datagram, me),
            Some(worker) => self.workers.pass_on(worker, datagram, me),
            None => {
                if let Some(to) = self.forwarded.route(datagram.source, now) {
                    self.workers.pass_on(to, datagram, me);
                } else {
                    self.show_others(datagram, now);
                }
            }
        }
    }

    /// Forwards a connectivity check to the worker where the peer that it names is now.
    fn redirect(&mut self, datagram: &Datagram<'_>, origin: u8) {
        let worker = demux::of_ufrag(datagram.contents, |it| self.remote_peers.of_ufrag(it));
        if let Some(worker) = worker {
            self.workers.pass_on(worker, datagram, origin);
        }
    }

    /// A peer here accepted a datagram that the worker `origin` received. A viewer migrates there once the
    /// address is its path. Until then, and always for a publisher, `origin` forwards the datagrams from
    /// that address.
    pub(super) fn taken_from_afar(
        &mut self,
        peer: PeerId,
        datagram: &Datagram<'_>,
        origin: u8,
        is_new: bool,
    ) {
        let Datagram { source, destination, contents } = *datagram;
        let Some(room_id) = self.room_of.get(&peer) else { return };
        let viewer = self.rooms.get(room_id).and_then(|it| it.viewers.get(&peer));
        let viewer = viewer.filter(|it| !it.publishes());
        let is_path = viewer.is_some_and(|it| it.egress.path() == Some((destination, source)));
        let is_check = matches!(contents.first(), Some(0..=3));
        // A DTLS record does not prove who sent it; a check and SRTCP do.
        let is_proof = is_check || is_media(contents);
        if self.demux.route_of(source) != Some(peer) {
            // The address still belongs to another peer.
        } else if is_path && is_proof {
            self.migrate(peer, origin, datagram);
        } else if is_check || is_new && is_proof {
            self.workers.send(origin, Control::PassOn(source));
        }
    }

    // --- viewers ---

    fn migrate(&mut self, peer: PeerId, to: u8, datagram: &Datagram<'_>) {
        let Some(room_id) = self.room_of.get(&peer).copied() else { return };
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        room.retire_viewer(peer);
        let Some(mut viewer) = room.viewers.remove(&peer) else { return };
        viewer.park();
        let (ufrags, ssrcs) = self.demux.forget(peer);
        self.leave(peer);
        self.timers.set(Deadline::Peer(peer), None);
        self.leave_room(room_id);
        tracing::debug!(%peer, to, "viewer migrated");
        let (address, from) = (datagram.source, self.workers.me);
        let migrating =
            Box::new(Migrating { peer, room: room_id, viewer, ufrags, ssrcs, address, from });
        let registrar = self.workers.registrar(peer);
        if registrar == self.workers.me {
            self.forward_migrating(migrating, to);
        } else {
            self.workers.send(registrar, Control::Viewer { migrating, to });
        }
    }

    /// As its registrar, sends a viewer on to the worker that receives its datagrams.
    fn forward_migrating(&mut self, migrating: Box<Migrating>, to: u8) {
        self.remote_peers.set(migrating.peer, to, &migrating.ufrags);
        self.workers.send(to, Control::Viewer { migrating, to });
    }

    fn accept_migrated(&mut self, migrating: Migrating, now: Instant) {
        let Migrating { peer, room: room_id, viewer, ufrags, ssrcs, address, from } = migrating;
        self.remote_peers.remove(peer);
        self.forwarded.take_over(address, from);
        for ufrag in &ufrags {
            self.demux.set_ufrag(peer, ufrag);
        }
        for ssrc in ssrcs {
            self.demux.learn_ssrc(peer, ssrc);
        }
        self.learn(peer, address, now);
        let is_connected = viewer.egress.is_connected();
        self.rooms.entry(room_id).or_default().viewers.insert(peer, viewer);
        self.enter(peer, room_id);
        if is_connected {
            self.subscribe(room_id);
        }
        self.drain(peer, now);
    }

    /// Records that a peer here verified a datagram from this address, unless the address was used just
    /// now by a peer of another worker.
    pub(super) fn learn(&mut self, peer: PeerId, address: RemoteAddr, now: Instant) {
        if !self.forwarded.holds(address, now) {
            self.demux.learn(peer, address, now);
        }
    }
}
