//! Clips.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use protocol::{ErrorCode, RoomName};
use serde::Serialize;
use store::ClipRow;
use utoipa::ToSchema;

use super::broadcasts::OfRoom;
use super::operator::Operator;
use super::page::{Asked, Items, Page, asked};
use crate::archive::ClipRecord;
use crate::problem::{Problem, ProblemBody};
use crate::state::App;

/// A clip. Its page is `/c/{id}`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Clip {
    id: String,
    #[schema(value_type = RoomName)]
    room: String,
    /// In milliseconds since the Unix epoch.
    made: i64,
    bytes: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// How long it is.
    seconds: f64,
}

impl Clip {
    fn of(row: ClipRow) -> Self {
        let record: Option<ClipRecord> = serde_json::from_str(&row.record).ok();
        let ClipRow { id, room, made_ms, bytes, .. } = row;
        let seconds = record.as_ref().map_or(0.0, |it| it.seconds);
        Self { id, room, made: made_ms, bytes, title: record.and_then(|it| it.title), seconds }
    }
}

/// Clips, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/clips",
    tag = "recordings",
    operation_id = "listClips",
    params(Asked, OfRoom),
    responses((status = 200, description = "A page of them.", body = Items<Clip>))
)]
pub(super) async fn list(
    _: Operator,
    State(app): State<App>,
    page: Page,
    of: Result<Query<OfRoom>, QueryRejection>,
) -> Result<Json<Items<Clip>>, Problem> {
    let room = asked(of)?.name()?;
    let room = room.as_ref().map(RoomName::as_str);
    let rows = app.store.clips(room, page.cursor.clone(), page.n()).await?;
    let all = rows.into_iter().map(Clip::of).collect();
    Ok(Json(page.of(all, |it: &Clip| it.id.clone())))
}

/// Deletes a clip with its file.
#[utoipa::path(
    delete,
    path = "/api/v1/clips/{id}",
    tag = "recordings",
    operation_id = "deleteClip",
    params(("id" = String, Path, description = "Of the clip.")),
    responses(
        (status = 204, description = "Done."),
        (status = 404, description = "There is no such clip.", body = ProblemBody)
    )
)]
pub(super) async fn remove(
    operator: Operator,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    if !app.archive.delete_clip(&id).await? {
        return Err(Problem::new(ErrorCode::NotFound, "there is no such clip"));
    }
    operator.audit(&app, "clip.delete", &id).await;
    Ok(StatusCode::NO_CONTENT)
}
