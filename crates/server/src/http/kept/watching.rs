//! Whether a request comes from who may watch a room: it is open to everybody, or the address has the room's pass, or a
//! header has what lets people in.

use auth::Action;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use protocol::RoomName;

use crate::ApiError;
use crate::clock::now_ms;
use crate::http::in_room::InRoom;
use crate::http::{Client, right};
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

/// A request about the room of its path, of who may watch it. A handler that asks for it is not called otherwise.
#[derive(Debug)]
pub(super) struct Watching {
    pub(super) room: RoomName,
    pub(super) watcher: Watcher,
}

impl FromRequestParts<App> for Watching {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let InRoom(room) = InRoom::from_request_parts(parts, app).await?;
        let client = Client::from_request_parts(parts, app).await?;
        let watcher = may_watch(app, &client, &parts.uri, &parts.headers, &room).await?;
        Ok(Self { room, watcher })
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
    right::check(app, client, (Action::Watch, room), uri, headers).await?;
    Ok(Watcher::Named)
}

/// A parameter of a query; ours have no characters that are encoded.
pub(in crate::http) fn parameter<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    let mut pairs = uri.query()?.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}
