//! Decides whether a viewer's link carries less than the lowest layer's bitrate. Two signs are needed: the
//! bitrate estimate and the received rate are too low, and the viewer requests keyframes, as it does when
//! it sees no picture. An estimate far below the received rate does not count: a lossy link can carry more
//! than its estimate. Pure.

use std::time::{Duration, Instant};

/// The link is too narrow only while the estimate is below this share of the lowest layer's bitrate.
const ESTIMATE_BELOW: f64 = 0.95;

/// And only while the received rate is below this share of it. The share is above 1, since encoders exceed
/// their bitrate.
const RECEIVED_BELOW: f64 = 1.15;

/// How long both rates must have been too low.
const SHORT_FOR: Duration = Duration::from_secs(2);

/// How recent the viewer's last keyframe request must be. Chromium sends one about every 3 s while it shows
/// no picture. The highest received rate is measured over the same time.
const LATELY: Duration = Duration::from_secs(8);

/// The estimate counts only if it is at least this share of the highest received rate: a burst of loss
/// lowers it without a narrow link.
const CREDIBLE_ABOVE: f64 = 0.7;

/// If much is lost for this long although less is sent, the bitrate was not the reason for the loss. Then
/// the layer is sent all the time again.
const REFUTED_AFTER: Duration = Duration::from_secs(4);

/// How long after that the link is not checked again.
const REFUTED_FOR: Duration = Duration::from_secs(10);

/// The layer is sent all the time again at once if the estimate is at least this share of its bitrate.
const AMPLE_ABOVE: f64 = 1.25;

/// It is also sent all the time again if the estimate is at least this share for [`ENOUGH_FOR`].
const ENOUGH_ABOVE: f64 = 1.05;
const ENOUGH_FOR: Duration = Duration::from_secs(5);

/// The decision for one viewer, and its signs.
#[derive(Debug, Default)]
pub(crate) struct BelowLowest {
    is_on: bool,
    /// Since when both rates are too low, and the highest received rate since then, in bit/s.
    since: Option<(Instant, f64)>,
    /// Since when the estimate is at least [`ENOUGH_ABOVE`] of the lowest layer's bitrate.
    enough_since: Option<Instant>,
    /// When the viewer last requested a keyframe.
    asked_at: Option<Instant>,
    /// Since when much is lost although less is sent.
    lossy_since: Option<Instant>,
    /// Until when the link is not checked.
    not_before: Option<Instant>,
}

impl BelowLowest {
    /// Whether the link carries less than the lowest layer. `lowest_bps` is that layer's bitrate,
    /// `estimate_bps` the bitrate estimate and `received_bps` the received rate, all in bit/s and without
    /// audio. `loses_much` says that much is lost and a queue is not the reason.
    pub(crate) fn is_on(
        &mut self,
        lowest_bps: f64,
        estimate_bps: f64,
        received_bps: f64,
        loses_much: bool,
        now: Instant,
    ) -> bool {
        if estimate_bps < lowest_bps * ENOUGH_ABOVE {
            self.enough_since = None;
        } else {
            let since = *self.enough_since.get_or_insert(now);
            let is_long = now.saturating_duration_since(since) >= ENOUGH_FOR;
            self.is_on &= !is_long && estimate_bps < lowest_bps * AMPLE_ABOVE;
        }
        if self.is_on && loses_much {
            let since = *self.lossy_since.get_or_insert(now);
            if now.saturating_duration_since(since) >= REFUTED_AFTER {
                self.is_on = false;
                self.since = None;
                self.not_before = Some(now + REFUTED_FOR);
            }
        } else {
            self.lossy_since = None;
        }
        if self.not_before.is_some_and(|it| now < it) {
            return self.is_on;
        }
        if estimate_bps >= lowest_bps * ESTIMATE_BELOW
            || received_bps >= lowest_bps * RECEIVED_BELOW
        {
            self.since = None;
        } else {
            let (since, most) = self.since.unwrap_or((now, 0.0));
            let most = most.max(received_bps);
            self.since = Some((since, most));
            let is_long = now.saturating_duration_since(since) >= SHORT_FOR;
            let is_asked =
                self.asked_at.is_some_and(|it| now.saturating_duration_since(it) < LATELY);
            self.is_on |= is_long && is_asked && estimate_bps >= most * CREDIBLE_ABOVE;
            if now.saturating_duration_since(since) >= LATELY {
                // The link may have narrowed since then, so the highest received rate is measured anew.
                self.since = Some((now, received_bps));
            }
        }
        self.is_on
    }

    /// Turns it on, whatever the signs are.
    pub(crate) fn begin(&mut self) {
        self.is_on = true;
    }

    /// Records that the viewer requested a keyframe while a layer was sent all the time.
    pub(crate) fn asked(&mut self, now: Instant) {
        self.asked_at = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::START;

    fn at(s: u64) -> Instant {
        *START + Duration::from_secs(s)
    }

    #[test]
    fn a_link_is_short_for_a_viewer_that_sees_nothing_until_it_is_ample() {
        let mut it = BelowLowest::default();
        assert!(!it.is_on(100.0, 80.0, 80.0, false, at(0)));
        assert!(
            !it.is_on(100.0, 80.0, 80.0, false, at(9)),
            "the viewer did not ask for a keyframe"
        );
        it.asked(at(9));
        assert!(!it.is_on(100.0, 80.0, 120.0, false, at(10)), "the whole layer is received");
        assert!(!it.is_on(100.0, 80.0, 80.0, false, at(10)), "the rates have just become too low");
        assert!(it.is_on(100.0, 80.0, 80.0, false, at(12)));
        assert!(it.is_on(100.0, 120.0, 90.0, false, at(13)), "the estimate is not ample");
        assert!(!it.is_on(100.0, 125.0, 100.0, false, at(14)));
        assert!(!it.is_on(100.0, 80.0, 80.0, false, at(15)), "the rates have just become too low");
        it.asked(at(16));
        assert!(it.is_on(100.0, 80.0, 80.0, false, at(17)));
        assert!(it.is_on(100.0, 110.0, 90.0, false, at(18)));
        assert!(!it.is_on(100.0, 110.0, 100.0, false, at(23)), "the estimate was enough for 5 s");
    }

    #[test]
    fn a_link_that_narrows_step_by_step_is_short_in_the_end() {
        let mut it = BelowLowest::default();
        for s in 0..30 {
            it.asked(at(s));
            let carried = if s < 2 { 90.0 } else { 50.0 };
            if it.is_on(100.0, carried, carried, false, at(s)) {
                assert!((8..14).contains(&s), "the narrow link was detected after {s} s");
                return;
            }
        }
        panic!("the narrow link was not detected");
    }

    #[test]
    fn what_gets_lost_all_the_same_or_is_thought_too_little_of_is_sent_whole() {
        let mut it = BelowLowest::default();
        it.asked(at(0));
        assert!(!it.is_on(100.0, 30.0, 90.0, false, at(0)));
        assert!(
            !it.is_on(100.0, 30.0, 20.0, false, at(3)),
            "the estimate is far below the received rate"
        );
        assert!(it.is_on(100.0, 80.0, 90.0, false, at(4)));
        assert!(it.is_on(100.0, 60.0, 50.0, true, at(5)));
        assert!(it.is_on(100.0, 60.0, 60.0, false, at(6)), "the loss has ended");
        assert!(it.is_on(100.0, 60.0, 50.0, true, at(7)));
        assert!(!it.is_on(100.0, 60.0, 50.0, true, at(11)), "much is lost although less is sent");
        it.asked(at(19));
        assert!(!it.is_on(100.0, 60.0, 60.0, true, at(20)), "the link is not checked for 10 s");
    }
}
