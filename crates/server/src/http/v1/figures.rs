//! `/api/v1`: figures for the operator: history, sessions, findings.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use protocol::{ErrorCode, FindingCode, RoomName};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::operator::{Operator, bad};
use super::page::{Asked, Items, Page, asked};
use crate::clock::now_ms;
use crate::http::api::draining;
use crate::http::in_room::InRoom;
use crate::metrics::{Point, SessionInfo};
use crate::problem::{Problem, ProblemBody};
use crate::state::App;

/// Hours of history: all that is kept.
const MAX_HOURS: u32 = 24;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(history))
        .routes(routes!(findings))
        .routes(routes!(sessions))
        .routes(routes!(kick))
}

/// Of what.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct HistoryOf {
    /// That of this room alone.
    #[param(value_type = Option<RoomName>)]
    room: Option<String>,
    /// How many; 24 where it is missing.
    #[param(minimum = 1, maximum = 24)]
    hours: Option<u32>,
}

/// How it was.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = History)]
struct HistoryBody {
    step_s: u64,
    rooms: Vec<RoomHistory>,
}

/// How it was in a room.
#[derive(Debug, Serialize, ToSchema)]
struct RoomHistory {
    room: RoomName,
    /// The end of a minute in milliseconds since the Unix epoch, viewers, kbit/s in, kbit/s out.
    points: Vec<(i64, u32, u32, u32)>,
}

/// Viewers and bit rates of each minute, from memory.
#[utoipa::path(
    get,
    path = "/api/v1/history",
    tag = "figures",
    operation_id = "readHistory",
    params(HistoryOf),
    responses((status = 200, description = "The rooms that there were.", body = HistoryBody))
)]
async fn history(
    _: Operator,
    State(app): State<App>,
    query: Result<Query<HistoryOf>, QueryRejection>,
) -> Result<Json<HistoryBody>, Problem> {
    let HistoryOf { room, hours } = asked(query)?;
    let room = room.map(|it| RoomName::parse(&it).map_err(|_| bad("no room can have that name")));
    let hours = hours.unwrap_or(MAX_HOURS);
    if !(1..=MAX_HOURS).contains(&hours) {
        return Err(bad("hours is 1 to 24"));
    }
    let since = now_ms() - i64::from(hours) * 3_600_000;
    let rooms = app.metrics.history().since(room.transpose()?.as_ref(), since);
    let told = |it: Point| (it.at_ms, it.viewers, it.in_kbps, it.out_kbps);
    let rooms = rooms
        .into_iter()
        .map(|(room, points)| RoomHistory { room, points: points.into_iter().map(told).collect() });
    Ok(Json(HistoryBody { step_s: crate::metrics::STEP.as_secs(), rooms: rooms.collect() }))
}

/// What is wrong with what a host sends.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Finding)]
struct FindingInfo {
    room: RoomName,
    code: FindingCode,
    /// In milliseconds since the Unix epoch.
    since: f64,
    /// What it does to viewers, and what to set.
    detail: String,
}

/// What is wrong in all rooms.
#[utoipa::path(
    get,
    path = "/api/v1/findings",
    tag = "figures",
    operation_id = "listFindings",
    params(Asked),
    responses((status = 200, description = "A page of it.", body = Items<FindingInfo>))
)]
async fn findings(
    _: Operator,
    State(app): State<App>,
    page: Page,
) -> Result<Json<Items<FindingInfo>>, Problem> {
    let figures = app.hub.figures().await.ok_or_else(draining)?;
    let of_room = |room: control::RoomCounts| {
        let name = room.name;
        room.findings.into_iter().map(move |(it, since)| FindingInfo {
            room: name.clone(),
            code: it.code,
            since,
            detail: it.message,
        })
    };
    let mut all: Vec<FindingInfo> = figures.rooms.into_iter().flat_map(of_room).collect();
    let name_of = |it: &FindingInfo| format!("{}/{}", it.room, it.code.as_str());
    all.sort_by_key(name_of);
    page.after(all, name_of, |text| Some(text.to_owned())).map(Json)
}

/// Who is in a room, and where it loses.
#[utoipa::path(
    get,
    path = "/api/v1/rooms/{room}/sessions",
    tag = "figures",
    operation_id = "listSessions",
    params(("room" = RoomName, Path, description = "Its name."), Asked),
    responses((status = 200, description = "A page of them.", body = Items<SessionInfo>), (status = 404, description = "No room can have that name.", body = ProblemBody))
)]
async fn sessions(
    _: Operator,
    State(app): State<App>,
    InRoom(room): InRoom,
    page: Page,
) -> Result<Json<Items<SessionInfo>>, Problem> {
    let all = app.metrics.sessions(room).await.unwrap_or_default();
    let name_of = |it: &SessionInfo| it.id.parse::<u64>().unwrap_or(0);
    page.after(all, name_of, |text| text.parse().ok()).map(Json)
}

/// Ends a session.
#[utoipa::path(
    delete,
    path = "/api/v1/rooms/{room}/sessions/{id}",
    tag = "figures",
    operation_id = "endSession",
    params(("room" = RoomName, Path, description = "Its name."), ("id" = u64, Path, description = "Of the session.")),
    responses((status = 204, description = "Done."), (status = 404, description = "The room has no such session.", body = ProblemBody))
)]
async fn kick(
    operator: Operator,
    State(app): State<App>,
    InRoom(room): InRoom,
    path: Result<Path<(String, u64)>, PathRejection>,
) -> Result<StatusCode, Problem> {
    let gone = || Problem::new(ErrorCode::NotFound, "the room has no such session");
    let Path((_, id)) = path.map_err(|_| gone())?;
    if !app.hub.kick(room.clone(), id).await.ok_or_else(draining)? {
        return Err(gone());
    }
    tracing::info!(%room, session = id, ip = %operator.ip, "session ended by the operator");
    operator.audit(&app, "session.end", &format!("{room} {id}")).await;
    Ok(StatusCode::NO_CONTENT)
}
