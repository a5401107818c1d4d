//! Deadlines of many things, one of each kind a thing.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use engine::{PeerId, RoomId};

use super::session::SessionId;

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Timer {
    /// The socket has been silent for long enough to be a fan.
    Silence(SessionId),
    /// The offer should have been answered.
    Answer(PeerId),
    /// Nobody came back for the session.
    Forget(SessionId),
    /// What the fan wants of the picture may be passed on again.
    Prefer(SessionId),
    /// The host did not return.
    Grace(RoomId),
    /// The number of viewers may be told again.
    Viewers(RoomId),
    /// The broadcast has been over for a while.
    Linger(RoomId),
}

/// The deadlines, soonest first.
#[derive(Debug, Default)]
pub(super) struct Timers {
    due: BTreeSet<(Instant, Timer)>,
    at: HashMap<Timer, Instant>,
}

impl Timers {
    /// Sets a timer; an earlier setting of it is void.
    pub(super) fn set(&mut self, timer: Timer, at: Instant) {
        self.cancel(timer);
        self.at.insert(timer, at);
        self.due.insert((at, timer));
    }

    /// Takes a timer back.
    pub(super) fn cancel(&mut self, timer: Timer) {
        if let Some(at) = self.at.remove(&timer) {
            self.due.remove(&(at, timer));
        }
    }

    /// Whether a timer is set.
    pub(super) fn is_set(&self, timer: Timer) -> bool {
        self.at.contains_key(&timer)
    }

    /// The next deadline.
    pub(super) fn next(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Takes one timer that is due.
    pub(super) fn pop(&mut self, now: Instant) -> Option<Timer> {
        let (_, timer) = *self.due.first().filter(|(at, _)| *at <= now)?;
        self.cancel(timer);
        Some(timer)
    }
}
