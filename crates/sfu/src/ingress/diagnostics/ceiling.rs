//! Limits what one publisher may send. Packets above the limit are dropped before they are forwarded. A publisher that
//! stays above it for 5 s is closed: an encoder's overshoot is smaller and shorter. Pure.

use std::time::{Duration, Instant};

/// Burst of packets, as time at the limit: a keyframe of 3 MB at the default limit. A longer burst would delay other
/// rooms of the worker by milliseconds.
const PACKET_BURST: Duration = Duration::from_millis(250);

/// Burst of bits, as time at the limit: a keyframe is as large as one second of video, and so is what a network
/// releases after a pause.
const BIT_BURST: Duration = Duration::from_secs(1);

/// A publisher counts as above the limit until nothing was dropped for this long.
const OVER_AFTER: Duration = Duration::from_secs(1);

/// A publisher above the limit for this long is closed.
pub(crate) const FLOODS_AFTER: Duration = Duration::from_secs(5);

/// Limits of one publisher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Packets per second; 0: unlimited.
    pub(crate) packets: u32,
    /// Kbit/s of payload, without headers; 0: unlimited.
    pub(crate) kbps: u32,
}

/// Counts packets, and decides which are above the limits.
#[derive(Debug)]
pub(crate) struct Ceiling {
    pub(crate) limits: Limits,
    packets: Bucket,
    bits: Bucket,
    /// When a packet was last dropped.
    dropped_at: Option<Instant>,
    /// Since when packets have been dropped with pauses shorter than `OVER_AFTER`.
    above_since: Option<Instant>,
    /// Packets since the last [`Self::rates`], including dropped ones.
    n_packets: u64,
    /// Their bytes.
    n_bytes: u64,
}

/// A token bucket. Amounts are in millionths of a packet or bit: each microsecond adds `per_second` of them.
#[derive(Debug)]
struct Bucket {
    per_second: u64,
    capacity: u64,
    left: u64,
    filled_at: Instant,
}

impl Bucket {
    fn new(per_second: u64, burst: Duration, now: Instant) -> Self {
        let capacity = per_second * burst.as_micros() as u64;
        Self { per_second, capacity, left: capacity, filled_at: now }
    }

    fn fill(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.filled_at).min(BIT_BURST);
        self.filled_at = now;
        self.left = self.capacity.min(self.left + self.per_second * elapsed.as_micros() as u64);
    }

    fn has(&self, amount: u64) -> bool {
        self.per_second == 0 || self.left >= amount * 1_000_000
    }

    fn take(&mut self, amount: u64) {
        self.left = self.left.saturating_sub(amount * 1_000_000);
    }
}

impl Ceiling {
    /// Creates the limits of a publisher that has not sent yet.
    pub(crate) fn new(limits: Limits, now: Instant) -> Self {
        Self {
            limits,
            packets: Bucket::new(limits.packets.into(), PACKET_BURST, now),
            bits: Bucket::new(u64::from(limits.kbps) * 1_000, BIT_BURST, now),
            dropped_at: None,
            above_since: None,
            n_packets: 0,
            n_bytes: 0,
        }
    }

    /// Counts a packet with `bytes` of payload; returns whether it is within the limits.
    pub(crate) fn takes(&mut self, bytes: usize, now: Instant) -> bool {
        let bytes = bytes as u64;
        self.n_packets += 1;
        self.n_bytes += bytes;
        self.packets.fill(now);
        self.bits.fill(now);
        if self.packets.has(1) && self.bits.has(bytes * 8) {
            self.packets.take(1);
            self.bits.take(bytes * 8);
            return true;
        }
        if !self.is_above(now) {
            self.above_since = Some(now);
        }
        self.dropped_at = Some(now);
        false
    }

    /// Whether a packet was dropped within the last `OVER_AFTER`.
    pub(crate) fn is_above(&self, now: Instant) -> bool {
        self.dropped_at.is_some_and(|at| now.saturating_duration_since(at) < OVER_AFTER)
    }

    /// Whether the publisher has been above the limits for `FLOODS_AFTER`.
    pub(crate) fn is_flooded(&self, now: Instant) -> bool {
        let is_long = |at: Instant| now.saturating_duration_since(at) >= FLOODS_AFTER;
        self.is_above(now) && self.above_since.is_some_and(is_long)
    }

    /// Packets and kbit per second over `elapsed`, the time since the last call.
    pub(crate) fn rates(&mut self, elapsed: Duration) -> (u32, u32) {
        let seconds = elapsed.as_secs_f64().max(0.001);
        let packets = std::mem::take(&mut self.n_packets) as f64 / seconds;
        let kbps = std::mem::take(&mut self.n_bytes) as f64 * 8.0 / 1_000.0 / seconds;
        (packets as u32, kbps as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::START;

    /// Sends `packets` a second of `bytes` each, evenly, for `seconds`. Returns how many were accepted in each second,
    /// and the second in which it was a flood.
    fn send(limits: Limits, packets: u64, bytes: usize, seconds: u64) -> (Vec<u64>, Option<u64>) {
        let mut ceiling = Ceiling::new(limits, *START);
        let mut taken = vec![0; seconds as usize];
        let mut flooded = None;
        for n in 0..packets * seconds {
            let us = n * 1_000_000 / packets;
            let now = *START + Duration::from_micros(us);
            taken[(us / 1_000_000) as usize] += u64::from(ceiling.takes(bytes, now));
            if ceiling.is_flooded(now) {
                flooded.get_or_insert(us / 1_000_000);
            }
        }
        (taken, flooded)
    }

    const LIMITS: Limits = Limits { packets: 10_000, kbps: 50_000 };

    #[test]
    fn packets_within_both_limits_are_never_dropped() {
        assert_eq!(send(LIMITS, 9_900, 100, 10), (vec![9_900; 10], None));
        assert_eq!(send(LIMITS, 5_000, 1_200, 10), (vec![5_000; 10], None));
        let none = Limits { packets: 0, kbps: 0 };
        assert_eq!(send(none, 30_000, 1_200, 2), (vec![30_000; 2], None));
    }

    #[test]
    fn above_a_limit_packets_pass_at_the_limit_and_after_five_seconds_it_is_a_flood() {
        let (taken, flooded) = send(LIMITS, 24_500, 1, 7);
        assert!(taken[1..].iter().all(|it| it.abs_diff(10_000) < 10), "{taken:?}");
        assert_eq!(flooded, Some(5));
        let (taken, flooded) = send(LIMITS, 9_000, 1_200, 8);
        assert!(taken[2..].iter().all(|it| it.abs_diff(5_208) < 10), "{taken:?}");
        assert_eq!(flooded, Some(6), "5 s after the burst of 1 s is used up");
    }

    #[test]
    fn a_burst_now_and_then_is_no_flood() {
        let mut ceiling = Ceiling::new(LIMITS, *START);
        for second in 0..60 {
            let now = *START + Duration::from_millis(second * 1_500);
            let taken = (0..4_000).filter(|_| ceiling.takes(100, now)).count();
            assert_eq!(taken, 2_500);
            assert!(!ceiling.is_flooded(now));
        }
    }
}
