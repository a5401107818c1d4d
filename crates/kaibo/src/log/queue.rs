//! The queue between those who log and the thread that writes.
//!
//! `tracing-appender` has such a queue. It keeps the number of dropped lines to itself, does not count failed
//! writes, and at the end prints to standard output, which panics where that is closed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use tracing::Level;

/// Lines that wait to be written. A reader that keeps up leaves the queue empty; one that does not is
/// behind by a screen or two. With [`super::text::MAX_BYTES`] it is a bound of 8 MB.
pub(super) const LINES: usize = 512;

/// How often somebody who flushes looks whether there is room for his question.
const PAUSE: Duration = Duration::from_millis(5);

/// What is written.
#[derive(Debug)]
pub(super) enum Entry {
    /// A line of the log.
    Line { at: SystemTime, level: Level, text: String },
    /// A line without time and level.
    Plain(String),
    /// Somebody wants to know when all before it is written.
    Flush(SyncSender<()>),
}

/// The end that lines go in by. Clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Queue {
    entries: SyncSender<Entry>,
    state: Arc<State>,
}

/// What both ends know.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Lines that found the queue full.
    pub(super) dropped: AtomicU64,
    /// Lines that were lost so far: those, and those that could not be written.
    pub(super) lost: AtomicU64,
    /// Nothing was written within the time of a flush.
    pub(super) stands_still: AtomicBool,
}

/// A new queue: the end for lines to go in, the end for them to come out, and what both know.
pub(super) fn queue() -> (Queue, Receiver<Entry>, Arc<State>) {
    let (sender, entries) = sync_channel(LINES);
    let state = Arc::new(State::default());
    (Queue { entries: sender, state: state.clone() }, entries, state)
}

impl Queue {
    /// Adds a line, or counts it where there is no room. It never waits.
    pub(super) fn push(&self, entry: Entry) {
        if self.entries.try_send(entry).is_err() {
            self.state.dropped.fetch_add(1, Ordering::Relaxed);
            self.state.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many lines were lost so far.
    pub(super) fn lost(&self) -> u64 {
        self.state.lost.load(Ordering::Relaxed)
    }

    /// Waits until all lines so far are written, and no longer than `within`. Where that has failed
    /// and nothing was written since, it does not wait.
    pub(super) fn flush(&self, within: Duration) {
        if !self.state.stands_still.load(Ordering::Relaxed) && !self.flushed(within) {
            self.state.stands_still.store(true, Ordering::Relaxed);
        }
    }

    fn flushed(&self, within: Duration) -> bool {
        let until = Instant::now() + within;
        let (done, written) = sync_channel(1);
        let mut question = Entry::Flush(done);
        loop {
            question = match self.entries.try_send(question) {
                Ok(()) => break,
                Err(TrySendError::Full(it)) if Instant::now() < until => it,
                Err(_) => return false,
            };
            thread::sleep(PAUSE);
        }
        written.recv_timeout(until.saturating_duration_since(Instant::now())).is_ok()
    }
}
