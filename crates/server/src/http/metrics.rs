//! `/metrics`, for Prometheus; `POST /api/qoe`, what pages report.

use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use control::Refusal;
use protocol::ErrorCode;

use super::api::draining;
use super::bearer::bearer;
use super::client::Client;
use crate::ApiError;
use crate::limits::BEACON_BYTES;
use crate::metrics::{Beacon, Format, Metrics, RefusedAt};
use crate::state::App;

pub(super) fn routes() -> Router<App> {
    let report = post(report).layer(DefaultBodyLimit::max(BEACON_BYTES));
    Router::new().route("/metrics", get(of_server)).route("/api/qoe", report)
}

/// `/metrics` alone, without any right: for an address of its own.
pub(crate) fn alone(metrics: Metrics) -> Router {
    let answer =
        async |State(metrics): State<Metrics>, headers: HeaderMap| scrape(&metrics, &headers).await;
    Router::new().route("/metrics", get(answer)).with_state(metrics)
}

/// `GET /metrics`, for the operator and whoever has the token.
async fn of_server(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    app.auth
        .check_origin(&client.addr, &headers)
        .map_err(|refused| ApiError::new(ErrorCode::Forbidden, refused.to_string()))?;
    let given = bearer(&headers).map_err(|why| ApiError::new(ErrorCode::AuthBad, why))?;
    let in_force = app.in_force.get();
    let token = in_force.metrics_token.as_ref();
    app.auth
        .may_scrape(&client.addr, token, given.secret.as_ref(), Instant::now())
        .map_err(Refusal::from)?;
    scrape(&app.metrics, &headers).await
}

async fn scrape(metrics: &Metrics, headers: &HeaderMap) -> Result<Response, ApiError> {
    let accept = headers.get(ACCEPT).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let format = Format::of_accept(accept);
    let text = metrics.scrape(format).await.ok_or_else(draining)?;
    Ok(([(CONTENT_TYPE, format.content_type())], text).into_response())
}

/// `POST /api/qoe`.
async fn report(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, ApiError> {
    app.auth
        .check_origin(&client.addr, &headers)
        .map_err(|refused| ApiError::new(ErrorCode::Forbidden, refused.to_string()))?;
    if !app.metrics.beacons().may(&client.addr, Instant::now()) {
        let message = "too many reports from this network";
        return Err(Refusal::new(ErrorCode::RateLimited, message).retry_ms(60_000).into());
    }
    let too_large = format!("the report is longer than {BEACON_BYTES} bytes");
    let body = body.map_err(|_| ApiError::new(ErrorCode::TooLarge, too_large))?;
    let beacon = Beacon::parse(&body).map_err(|why| ApiError::new(ErrorCode::BadField, why))?;
    let is_known = app.hub.has_room(beacon.room.clone()).await.ok_or_else(draining)?;
    app.metrics.beacons().note(&beacon, is_known);
    if is_known {
        let kept_up = !app.metrics.strain().is_any(Instant::now());
        app.hub.seen(beacon.room.clone(), beacon.seen(kept_up)).await;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Counts what is refused, by the code that the response was made with.
pub(super) async fn count_refused(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Response {
    let at = RefusedAt::of(request.uri().path());
    let response = next.run(request).await;
    if let Some(code) = response.extensions().get::<ErrorCode>() {
        app.metrics.refusals().note(at, *code);
    }
    response
}
