//! `/api/v1`: figures for the operator: history, sessions, findings.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{delete, get};
use axum::{Json, Router};
use protocol::{ErrorCode, FindingCode, RoomName};
use serde::{Deserialize, Serialize};

use super::operator::Operator;
use crate::http::api::draining;
use crate::http::in_room::InRoom;
use crate::metrics::{Point, SessionInfo};
use crate::problem::Problem;
use crate::state::App;

/// Items of one page, unless it is asked for others.
const PAGE: usize = 50;
/// Items of one page at most.
const MAX_PAGE: usize = 200;
/// Hours of history: all that is kept.
const MAX_HOURS: u32 = 24;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/history", get(history))
        .route("/api/v1/findings", get(findings))
        .route("/api/v1/rooms/{room}/sessions", get(sessions))
        .route("/api/v1/rooms/{room}/sessions/{id}", delete(kick))
}

/// Which part of a list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    limit: Option<usize>,
    cursor: Option<String>,
}

/// A part of a list.
#[derive(Debug, Serialize)]
struct Items<T> {
    items: Vec<T>,
    /// Where the next part begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl Range {
    /// The part that begins after the item that the cursor names; `name_of` never names two items alike, and rises.
    fn of<T, K: Ord + ToString>(
        self,
        all: Vec<T>,
        name_of: impl Fn(&T) -> K,
        read: impl Fn(&str) -> Option<K>,
    ) -> Result<Items<T>, Problem> {
        let bad = |message: String| Problem::new(ErrorCode::BadField, message);
        let limit = self.limit.unwrap_or(PAGE);
        if !(1..=MAX_PAGE).contains(&limit) {
            return Err(bad(format!("limit is 1 to {MAX_PAGE}")));
        }
        let after = match self.cursor {
            Some(text) => {
                Some(read(&text).ok_or_else(|| bad("cursor is none that was told".into()))?)
            }
            None => None,
        };
        let mut items: Vec<T> = all
            .into_iter()
            .filter(|it| after.as_ref().is_none_or(|after| name_of(it) > *after))
            .collect();
        let has_more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| has_more).map(|it| name_of(it).to_string());
        Ok(Items { items, next })
    }
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
    let HistoryOf { room, hours } = checked(query)?;
    let bad = |message: &str| Problem::new(ErrorCode::BadField, message);
    let room = room.map(|it| RoomName::parse(&it).map_err(|_| bad("no room can have that name")));
    let hours = hours.unwrap_or(MAX_HOURS);
    if !(1..=MAX_HOURS).contains(&hours) {
        return Err(bad("hours is 1 to 24"));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now_ms = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
    let since = now_ms - i64::from(hours) * 3_600_000;
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
    query: Result<Query<Range>, QueryRejection>,
) -> Result<Json<Items<FindingInfo>>, Problem> {
    let range = checked(query)?;
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
    range.of(all, name_of, |text| Some(text.to_owned())).map(Json)
}

async fn sessions(
    _: Operator,
    State(app): State<App>,
    InRoom(room): InRoom,
    query: Result<Query<Range>, QueryRejection>,
) -> Result<Json<Items<SessionInfo>>, Problem> {
    let range = checked(query)?;
    let all = app.metrics.sessions(room).await.unwrap_or_default();
    let name_of = |it: &SessionInfo| it.id.parse::<u64>().unwrap_or(0);
    range.of(all, name_of, |text| text.parse().ok()).map(Json)
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

fn checked<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, Problem> {
    query.map(|Query(it)| it).map_err(|why| Problem::new(ErrorCode::BadField, why.to_string()))
}
