//! What a publisher's path carries, by what is received and lost, for publishers that are told no other way (REMB,
//! draft-alvestrand-rmcat-remb-03). Follows the loss-based half of Google Congestion Control
//! (draft-ietf-rmcat-gcc-02, section 6). Pure.

use std::time::{Duration, Instant};

/// Sound and a word.
const MIN_BPS: f64 = 50_000.0;

/// Told before anything was received: enough to begin with.
const START_BPS: f64 = 2_000_000.0;

/// Loss below which the estimate rises, and above which it falls; between them it stays.
const LOW_LOSS: f64 = 0.02;
const HIGH_LOSS: f64 = 0.10;

/// Growth a second, and the most above what is received: what is not used is not known.
const GROWTH: f64 = 1.08;
const HEADROOM: f64 = 1.5;

/// The estimate of one publisher's path.
#[derive(Debug)]
pub(crate) struct ReceiveEstimate {
    bps: f64,
    max_bps: f64,
    bytes: u64,
    since: Instant,
}

impl ReceiveEstimate {
    /// Of a path that nothing is known of. `max_kbps` is the ceiling of a publisher; 0: none.
    pub(crate) fn new(max_kbps: u32, now: Instant) -> Self {
        let max_bps = if max_kbps == 0 { f64::MAX } else { f64::from(max_kbps) * 1_000.0 };
        Self { bps: START_BPS.min(max_bps), max_bps, bytes: 0, since: now }
    }

    /// So many bytes were received.
    pub(crate) fn received(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    /// What to tell, once a second; `lost` is the share of packets lost since the last time, of 256.
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

    /// What is told after so many seconds of so much, with this loss.
    fn after(it: &mut ReceiveEstimate, seconds: u64, bps: u64, lost: u8) -> u64 {
        let mut told = 0;
        for _ in 0..seconds {
            it.received((bps / 8) as usize);
            let now = it.since + Duration::from_secs(1);
            told = it.tell(lost, now);
        }
        told
    }

    #[test]
    fn who_sends_without_loss_is_told_that_more_would_fit_up_to_the_ceiling() {
        let mut it = ReceiveEstimate::new(10_000, *START);
        assert!(after(&mut it, 1, 300_000, 0) >= 2_000_000, "enough to begin with");
        assert!(after(&mut it, 5, 4_000_000, 2) >= 6_000_000);
        assert_eq!(after(&mut it, 60, 9_000_000, 0), 10_000_000);
    }

    #[test]
    fn loss_of_a_tenth_lowers_it_and_less_lets_it_stay() {
        let mut it = ReceiveEstimate::new(0, *START);
        let before = after(&mut it, 10, 4_000_000, 0);
        assert_eq!(after(&mut it, 5, 4_000_000, 13), before, "5 %");
        let lower = after(&mut it, 10, 3_000_000, 51);
        assert!(lower < before / 2, "20 %: {lower} after {before}");
        assert!(after(&mut it, 200, 100_000, 128) >= 50_000, "never nothing");
    }
}
