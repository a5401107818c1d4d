//! `/ws`: a page opens its socket.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};
use axum::response::Response;
use protocol::{ErrorCode, MAX_FRAME_BYTES, Role, RoomName};
use serde::Deserialize;

use super::App;
use crate::signaling::{Door, SocketId, SocketQuery};
use crate::{ApiError, caller, origin, socket};

/// The query as it stands in the URL. Unknown parameters are ignored.
#[derive(Deserialize)]
pub(super) struct RawQuery {
    role: Option<String>,
    room: Option<String>,
    key: Option<String>,
}

/// `GET /ws`.
pub(super) async fn open(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    query: Result<Query<RawQuery>, axum::extract::rejection::QueryRejection>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let upgrade = upgrade.map_err(|_| {
        ApiError::new(ErrorCode::Unexpected, "this address speaks WebSocket: connect with ws://")
    })?;
    if app.shutdown.is_triggered() {
        return Err(ApiError::new(ErrorCode::Draining, "the server is stopping"));
    }
    let caller = caller::identify(peer.ip(), &headers);
    // A header that is no text is no origin that could be allowed.
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if !origin::is_allowed(text(ORIGIN), text(HOST), caller.local, &app.allow_origins) {
        tracing::debug!(origin = ?text(ORIGIN), "socket of a foreign page refused");
        let message = "pages of this origin may not connect; the server's operator can allow it \
                       with --allow-origin";
        return Err(ApiError::new(ErrorCode::Forbidden, message));
    }
    let query = query
        .map_err(|_| ApiError::new(ErrorCode::BadField, "the query cannot be read"))
        .and_then(|Query(raw)| parse(raw))?;
    let counted = app.sockets.admit(caller).ok_or_else(|| {
        ApiError::new(ErrorCode::RateLimited, "too many sockets from this address")
    })?;
    let id = SocketId(app.next_socket.fetch_add(1, Ordering::Relaxed));
    Ok(upgrade
        // One more byte than allowed is read, so that the limit itself can be met.
        .max_message_size(MAX_FRAME_BYTES + 1)
        .max_frame_size(MAX_FRAME_BYTES + 1)
        // A page's messages are small; thousands of sockets are not to hold large buffers.
        .read_buffer_size(4 * 1024)
        .write_buffer_size(0)
        .on_upgrade(async move |socket| {
            let _alive = app.alive;
            let _counted = counted;
            socket::run(socket, id, caller, query, app.hub).await;
        }))
}

fn parse(raw: RawQuery) -> Result<SocketQuery, ApiError> {
    let bad = |message: String| ApiError::new(ErrorCode::BadField, message);
    let role = match raw.role.as_deref() {
        None | Some("") => None,
        Some("host") => Some(Role::Host),
        Some("fan") => Some(Role::Fan),
        Some(_) => return Err(bad("\"role\" is host or fan".into())),
    };
    let room = raw
        .room
        .filter(|room| !room.is_empty())
        .map(|room| RoomName::parse(&room).map_err(|e| bad(format!("\"room\": {e}"))))
        .transpose()?;
    Ok(SocketQuery { door: Door::Socket, role, room, key: raw.key })
}
