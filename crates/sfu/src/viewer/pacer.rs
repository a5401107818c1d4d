//! Paces the packets that one viewer lags behind by: those of a keyframe, or those that a late viewer
//! catches up with. Other frames are sent at once. Pure; the ring is the queue.

use std::time::{Duration, Instant};

/// The largest burst: 20 packets, which the buffer of every access link holds.
const BURST_BYTES: i64 = 24_000;

/// The interval between two bursts.
pub(crate) const INTERVAL: Duration = Duration::from_millis(5);

/// The ratio of the pacing rate to the estimate: a keyframe of ten frames' size takes the time of four.
const SPEED: f64 = 2.5;

/// The minimum pacing rate, in bit/s: a keyframe of 100 kB takes a sixth of a second.
const LEAST_BPS: f64 = 5_000_000.0;

/// The pacing rate without an estimate, in bit/s.
const UNKNOWN_BPS: f64 = 44_000_000.0;

/// The share of a link that video gets when it is sent part of the time. The rest is for headers, which
/// are not counted here, and for retransmissions.
const INTERMITTENT_SHARE: f64 = 0.85;

/// The largest burst of such video, in time at that rate.
const INTERMITTENT_BURST: Duration = Duration::from_millis(50);

/// The minimum size that a packet counts as: a packet of one byte costs us nearly as much as one of a
/// thousand.
const LEAST_BYTES: usize = 300;

/// A token bucket of bytes.
#[derive(Debug)]
pub(crate) struct Pacer {
    bytes: i64,
    filled_at: Option<Instant>,
}

impl Default for Pacer {
    fn default() -> Self {
        Self { bytes: BURST_BYTES, filled_at: None }
    }
}

impl Pacer {
    /// Adds the tokens of the elapsed time, at a rate that follows from the bitrate estimate.
    pub(crate) fn fill(&mut self, estimate_bps: Option<u64>, now: Instant) {
        let bps = estimate_bps.map_or(UNKNOWN_BPS, |bps| (bps as f64 * SPEED).max(LEAST_BPS));
        self.earn(bps, BURST_BYTES, now);
    }

    /// Adds the tokens of the elapsed time for video that is sent part of the time: `bps` is the bitrate
    /// that the link has for it, less than the video's own.
    pub(crate) fn intermittent(&mut self, bps: u64, now: Instant) {
        let bps = bps as f64 * INTERMITTENT_SHARE;
        let burst = (bps / 8.0 * INTERMITTENT_BURST.as_secs_f64()) as i64;
        self.earn(bps, burst.min(BURST_BYTES), now);
    }

    fn earn(&mut self, bps: f64, burst: i64, now: Instant) {
        let before = self.filled_at.replace(now);
        let elapsed = before.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        let earned = (elapsed.min(Duration::from_secs(1)).as_secs_f64() * bps / 8.0) as i64;
        self.bytes = (self.bytes + earned).min(burst);
    }

    /// Whether one more packet can be sent now.
    pub(crate) fn has_room(&self) -> bool {
        self.bytes > 0
    }

    /// Takes the tokens of a packet that was sent.
    pub(crate) fn take(&mut self, bytes: usize) {
        self.bytes -= bytes.max(LEAST_BYTES) as i64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::START;

    #[test]
    fn a_frame_goes_at_once_and_a_keyframe_in_time() {
        let mut pacer = Pacer::default();
        let mut sent = 0;
        let mut ms = 0;
        while sent < 100 {
            pacer.fill(Some(4_000_000), *START + Duration::from_millis(ms));
            while pacer.has_room() && sent < 100 {
                pacer.take(1_200);
                sent += 1;
            }
            if ms == 0 {
                assert_eq!(sent, 20, "an ordinary frame never waits");
            }
            ms += 5;
        }
        // 96 kB beyond the burst at 10 Mbit/s.
        assert!((70..90).contains(&ms), "{ms}");
    }

    #[test]
    fn packets_of_a_byte_are_no_cheaper_for_being_small() {
        let mut pacer = Pacer::default();
        let mut sent = 0;
        for ms in 0..1_000 {
            pacer.fill(Some(2_000_000), *START + Duration::from_millis(ms));
            while pacer.has_room() {
                pacer.take(1);
                sent += 1;
            }
        }
        assert!((2_000..2_300).contains(&sent), "5 Mbit/s of 300 bytes each: {sent}");
    }
}
