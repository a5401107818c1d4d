//! `/whip`: encoders publish (RFC 9725). `whep.rs` has the same shape.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, ETAG, LOCATION};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};

use super::App;
use super::http_session::{
    Call, FRAGMENT, SDP, add_ice_servers, body, method_not_allowed, nothing, options,
};
use crate::wish::{self, Kind, Opening, Patched, Problem, Request};

const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");

/// `/whip/{room}`.
pub(super) fn endpoint() -> MethodRouter<App> {
    get(async || nothing(None))
        .post(open)
        .options(async || options("GET, HEAD, POST, OPTIONS", Some(("accept-post", SDP))))
        .fallback(method_not_allowed)
}

/// `/whip/{room}/{id}`.
pub(super) fn session() -> MethodRouter<App> {
    get(exists)
        .patch(change)
        .delete(end)
        .options(async || {
            options("GET, HEAD, PATCH, DELETE, OPTIONS", Some(("accept-patch", FRAGMENT)))
        })
        .fallback(method_not_allowed)
}

async fn open(State(app): State<App>, mut call: Call, sent: Body) -> Result<Response, Problem> {
    let room = call.endpoint(&app)?;
    call.kind_of(&[SDP])?;
    let offer = body(sent).await?;
    let (caller, token) = (call.caller, call.token.clone());
    let opening = Opening { kind: Kind::Whip, room: room.clone(), caller, token, offer };
    let opened = wish::open(app, opening).await?;
    let location = format!("{}/whip/{room}/{}", call.base, opened.id);
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
