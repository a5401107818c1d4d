//! Who may ask what only the operator may; bodies of requests.

use std::net::IpAddr;
use std::time::Instant;

use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::extract::rejection::BytesRejection;
use axum::http::request::Parts;
use control::Refusal;
use protocol::ErrorCode;
use serde::Deserialize;
use store::StoreError;

use crate::ApiError;
use crate::http::bearer::bearer;
use crate::http::client::Client;
use crate::state::App;

/// Whoever has the server's key, or sits at its machine, and is no page of an origin that is not allowed. A handler that
/// asks for it first reads nothing of anybody else.
#[derive(Debug)]
pub(super) struct Operator {
    /// For the log.
    pub(super) ip: IpAddr,
}

impl FromRequestParts<App> for Operator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Client { addr, .. } = Client::from_request_parts(parts, app).await?;
        app.auth
            .check_origin(&addr, &parts.headers)
            .map_err(|refused| ApiError::new(ErrorCode::Forbidden, refused.to_string()))?;
        let given = bearer(&parts.headers).map_err(|why| ApiError::new(ErrorCode::AuthBad, why))?;
        app.auth.may_look(&addr, given.as_ref(), false, Instant::now()).map_err(Refusal::from)?;
        Ok(Self { ip: addr.ip })
    }
}

/// The body of a request. A handler takes it last, so that nothing is read of who may not ask.
pub(super) type Body = Result<Bytes, BytesRejection>;

/// Reads a body.
pub(super) fn parse<T: for<'de> Deserialize<'de>>(body: Body) -> Result<T, ApiError> {
    let body = body.map_err(|_| ApiError::new(ErrorCode::TooLarge, "the body is too long"))?;
    serde_json::from_slice(&body).map_err(|error| bad(format!("the body: {error}")))
}

/// A field has not the form that it should have.
pub(super) fn bad(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::BadField, message)
}

/// The disk is full or slow, or the server is stopping.
impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let code =
            if error == StoreError::Closed { ErrorCode::Draining } else { ErrorCode::Internal };
        Self::new(code, error.to_string())
    }
}
