//! Whether the one-way delay rises: a line through its last 20 values, and a threshold that adapts.

/// Values that the line is laid through.
const WINDOW: usize = 20;

/// How much of the smoothed delay remains with each value.
const SMOOTHING: f64 = 0.9;

/// The slope is counted this many times, so that thresholds are as in the draft.
const GAIN: f64 = 4.0;

/// A slope counts more the more values it rests on, up to this many.
const MAX_COUNT: u32 = 60;

/// How fast the threshold follows a trend above and below it, a millisecond.
const K_UP: f64 = 0.0087;
const K_DOWN: f64 = 0.039;

/// The threshold at first and its bounds.
const THRESHOLD: f64 = 12.5;
const MIN_THRESHOLD: f64 = 6.0;
const MAX_THRESHOLD: f64 = 600.0;

/// The threshold does not follow what is further off than this: a capacity that fell.
const MAX_STRAY: f64 = 15.0;

/// How long the trend is above the threshold before that counts, in ms.
const OVER_TIME_MS: f64 = 10.0;

/// What the trend says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Trend {
    /// The delay falls.
    Falling,
    /// Neither.
    #[default]
    Level,
    /// The delay rises.
    Rising,
}

/// The trend of a delay.
#[derive(Debug)]
pub(crate) struct Trendline {
    /// Arrival time and smoothed delay, in ms; a ring.
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
    /// One more delay, of a group that arrived at `at_ms` and was sent `sent_delta_ms` after the
    /// one before.
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

    /// What the trend says.
    pub(crate) fn trend(&self) -> Trend {
        self.trend
    }

    /// Counts on without end, so that the ring's position remains right.
    fn next_count(&self) -> u32 {
        if self.count >= 1_000 * WINDOW as u32 {
            self.count + 1 - WINDOW as u32
        } else {
            self.count + 1
        }
    }

    /// The slope of the line with the least squares.
    fn fit(&self) -> Option<f64> {
        // The first value as the origin: the sums stay small, whatever the clock says.
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
            // Half of the time since the last value, when it was not over then.
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

    /// The threshold follows the trend: slowly up, so that a link that is always shaky can be used;
    /// fast down.
    fn adapt(&mut self, modified: f64, elapsed_ms: f64) {
        if modified > self.threshold + MAX_STRAY {
            return;
        }
        let k = if modified < self.threshold { K_DOWN } else { K_UP };
        self.threshold += k * (modified - self.threshold) * elapsed_ms.clamp(0.0, 100.0);
        self.threshold = self.threshold.clamp(MIN_THRESHOLD, MAX_THRESHOLD);
    }
}
