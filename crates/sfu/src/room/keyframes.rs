//! When to send the publisher a keyframe request: for all viewers together, at most once a second per
//! layer. Keyframes are many times larger than other frames. A publisher that made one for each of a
//! thousand joining viewers would send nothing else.

use std::time::{Duration, Instant};

/// The minimum interval between two requests for one layer.
pub(crate) const MIN_INTERVAL: Duration = Duration::from_secs(1);

/// Merges and paces the keyframe requests of all viewers of one layer. Pure.
#[derive(Debug, Default)]
pub(crate) struct KeyframeRequester {
    wanted: bool,
    asked_at: Option<Instant>,
}

impl KeyframeRequester {
    /// Records that a viewer needs a keyframe.
    pub(crate) fn want(&mut self) {
        self.wanted = true;
    }

    /// Records that a keyframe came, which serves all viewers that needed one.
    pub(crate) fn satisfied(&mut self) {
        self.wanted = false;
    }

    /// Whether to send a request now. A request without an effect is repeated only after another
    /// [`Self::want`].
    pub(crate) fn poll(&mut self, now: Instant) -> bool {
        if !self.wanted || self.poll_timeout().is_some_and(|at| now < at) {
            return false;
        }
        self.wanted = false;
        self.asked_at = Some(now);
        true
    }

    /// When [`Self::poll`] can next return `true`; `None` if no keyframe is wanted or no request was sent
    /// before.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.asked_at.filter(|_| self.wanted).map(|at| at + MIN_INTERVAL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::START;

    #[test]
    fn a_thousand_viewers_ask_the_publisher_once_a_second() {
        let mut requester = KeyframeRequester::default();
        let mut asked = 0;
        for ms in 0..10_000 {
            requester.want();
            asked += usize::from(requester.poll(*START + Duration::from_millis(ms)));
        }
        assert_eq!(asked, 10);
    }

    #[test]
    fn the_first_request_goes_out_at_once() {
        let mut requester = KeyframeRequester::default();
        requester.want();
        assert!(requester.poll(*START));
    }

    #[test]
    fn nobody_is_asked_for_a_keyframe_that_came_meanwhile() {
        let mut requester = KeyframeRequester::default();
        requester.want();
        assert!(requester.poll(*START));
        requester.want();
        requester.satisfied();
        assert!(!requester.poll(*START + MIN_INTERVAL));
        assert_eq!(requester.poll_timeout(), None);
    }
}
