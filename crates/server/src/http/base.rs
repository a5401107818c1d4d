//! The path below which clients reach the server.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;

use crate::state::App;

/// The path that stands before ours in addresses for a client, such as `/live`; empty at the root. A trusted proxy
/// names it in `X-Forwarded-Prefix`; otherwise it is `--base-path`.
#[derive(Debug)]
pub(crate) struct Base(pub(crate) String);

impl FromRequestParts<App> for Base {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        let said = peer.and_then(|peer| app.auth.prefix(peer, &parts.headers));
        Ok(Self(said.unwrap_or(&app.base_path).to_owned()))
    }
}
