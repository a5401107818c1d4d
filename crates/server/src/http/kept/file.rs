//! A file as the body of an answer, or a range of it (RFC 9110, section 14).

use std::path::PathBuf;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use protocol::ErrorCode;
use tower_http::services::ServeFile;

use crate::ApiError;

/// How a file is sent.
#[derive(Debug)]
pub(crate) struct Sent<'a> {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// What it is called where it is saved, in ASCII; none for what is only shown.
    pub(crate) name: Option<String>,
    /// Whether it is saved, and not shown.
    pub(crate) is_saved: bool,
    /// `Cache-Control`, if anything is said.
    pub(crate) cache: Option<&'static str>,
    /// Its kind, where the name does not tell it.
    pub(crate) mime: Option<&'a str>,
}

/// Sends a file.
pub(crate) async fn send(sent: Sent<'_>, request: Request) -> Result<Response, ApiError> {
    let answer = ServeFile::new(&sent.path).try_call(request).await.map_err(|error| {
        tracing::warn!(name = ?sent.name, %error, "a file cannot be read");
        no_file()
    })?;
    let mut response = answer.map(Body::new);
    if response.status() == StatusCode::NOT_FOUND {
        return Err(no_file());
    }
    sent.say(response.headers_mut());
    Ok(response)
}

impl Sent<'_> {
    /// Says how it is sent.
    pub(super) fn say(&self, headers: &mut HeaderMap) {
        let how = if self.is_saved { "attachment" } else { "inline" };
        if let Some(name) = &self.name
            && let Ok(called) = format!("{how}; filename=\"{name}\"").parse()
        {
            headers.insert(CONTENT_DISPOSITION, called);
        }
        if let Some(cache) = self.cache {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
        }
        if let Some(mime) = self.mime.and_then(|it| it.parse().ok()) {
            headers.insert(CONTENT_TYPE, mime);
        }
    }
}

/// A name as every system takes it in the name of a file.
pub(crate) fn ascii(name: &str) -> String {
    name.chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '_' }).collect()
}

pub(super) fn no_file() -> ApiError {
    ApiError::new(ErrorCode::NotFound, "there is no such file")
}
