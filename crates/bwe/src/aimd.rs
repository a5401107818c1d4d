//! The estimate: additive or multiplicative increase, multiplicative decrease.

use super::rate::Rates;

/// What remains of the arriving rate when a queue grows.
const BETA: f64 = 0.85;

/// Growth a second, far from where the estimate last fell.
const GROWTH: f64 = 1.08;

/// The estimate grows by itself up to this many times what arrives, and a little: nobody knows
/// what else the link can do.
const MAX_RATIO: f64 = 1.5;
const MAX_ABOVE_BPS: f64 = 10_000.0;

/// Who sends less than this part of the estimate does not try it.
const LIMITED: f64 = 0.75;

/// What remains of the estimate at overuse while it was not tried.
const UNTRIED_BETA: f64 = 0.7;

/// The least additive growth a second: round trips are short on the way to a nearby server, and
/// long detours need not be waited for.
const MIN_ADDITIVE: f64 = 0.02;

/// The bits of a packet.
const PACKET_BITS: f64 = 9_600.0;

/// How long it then stands.
const UNTRIED_SETTLE_US: u64 = 500_000;

/// How long the estimate stands after it was lowered, until feedback can show what came of it.
const SETTLE_US: u64 = 100_000;

/// The rate at which the link was seen to be full, and how sure that is. In kbit/s, as the
/// constants of libwebrtc are.
#[derive(Debug, Clone, Copy)]
struct Capacity {
    mean: f64,
    /// Relative to the mean.
    variance: f64,
}

impl Capacity {
    /// Seen again.
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

/// Holds the estimate.
#[derive(Debug)]
pub(crate) struct Aimd {
    estimate: f64,
    min: f64,
    max: f64,
    capacity: Option<Capacity>,
    updated_at: u64,
    lowered_at: Option<u64>,
    /// Whether loss lowered it, and not a queue: that is seen late, and costs more.
    is_loss: bool,
}

impl Aimd {
    /// Begins with a guess.
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

    /// The estimate in bits a second.
    pub(crate) fn estimate(&self) -> f64 {
        self.estimate
    }

    /// Within the bounds.
    pub(crate) fn clamp(&self, bps: f64) -> f64 {
        // A NaN would pass `clamp`.
        if bps.is_nan() { self.min } else { bps.clamp(self.min, self.max) }
    }

    /// Whether the link was seen full at about this rate.
    pub(crate) fn knows_capacity(&self) -> bool {
        self.capacity.is_some()
    }

    /// The estimate, or where the link was seen full when that is less, in bits a second.
    pub(crate) fn surely_fits(&self) -> f64 {
        self.capacity.map_or(self.estimate, |it| self.estimate.min(it.mean * 1e3))
    }

    /// Whether it cannot fall further.
    pub(crate) fn is_least(&self) -> bool {
        self.estimate <= self.min
    }

    /// Whatever it was before.
    pub(crate) fn set(&mut self, now_us: u64, bps: f64) {
        self.estimate = self.clamp(bps);
        self.updated_at = now_us;
    }

    /// A probe, or what was wrongly taken away.
    pub(crate) fn raise_to(&mut self, now_us: u64, bps: f64) {
        if bps <= self.estimate {
            return;
        }
        self.set(now_us, bps);
        self.capacity = self.capacity.filter(|it| bps <= it.upper_bps());
    }

    /// Loss has shown that not more than `bps` is to be sent, and `acked` arrives.
    pub(crate) fn reduce_to(&mut self, now_us: u64, bps: f64, acked: f64) {
        if bps >= self.estimate {
            return;
        }
        self.set(now_us, bps);
        self.is_loss = true;
        self.lowered_at = Some(now_us);
        self.capacity = Some(Capacity::seen(self.capacity, acked));
    }

    /// No growth for the time since the last update.
    pub(crate) fn hold(&mut self, now_us: u64) {
        self.updated_at = now_us;
    }

    /// Nothing speaks against more.
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

    /// A queue grows. `is_queue_long`: there is no doubt that it is one.
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
        // What is sent arrives, and is little: it is not the estimate that was too high, or not by
        // as much as the rate suggests.
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
