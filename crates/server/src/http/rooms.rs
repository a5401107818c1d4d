//! `/api/rooms/{room}`: one room, for programs.

use axum::Json;
use axum::extract::State;
use protocol::{ErrorCode, RoomInfo};

use super::api::draining;
use super::in_room::InRoom;
use crate::ApiError;
use crate::state::App;

/// `GET /api/rooms/{room}`: what is known of a room, live or not.
pub(super) async fn one(
    State(app): State<App>,
    InRoom(name): InRoom,
) -> Result<Json<RoomInfo>, ApiError> {
    let info = app.hub.room(name).await.ok_or_else(draining)?;
    info.map(Json)
        .ok_or_else(|| ApiError::new(ErrorCode::NotFound, "nobody is in a room of that name"))
}
