//! `/whep`: players watch (draft-ietf-wish-whep-03, and its core extensions). `whip.rs` has the same
//! shape.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, ETAG, LOCATION};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use futures_util::stream;
use protocol::RoomName;

use super::call::{
    Call, FRAGMENT, JSON, SDP, add_ice_servers, add_link, body, method_not_allowed, nothing,
};
use super::events;
use super::open::{log_refused, open as open_session};
use super::registry::Kind;
use super::request::Request;
use super::whip::{patched, two_names};
use crate::http::{SESSION_METHODS, preflight};
use crate::problem::Problem;
use crate::state::App;

const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");
const LEFT_OUT: HeaderName = HeaderName::from_static("left-out");
const EVENTS: &str = "urn:ietf:params:whep:ext:core:server-sent-events";
const LAYER: &str = "urn:ietf:params:whep:ext:core:layer";

/// How often a silent stream of events says that it is there: routers forget what is silent longer.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// `/whep/{room}`.
pub(super) fn endpoint() -> MethodRouter<App> {
    get(async || nothing(Some(SDP)))
        .post(open)
        .options(async || preflight("GET, HEAD, POST, OPTIONS", Some(("accept-post", SDP))))
        .fallback(method_not_allowed)
}

/// `/whep/{room}/{id}`.
pub(super) fn session() -> MethodRouter<App> {
    get(exists)
        .post(two_names)
        .patch(change)
        .delete(end)
        .options(async || preflight(SESSION_METHODS, Some(("accept-patch", FRAGMENT))))
        .fallback(method_not_allowed)
}

/// `/whep/{room}/{id}/layer`.
pub(super) fn layer() -> MethodRouter<App> {
    post(choose)
        .options(async || preflight("POST, OPTIONS", Some(("accept-post", JSON))))
        .fallback(method_not_allowed)
}

/// `/whep/{room}/{id}/rewind`.
pub(super) fn rewind() -> MethodRouter<App> {
    post(go_back)
        .options(async || preflight("POST, OPTIONS", Some(("accept-post", JSON))))
        .fallback(method_not_allowed)
}

/// `/whep/{room}/{id}/events`.
pub(super) fn events() -> MethodRouter<App> {
    post(subscribe)
        .options(async || preflight("POST, OPTIONS", Some(("accept-post", JSON))))
        .fallback(method_not_allowed)
}

/// `/whep/{room}/{id}/events/{stream}`.
pub(super) fn stream() -> MethodRouter<App> {
    get(listen)
        .delete(unsubscribe)
        .options(async || preflight("GET, HEAD, DELETE, OPTIONS", None))
        .fallback(method_not_allowed)
}

async fn open(State(app): State<App>, call: Call, sent: Body) -> Result<Response, Problem> {
    let mut room = call.room();
    let result = try_open(app, &call, sent, &mut room).await;
    result.inspect_err(|problem| log_refused(Kind::Whep, room.as_ref(), &call.client, problem))
}

/// Opens a session, and tells in which room, once that is known.
async fn try_open(
    app: App,
    call: &Call,
    sent: Body,
    known: &mut Option<RoomName>,
) -> Result<Response, Problem> {
    let (room, admitted) = call.admit(&app, Kind::Whep).await?;
    *known = Some(room.clone());
    call.kind_of(&[SDP])?;
    let offer = body(sent).await?;
    let opened = open_session(app, admitted, offer).await?;
    let location = call.location(Kind::Whep, room.as_str(), &opened.id);
    let links = [
        format!("<{location}/events>; rel=\"{EVENTS}\"; events=\"{}\"", events::Kind::list()),
        format!("<{location}/layer>; rel=\"{LAYER}\""),
    ];
    let (status, kind) = match opened.valid_until {
        None => (StatusCode::CREATED, SDP.to_owned()),
        // Section 4.2.2: the date has a comma, so it is quoted.
        Some(until) => {
            let until = httpdate::fmt_http_date(until);
            (StatusCode::NOT_ACCEPTABLE, format!("{SDP}; valid-until=\"{until}\""))
        }
    };
    let mut response = (
        status,
        [(ACCEPT_PATCH, FRAGMENT)],
        [(CONTENT_TYPE, kind), (LOCATION, location), (ETAG, opened.etag)],
        opened.sdp,
    )
        .into_response();
    let headers = response.headers_mut();
    links.iter().for_each(|link| add_link(headers, link));
    headers.extend(opened.left_out.map(|it| (LEFT_OUT, it)));
    add_ice_servers(headers, &opened.ice_servers);
    Ok(response)
}

async fn exists(State(app): State<App>, call: Call) -> Result<Response, Problem> {
    call.may_ask(&app, Kind::Whep)?;
    Ok(nothing(None))
}

async fn change(State(app): State<App>, call: Call, sent: Body) -> Result<Response, Problem> {
    call.may_ask(&app, Kind::Whep)?;
    let kind = call.kind_of(&[FRAGMENT, SDP])?;
    let body = body(sent).await?;
    if kind == SDP {
        let left_out = call.ask(&app, Kind::Whep, |reply| Request::Answer { body, reply }).await?;
        let mut response = StatusCode::NO_CONTENT.into_response();
        response.headers_mut().extend(left_out.map(|it| (LEFT_OUT, it)));
        return Ok(response);
    }
    let if_match = call.if_match.clone();
    let ask = |reply| Request::Fragment { if_match, body, reply };
    call.ask(&app, Kind::Whep, ask).await.map(patched)
}

async fn end(State(app): State<App>, call: Call) -> Result<StatusCode, Problem> {
    call.ask(&app, Kind::Whep, |reply| Request::Delete { reply }).await?;
    Ok(StatusCode::OK)
}

async fn choose(State(app): State<App>, call: Call, sent: Body) -> Result<StatusCode, Problem> {
    call.may_ask(&app, Kind::Whep)?;
    call.kind_of(&[JSON])?;
    let body = body(sent).await?;
    call.ask(&app, Kind::Whep, |reply| Request::Layer { body, reply }).await?;
    Ok(StatusCode::OK)
}

async fn go_back(State(app): State<App>, call: Call, sent: Body) -> Result<StatusCode, Problem> {
    call.may_ask(&app, Kind::Whep)?;
    call.kind_of(&[JSON])?;
    let body = body(sent).await?;
    call.ask(&app, Kind::Whep, |reply| Request::Rewind { body, reply }).await?;
    Ok(StatusCode::OK)
}

async fn subscribe(State(app): State<App>, call: Call, sent: Body) -> Result<Response, Problem> {
    call.may_ask(&app, Kind::Whep)?;
    let body = body(sent).await?;
    if !body.trim().is_empty() {
        call.kind_of(&[JSON])?;
    }
    let id = call.ask(&app, Kind::Whep, |reply| Request::Subscribe { body, reply }).await?;
    let location = format!("{}/events/{id}", call.own_location(Kind::Whep));
    Ok((StatusCode::CREATED, [(LOCATION, location)]).into_response())
}

/// The secret of the stream's URL is enough: an `EventSource` cannot send a token.
async fn listen(State(app): State<App>, call: Call) -> Result<Response, Problem> {
    let stream = call.stream();
    let found = call.ask_for_stream(&app, |reply| Request::Listen { stream, reply }).await?;
    let events = stream::unfold(found.read(), async |reader| {
        let event = reader.next().await?;
        let event = Event::default().event(event.kind.as_str()).data(event.data);
        Some((Ok::<_, Infallible>(event), reader))
    });
    let sse = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    let mut response = sse.into_response();
    // A proxy that collects would keep events back.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

async fn unsubscribe(State(app): State<App>, call: Call) -> Result<StatusCode, Problem> {
    let stream = call.stream();
    call.ask_for_stream(&app, |reply| Request::Unsubscribe { stream, reply }).await?;
    Ok(StatusCode::OK)
}
