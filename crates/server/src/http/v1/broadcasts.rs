//! Records of broadcasts.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use control::{
    BroadcastRecord, FindingAt, Freezes, Interruption, LatencyFigures, LayerShare, Point,
};
use protocol::{ErrorCode, RoomName};
use serde::{Deserialize, Serialize};
use store::BroadcastRow;
use utoipa::ToSchema;

use super::operator::{Operator, bad};
use super::page::{Asked, Items, Page, asked};
use crate::problem::{Problem, ProblemBody};
use crate::state::App;

/// A broadcast in a list. Times are in milliseconds since the Unix epoch.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BroadcastSummary)]
pub(super) struct Summary {
    id: String,
    room: RoomName,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    began: f64,
    /// None while it is live.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<f64>,
    /// The most viewers at a time.
    peak: u32,
    /// How often somebody began to watch.
    joins: u32,
}

/// A broadcast with all that is known of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Broadcast {
    #[serde(flatten)]
    summary: Summary,
    /// Why it ended, in a word of `docs/operate.md`.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// How long it was, or is by now.
    duration_s: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_ms: Option<LatencyFigures>,
    layers: Vec<LayerShare>,
    interruptions: Vec<Interruption>,
    freezes: Freezes,
    findings: Vec<FindingAt>,
    timeline: Vec<Point>,
}

/// Whose broadcasts.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OfRoom {
    /// Those of this room alone.
    #[param(value_type = Option<RoomName>)]
    room: Option<String>,
}

impl OfRoom {
    /// The room that is asked for.
    pub(super) fn name(&self) -> Result<Option<RoomName>, Problem> {
        let room = self.room.as_deref().map(RoomName::parse).transpose();
        room.map_err(|_| bad("no room can have that name"))
    }
}

impl From<BroadcastRecord> for Broadcast {
    fn from(record: BroadcastRecord) -> Self {
        let BroadcastRecord {
            id,
            room,
            title,
            began,
            ended,
            why,
            until,
            joins,
            peak,
            latency_ms,
            layers,
            interruptions,
            freezes,
            findings,
            timeline,
        } = record;
        let title = title.map(|it| it.as_str().to_owned());
        Self {
            summary: Summary { id, room, title, began, ended, peak, joins },
            why,
            duration_s: ((ended.unwrap_or(until) - began) / 1000.0).max(0.0).round(),
            latency_ms,
            layers,
            interruptions,
            freezes,
            findings,
            timeline,
        }
    }
}

/// Broadcasts, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/broadcasts",
    tag = "broadcasts",
    operation_id = "listBroadcasts",
    params(Asked, OfRoom),
    responses((status = 200, description = "A page of them.", body = Items<Summary>))
)]
pub(super) async fn list(
    _: Operator,
    State(app): State<App>,
    page: Page,
    of: Result<Query<OfRoom>, QueryRejection>,
) -> Result<Json<Items<Summary>>, Problem> {
    let room = asked(of)?.name()?;
    let room = room.as_ref().map(RoomName::as_str);
    let rows = app.store.broadcasts(room, page.cursor.clone(), page.n()).await?;
    let records = rows.iter().map(read_record).collect::<Result<_, _>>()?;
    let list = page.of(records, |record: &Broadcast| record.summary.id.clone());
    Ok(Json(list.map(|broadcast| broadcast.summary)))
}

/// A broadcast. Of one that is live this is what was written last, a few minutes ago at most.
#[utoipa::path(
    get,
    path = "/api/v1/broadcasts/{id}",
    tag = "broadcasts",
    operation_id = "readBroadcast",
    params(("id" = String, Path, description = "Of the broadcast.")),
    responses((status = 200, description = "The broadcast.", body = Broadcast), (status = 404, description = "There is no such broadcast.", body = ProblemBody))
)]
pub(super) async fn read(
    _: Operator,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<Broadcast>, Problem> {
    let row = app.store.broadcast(&id).await?;
    let row = row.ok_or_else(|| Problem::new(ErrorCode::NotFound, "there is no such broadcast"))?;
    Ok(Json(read_record(&row)?))
}

fn read_record(row: &BroadcastRow) -> Result<Broadcast, Problem> {
    let record = serde_json::from_str::<BroadcastRecord>(&row.record);
    record.map(Broadcast::from).map_err(|error| {
        tracing::error!(id = row.id, %error, "broadcast not read");
        Problem::new(ErrorCode::Internal, "the record cannot be read")
    })
}
