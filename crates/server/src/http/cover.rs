//! `/api/rooms/{room}/cover`: the picture of a room.

use auth::Action;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use protocol::{ErrorCode, RoomName};
use serde::Serialize;

use super::client::Client;
use super::cors::preflight;
use super::{in_room::InRoom, right};
use crate::ApiError;
use crate::covers::Cover;
use crate::limits::COVER_BYTES;
use crate::state::App;

/// With `v` in the query the address is of one picture for ever.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// The same where not everybody may see it: no proxy keeps it.
const FOR_EVER_BY_ONE: &str = "private, max-age=31536000, immutable";

/// Body of the answer to `PUT`.
#[derive(Debug, Serialize)]
struct Taken {
    cover: u32,
}

/// Apart from the other routes: a picture is longer than any other body.
pub(super) fn routes() -> Router<App> {
    let preflight = async || preflight("GET, HEAD, PUT, DELETE, OPTIONS", None);
    let route = get(read).put(put).delete(remove).options(preflight);
    Router::new().route("/api/rooms/{room}/cover", route)
}

/// `GET`: the picture.
async fn read(
    State(app): State<App>,
    InRoom(room): InRoom,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let cover = if app.auth.is_public(&room) { app.covers.get(&room).await } else { None };
    cover.map(|it| answer(it, &uri, &headers, FOR_EVER)).ok_or_else(no_picture)
}

/// `GET` of the operator, of private rooms as well.
pub(super) async fn read_any(
    app: &App,
    room: &RoomName,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let cover = app.covers.get(room).await;
    cover.map(|it| answer(it, uri, headers, FOR_EVER_BY_ONE)).ok_or_else(no_picture)
}

fn no_picture() -> ApiError {
    ApiError::new(ErrorCode::NotFound, "the room has no picture")
}

fn answer(cover: Cover, uri: &Uri, headers: &HeaderMap, for_ever: &'static str) -> Response {
    let Cover { bytes, mime, version } = cover;
    let etag = format!("\"{version}\"");
    let asked = format!("v={version}");
    let is_for_ever = uri.query().is_some_and(|query| query.split('&').any(|it| it == asked));
    let is_known = headers.get_all(IF_NONE_MATCH).iter().any(|value| {
        let mut tags = value.to_str().unwrap_or_default().split(',').map(str::trim);
        tags.any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
    });
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, mime)], bytes).into_response()
    };
    let headers = response.headers_mut();
    let cache = if is_for_ever { for_ever } else { "no-cache" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(etag) = etag.parse() {
        headers.insert(ETAG, etag);
    }
    response
}

/// `PUT`: who may publish in the room gives it a picture.
async fn put(
    State(app): State<App>,
    client: Client,
    InRoom(room): InRoom,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    check(&app, &client, &uri, &headers, &room).await?;
    // Read after the right was asked for.
    let body = to_bytes(body, COVER_BYTES).await.map_err(|_| {
        let message = format!("the picture is longer than {COVER_BYTES} bytes");
        ApiError::new(ErrorCode::TooLarge, message)
    })?;
    let cover = Cover::parse(body).ok_or_else(|| {
        ApiError::new(ErrorCode::BadField, "the picture is neither JPEG nor PNG nor WebP")
    })?;
    let version = cover.version;
    app.covers.set(room.clone(), Some(cover));
    app.hub.cover(room, Some(version)).await;
    Ok(axum::Json(Taken { cover: version }).into_response())
}

/// `DELETE`: the room has no picture any more.
async fn remove(
    State(app): State<App>,
    client: Client,
    InRoom(room): InRoom,
    uri: Uri,
    headers: HeaderMap,
) -> Result<StatusCode, ApiError> {
    check(&app, &client, &uri, &headers, &room).await?;
    app.covers.set(room.clone(), None);
    app.hub.cover(room, None).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Only who may publish in a room changes its picture, and no page of an origin that is not allowed.
async fn check(
    app: &App,
    client: &Client,
    uri: &Uri,
    headers: &HeaderMap,
    room: &RoomName,
) -> Result<(), ApiError> {
    right::check_origin(app, client, headers)?;
    right::check(app, client, (Action::Publish, room), uri, headers).await
}
