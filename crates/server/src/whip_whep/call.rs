//! What a request of WHIP or WHEP says: who calls, its token, its path, its body.

use axum::body::Body;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::header::{CONTENT_TYPE, IF_MATCH, LINK};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use protocol::{ErrorCode, IceServer, MAX_SDP_BYTES, RoomName};
use tokens::is_token;
use tokio::sync::{mpsc, oneshot};

use super::open::{Admitted, admit};
use super::registry::{Asked, Kind};
use super::request::Request as Ask;
use crate::http::{Base, Bearer, Client, encode};
use crate::problem::Problem;
use crate::state::App;

pub(super) const SDP: &str = "application/sdp";
pub(super) const FRAGMENT: &str = sdp::Fragment::MEDIA_TYPE;
pub(super) const JSON: &str = "application/json";

/// The answer to GET where there is nothing to see (RFC 9725, section 4.1). `kind` is the media type of the
/// endpoint, for clients that look for one with HEAD.
pub(super) fn nothing(kind: Option<&'static str>) -> Response {
    let mut response = StatusCode::OK.into_response();
    if let Some(kind) = kind {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    response
}

pub(super) async fn method_not_allowed() -> Problem {
    Problem::new(ErrorCode::MethodNotAllowed, "method not allowed; see the Allow header")
}

/// Who calls, and what its head says.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) client: Client,
    /// The bearer token (RFC 6750, section 2.1).
    pub(super) bearer: Bearer,
    /// The query of the URL.
    query: String,
    pub(super) if_match: Option<String>,
    content_type: Option<String>,
    base: Base,
    room: Option<String>,
    id: Option<String>,
    stream: Option<String>,
}

impl FromRequestParts<App> for Call {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let client = Client::from_request_parts(parts, app)
            .await
            .map_err(|_| Problem::new(ErrorCode::Internal, "the server does not know who calls"))?;
        app.auth
            .check_origin(&client.addr, &parts.headers)
            .map_err(|refused| Problem::new(ErrorCode::Forbidden, refused.to_string()))?;
        let params = RawPathParams::from_request_parts(parts, app).await.ok();
        let param = |name: &str| {
            let found = params.iter().flat_map(RawPathParams::iter).find(|(key, _)| *key == name);
            found.map(|(_, value)| value.to_owned())
        };
        let Ok(base) = Base::from_request_parts(parts, app).await;
        let headers = &parts.headers;
        Ok(Self {
            client,
            bearer: bearer(headers)?,
            query: parts.uri.query().unwrap_or_default().to_owned(),
            if_match: text(headers, &IF_MATCH).map(str::to_owned),
            content_type: text(headers, &CONTENT_TYPE).map(str::to_owned),
            base,
            room: param("room"),
            id: param("id"),
            stream: param("stream"),
        })
    }
}

impl Call {
    /// A client that may open a session by this request, and the room that it is for.
    ///
    /// # Errors
    /// When there is no place, when the client has no right, and only then when the request names no room: a wrong
    /// key has to be counted whatever it looks like.
    pub(super) async fn admit(
        &self,
        app: &App,
        kind: Kind,
    ) -> Result<(RoomName, Admitted), Problem> {
        let (room, complaint) = match self.endpoint(app, kind) {
            Ok(room) => (room, None),
            // Rights are the same in every room.
            Err(complaint) => (app.default_room(), Some(complaint)),
        };
        let client = self.client.clone();
        let admitted = admit(app, kind, room.clone(), client, &self.bearer, &self.query).await?;
        complaint.map_or(Ok((room, admitted)), Err)
    }

    /// The room that the path names, if it names any. A token that names one may be a key, and is not for a log.
    pub(super) fn room(&self) -> Option<RoomName> {
        RoomName::parse(self.room.as_deref()?).ok()
    }

    /// The room that the path names, or that the token does, as Broadcast Box has it: there the stream key is both.
    /// A publisher that shows the server's own key there means the default room. For players the token is never
    /// compared: the answer would tell whether it is the key.
    fn endpoint(&self, app: &App, kind: Kind) -> Result<RoomName, Problem> {
        if let Some(room) = &self.room {
            return RoomName::parse(room).map_err(|error| {
                Problem::new(ErrorCode::NotFound, format!("this is no name of a room: {error}"))
            });
        }
        let Bearer { text: Some(text), secret: Some(token) } = &self.bearer else {
            return Ok(app.default_room());
        };
        if kind == Kind::Whip && app.auth.is_key(token) {
            return Ok(app.default_room());
        }
        if is_token(text) {
            // One that is not good is refused for that, wherever it was to go.
            return Ok(app.access.room_of(text).unwrap_or_else(|| app.default_room()));
        }
        let name = text.as_str();
        RoomName::parse(name.strip_prefix('/').unwrap_or(name)).map_err(|_| {
            let message = "the token names no room; put the room into the path";
            Problem::new(ErrorCode::AuthBad, message)
        })
    }

    /// The address of a session, without scheme and host (RFC 9110, section 10.2.2): the client knows better than
    /// the server by which it came. It begins with a slash, since OBS takes what does not for another path.
    pub(super) fn location(&self, kind: Kind, room: &str, id: &str) -> String {
        format!("{}/{}/{}/{id}", self.base.0, kind.as_str(), encode(room))
    }

    /// The address of the session that the path names.
    pub(super) fn own_location(&self, kind: Kind) -> String {
        let Asked { room, id, .. } = self.asked(kind);
        self.location(kind, room, id)
    }

    /// The session that the path names.
    pub(super) fn asked(&self, kind: Kind) -> Asked<'_> {
        Asked {
            kind,
            room: self.room.as_deref().unwrap_or_default(),
            id: self.id.as_deref().unwrap_or_default(),
            client: &self.client.addr,
            token: self.bearer.secret.as_ref(),
        }
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
        let requests = app.sessions.find(&app.auth, self.asked(kind))?;
        send(&requests, ask).await
    }

    /// Like [`Self::ask`], for a caller that knows the secret of an event stream: it needs no token.
    pub(super) async fn ask_for_stream<T>(
        &self,
        app: &App,
        ask: impl FnOnce(oneshot::Sender<Result<T, Problem>>) -> Ask,
    ) -> Result<T, Problem> {
        let requests = app.sessions.find_for_stream(self.asked(Kind::Whep))?;
        send(&requests, ask).await
    }

    /// Whether the caller may ask this session at all, before its body is read.
    pub(super) fn may_ask(&self, app: &App, kind: Kind) -> Result<(), Problem> {
        app.sessions.find(&app.auth, self.asked(kind)).map(|_| ())
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

/// Reads a body, up to the size of the longest session description.
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

pub(super) fn bearer(headers: &HeaderMap) -> Result<Bearer, Problem> {
    crate::http::bearer(headers).map_err(|why| Problem::new(ErrorCode::AuthBad, why))
}
