//! The bearer token of a request (RFC 6750, section 2.1).

use auth::Secret;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

/// The token; `None` without one, and when it is empty: encoders send the header of an empty key field as well.
///
/// # Errors
/// A sentence, when the header has another scheme or the token is too long.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<Option<Secret>, String> {
    let Some(value) = headers.get(AUTHORIZATION) else { return Ok(None) };
    // Whatever is not text is no scheme that we know.
    let text = value.to_str().unwrap_or_default();
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err("the Authorization header has to be: Bearer, a space and the token".into());
    }
    Secret::parse(token.trim()).map_err(|error| format!("the token: {error}"))
}
