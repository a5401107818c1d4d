//! The workers among themselves: which of them has what, and what is under way to each. Pure; what
//! is done with it is in `sfu/relay.rs` and `sfu/handover.rs`.
//!
//! | what | whose it is |
//! | --- | --- |
//! | a room's publisher | its *home*'s, by the room's number |
//! | a viewer | at first its *registrar*'s, by the peer's number; then the worker's that hears it |
//! | where a peer is now | known to its registrar, through which every move and command goes |
//! | an ICE username fragment | begins with a character that names the publisher's home, or the viewer's registrar |

pub(crate) mod directory;
pub(crate) mod message;

use crate::core::ufrag::MAX_WORKERS;
use crate::datagram::Datagram;
use crate::media::format::Format;
use crate::media::packet::Packet;
use crate::media::stream_key::StreamKey;
use crate::workers::message::{Control, Relayed, WorkerMessage};
use crate::{PeerId, RoomId};
use media_api::Command;

/// Emptied messages that are kept for reuse. A drain fills one for each worker.
const MAX_SPARES: usize = 16;

/// Relayed packets in one message that waits for its worker: 100 ms of 30 Mbit/s. A worker that is
/// further behind than this and its whole inbox loses what comes now.
const MAX_WAITING: usize = 1_024;

/// The worker that has the publisher of a room.
pub fn home_of(room: RoomId, workers: u8) -> u8 {
    (mix(room.0) % u64::from(workers.max(1))) as u8
}

/// The worker that a viewer begins at, and that always knows where a peer is.
pub fn registrar_of(peer: PeerId, workers: u8) -> u8 {
    (mix(peer.0) % u64::from(workers.max(1))) as u8
}

/// Which worker a command is given to.
pub fn addressee(command: &Command, workers: u8) -> u8 {
    match command {
        Command::GoLive { room } => home_of(*room, workers),
        Command::Publish { peer, .. }
        | Command::WatchOffer { peer, .. }
        | Command::Watch { peer, .. }
        | Command::Answer { peer, .. }
        | Command::Reoffer { peer, .. }
        | Command::RestartIce { peer, .. }
        | Command::Prefer { peer, .. }
        | Command::Close { peer } => registrar_of(*peer, workers),
    }
}

/// Numbers that are given out in steps must not all go to one worker (`SplitMix64`).
fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    n ^ (n >> 31)
}

/// One worker's post office.
#[derive(Debug)]
pub(crate) struct Workers {
    /// Which worker this is.
    pub(crate) me: u8,
    /// How many there are.
    pub(crate) workers: u8,
    /// What is under way, by worker; empty with one worker.
    outgoing: Vec<WorkerMessage>,
    /// Whose message has something in it, one bit each.
    ready: u64,
    /// Whose inbox was full a moment ago.
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

    /// Whether there are others.
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

    /// Writes to a worker. Such notes are never lost: they are as many as rooms and peers bring about.
    pub(crate) fn send(&mut self, to: u8, send: Control) {
        if let Some(message) = self.outgoing.get_mut(usize::from(to)) {
            message.controls.push(send);
            self.ready |= 1 << to;
        }
    }

    /// Tells a worker of a room's stage, and what it has missed. As [`Self::send`], never lost.
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
        stream: StreamKey,
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

    /// Passes a datagram on that came in at worker `origin`; drops it when too many are under way.
    pub(crate) fn pass_on(&mut self, to: u8, datagram: &Datagram<'_>, origin: u8) {
        if let Some(message) = self.outgoing.get_mut(usize::from(to))
            && message.datagrams.push(datagram, origin)
        {
            self.ready |= 1 << to;
        }
    }

    /// The next message that can go.
    pub(crate) fn next(&mut self) -> Option<(u8, WorkerMessage)> {
        let to = bits(self.ready & !self.blocked).next()?;
        self.ready &= !(1 << to);
        let empty = self.spares.pop().unwrap_or_else(|| WorkerMessage::from(self.me));
        Some((to, std::mem::replace(self.outgoing.get_mut(usize::from(to))?, empty)))
    }

    /// Takes back what the worker had no room for; it goes when [`Self::unblock`] is called.
    pub(crate) fn undelivered(&mut self, to: u8, message: WorkerMessage) {
        if let Some(slot) = self.outgoing.get_mut(usize::from(to)) {
            let newer = std::mem::replace(slot, message);
            slot.append(newer);
            self.ready |= 1 << to;
            self.blocked |= 1 << to;
        }
    }

    /// Whether a worker's inbox was full a moment ago: what is said again soon need not wait for it.
    pub(crate) fn is_blocked(&self, worker: u8) -> bool {
        self.blocked & 1 << worker != 0
    }

    pub(crate) fn unblock(&mut self) {
        self.blocked = 0;
    }

    /// Takes an emptied message for reuse.
    pub(crate) fn recycle(&mut self, message: WorkerMessage) {
        if self.spares.len() < MAX_SPARES && message.is_empty() {
            self.spares.push(WorkerMessage { from: self.me, ..message });
        }
    }
}

/// The numbers of the bits that are set.
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
    fn what_found_no_room_goes_first_when_there_is_some() {
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
