//! What a media thread counts of itself. It counts in plain numbers of its own and stores them once a turn; readers never
//! wait for it, nor it for them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sfu::{LATE_AFTER, TURN_US, WorkerFigures};

/// The last stored numbers of one media thread, the only writer: on cache lines of its own (two, which processors fetch
/// as a pair).
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Counters([AtomicU64; LEN]);

/// Commands that were sent to one media thread, on a cache line that its senders write to.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Commanded(AtomicU64);

const CLASSES: usize = TURN_US.len() + 1;
const OTHERS: usize = 10;
const LEN: usize = CLASSES + OTHERS;

/// What a media thread counts.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    turns: [u64; CLASSES],
    busy_us: u64,
    late: u64,
    /// Commands that were taken.
    pub(crate) taken: u64,
    pub(crate) received: u64,
    pub(crate) received_bytes: u64,
    pub(crate) sent: u64,
    pub(crate) sent_bytes: u64,
    pub(crate) dropped: u64,
    pub(crate) crowded: u64,
    pub(crate) undelivered: u64,
}

impl Tally {
    /// A turn is over, which began so long after it should have.
    pub(crate) fn turned(&mut self, after: Duration, took: Duration) {
        let us = took.as_micros() as u64;
        let class = TURN_US.iter().position(|it| us <= *it).unwrap_or(TURN_US.len());
        if let Some(n) = self.turns.get_mut(class) {
            *n += 1;
        }
        self.busy_us += us;
        self.late += u64::from(after.max(took) > LATE_AFTER);
    }

    fn others(&self) -> [u64; OTHERS] {
        let Self { busy_us, late, taken, received, received_bytes, sent, .. } = *self;
        let Self { sent_bytes, dropped, crowded, undelivered, .. } = *self;
        // In the order in which [`Counters::read`] takes them apart.
        [
            busy_us,
            late,
            taken,
            received,
            received_bytes,
            sent,
            sent_bytes,
            dropped,
            crowded,
            undelivered,
        ]
    }
}

impl Commanded {
    /// One more is sent.
    pub(crate) fn note(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Counters {
    /// Stores what was counted so far. Only the media thread calls it.
    pub(crate) fn store(&self, tally: &Tally) {
        for (slot, n) in self.0.iter().zip(tally.turns.into_iter().chain(tally.others())) {
            slot.store(n, Ordering::Relaxed);
        }
    }

    /// What was stored last.
    pub(crate) fn read(&self, commanded: &Commanded) -> WorkerFigures {
        // What was taken is read first: it is never more than what was sent.
        let mut all: [u64; LEN] = [0; LEN];
        for (n, slot) in all.iter_mut().zip(&self.0) {
            *n = slot.load(Ordering::Relaxed);
        }
        let sent_to_it = commanded.0.load(Ordering::Relaxed);
        let mut turns = [0; CLASSES];
        turns.copy_from_slice(&all[..CLASSES]);
        let mut others = [0; OTHERS];
        others.copy_from_slice(&all[CLASSES..]);
        let [busy_us, late, taken, received, received_bytes, sent, sent_bytes, rest @ ..] = others;
        let [dropped, crowded, undelivered] = rest;
        WorkerFigures {
            waiting: sent_to_it.saturating_sub(taken),
            turns,
            busy_us,
            late,
            received,
            received_bytes,
            sent,
            sent_bytes,
            dropped,
            crowded,
            undelivered,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_was_counted() {
        let mut tally = Tally { taken: 2, received: 5, sent_bytes: 7, ..Tally::default() };
        let on_time = Duration::ZERO;
        tally.turned(on_time, Duration::from_micros(50));
        tally.turned(LATE_AFTER * 2, Duration::from_micros(51));
        tally.turned(on_time, Duration::from_secs(1));
        let (counters, commanded) = (Counters::default(), Commanded::default());
        (0..3).for_each(|_| commanded.note());
        counters.store(&tally);
        let read = counters.read(&commanded);
        assert_eq!((read.waiting, read.received, read.sent_bytes), (1, 5, 7));
        assert_eq!((read.turns, read.busy_us), ([1, 1, 0, 0, 0, 0, 0, 0, 1], 1_000_101));
        assert_eq!(read.late, 2, "one began late, one took long");
    }

    #[test]
    fn no_two_threads_write_to_one_pair_of_cache_lines() {
        assert!(align_of::<Counters>() >= 128 && align_of::<Commanded>() >= 128);
    }
}
