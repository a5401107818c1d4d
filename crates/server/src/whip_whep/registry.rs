//! Which sessions there are, by the secret in their URL.
//!
//! An unknown one is 404 and is not counted as a wrong secret: it has 128 bits, so that no number of guesses finds one,
//! and players that come back after a restart of the server all ask for sessions that are gone. It costs what any
//! 404 does.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use auth::{Auth, ClientAddr, Secret, SecretKind, WrongSecret};
use protocol::{ErrorCode, RoomName};
use tokio::sync::mpsc;

use super::request::Request;
use crate::problem::Problem;

/// Which protocol a session speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It publishes: RFC 9725.
    Whip,
    /// It watches: draft-ietf-wish-whep-03.
    Whep,
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Whip => "whip",
            Self::Whep => "whep",
        }
    }
}

/// The sessions. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Registry(Arc<Mutex<HashMap<String, Entry>>>);

/// One session, as requests find it.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) room: RoomName,
    /// The bearer token that it was opened with.
    pub(super) token: Option<Secret>,
    pub(super) requests: mpsc::Sender<Request>,
}

/// Which session a request is for, and who makes it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) kind: Kind,
    pub(super) room: &'a str,
    pub(super) id: &'a str,
    pub(super) client: &'a ClientAddr,
    pub(super) token: Option<&'a Secret>,
}

impl Asked<'_> {
    /// Whether the path has the form of a session's URL.
    pub(super) fn is_session(&self) -> bool {
        self.id.len() == 32 && self.id.bytes().all(|b| b.is_ascii_hexdigit())
    }
}

impl Registry {
    /// A secret of 128 bits, for a session's URL (RFC 9725, section 5).
    pub(super) fn new_id() -> String {
        format!("{:032x}", rand::random::<u128>())
    }

    pub(super) fn add(&self, id: String, entry: Entry) {
        self.lock().insert(id, entry);
    }

    pub(super) fn remove(&self, id: &str) {
        self.lock().remove(id);
    }

    /// Where requests to a session go, when the caller may make any.
    ///
    /// # Errors
    /// 404 when there is none of this kind in this room, 401 or 403 when it was opened with another token (RFC
    /// 6750, section 3.1), 429 when the caller's network has sent too many wrong secrets.
    pub(super) fn find(
        &self,
        auth: &Auth,
        asked: Asked<'_>,
    ) -> Result<mpsc::Sender<Request>, Problem> {
        let entry = self.entry(asked)?;
        match (&entry.token, asked.token) {
            (None, _) => Ok(entry.requests),
            (Some(ours), Some(given)) => {
                let kind = SecretKind::SessionToken;
                match auth.is_same(asked.client, kind, ours, given, Instant::now()) {
                    Ok(()) => Ok(entry.requests),
                    Err(WrongSecret::Wrong) => Err(Problem::new(
                        ErrorCode::Forbidden,
                        "the token is not the one that this session was opened with",
                    )),
                    Err(too_many @ WrongSecret::TooMany { .. }) => Err(too_many.into()),
                }
            }
            (Some(_), None) => Err(Problem::new(
                ErrorCode::AuthRequired,
                "this session was opened with a bearer token, and each request needs it",
            )),
        }
    }

    /// Like [`Self::find`], without the token check: the caller shows the secret of an event stream below the
    /// session.
    pub(super) fn find_for_stream(
        &self,
        asked: Asked<'_>,
    ) -> Result<mpsc::Sender<Request>, Problem> {
        self.entry(asked).map(|entry| entry.requests)
    }

    fn entry(&self, asked: Asked<'_>) -> Result<Entry, Problem> {
        let found = self.lock().get(asked.id).cloned();
        let found = found.filter(|it| it.kind == asked.kind && it.room.as_str() == asked.room);
        found.ok_or_else(Problem::gone)
    }

    /// The lock is held for a few instructions, never across an await.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<WrongSecret> for Problem {
    fn from(wrong: WrongSecret) -> Self {
        control::Refusal::from(wrong).into()
    }
}
