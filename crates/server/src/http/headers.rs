//! What every response carries, and what no request may.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, HOST, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use protocol::ErrorCode;
use webui::Route;

use crate::ApiError;
use crate::limits::BODY_BYTES;
use crate::listen::OverTls;
use crate::state::App;

const PERMISSIONS: &str = "camera=(self), microphone=(self), display-capture=(self), \
    autoplay=(self), fullscreen=(self), picture-in-picture=(self), screen-wake-lock=(self), \
    geolocation=(), payment=(), usb=()";

/// An embed only plays.
const EMBED_PERMISSIONS: &str = "camera=(), microphone=(), display-capture=(), \
    autoplay=(self), fullscreen=(self), picture-in-picture=(self), screen-wake-lock=(self), \
    geolocation=(), payment=(), usb=()";

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// Which pages may load a response as an image, a script or, with a policy of their own, a frame.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

const SECURITY: [(HeaderName, HeaderValue); 2] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];

/// What a response is for, which decides who may use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// Our own pages, and programs.
    Own,
    /// A frame on a page of others.
    Embed,
    /// A picture or a video on a page of others: previews of links show it, and players of other sites.
    Picture,
}

impl Use {
    fn of(path: &str) -> Self {
        // What is below one of those that a prefix has.
        let below = |prefix| path.strip_prefix(prefix).and_then(|it: &str| it.split_once('/'));
        let is = |prefix, what: [&str; 2]| below(prefix).is_some_and(|(_, it)| what.contains(&it));
        let is_picture = is("/api/rooms/", ["cover", "still"])
            || is("/api/clips/", ["file", "still"])
            || path.starts_with("/hls/")
            || path.starts_with("/icon-");
        if matches!(Route::of(path), Some(Route::Embed(_))) {
            Self::Embed
        } else if is_picture {
            Self::Picture
        } else {
            Self::Own
        }
    }
}

/// Browsers heed it on trustworthy origins only, and complain of it on others.
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// A year (RFC 6797, section 6.1). Hosts below this one are somebody else's.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Whether the page is on this machine or came over HTTPS through a proxy (W3C Secure Contexts, section 3.1). A
/// wrong guess costs a warning in the console.
fn is_trustworthy(app: &App, peer: SocketAddr, headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    app.auth.is_https(peer.ip(), headers)
        || ["localhost", "127.0.0.1", "[::1]"].iter().any(|it| {
            host.strip_prefix(it).is_some_and(|port| port.is_empty() || port.starts_with(':'))
        })
}

/// Adds the security headers; what says nothing of caching is not cached.
pub(super) async fn secure(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    let tls = request.extensions().get::<OverTls>().copied();
    let is_trustworthy = tls.is_some() || is_trustworthy(&app, peer, request.headers());
    let used = Use::of(request.uri().path());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in SECURITY {
        headers.insert(name, value);
    }
    let policies = &app.in_force.get().policies;
    let (policy, permissions) = match used {
        Use::Embed => (policies.embed.clone(), EMBED_PERMISSIONS),
        Use::Own | Use::Picture => (policies.pages.clone(), PERMISSIONS),
    };
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(PERMISSIONS_POLICY, HeaderValue::from_static(permissions));
    let users = if used == Use::Own { "same-origin" } else { "cross-origin" };
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static(users));
    if is_trustworthy {
        headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
    }
    // Under a certificate that browsers warn of, it would take the way past the warning.
    if tls.is_some_and(|it| it.is_public) {
        headers.insert(STRICT_TRANSPORT_SECURITY, HSTS);
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Refuses a body that is longer than any we would read.
pub(super) async fn limit_body(request: Request, next: Next) -> Response {
    let length = request.headers().get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: u64| length > BODY_BYTES) {
        let message = format!("the body is longer than {BODY_BYTES} bytes");
        return ApiError::new(ErrorCode::TooLarge, message).into_response();
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_others_may_use_the_embed_and_pictures_alone() {
        for (path, used) in [
            ("/embed/demo", Use::Embed),
            ("/embed/%E7%9B%B4/", Use::Embed),
            ("/api/rooms/demo/cover", Use::Picture),
            ("/api/rooms/demo/still", Use::Picture),
            ("/api/clips/01/file", Use::Picture),
            ("/hls/demo/index.m3u8", Use::Picture),
            ("/api/rooms/demo/clips", Use::Own),
            ("/icon-512.png", Use::Picture),
            ("/r/demo", Use::Own),
            ("/r/embed", Use::Own),
            ("/embed", Use::Own),
            ("/api/rooms/cover", Use::Own),
            ("/api/rooms/demo", Use::Own),
            ("/assets/embed-1.js", Use::Own),
        ] {
            assert_eq!(Use::of(path), used, "{path}");
        }
    }
}
