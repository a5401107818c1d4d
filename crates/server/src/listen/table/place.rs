//! What one connection waits for, and its place in the table.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::Table;

/// The place of one connection. The IO object holds it: a connection is counted until its socket is gone.
#[derive(Debug)]
pub(in crate::listen) struct Place {
    table: Arc<Table>,
    id: u64,
    /// Changed by the connection's own task only, so the lock is never waited for.
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    stage: Stage,
    /// When the stage began.
    since: Instant,
    /// Since when the peer does not take what waits for it.
    stalled: Option<Instant>,
    /// The whole response was handed over, and is still to be flushed.
    is_answered: bool,
    /// The body did not come in time.
    is_late: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Waits for a head: the first, or the next.
    Head,
    /// Waits for the rest of a body.
    Body,
    /// A request is being answered.
    Serving,
    /// It is a WebSocket now.
    Upgraded,
}

impl Place {
    /// A new connection: it waits for a head.
    pub(in crate::listen) fn new(table: Arc<Table>, id: u64, now: Instant) -> Self {
        let state = State {
            stage: Stage::Head,
            since: now,
            stalled: None,
            is_answered: false,
            is_late: false,
        };
        Self { table, id, state: Mutex::new(state) }
    }

    /// A request was read.
    pub(in crate::listen) fn request_begins(&self) {
        self.change(|state| {
            (state.is_answered, state.is_late) = (false, false);
            state.stage = Stage::Serving;
        });
    }

    /// The rest of the body is waited for, or not any more.
    pub(in crate::listen) fn waits_for_body(&self, waits: bool) {
        self.change(|state| match (state.stage, waits) {
            (Stage::Serving, true) => (state.stage, state.since) = (Stage::Body, Instant::now()),
            (Stage::Body, false) => state.stage = Stage::Serving,
            _ => {}
        });
    }

    /// The body did not come in time.
    pub(in crate::listen) fn body_is_late(&self) {
        self.lock().is_late = true;
    }

    /// Whether the body of this request did not come in time.
    pub(in crate::listen) fn is_late(&self) -> bool {
        self.lock().is_late
    }

    /// The connection changes its protocol.
    pub(in crate::listen) fn upgraded(&self) {
        self.change(|state| state.stage = Stage::Upgraded);
    }

    /// The last of the response was handed over.
    pub(in crate::listen) fn answered(&self) {
        self.lock().is_answered = true;
    }

    /// Everything that was handed over is with the system. After a response, the connection is idle.
    pub(in crate::listen) fn flushed(&self) {
        let is_done = {
            let state = self.lock();
            state.stage == Stage::Serving && state.is_answered
        };
        if is_done {
            self.change(|state| {
                (state.stage, state.since) = (Stage::Head, Instant::now());
                state.is_answered = false;
            });
        }
    }

    /// The peer does not take what waits for it, or does again.
    pub(in crate::listen) fn stalled(&self, is_stalled: bool) {
        self.change(|state| match (state.stalled, is_stalled) {
            (None, true) => state.stalled = Some(Instant::now()),
            (Some(_), false) => state.stalled = None,
            _ => {}
        });
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        let before = state.unfinished_since();
        change(&mut state);
        let after = state.unfinished_since();
        drop(state);
        if before != after {
            self.table.set(self.id, after);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Since when the connection waits for its peer, if it may give way to another.
    fn unfinished_since(&self) -> Option<Instant> {
        match self.stage {
            Stage::Head | Stage::Body => Some(self.since),
            Stage::Serving => self.stalled,
            Stage::Upgraded => None,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.table.leave(self.id);
    }
}
