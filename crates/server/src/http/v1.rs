//! `/api/v1`: what the operator does. Everything asks for the server's key, or comes from its own machine.

use std::time::Instant;

use auth::{MAX_ROOM_KEYS, MAX_ROOMS, Secret};
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use control::Refusal;
use protocol::{ErrorCode, RoomName};
use serde::{Deserialize, Serialize};
use store::{Changed, KeyRow, RulesRow, StoreError};

use super::bearer::bearer;
use super::client::Client;
use crate::ApiError;
use crate::room_book::{EVERYBODY, PASSWORD, UNLISTED};
use crate::state::App;

/// Characters of a key's name, at most.
const KEY_NAME_CHARS: usize = 64;
/// Characters of a room's password, at least: with 10 guesses a minute and network these take years.
const PASSWORD_CHARS: usize = 6;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/rooms", get(list))
        .route("/api/v1/rooms/{room}", get(read).put(put).delete(remove))
        .route("/api/v1/rooms/{room}/keys", post(add_key))
        .route("/api/v1/rooms/{room}/keys/{id}", delete(remove_key))
}

/// A room that was set up.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Room {
    room: String,
    /// `everybody`, `unlisted` or `password`.
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
    /// Told once, when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

/// Who may watch.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PutRoom {
    watch: String,
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

async fn list(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
) -> Result<Json<Vec<Room>>, ApiError> {
    check(&app, &client, &headers)?;
    let rooms = app.room_book.all().await.map_err(failed)?;
    Ok(Json(rooms.into_iter().map(Room::from).collect()))
}

async fn read(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<Room>, ApiError> {
    check(&app, &client, &headers)?;
    let room = room_of(path)?;
    Ok(Json(find(&app, &room).await?.into()))
}

/// Sets a room up, or changes who may watch it.
async fn put(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    path: Result<Path<String>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    check(&app, &client, &headers)?;
    let room = room_of(path)?;
    let PutRoom { watch, password } = parse(body)?;
    let password = password_of(&watch, password.as_deref())?;
    let changed = app.room_book.put(&room, &watch, password.as_ref()).await.map_err(failed)?;
    let status = match changed {
        Changed::Made => StatusCode::CREATED,
        Changed::Replaced => StatusCode::OK,
        Changed::Full => {
            let message = format!("there are {MAX_ROOMS} rooms: delete one first");
            return Err(ApiError::new(ErrorCode::ServerFull, message));
        }
    };
    tracing::info!(%room, watch, ip = %client.addr.ip, "room set up");
    Ok((status, Json(Room::from(find(&app, &room).await?))).into_response())
}

/// Makes a room one like any other, without keys.
async fn remove(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    path: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    check(&app, &client, &headers)?;
    let room = room_of(path)?;
    if !app.room_book.delete(&room).await.map_err(failed)? {
        return Err(not_set_up(&room));
    }
    tracing::info!(%room, ip = %client.addr.ip, "rules of a room deleted");
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a key of a room.
async fn add_key(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    path: Result<Path<String>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    check(&app, &client, &headers)?;
    let room = room_of(path)?;
    let AddKey { name } = parse(body)?;
    let name = name.trim();
    let n = name.chars().count();
    if n == 0 || n > KEY_NAME_CHARS || name.chars().any(char::is_control) {
        let message = format!("name has to be one line of 1 to {KEY_NAME_CHARS} characters");
        return Err(ApiError::new(ErrorCode::BadField, message));
    }
    find(&app, &room).await?;
    let made = app.room_book.add_key(&room, name).await.map_err(failed)?;
    let made = made.ok_or_else(|| {
        let message = format!("a room has at most {MAX_ROOM_KEYS} keys: delete one first");
        ApiError::new(ErrorCode::ServerFull, message)
    })?;
    tracing::info!(%room, key = made.row.id, ip = %client.addr.ip, "key of a room made");
    let key = Key { key: Some(made.key), ..made.row.into() };
    Ok((StatusCode::CREATED, Json(key)).into_response())
}

/// Takes a key of a room away. Who is live with it is out before the answer comes.
async fn remove_key(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    path: Result<Path<(String, i64)>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    check(&app, &client, &headers)?;
    let no_key = || ApiError::new(ErrorCode::NotFound, "the room has no such key");
    let Path((room, id)) = path.map_err(|_| no_key())?;
    let room = RoomName::parse(&room).map_err(|_| no_key())?;
    if !app.room_book.delete_key(&room, id).await.map_err(failed)? {
        return Err(no_key());
    }
    tracing::info!(%room, key = id, ip = %client.addr.ip, "key of a room deleted");
    Ok(StatusCode::NO_CONTENT)
}

/// Only the operator, and no page of an origin that is not allowed.
fn check(app: &App, client: &Client, headers: &HeaderMap) -> Result<(), ApiError> {
    app.auth
        .check_origin(&client.addr, headers)
        .map_err(|refused| ApiError::new(ErrorCode::Forbidden, refused.to_string()))?;
    let given = bearer(headers).map_err(|why| ApiError::new(ErrorCode::AuthBad, why))?;
    let may = app.auth.may_look(&client.addr, given.as_ref(), false, Instant::now());
    may.map_err(|denied| Refusal::from(denied).into())
}

fn room_of(path: Result<Path<String>, PathRejection>) -> Result<RoomName, ApiError> {
    let name = path.ok().and_then(|Path(name)| RoomName::parse(&name).ok());
    name.ok_or_else(|| ApiError::new(ErrorCode::NotFound, "no room can have that name"))
}

fn parse<T: for<'de> Deserialize<'de>>(body: Result<Bytes, BytesRejection>) -> Result<T, ApiError> {
    let body = body.map_err(|_| ApiError::new(ErrorCode::TooLarge, "the body is too long"))?;
    serde_json::from_slice(&body)
        .map_err(|error| ApiError::new(ErrorCode::BadField, format!("the body: {error}")))
}

/// The password of a room that asks for one.
fn password_of(watch: &str, password: Option<&str>) -> Result<Option<Secret>, ApiError> {
    let bad = |message: String| ApiError::new(ErrorCode::BadField, message);
    match (watch, password) {
        (PASSWORD, Some(text)) if text.chars().count() >= PASSWORD_CHARS => {
            Secret::parse(text).map_err(|error| bad(format!("password is {error}")))
        }
        (PASSWORD, _) => {
            Err(bad(format!("password is missing, or shorter than {PASSWORD_CHARS} characters")))
        }
        (EVERYBODY | UNLISTED, None) => Ok(None),
        (EVERYBODY | UNLISTED, Some(_)) => {
            Err(bad(format!("password belongs to watch {PASSWORD:?}")))
        }
        _ => Err(bad(format!("watch is one of {EVERYBODY:?}, {UNLISTED:?} and {PASSWORD:?}"))),
    }
}

async fn find(app: &App, room: &RoomName) -> Result<RulesRow, ApiError> {
    app.room_book.get(room).await.map_err(failed)?.ok_or_else(|| not_set_up(room))
}

fn not_set_up(room: &RoomName) -> ApiError {
    ApiError::new(ErrorCode::NotFound, format!("room {room} was not set up"))
}

/// The disk is full, or slow.
#[allow(clippy::needless_pass_by_value, reason = "an adapter of map_err")]
fn failed(error: StoreError) -> ApiError {
    ApiError::new(ErrorCode::Internal, error.to_string())
}
