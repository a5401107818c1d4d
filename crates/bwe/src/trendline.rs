//! Whether the one-way delay rises: a regression line through its last 20 values, and an adaptive threshold.

/// Values in the regression.
const WINDOW: usize = 20;

/// Weight of the old smoothed delay with each new value.
const SMOOTHING: f64 = 0.9;

/// Factor of the slope, so that thresholds are as in the draft.
const GAIN: f64 = 4.0;

/// The slope's weight grows with the number of values, up to this many.
const MAX_COUNT: u32 = 60;

/// Rate at which the threshold follows a trend above it, per millisecond.
const K_UP: f64 = 0.0087;
/// Rate at which the threshold follows a trend below it, per millisecond.
const K_DOWN: f64 = 0.039;

/// The initial threshold.
const THRESHOLD: f64 = 12.5;
/// The lowest threshold.
const MIN_THRESHOLD: f64 = 6.0;
/// The highest threshold.
const MAX_THRESHOLD: f64 = 600.0;

/// The threshold does not follow a trend that exceeds it by more than this: then the capacity has fallen.
const MAX_STRAY: f64 = 15.0;

/// How long the trend must exceed the threshold, in ms.
const OVER_TIME_MS: f64 = 10.0;

/// The trend of the delay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Trend {
    /// The delay falls.
    Falling,
    /// The delay neither falls nor rises.
    #[default]
    Level,
    /// The delay rises.
    Rising,
}

/// Computes the trend of a delay.
#[derive(Debug)]
pub(crate) struct Trendline {
    /// Arrival time and smoothed delay, in ms; a ring buffer.
    values: [(f64, f64); WINDOW],
    count: u32,
    smoothed: f64,
    slope: f64,
    threshold: f64,
    over_ms: f64,
    over_count: u32,
    trend: Trend,
}

impl Default for Trendline {
    fn default() -> Self {
        Self {
            values: [(0.0, 0.0); WINDOW],
            count: 0,
            smoothed: 0.0,
            slope: 0.0,
            threshold: THRESHOLD,
            over_ms: 0.0,
            over_count: 0,
            trend: Trend::Level,
        }
    }
}

impl Trendline {
    /// Adds the delay of a group that arrived at `at_ms` and was sent `sent_delta_ms` after the one before.
    pub(crate) fn push(&mut self, at_ms: f64, delay_ms: f64, sent_delta_ms: f64) {
        self.smoothed = if self.count == 0 {
            delay_ms
        } else {
            SMOOTHING * self.smoothed + (1.0 - SMOOTHING) * delay_ms
        };
        self.values[self.count as usize % WINDOW] = (at_ms, self.smoothed);
        self.count = self.next_count();
        if self.count < WINDOW as u32 {
            return;
        }
        let slope = self.fit().unwrap_or(self.slope);
        self.judge(slope, sent_delta_ms);
    }

    /// The current trend.
    pub(crate) fn trend(&self) -> Trend {
        self.trend
    }

    /// The next count. It is kept bounded by subtracting a whole [`WINDOW`], so that the ring position stays right.
    fn next_count(&self) -> u32 {
        if self.count >= 1_000 * WINDOW as u32 {
            self.count + 1 - WINDOW as u32
        } else {
            self.count + 1
        }
    }

    /// The slope of the least-squares line.
    fn fit(&self) -> Option<f64> {
        // The first value is the origin: the sums stay small, whatever the clock's value.
        let (x0, y0) = self.values[0];
        let (mut sx, mut sy, mut sxx, mut sxy) = (0.0, 0.0, 0.0, 0.0);
        for (x, y) in self.values {
            let (x, y) = (x - x0, y - y0);
            sx += x;
            sy += y;
            sxx += x * x;
            sxy += x * y;
        }
        let n = WINDOW as f64;
        let divisor = n * sxx - sx * sx;
        (divisor > 1e-6).then(|| (n * sxy - sx * sy) / divisor)
    }

    fn judge(&mut self, slope: f64, sent_delta_ms: f64) {
        let modified = f64::from(self.count.min(MAX_COUNT)) * slope * GAIN;
        if modified > self.threshold {
            // Half of the time since the last value, if the trend was below the threshold then.
            self.over_ms += if self.over_count == 0 { sent_delta_ms / 2.0 } else { sent_delta_ms };
            self.over_count += 1;
            if self.over_ms > OVER_TIME_MS && self.over_count > 1 && slope >= self.slope {
                self.over_ms = 0.0;
                self.over_count = 0;
                self.trend = Trend::Rising;
            }
        } else {
            self.over_ms = 0.0;
            self.over_count = 0;
            self.trend = if modified < -self.threshold { Trend::Falling } else { Trend::Level };
        }
        self.slope = slope;
        self.adapt(modified.abs(), sent_delta_ms);
    }

    /// Adapts the threshold to the trend: up slowly, so that a link with constant jitter remains usable; down fast.
    fn adapt(&mut self, modified: f64, elapsed_ms: f64) {
        if modified > self.threshold + MAX_STRAY {
            return;
        }
        let k = if modified < self.threshold { K_DOWN } else { K_UP };
        self.threshold += k * (modified - self.threshold) * elapsed_ms.clamp(0.0, 100.0);
        self.threshold = self.threshold.clamp(MIN_THRESHOLD, MAX_THRESHOLD);
    }
}
