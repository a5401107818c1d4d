//! `/api/v1`: what the operator does.
//!
//! | file | what |
//! | --- | --- |
//! | `operator.rs` | who may ask; bodies of requests |
//! | `page.rs` | lists, a page at a time |
//! | `webhooks.rs` | webhooks and their deliveries |
//! | `broadcasts.rs` | records of broadcasts |

mod broadcasts;
mod operator;
mod page;
mod webhooks;

use auth::{MAX_ROOM_KEYS, MAX_ROOMS_SET_UP, Secret};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use protocol::{ErrorCode, RoomName};
use serde::{Deserialize, Serialize};
use store::{Changed, KeyRow, RulesRow};

use self::operator::{Body, Operator, parse};
use super::in_room::InRoom;
use crate::ApiError;
use crate::room_book::Watch;
use crate::state::App;

/// Characters of a key's name, at most.
const KEY_NAME_CHARS: usize = 64;
/// Characters of a room's password, at least. A network has 10 guesses a minute ([`auth::WRONG_SECRETS`]).
const PASSWORD_CHARS: usize = 6;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/rooms", get(list))
        .route("/api/v1/rooms/{room}", get(read).put(put).delete(remove))
        .route("/api/v1/rooms/{room}/keys", post(add_key))
        .route("/api/v1/rooms/{room}/keys/{id}", delete(remove_key))
        .route("/api/v1/webhooks", get(webhooks::list).post(webhooks::add))
        .route("/api/v1/webhooks/{id}", delete(webhooks::remove))
        .route("/api/v1/webhooks/{id}/test", post(webhooks::test))
        .route("/api/v1/webhooks/{id}/deliveries", get(webhooks::deliveries))
        .route("/api/v1/broadcasts", get(broadcasts::list))
        .route("/api/v1/broadcasts/{id}", get(broadcasts::read))
}

/// A room that was set up.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Room {
    room: String,
    /// A [`Watch`].
    watch: String,
    /// In milliseconds since the Unix epoch.
    made: i64,
    keys: Vec<Key>,
}

/// A key of a room.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Key {
    id: i64,
    name: String,
    /// In milliseconds since the Unix epoch.
    made: i64,
    /// The key itself, in the answer that makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PutRoom {
    watch: Watch,
    password: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AddKey {
    name: String,
}

impl From<RulesRow> for Room {
    fn from(row: RulesRow) -> Self {
        let RulesRow { room, made_ms, watch, password: _, keys } = row;
        Self { room, watch, made: made_ms, keys: keys.into_iter().map(Key::from).collect() }
    }
}

impl From<KeyRow> for Key {
    fn from(row: KeyRow) -> Self {
        Self { id: row.id, name: row.name, made: row.made_ms, key: None }
    }
}

async fn list(_: Operator, State(app): State<App>) -> Result<Json<Vec<Room>>, ApiError> {
    let rooms = app.room_book.all().await?;
    Ok(Json(rooms.into_iter().map(Room::from).collect()))
}

async fn read(
    _: Operator,
    State(app): State<App>,
    InRoom(room): InRoom,
) -> Result<Json<Room>, ApiError> {
    Ok(Json(find(&app, &room).await?.into()))
}

/// Sets a room up, or changes who may watch it.
async fn put(
    Operator { ip }: Operator,
    State(app): State<App>,
    InRoom(room): InRoom,
    body: Body,
) -> Result<Response, ApiError> {
    let PutRoom { watch, password } = parse(body)?;
    let password = password_of(watch, password.as_deref())?;
    let status = match app.room_book.put(&room, watch, password.as_ref()).await? {
        Changed::Made => StatusCode::CREATED,
        Changed::Replaced => StatusCode::OK,
        Changed::Full => {
            let message = format!("there are {MAX_ROOMS_SET_UP} rooms: delete one first");
            return Err(ApiError::new(ErrorCode::ServerFull, message));
        }
    };
    tracing::info!(%room, watch = watch.as_str(), %ip, "room set up");
    Ok((status, Json(Room::from(find(&app, &room).await?))).into_response())
}

/// Makes a room one like any other, without keys.
async fn remove(
    Operator { ip }: Operator,
    State(app): State<App>,
    InRoom(room): InRoom,
) -> Result<StatusCode, ApiError> {
    if !app.room_book.delete(&room).await? {
        return Err(not_set_up(&room));
    }
    tracing::info!(%room, %ip, "room rules deleted");
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a key of a room.
async fn add_key(
    Operator { ip }: Operator,
    State(app): State<App>,
    InRoom(room): InRoom,
    body: Body,
) -> Result<Response, ApiError> {
    let AddKey { name } = parse(body)?;
    let name = name.trim();
    let n = name.chars().count();
    if n == 0 || n > KEY_NAME_CHARS || name.chars().any(char::is_control) {
        let message = format!("name has to be one line of 1 to {KEY_NAME_CHARS} characters");
        return Err(ApiError::new(ErrorCode::BadField, message));
    }
    find(&app, &room).await?;
    let made = app.room_book.add_key(&room, name).await?.ok_or_else(|| {
        let message = format!("a room has at most {MAX_ROOM_KEYS} keys: delete one first");
        ApiError::new(ErrorCode::ServerFull, message)
    })?;
    tracing::info!(%room, key = made.row.id, %ip, "room key made");
    let key = Key { key: Some(made.key), ..made.row.into() };
    Ok((StatusCode::CREATED, Json(key)).into_response())
}

/// Deletes a key of a room. The broadcast that was published with it has ended before the answer comes.
async fn remove_key(
    Operator { ip }: Operator,
    State(app): State<App>,
    InRoom(room): InRoom,
    path: Result<Path<(String, i64)>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    let no_key = || ApiError::new(ErrorCode::NotFound, "the room has no such key");
    let Path((_, id)) = path.map_err(|_| no_key())?;
    if !app.room_book.delete_key(&room, id).await? {
        return Err(no_key());
    }
    tracing::info!(%room, key = id, %ip, "room key deleted");
    Ok(StatusCode::NO_CONTENT)
}

/// The password of a room that asks for one.
fn password_of(watch: Watch, password: Option<&str>) -> Result<Option<Secret>, ApiError> {
    let bad = |message: String| ApiError::new(ErrorCode::BadField, message);
    match (watch, password) {
        (Watch::Password, Some(text)) if text.chars().count() >= PASSWORD_CHARS => {
            Secret::parse(text).map_err(|error| bad(format!("password is {error}")))
        }
        (Watch::Password, _) => {
            Err(bad(format!("password is missing, or shorter than {PASSWORD_CHARS} characters")))
        }
        (Watch::Everybody | Watch::Unlisted, None) => Ok(None),
        (Watch::Everybody | Watch::Unlisted, Some(_)) => {
            Err(bad("password belongs to watch \"password\"".into()))
        }
    }
}

async fn find(app: &App, room: &RoomName) -> Result<RulesRow, ApiError> {
    app.room_book.get(room).await?.ok_or_else(|| not_set_up(room))
}

fn not_set_up(room: &RoomName) -> ApiError {
    ApiError::new(ErrorCode::NotFound, format!("room {room} was not set up"))
}
