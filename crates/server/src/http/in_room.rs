//! The room that a path names as `{room}`.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use protocol::{ErrorCode, RoomName};

use crate::ApiError;

/// The room of the path. A handler that asks for it is not called for a name that no room can have.
#[derive(Debug)]
pub(super) struct InRoom(pub(super) RoomName);

impl<S: Send + Sync> FromRequestParts<S> for InRoom {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, state).await.ok();
        let name = params.as_ref().and_then(|all| all.iter().find(|(key, _)| *key == "room"));
        let room = name.and_then(|(_, name)| RoomName::parse(name).ok());
        room.map(Self)
            .ok_or_else(|| ApiError::new(ErrorCode::NotFound, "no room can have that name"))
    }
}
