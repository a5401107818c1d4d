//! The whole URL space, in one screen.

mod api;
mod assets;
mod headers;
mod rooms;
mod ws;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use protocol::ErrorCode;
use tokio::sync::mpsc;

use crate::ApiError;
use crate::caller::SocketCount;
use crate::driver::HubHandle;
use crate::serve::Shutdown;

/// What the handlers share.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) hub: HubHandle,
    pub(crate) shutdown: Shutdown,
    pub(crate) allow_origins: Arc<[String]>,
    pub(crate) sockets: SocketCount,
    pub(crate) next_socket: Arc<AtomicU64>,
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
        .layer(from_fn_with_state((), headers::secure))
        .with_state(app)
}

fn method_not_allowed() -> ApiError {
    ApiError::new(ErrorCode::MethodNotAllowed, "this address answers to GET and HEAD only")
}
