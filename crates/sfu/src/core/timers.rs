//! The deadlines of many peers and rooms, ordered by time. Each key has at most one.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::hash::Hash;
use std::time::Instant;

/// Deadlines by key, in a binary heap.
///
/// Viewers' deadlines move many times a second. A tree would allocate and free a node every few
/// moves; a heap keeps its memory. A replaced entry stays in the heap until it reaches the top, or
/// until the replaced entries outnumber the live ones.
#[derive(Debug)]
pub(crate) struct Timers<K> {
    /// Live entries, which are those of `by_key`, and replaced ones. After each [`Timers::set`] its length
    /// is at most twice that of `by_key` plus [`Timers::MAX_REPLACED`].
    by_time: BinaryHeap<Reverse<(Instant, K)>>,
    by_key: HashMap<K, Instant>,
}

impl<K: Copy + Ord + Hash> Timers<K> {
    /// The number of replaced entries that never cause a rebuild: with few keys it is not worth its cost.
    const MAX_REPLACED: usize = 64;

    /// Has no deadlines.
    pub(crate) fn new() -> Self {
        Self { by_time: BinaryHeap::new(), by_key: HashMap::new() }
    }

    /// Sets or moves a key's deadline; `None` removes it.
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

    /// Removes and returns the key with the earliest deadline, if that is `now` or before.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<K> {
        self.next().filter(|at| *at <= now)?;
        let Reverse((_, key)) = self.by_time.pop()?;
        self.by_key.remove(&key);
        self.drop_replaced();
        Some(key)
    }

    /// The number of deadlines.
    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Pops replaced entries until a live one is at the top of the heap.
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
        assert!(timers.by_time.len() <= 66, "the number of replaced entries is bounded");
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
                assert!(wanted.remove(&key).is_some_and(|it| it <= now), "key {key} is not due");
            }
            assert!(wanted.values().all(|it| *it > now), "a due key was not returned");
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
