//! Whether a layer is wanted, so that the publisher need not encode layers that nobody watches. Pure.

use std::time::{Duration, Instant};

/// A layer is paused when nobody has wanted it for this long. A viewer that looks away for a moment, or
/// tries another layer, still finds it.
pub(crate) const PAUSE_AFTER: Duration = Duration::from_secs(5);

/// How often a room determines which layers are watched; well within [`PAUSE_AFTER`].
pub(crate) const INSPECT_EVERY: Duration = Duration::from_secs(1);

/// How long a resumed layer counts as available before its first packet comes: a round trip to the
/// publisher, the start of its encoder, and the time until its uplink has room.
pub(crate) const RESUME_WITHIN: Duration = Duration::from_secs(5);

/// The demand for one layer.
#[derive(Debug)]
pub(crate) struct Demand {
    wanted_at: Instant,
    is_paused: bool,
    resumed_at: Option<Instant>,
}

impl Demand {
    /// For a layer that has just appeared. It counts as wanted for [`PAUSE_AFTER`].
    pub(crate) fn new(now: Instant) -> Self {
        Self { wanted_at: now, is_paused: false, resumed_at: None }
    }

    /// Records that a viewer watches the layer, or wants to.
    pub(crate) fn want(&mut self, now: Instant) {
        self.wanted_at = self.wanted_at.max(now);
    }

    /// Whether the layer was wanted within [`PAUSE_AFTER`].
    pub(crate) fn is_wanted(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.wanted_at) < PAUSE_AFTER
    }

    /// Whether the last [`Self::want`] was at exactly `now`.
    pub(crate) fn is_wanted_at(&self, now: Instant) -> bool {
        self.wanted_at == now
    }

    /// Whether the publisher need not send it.
    pub(crate) fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// Sets whether the publisher need not send it.
    pub(crate) fn set_paused(&mut self, is_paused: bool, now: Instant) {
        if std::mem::replace(&mut self.is_paused, is_paused) && !is_paused {
            self.want(now);
            self.resumed_at = Some(now);
        }
    }

    /// Whether viewers can choose it although no packets come: it is paused, or was resumed within
    /// [`RESUME_WITHIN`]. A publisher that does not resume it in time cannot send it, for example for lack
    /// of bandwidth.
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
        assert!(!demand.can_be_had(at(0)), "it was never paused");
        demand.set_paused(true, at(0));
        assert!(demand.can_be_had(at(60_000)));
        demand.set_paused(false, at(60_000));
        assert!(demand.is_wanted(at(60_000)) && demand.can_be_had(at(64_999)));
        assert!(!demand.can_be_had(at(65_000)));
    }
}
