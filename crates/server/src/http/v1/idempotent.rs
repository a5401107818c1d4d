//! `Idempotency-Key` on POST (draft-ietf-httpapi-idempotency-key-header-07): who did not hear the answer asks again,
//! and nothing is made twice.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Instant;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use protocol::ErrorCode;

use super::operator::{Operator, bad};
use crate::idempotency::{ANSWER_BYTES, Answer, Begun};
use crate::problem::Problem;
use crate::state::App;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Characters of a key, at most.
pub(super) const KEY_CHARS: usize = 255;

/// Answers a request whose key was seen before as it was answered then. Stands before what only the operator may do.
pub(super) async fn once(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST || !request.headers().contains_key(KEY) {
        return next.run(request).await;
    }
    answer(app, request, next).await.unwrap_or_else(IntoResponse::into_response)
}

async fn answer(app: App, request: Request, next: Next) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    // Answers hold secrets: nobody else hears whether there is one.
    Operator::from_request_parts(&mut parts, &app).await?;
    let key = key_of(&parts.headers)?;
    let body: Result<Bytes, BytesRejection> =
        Bytes::from_request(Request::from_parts(parts.clone(), body), &app).await;
    let body = body.map_err(|_| Problem::new(ErrorCode::TooLarge, "the body is too long"))?;
    let mut hasher = DefaultHasher::new();
    (parts.uri.path(), &body).hash(&mut hasher);
    let asked = hasher.finish();
    match app.idempotency.with(|answers| answers.begin(&key, asked, Instant::now())) {
        Begun::New => {}
        Begun::Answered(answer) => return Ok(replayed(answer)),
        Begun::Running => {
            let message = "the first request with this Idempotency-Key is not answered yet";
            let problem = Problem::with(StatusCode::CONFLICT, ErrorCode::Unexpected, message);
            return Err(problem.retry_after(1));
        }
        Begun::Other => {
            let message = "this Idempotency-Key came with another request: make a new one for each";
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return Err(Problem::with(status, ErrorCode::BadField, message));
        }
        Begun::Full => {
            let message = "too many requests with an Idempotency-Key are not answered yet";
            return Err(Problem::new(ErrorCode::RateLimited, message).retry_after(1));
        }
    }
    let mut run = Run { app, key: Some(key) };
    let request = Request::from_parts(parts, Body::from(body));
    // A client that is gone is the very one that asks again: what it began goes on.
    let done = tokio::spawn(async move {
        let response = next.run(request).await;
        run.end(response).await
    });
    done.await.map_err(|_| Problem::new(ErrorCode::Internal, "the request could not be answered"))
}

/// A request that is being answered. Without an answer, its key is as good as new.
struct Run {
    app: App,
    key: Option<String>,
}

impl Run {
    /// Keeps an answer. A refusal changed nothing, and the next request may have another answer.
    async fn end(&mut self, response: Response) -> Response {
        let (parts, body) = response.into_parts();
        let Ok(body) = to_bytes(body, ANSWER_BYTES).await else {
            let message = "the answer is too long to be kept for its Idempotency-Key";
            return Problem::new(ErrorCode::Internal, message).into_response();
        };
        let answer = Answer { status: parts.status, headers: parts.headers.clone(), body };
        let response = Response::from_parts(parts, Body::from(answer.body.clone()));
        if answer.status.is_success()
            && let Some(key) = self.key.take()
        {
            self.app.idempotency.with(|answers| answers.end(&key, answer));
        }
        response
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.app.idempotency.with(|answers| answers.forget(&key));
        }
    }
}

fn replayed(Answer { status, headers, body }: Answer) -> Response {
    let mut response = (status, body).into_response();
    *response.headers_mut() = headers;
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

/// The key, with or without the quotes of a structured field (RFC 9651, section 3.3.3).
fn key_of(headers: &HeaderMap) -> Result<String, Problem> {
    let mut all = headers.get_all(KEY).iter();
    let text = match (all.next(), all.next()) {
        (Some(one), None) => one.to_str().unwrap_or_default().trim(),
        _ => "",
    };
    let bare = text.strip_prefix('"').and_then(|it| it.strip_suffix('"')).unwrap_or(text);
    if bare.is_empty() || bare.len() > KEY_CHARS || !bare.bytes().all(|it| it.is_ascii_graphic()) {
        return Err(bad(format!(
            "Idempotency-Key has to be one of 1 to {KEY_CHARS} visible ASCII characters"
        )));
    }
    Ok(bare.to_owned())
}
