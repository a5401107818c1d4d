//! Whether the least there is of the picture is more than a viewer's link carries. Told by what the link is
//! thought to carry, and by the viewer, who asks for keyframes when it sees nothing. A link that
//! loses much and carries it all the same is thought to carry more. Pure.

use std::time::{Duration, Instant};

/// The link may carry this share of the least there is, and so much may arrive: encoders exceed their rate.
const THOUGHT_BELOW: f64 = 0.95;
const ARRIVES_BELOW: f64 = 1.15;

/// How long it must have been too little, and how lately the viewer must have asked for a keyframe: Chromium
/// asks every three seconds or so when it sees nothing.
const SHORT_FOR: Duration = Duration::from_secs(2);
const LATELY: Duration = Duration::from_secs(8);

/// What is thought is believed only when it is not much below what did arrive: bursts of loss are no measure.
const BELIEVED: f64 = 0.7;

/// Where less was sent and for so long as much got lost, it was not the reason, and is not looked at again for
/// a while.
const REFUTED_AFTER: Duration = Duration::from_secs(4);
const REFUTED_FOR: Duration = Duration::from_secs(10);

/// From this share of the least on it is sent all the time again, or when it was above the other for a while.
const AMPLE_ABOVE: f64 = 1.25;
const ENOUGH_ABOVE: f64 = 1.05;
const ENOUGH_FOR: Duration = Duration::from_secs(5);

/// What is known of it.
#[derive(Debug, Default)]
pub(crate) struct BelowLowest {
    is_on: bool,
    /// Since when it is thought to be too little, and the most that arrived since.
    since: Option<(Instant, f64)>,
    /// Since when it is thought to be enough.
    enough_since: Option<Instant>,
    /// When the viewer last asked.
    asked_at: Option<Instant>,
    /// Since when much gets lost although less is sent.
    lossy_since: Option<Instant>,
    /// Until when it is not looked at.
    not_before: Option<Instant>,
}

impl BelowLowest {
    /// Whether a picture that takes `least` at least is too much for a link that is thought to carry `thought`,
    /// while `arriving` arrives: all in bits a second, and without sound. `loses_much`: whether much gets lost
    /// and no queue is the reason.
    pub(crate) fn is_on(
        &mut self,
        least: f64,
        thought: f64,
        arriving: f64,
        loses_much: bool,
        now: Instant,
    ) -> bool {
        if thought < least * ENOUGH_ABOVE {
            self.enough_since = None;
        } else {
            let since = *self.enough_since.get_or_insert(now);
            let is_long = now.saturating_duration_since(since) >= ENOUGH_FOR;
            self.is_on &= !is_long && thought < least * AMPLE_ABOVE;
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
        if thought >= least * THOUGHT_BELOW || arriving >= least * ARRIVES_BELOW {
            self.since = None;
        } else {
            let (since, most) = self.since.unwrap_or((now, 0.0));
            let most = most.max(arriving);
            self.since = Some((since, most));
            let is_long = now.saturating_duration_since(since) >= SHORT_FOR;
            let is_asked =
                self.asked_at.is_some_and(|it| now.saturating_duration_since(it) < LATELY);
            self.is_on |= is_long && is_asked && thought >= most * BELIEVED;
            if now.saturating_duration_since(since) >= LATELY {
                // What arrived long ago is no measure: it may be narrower since then.
                self.since = Some((now, arriving));
            }
        }
        self.is_on
    }

    /// It begins, whatever was seen.
    pub(crate) fn begin(&mut self) {
        self.is_on = true;
    }

    /// The viewer asked for a keyframe, of what was sent to be seen.
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
        assert!(!it.is_on(100.0, 80.0, 80.0, false, at(9)), "it is seen all the same");
        it.asked(at(9));
        assert!(!it.is_on(100.0, 80.0, 120.0, false, at(10)), "it all arrives");
        assert!(!it.is_on(100.0, 80.0, 80.0, false, at(10)), "for a moment");
        assert!(it.is_on(100.0, 80.0, 80.0, false, at(12)));
        assert!(it.is_on(100.0, 120.0, 90.0, false, at(13)), "not back and forth");
        assert!(!it.is_on(100.0, 125.0, 100.0, false, at(14)));
        assert!(!it.is_on(100.0, 80.0, 80.0, false, at(15)), "and anew");
        it.asked(at(16));
        assert!(it.is_on(100.0, 80.0, 80.0, false, at(17)));
        assert!(it.is_on(100.0, 110.0, 90.0, false, at(18)));
        assert!(!it.is_on(100.0, 110.0, 100.0, false, at(23)), "or long enough");
    }

    #[test]
    fn a_link_that_narrows_step_by_step_is_short_in_the_end() {
        let mut it = BelowLowest::default();
        for s in 0..30 {
            it.asked(at(s));
            let carried = if s < 2 { 90.0 } else { 50.0 };
            if it.is_on(100.0, carried, carried, false, at(s)) {
                assert!((8..14).contains(&s), "after {s} s");
                return;
            }
        }
        panic!("it never was");
    }

    #[test]
    fn what_gets_lost_all_the_same_or_is_thought_too_little_of_is_sent_whole() {
        let mut it = BelowLowest::default();
        it.asked(at(0));
        assert!(!it.is_on(100.0, 30.0, 90.0, false, at(0)));
        assert!(!it.is_on(100.0, 30.0, 20.0, false, at(3)), "more than that arrived");
        assert!(it.is_on(100.0, 80.0, 90.0, false, at(4)));
        assert!(it.is_on(100.0, 60.0, 50.0, true, at(5)));
        assert!(it.is_on(100.0, 60.0, 60.0, false, at(6)), "less got lost");
        assert!(it.is_on(100.0, 60.0, 50.0, true, at(7)));
        assert!(!it.is_on(100.0, 60.0, 50.0, true, at(11)), "it is lost as much");
        it.asked(at(19));
        assert!(!it.is_on(100.0, 60.0, 60.0, true, at(20)), "and would be again");
    }
}
