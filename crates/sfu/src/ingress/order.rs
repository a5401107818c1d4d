//! Packets of one picture in order, while one before them is asked for again. Pure.
//!
//! A frame whose packet is repaired is late for every viewer alike. A viewer that got the frames behind it meanwhile
//! takes the late one for lost, or its own network for slow: it knows nothing of the publisher's. When all of them come
//! in order it sees frames that come unevenly, and plays a little later.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

/// Packets that wait at most: 200 ms of 25 Mbit/s. What finds no room lets the first go.
const MAX_WAITING: usize = 512;

/// What waits, in the order of its numbers.
#[derive(Debug)]
pub(crate) struct Order<T> {
    waiting: VecDeque<(u64, T)>,
}

impl<T> Default for Order<T> {
    fn default() -> Self {
        Self { waiting: VecDeque::new() }
    }
}

impl<T> Order<T> {
    /// Takes a packet: behind those of the same number, and of lower ones.
    pub(crate) fn push(&mut self, seq: u64, packet: T) {
        let at = self.waiting.partition_point(|it| it.0 <= seq);
        self.waiting.insert(at, (seq, packet));
    }

    /// The next packet that need not wait. `missing` is the lowest number that is still waited for.
    pub(crate) fn pop(&mut self, missing: Option<u64>) -> Option<T> {
        let is_due = |it: &(u64, T)| missing.is_none_or(|missing| it.0 < missing);
        let is_first_due = self.waiting.front().is_some_and(is_due);
        let next = if is_first_due || self.waiting.len() > MAX_WAITING {
            self.waiting.pop_front()
        } else {
            None
        };
        next.map(|it| it.1)
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}
