//! The cookie of a browser that is logged in.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;

/// Its name.
pub(super) const LOGIN_COOKIE: &str = "kaibo_owner";

/// The login that a request's cookie names.
pub(super) fn login_of(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|it| it.to_str().ok());
    let mut pairs = cookies.flat_map(|it| it.split(';')).filter_map(|it| it.trim().split_once('='));
    pairs.find(|(name, _)| *name == LOGIN_COOKIE).map(|(_, login)| login)
}
