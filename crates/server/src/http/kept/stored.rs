//! A file of a recording: from the data folder, or from the object store once it is there alone.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RANGE};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use object_store::{Error, GetRange};
use protocol::ErrorCode;

use super::file::{Sent, no_file, send};
use crate::ApiError;
use crate::archive::{Piece, RecordedFile};
use crate::state::App;

/// Sends a file of a recording, or the range of it that is asked for (RFC 9110, section 14).
pub(crate) async fn send_recorded(
    app: &App,
    (recording, file): (&str, &RecordedFile),
    sent: Sent<'_>,
    request: Request,
) -> Result<Response, ApiError> {
    let remote = app.archive.remote().filter(|_| file.stored && !sent.path.exists());
    let Some(remote) = remote else { return send(sent, request).await };
    let range = request.headers().get(RANGE).and_then(|it| range_of(it.to_str().ok()?));
    let path = remote.path(recording, &file.name);
    let Piece { range: found, size, bytes } = match remote.get(&path, range.clone()).await {
        Ok(piece) => piece,
        Err(Error::NotFound { .. }) => return Err(no_file()),
        Err(error) if range.as_ref().is_some_and(|it| !is_within(it, file.bytes)) => {
            tracing::debug!(%error, "a range that is not there");
            let of = format!("bytes */{}", file.bytes);
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, [(CONTENT_RANGE, of)]).into_response());
        }
        Err(error) => {
            tracing::warn!(recording, name = file.name, %error, "the object store does not answer");
            let message = "the store of recordings does not answer; try again in a moment";
            return Err(ApiError::new(ErrorCode::ServerFull, message));
        }
    };
    let is_head = request.method() == Method::HEAD;
    let body = if is_head { Body::empty() } else { Body::from_stream(bytes.boxed()) };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, HeaderValue::from(found.end - found.start));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let mime = if file.name.ends_with(".webm") { "video/webm" } else { "video/mp4" };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(mime));
    sent.say(headers);
    if range.is_some() {
        let of = format!("bytes {}-{}/{size}", found.start, found.end.saturating_sub(1));
        if let Ok(of) = of.parse() {
            response.headers_mut().insert(CONTENT_RANGE, of);
        }
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}

/// One range; several, and what is no range, are answered with the whole file.
fn range_of(header: &str) -> Option<GetRange> {
    let (from, to) = header.strip_prefix("bytes=")?.trim().split_once('-')?;
    match (from.parse::<u64>().ok(), to.parse::<u64>().ok()) {
        (Some(from), Some(to)) if from <= to => Some(GetRange::Bounded(from..to.saturating_add(1))),
        (Some(from), None) if to.is_empty() => Some(GetRange::Offset(from)),
        (None, Some(n)) if from.is_empty() && n > 0 => Some(GetRange::Suffix(n)),
        _ => None,
    }
}

fn is_within(range: &GetRange, size: u64) -> bool {
    match range {
        GetRange::Bounded(range) => range.start < size,
        GetRange::Offset(from) => *from < size,
        GetRange::Suffix(_) => size > 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_understood_and_all_else_is_the_whole_file() {
        assert_eq!(range_of("bytes=0-0"), Some(GetRange::Bounded(0..1)));
        assert_eq!(range_of("bytes=5-"), Some(GetRange::Offset(5)));
        assert_eq!(range_of("bytes=-7"), Some(GetRange::Suffix(7)));
        for other in
            ["bytes=-", "bytes=-0", "bytes=9-3", "bytes=0-1,5-6", "lines=1-2", "bytes=a-b", ""]
        {
            assert_eq!(range_of(other), None, "{other}");
        }
    }
}
