//! How many tries a minute.

use crate::limits::{TRIES_AT_ONCE, TRIES_PER_MINUTE};

/// The time between two tries in the long run, in milliseconds. Those at once and those of a minute after them are
/// [`TRIES_PER_MINUTE`] together.
const EVERY_MS: i64 = 60_000 / (TRIES_PER_MINUTE - TRIES_AT_ONCE) as i64 + 1;
/// How far the next try may be ahead of its time.
const AHEAD_MS: i64 = EVERY_MS * (TRIES_AT_ONCE as i64 - 1);

/// The generic cell rate algorithm: one number.
#[derive(Debug, Default)]
pub(crate) struct Rate {
    /// When the next try would be at the even rate.
    even_ms: i64,
}

impl Rate {
    /// How long until there may be a try; 0 for now.
    pub(crate) fn wait_ms(&self, now_ms: i64) -> i64 {
        match self.even_ms - AHEAD_MS - now_ms {
            wait @ 1..=EVERY_MS => wait,
            // Beyond one step, the clock was set back.
            _ => 0,
        }
    }

    /// Counts a try.
    pub(crate) fn take(&mut self, now_ms: i64) {
        let even_ms = self.even_ms.clamp(now_ms, now_ms + AHEAD_MS + EVERY_MS);
        self.even_ms = even_ms + EVERY_MS;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_minute_has_more_tries_than_the_limit() {
        let (mut rate, mut now) = (Rate::default(), 1_700_000_000_000);
        let mut tries = Vec::new();
        while tries.len() < 5_000 {
            let wait = rate.wait_ms(now);
            if wait == 0 {
                rate.take(now);
                tries.push(now);
            }
            now += wait;
        }
        assert_eq!(tries[99], tries[0], "a hundred at once");
        for (n, from) in tries.iter().enumerate() {
            let of_minute = tries[n..].iter().take_while(|at| **at < from + 60_000).count();
            assert!(of_minute <= TRIES_PER_MINUTE as usize, "{of_minute}");
        }
        let per_minute = 60_000 * (tries.len() as i64 - 100) / (tries[4_999] - tries[0]);
        assert!(per_minute > 850, "{per_minute}");
    }

    #[test]
    fn a_clock_that_is_set_back_stops_nothing() {
        let mut rate = Rate::default();
        (0..200).for_each(|_| rate.take(1_700_000_000_000));
        assert_eq!(rate.wait_ms(1_600_000_000_000), 0);
        rate.take(1_600_000_000_000);
        assert!(rate.wait_ms(1_600_000_000_000) <= EVERY_MS);
    }
}
