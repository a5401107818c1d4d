//! By which addresses clients reach the server: the path below which it is, and the origin before that.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::HOST;
use axum::http::request::Parts;

use super::client::Client;
use crate::ApiError;
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

/// Percent-encodes what is no unreserved character (RFC 3986, section 2.3).
pub(crate) fn encode(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The scheme, name and port by which the client reached the server, such as `https://live.example`: what absolute
/// addresses of ours begin with.
#[derive(Debug)]
pub(crate) struct OwnOrigin(pub(crate) String);

impl FromRequestParts<App> for OwnOrigin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let client = Client::from_request_parts(parts, app).await?;
        // It was checked before that there is one, and that it is ours.
        let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let scheme = if client.is_https { "https" } else { "http" };
        Ok(Self(format!("{scheme}://{host}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_rooms_are_percent_encoded() {
        assert_eq!(encode("demo_1-x"), "demo_1-x");
        assert_eq!(encode("直播"), "%E7%9B%B4%E6%92%AD");
    }
}
