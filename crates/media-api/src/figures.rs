//! What the media plane counts, for the operator. Counters begin at 0 with the process and only rise.

use std::ops::AddAssign;
use std::time::Duration;

use crate::{PeerId, RoomId};

/// Bounds of the classes of viewers by bandwidth estimate, in kbit/s; the last class is above them all.
pub const ESTIMATE_KBPS: [u32; 6] = [300, 600, 1_200, 2_500, 5_000, 10_000];

/// Makes a struct of counters that can be added.
macro_rules! counters {
    ($(#[$meta:meta])* $name:ident { $($(#[$of:meta])* $field:ident,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct $name {
            $($(#[$of])* pub $field: u64,)*
        }

        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                $(self.$field += other.$field;)*
            }
        }

        impl $name {
            /// What was counted since `earlier`.
            #[must_use]
            pub fn since(self, earlier: &Self) -> Self {
                Self { $($field: self.$field.saturating_sub(earlier.$field),)* }
            }
        }
    };
}

counters! {
    /// What came from publishers: the host's and those of guests.
    Ingress {
        /// RTP packets, with retransmissions and those above the limits of a publisher.
        packets,
        /// Bytes of their payloads.
        bytes,
        /// Media packets that were sent, by their sequence numbers.
        expected,
        /// Media packets that came, retransmitted ones with them, each once.
        received,
        /// Of those, packets that came after they were requested again (NACK).
        repaired,
        /// Sequence numbers in NACKs to publishers.
        nacks,
        /// Keyframe requests to publishers (PLI and FIR).
        keyframe_requests,
        /// Times in which a host's media stopped for [`crate::QUIET_AFTER`] or more.
        freezes,
        /// How long those took, in milliseconds.
        frozen_ms,
    }
}

counters! {
    /// What was sent to viewers.
    Egress {
        /// RTP packets, with retransmissions and probes.
        packets,
        /// Bytes of their payloads without padding.
        bytes,
        /// Packets on the retransmission streams: repeated ones, and probes of a link.
        repeats,
        /// Packets whose arrival or loss viewers reported (transport-wide feedback).
        reported,
        /// Of those, packets that were lost.
        lost,
        /// Retransmissions that came where no other copy had.
        repaired,
        /// Sequence numbers in NACKs of viewers.
        nacks,
        /// Keyframe requests of viewers (PLI and FIR).
        keyframe_requests,
        /// Times in which a viewer's picture stood still for half a second or more though the host's media flowed: from the
        /// moment that it lost its place, or asked for a keyframe, to the next keyframe that it was sent.
        freezes,
        /// How long those took, in milliseconds.
        frozen_ms,
    }
}

/// Connected viewers of a room, as they are now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Links {
    /// Viewers with a bandwidth estimate, by class: see [`ESTIMATE_KBPS`].
    pub by_estimate: [u32; ESTIMATE_KBPS.len() + 1],
    /// The sum of their estimates, in kbit/s.
    pub sum_kbps: u64,
    /// The lowest estimate, in kbit/s; 0 without viewers.
    pub min_kbps: u32,
}

impl Links {
    /// Counts one viewer.
    pub fn note(&mut self, kbps: u32) {
        let class = ESTIMATE_KBPS.iter().position(|it| kbps < *it).unwrap_or(ESTIMATE_KBPS.len());
        if let Some(n) = self.by_estimate.get_mut(class) {
            *n += 1;
        }
        self.min_kbps = if self.n() == 1 { kbps } else { self.min_kbps.min(kbps) };
        self.sum_kbps += u64::from(kbps);
    }

    /// How many viewers were counted.
    pub fn n(&self) -> u32 {
        self.by_estimate.iter().sum()
    }
}

impl AddAssign for Links {
    fn add_assign(&mut self, other: Self) {
        self.min_kbps = match (self.n(), other.n()) {
            (_, 0) => self.min_kbps,
            (0, _) => other.min_kbps,
            _ => self.min_kbps.min(other.min_kbps),
        };
        for (ours, theirs) in self.by_estimate.iter_mut().zip(other.by_estimate) {
            *ours += theirs;
        }
        self.sum_kbps += other.sum_kbps;
    }
}

/// A peer as the media plane knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerFigures {
    /// The peer.
    pub peer: PeerId,
    /// Whether ICE and DTLS are up.
    pub is_connected: bool,
    /// The smoothed round trip, in milliseconds; only of viewers.
    pub rtt_ms: Option<u32>,
    /// The bandwidth estimate, in kbit/s; only of viewers.
    pub estimate_kbps: Option<u32>,
    /// What it publishes.
    pub ingress: Ingress,
    /// What it is sent, by the worker that it is at.
    pub egress: Egress,
}

/// A room at one worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomFigures {
    /// The room.
    pub room: RoomId,
    /// From its publishers; at its home only.
    pub ingress: Ingress,
    /// To its viewers here, with those that are gone.
    pub egress: Egress,
    /// Its connected viewers here.
    pub links: Links,
    /// Its peers here, where the room was asked for by its id.
    pub peers: Vec<PeerFigures>,
}

/// What one worker knows of rooms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoreFigures {
    /// The worker.
    pub worker: u8,
    /// Publishers and viewers here.
    pub peers: usize,
    /// Bytes of payload in the rings.
    pub ring_bytes: usize,
    /// From all publishers, with those of rooms that are gone.
    pub ingress: Ingress,
    /// To all viewers, with those of rooms that are gone.
    pub egress: Egress,
    /// The rooms here, and some of those that were here.
    pub rooms: Vec<RoomFigures>,
}

/// Bounds of the classes of turns by duration, in microseconds; the last class is above them all.
pub const TURN_US: [u64; 8] = [50, 100, 250, 500, 1_000, 2_500, 10_000, 50_000];

/// A turn that takes longer than this, or begins so much later than it should, is late: people may see it.
pub const LATE_AFTER: Duration = Duration::from_millis(100);

/// What one media thread counts of itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WorkerFigures {
    /// Commands of the control plane that wait now.
    pub waiting: u64,
    /// Turns of its loop, by duration: see [`TURN_US`].
    pub turns: [u64; TURN_US.len() + 1],
    /// The time of all turns, in microseconds.
    pub busy_us: u64,
    /// Turns that were late: see [`LATE_AFTER`].
    pub late: u64,
    /// Datagrams received over UDP.
    pub received: u64,
    /// Bytes of those.
    pub received_bytes: u64,
    /// Messages sent over UDP: one or several datagrams for one address. Those that the system did not take are among them.
    pub sent: u64,
    /// Bytes sent, over TCP as well.
    pub sent_bytes: u64,
    /// Datagrams that could not be sent: a full buffer, an unreachable address.
    pub dropped: u64,
    /// Those of them that the system had no room for, over UDP: the server sends more than its line or machine takes.
    pub crowded: u64,
    /// Messages that another worker's full inbox did not take; they are sent again.
    pub undelivered: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn viewers_of_two_workers_are_counted_as_one_crowd() {
        let of = |kbps: &[u32]| {
            let mut links = Links::default();
            kbps.iter().for_each(|it| links.note(*it));
            links
        };
        for (one, other) in [(&[500, 299, 20_000][..], &[300][..]), (&[], &[700]), (&[9], &[])] {
            let mut both = of(one);
            both += of(other);
            assert_eq!(both, of(&[one, other].concat()));
        }
        assert_eq!(of(&[500, 299, 20_000]).by_estimate, [1, 1, 0, 0, 0, 0, 1]);
    }
}
