//! `/trust`: the certificate of the server's own authority, for devices to trust. The page beside it says how.

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use protocol::ErrorCode;

use crate::ApiError;
use crate::state::App;

/// `GET /trust/kaibo.pem`: in PEM form. iOS opens it as a profile.
pub(super) async fn pem(State(app): State<App>) -> Result<Response, ApiError> {
    let authority = app.https.and_then(|it| it.authority).ok_or_else(no_authority)?;
    Ok(file(authority.pem.clone().into_bytes(), "attachment; filename=\"kaibo.pem\""))
}

/// `GET /trust/kaibo.crt`: in DER form, which Android and Windows open.
pub(super) async fn der(State(app): State<App>) -> Result<Response, ApiError> {
    let authority = app.https.and_then(|it| it.authority).ok_or_else(no_authority)?;
    Ok(file(authority.der.clone(), "attachment; filename=\"kaibo.crt\""))
}

fn file(bytes: Vec<u8>, disposition: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/x-x509-ca-cert")),
        (CONTENT_DISPOSITION, HeaderValue::from_static(disposition)),
    ];
    (headers, bytes).into_response()
}

fn no_authority() -> ApiError {
    let message = "this server has no certificate authority of its own: see --tls local";
    ApiError::new(ErrorCode::NotFound, message)
}
