//! How many wrong secrets each network has sent: the one counter of every comparison of a secret.
//!
//! The same comparison again tells a guesser nothing, so that it is counted once: a page that repeats a wrong key is
//! told every time that it is wrong.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use crate::rate_limit::WindowCount;
use crate::{Network, PerNetwork, Secret, SecretKind};

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

/// A comparison that failed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guess<'a> {
    pub(crate) kind: SecretKind,
    /// `None` where there is no key: no secret is right.
    pub(crate) ours: Option<&'a Secret>,
    pub(crate) given: &'a Secret,
}

/// Wrong secrets by network.
#[derive(Debug, Default)]
pub(crate) struct WrongSecrets {
    networks: PerNetwork<Guesses>,
    full_until: Option<Instant>,
    /// Its random key keeps strangers from choosing guesses that look alike.
    hasher: RandomState,
}

/// The different guesses of one network in a window.
#[derive(Debug)]
struct Guesses {
    count: WindowCount,
    /// Hashes of those that were answered plainly; the first `count` are of this window. No more are kept: what comes
    /// after them is refused whether it is a repetition or not.
    seen: [u64; WRONG_SECRETS as usize],
}

impl Guesses {
    fn new() -> Self {
        Self { count: WindowCount::new(WRONG_SECRETS_WINDOW), seen: [0; WRONG_SECRETS as usize] }
    }

    fn has(&self, hash: u64, now: Instant) -> bool {
        self.seen.iter().take(self.count.get(now) as usize).any(|it| *it == hash)
    }

    /// Counts one more; the count of this window.
    fn add(&mut self, hash: u64, now: Instant) -> u32 {
        let n = self.count.add(now);
        if let Some(seen) = self.seen.get_mut(n as usize - 1) {
            *seen = hash;
        }
        n
    }
}

impl WrongSecrets {
    /// Counts one, unless the network made the same guess in this window. In a table full of networks that count
    /// still, an unknown network has sent too many: a right secret passes all the same.
    pub(crate) fn count(&mut self, network: Network, guess: Guess<'_>, now: Instant) -> Wrong {
        let Guess { kind, ours, given } = guess;
        let hash = self.hasher.hash_one((kind, ours.map(Secret::reveal), given.reveal()));
        let refused = |is_first| Wrong::Over { retry_after: WRONG_SECRETS_WINDOW, is_first };
        let is_full = self.full_until.is_some_and(|until| now < until);
        if is_full && self.networks.get(network).is_none() {
            return refused(false);
        }
        let is_idle = |it: &Guesses| it.count.get(now) == 0;
        let Some(guesses) = self.networks.entry(network, is_idle, Guesses::new) else {
            self.full_until = Some(now + FULL_FOR);
            return refused(true);
        };
        if guesses.has(hash, now) {
            return Wrong::Within;
        }
        let n = guesses.add(hash, now);
        if n <= WRONG_SECRETS {
            return Wrong::Within;
        }
        Wrong::Over { retry_after: guesses.count.left(now), is_first: n == WRONG_SECRETS + 1 }
    }

    /// What is left of the window of a network that has sent too many.
    pub(crate) fn wait_of(&self, network: Network, now: Instant) -> Option<Duration> {
        let guesses = self.networks.get(network)?;
        (guesses.count.get(now) >= WRONG_SECRETS).then(|| guesses.count.left(now))
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv6Addr};

    use super::*;

    fn network(ip: &str) -> Network {
        Network::of(ip.parse().unwrap())
    }

    fn guess(wrong: &mut WrongSecrets, network: Network, n: usize, now: Instant) -> Wrong {
        let given = &Secret::new(format!("guess {n}"));
        wrong.count(network, Guess { kind: SecretKind::Key, ours: None, given }, now)
    }

    fn count(wrong: &mut WrongSecrets, network: Network, now: Instant, n: usize) -> Vec<Wrong> {
        (0..n).map(|n| guess(wrong, network, n, now)).collect()
    }

    #[test]
    fn the_eleventh_in_a_minute_is_too_many_and_the_next_minute_begins_anew() {
        let start = Instant::now();
        let mut wrong = WrongSecrets::default();
        let one = network("192.0.2.7");
        assert_eq!(count(&mut wrong, one, start, 10), [Wrong::Within; 10]);
        let at = |s| start + Duration::from_secs(s);
        let over = |s, is_first| Wrong::Over { retry_after: Duration::from_secs(s), is_first };
        assert_eq!(guess(&mut wrong, one, 20, at(20)), over(40, true));
        assert_eq!(guess(&mut wrong, one, 59, at(59)), over(1, false));
        assert_eq!(guess(&mut wrong, network("192.0.2.8"), 59, at(59)), Wrong::Within);
        assert_eq!(count(&mut wrong, one, at(60), 10), [Wrong::Within; 10]);
        assert_eq!(guess(&mut wrong, one, 60, at(60)), over(60, true));
    }

    #[test]
    fn addresses_of_one_customer_count_together() {
        let start = Instant::now();
        let mut wrong = WrongSecrets::default();
        let within = (0..1000)
            .map(|n| (n, network(&format!("2001:db8::{n:x}"))))
            .filter(|(n, network)| guess(&mut wrong, *network, *n, start) == Wrong::Within);
        assert_eq!(within.count(), 10);
    }

    #[test]
    fn the_same_guess_counts_once_in_a_window_and_against_each_secret_once() {
        let start = Instant::now();
        let mut wrong = WrongSecrets::default();
        let one = network("192.0.2.7");
        for n in (0..10).chain(0..10).chain(0..10) {
            assert_eq!(guess(&mut wrong, one, n, start), Wrong::Within);
        }
        assert_ne!(guess(&mut wrong, one, 10, start), Wrong::Within);
        assert_eq!(guess(&mut wrong, one, 3, start), Wrong::Within, "a repetition is told plainly");
        assert_ne!(guess(&mut wrong, one, 10, start), Wrong::Within, "it was refused before");
        let late = start + WRONG_SECRETS_WINDOW;
        assert_eq!(count(&mut wrong, one, late, 10), [Wrong::Within; 10]);
        assert_ne!(guess(&mut wrong, one, 10, late), Wrong::Within, "hashes of before do not hold");

        // One word that is tried at the hosts of many rooms is many guesses.
        let (two, given) = (network("192.0.2.8"), &Secret::new("guess"));
        let within = (0..100).filter(|n| {
            let ours = &Secret::new(format!("host {n}"));
            let guess = Guess { kind: SecretKind::HostIdentity, ours: Some(ours), given };
            wrong.count(two, guess, start) == Wrong::Within
        });
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
        let counted: Vec<_> = (0..100_000).map(|n| guess(&mut wrong, of(n), 0, start)).collect();
        assert_eq!(counted.iter().filter(|it| **it == Wrong::Within).count(), 16_384);
        let is_first = |it: &&Wrong| matches!(it, Wrong::Over { is_first: true, .. });
        assert_eq!(counted.iter().filter(is_first).count(), 1, "one line in the log");
        assert_eq!(guess(&mut wrong, of(3), 1, start), Wrong::Within, "a known one counts on");
        let late = start + WRONG_SECRETS_WINDOW;
        assert_eq!(guess(&mut wrong, of(99_999), 0, late), Wrong::Within);
        assert_eq!(wrong.networks.iter().count(), 1, "the idle ones are forgotten");
    }
}
