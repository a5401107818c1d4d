//! Holds back packets of a video stream while a packet before them is being retransmitted. Pure.
//!
//! A frame with a retransmitted packet is late for every viewer. A viewer that received the following frames first
//! would take the late frame for lost, or its own network for slow: it knows nothing of the publisher's network. A
//! viewer that receives all frames in order sees uneven arrival times, and increases its playout delay a little.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

/// Packets held back at most: 200 ms of 25 Mbit/s. A further packet releases the first.
const MAX_WAITING: usize = 512;

/// Packets held back, in the order of their sequence numbers.
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
    /// Adds a packet behind all packets with the same or a lower sequence number.
    pub(crate) fn push(&mut self, seq: u64, packet: T) {
        let at = self.waiting.partition_point(|it| it.0 <= seq);
        self.waiting.insert(at, (seq, packet));
    }

    /// Returns the next packet that need not wait. `missing` is the lowest sequence number that is still expected.
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

    /// Whether no packet is held back.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}
