//! Plain HTTP on a server with HTTPS: pages are led to HTTPS, programs are told.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, OriginalUri, Request, State};
use axum::http::header::{HOST, LOCATION};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use protocol::ErrorCode;
use webui::Route;

use super::client::Client;
use crate::ApiError;
use crate::config::HTTPS_PORT;
use crate::listen::LocalAddr;
use crate::state::App;
use crate::whip_whep;

/// Passes on what may be plain: what came over HTTPS to a proxy, what comes from this machine, and what a device needs
/// before it can speak HTTPS with us.
pub(super) async fn lead(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    client: Client,
    request: Request,
    next: Next,
) -> Response {
    let may_be_plain = app.https.is_none()
        || client.is_https
        || peer.ip().to_canonical().is_loopback()
        || app.auth.is_trusted_proxy(peer.ip())
        || is_open(request.uri().path());
    if may_be_plain {
        return next.run(request).await;
    }
    let path = request.uri().path();
    let is_of_program = path == "/ws" || path.starts_with("/api/") || whip_whep::has_path(path);
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    match https_url(&app, &request) {
        // Not for good: the operator may turn HTTPS off again.
        Some(url) if is_read && !is_of_program => {
            (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, url)]).into_response()
        }
        _ => refuse(),
    }
}

/// Paths that a device needs to trust our certificate, with the files of that page, and an authority to issue it.
fn is_open(path: &str) -> bool {
    let is_file = Route::of(path).is_none() && path.rsplit('/').next().is_some_and(is_file_name);
    path == "/trust"
        || path == "/healthz"
        || ["/trust/", "/.well-known/acme-challenge/"].iter().any(|it| path.starts_with(it))
        || is_file && !path.starts_with("/api/") && !whip_whep::has_path(path)
}

fn is_file_name(name: &str) -> bool {
    name.contains('.')
}

/// The same address with HTTPS. The host name was checked before.
fn https_url(app: &App, request: &Request) -> Option<HeaderValue> {
    let host = request.headers().get(HOST)?.to_str().ok()?;
    let ours = app.listen.port();
    let came_to = request.extensions().get::<LocalAddr>().map(|it| it.0.port());
    let authority = if came_to == Some(ours) {
        // The port that the client knows leads here, whatever its number is outside.
        host.to_owned()
    } else {
        let name = without_port(host);
        if ours == HTTPS_PORT { name.to_owned() } else { format!("{name}:{ours}") }
    };
    // Below `--base-path`, the whole path.
    let original = request.extensions().get::<OriginalUri>().map(|it| &it.0);
    let uri = original.unwrap_or(request.uri());
    let path = uri.path_and_query().map_or("/", |it| it.as_str());
    HeaderValue::from_str(&format!("https://{authority}{path}")).ok()
}

/// A host without its port; brackets stay.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.is_empty() => {
            if name.starts_with('[') == name.ends_with(']') {
                name
            } else {
                host
            }
        }
        _ => host,
    }
}

fn refuse() -> Response {
    let (code, message) =
        (ErrorCode::HttpsRequired, "this server is reached over HTTPS: write https:// or wss://");
    ApiError::new(code, message).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_taken_off_and_an_address_stays_whole() {
        for (host, name) in [
            ("live.example.com", "live.example.com"),
            ("live.example.com:80", "live.example.com"),
            ("203.0.113.7:80", "203.0.113.7"),
            ("[2001:db8::7]:80", "[2001:db8::7]"),
            ("[2001:db8::7]", "[2001:db8::7]"),
        ] {
            assert_eq!(without_port(host), name, "{host}");
        }
    }

    #[test]
    fn only_what_a_device_needs_before_https_is_open() {
        for open in ["/trust", "/trust/kaibo.crt", "/assets/a.js", "/favicon.svg", "/healthz"] {
            assert!(is_open(open), "{open}");
        }
        for closed in [
            "/",
            "/host",
            "/r/demo",
            "/trusted",
            "/api/rooms",
            "/ws",
            "/whip/demo",
            "/whip/a.b",
            "/r/a.b",
            "/embed/a.b",
            "/oembed",
        ] {
            assert!(!is_open(closed), "{closed}");
        }
    }
}
