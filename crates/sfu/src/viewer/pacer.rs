//! How fast one viewer is given what it is behind of: a keyframe, or what a late one has to catch up
//! with. Frames in between go out at once. Pure; the ring is the queue.

use std::time::{Duration, Instant};

/// What goes out at once: 20 packets, which every access link's buffer holds.
const BURST_BYTES: i64 = 24_000;

/// The time between two bursts.
pub(crate) const INTERVAL: Duration = Duration::from_millis(5);

/// How much faster than the estimate: a keyframe of ten frames' size is over in four frames' time.
const SPEED: f64 = 2.5;

/// The least speed, in bits a second: a keyframe of 100 kB in a sixth of a second.
const LEAST_BPS: f64 = 5_000_000.0;

/// Without an estimate: 44 Mbit/s.
const UNKNOWN_BPS: f64 = 44_000_000.0;

/// Of a link that does not carry what there is to send it is given this share: the rest is for headers,
/// which are not counted here, and for what is repeated.
const RATION: f64 = 0.85;

/// And so much at once.
const RATION_BURST: Duration = Duration::from_millis(50);

/// What a packet counts for at least: one of a byte costs us nearly what one of a thousand does.
const LEAST_BYTES: usize = 300;

/// A bucket of bytes.
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
    /// Time has passed, on a link that is thought to carry this.
    pub(crate) fn fill(&mut self, estimate_bps: Option<u64>, now: Instant) {
        let bps = estimate_bps.map_or(UNKNOWN_BPS, |bps| (bps as f64 * SPEED).max(LEAST_BPS));
        self.earn(bps, BURST_BYTES, now);
    }

    /// Time has passed, on a link that carries only this of the picture, which is less than there is.
    pub(crate) fn intermittent(&mut self, bps: u64, now: Instant) {
        let bps = bps as f64 * RATION;
        let burst = (bps / 8.0 * RATION_BURST.as_secs_f64()) as i64;
        self.earn(bps, burst.min(BURST_BYTES), now);
    }

    fn earn(&mut self, bps: f64, burst: i64, now: Instant) {
        let before = self.filled_at.replace(now);
        let elapsed = before.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        let earned = (elapsed.min(Duration::from_secs(1)).as_secs_f64() * bps / 8.0) as i64;
        self.bytes = (self.bytes + earned).min(burst);
    }

    /// Whether one more packet can go now.
    pub(crate) fn has_room(&self) -> bool {
        self.bytes > 0
    }

    /// A packet went.
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
