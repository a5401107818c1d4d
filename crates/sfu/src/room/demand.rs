//! Whether anybody wants a layer, so that the publisher need not encode what nobody watches. Pure.

use std::time::{Duration, Instant};

/// A layer is paused once nobody has wanted it for this long: who looks away for a moment, or tries
/// another layer, finds it as it was.
pub(crate) const PAUSE_AFTER: Duration = Duration::from_secs(5);

/// How often it is looked who watches what; well within [`PAUSE_AFTER`].
pub(crate) const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long a layer that is wanted again counts as there without having come: a round trip to the
/// publisher, the start of its encoder, and the time its own uplink takes to find room.
pub(crate) const RESUME_WITHIN: Duration = Duration::from_secs(5);

/// What is wanted of one layer.
#[derive(Debug)]
pub(crate) struct Demand {
    wanted_at: Instant,
    is_paused: bool,
    resumed_at: Option<Instant>,
}

impl Demand {
    /// Of a layer that has just come: it is wanted until nobody turns out to watch it.
    pub(crate) fn new(now: Instant) -> Self {
        Self { wanted_at: now, is_paused: false, resumed_at: None }
    }

    /// Somebody watches it, or wants to.
    pub(crate) fn want(&mut self, now: Instant) {
        self.wanted_at = self.wanted_at.max(now);
    }

    /// Whether anybody did lately.
    pub(crate) fn is_wanted(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.wanted_at) < PAUSE_AFTER
    }

    /// Whether somebody does just now.
    pub(crate) fn is_wanted_at(&self, now: Instant) -> bool {
        self.wanted_at == now
    }

    /// Whether the publisher need not send it.
    pub(crate) fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// The publisher need not send it, or is to send it again.
    pub(crate) fn set_paused(&mut self, is_paused: bool, now: Instant) {
        if std::mem::replace(&mut self.is_paused, is_paused) && !is_paused {
            self.want(now);
            self.resumed_at = Some(now);
        }
    }

    /// Whether it can be had though nothing of it comes: it is paused, or about to come again. A
    /// publisher that does not resume it has lost it, like one without the bandwidth.
    pub(crate) fn can_be_had(&self, now: Instant) -> bool {
        let is_fresh = |at: Instant| now.saturating_duration_since(at) < RESUME_WITHIN;
        self.is_paused || self.resumed_at.is_some_and(is_fresh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::START;

    fn at(ms: u64) -> Instant {
        *START + Duration::from_millis(ms)
    }

    #[test]
    fn a_layer_is_wanted_for_a_while_after_the_last_who_watched_it() {
        let mut demand = Demand::new(at(0));
        assert!(demand.is_wanted(at(4_999)) && !demand.is_wanted(at(5_000)));
        demand.want(at(3_000));
        demand.want(at(2_000));
        assert!(demand.is_wanted(at(7_999)) && !demand.is_wanted(at(8_000)));
    }

    #[test]
    fn a_paused_layer_can_be_had_and_one_that_does_not_come_back_cannot() {
        let mut demand = Demand::new(at(0));
        assert!(!demand.can_be_had(at(0)), "what was never paused is there or not");
        demand.set_paused(true, at(0));
        assert!(demand.can_be_had(at(60_000)));
        demand.set_paused(false, at(60_000));
        assert!(demand.is_wanted(at(60_000)) && demand.can_be_had(at(64_999)));
        assert!(!demand.can_be_had(at(65_000)));
    }
}
