//! `/api/rooms/{room}/still`: the newest picture of a broadcast.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use protocol::ErrorCode;

use super::watching::{Watching, parameter};
use crate::ApiError;
use crate::state::App;

/// `GET`: the picture: WebP, AVIF, or MP4 of one frame. With its version as `v` it may be kept.
pub(super) async fn read(
    State(app): State<App>,
    Watching { room, watcher }: Watching,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let still = app.archive.still(&room);
    let still = still.ok_or_else(|| {
        ApiError::new(ErrorCode::NotFound, "the room has no picture: nobody is live in it")
    })?;
    let etag = format!("\"{}\"", still.version);
    let is_known = headers.get(IF_NONE_MATCH).is_some_and(|it| it.as_bytes() == etag.as_bytes());
    let is_asked = parameter(&uri, "v") == Some(still.version.to_string().as_str());
    let cache = if is_asked { watcher.for_ever() } else { "no-cache" };
    let about = [(CACHE_CONTROL, cache.to_owned()), (ETAG, etag)];
    if is_known {
        return Ok((StatusCode::NOT_MODIFIED, about).into_response());
    }
    Ok((about, [(CONTENT_TYPE, still.mime)], still.bytes).into_response())
}
