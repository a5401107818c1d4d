//! `/api/rooms/{room}`: one room, for programs.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use protocol::{ErrorCode, RoomInfo, RoomName};

use super::api::draining;
use crate::ApiError;
use crate::state::App;

/// `GET /api/rooms/{room}`: what is known of a room, live or not.
pub(super) async fn one(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<RoomInfo>, ApiError> {
    let name = name.ok().and_then(|Path(name)| RoomName::parse(&name).ok());
    let Some(name) = name else { return Err(no_such_room()) };
    let info = app.hub.room(name).await.ok_or_else(draining)?;
    info.map(Json).ok_or_else(no_such_room)
}

fn no_such_room() -> ApiError {
    ApiError::new(ErrorCode::NotFound, "nobody is in a room of that name")
}
