//! Webhooks and their deliveries.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use protocol::ErrorCode;
use serde::{Deserialize, Serialize};
use store::{DeliveryRow, DeliveryState, TriedRow, WebhookRow, WebhookState};
use utoipa::ToSchema;
use utoipa::openapi::schema::{Array, ArrayBuilder, ObjectBuilder, Type};
use webhooks::{AddError, EventKind};

use super::operator::{Body, Operator, bad, parse};
use super::page::{Asked, Items, Page};
use crate::problem::{Problem, ProblemBody};
use crate::state::App;

/// A webhook.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Webhook {
    id: String,
    url: String,
    events: Vec<String>,
    /// In milliseconds since the Unix epoch.
    made: i64,
    /// What came of the last try.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<Last>,
    /// How many deliveries wait.
    waiting: i64,
    /// What signs, in the answer that makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// What came of a try.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookTry)]
pub(super) struct Last {
    /// In milliseconds since the Unix epoch.
    at: i64,
    /// The status of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    /// Why it was no success.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// An event on its way to a webhook.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Delivery {
    /// Names the event, the same for each webhook.
    id: String,
    event: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<String>,
    /// When it happened, in milliseconds since the Unix epoch.
    at: i64,
    tries: u32,
    status: Status,
    /// The status of the last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    /// Why the last try was no success.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// When it is tried next, once those of its room before it are over.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<i64>,
}

/// Where a delivery stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DeliveryStatus)]
pub(super) enum Status {
    Waiting,
    Delivered,
    Failed,
}

/// What a webhook is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewWebhook)]
pub(super) struct Add {
    /// Where events are sent; public addresses alone, but for those that the operator allows.
    #[schema(format = "uri")]
    url: String,
    /// Which ones; all where there is none.
    #[serde(default)]
    #[schema(schema_with = events)]
    events: Vec<String>,
    /// What signs; one is made where it is missing.
    secret: Option<String>,
}

impl From<WebhookState> for Webhook {
    fn from(WebhookState { row, waiting, last }: WebhookState) -> Self {
        let WebhookRow { id, url, events, secret: _, made_ms } = row;
        let last = last.map(|TriedRow { at_ms, code, error }| Last { at: at_ms, code, error });
        Self { id, url, events, made: made_ms, last, waiting, secret: None }
    }
}

impl From<DeliveryRow> for Delivery {
    fn from(row: DeliveryRow) -> Self {
        let DeliveryRow { n: _, id, room, event, at_ms, tries, state, code, error } = row;
        let (status, next) = match state {
            DeliveryState::Waiting { next_ms } => (Status::Waiting, Some(next_ms)),
            DeliveryState::Delivered => (Status::Delivered, None),
            DeliveryState::Failed => (Status::Failed, None),
        };
        let room = Some(room).filter(|it| !it.is_empty());
        Self { id, event, room, at: at_ms, tries, status, code, error, next }
    }
}

/// All webhooks, oldest first.
#[utoipa::path(
    get,
    path = "/api/v1/webhooks",
    tag = "webhooks",
    operation_id = "listWebhooks",
    responses((status = 200, description = "All of them.", body = Items<Webhook>))
)]
pub(super) async fn list(
    _: Operator,
    State(app): State<App>,
) -> Result<Json<Items<Webhook>>, Problem> {
    let all = app.webhooks.all().await?;
    Ok(Json(Items::all(all.into_iter().map(Webhook::from).collect())))
}

/// Makes a webhook. The answer has its secret, this once.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks",
    tag = "webhooks",
    operation_id = "makeWebhook",
    request_body = Add,
    responses((status = 201, description = "The webhook.", body = Webhook))
)]
pub(super) async fn add(
    operator: Operator,
    State(app): State<App>,
    body: Body,
) -> Result<Response, Problem> {
    let Add { url, events, secret } = parse(body)?;
    let row = app.webhooks.add(&url, &events, secret.as_deref()).await.map_err(refused)?;
    tracing::info!(webhook = row.id, ip = %operator.ip, "webhook made");
    operator.audit(&app, "webhook.make", &url).await;
    let secret = Some(row.secret.clone());
    let webhook = Webhook::from(WebhookState { row, waiting: 0, last: None });
    Ok((StatusCode::CREATED, Json(Webhook { secret, ..webhook })).into_response())
}

/// Deletes a webhook, and what waits for it.
#[utoipa::path(
    delete,
    path = "/api/v1/webhooks/{id}",
    tag = "webhooks",
    operation_id = "deleteWebhook",
    params(("id" = String, Path, description = "Of the webhook.")),
    responses((status = 204, description = "Done."), (status = 404, description = "There is no such webhook.", body = ProblemBody))
)]
pub(super) async fn remove(
    operator: Operator,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    if !app.webhooks.delete(&id).await? {
        return Err(not_there());
    }
    tracing::info!(webhook = id, ip = %operator.ip, "webhook deleted");
    operator.audit(&app, "webhook.delete", &id).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Queues an event `ping` for a webhook.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/{id}/test",
    tag = "webhooks",
    operation_id = "testWebhook",
    params(("id" = String, Path, description = "Of the webhook.")),
    responses((status = 202, description = "It is queued."), (status = 404, description = "There is no such webhook.", body = ProblemBody))
)]
pub(super) async fn test(
    _: Operator,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    if app.webhooks.ping(&id).await? { Ok(StatusCode::ACCEPTED) } else { Err(not_there()) }
}

/// What a webhook was told and is to be told, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/webhooks/{id}/deliveries",
    tag = "webhooks",
    operation_id = "listDeliveries",
    params(("id" = String, Path, description = "Of the webhook."), Asked),
    responses((status = 200, description = "A page of it.", body = Items<Delivery>), (status = 404, description = "There is no such webhook.", body = ProblemBody))
)]
pub(super) async fn deliveries(
    _: Operator,
    State(app): State<App>,
    Path(id): Path<String>,
    page: Page,
) -> Result<Json<Items<Delivery>>, Problem> {
    let before = page.cursor.as_deref().map(str::parse).transpose();
    let before = before.map_err(|_| bad("cursor is not one of ours"))?;
    let rows = app.webhooks.deliveries(&id, before, page.n()).await?.ok_or_else(not_there)?;
    Ok(Json(page.of(rows, |row| row.n.to_string()).map(Delivery::from)))
}

/// The events that there are.
fn events() -> Array {
    let names = EventKind::ALL.map(|it| Some(it.as_str()));
    let name = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names));
    ArrayBuilder::new().items(name).build()
}

fn refused(error: AddError) -> Problem {
    match error {
        AddError::Invalid(why) => bad(why),
        AddError::Full => Problem::new(ErrorCode::ServerFull, error.to_string()),
        AddError::Store(error) => error.into(),
    }
}

fn not_there() -> Problem {
    Problem::new(ErrorCode::NotFound, "there is no such webhook")
}
