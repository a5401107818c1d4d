//! The keys of rooms: whoever has one may publish in its room.

use auth::MAX_ROOM_KEYS;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use protocol::{ErrorCode, RoomName};
use serde::{Deserialize, Serialize};
use store::KeyRow;
use utoipa::ToSchema;

use super::found::find;
use super::operator::{Body, Operator, parse};
use super::text::name_of;
use crate::http::in_room::InRoom;
use crate::problem::{Problem, ProblemBody};
use crate::room_book::NewKey;
use crate::state::App;

/// A key of a room.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RoomKey)]
pub(super) struct Key {
    id: i64,
    name: String,
    /// In milliseconds since the Unix epoch.
    made: i64,
    /// Likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used: Option<i64>,
    /// The key itself, in the answer that makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

impl From<KeyRow> for Key {
    fn from(row: KeyRow) -> Self {
        let KeyRow { id, name, hash: _, made_ms, used_ms } = row;
        Self { id, name, made: made_ms, last_used: used_ms, key: None }
    }
}

impl From<NewKey> for Key {
    fn from(NewKey { row, key }: NewKey) -> Self {
        Self { key: Some(key), ..row.into() }
    }
}

/// What a key is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewRoomKey)]
pub(super) struct AddKey {
    /// One line.
    #[schema(min_length = 1, max_length = 64)]
    name: String,
}

/// What a path names below a room.
pub(super) type Below = Result<Path<(String, i64)>, PathRejection>;

/// Makes a key of a room. The answer has the key, this once.
#[utoipa::path(
    post,
    path = "/api/v1/rooms/{room}/keys",
    tag = "rooms",
    operation_id = "makeRoomKey",
    params(("room" = RoomName, Path, description = "Its name.")),
    request_body = AddKey,
    responses((status = 201, description = "The key.", body = Key), (status = 404, description = "The room was not set up.", body = ProblemBody))
)]
pub(super) async fn add(
    operator: Operator,
    State(app): State<App>,
    InRoom(room): InRoom,
    body: Body,
) -> Result<Response, Problem> {
    let AddKey { name } = parse(body)?;
    let name = name_of(&name)?;
    find(&app, &room).await?;
    let made = app.room_book.add_key(&room, name).await?.ok_or_else(|| {
        let message = format!("a room has at most {MAX_ROOM_KEYS} keys: delete one first");
        Problem::new(ErrorCode::ServerFull, message)
    })?;
    tracing::info!(%room, key = made.row.id, ip = %operator.ip, "room key made");
    operator.audit(&app, "key.make", &format!("{room} {name}")).await;
    Ok((StatusCode::CREATED, Json(Key::from(made))).into_response())
}

/// Puts another secret in the place of a key. What was published with the old one has ended before the answer comes.
#[utoipa::path(
    post,
    path = "/api/v1/rooms/{room}/keys/{id}/rotate",
    tag = "rooms",
    operation_id = "rotateRoomKey",
    params(("room" = RoomName, Path, description = "Its name."), ("id" = i64, Path, description = "Of the key.")),
    responses((status = 200, description = "The key.", body = Key), (status = 404, description = "The room has no such key.", body = ProblemBody))
)]
pub(super) async fn rotate(
    operator: Operator,
    State(app): State<App>,
    InRoom(room): InRoom,
    path: Below,
) -> Result<Json<Key>, Problem> {
    let Path((_, id)) = path.map_err(|_| no_key())?;
    let made = app.room_book.rotate_key(&room, id).await?.ok_or_else(no_key)?;
    tracing::info!(%room, key = id, ip = %operator.ip, "room key rotated");
    operator.audit(&app, "key.rotate", &format!("{room} {}", made.row.name)).await;
    Ok(Json(made.into()))
}

/// Deletes a key of a room. The broadcast that was published with it has ended before the answer comes.
#[utoipa::path(
    delete,
    path = "/api/v1/rooms/{room}/keys/{id}",
    tag = "rooms",
    operation_id = "deleteRoomKey",
    params(("room" = RoomName, Path, description = "Its name."), ("id" = i64, Path, description = "Of the key.")),
    responses((status = 204, description = "Done."), (status = 404, description = "The room has no such key.", body = ProblemBody))
)]
pub(super) async fn remove(
    operator: Operator,
    State(app): State<App>,
    InRoom(room): InRoom,
    path: Below,
) -> Result<StatusCode, Problem> {
    let Path((_, id)) = path.map_err(|_| no_key())?;
    if !app.room_book.delete_key(&room, id).await? {
        return Err(no_key());
    }
    tracing::info!(%room, key = id, ip = %operator.ip, "room key deleted");
    operator.audit(&app, "key.delete", &format!("{room} {id}")).await;
    Ok(StatusCode::NO_CONTENT)
}

fn no_key() -> Problem {
    Problem::new(ErrorCode::NotFound, "the room has no such key")
}
