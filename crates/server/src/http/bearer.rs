//! The bearer token of a request (RFC 6750, section 2.1).

use auth::Secret;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use tokens::{MAX_TOKEN_BYTES, is_token};

/// What stands in the header.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bearer {
    /// The text, when there is one.
    pub(crate) text: Option<String>,
    /// What it is compared by: the text itself, or what stands for a token.
    pub(crate) secret: Option<Secret>,
}

/// The token; empty without one, and when it is empty: encoders send the header of an empty key field as well.
///
/// # Errors
/// A sentence, when the header has another scheme or the token is too long.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<Bearer, String> {
    let Some(value) = headers.get(AUTHORIZATION) else { return Ok(Bearer::default()) };
    // Whatever is not text is no scheme that we know.
    let text = value.to_str().unwrap_or_default();
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err("the Authorization header has to be: Bearer, a space and the token".into());
    }
    let token = token.trim();
    let secret = if is_token(token) {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(format!("the token is longer than {MAX_TOKEN_BYTES} bytes"));
        }
        Some(Secret::fingerprint(token))
    } else {
        Secret::parse(token).map_err(|error| format!("the token: {error}"))?
    };
    Ok(Bearer { text: secret.is_some().then(|| token.to_owned()), secret })
}
