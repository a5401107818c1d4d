//! Rooms that were set up.

use std::hash::{DefaultHasher, Hash, Hasher};

use auth::{MAX_ROOMS_SET_UP, Secret};
use axum::Json;
use axum::extract::State;
use axum::http::header::{ETAG, IF_MATCH};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use protocol::{ErrorCode, LiveState, RoomName};
use serde::{Deserialize, Serialize};
use store::{Changed, RulesRow};
use utoipa::ToSchema;

use super::found::{find, not_set_up};
use super::invites::Invite;
use super::keys::Key;
use super::operator::{Body, Operator, bad, parse};
use super::page::{Asked, Items, Page};
use crate::ApiError;
use crate::http::cover::read_any;
use crate::http::in_room::InRoom;
use crate::problem::{Problem, ProblemBody};
use crate::room_book::{Chat, NotPut, Record, Settings, Watch};
use crate::state::App;

/// Characters of a room's password, at least. A network has 10 guesses a minute ([`auth::WRONG_SECRETS`]).
const PASSWORD_CHARS: usize = 6;

/// A room that was set up.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Room {
    #[schema(value_type = RoomName)]
    room: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// Who may watch.
    #[schema(value_type = Watch)]
    watch: String,
    /// Who may write.
    #[schema(value_type = Chat)]
    chat: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_viewers: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_kbps: Option<u32>,
    /// Who has it recorded; none: as the server is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Record>)]
    record: Option<String>,
    /// In milliseconds since the Unix epoch.
    made: i64,
    keys: Vec<Key>,
    invites: Vec<Invite>,
    live: LiveState,
    viewers: u32,
    /// Since when it is live, in milliseconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<f64>,
    /// The version of its picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    cover: Option<u32>,
}

impl Room {
    /// The room with what goes on in it.
    async fn of(app: &App, row: RulesRow) -> Self {
        let RulesRow { room, made_ms, settings, keys, had_key: _, invites } = row;
        let info = match RoomName::parse(&room) {
            Ok(name) => app.hub.room_for_operator(name).await,
            Err(_) => None,
        };
        let (live, viewers, since) = match &info {
            Some(it) => (it.live, it.viewers, it.since),
            None => (LiveState::Offline, 0, None),
        };
        let cover = info.as_ref().and_then(|it| it.cover);
        let title = info.and_then(|it| it.title).map(|it| it.as_str().to_owned());
        Self {
            room,
            title,
            watch: settings.watch,
            chat: settings.chat,
            max_viewers: settings.max_viewers,
            max_kbps: settings.max_kbps,
            record: settings.record,
            made: made_ms,
            keys: keys.into_iter().map(Key::from).collect(),
            invites: invites.into_iter().map(Invite::from).collect(),
            live,
            viewers,
            since,
            cover,
        }
    }
}

/// What a room is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = RoomRules)]
pub(super) struct PutRoom {
    watch: Watch,
    /// For `watch` "password"; may be left out when the room has one.
    #[schema(min_length = 6, max_length = 256)]
    password: Option<String>,
    #[serde(default)]
    chat: Chat,
    /// The most viewers at a time.
    #[schema(minimum = 1)]
    max_viewers: Option<u32>,
    /// The most that its host may send, in kbit/s.
    #[schema(minimum = 1)]
    max_kbps: Option<u32>,
    /// Who has it recorded; none: as the server is set.
    record: Option<Record>,
}

/// The rooms that were set up, by name.
#[utoipa::path(
    get,
    path = "/api/v1/rooms",
    tag = "rooms",
    operation_id = "listRooms",
    params(Asked),
    responses((status = 200, description = "A page of them.", body = Items<Room>))
)]
pub(super) async fn list(
    _: Operator,
    State(app): State<App>,
    page: Page,
) -> Result<Json<Items<Room>>, Problem> {
    let rows = app.room_book.after(page.cursor.as_deref(), page.n()).await?;
    let mut rooms = Vec::new();
    for row in rows {
        rooms.push(Room::of(&app, row).await);
    }
    Ok(Json(page.of(rooms, |it| it.room.clone())))
}

/// A room that was set up. The `ETag` names its rules.
#[utoipa::path(
    get,
    path = "/api/v1/rooms/{room}",
    tag = "rooms",
    operation_id = "readRoom",
    params(("room" = RoomName, Path, description = "Its name.")),
    responses((status = 200, description = "The room.", body = Room), (status = 404, description = "The room was not set up.", body = ProblemBody))
)]
pub(super) async fn read(
    _: Operator,
    State(app): State<App>,
    InRoom(room): InRoom,
) -> Result<Response, Problem> {
    let row = find(&app, &room).await?;
    let etag = etag(&row);
    Ok(([(ETAG, etag)], Json(Room::of(&app, row).await)).into_response())
}

/// Sets a room up, or changes it. With `If-Match` only if its rules are still those.
#[utoipa::path(
    put,
    path = "/api/v1/rooms/{room}",
    tag = "rooms",
    operation_id = "putRoom",
    params(("room" = RoomName, Path, description = "Its name."), ("if-match" = Option<String>, Header, description = "The `ETag` of the rules that are to be changed.")),
    request_body = PutRoom,
    responses((status = 200, description = "It was changed.", body = Room), (status = 201, description = "It was set up.", body = Room), (status = 404, description = "No room can have that name.", body = ProblemBody), (status = 412, description = "The room is not as `If-Match` says.", body = ProblemBody))
)]
pub(super) async fn put(
    operator: Operator,
    State(app): State<App>,
    InRoom(room): InRoom,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let PutRoom { watch, password, chat, max_viewers, max_kbps, record } = parse(body)?;
    let password = password_of(watch, password.as_deref())?;
    if max_viewers == Some(0) || max_kbps == Some(0) {
        return Err(bad("maxViewers and maxKbps are at least 1: leave out what has no limit"));
    }
    let settings = Settings { watch, password, chat, max_viewers, max_kbps, record };
    let if_match = headers.get(IF_MATCH).map(|it| it.to_str().unwrap_or_default());
    let is_right = |row: Option<&RulesRow>| match (if_match, row) {
        (None, _) => true,
        (Some("*"), row) => row.is_some(),
        (Some(given), Some(row)) => given == etag(row),
        (Some(_), None) => false,
    };
    let status = match app.room_book.put(&room, settings, is_right).await {
        Ok(Changed::Made) => StatusCode::CREATED,
        Ok(Changed::Replaced | Changed::Full) => StatusCode::OK,
        Err(NotPut::NoPassword) => return Err(no_password()),
        Err(NotPut::Changed) => {
            let message = "the room is not as you believe it to be: read it again";
            let status = StatusCode::PRECONDITION_FAILED;
            return Err(Problem::with(status, ErrorCode::Unexpected, message));
        }
        Err(NotPut::Full) => {
            let message = format!("there are {MAX_ROOMS_SET_UP} rooms: delete one first");
            return Err(Problem::new(ErrorCode::ServerFull, message));
        }
        Err(NotPut::Store(error)) => return Err(error.into()),
    };
    tracing::info!(%room, watch = watch.as_str(), ip = %operator.ip, "room set up");
    operator.audit(&app, "room.put", &format!("{room} {}", watch.as_str())).await;
    let row = find(&app, &room).await?;
    let etag = etag(&row);
    Ok((status, [(ETAG, etag)], Json(Room::of(&app, row).await)).into_response())
}

/// The picture of a room, of private ones as well. With its version as `v` it may be kept for ever.
#[utoipa::path(
    get,
    path = "/api/v1/rooms/{room}/cover",
    tag = "rooms",
    operation_id = "readRoomCover",
    params(
        ("room" = RoomName, Path, description = "Its name."),
        ("v" = Option<i64>, Query, description = "Which picture.")
    ),
    responses(
        (status = 200, description = "JPEG, PNG or WebP.", content(
            (String = "image/jpeg"),
            (String = "image/png"),
            (String = "image/webp")
        )),
        (status = 304, description = "It is the one of `If-None-Match`."),
        (status = 404, description = "The room has no picture.", body = ProblemBody)
    )
)]
pub(super) async fn cover(
    _: Operator,
    State(app): State<App>,
    InRoom(room): InRoom,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    read_any(&app, &room, &uri, &headers).await
}

/// Makes a room one like any other, without keys.
#[utoipa::path(
    delete,
    path = "/api/v1/rooms/{room}",
    tag = "rooms",
    operation_id = "deleteRoom",
    params(("room" = RoomName, Path, description = "Its name.")),
    responses((status = 204, description = "Done."), (status = 404, description = "The room was not set up.", body = ProblemBody))
)]
pub(super) async fn remove(
    operator: Operator,
    State(app): State<App>,
    InRoom(room): InRoom,
) -> Result<StatusCode, Problem> {
    if !app.room_book.delete(&room).await? {
        return Err(not_set_up(&room));
    }
    tracing::info!(%room, ip = %operator.ip, "room rules deleted");
    operator.audit(&app, "room.delete", room.as_str()).await;
    Ok(StatusCode::NO_CONTENT)
}

/// The new password of a room that asks for one.
fn password_of(watch: Watch, password: Option<&str>) -> Result<Option<Secret>, Problem> {
    match (watch, password) {
        (Watch::Password, Some(text)) if text.chars().count() < PASSWORD_CHARS => {
            Err(bad(format!("password is shorter than {PASSWORD_CHARS} characters")))
        }
        (Watch::Password, Some(text)) => {
            Secret::parse(text).map_err(|error| bad(format!("password is {error}")))
        }
        (_, None) => Ok(None),
        (_, Some(_)) => Err(bad("password belongs to watch \"password\"")),
    }
}

fn no_password() -> Problem {
    bad(format!("password is missing: {PASSWORD_CHARS} characters or more"))
}

/// Names what was set up, without what goes on in the room.
fn etag(row: &RulesRow) -> String {
    let mut hasher = DefaultHasher::new();
    let settings = &row.settings;
    (&settings.watch, &settings.password, &settings.chat).hash(&mut hasher);
    (settings.max_viewers, settings.max_kbps, &settings.record, row.made_ms).hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
}
