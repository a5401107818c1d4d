//! Confirms what a short probe found on a link that was full before. A shaper (token bucket) lets the few packets of a
//! short probe through at once, but not a keyframe, so longer probes test the same rate.

use super::cluster::{MIN_PACKETS, PACKET_BYTES};

/// Length of all confirming probes together, and their least size in bytes: a small keyframe.
const LENGTH_US: u64 = 200_000;
const MAX_LENGTH_US: u64 = 500_000;
const BYTES: f64 = 32_000.0;

/// Their rate, as a multiple of the rate to confirm.
const ASK: f64 = 1.1;

/// Bounds of one confirmation probe, so that a wrong guess builds only a short queue: `DRAINS_US`, the time in which that
/// queue must drain; `QUEUE_US`, its longest; `MIN_SPAN_US`, the shortest probe.
const DRAINS_US: f64 = 200_000.0;
const QUEUE_US: f64 = 100_000.0;
const MIN_SPAN_US: u64 = 25_000;

/// A probe that confirms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Confirming {
    /// The rate.
    pub(crate) bps: u64,
    /// In all.
    pub(crate) bytes: u32,
    /// The first of them, from which nothing is read.
    pub(crate) lead: u32,
}

/// What confirming probes have come to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Verdict {
    /// More are needed.
    Open,
    /// So much fits, in bits a second.
    Confirmed(f64),
    /// It was a burst that passed.
    Refuted,
}

/// What was found, and how much of it is unconfirmed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProbeConfirmation {
    found: f64,
    left_us: u64,
    /// How long a queue what was sent so far would have made.
    passed_us: f64,
    is_probing: bool,
}

impl ProbeConfirmation {
    /// This was found, in bits a second.
    pub(crate) fn new(found: f64) -> Self {
        let least_us = (BYTES * 8e6 / found.max(1.0)) as u64;
        let left_us = LENGTH_US.max(least_us.min(MAX_LENGTH_US));
        Self { found, left_us, passed_us: 0.0, is_probing: false }
    }

    /// What to send next for it, unless that is under way. `goal` is what is to be confirmed, `fits` what
    /// surely fits, and `current` what is sent anyway, in bits a second.
    pub(crate) fn next(&mut self, goal: f64, fits: f64, current: f64) -> Option<Confirming> {
        if self.is_probing {
            return None;
        }
        let bps = self.found.min(ASK * goal).max(1.0);
        // How much longer the queue is after each moment of the probe.
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

    /// What became of the probe under way: the rate that was asked for, and whether that filled the link.
    pub(crate) fn on_result(&mut self, asked: f64, is_full: bool) -> Verdict {
        self.is_probing = false;
        // Frames are sent at once, which blurs the rate at which a probe was sent, but not how it arrived.
        self.found = self.found.min(asked);
        match self.left_us {
            // What did arrive is partly the bucket's: no rate can be told.
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
    fn what_is_far_above_the_estimate_is_confirmed_in_steps_that_grow() {
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
    fn what_fills_the_link_was_a_burst_that_passed() {
        let mut confirmation = ProbeConfirmation::new(3.5e6);
        _ = confirmation.next(2.9e6, 0.8e6, 0.3e6);
        assert_eq!(confirmation.on_result(3.19e6, true), Verdict::Refuted);
    }

    #[test]
    fn what_is_little_above_the_estimate_is_confirmed_at_once_by_as_much_as_a_keyframe() {
        let mut confirmation = ProbeConfirmation::new(0.7e6);
        let all = confirmation.next(0.6e6, 0.58e6, 0.2e6).unwrap();
        assert!((31_000..=32_000).contains(&(all.bytes * 700 / 660)), "{all:?}");
        assert_eq!(all.lead, all.bytes / 2);
        assert_eq!(confirmation.on_result(0.66e6, false), Verdict::Confirmed(0.66e6));
    }
}
