//! The estimate: additive or multiplicative increase, multiplicative decrease.

use super::rate::Rates;

/// At overuse, the estimate falls to this part of the received rate.
const BETA: f64 = 0.85;

/// Growth per second, far from the rate where the estimate last fell.
const GROWTH: f64 = 1.08;

/// Without a probe, the estimate grows to at most this many times the received rate, plus [`MAX_ABOVE_BPS`]: the
/// capacity above is unknown.
const MAX_RATIO: f64 = 1.5;
/// See [`MAX_RATIO`].
const MAX_ABOVE_BPS: f64 = 10_000.0;

/// A sender below this part of the estimate does not test it.
const LIMITED: f64 = 0.75;

/// At overuse while the estimate is not tested, it falls no lower than to this part.
const UNTRIED_BETA: f64 = 0.7;

/// The least additive growth per second, as a part of the estimate. The path to a nearby server has a short round-trip
/// time; growth need not wait for a longer one.
const MIN_ADDITIVE: f64 = 0.02;

/// Size of a packet in bits.
const PACKET_BITS: f64 = 9_600.0;

/// After a fall, overuse while the estimate is not tested is ignored for this long.
const UNTRIED_SETTLE_US: u64 = 500_000;

/// After a fall, further overuse is ignored for this long and a round trip, until feedback shows the effect.
const SETTLE_US: u64 = 100_000;

/// The rate at which the link was seen full, and its variance. In kbit/s, like the constants of libwebrtc.
#[derive(Debug, Clone, Copy)]
struct Capacity {
    mean: f64,
    /// Relative to the mean.
    variance: f64,
}

impl Capacity {
    /// Updates the known capacity with another observation.
    fn seen(known: Option<Self>, bps: f64) -> Self {
        let kbps = (bps / 1e3).max(1.0);
        let Some(Self { mean, variance }) = known.filter(|it| bps > it.lower_bps()) else {
            return Self { mean: kbps, variance: 0.4 };
        };
        let error = kbps - mean;
        let mean = mean + 0.05 * error;
        let variance = 0.95 * variance + 0.05 * error * error / mean.max(1.0);
        Self { mean, variance: variance.clamp(0.4, 2.5) }
    }

    fn deviation(&self) -> f64 {
        3.0 * (self.variance * self.mean).sqrt()
    }

    fn upper_bps(&self) -> f64 {
        (self.mean + self.deviation()) * 1e3
    }

    fn lower_bps(&self) -> f64 {
        (self.mean - self.deviation()) * 1e3
    }
}

/// The current estimate and its state.
#[derive(Debug)]
pub(crate) struct Aimd {
    estimate: f64,
    min: f64,
    max: f64,
    capacity: Option<Capacity>,
    updated_at: u64,
    lowered_at: Option<u64>,
    /// Whether loss lowered it, and not a queue: loss is noticed later, and costs more.
    is_loss: bool,
}

impl Aimd {
    /// Starts with an initial estimate, in bit/s.
    pub(crate) fn new(now_us: u64, start: f64, min: f64, max: f64) -> Self {
        Self {
            estimate: start,
            min,
            max,
            capacity: None,
            updated_at: now_us,
            lowered_at: None,
            is_loss: false,
        }
    }

    /// The estimate in bit/s.
    pub(crate) fn estimate(&self) -> f64 {
        self.estimate
    }

    /// Limits a rate to the minimum and the maximum.
    pub(crate) fn clamp(&self, bps: f64) -> f64 {
        // A NaN would pass `clamp`.
        if bps.is_nan() { self.min } else { bps.clamp(self.min, self.max) }
    }

    /// Whether the link was seen full at about this rate.
    pub(crate) fn knows_capacity(&self) -> bool {
        self.capacity.is_some()
    }

    /// The estimate, or the rate at which the link was seen full if that is lower, in bit/s.
    pub(crate) fn surely_fits(&self) -> f64 {
        self.capacity.map_or(self.estimate, |it| self.estimate.min(it.mean * 1e3))
    }

    /// Whether the estimate is at its minimum.
    pub(crate) fn is_least(&self) -> bool {
        self.estimate <= self.min
    }

    /// Sets the estimate, whatever it was before.
    pub(crate) fn set(&mut self, now_us: u64, bps: f64) {
        self.estimate = self.clamp(bps);
        self.updated_at = now_us;
    }

    /// Raises the estimate to a probe's result, or back to where it was before a wrong reduction.
    pub(crate) fn raise_to(&mut self, now_us: u64, bps: f64) {
        if bps <= self.estimate {
            return;
        }
        self.set(now_us, bps);
        self.capacity = self.capacity.filter(|it| bps <= it.upper_bps());
    }

    /// Lowers the estimate to `bps` after loss. `acked`: the received rate.
    pub(crate) fn reduce_to(&mut self, now_us: u64, bps: f64, acked: f64) {
        if bps >= self.estimate {
            return;
        }
        self.set(now_us, bps);
        self.is_loss = true;
        self.lowered_at = Some(now_us);
        self.capacity = Some(Capacity::seen(self.capacity, acked));
    }

    /// Skips the growth since the last update.
    pub(crate) fn hold(&mut self, now_us: u64) {
        self.updated_at = now_us;
    }

    /// Grows the estimate: there is no sign of overuse.
    pub(crate) fn increase(&mut self, now_us: u64, acked: Rates, sent: Option<Rates>, rtt_us: u64) {
        let seconds = now_us.saturating_sub(self.updated_at).min(1_000_000) as f64 / 1e6;
        self.updated_at = now_us;
        self.capacity = self.capacity.filter(|it| acked.long <= it.upper_bps());
        let mut limit = MAX_RATIO * acked.long + MAX_ABOVE_BPS;
        let is_limited = sent.is_none_or(|it| it.long < LIMITED * self.estimate);
        if let Some(capacity) = self.capacity
            && is_limited
        {
            limit = limit.min(capacity.mean * 1e3);
        }
        if self.estimate >= limit {
            return;
        }
        let growth = if self.capacity.is_some() {
            let response = (rtt_us + SETTLE_US) as f64 / 1e6;
            let packets = if self.is_loss { 0.0 } else { PACKET_BITS / response };
            packets.max(MIN_ADDITIVE * self.estimate) * seconds
        } else {
            self.estimate * (GROWTH.powf(seconds) - 1.0)
        };
        self.estimate = self.clamp((self.estimate + growth.max(1_000.0 * seconds)).min(limit));
    }

    /// Lowers the estimate after overuse. `is_queue_long`: the queue is beyond doubt.
    pub(crate) fn on_overuse(
        &mut self,
        now_us: u64,
        acked: Rates,
        sent: Option<Rates>,
        rtt_us: u64,
        is_queue_long: bool,
    ) {
        self.updated_at = now_us;
        let arriving = acked.least();
        let settle = (rtt_us + SETTLE_US).clamp(SETTLE_US, 400_000);
        let settles = self.lowered_at.is_some_and(|at| now_us.saturating_sub(at) < settle);
        if settles && arriving > 0.5 * self.estimate {
            return;
        }
        // All that is sent arrives, at a low rate: the estimate was not too high, or not by as much as the rate
        // suggests.
        let is_untried = !is_queue_long
            && sent.is_some_and(|it| {
                it.short <= 1.05 * acked.short && acked.short < LIMITED * self.estimate
            });
        let mut target = BETA * arriving;
        if is_untried {
            if self.lowered_at.is_some_and(|at| now_us.saturating_sub(at) < UNTRIED_SETTLE_US) {
                return;
            }
            target = target.max(UNTRIED_BETA * self.estimate);
        } else {
            self.capacity = Some(Capacity::seen(self.capacity, arriving));
        }
        if target < self.estimate {
            self.estimate = self.clamp(target);
            self.is_loss = false;
            self.lowered_at = Some(now_us);
        }
    }
}
