//! The deadlines of many peers and rooms, in order. One entry each: setting one replaces it.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::time::Instant;

/// Deadlines by key. Its size is the number of keys that have one.
#[derive(Debug)]
pub(crate) struct Timers<K> {
    by_time: BTreeSet<(Instant, K)>,
    by_key: HashMap<K, Instant>,
}

impl<K: Copy + Ord + Hash> Timers<K> {
    /// No deadline at all.
    pub(crate) fn new() -> Self {
        Self { by_time: BTreeSet::new(), by_key: HashMap::new() }
    }

    /// Sets, moves, or with `None` removes a key's deadline.
    pub(crate) fn set(&mut self, key: K, at: Option<Instant>) {
        if self.by_key.get(&key).copied() == at {
            return;
        }
        if let Some(old) = self.by_key.remove(&key) {
            self.by_time.remove(&(old, key));
        }
        if let Some(at) = at {
            self.by_key.insert(key, at);
            self.by_time.insert((at, key));
        }
    }

    /// The next deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// Takes a key whose deadline is `now` or before.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<K> {
        let (at, key) = self.by_time.first().copied().filter(|(at, _)| *at <= now)?;
        self.by_time.remove(&(at, key));
        self.by_key.remove(&key);
        Some(key)
    }

    /// How many deadlines there are.
    pub(crate) fn len(&self) -> usize {
        self.by_time.len()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::START;

    #[test]
    fn a_key_has_one_deadline_the_last_one_set() {
        let at = |ms| Some(*START + Duration::from_millis(ms));
        let mut timers = Timers::new();
        timers.set(1, at(30));
        timers.set(2, at(20));
        timers.set(1, at(10));
        assert_eq!(timers.next(), at(10));
        assert_eq!(timers.pop_due(*START), None);
        assert_eq!(timers.pop_due(at(40).unwrap()), Some(1));
        timers.set(2, None);
        assert_eq!(timers.pop_due(at(40).unwrap()), None);
        assert_eq!(timers.len(), 0);
    }
}
