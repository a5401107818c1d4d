//! What the addresses of WHIP and WHEP have in common: who calls, what a body may be, what a page of
//! another origin may see.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::{ConnectInfo, FromRequestParts, RawPathParams, Request};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW, AUTHORIZATION, CONTENT_TYPE,
    HOST, IF_MATCH, LINK, ORIGIN,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use protocol::{ErrorCode, IceServer, MAX_SDP_BYTES, RoomName};
use tokio::sync::{mpsc, oneshot};

use super::App;
use crate::signaling::Caller;
use crate::wish::{Kind, Problem, Request as Ask};
use crate::{caller, origin};

pub(super) const SDP: &str = "application/sdp";
pub(super) const FRAGMENT: &str = "application/trickle-ice-sdpfrag";
pub(super) const JSON: &str = "application/json";

/// What a page may send us, and read of our answers, wherever it comes from.
const MAY_SEND: &str = "Authorization, Content-Type, If-Match, Accept, Last-Event-ID";
const MAY_READ: &str = "Location, ETag, Link, Retry-After, Accept-Post, Accept-Patch, Allow, \
    WWW-Authenticate, Content-Type";

/// How long a browser may rely on a preflight, in seconds.
const PREFLIGHT_LASTS: &str = "3600";

/// Lets pages of any origin use these addresses (Fetch, section 3.2): a player stands in pages of its
/// own, and what protects is the token or the secret in the URL, never a cookie.
pub(super) async fn share(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(MAY_READ));
    response
}

/// The answer to OPTIONS: what can be done here (RFC 9725, section 4.2).
pub(super) fn options(methods: &'static str, accept: Option<(&str, &'static str)>) -> Response {
    let mut response = StatusCode::OK.into_response();
    let headers = response.headers_mut();
    headers.insert(ALLOW, HeaderValue::from_static(methods));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(MAY_SEND));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(PREFLIGHT_LASTS));
    if let Some((name, kind)) = accept
        && let Ok(name) = name.parse::<HeaderName>()
    {
        headers.insert(name, HeaderValue::from_static(kind));
    }
    response
}

/// The answer to GET where there is nothing to see (RFC 9725, section 4.1). `kind` is what is spoken
/// here, for who looks for an endpoint with HEAD.
pub(super) fn nothing(kind: Option<&'static str>) -> Response {
    let mut response = StatusCode::OK.into_response();
    if let Some(kind) = kind {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    response
}

pub(super) async fn method_not_allowed() -> Problem {
    Problem::new(ErrorCode::MethodNotAllowed, "this method means nothing here; see Allow")
}

/// Who calls, and what its headers say.
pub(super) struct Call {
    pub(super) caller: Caller,
    /// The bearer token (RFC 6750, section 2.1).
    pub(super) token: Option<String>,
    pub(super) if_match: Option<String>,
    /// `scheme://host` of this server, as the caller sees it; empty when it does not say.
    pub(super) base: String,
    content_type: Option<String>,
    room: Option<String>,
    id: Option<String>,
    stream: Option<String>,
}

impl FromRequestParts<App> for Call {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, app).await.ok();
        let param = |name: &str| {
            let found = params.iter().flat_map(RawPathParams::iter).find(|(key, _)| *key == name);
            found.map(|(_, value)| value.to_owned())
        };
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let ip = peer.map_or_else(|| [0, 0, 0, 0].into(), |peer| peer.0.ip());
        let headers = &parts.headers;
        let mut caller = caller::identify(ip, headers);
        // A page of somebody else's, in a browser of this machine, is not this machine.
        let allowed = &app.allow_origins;
        if !origin::is_allowed(text(headers, &ORIGIN), text(headers, &HOST), caller.local, allowed)
        {
            caller.local = false;
        }
        Ok(Self {
            caller,
            token: bearer(headers)?,
            if_match: text(headers, &IF_MATCH).map(str::to_owned),
            base: base(headers),
            content_type: text(headers, &CONTENT_TYPE).map(str::to_owned),
            room: param("room"),
            id: param("id"),
            stream: param("stream"),
        })
    }
}

impl Call {
    /// The room that the path names, or that the token does, as Broadcast Box has it: there the stream
    /// key is both. With the server's own key it is the default room.
    pub(super) fn endpoint(&mut self, app: &App) -> Result<RoomName, Problem> {
        if let Some(room) = &self.room {
            return RoomName::parse(room).map_err(|error| {
                Problem::new(ErrorCode::NotFound, format!("this is no name of a room: {error}"))
            });
        }
        let is_key = match (&self.token, &app.publish_key) {
            (Some(token), Some(key)) => crate::signaling::is_same_key(token, key),
            (Some(_), None) => false,
            (None, _) => true,
        };
        if is_key {
            return Ok(app.default_room.clone());
        }
        let name = self.token.as_deref().unwrap_or_default();
        let name = name.strip_prefix('/').unwrap_or(name);
        RoomName::parse(name).map_err(|_| {
            let message = "the token is neither this server's key nor the name of a room";
            Problem::new(ErrorCode::AuthBad, message)
        })
    }

    /// The parts of a session's path.
    pub(super) fn session(&self) -> (&str, &str) {
        (self.room.as_deref().unwrap_or_default(), self.id.as_deref().unwrap_or_default())
    }

    pub(super) fn stream(&self) -> String {
        self.stream.clone().unwrap_or_default()
    }

    /// Which of some media types the body is of.
    ///
    /// # Errors
    /// 415 when it is another.
    pub(super) fn kind_of<'a>(&self, kinds: &[&'a str]) -> Result<&'a str, Problem> {
        let given = self.content_type.as_deref().unwrap_or_default();
        let given = given.split(';').next().unwrap_or_default().trim();
        let found = kinds.iter().find(|kind| kind.eq_ignore_ascii_case(given));
        found.copied().ok_or_else(|| {
            let message = format!("the body has to be of type {}", kinds.join(" or "));
            Problem::with(StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::BadType, message)
        })
    }

    /// Asks a session, when the caller may.
    pub(super) async fn ask<T>(
        &self,
        app: &App,
        kind: Kind,
        ask: impl FnOnce(oneshot::Sender<Result<T, Problem>>) -> Ask,
    ) -> Result<T, Problem> {
        let (room, id) = self.session();
        let requests = app.sessions.find(kind, room, id, self.token.as_deref())?;
        send(&requests, ask).await
    }

    /// The same of a caller that names a stream of the session: who knows that needs no token.
    pub(super) async fn ask_by_url<T>(
        &self,
        app: &App,
        ask: impl FnOnce(oneshot::Sender<Result<T, Problem>>) -> Ask,
    ) -> Result<T, Problem> {
        let (room, id) = self.session();
        send(&app.sessions.find_by_url(Kind::Whep, room, id)?, ask).await
    }

    /// Whether the caller may ask this session at all, before its body is read.
    pub(super) fn may_ask(&self, app: &App, kind: Kind) -> Result<(), Problem> {
        let (room, id) = self.session();
        app.sessions.find(kind, room, id, self.token.as_deref()).map(|_| ())
    }
}

async fn send<T>(
    requests: &mpsc::Sender<Ask>,
    ask: impl FnOnce(oneshot::Sender<Result<T, Problem>>) -> Ask,
) -> Result<T, Problem> {
    let (reply, answer) = oneshot::channel();
    // A session that ends meanwhile drops both.
    requests.send(ask(reply)).await.map_err(|_| Problem::gone())?;
    answer.await.map_err(|_| Problem::gone())?
}

/// A body, as far as any is read.
///
/// # Errors
/// 413 when it is longer than a session description may be; 400 when it is no text.
pub(super) async fn body(body: Body) -> Result<String, Problem> {
    let bytes = axum::body::to_bytes(body, MAX_SDP_BYTES).await.map_err(|_| {
        let message = format!("the body is longer than {MAX_SDP_BYTES} bytes, or broke off");
        Problem::new(ErrorCode::TooLarge, message)
    })?;
    String::from_utf8(bytes.into())
        .map_err(|_| Problem::new(ErrorCode::SdpBad, "the body is not text in UTF-8"))
}

/// `Link`s to ICE servers (RFC 9725, section 4.6).
pub(super) fn add_ice_servers(headers: &mut HeaderMap, servers: &[IceServer]) {
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    for server in servers {
        for url in &server.urls {
            let mut link = format!("<{url}>; rel=\"ice-server\"");
            if let (Some(username), Some(credential)) = (&server.username, &server.credential) {
                let (username, credential) = (quoted(username), quoted(credential));
                link.push_str(&format!(
                    "; username={username}; credential={credential}; credential-type=\"password\""
                ));
            }
            add_link(headers, &link);
        }
    }
}

pub(super) fn add_link(headers: &mut HeaderMap, link: &str) {
    if let Ok(value) = link.parse() {
        headers.append(LINK, value);
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    // A header that is no text is there all the same.
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

fn bearer(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = text(headers, &AUTHORIZATION) else { return Ok(None) };
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        let message = "the Authorization header has to be: Bearer, a space and the token";
        return Err(Problem::new(ErrorCode::AuthBad, message));
    }
    // Encoders send the header of an empty key field as well.
    Ok(Some(token.trim().to_owned()).filter(|token| !token.is_empty()))
}

/// Where the caller thinks that it is: a proxy on the way says by which scheme it was called.
fn base(headers: &HeaderMap) -> String {
    let host = text(headers, &HOST).filter(|host| !host.contains(['/', '?', '"', '<', '>']));
    let proto = text(headers, &HeaderName::from_static("x-forwarded-proto"));
    let scheme = if proto == Some("https") { "https" } else { "http" };
    host.map(|host| format!("{scheme}://{host}")).unwrap_or_default()
}
