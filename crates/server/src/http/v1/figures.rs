//! `/api/v1`: figures for the operator: history, sessions, findings.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{delete, get};
use axum::{Json, Router};
use protocol::{ErrorCode, FindingCode, RoomName};
use serde::{Deserialize, Serialize};

use super::operator::{Operator, bad};
use super::page::{Items, Page, asked};
use crate::clock::now_ms;
use crate::http::api::draining;
use crate::http::in_room::InRoom;
use crate::metrics::{Point, SessionInfo};
use crate::problem::Problem;
use crate::state::App;

/// Hours of history: all that is kept.
const MAX_HOURS: u32 = 24;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/history", get(history))
        .route("/api/v1/findings", get(findings))
        .route("/api/v1/rooms/{room}/sessions", get(sessions))
        .route("/api/v1/rooms/{room}/sessions/{id}", delete(kick))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HistoryOf {
    room: Option<String>,
    hours: Option<u32>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HistoryBody {
    step_s: u64,
    rooms: Vec<RoomHistory>,
}

#[derive(Debug, Serialize)]
struct RoomHistory {
    room: RoomName,
    /// The end of a minute in milliseconds since the Unix epoch, viewers, kbit/s in, kbit/s out.
    points: Vec<(i64, u32, u32, u32)>,
}

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
#[derive(Debug, Serialize)]
struct FindingInfo {
    room: RoomName,
    code: FindingCode,
    /// In milliseconds since the Unix epoch.
    since: f64,
    /// What it does to viewers, and what to set.
    detail: String,
}

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
