//! How often something may happen: a token bucket, and a count in a window.

use std::time::{Duration, Instant};

/// Lets a burst pass, and then so many a second.
#[derive(Debug, Clone)]
pub struct TokenBucket {
    per_second: f64,
    burst: f64,
    tokens: f64,
    filled: Instant,
}

impl TokenBucket {
    /// A full bucket.
    pub fn new(per_second: u32, burst: u32, now: Instant) -> Self {
        let (per_second, burst) = (f64::from(per_second), f64::from(burst));
        Self { per_second, burst, tokens: burst, filled: now }
    }

    /// Lets another burst pass from now on, and so many a second. Tokens that are left stay, up to the new burst.
    pub fn set_rate(&mut self, per_second: u32, burst: u32, now: Instant) {
        self.fill(now);
        (self.per_second, self.burst) = (f64::from(per_second), f64::from(burst));
        self.tokens = self.tokens.min(self.burst);
    }

    /// Takes one token, if there is one.
    pub fn take(&mut self, now: Instant) -> bool {
        self.fill(now);
        let has = self.tokens >= 1.0;
        if has {
            self.tokens -= 1.0;
        }
        has
    }

    /// Whether it says no more than a new one.
    pub fn is_full(&self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.tokens + passed * self.per_second >= self.burst
    }

    /// How long until there is a token.
    pub fn wait(&self, now: Instant) -> Duration {
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        let missing = 1.0 - (self.tokens + passed * self.per_second).min(self.burst);
        Duration::from_secs_f64((missing / self.per_second).max(0.0))
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.filled = self.filled.max(now);
        self.tokens = (self.tokens + passed * self.per_second).min(self.burst);
    }
}

/// Counts in a window of time that begins with the first count.
#[derive(Debug, Clone)]
pub struct WindowCount {
    window: Duration,
    since: Option<Instant>,
    n: u32,
}

impl WindowCount {
    /// Nothing counted.
    pub fn new(window: Duration) -> Self {
        Self { window, since: None, n: 0 }
    }

    /// Counts one more; the count of this window.
    pub fn add(&mut self, now: Instant) -> u32 {
        if self.is_over(now) {
            self.since = Some(now);
            self.n = 0;
        }
        self.n = self.n.saturating_add(1);
        self.n
    }

    /// The count of this window; 0 when it is over.
    pub fn get(&self, now: Instant) -> u32 {
        if self.is_over(now) { 0 } else { self.n }
    }

    /// What is left of the window; nothing when it is over.
    pub fn left(&self, now: Instant) -> Duration {
        let passed = self.since.map(|since| now.saturating_duration_since(since));
        passed.map_or(Duration::ZERO, |passed| self.window.saturating_sub(passed))
    }

    fn is_over(&self, now: Instant) -> bool {
        self.since.is_none_or(|since| now.saturating_duration_since(since) >= self.window)
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
        assert!(!bucket.is_full(start));
        assert_eq!(passed(&mut bucket, start + Duration::from_secs(1)), 30);
        assert_eq!(passed(&mut bucket, start + Duration::from_secs(3600)), 120);
        assert!(bucket.is_full(start + Duration::from_secs(3604)));
    }

    #[test]
    fn a_rate_that_changes_holds_from_then_on() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(10, 100, start);
        let passed = |bucket: &mut TokenBucket, at| (0..1000).filter(|_| bucket.take(at)).count();
        assert_eq!(passed(&mut bucket, start), 100);
        // What came in a second of the old rate is there, and no more than the new burst.
        let later = start + Duration::from_secs(1);
        bucket.set_rate(2, 5, later);
        assert_eq!(passed(&mut bucket, later), 5);
        assert_eq!(passed(&mut bucket, later + Duration::from_secs(1)), 2);
        bucket.set_rate(50, 80, later + Duration::from_secs(1));
        assert_eq!(passed(&mut bucket, later + Duration::from_secs(2)), 50);
    }

    #[test]
    fn a_count_begins_anew_with_each_window() {
        let start = Instant::now();
        let mut count = WindowCount::new(Duration::from_secs(10));
        assert_eq!((count.add(start), count.add(start + Duration::from_secs(9))), (1, 2));
        assert_eq!(count.get(start + Duration::from_secs(9)), 2);
        assert_eq!(count.left(start + Duration::from_secs(9)), Duration::from_secs(1));
        assert_eq!(count.left(start + Duration::from_secs(11)), Duration::ZERO);
        assert_eq!(count.get(start + Duration::from_secs(10)), 0);
        assert_eq!(count.add(start + Duration::from_secs(10)), 1);
    }
}
