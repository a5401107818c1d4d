//! The whole URL space, in one screen.

mod api;
mod assets;
mod headers;
mod http_session;
mod rooms;
mod whep;
mod whip;
mod ws;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use protocol::{ErrorCode, RoomName};
use tokio::sync::mpsc;

use crate::caller::SocketCount;
use crate::driver::HubHandle;
use crate::shutdown::Shutdown;
use crate::{ApiError, wish};

/// What the handlers share.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) hub: HubHandle,
    pub(crate) shutdown: Shutdown,
    pub(crate) allow_origins: Arc<[String]>,
    pub(crate) sockets: SocketCount,
    pub(crate) next_socket: Arc<AtomicU64>,
    pub(crate) sessions: wish::Registry,
    /// The room of who names none.
    pub(crate) default_room: RoomName,
    /// The key that lets anyone publish.
    pub(crate) publish_key: Option<Arc<str>>,
    /// Held by every socket: when all are dropped, all sockets are done.
    pub(crate) alive: mpsc::Sender<()>,
}

/// The routes.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/ws", get(ws::open))
        .route("/api/rooms", get(api::rooms))
        .route("/api/rooms/{room}", get(rooms::one))
        .route("/api/health", get(api::health))
        .fallback(assets::serve)
        .method_not_allowed_fallback(async || method_not_allowed())
        .layer(from_fn(headers::limit_body))
        .merge(sessions())
        .layer(from_fn_with_state((), headers::secure))
        .with_state(app)
}

/// WHIP and WHEP. The names without a room are those that Broadcast Box has.
fn sessions() -> Router<App> {
    Router::new()
        .route("/whip", whip::endpoint())
        .route("/api/whip", whip::endpoint())
        .route("/whip/{room}", whip::endpoint())
        .route("/whip/{room}/{id}", whip::session())
        .route("/whep", whep::endpoint())
        .route("/api/whep", whep::endpoint())
        .route("/whep/{room}", whep::endpoint())
        .route("/whep/{room}/{id}", whep::session())
        .route("/whep/{room}/{id}/layer", whep::layer())
        .route("/whep/{room}/{id}/events", whep::events())
        .route("/whep/{room}/{id}/events/{stream}", whep::stream())
        .layer(from_fn(http_session::share))
}

fn method_not_allowed() -> ApiError {
    ApiError::new(ErrorCode::MethodNotAllowed, "this address answers to GET and HEAD only")
}
