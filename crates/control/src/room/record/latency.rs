//! The latency of a whole broadcast, in bounded memory.

use crate::record::LatencyFigures;

/// How wide a bucket is: the natural logarithm of 1.04, for figures that are right within 2 %.
const WIDTH: f64 = 0.039_220_713;

/// Counts measurements in buckets of 4 % each. Of up to [`super::super::latency::MAX_MS`] there are about 280.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    counts: Vec<u32>,
    n: u64,
}

impl Histogram {
    pub(super) fn add(&mut self, ms: f64) {
        // Never negative.
        let bucket = (ms.max(1.0).ln() / WIDTH).round() as usize;
        if bucket >= self.counts.len() {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] = self.counts[bucket].saturating_add(1);
        self.n += 1;
    }

    /// Nothing when nothing was measured.
    pub(super) fn figures(&self) -> Option<LatencyFigures> {
        Some(LatencyFigures { p50: self.quantile(0.5)?, p95: self.quantile(0.95)? })
    }

    fn quantile(&self, part: f64) -> Option<f64> {
        let rank = (self.n as f64 * part).ceil() as u64;
        let mut below = 0;
        let bucket = self.counts.iter().position(|n| {
            below += u64::from(*n);
            below >= rank && below > 0
        })?;
        Some((bucket as f64 * WIDTH).exp().round())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_right_within_two_percent() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.figures(), None);
        (1..=1000).for_each(|ms| histogram.add(f64::from(ms)));
        let told = histogram.figures().unwrap();
        assert!((told.p50 - 500.0).abs() <= 10.0, "{told:?}");
        assert!((told.p95 - 950.0).abs() <= 19.0, "{told:?}");
    }

    #[test]
    fn one_measurement_is_all_figures() {
        let mut histogram = Histogram::default();
        histogram.add(0.0);
        assert_eq!(histogram.figures(), Some(LatencyFigures { p50: 1.0, p95: 1.0 }));
    }
}
