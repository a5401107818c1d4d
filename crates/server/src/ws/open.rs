//! `GET /ws`: a page opens its WebSocket.

use std::fmt;
use std::time::Instant;

use axum::extract::rejection::QueryRejection;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Query, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use control::{Door, Join};
use protocol::{ErrorCode, MAX_FRAME_BYTES, Role, RoomName};
use serde::Deserialize;

use super::guard::Guard;
use super::socket;
use crate::ApiError;
use crate::http::Client;
use crate::state::App;

/// The query as it stands in the URL. Unknown parameters are ignored.
#[derive(Deserialize)]
pub(crate) struct Fields {
    role: Option<String>,
    room: Option<String>,
    pub(super) key: Option<String>,
}

/// `GET /ws`.
pub(crate) async fn open(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    RawQuery(raw_query): RawQuery,
    query: Result<Query<Fields>, QueryRejection>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let upgrade = upgrade.map_err(|_| {
        ApiError::new(ErrorCode::Unexpected, "this address speaks WebSocket: connect with ws://")
    })?;
    if app.shutdown.is_triggered() {
        return Err(ApiError::new(ErrorCode::Draining, "the server is stopping"));
    }
    app.auth
        .check_origin(&client.addr, &headers)
        .inspect_err(|refused| log_refused(&client, ErrorCode::Forbidden, refused))
        .map_err(|refused| ApiError::new(ErrorCode::Forbidden, refused.to_string()))?;
    let (role, wants_stage, room) = query
        .map_err(|_| ApiError::new(ErrorCode::BadField, "the query cannot be read"))
        .and_then(|Query(raw)| parse(raw))?;
    let place = app.admission.join(&client.addr, Door::WebSocket, Instant::now());
    let mut place = place.inspect_err(|it| log_refused(&client, it.code, it))?;
    let socket_place = place.take_socket();
    let turn = app.turn_for(client.tls_host.as_deref());
    let (addr, via) = (client.addr, client.via);
    let guard = Guard::new(
        app.access.clone(),
        addr,
        role,
        room.clone().unwrap_or_else(|| app.default_room()),
        raw_query.unwrap_or_default(),
    );
    let shown = guard.at_the_door().await;
    let join = Join { addr, via, turn, room, role, wants_stage, shown, place };
    Ok(upgrade
        // One more byte than allowed is read, so that the limit itself can be met.
        .max_message_size(MAX_FRAME_BYTES + 1)
        .max_frame_size(MAX_FRAME_BYTES + 1)
        // A page's messages are small; thousands of sockets are not to hold large buffers.
        .read_buffer_size(4 * 1024)
        .write_buffer_size(0)
        .on_upgrade(async move |socket| {
            let _held = (app.alive, socket_place);
            socket::run(socket, join, guard, app.hub).await;
        }))
}

fn log_refused(client: &Client, code: ErrorCode, reason: &dyn fmt::Display) {
    let (ip, code) = (client.addr.ip, code.as_str());
    tracing::info!(%ip, code, %reason, "WebSocket refused");
}

/// The role that a query names, whether that is the one of a guest, and the room.
pub(super) fn parse(raw: Fields) -> Result<(Option<Role>, bool, Option<RoomName>), ApiError> {
    let bad = |message: String| ApiError::new(ErrorCode::BadField, message);
    if raw.key.is_some() {
        let message = "a key does not belong in a URL, where logs and histories keep it: send it in \
                       hello or in the offer";
        return Err(bad(message.into()));
    }
    let (role, wants_stage) = match raw.role.as_deref() {
        None | Some("") => (None, false),
        Some("host") => (Some(Role::Host), false),
        Some("fan") => (Some(Role::Fan), false),
        Some("guest") => (None, true),
        Some(_) => return Err(bad("\"role\" is host, fan or guest".into())),
    };
    let room = raw
        .room
        .filter(|room| !room.is_empty())
        .map(|room| RoomName::parse(&room).map_err(|e| bad(format!("\"room\": {e}"))))
        .transpose()?;
    Ok((role, wants_stage, room))
}
