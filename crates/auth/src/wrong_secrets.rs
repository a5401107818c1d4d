//! How many wrong secrets each network has sent: the one counter of every comparison of a secret.

use std::time::{Duration, Instant};

use crate::rate_limit::WindowCount;
use crate::{Network, PerNetwork};

/// Wrong secrets of a network in [`WRONG_SECRETS_WINDOW`] that are answered plainly.
pub const WRONG_SECRETS: u32 = 10;

/// See [`WRONG_SECRETS`].
pub const WRONG_SECRETS_WINDOW: Duration = Duration::from_secs(60);

/// How long a full table is not searched for entries to forget: the search costs some 100 µs.
const FULL_FOR: Duration = Duration::from_secs(5);

/// What a wrong secret leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// It is one of those answered plainly.
    Within,
    /// The network has sent too many.
    Over {
        retry_after: Duration,
        /// It is the first too many of this window, or of a while in which the table is full.
        is_first: bool,
    },
}

/// Wrong secrets by network.
#[derive(Debug, Default)]
pub(crate) struct WrongSecrets {
    counts: PerNetwork<WindowCount>,
    full_until: Option<Instant>,
}

impl WrongSecrets {
    /// Counts one. In a table full of networks that count still, an unknown network has sent too many: a
    /// right secret passes all the same.
    pub(crate) fn count(&mut self, network: Network, now: Instant) -> Wrong {
        let refused = |is_first| Wrong::Over { retry_after: WRONG_SECRETS_WINDOW, is_first };
        let is_full = self.full_until.is_some_and(|until| now < until);
        if is_full && self.counts.get(network).is_none() {
            return refused(false);
        }
        let is_idle = |count: &WindowCount| count.get(now) == 0;
        let new = || WindowCount::new(WRONG_SECRETS_WINDOW);
        let Some(count) = self.counts.entry(network, is_idle, new) else {
            self.full_until = Some(now + FULL_FOR);
            return refused(true);
        };
        let n = count.add(now);
        if n <= WRONG_SECRETS {
            return Wrong::Within;
        }
        Wrong::Over { retry_after: count.left(now), is_first: n == WRONG_SECRETS + 1 }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv6Addr};

    use super::*;

    fn network(ip: &str) -> Network {
        Network::of(ip.parse().unwrap())
    }

    fn count(wrong: &mut WrongSecrets, network: Network, now: Instant, n: usize) -> Vec<Wrong> {
        (0..n).map(|_| wrong.count(network, now)).collect()
    }

    #[test]
    fn the_eleventh_in_a_minute_is_too_many_and_the_next_minute_begins_anew() {
        let start = Instant::now();
        let mut wrong = WrongSecrets::default();
        let one = network("192.0.2.7");
        assert_eq!(count(&mut wrong, one, start, 10), [Wrong::Within; 10]);
        let at = |s| start + Duration::from_secs(s);
        let over = |s, is_first| Wrong::Over { retry_after: Duration::from_secs(s), is_first };
        assert_eq!(wrong.count(one, at(20)), over(40, true));
        assert_eq!(wrong.count(one, at(59)), over(1, false));
        assert_eq!(wrong.count(network("192.0.2.8"), at(59)), Wrong::Within);
        assert_eq!(count(&mut wrong, one, at(60), 10), [Wrong::Within; 10]);
        assert_eq!(wrong.count(one, at(60)), over(60, true));
    }

    #[test]
    fn addresses_of_one_customer_count_together() {
        let start = Instant::now();
        let mut wrong = WrongSecrets::default();
        let within = (0..1000)
            .map(|n| network(&format!("2001:db8::{n:x}")))
            .filter(|network| wrong.count(*network, start) == Wrong::Within);
        assert_eq!(within.count(), 10);
    }

    #[test]
    fn a_full_table_refuses_the_unknown_and_heals() {
        let start = Instant::now();
        let mut wrong = WrongSecrets::default();
        let of = |n: u32| {
            let [a, b] = [(n >> 16) as u16, n as u16];
            Network::of(IpAddr::from(Ipv6Addr::new(0x2001, 0xdb8, a, b, 0, 0, 0, 0)))
        };
        let counted: Vec<_> = (0..100_000).map(|n| wrong.count(of(n), start)).collect();
        assert_eq!(counted.iter().filter(|it| **it == Wrong::Within).count(), 16_384);
        let is_first = |it: &&Wrong| matches!(it, Wrong::Over { is_first: true, .. });
        assert_eq!(counted.iter().filter(is_first).count(), 1, "one line in the log");
        assert_eq!(wrong.count(of(3), start), Wrong::Within, "a known one counts on");
        let late = start + WRONG_SECRETS_WINDOW;
        assert_eq!(wrong.count(of(99_999), late), Wrong::Within);
        assert_eq!(wrong.counts.iter().count(), 1, "the idle ones are forgotten");
    }
}
