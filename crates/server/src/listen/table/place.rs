//! What one connection waits for, and its place in the table.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use super::Table;
use crate::listen::limits::{HTTP2_IDLE, HTTP2_LOOK_EVERY, RESPONSE_WITHIN};

/// The place of one connection. The IO object holds it: a connection is counted until its socket is gone.
#[derive(Debug)]
pub(in crate::listen) struct Place {
    table: Arc<Table>,
    id: u64,
    /// Changed by the connection's own tasks only, so the lock is hardly ever waited for.
    state: Mutex<State>,
    /// Told when the connection begins to rest.
    rests: Notify,
}

#[derive(Debug)]
struct State {
    /// Since when no request is open.
    idle_since: Instant,
    /// Requests that are open: one with HTTP/1.1, many with HTTP/2.
    requests: Vec<Open>,
    next_request: u64,
    /// Since when the peer does not take what waits for it.
    stalled: Option<Instant>,
    /// The last response was handed over, and is still to be flushed.
    is_answered: bool,
    /// Nothing is left of the last request, once its response is flushed.
    may_rest: bool,
    /// It speaks another protocol now.
    is_upgraded: bool,
}

#[derive(Debug)]
struct Open {
    id: u64,
    /// Since when the rest of its body, or of the client's credit for its response (RFC 9113, section 5.2), is
    /// waited for.
    waits: Option<Instant>,
}

impl Place {
    /// A new connection: it waits for a head.
    pub(in crate::listen) fn new(table: Arc<Table>, id: u64, now: Instant) -> Self {
        let state = State {
            idle_since: now,
            requests: Vec::new(),
            next_request: 0,
            stalled: None,
            is_answered: false,
            may_rest: false,
            is_upgraded: false,
        };
        Self { table, id, state: Mutex::new(state), rests: Notify::new() }
    }

    /// Its number, different from that of any other.
    pub(in crate::listen) fn id(&self) -> u64 {
        self.id
    }

    /// A request was read.
    pub(in crate::listen) fn request_begins(self: &Arc<Self>) -> Arc<RequestPlace> {
        let id = self.change(|state| {
            (state.is_answered, state.may_rest) = (false, false);
            let id = state.next_request;
            state.next_request += 1;
            state.requests.push(Open { id, waits: None });
            id
        });
        Arc::new(RequestPlace { place: self.clone(), id, is_late: Mutex::new(false) })
    }

    /// The connection changes its protocol.
    pub(in crate::listen) fn upgraded(&self) {
        self.change(|state| state.is_upgraded = true);
    }

    /// Everything that was handed over is with the system. After the last response, the connection is idle.
    pub(in crate::listen) fn flushed(&self) {
        let is_done = {
            let state = self.lock();
            state.is_answered && state.requests.len() <= 1
        };
        if is_done {
            self.change(State::all_answered);
            if self.lock().may_rest {
                self.rests.notify_one();
            }
        }
    }

    /// Whether nothing is left of a request, once its response is flushed.
    pub(in crate::listen) fn may_rest(&self, may_rest: bool) {
        self.change(|state| state.may_rest = may_rest);
    }

    /// Waits until the connection waits for a request, and nothing is left of the one before.
    pub(in crate::listen) async fn rests(&self) {
        loop {
            self.rests.notified().await;
            let state = self.lock();
            if state.may_rest && state.requests.is_empty() && !state.is_upgraded {
                return;
            }
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

    /// Waits until an HTTP/2 connection was idle for too long, or gave no credit for a response. HTTP/1.1 has its
    /// deadlines elsewhere.
    pub(in crate::listen) async fn waits_too_long(&self) {
        loop {
            sleep(HTTP2_LOOK_EVERY).await;
            if self.lock().is_overdue(Instant::now()) {
                return;
            }
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let before = state.unfinished_since();
        let result = change(&mut state);
        let after = state.unfinished_since();
        drop(state);
        if before != after {
            self.table.set(self.id, after);
        }
        result
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Since when the connection waits for its peer, if it may give way to another.
    fn unfinished_since(&self) -> Option<Instant> {
        if self.is_upgraded {
            return None;
        }
        if self.requests.is_empty() {
            return Some(self.idle_since);
        }
        if self.requests.iter().all(|it| it.waits.is_some()) {
            return self.requests.iter().filter_map(|it| it.waits).max();
        }
        self.stalled
    }

    fn is_overdue(&self, now: Instant) -> bool {
        let is_over = |since: Instant, time: Duration| now.saturating_duration_since(since) >= time;
        let is_idle = self.requests.is_empty() && is_over(self.idle_since, HTTP2_IDLE);
        let waits = self.requests.iter().filter_map(|it| it.waits);
        is_idle || waits.into_iter().any(|since| is_over(since, RESPONSE_WITHIN))
    }

    fn all_answered(&mut self) {
        self.requests.clear();
        (self.idle_since, self.is_answered) = (Instant::now(), false);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.table.leave(self.id);
    }
}

/// One request of a connection.
#[derive(Debug)]
pub(in crate::listen) struct RequestPlace {
    place: Arc<Place>,
    id: u64,
    /// The body did not come in time.
    is_late: Mutex<bool>,
}

impl RequestPlace {
    /// The rest of its body, or credit for its response, is waited for, or not any more.
    pub(in crate::listen) fn waits(&self, waits: bool) {
        self.place.change(|state| {
            let Some(open) = state.requests.iter_mut().find(|it| it.id == self.id) else { return };
            match (open.waits, waits) {
                (None, true) => open.waits = Some(Instant::now()),
                (Some(_), false) => open.waits = None,
                _ => {}
            }
        });
    }

    /// The body did not come in time.
    pub(in crate::listen) fn body_is_late(&self) {
        *self.is_late.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }

    /// Whether the body did not come in time.
    pub(in crate::listen) fn is_late(&self) -> bool {
        *self.is_late.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last of the response was handed over.
    pub(in crate::listen) fn answered(&self) {
        self.place.change(|state| {
            if state.requests.len() > 1 {
                state.requests.retain(|it| it.id != self.id);
            } else if state.requests.iter().any(|it| it.id == self.id) {
                // It counts as open until it is flushed.
                state.is_answered = true;
            }
        });
    }
}
