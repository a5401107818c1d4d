//! Whether a viewer whose DTLS `close_notify` seems to have arrived is gone. After the handshake the server keeps no
//! DTLS state to verify a record with: that state is more than half of a viewer's memory. Anybody who knows the
//! viewer's address can forge the record, so it is only a hint. The viewer is checked: a live one answers a
//! connectivity check or sends RTCP. Pure.

use std::time::{Duration, Instant};

/// Packets that the viewer sent before its `close_notify` may arrive this much later.
const IN_FLIGHT: Duration = Duration::from_millis(250);

/// A viewer that was not heard for this long is gone: a browser sends RTCP at least once a second, and answers a
/// connectivity check within a round trip.
const GONE_AFTER: Duration = Duration::from_secs(3);

/// Interval of connectivity checks.
const ASK_EVERY: Duration = Duration::from_millis(500);

/// Decides whether a `close_notify` was authentic.
#[derive(Debug, Default)]
pub(crate) struct CloseCheck {
    said_at: Option<Instant>,
    ask_at: Option<Instant>,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing for now.
    Wait,
    /// Send the viewer a connectivity check.
    Ask,
    /// Close the session: the viewer is gone.
    Gone,
}

impl CloseCheck {
    /// A record that may be a `close_notify` arrived.
    pub(crate) fn said(&mut self, now: Instant) {
        if self.said_at.is_none() {
            self.said_at = Some(now);
            self.ask_at = Some(now + IN_FLIGHT);
        }
    }

    /// Returns what to do now. `heard_at`: when the last authenticated packet of the viewer arrived.
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

    /// When [`Self::poll`] is due.
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
            // An RTCP report that was in flight when the viewer left.
            match it.poll(at(100), now) {
                Step::Ask => asked += 1,
                Step::Gone => break assert_eq!(now, at(3_000)),
                Step::Wait => panic!("nothing was due at {now:?}"),
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
        assert_eq!(
            it.poll(at(4_900), at(8_000)),
            Step::Gone,
            "a second close_notify starts a new check"
        );
    }
}
