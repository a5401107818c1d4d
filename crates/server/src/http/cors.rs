//! Which pages of other origins may read an answer (Fetch, section 3.2): those that may open `/ws`.
//!
//! Nothing of other pages rests on cookies: a right is a bearer token, a key in a message, or a secret in a URL. The cookie
//! of the owner counts for the own pages alone.

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, ALLOW,
    ORIGIN, VARY,
};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::client::Client;
use crate::state::App;

/// What a page may read of our answers.
const MAY_READ: &str = "Location, ETag, Link, Left-Out, Retry-After, Accept-Post, Accept-Patch, Allow, \
    WWW-Authenticate, Content-Type";

/// Methods of a session of WHIP or WHEP.
pub(crate) const SESSION_METHODS: &str = "GET, HEAD, PATCH, DELETE, OPTIONS";

/// How long a browser may rely on a preflight, in seconds.
const PREFLIGHT_LASTS: &str = "3600";

/// The longest list of headers that is reflected to a preflight, in bytes.
const MAX_REQUESTED_BYTES: usize = 1024;

/// The addresses that programs and other pages use.
fn is_shared(path: &str) -> bool {
    ["/api", "/oembed", "/whip", "/whep"].iter().any(|prefix| {
        path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Says of every answer of `/api`, oEmbed, WHIP and WHEP, errors included, which page may read it.
pub(super) async fn share(
    State(app): State<App>,
    client: Client,
    request: Request,
    next: Next,
) -> Response {
    if !is_shared(request.uri().path()) {
        return next.run(request).await;
    }
    let origin = app.auth.allowed_origin(&client.addr, request.headers());
    let is_preflight = request.method() == Method::OPTIONS;
    let requested = request.headers().get(ACCESS_CONTROL_REQUEST_HEADERS).cloned();
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from(ORIGIN));
    let Some(origin) = origin else { return response };
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(MAY_READ));
    if is_preflight && let Some(requested) = requested.filter(|it| it.len() <= MAX_REQUESTED_BYTES)
    {
        // Players send headers of their own, such as OvenLiveKit's `Oven-Capabilities`; they are ignored.
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, requested);
    }
    response
}

/// The answer to OPTIONS: what can be done here (RFC 9725, section 4.2). `accept` names what the body of a
/// request may be.
pub(crate) fn preflight(methods: &'static str, accept: Option<(&str, &'static str)>) -> Response {
    let mut response = StatusCode::OK.into_response();
    let headers = response.headers_mut();
    headers.insert(ALLOW, HeaderValue::from_static(methods));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(PREFLIGHT_LASTS));
    if let Some((name, kind)) = accept
        && let Ok(name) = name.parse::<HeaderName>()
    {
        headers.insert(name, HeaderValue::from_static(kind));
    }
    response
}
