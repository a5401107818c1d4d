//! When a viewer's picture stood still for lack of packets that the host had sent. Pure.

use std::time::{Duration, Instant};

use media_api::CONSENT_TIMEOUT;

/// A shorter stop is a frame or two, which few notice.
const SHORTEST: Duration = Duration::from_millis(500);

/// The freezes of one viewer.
#[derive(Debug, Default)]
pub(super) struct Freezes {
    /// Since when it waits for a keyframe, and the epoch of the track then.
    since: Option<(Instant, u32)>,
    /// How many were over, and how long they took.
    pub(super) n: u64,
    pub(super) ms: u64,
}

impl Freezes {
    /// The viewer cannot show what comes next, unless it is a keyframe.
    pub(super) fn begins(&mut self, epoch: u32, now: Instant) {
        self.since.get_or_insert((now, epoch));
    }

    /// Since when it waits.
    pub(super) fn since(&self) -> Option<Instant> {
        self.since.map(|it| it.0)
    }

    /// It is sent a keyframe. A wait for another publisher is none of ours.
    pub(super) fn ends(&mut self, epoch: u32, now: Instant) {
        let Some((since, before)) = self.since.take() else { return };
        let waited = now.saturating_duration_since(since).min(CONSENT_TIMEOUT);
        if before == epoch && waited >= SHORTEST {
            self.n += 1;
            self.ms += waited.as_millis() as u64;
        }
    }

    /// Nothing is to be shown.
    pub(super) fn forget(&mut self) {
        self.since = None;
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
    fn a_freeze_lasts_from_its_first_sign_to_the_keyframe() {
        let mut freezes = Freezes::default();
        freezes.begins(1, at(0));
        freezes.begins(1, at(400));
        freezes.ends(1, at(700));
        freezes.ends(1, at(900));
        assert_eq!((freezes.n, freezes.ms), (1, 700));
    }

    #[test]
    fn a_short_stop_and_another_publisher_are_no_freeze() {
        let mut freezes = Freezes::default();
        freezes.begins(1, at(0));
        freezes.ends(1, at(300));
        freezes.begins(1, at(1_000));
        freezes.ends(2, at(3_000));
        freezes.begins(2, at(4_000));
        freezes.forget();
        freezes.ends(2, at(9_000));
        assert_eq!((freezes.n, freezes.ms), (0, 0));
    }
}
