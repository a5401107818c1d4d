//! `/api`: what a program may ask without a socket.

use axum::Json;
use axum::extract::State;
use protocol::{Addresses, ErrorCode, RoomSummary};
use serde::Serialize;

use super::client::Client;
use crate::ApiError;
use crate::state::App;

/// Body of `GET /api/health`.
#[derive(Debug, Serialize)]
pub(super) struct Health {
    status: &'static str,
    version: &'static str,
}

/// `GET /api/rooms`: the rooms with something to watch.
pub(super) async fn rooms(State(app): State<App>) -> Result<Json<Vec<RoomSummary>>, ApiError> {
    let mut rooms = app.hub.rooms().await.ok_or_else(draining)?;
    for room in &mut rooms {
        room.still = app.archive.still_of(&room.room);
    }
    Ok(Json(rooms))
}

/// `GET /api/health` and `/healthz`: whether new pages may come. It asks the control plane, so that a stuck one
/// shows.
pub(super) async fn health(State(app): State<App>) -> Result<Json<Health>, ApiError> {
    if app.shutdown.is_triggered() {
        return Err(draining());
    }
    if !app.hub.is_running().await {
        return Err(draining());
    }
    Ok(Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") }))
}

/// `GET /api/addresses`: where others in the network find the pages. Only the server's own machine is told: what
/// the network behind a public server looks like is nobody's business.
pub(super) async fn addresses(State(app): State<App>, client: Client) -> Json<Addresses> {
    let is_told = client.addr.is_own_machine;
    let origins = if is_told { app.origins() } else { Vec::new() };
    Json(Addresses { origins })
}

pub(super) fn draining() -> ApiError {
    ApiError::new(ErrorCode::Draining, "the server is stopping")
}
