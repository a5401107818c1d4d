//! Which sessions there are, by the secret in their URL.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use protocol::{ErrorCode, RoomName};
use subtle::ConstantTimeEq;
use tokio::sync::mpsc;

use super::{Problem, Request};
use crate::caller::network;
use crate::limits::{OPENINGS_BURST, OPENINGS_PER_SECOND};
use crate::rate::AddressRate;
use crate::signaling::Caller;

/// Which protocol a session speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It publishes: RFC 9725.
    Whip,
    /// It watches: draft-ietf-wish-whep-03.
    Whep,
}

impl Kind {
    /// The first part of its path.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Whip => "whip",
            Self::Whep => "whep",
        }
    }
}

/// The sessions. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Registry(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    sessions: HashMap<String, Entry>,
    openings: AddressRate,
}

/// One session, as requests find it.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) room: RoomName,
    /// The bearer token it was opened with; never printed.
    pub(super) token: Option<Token>,
    pub(super) requests: mpsc::Sender<Request>,
}

/// A bearer token that does not show in a log.
#[derive(Clone)]
pub(super) struct Token(pub(super) Arc<str>);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl Registry {
    /// A secret of 128 bits, for a session's URL (RFC 9725, section 5).
    pub(super) fn new_id() -> String {
        format!("{:032x}", rand::random::<u128>())
    }

    /// Whether a caller may open one more session now (RFC 9725, section 5).
    pub(super) fn may_open(&self, caller: Caller, now: Instant) -> bool {
        caller.local
            || self.lock().openings.take(
                network(caller.ip),
                OPENINGS_PER_SECOND,
                OPENINGS_BURST,
                now,
            )
    }

    pub(super) fn add(&self, id: String, entry: Entry) {
        self.lock().sessions.insert(id, entry);
    }

    pub(super) fn remove(&self, id: &str) {
        self.lock().sessions.remove(id);
    }

    /// Where requests to a session go, when the caller may make any.
    ///
    /// # Errors
    /// 404 when there is none of this kind in this room, 401 or 403 when it was opened with another
    /// token (RFC 6750, section 3.1).
    pub(crate) fn find(
        &self,
        kind: Kind,
        room: &str,
        id: &str,
        token: Option<&str>,
    ) -> Result<mpsc::Sender<Request>, Problem> {
        let entry = self.entry(kind, room, id)?;
        match (&entry.token, token) {
            (None, _) => Ok(entry.requests),
            (Some(ours), Some(given)) if bool::from(ours.0.as_bytes().ct_eq(given.as_bytes())) => {
                Ok(entry.requests)
            }
            (Some(_), Some(_)) => Err(Problem::new(
                ErrorCode::Forbidden,
                "the token is not the one that this session was opened with",
            )),
            (Some(_), None) => Err(Problem::new(
                ErrorCode::AuthRequired,
                "this session was opened with a bearer token, and each request needs it",
            )),
        }
    }

    /// The same for who knows more of the URL than the session's own.
    pub(crate) fn find_by_url(
        &self,
        kind: Kind,
        room: &str,
        id: &str,
    ) -> Result<mpsc::Sender<Request>, Problem> {
        self.entry(kind, room, id).map(|entry| entry.requests)
    }

    fn entry(&self, kind: Kind, room: &str, id: &str) -> Result<Entry, Problem> {
        let found = self.lock().sessions.get(id).cloned();
        found.filter(|it| it.kind == kind && it.room.as_str() == room).ok_or_else(Problem::gone)
    }

    /// The lock is held for a few instructions, never across an await.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
