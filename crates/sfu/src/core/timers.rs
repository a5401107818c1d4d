//! The deadlines of many peers and rooms, in order. One entry each: setting one replaces it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::hash::Hash;
use std::time::Instant;

/// Deadlines by key. Its size is the number of keys that have one.
///
/// Viewers' deadlines move many times a second. A tree would take and give back a node every few
/// moves; this keeps what memory it has. What was replaced stays in the heap until its time comes
/// or until it is more than what counts.
#[derive(Debug)]
pub(crate) struct Timers<K> {
    /// Deadlines that count, those of `by_key`, and those that were replaced: when one is set no more than
    /// [`Timers::MAX_REPLACED`] beyond the double of `by_key`.
    by_time: BinaryHeap<Reverse<(Instant, K)>>,
    by_key: HashMap<K, Instant>,
}

impl<K: Copy + Ord + Hash> Timers<K> {
    /// For a few keys it is not worth while to look for what was replaced.
    const MAX_REPLACED: usize = 64;

    /// No deadline at all.
    pub(crate) fn new() -> Self {
        Self { by_time: BinaryHeap::new(), by_key: HashMap::new() }
    }

    /// Sets, moves, or with `None` removes a key's deadline.
    pub(crate) fn set(&mut self, key: K, at: Option<Instant>) {
        let old = match at {
            Some(at) => self.by_key.insert(key, at),
            None => self.by_key.remove(&key),
        };
        if let Some(at) = at.filter(|_| old != at) {
            self.by_time.push(Reverse((at, key)));
        }
        if self.by_time.len() > 2 * self.by_key.len() + Self::MAX_REPLACED {
            self.by_time.clear();
            self.by_time.extend(self.by_key.iter().map(|(key, at)| Reverse((*at, *key))));
        }
        self.drop_replaced();
    }

    /// The next deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.by_time.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes a key whose deadline is `now` or before.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<K> {
        self.next().filter(|at| *at <= now)?;
        let Reverse((_, key)) = self.by_time.pop()?;
        self.by_key.remove(&key);
        self.drop_replaced();
        Some(key)
    }

    /// How many deadlines there are.
    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Makes the first in the heap one that counts.
    fn drop_replaced(&mut self) {
        while let Some(Reverse((at, key))) = self.by_time.peek()
            && self.by_key.get(key) != Some(at)
        {
            self.by_time.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::{START, allocations_in};

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
    #[test]
    fn a_deadline_that_went_there_and_back_is_due_once() {
        let at = |ms| Some(*START + Duration::from_millis(ms));
        let mut timers = Timers::new();
        for ms in [10, 20].repeat(1_000) {
            timers.set(1, at(ms));
        }
        assert!(timers.by_time.len() <= 66, "what was replaced is bounded");
        assert_eq!(timers.next(), at(20));
        assert_eq!(timers.pop_due(at(20).unwrap()), Some(1));
        assert_eq!((timers.pop_due(at(20).unwrap()), timers.next()), (None, None));
    }

    #[test]
    fn deadlines_that_keep_moving_take_no_memory_and_come_in_order() {
        let mut timers = Timers::new();
        let mut now = *START;
        let mut random = fastrand::Rng::with_seed(1);
        let mut wanted: HashMap<u64, Instant> = HashMap::new();
        let mut step = |timers: &mut Timers<u64>| {
            now += Duration::from_millis(1);
            while let Some(key) = timers.pop_due(now) {
                assert!(wanted.remove(&key).is_some_and(|it| it <= now), "{key} is due");
            }
            assert!(wanted.values().all(|it| *it > now), "and nothing else");
            for _ in 0..20 {
                let key = random.u64(..100);
                let at = now + Duration::from_millis(random.u64(1..50));
                timers.set(key, Some(at));
                wanted.insert(key, at);
            }
            assert_eq!(timers.next(), wanted.values().min().copied());
            assert_eq!(timers.len(), wanted.len());
        };
        (0..1_000).for_each(|_| step(&mut timers));
        assert_eq!(allocations_in(|| (0..10_000).for_each(|_| step(&mut timers))), 0);
    }
}
