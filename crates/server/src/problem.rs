//! Refusals as HTTP tells them: `application/problem+json` (RFC 9457), with the code that `/ws` has
//! for the same.

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use control::Refusal;
use protocol::ErrorCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::ApiError;

/// What was refused, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) code: ErrorCode,
    /// A sentence for a person, in English.
    pub(crate) detail: String,
    /// After how many seconds another try makes sense.
    pub(crate) retry_after: Option<u32>,
}

/// What was refused, and why (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// The name of the status.
    title: &'static str,
    status: u16,
    /// A sentence for a person, in English.
    detail: String,
    /// For a program: a code of `docs/protocol.md`, section 9.
    code: ErrorCode,
}

impl Problem {
    /// A refusal with the status that the code has here.
    pub(crate) fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { status: status_of(code), code, detail: detail.into(), retry_after: None }
    }

    /// The same with another status.
    pub(crate) fn with(status: StatusCode, code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), retry_after: None }
    }

    /// Says when to come back.
    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// No such session, or no longer.
    pub(crate) fn gone() -> Self {
        Self::new(ErrorCode::NotFound, "there is no such session, or it is over")
    }

    /// The server stops, or is stuck.
    pub(crate) fn draining() -> Self {
        Self::new(ErrorCode::Draining, "the server is stopping").retry_after(2)
    }
}

/// The status of a code. `codec_unsupported` is not 406 here: WHEP has given that another meaning.
fn status_of(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::CodecUnsupported | ErrorCode::SdpNoMedia => StatusCode::UNPROCESSABLE_ENTITY,
        code => StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::BAD_REQUEST),
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let Refusal { code, message, retry_ms, .. } = refusal;
        let problem = Self::new(code, message);
        match retry_ms {
            Some(ms) => problem.retry_after(ms.div_ceil(1000)),
            None => problem,
        }
    }
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        let (code, message, retry_ms) = error.into_parts();
        Self { retry_after: retry_ms.map(|ms| ms.div_ceil(1000)), ..Self::new(code, message) }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("Error");
        let status = self.status.as_u16();
        let body = ProblemBody { title, status, detail: self.detail, code: self.code };
        let body = serde_json::to_string(&body).expect("it has string keys only");
        let mut response = (self.status, body).into_response();
        // For the count of refusals.
        response.extensions_mut().insert(self.code);
        let headers = response.headers_mut();
        let problem = HeaderValue::from_static("application/problem+json");
        headers.insert(CONTENT_TYPE, problem);
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        // RFC 6750, section 3: without a token only the scheme is told.
        let challenge = match self.code {
            ErrorCode::AuthRequired => Some("Bearer realm=\"kaibo\""),
            ErrorCode::AuthBad => Some("Bearer realm=\"kaibo\", error=\"invalid_token\""),
            _ => None,
        };
        if let Some(challenge) = challenge {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}
