//! `/whip`: encoders publish (RFC 9725). `whep.rs` has the same shape.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, ETAG, LOCATION};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use protocol::{ErrorCode, RoomName};

use super::call::{Call, FRAGMENT, SDP, add_ice_servers, body, method_not_allowed, nothing};
use super::open::{log_refused, open as open_session};
use super::registry::Kind;
use super::request::{Patched, Request};
use crate::http::{SESSION_METHODS, preflight};
use crate::problem::Problem;
use crate::state::App;

const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");

/// `/whip/{room}`.
pub(super) fn endpoint() -> MethodRouter<App> {
    get(async || nothing(None))
        .post(open)
        .options(async || preflight("GET, HEAD, POST, OPTIONS", Some(("accept-post", SDP))))
        .fallback(method_not_allowed)
}

/// `/whip/{room}/{id}`.
pub(super) fn session() -> MethodRouter<App> {
    get(exists)
        .post(two_names)
        .patch(change)
        .delete(end)
        .options(async || preflight(SESSION_METHODS, Some(("accept-patch", FRAGMENT))))
        .fallback(method_not_allowed)
}

async fn open(State(app): State<App>, call: Call, sent: Body) -> Result<Response, Problem> {
    let mut room = call.room();
    let result = try_open(app, &call, sent, &mut room).await;
    result.inspect_err(|problem| log_refused(Kind::Whip, room.as_ref(), &call.client, problem))
}

/// Opens a session, and tells in which room, once that is known.
async fn try_open(
    app: App,
    call: &Call,
    sent: Body,
    known: &mut Option<RoomName>,
) -> Result<Response, Problem> {
    let (room, admitted) = call.admit(&app, Kind::Whip).await?;
    *known = Some(room.clone());
    call.kind_of(&[SDP])?;
    let offer = body(sent).await?;
    let opened = open_session(app, admitted, offer).await?;
    let location = call.location(Kind::Whip, room.as_str(), &opened.id);
    let mut response = (
        StatusCode::CREATED,
        [(CONTENT_TYPE, SDP), (ACCEPT_PATCH, FRAGMENT)],
        [(LOCATION, location), (ETAG, opened.etag)],
        opened.sdp,
    )
        .into_response();
    add_ice_servers(response.headers_mut(), &opened.ice_servers);
    Ok(response)
}

/// Other servers have an application and a stream in their paths. Here a room has one name.
pub(super) async fn two_names(call: Call) -> Problem {
    if call.asked(Kind::Whip).is_session() {
        return method_not_allowed().await;
    }
    let message = "the path has two names, and a room has one: use /whip/ROOM to publish and /whep/ROOM to \
                   watch, such as /whip/app-stream";
    Problem::new(ErrorCode::NotFound, message)
}

async fn exists(State(app): State<App>, call: Call) -> Result<Response, Problem> {
    call.may_ask(&app, Kind::Whip)?;
    Ok(nothing(None))
}

async fn change(State(app): State<App>, call: Call, sent: Body) -> Result<Response, Problem> {
    call.may_ask(&app, Kind::Whip)?;
    call.kind_of(&[FRAGMENT])?;
    let body = body(sent).await?;
    let if_match = call.if_match.clone();
    let ask = |reply| Request::Fragment { if_match, body, reply };
    call.ask(&app, Kind::Whip, ask).await.map(patched)
}

async fn end(State(app): State<App>, call: Call) -> Result<StatusCode, Problem> {
    call.ask(&app, Kind::Whip, |reply| Request::Delete { reply }).await?;
    Ok(StatusCode::OK)
}

/// RFC 9725, sections 4.3.2 and 4.3.3.
pub(super) fn patched(patched: Patched) -> Response {
    match patched {
        Patched::Taken => StatusCode::NO_CONTENT.into_response(),
        Patched::Restarted { fragment, etag } => {
            ([(CONTENT_TYPE, FRAGMENT)], [(ETAG, etag)], fragment).into_response()
        }
    }
}
