//! Whether a viewer that seems to say goodbye is gone. After the handshake nothing is kept of DTLS that a
//! record could be verified with: it is more than half of a viewer's memory. So a goodbye is taken for a
//! hint, which anybody can forge who knows the viewer's address, and the viewer is asked: one that is there
//! answers a connectivity check, or sends its reports. Pure.

use std::time::{Duration, Instant};

/// What the viewer sent before its goodbye may come after it.
const IN_FLIGHT: Duration = Duration::from_millis(250);

/// How long it is waited for: a browser sends a report a second at least, and a check of ours is answered
/// in a round trip.
const GONE_AFTER: Duration = Duration::from_secs(3);

/// The time between two questions.
const ASK_EVERY: Duration = Duration::from_millis(500);

/// A goodbye that was heard, until it is known what it is worth.
#[derive(Debug, Default)]
pub(crate) struct CloseCheck {
    said_at: Option<Instant>,
    ask_at: Option<Instant>,
}

/// What to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing, for now or at all.
    Wait,
    /// Ask the viewer whether it is there.
    Ask,
    /// It is gone.
    Gone,
}

impl CloseCheck {
    /// What may be a goodbye came.
    pub(crate) fn said(&mut self, now: Instant) {
        if self.said_at.is_none() {
            self.said_at = Some(now);
            self.ask_at = Some(now + IN_FLIGHT);
        }
    }

    /// Lets time pass; `heard_at` is when something last came that only the viewer can have sent.
    pub(crate) fn poll(&mut self, heard_at: Instant, now: Instant) -> Step {
        let Some(said_at) = self.said_at else { return Step::Wait };
        if heard_at > said_at + IN_FLIGHT {
            *self = Self::default();
            return Step::Wait;
        }
        if now >= said_at + GONE_AFTER {
            return Step::Gone;
        }
        if self.ask_at.is_some_and(|at| now >= at) {
            self.ask_at = Some(now + ASK_EVERY);
            return Step::Ask;
        }
        Step::Wait
    }

    /// When it has something to do.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        Some(self.ask_at?.min(self.said_at? + GONE_AFTER))
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
    fn who_is_silent_after_a_goodbye_is_gone_and_was_asked() {
        let mut it = CloseCheck::default();
        assert_eq!((it.poll(at(0), at(0)), it.deadline()), (Step::Wait, None));
        it.said(at(0));
        let mut asked = 0;
        loop {
            let now = it.deadline().unwrap();
            // A report that was under way when the viewer left.
            match it.poll(at(100), now) {
                Step::Ask => asked += 1,
                Step::Gone => break assert_eq!(now, at(3_000)),
                Step::Wait => panic!("woken for nothing at {now:?}"),
            }
        }
        assert_eq!(asked, 6);
    }

    #[test]
    fn who_is_heard_after_a_goodbye_did_not_say_it() {
        let mut it = CloseCheck::default();
        it.said(at(0));
        assert_eq!(it.poll(at(0), at(300)), Step::Ask);
        assert_eq!(it.poll(at(320), at(800)), Step::Wait);
        assert_eq!(it.deadline(), None);
        it.said(at(5_000));
        assert_eq!(it.poll(at(4_900), at(8_000)), Step::Gone, "the next one counts anew");
    }
}
