//! When a delivery is tried again.

use std::time::Duration;

use crate::limits::{FIRST_RETRY, LONGEST_RETRY};

/// The wait after so many tries that failed: it doubles, up to an hour. `jitter`, from 0 to 1, spreads it over a quarter
/// more or less, so that those that failed together do not come back together. A receiver's `Retry-After` makes it longer.
pub(crate) fn wait(tries: u32, retry_after: Option<Duration>, jitter: f64) -> Duration {
    let doubled = FIRST_RETRY.saturating_mul(1 << tries.saturating_sub(1).min(20));
    let wait = doubled.min(LONGEST_RETRY).mul_f64(0.75 + jitter / 2.0);
    wait.max(retry_after.unwrap_or_default()).min(LONGEST_RETRY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_an_hour() {
        let seconds: Vec<u64> = (1..=12).map(|tries| wait(tries, None, 0.5).as_secs()).collect();
        assert_eq!(seconds, [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]);
        assert_eq!(wait(u32::MAX, None, 0.5), LONGEST_RETRY);
    }

    #[test]
    fn the_wait_is_spread_and_a_receiver_may_ask_for_a_longer_one() {
        assert_eq!(wait(1, None, 0.0), FIRST_RETRY.mul_f64(0.75));
        assert_eq!(wait(1, None, 1.0), FIRST_RETRY.mul_f64(1.25));
        assert_eq!(wait(1, Some(Duration::from_secs(60)), 0.5), Duration::from_secs(60));
        assert_eq!(wait(1, Some(Duration::from_secs(100_000)), 0.5), LONGEST_RETRY);
        assert_eq!(wait(3, Some(Duration::ZERO), 0.5), Duration::from_secs(20));
    }
}
