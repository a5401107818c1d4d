//! Counters and histograms of a thread's viewers, and the totals that threads share while a run goes on.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hdrhistogram::Histogram;

/// Ten minutes, in microseconds: nothing is waited for longer.
const MAX_US: u64 = 600_000_000;

/// Counters that only rise; the events of a phase are a difference.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// RTP datagrams, retransmissions among them, and their bytes.
    pub packets: u64,
    pub bytes: u64,
    /// Media packets, without duplicates.
    pub unique: u64,
    /// Missing packets that a retransmission brought.
    pub recovered: u64,
    /// Missing packets that never came.
    pub lost: u64,
    pub reordered: u64,
    pub duplicates: u64,
    /// Packets that came as retransmissions (RFC 4588).
    pub rtx: u64,
    /// Packets of our publishers that were made before the viewer connected: the server replays them.
    pub replayed: u64,
    /// Padding and duplicates on the retransmission stream: the server probes the link with them.
    pub probes: u64,
    /// Packets that were dropped on purpose.
    pub dropped: u64,
    /// Datagrams that could not be decrypted or read.
    pub unreadable: u64,
    /// RTCP datagrams that could be decrypted.
    pub rtcp: u64,
    /// Packets that were asked for again, each time.
    pub nacks: u64,
    pub plis: u64,
    pub freezes: u64,
    pub freeze_us: u64,
}

impl Counters {
    fn zip(self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            packets: f(self.packets, other.packets),
            bytes: f(self.bytes, other.bytes),
            unique: f(self.unique, other.unique),
            recovered: f(self.recovered, other.recovered),
            lost: f(self.lost, other.lost),
            reordered: f(self.reordered, other.reordered),
            duplicates: f(self.duplicates, other.duplicates),
            rtx: f(self.rtx, other.rtx),
            replayed: f(self.replayed, other.replayed),
            probes: f(self.probes, other.probes),
            dropped: f(self.dropped, other.dropped),
            unreadable: f(self.unreadable, other.unreadable),
            rtcp: f(self.rtcp, other.rtcp),
            nacks: f(self.nacks, other.nacks),
            plis: f(self.plis, other.plis),
            freezes: f(self.freezes, other.freezes),
            freeze_us: f(self.freeze_us, other.freeze_us),
        }
    }

    pub fn plus(self, other: Self) -> Self {
        self.zip(other, u64::saturating_add)
    }

    pub fn since(self, earlier: Self) -> Self {
        self.zip(earlier, u64::saturating_sub)
    }
}

/// A histogram of durations with a precision of one thousandth; the maximum is exact.
#[derive(Debug, Clone)]
pub struct Times {
    histogram: Histogram<u64>,
    max_us: u64,
}

impl Default for Times {
    fn default() -> Self {
        let histogram = Histogram::new_with_bounds(1, MAX_US, 3);
        Self { histogram: histogram.expect("the bounds are constant and in order"), max_us: 0 }
    }
}

impl Times {
    pub fn record(&mut self, time: Duration) {
        self.record_us(time.as_micros() as u64);
    }

    pub fn record_us(&mut self, us: u64) {
        self.histogram.saturating_record(us);
        self.max_us = self.max_us.max(us);
    }

    pub fn add(&mut self, other: &Self) {
        self.histogram.add(&other.histogram).expect("all have the same bounds");
        self.max_us = self.max_us.max(other.max_us);
    }

    /// How many were recorded.
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// In milliseconds; 0 when nothing was recorded.
    pub fn mean_ms(&self) -> f64 {
        self.histogram.mean() / 1_000.0
    }

    /// In milliseconds; `None` when nothing was recorded.
    pub fn percentile_ms(&self, percentile: f64) -> Option<f64> {
        if self.histogram.is_empty() {
            return None;
        }
        // Buckets are named for their upper end, which may lie above all that was recorded.
        let us = self.histogram.value_at_percentile(percentile).min(self.max_us);
        Some(us as f64 / 1_000.0)
    }
}

/// What one thread measured.
#[derive(Debug, Default)]
pub struct Stats {
    pub counters: Counters,
    pub connected: Times,
    pub first_packet: Times,
    pub first_keyframe: Times,
    /// How long packets were under way; of the steady phase alone.
    pub delay: Times,
    /// Whether this is the steady phase.
    pub is_steady: bool,
}

/// Totals that all threads update while a run goes on.
#[derive(Debug, Default)]
pub struct Totals {
    pub connected: AtomicU64,
    pub joined: AtomicU64,
    pub failed: AtomicU64,
    /// Viewers that had joined, and whose connection ended.
    pub gone: AtomicU64,
    pub packets: AtomicU64,
    pub bytes: AtomicU64,
    pub lost: AtomicU64,
    /// Publishers that are connected, and those that failed or were lost.
    pub publishing: AtomicU64,
    pub publishers_lost: AtomicU64,
    /// Viewers to whom the server said that they are back in the broadcast.
    pub rewound: AtomicU64,
    /// Rooms of which the server said that they are recorded.
    pub recorded: AtomicU64,
    reasons: Mutex<BTreeMap<String, u64>>,
}

impl Totals {
    /// A viewer did not join.
    pub fn fail(&self, reason: &str) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        self.note(reason);
    }

    /// A viewer that had joined was lost.
    pub fn lose(&self, reason: &str) {
        self.gone.fetch_add(1, Ordering::Relaxed);
        self.note(reason);
    }

    /// A publisher did not connect, or was lost.
    pub fn lose_publisher(&self, reason: &str) {
        self.publishers_lost.fetch_add(1, Ordering::Relaxed);
        self.note(&format!("publisher: {reason}"));
    }

    /// Something went otherwise than asked for; nobody is lost by it.
    pub fn note(&self, reason: &str) {
        let mut reasons = self.reasons.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // Reasons are of ours, but for what a server says: a few of those are enough.
        let key = if reasons.len() < 20 || reasons.contains_key(reason) { reason } else { "other" };
        *reasons.entry(key.to_owned()).or_default() += 1;
    }

    /// Why viewers failed, with how many of each.
    pub fn reasons(&self) -> BTreeMap<String, u64> {
        self.reasons.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Viewers that joined or failed.
    pub fn settled(&self) -> u64 {
        self.joined.load(Ordering::Relaxed) + self.failed.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_what_was_recorded() {
        let mut times = Times::default();
        assert_eq!(times.percentile_ms(50.0), None);
        for ms in 1..=100 {
            times.record(Duration::from_millis(ms));
        }
        let near = |percentile, expected: f64| {
            let ms = times.percentile_ms(percentile).unwrap();
            assert!((ms - expected).abs() <= expected / 500.0, "{ms} for {expected}");
        };
        near(50.0, 50.0);
        near(95.0, 95.0);
        near(99.0, 99.0);
        assert_eq!(times.percentile_ms(100.0), Some(100.0));
        let mut both = Times::default();
        both.add(&times);
        both.record(Duration::from_secs(1));
        assert_eq!(both.percentile_ms(100.0), Some(1_000.0));
    }

    #[test]
    fn reasons_are_counted_and_bounded() {
        let totals = Totals::default();
        (0..100).for_each(|n| totals.fail(&format!("reason {n}")));
        totals.fail("reason 0");
        let reasons = totals.reasons();
        assert_eq!((reasons["reason 0"], reasons["other"], reasons.len()), (2, 80, 21));
    }
}
