//! How far the frames of a track are apart, and which of them come late.

use std::time::Duration;

use super::MAX_GAPS;

/// Steps are counted by the millisecond up to here.
const COUNTED_MS: usize = 2000;

/// The most waits of a track that may turn out to be gaps.
const MAX_WAITS: usize = 4096;

/// A wait of so many usual steps is a gap.
const USUAL_STEPS: u32 = 3;

/// The usual step is looked for anew after so many frames.
const AGAIN: u64 = 64;

/// A frame that comes later than expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The time of the frame before it.
    pub at: Duration,
    /// From that to the next one.
    pub length: Duration,
}

/// The steps of a track.
#[derive(Debug)]
pub(super) struct Steps {
    /// How many there are of each length in milliseconds.
    counts: Vec<u64>,
    n_steps: u64,
    /// What is shorter is no gap.
    shortest: Duration,
    usual: Duration,
    waits: Vec<Gap>,
    n_more: u64,
}

impl Steps {
    /// What is shorter than `shortest` is no gap.
    pub(super) fn new(shortest: Duration) -> Self {
        let counts = vec![0; COUNTED_MS + 1];
        let usual = Duration::ZERO;
        Self { counts, n_steps: 0, shortest, usual, waits: Vec::new(), n_more: 0 }
    }

    /// Adds the step from a frame to the next one.
    pub(super) fn add(&mut self, at: Duration, length: Duration) {
        // Rounded: milliseconds of WebM are 33, 33, 34.
        let ms = usize::try_from((length.as_micros() + 500) / 1000).unwrap_or(usize::MAX);
        if let Some(count) = self.counts.get_mut(ms.min(COUNTED_MS)) {
            *count += 1;
        }
        self.n_steps += 1;
        if self.n_steps.is_multiple_of(AGAIN) {
            self.usual = self.median();
        }
        if self.is_gap(length) {
            if self.waits.len() < MAX_WAITS {
                self.waits.push(Gap { at, length });
            } else {
                self.n_more += 1;
            }
        }
    }

    fn is_gap(&self, length: Duration) -> bool {
        length > self.shortest.max(self.usual * USUAL_STEPS)
    }

    /// The usual step: half of them are longer. Zero if there is none.
    pub(super) fn median(&self) -> Duration {
        let mut n = 0;
        let is_half = |count: &u64| {
            n += count;
            n * 2 > self.n_steps
        };
        let ms = self.counts.iter().position(is_half).unwrap_or(0);
        Duration::from_millis(ms as u64)
    }

    /// The first gaps, and how many more there are.
    pub(super) fn gaps(mut self) -> (Vec<Gap>, u64) {
        self.usual = self.median();
        let mut waits = std::mem::take(&mut self.waits);
        waits.retain(|gap| self.is_gap(gap.length));
        let n_more = self.n_more + waits.len().saturating_sub(MAX_GAPS) as u64;
        waits.truncate(MAX_GAPS);
        (waits, n_more)
    }
}
