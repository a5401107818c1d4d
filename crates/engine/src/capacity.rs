//! How many peers there are in the whole engine: one counter, touched when a peer comes or goes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// All capacity of the engine, as commands see them.
#[derive(Debug, Clone)]
pub(crate) struct TotalCapacity {
    taken: Arc<AtomicUsize>,
    max: usize,
}

impl TotalCapacity {
    pub(crate) fn new(max: usize) -> Self {
        Self { taken: Arc::default(), max }
    }

    /// Takes a place for a new peer; returns whether there was one.
    pub(crate) fn take(&self) -> bool {
        let next = |taken| (taken < self.max).then_some(taken + 1);
        self.taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, next).is_ok()
    }

    /// One worker's share of the books.
    pub(crate) fn of_worker(&self) -> Capacity {
        Capacity { all: Arc::clone(&self.taken), held: 0 }
    }
}

/// The capacity that one worker answers for: those of the peers it is the registrar of.
#[derive(Debug)]
pub(crate) struct Capacity {
    all: Arc<AtomicUsize>,
    held: usize,
}

impl Capacity {
    /// A command came for which a place was taken, or not.
    pub(crate) fn took(&mut self, is_new: bool) {
        self.held += usize::from(is_new);
    }

    /// Gives back what is not needed for this many peers.
    pub(crate) fn keep(&mut self, n_peers: usize) {
        let free = self.held.saturating_sub(n_peers);
        if free > 0 {
            self.held -= free;
            self.all.fetch_sub(free, Ordering::AcqRel);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_that_of_all_workers_together() {
        let all = TotalCapacity::new(3);
        let mut workers = [all.of_worker(), all.of_worker()];
        for worker in [0, 1, 0] {
            assert!(all.take());
            workers[worker].took(true);
        }
        assert!(!all.take());
        // One of the two was refused by the core, or has left.
        workers[0].keep(1);
        workers[1].keep(1);
        assert!(all.take());
        assert!(!all.take());
    }
}
