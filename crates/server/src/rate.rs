//! How often: a token bucket, and a count in a window. Both are given the time.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Lets so many pass a second, and so many at once.
#[derive(Debug)]
pub(crate) struct TokenBucket {
    per_second: f64,
    burst: f64,
    tokens: f64,
    filled: Instant,
}

impl TokenBucket {
    /// A full bucket.
    pub(crate) fn new(per_second: u32, burst: u32, now: Instant) -> Self {
        let (per_second, burst) = (f64::from(per_second), f64::from(burst));
        Self { per_second, burst, tokens: burst, filled: now }
    }

    /// Takes one token, if there is one.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.filled = now;
        self.tokens = (self.tokens + passed * self.per_second).min(self.burst);
        let has = self.tokens >= 1.0;
        if has {
            self.tokens -= 1.0;
        }
        has
    }
}

/// A token bucket for each address.
#[derive(Debug, Default)]
pub(crate) struct AddressRate(HashMap<IpAddr, TokenBucket>);

/// Addresses remembered before those are forgotten that have been quiet.
const ADDRESSES: usize = 4096;

impl AddressRate {
    /// Takes a token of an address, if it has one left.
    pub(crate) fn take(&mut self, ip: IpAddr, per_second: u32, burst: u32, now: Instant) -> bool {
        if self.0.len() >= ADDRESSES {
            // A full bucket says no more than a new one.
            let fills_in = Duration::from_secs(u64::from(burst.div_ceil(per_second.max(1))));
            self.0.retain(|_, it| now.saturating_duration_since(it.filled) < fills_in);
        }
        self.0.entry(ip).or_insert_with(|| TokenBucket::new(per_second, burst, now)).take(now)
    }
}

/// Counts in a window of time that begins with the first count.
#[derive(Debug)]
pub(crate) struct WindowCount {
    window: Duration,
    since: Option<Instant>,
    n: u32,
}

impl WindowCount {
    /// Nothing counted.
    pub(crate) fn new(window: Duration) -> Self {
        Self { window, since: None, n: 0 }
    }

    /// Counts one more and says how many that makes in this window.
    pub(crate) fn add(&mut self, now: Instant) -> u32 {
        if self.since.is_none_or(|since| now.saturating_duration_since(since) >= self.window) {
            self.since = Some(now);
            self.n = 0;
        }
        self.n += 1;
        self.n
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_so_many_a_second() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(30, 120, start);
        let passed = |bucket: &mut TokenBucket, at| (0..1000).filter(|_| bucket.take(at)).count();
        assert_eq!(passed(&mut bucket, start), 120);
        assert_eq!(passed(&mut bucket, start + Duration::from_secs(1)), 30);
        assert_eq!(passed(&mut bucket, start + Duration::from_secs(3600)), 120);
    }

    #[test]
    fn a_count_begins_anew_with_each_window() {
        let start = Instant::now();
        let mut count = WindowCount::new(Duration::from_secs(10));
        assert_eq!((count.add(start), count.add(start + Duration::from_secs(9))), (1, 2));
        assert_eq!(count.add(start + Duration::from_secs(10)), 1);
    }
}
