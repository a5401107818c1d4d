//! Who may ask what only the operator may; bodies of requests.

use std::net::IpAddr;
use std::time::Instant;

use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::extract::rejection::BytesRejection;
use axum::http::request::Parts;
use control::Refusal;
use protocol::ErrorCode;
use serde::{Deserialize, Serialize};
use store::{AuditRow, StoreError};

use super::cookie::login_of;
use crate::clock::now_ms;
use crate::http::bearer::{Bearer, bearer};
use crate::http::client::Client;
use crate::problem::Problem;
use crate::state::App;

/// By what somebody is the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::http) enum By {
    /// The owner's login.
    Owner,
    /// The server's key.
    Key,
    /// It sits at the server's machine.
    Machine,
}

impl By {
    fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Key => "key",
            Self::Machine => "machine",
        }
    }
}

/// Whoever has the server's key or the owner's login, or sits at its machine, and is no page of an origin that is not
/// allowed. A handler that asks for it first reads nothing of anybody else.
#[derive(Debug)]
pub(in crate::http) struct Operator {
    /// For the log.
    pub(in crate::http) ip: IpAddr,
    pub(in crate::http) by: By,
}

impl FromRequestParts<App> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Client { addr, .. } = Client::from_request_parts(parts, app).await?;
        let headers = &parts.headers;
        app.auth
            .check_origin(&addr, headers)
            .map_err(|refused| Problem::new(ErrorCode::Forbidden, refused.to_string()))?;
        let Bearer { secret: given, .. } =
            bearer(headers).map_err(|why| Problem::new(ErrorCode::AuthBad, why))?;
        // A cookie comes with requests that other pages make a browser send: those do not count.
        let is_own_page = headers
            .get("sec-fetch-site")
            .is_none_or(|site| matches!(site.as_bytes(), b"same-origin" | b"none"));
        let login = login_of(headers).filter(|_| is_own_page && given.is_none());
        if login.is_some_and(|login| app.owner.is_logged_in(login)) {
            return Ok(Self::new(addr.ip, By::Owner));
        }
        app.auth.may_look(&addr, given.as_ref(), false, Instant::now()).map_err(Refusal::from)?;
        let by = if given.is_some_and(|key| app.auth.is_key(&key)) { By::Key } else { By::Machine };
        Ok(Self::new(addr.ip, by))
    }
}

impl Operator {
    pub(super) fn new(ip: IpAddr, by: By) -> Self {
        Self { ip, by }
    }

    /// Writes down what was done, and to what. A disk that fails keeps nobody from doing it: the log says it as well.
    pub(super) async fn audit(&self, app: &App, deed: &str, subject: &str) {
        let row = AuditRow {
            id: 0,
            at_ms: now_ms(),
            by: self.by.as_str().into(),
            ip: app.logs_addresses.then(|| self.ip.to_string()),
            deed: deed.into(),
            subject: subject.into(),
        };
        if let Err(error) = app.store.add_audit(row).await {
            tracing::warn!(deed, subject, %error, "audit log not written");
        }
    }
}

/// The body of a request. A handler takes it last, so that nothing is read of who may not ask.
pub(super) type Body = Result<Bytes, BytesRejection>;

/// Reads a body.
pub(super) fn parse<T: for<'de> Deserialize<'de>>(body: Body) -> Result<T, Problem> {
    let body = body.map_err(|_| Problem::new(ErrorCode::TooLarge, "the body is too long"))?;
    serde_json::from_slice(&body).map_err(|error| bad(format!("the body: {error}")))
}

/// A field has not the form that it should have.
pub(super) fn bad(message: impl Into<String>) -> Problem {
    Problem::new(ErrorCode::BadField, message)
}

/// The disk is full or slow, or the server is stopping.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let code =
            if error == StoreError::Closed { ErrorCode::Draining } else { ErrorCode::Internal };
        Self::new(code, error.to_string())
    }
}
