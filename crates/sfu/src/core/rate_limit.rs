//! A limit of datagrams per second.

use std::time::{Duration, Instant};

/// RTCP feedback datagrams per second that are processed of one peer, since one of them can request
/// thousands of packets. A browser on a bad network sends 20 transport feedbacks and 50 NACKs per second.
pub(crate) const FEEDBACK_PER_SECOND: u32 = 200;

/// A fixed-window limit of datagrams per second.
#[derive(Debug, Default)]
pub(crate) struct RateLimit {
    window: Option<Instant>,
    n: u32,
}

impl RateLimit {
    /// Counts one more; returns whether it is within `most` per second.
    pub(crate) fn take(&mut self, most: u32, now: Instant) -> bool {
        let is_over = |at: Instant| now.saturating_duration_since(at) >= Duration::from_secs(1);
        if self.window.is_none_or(is_over) {
            self.window = Some(now);
            self.n = 0;
        }
        self.n = self.n.saturating_add(1);
        self.n <= most
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::START;

    #[test]
    fn what_is_too_much_in_one_second_is_fine_in_the_next() {
        let mut limit = RateLimit::default();
        let taken = |limit: &mut RateLimit, at| (0..9).filter(|_| limit.take(3, at)).count();
        assert_eq!(taken(&mut limit, *START), 3);
        assert_eq!(taken(&mut limit, *START + Duration::from_secs(1)), 3);
    }
}
