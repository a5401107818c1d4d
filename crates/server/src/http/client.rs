//! Who calls, and by which host name.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use auth::{ClientAddr, Connection, HostRefused};
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::header::HOST;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use protocol::ErrorCode;

use crate::ApiError;
use crate::listen::{LocalAddr, OverTls};
use crate::state::App;

/// Who calls. Every handler may ask for it.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) addr: ClientAddr,
    /// The server's own address that the connection reached.
    pub(crate) via: Option<IpAddr>,
    /// Whether it came over HTTPS, to us or to a trusted proxy.
    pub(crate) is_https: bool,
    /// The name or address and the port by which it came over TLS of this server.
    pub(crate) tls_host: Option<Arc<str>>,
}

/// Refuses requests to a host that is not ours, and tells handlers who calls.
pub(super) async fn identify(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Err(refused) = app.auth.check_host(request.uri(), request.headers()) {
        if let HostRefused::NotOurs { name } = &refused {
            let (ip, code) = (peer.ip().to_canonical(), ErrorCode::HostUnknown.as_str());
            tracing::info!(host = name, %ip, code, "request refused: see --allow-host");
        }
        return refuse(&refused);
    }
    let is_tls = request.extensions().get::<OverTls>().is_some();
    let connection = Connection { peer: peer.ip(), version: request.version(), is_tls };
    let addr = app.auth.identify(connection, request.headers());
    let is_https = is_tls || app.auth.is_https(peer.ip(), request.headers());
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let tls_host = host.filter(|_| is_tls).map(Arc::from);
    let via = request.extensions().get::<LocalAddr>().map(|local| local.0.ip().to_canonical());
    // Behind a proxy it is the proxy that reached it.
    let via = via.filter(|_| addr.ip == peer.ip().to_canonical());
    request.extensions_mut().insert(Client { addr, via, is_https, tls_host });
    next.run(request).await
}

fn refuse(refused: &HostRefused) -> Response {
    let code = match refused {
        HostRefused::Malformed(_) => ErrorCode::BadField,
        HostRefused::NotOurs { .. } => ErrorCode::HostUnknown,
    };
    ApiError::new(code, refused.to_string()).into_response()
}

impl<S: Sync> FromRequestParts<S> for Client {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        // `identify` runs before every route.
        parts.extensions.get().cloned().ok_or_else(|| {
            tracing::error!(path = parts.uri.path(), "a route runs without its middleware");
            ApiError::new(ErrorCode::Internal, "the server does not know who calls")
        })
    }
}
