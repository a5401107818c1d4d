//! Deadlines: at most one of each kind for each session, peer and room.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use media_api::{PeerId, RoomId};

use crate::session::SessionId;

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Timer {
    /// The socket has been silent for long enough to be a fan.
    Silence(SessionId),
    /// The offer should have been answered.
    Answer(PeerId),
    /// Nobody came back for the session.
    Forget(SessionId),
    /// The guest should have published.
    Guest(SessionId),
    /// What the fan wants of the picture may be passed on again.
    Prefer(SessionId),
    /// The host did not return.
    Grace(RoomId),
    /// The number of viewers may be told again.
    Viewers(RoomId),
    /// The broadcast has been over for a while.
    Linger(RoomId),
    /// The lines that wait may be told.
    Chats(RoomId),
    /// The likes may be told again.
    Likes(RoomId),
    /// What hosts and moderators see may be told again.
    Desk(RoomId),
    /// The host may be told its fans' latency again.
    Latency(RoomId),
    /// The room is to be saved.
    Keep(RoomId),
    /// What viewers are sent is to be looked at.
    Sample(RoomId),
}

impl Timer {
    /// All timers of a room.
    pub(crate) fn of_room(id: RoomId) -> [Self; 9] {
        [
            Self::Grace(id),
            Self::Viewers(id),
            Self::Linger(id),
            Self::Chats(id),
            Self::Likes(id),
            Self::Desk(id),
            Self::Latency(id),
            Self::Keep(id),
            Self::Sample(id),
        ]
    }
}

/// The deadlines, soonest first.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    due: BTreeSet<(Instant, Timer)>,
    at: HashMap<Timer, Instant>,
}

impl Timers {
    /// Sets a timer; an earlier setting of it is void.
    pub(crate) fn set(&mut self, timer: Timer, at: Instant) {
        self.cancel(timer);
        self.at.insert(timer, at);
        self.due.insert((at, timer));
    }

    /// Cancels a timer.
    pub(crate) fn cancel(&mut self, timer: Timer) {
        if let Some(at) = self.at.remove(&timer) {
            self.due.remove(&(at, timer));
        }
    }

    /// Whether a timer is set.
    pub(crate) fn is_set(&self, timer: Timer) -> bool {
        self.at.contains_key(&timer)
    }

    /// The next deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Takes one timer that is due.
    pub(crate) fn pop(&mut self, now: Instant) -> Option<Timer> {
        let (_, timer) = *self.due.first().filter(|(at, _)| *at <= now)?;
        self.cancel(timer);
        Some(timer)
    }
}
