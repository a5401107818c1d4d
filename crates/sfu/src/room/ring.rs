//! The recent packets of one layer, stored once for all its viewers. Each viewer reads at a position of
//! its own. A late viewer begins at the last keyframe in the ring and sees a picture at once. The room
//! owns the ring, which knows nothing of viewers.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::media::packet::{Packet, ts_is_newer};

/// The most packets: 2 s of 8 Mbit/s. A viewer that falls further behind begins anew at a keyframe.
const MAX_PACKETS: usize = 2_048;

/// The most bytes of payload, whatever the sizes of the packets.
const MAX_BYTES: usize = 2 * 1024 * 1024;

/// The maximum age of a keyframe that a late viewer begins at. Live encoders send one every 2 s. A
/// browser sends one only on request, and is asked when the last one is older than this.
const MAX_START_AGE: Duration = Duration::from_millis(2_500);

/// The maximum age of a packet. No viewer reads older ones.
const MAX_AGE: Duration = Duration::from_secs(3);

/// The keyframe at which a viewer can begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Start {
    /// The position to read from.
    pub(crate) position: u64,
    /// The sequence number of the frame's first packet.
    pub(crate) first_seq: u64,
    /// The frame's timestamp.
    pub(crate) ts: u32,
    /// When the frame came.
    pub(crate) arrived: Instant,
}

/// The most that a ring holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Packets.
    pub(crate) packets: usize,
    /// Bytes of payload.
    pub(crate) bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { packets: MAX_PACKETS, bytes: MAX_BYTES }
    }
}

/// A bounded, append-only log of packets. Positions rise by one with each packet and never repeat.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    bounds: Bounds,
    packets: VecDeque<Packet>,
    /// The position of the oldest packet.
    tail: u64,
    bytes: usize,
    /// The position of the last packet with [`Packet::is_keyframe`].
    keyframe: Option<u64>,
}

impl Ring {
    /// An empty one with bounds of its own.
    pub(crate) fn bounded(bounds: Bounds) -> Self {
        Self { bounds, ..Self::default() }
    }

    /// Appends a packet and drops the oldest while a limit of count, bytes or age is exceeded.
    pub(crate) fn push(&mut self, packet: Packet) {
        if packet.is_keyframe {
            self.keyframe = Some(self.head());
        }
        let now = packet.arrived;
        self.bytes += packet.payload.len();
        self.packets.push_back(packet);
        while let Some(oldest) = self.packets.front() {
            let fits = self.packets.len() <= self.bounds.packets && self.bytes <= self.bounds.bytes;
            if fits && now.saturating_duration_since(oldest.arrived) <= MAX_AGE {
                break;
            }
            self.bytes -= oldest.payload.len();
            self.packets.pop_front();
            self.tail += 1;
        }
        self.keyframe = self.keyframe.filter(|at| *at >= self.tail);
    }

    /// The position that the next packet will have.
    pub(crate) fn head(&self) -> u64 {
        self.tail + self.packets.len() as u64
    }

    /// The packet at a position; `None` if it has not come yet or was dropped.
    pub(crate) fn get(&self, position: u64) -> Option<&Packet> {
        let index = position.checked_sub(self.tail)?;
        self.packets.get(usize::try_from(index).ok()?)
    }

    /// Of the last 2^16 positions, the one with these low 16 bits.
    pub(crate) fn recent(&self, low: u16) -> u64 {
        let behind = (self.head() as u16).wrapping_sub(low);
        self.head().saturating_sub(behind.into())
    }

    /// The position of the last keyframe, and when it came.
    pub(crate) fn keyframe(&self) -> Option<(u64, Instant)> {
        let at = self.keyframe?;
        Some((at, self.get(at)?.arrived))
    }

    /// All packets, oldest first.
    pub(crate) fn packets(&self) -> impl Iterator<Item = &Packet> {
        self.packets.iter()
    }

    /// The newest packet.
    pub(crate) fn newest(&self) -> Option<&Packet> {
        self.packets.back()
    }

    /// Where a late viewer can begin: at the latest keyframe, if it is at most [`MAX_START_AGE`] old.
    ///
    /// Packets are in order of arrival. A keyframe's parameter sets can come in packets of their own
    /// before it, and its first packet can come after the others, as a retransmission.
    pub(crate) fn start(&self, now: Instant) -> Option<Start> {
        let known = self.keyframe?;
        let packet = self.get(known)?;
        if now.saturating_duration_since(packet.arrived) > MAX_START_AGE {
            return None;
        }
        let ts = packet.ts;
        let not_older =
            |at: &u64| self.get(*at).is_some_and(|it| it.ts == ts || ts_is_newer(it.ts, ts));
        let of_frame = |at: &u64| self.get(*at).is_some_and(|it| it.ts == ts);
        let before = (self.tail..known).rev().take_while(not_older).filter(of_frame).last();
        let position = before.unwrap_or(known);
        let first_seq = (position..self.head())
            .filter(of_frame)
            .filter_map(|at| self.get(at))
            .map(|it| it.seq)
            .min()?;
        Some(Start { position, first_seq, ts, arrived: packet.arrived })
    }

    /// Bytes of payload from a position on.
    pub(crate) fn bytes_from(&self, position: u64) -> usize {
        let skipped = usize::try_from(position.saturating_sub(self.tail)).unwrap_or(usize::MAX);
        self.packets.iter().skip(skipped).map(|it| it.payload.len()).sum()
    }

    /// Bytes of payload held.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{START, packet};

    fn ring(frames: &[(u32, bool, usize)]) -> (Ring, Instant) {
        let mut ring = Ring::default();
        let mut now = *START;
        let mut seq = 0;
        for (ts, is_keyframe, n_packets) in frames {
            for n in 0..*n_packets {
                ring.push(packet(seq, *ts, *is_keyframe && n == 0, now));
                seq += 1;
            }
            now += Duration::from_millis(33);
        }
        (ring, now)
    }

    #[test]
    fn a_late_viewer_begins_at_the_latest_keyframe() {
        let (ring, now) =
            ring(&[(0, true, 3), (3000, false, 1), (6000, true, 4), (9000, false, 2)]);
        assert_eq!(ring.start(now).map(|it| (it.position, it.first_seq)), Some((4, 4)));
        assert_eq!(ring.head(), 10);
    }

    #[test]
    fn a_keyframe_begins_with_its_parameter_sets() {
        let mut ring = Ring::default();
        ring.push(packet(0, 0, false, *START));
        ring.push(packet(1, 3000, false, *START));
        ring.push(packet(2, 3000, true, *START));
        assert_eq!(ring.start(*START).map(|it| it.position), Some(1));
    }

    #[test]
    fn a_keyframe_whose_first_packet_came_last_is_whole() {
        let mut ring = Ring::default();
        for (seq, ts, is_key) in [(99, 0, false), (101, 3000, false), (102, 3000, false)] {
            ring.push(packet(seq, ts, is_key, *START));
        }
        ring.push(packet(103, 6000, false, *START));
        ring.push(packet(100, 3000, true, *START));
        let start = ring.start(*START).unwrap();
        assert_eq!(
            (start.position, start.first_seq),
            (1, 100),
            "packets 100 to 103 were not all included"
        );
    }

    #[test]
    fn an_old_keyframe_is_no_start() {
        let (ring, now) = ring(&[(0, true, 1), (3000, false, 1)]);
        assert_eq!(ring.start(now + MAX_START_AGE), None);
    }

    #[test]
    fn memory_is_bounded_whatever_comes() {
        let mut ring = Ring::default();
        for seq in 0..10_000 {
            ring.push(packet(seq, seq as u32 * 10, seq == 0, *START));
            assert!(ring.packets.len() <= MAX_PACKETS && ring.bytes() <= MAX_BYTES);
        }
        assert_eq!(ring.start(*START), None, "the keyframe was dropped");
        assert!(ring.get(0).is_none());
        assert_eq!(ring.get(ring.head() - 1).unwrap().seq, 9_999);
    }
}
