//! The web client: files by name, and its page for every other path.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use protocol::ErrorCode;
use webui::Asset;

use super::method_not_allowed;
use crate::ApiError;

/// The name changes with the content, so it can be kept.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// Ask before using it again.
const REVALIDATE: &str = "no-cache";

/// Everything that is no other route.
pub(super) async fn serve(
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let path = uri.path().trim_start_matches('/');
    let not_found = || ApiError::new(ErrorCode::NotFound, "there is nothing at this address");
    if path == "api" || path.starts_with("api/") {
        return Err(not_found());
    }
    if method != Method::GET && method != Method::HEAD {
        return Err(method_not_allowed());
    }
    let asset = if path.split('/').any(|part| part == "..") {
        None
    } else if path.contains('.') {
        webui::get(path)
    } else {
        // A page: the client knows its own paths. Names of rooms have no dot.
        webui::get("index.html")
    };
    asset.map(|asset| respond(asset, &headers)).ok_or_else(not_found)
}

fn respond(asset: Asset, request: &HeaderMap) -> Response {
    let Asset { bytes, mime, etag, immutable } = asset;
    let etag = if etag.ends_with('"') { etag } else { format!("\"{etag}\"") };
    let cache = if immutable { IMMUTABLE } else { REVALIDATE };
    let is_known = request
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| tag == "*" || tag == etag.trim_start_matches("W/"));
    let head = [(CACHE_CONTROL, cache.to_owned()), (ETAG, etag)];
    if is_known {
        return (StatusCode::NOT_MODIFIED, head).into_response();
    }
    (head, [(CONTENT_TYPE, mime)], Body::from(bytes.into_owned())).into_response()
}
