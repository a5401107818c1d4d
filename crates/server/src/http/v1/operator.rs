//! Who may call `/api/v1`, and what it sends.

use std::net::IpAddr;
use std::time::Instant;

use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::extract::rejection::BytesRejection;
use axum::http::request::Parts;
use control::Refusal;
use protocol::ErrorCode;
use serde::Deserialize;

use crate::ApiError;
use crate::http::bearer::bearer;
use crate::http::client::Client;
use crate::state::App;

/// Whoever has the server's key, or sits at its machine, and is no page of an origin that is not allowed. A handler that
/// asks for it first reads nothing of anybody else.
#[derive(Debug)]
pub(in crate::http) struct Operator {
    /// For the log.
    pub(in crate::http) ip: IpAddr,
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

/// The body of a request.
pub(super) type Body = Result<Bytes, BytesRejection>;

/// The JSON of a body.
pub(super) fn parse<T: for<'de> Deserialize<'de>>(body: Body) -> Result<T, ApiError> {
    let body = body.map_err(|_| ApiError::new(ErrorCode::TooLarge, "the body is too long"))?;
    serde_json::from_slice(&body)
        .map_err(|error| ApiError::new(ErrorCode::BadField, format!("the body: {error}")))
}
