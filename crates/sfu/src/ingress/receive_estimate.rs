//! Receiver-side bandwidth estimate, from received rate and loss. Sent as REMB (draft-alvestrand-rmcat-remb-03) to
//! publishers without transport-wide feedback. Follows the loss-based half of Google Congestion Control
//! (draft-ietf-rmcat-gcc-02, section 6). Pure.

use std::time::{Duration, Instant};

/// The lowest estimate, in bit/s: little more than audio needs.
const MIN_BPS: f64 = 50_000.0;

/// The estimate before anything is received, in bit/s: enough to start with.
const START_BPS: f64 = 2_000_000.0;

/// Below this loss the estimate rises; from here to [`HIGH_LOSS`] it stays.
const LOW_LOSS: f64 = 0.02;
/// Above this loss the estimate falls.
const HIGH_LOSS: f64 = 0.10;

/// Growth of the estimate per second.
const GROWTH: f64 = 1.08;
/// A rising estimate reaches this multiple of the received rate at once, and stops there or at [`START_BPS`]: the
/// capacity above the received rate is unknown.
const HEADROOM: f64 = 1.5;

/// The bandwidth estimate of one publisher's path.
#[derive(Debug)]
pub(crate) struct ReceiveEstimate {
    bps: f64,
    max_bps: f64,
    bytes: u64,
    since: Instant,
}

impl ReceiveEstimate {
    /// Creates the estimate of an unknown path. `max_kbps` is the publisher's bitrate limit in kbit/s; 0: none.
    pub(crate) fn new(max_kbps: u32, now: Instant) -> Self {
        let max_bps = if max_kbps == 0 { f64::MAX } else { f64::from(max_kbps) * 1_000.0 };
        Self { bps: START_BPS.min(max_bps), max_bps, bytes: 0, since: now }
    }

    /// Counts received bytes.
    pub(crate) fn received(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    /// Updates the estimate, once a second; returns it in bit/s. `lost`: packets lost since the last call, in 1/256.
    pub(crate) fn tell(&mut self, lost: u8, now: Instant) -> u64 {
        let elapsed = now.saturating_duration_since(self.since).max(Duration::from_millis(100));
        let received = std::mem::take(&mut self.bytes) as f64 * 8.0 / elapsed.as_secs_f64();
        self.since = now;
        let loss = f64::from(lost) / 256.0;
        if loss > HIGH_LOSS {
            self.bps *= 1.0 - 0.5 * loss;
        } else if loss < LOW_LOSS {
            let most = (received * HEADROOM).max(START_BPS);
            self.bps = (self.bps * GROWTH).max(received * HEADROOM).min(most.max(self.bps));
        }
        self.bps = self.bps.clamp(MIN_BPS, self.max_bps.max(MIN_BPS));
        self.bps as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::START;

    /// Receives `bps` for `seconds` with this loss, in 1/256; returns the last estimate.
    fn after(it: &mut ReceiveEstimate, seconds: u64, bps: u64, lost: u8) -> u64 {
        let mut estimate = 0;
        for _ in 0..seconds {
            it.received((bps / 8) as usize);
            let now = it.since + Duration::from_secs(1);
            estimate = it.tell(lost, now);
        }
        estimate
    }

    #[test]
    fn without_loss_the_estimate_rises_above_the_received_rate_up_to_the_limit() {
        let mut it = ReceiveEstimate::new(10_000, *START);
        assert!(after(&mut it, 1, 300_000, 0) >= 2_000_000, "the first estimate is too low");
        assert!(after(&mut it, 5, 4_000_000, 2) >= 6_000_000);
        assert_eq!(after(&mut it, 60, 9_000_000, 0), 10_000_000);
    }

    #[test]
    fn loss_above_a_tenth_lowers_the_estimate_and_less_keeps_it() {
        let mut it = ReceiveEstimate::new(0, *START);
        let before = after(&mut it, 10, 4_000_000, 0);
        assert_eq!(after(&mut it, 5, 4_000_000, 13), before, "5 %");
        let lower = after(&mut it, 10, 3_000_000, 51);
        assert!(lower < before / 2, "20 %: {lower} after {before}");
        assert!(after(&mut it, 200, 100_000, 128) >= 50_000, "the estimate fell below its minimum");
    }
}
