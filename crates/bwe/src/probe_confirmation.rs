//! Confirms the result of a short probe on a link that was full before. A shaper (token bucket) lets the few packets of
//! a short probe through at once, but not a keyframe, so longer probes test the same rate.

use super::cluster::{MIN_PACKETS, PACKET_BYTES};

/// Length of all confirming probes together, at least.
const LENGTH_US: u64 = 200_000;
/// The same at most.
const MAX_LENGTH_US: u64 = 500_000;
/// Bytes of all confirming probes together, at least: a small keyframe.
const BYTES: f64 = 32_000.0;

/// Rate of the confirming probes, as a multiple of the rate to confirm.
const ASK: f64 = 1.1;

/// Bounds of one confirmation probe, so that a wrong guess builds only a short queue: `DRAINS_US`, the time in which that
/// queue must drain; `QUEUE_US`, its longest; `MIN_SPAN_US`, the shortest probe.
const DRAINS_US: f64 = 200_000.0;
const QUEUE_US: f64 = 100_000.0;
const MIN_SPAN_US: u64 = 25_000;

/// A confirming probe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Confirming {
    /// Its rate in bit/s.
    pub(crate) bps: u64,
    /// Its size.
    pub(crate) bytes: u32,
    /// Bytes at its start that are not evaluated.
    pub(crate) lead: u32,
}

/// Result of the confirming probes so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Verdict {
    /// More are needed.
    Open,
    /// This rate fits, in bit/s.
    Confirmed(f64),
    /// The first result was a burst that a token bucket let through.
    Refuted,
}

/// The rate found, and the length still to confirm.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProbeConfirmation {
    found: f64,
    left_us: u64,
    /// Queue that the last confirming probe would have made, in µs, if the rate had not fit.
    passed_us: f64,
    is_probing: bool,
}

impl ProbeConfirmation {
    /// Starts to confirm a rate, in bit/s.
    pub(crate) fn new(found: f64) -> Self {
        let least_us = (BYTES * 8e6 / found.max(1.0)) as u64;
        let left_us = LENGTH_US.max(least_us.min(MAX_LENGTH_US));
        Self { found, left_us, passed_us: 0.0, is_probing: false }
    }

    /// The next probe to send; `None` while one is in flight. `goal`: the rate to confirm; `fits`: the rate that surely
    /// fits; `current`: the rate sent anyway; all in bit/s.
    pub(crate) fn next(&mut self, goal: f64, fits: f64, current: f64) -> Option<Confirming> {
        if self.is_probing {
            return None;
        }
        let bps = self.found.min(ASK * goal).max(1.0);
        // Growth of the queue per time of the probe.
        let fits = fits.max(1.0);
        let growth = (bps - fits).max(1.0) / fits;
        let queue_us = (DRAINS_US * (1.0 - current / fits)).clamp(0.0, QUEUE_US);
        let safe_us = ((queue_us + self.passed_us) / growth) as u64;
        let safe_us = safe_us.clamp(MIN_SPAN_US, MAX_LENGTH_US);
        let is_last = self.left_us < safe_us * 3 / 2;
        let span_us = if is_last { self.left_us } else { safe_us };
        self.left_us -= span_us;
        self.passed_us = span_us as f64 * growth;
        self.is_probing = true;
        let least = 2 * MIN_PACKETS * PACKET_BYTES;
        let bytes = ((bps * span_us as f64 / 8e6) as u32).max(least);
        Some(Confirming { bps: bps as u64, bytes, lead: bytes / 2 })
    }

    /// Processes the result of the probe in flight: the rate asked for, and whether it filled the link.
    pub(crate) fn on_result(&mut self, asked: f64, is_full: bool) -> Verdict {
        self.is_probing = false;
        // Frames are sent at once. That blurs a probe's send rate, but not its received rate.
        self.found = self.found.min(asked);
        match self.left_us {
            // Part of the received packets came from the token bucket: no rate can be derived.
            _ if is_full => Verdict::Refuted,
            0 => Verdict::Confirmed(self.found),
            _ => Verdict::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_far_above_the_estimate_is_confirmed_in_growing_steps() {
        let mut confirmation = ProbeConfirmation::new(3.5e6);
        let first = confirmation.next(2.9e6, 0.8e6, 0.3e6).unwrap();
        assert_eq!(first.bps, 3_190_000);
        let queue_ms = |bytes: u32| f64::from(bytes) * 8e3 / 0.8e6 * (1.0 - 0.8 / 3.19);
        assert!((90.0..101.0).contains(&queue_ms(first.bytes)), "{}", queue_ms(first.bytes));
        assert_eq!(confirmation.next(2.9e6, 0.8e6, 0.3e6), None, "one at a time");
        assert_eq!(confirmation.on_result(3.19e6, false), Verdict::Open);
        let second = confirmation.next(2.9e6, 0.8e6, 0.3e6).unwrap();
        assert!(second.bytes > first.bytes * 19 / 10);
        assert_eq!(confirmation.on_result(3.19e6, false), Verdict::Open);
        let last = confirmation.next(2.9e6, 0.8e6, 0.3e6).unwrap();
        assert!(first.bytes + second.bytes + last.bytes > 79_000, "0.2 s in all");
        assert_eq!(confirmation.on_result(3.19e6, false), Verdict::Confirmed(3.19e6));
    }

    #[test]
    fn a_rate_that_fills_the_link_is_refuted() {
        let mut confirmation = ProbeConfirmation::new(3.5e6);
        _ = confirmation.next(2.9e6, 0.8e6, 0.3e6);
        assert_eq!(confirmation.on_result(3.19e6, true), Verdict::Refuted);
    }

    #[test]
    fn a_rate_little_above_the_estimate_is_confirmed_at_once_by_a_keyframes_bytes() {
        let mut confirmation = ProbeConfirmation::new(0.7e6);
        let all = confirmation.next(0.6e6, 0.58e6, 0.2e6).unwrap();
        assert!((31_000..=32_000).contains(&(all.bytes * 700 / 660)), "{all:?}");
        assert_eq!(all.lead, all.bytes / 2);
        assert_eq!(confirmation.on_result(0.66e6, false), Verdict::Confirmed(0.66e6));
    }
}
