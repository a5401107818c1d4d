//! How the workers share peers and rooms, and the messages between them. Pure; `core/sfu/relay.rs` and
//! `core/sfu/migration.rs` send and process them.
//!
//! | object | where |
//! | --- | --- |
//! | a room's publisher | at the room's *home*, selected by the room's number |
//! | a viewer | first at its *registrar*, selected by the peer's number; then at the worker that receives its packets |
//! | a peer's current worker | known to its registrar, which receives all its moves and commands |
//! | an ICE username fragment | its first character names the publisher's home, or the viewer's registrar |

pub(crate) mod directory;
pub(crate) mod message;

use crate::core::ufrag::MAX_WORKERS;
use crate::datagram::Datagram;
use crate::media::format::Format;
use crate::media::packet::Packet;
use crate::media::stream_key::StreamKey;
use crate::workers::message::{Control, Relayed, WorkerMessage};
use crate::{PeerId, RoomId};
use media_api::{Command, Seat};

/// Emptied messages kept for reuse. A drain fills one per worker.
const MAX_SPARES: usize = 16;

/// Relayed packets in one waiting message at most: 100 ms of 30 Mbit/s. If a worker's whole inbox is full too, further
/// packets to it are dropped.
const MAX_WAITING: usize = 1_024;

/// The worker that has the publisher of a room.
pub fn home_of(room: RoomId, workers: u8) -> u8 {
    (mix(room.0) % u64::from(workers.max(1))) as u8
}

/// The worker that a viewer starts at. It always knows where the peer is.
pub fn registrar_of(peer: PeerId, workers: u8) -> u8 {
    (mix(peer.0) % u64::from(workers.max(1))) as u8
}

/// The worker that a command is sent to.
pub fn addressee(command: &Command, workers: u8) -> u8 {
    match command {
        Command::GoLive { room }
        | Command::Mute { room, .. }
        | Command::Tap { room, .. }
        | Command::TapKeyframe { room, .. } => home_of(*room, workers),
        Command::Publish { peer, .. }
        | Command::WatchOffer { peer, .. }
        | Command::Watch { peer, .. }
        | Command::Answer { peer, .. }
        | Command::Reoffer { peer, .. }
        | Command::RestartIce { peer, .. }
        | Command::Recast { peer, .. }
        | Command::Prefer { peer, .. }
        | Command::Past { peer, .. }
        | Command::Close { peer } => registrar_of(*peer, workers),
    }
}

/// Hashes a number (`SplitMix64`): numbers assigned in steps must not all select the same worker.
fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    n ^ (n >> 31)
}

/// One worker's messages to the others.
#[derive(Debug)]
pub(crate) struct Workers {
    /// Number of this worker.
    pub(crate) me: u8,
    /// Number of workers.
    pub(crate) workers: u8,
    /// The next message to each worker; empty with one worker.
    outgoing: Vec<WorkerMessage>,
    /// Bit set of the workers whose message is not empty.
    ready: u64,
    /// Bit set of the workers whose inbox was full a moment ago.
    blocked: u64,
    spares: Vec<WorkerMessage>,
}

impl Workers {
    pub(crate) fn new(me: u8, workers: u8) -> Self {
        assert!(me < workers && workers <= MAX_WORKERS, "worker {me} of {workers}");
        let n = if workers > 1 { usize::from(workers) } else { 0 };
        let outgoing = (0..n).map(|_| WorkerMessage::from(me)).collect();
        Self { me, workers, outgoing, ready: 0, blocked: 0, spares: Vec::new() }
    }

    /// Whether there is more than one worker.
    pub(crate) fn is_many(&self) -> bool {
        self.workers > 1
    }

    pub(crate) fn is_home(&self, room: RoomId) -> bool {
        self.home(room) == self.me
    }

    pub(crate) fn home(&self, room: RoomId) -> u8 {
        home_of(room, self.workers)
    }

    pub(crate) fn registrar(&self, peer: PeerId) -> u8 {
        registrar_of(peer, self.workers)
    }

    /// Sends a control message to a worker. Control messages are never dropped; their number is limited by that of
    /// rooms and peers.
    pub(crate) fn send(&mut self, to: u8, send: Control) {
        if let Some(message) = self.outgoing.get_mut(usize::from(to)) {
            message.controls.push(send);
            self.ready |= 1 << to;
        }
    }

    /// Relays a room's stage, and the packets that the worker has missed. Never dropped, like [`Self::send`].
    pub(crate) fn relay_stage(
        &mut self,
        to: u8,
        stage: Relayed,
        snapshot: impl Iterator<Item = Relayed>,
    ) {
        if let Some(message) = self.outgoing.get_mut(usize::from(to)) {
            message.media.push(stage);
            message.media.extend(snapshot);
            self.ready |= 1 << to;
        }
    }

    /// Relays a packet to the workers whose bits are set.
    pub(crate) fn relay(
        &mut self,
        to: u64,
        room: RoomId,
        stream: (Seat, StreamKey),
        format: Format,
        packet: &Packet,
    ) {
        for worker in bits(to) {
            let Some(message) = self.outgoing.get_mut(usize::from(worker)) else { continue };
            if message.media.len() < MAX_WAITING || self.blocked & 1 << worker == 0 {
                message.media.push(Relayed::Packet(room, stream, format, packet.clone()));
                self.ready |= 1 << worker;
            }
        }
    }

    /// Forwards a datagram that arrived at worker `origin`; drops it if the message is full.
    pub(crate) fn pass_on(&mut self, to: u8, datagram: &Datagram<'_>, origin: u8) {
        if let Some(message) = self.outgoing.get_mut(usize::from(to))
            && message.datagrams.push(datagram, origin)
        {
            self.ready |= 1 << to;
        }
    }

    /// The next message that can be sent.
    pub(crate) fn next(&mut self) -> Option<(u8, WorkerMessage)> {
        let to = bits(self.ready & !self.blocked).next()?;
        self.ready &= !(1 << to);
        let empty = self.spares.pop().unwrap_or_else(|| WorkerMessage::from(self.me));
        Some((to, std::mem::replace(self.outgoing.get_mut(usize::from(to))?, empty)))
    }

    /// Takes back a message that did not fit the worker's inbox. It is sent after [`Self::unblock`].
    pub(crate) fn undelivered(&mut self, to: u8, message: WorkerMessage) {
        if let Some(slot) = self.outgoing.get_mut(usize::from(to)) {
            let newer = std::mem::replace(slot, message);
            slot.append(newer);
            self.ready |= 1 << to;
            self.blocked |= 1 << to;
        }
    }

    /// Whether a worker's inbox was full a moment ago. Periodic messages can be skipped then.
    pub(crate) fn is_blocked(&self, worker: u8) -> bool {
        self.blocked & 1 << worker != 0
    }

    pub(crate) fn unblock(&mut self) {
        self.blocked = 0;
    }

    /// Takes back an emptied message for reuse.
    pub(crate) fn recycle(&mut self, message: WorkerMessage) {
        if self.spares.len() < MAX_SPARES && message.is_empty() {
            self.spares.push(WorkerMessage { from: self.me, ..message });
        }
    }
}

/// The indices of the set bits.
pub(crate) fn bits(mut set: u64) -> impl Iterator<Item = u8> {
    std::iter::from_fn(move || {
        let next = (set != 0).then(|| set.trailing_zeros() as u8)?;
        set &= set - 1;
        Some(next)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_steps_are_spread_over_all_workers() {
        for step in [1, 2, 4, 16] {
            let mut n_of = [0; 4];
            for n in 0..1_000 {
                n_of[usize::from(registrar_of(PeerId(n * step), 4))] += 1;
            }
            assert!(n_of.iter().all(|it| (150..350).contains(it)), "steps of {step}: {n_of:?}");
        }
    }

    #[test]
    fn an_undelivered_message_is_sent_before_newer_controls() {
        let mut workers = Workers::new(0, 3);
        workers.send(2, Control::Subscribe(RoomId(1)));
        let (to, message) = workers.next().unwrap();
        workers.send(2, Control::Unsubscribe(RoomId(1)));
        workers.undelivered(to, message);
        workers.send(1, Control::Subscribe(RoomId(5)));
        assert_eq!(workers.next().map(|it| it.0), Some(1), "the others do not wait");
        assert!(workers.next().is_none());
        workers.unblock();
        let (to, message) = workers.next().unwrap();
        assert_eq!(to, 2);
        assert!(matches!(message.controls[..], [Control::Subscribe(_), Control::Unsubscribe(_)]));
        assert!(workers.next().is_none());
    }
}
