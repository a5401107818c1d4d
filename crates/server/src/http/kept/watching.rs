//! Whether a request comes from who may watch a room: it is open to everybody, or the address has the room's pass, or a
//! header has what lets people in.

use std::time::Instant;

use auth::{Action, Credential};
use axum::http::{HeaderMap, Uri};
use control::Refusal;
use protocol::{ErrorCode, RoomName};

use crate::ApiError;
use crate::access::Wish;
use crate::clock::now_ms;
use crate::http::{Client, bearer};
use crate::state::App;

/// What is known of who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Watcher {
    /// Everybody may.
    Anybody,
    /// Not everybody may: no proxy keeps the answer.
    Named,
}

impl Watcher {
    /// How an answer that never changes may be kept.
    pub(in crate::http) fn for_ever(self) -> &'static str {
        match self {
            Self::Anybody => "public, max-age=31536000, immutable",
            Self::Named => "private, max-age=31536000, immutable",
        }
    }

    /// The same of a playlist that was waited for: it says what comes next, which others wait for as well.
    pub(in crate::http) fn for_a_moment(self) -> &'static str {
        match self {
            Self::Anybody => "public, max-age=6",
            Self::Named => "private, max-age=6",
        }
    }
}

/// Whether who asks may watch the room.
pub(in crate::http) async fn may_watch(
    app: &App,
    client: &Client,
    uri: &Uri,
    headers: &HeaderMap,
    room: &RoomName,
) -> Result<Watcher, ApiError> {
    if app.auth.is_public(room) {
        return Ok(Watcher::Anybody);
    }
    let unix_s = u64::try_from(now_ms() / 1_000).unwrap_or_default();
    if parameter(uri, "pass").is_some_and(|pass| app.auth.is_pass(room, pass, unix_s)) {
        return Ok(Watcher::Named);
    }
    let given = bearer(headers).map_err(|why| ApiError::new(ErrorCode::AuthBad, why))?;
    let (action, text) = (Action::Watch, given.text.as_deref());
    let query = uri.query().unwrap_or_default();
    let wish = Wish { client: &client.addr, action, room, text, query };
    let shown = app.access.learn(wish).await.shown;
    let credential = Credential { key: given.secret, person: None, shown };
    let may = app.auth.may(&client.addr, action, room, &credential, Instant::now());
    may.map(|()| Watcher::Named).map_err(|denied| Refusal::from(denied).into())
}

/// A parameter of a query; ours have no characters that are encoded.
pub(in crate::http) fn parameter<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    let mut pairs = uri.query()?.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}
