//! `/.well-known/acme-challenge/{token}`: the answer to an ACME server's HTTP-01 challenge (RFC 8555, section 8.3).

use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use protocol::ErrorCode;

use crate::ApiError;
use crate::state::App;

/// The key authorization of a token.
pub(super) async fn answer(
    State(app): State<App>,
    Path(token): Path<String>,
) -> Result<Response, ApiError> {
    let answer = app.https.and_then(|it| it.challenges.get(&token));
    let answer = answer
        .ok_or_else(|| ApiError::new(ErrorCode::NotFound, "no such challenge is under way"))?;
    Ok(([(CONTENT_TYPE, "application/octet-stream")], answer).into_response())
}
