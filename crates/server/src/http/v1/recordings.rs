//! Recordings.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use protocol::{ErrorCode, LiveState, RoomName};
use serde::Serialize;
use store::RecordingRow;
use utoipa::ToSchema;

use super::broadcasts::OfRoom;
use super::operator::Operator;
use super::page::{Asked, Items, Page, asked};
use crate::archive::{NotRecorded, Record, RecordedFile};
use crate::http::in_room::InRoom;
use crate::http::kept::file::{Sent, ascii};
use crate::http::kept::stored::send_recorded;
use crate::problem::{Problem, ProblemBody};
use crate::state::App;

/// A recording. Times are in milliseconds since the Unix epoch.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Recording {
    id: String,
    #[schema(value_type = RoomName)]
    room: String,
    /// What the broadcast was called.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    began: i64,
    /// None while it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<i64>,
    /// Why it is over: `ended`, `disk_full`, or `server_fault`.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// What went wrong last while it was made, or why the object store lacks files of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// The files that are whole, in their order: `GET /api/v1/recordings/{id}/files/{name}`.
    files: Vec<RecordedFile>,
}

impl From<RecordingRow> for Recording {
    fn from(row: RecordingRow) -> Self {
        let RecordingRow { id, room, began_ms, ended_ms, bytes: _, record } = row;
        let Record { why, error, waits, title, files, .. } =
            serde_json::from_str(&record).unwrap_or_default();
        let error = error.or(waits);
        Self { id, room, title, began: began_ms, ended: ended_ms, why, error, files }
    }
}

/// Records a room that is live, until its broadcast ends or the recording is ended.
#[utoipa::path(
    post,
    path = "/api/v1/rooms/{room}/recording",
    tag = "recordings",
    operation_id = "startRecording",
    params(("room" = RoomName, Path, description = "Its name.")),
    responses(
        (status = 201, description = "The recording.", body = Recording),
        (status = 409, description = "Nobody is live in the room, or it is recorded already.", body = ProblemBody)
    )
)]
pub(super) async fn start(
    operator: Operator,
    State(app): State<App>,
    InRoom(room): InRoom,
) -> Result<Response, Problem> {
    let live = app.hub.room_for_operator(room.clone()).await.map(|it| it.live);
    let sessions = app.hub.sessions(room.clone()).await.flatten();
    let room_id = match (live, sessions) {
        (Some(live), Some(sessions)) if live != LiveState::Offline => sessions.room,
        _ => return Err(Problem::new(ErrorCode::RoomOffline, "nobody is live in the room")),
    };
    let id = app.archive.record(&room, room_id).await.map_err(refused)?;
    // Its broadcast may have ended before the recording was there to hear of it.
    let live = app.hub.room_for_operator(room.clone()).await.map(|it| it.live);
    if live.is_none_or(|it| it == LiveState::Offline) {
        app.archive.stop(&room);
    }
    operator.audit(&app, "recording.start", room.as_str()).await;
    let recording = find(&app, &id).await?;
    Ok((StatusCode::CREATED, Json(recording)).into_response())
}

/// Ends the recording of a room. Its last file is whole a moment later.
#[utoipa::path(
    delete,
    path = "/api/v1/rooms/{room}/recording",
    tag = "recordings",
    operation_id = "stopRecording",
    params(("room" = RoomName, Path, description = "Its name.")),
    responses(
        (status = 204, description = "Done."),
        (status = 404, description = "The room is not recorded.", body = ProblemBody)
    )
)]
pub(super) async fn stop(
    operator: Operator,
    State(app): State<App>,
    InRoom(room): InRoom,
) -> Result<StatusCode, Problem> {
    app.archive
        .stop(&room)
        .ok_or_else(|| Problem::new(ErrorCode::NotFound, "the room is not recorded"))?;
    operator.audit(&app, "recording.stop", room.as_str()).await;
    Ok(StatusCode::NO_CONTENT)
}

/// The recording of a room that is under way.
#[utoipa::path(
    get,
    path = "/api/v1/rooms/{room}/recording",
    tag = "recordings",
    operation_id = "readRecordingOfRoom",
    params(("room" = RoomName, Path, description = "Its name.")),
    responses(
        (status = 200, description = "The recording.", body = Recording),
        (status = 404, description = "The room is not recorded.", body = ProblemBody)
    )
)]
pub(super) async fn of_room(
    _: Operator,
    State(app): State<App>,
    InRoom(room): InRoom,
) -> Result<Json<Recording>, Problem> {
    let id = app.archive.recording_of(&room);
    let id = id.ok_or_else(|| Problem::new(ErrorCode::NotFound, "the room is not recorded"))?;
    Ok(Json(find(&app, &id).await?))
}

/// Recordings, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/recordings",
    tag = "recordings",
    operation_id = "listRecordings",
    params(Asked, OfRoom),
    responses((status = 200, description = "A page of them.", body = Items<Recording>))
)]
pub(super) async fn list(
    _: Operator,
    State(app): State<App>,
    page: Page,
    of: Result<Query<OfRoom>, QueryRejection>,
) -> Result<Json<Items<Recording>>, Problem> {
    let room = asked(of)?.name()?;
    let room = room.as_ref().map(RoomName::as_str);
    let rows = app.store.recordings(room, page.cursor.clone(), page.n()).await?;
    let all = rows.into_iter().map(Recording::from).collect();
    Ok(Json(page.of(all, |it: &Recording| it.id.clone())))
}

/// A recording.
#[utoipa::path(
    get,
    path = "/api/v1/recordings/{id}",
    tag = "recordings",
    operation_id = "readRecording",
    params(("id" = String, Path, description = "Of the recording.")),
    responses(
        (status = 200, description = "The recording.", body = Recording),
        (status = 404, description = "There is no such recording.", body = ProblemBody)
    )
)]
pub(super) async fn read(
    _: Operator,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<Recording>, Problem> {
    Ok(Json(find(&app, &id).await?))
}

/// Deletes a recording that is over, with its files.
#[utoipa::path(
    delete,
    path = "/api/v1/recordings/{id}",
    tag = "recordings",
    operation_id = "deleteRecording",
    params(("id" = String, Path, description = "Of the recording.")),
    responses(
        (status = 204, description = "Done."),
        (status = 404, description = "There is no such recording.", body = ProblemBody),
        (status = 409, description = "It is still made.", body = ProblemBody)
    )
)]
pub(super) async fn remove(
    operator: Operator,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    if app.archive.is_recorded_now(&id) {
        return Err(Problem::with(
            StatusCode::CONFLICT,
            ErrorCode::Unexpected,
            "the recording is still made: end it first",
        ));
    }
    if !app.archive.delete_recording(&id).await? {
        return Err(no_recording());
    }
    operator.audit(&app, "recording.delete", &id).await;
    Ok(StatusCode::NO_CONTENT)
}

/// A file of a recording, or a range of it (RFC 9110, section 14).
#[utoipa::path(
    get,
    path = "/api/v1/recordings/{id}/files/{name}",
    tag = "recordings",
    operation_id = "readRecordingFile",
    params(
        ("id" = String, Path, description = "Of the recording."),
        ("name" = String, Path, description = "Of the file.")
    ),
    responses(
        (status = 200, description = "The file.", content((Vec<u8> = "video/mp4"), (Vec<u8> = "video/webm"))),
        (status = 206, description = "A range of it.", content((Vec<u8> = "video/mp4"), (Vec<u8> = "video/webm"))),
        (status = 404, description = "There is no such file.", body = ProblemBody)
    )
)]
pub(super) async fn file(
    _: Operator,
    State(app): State<App>,
    Path((id, name)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let recording = find(&app, &id).await?;
    // Only names that were written down: no other path can be meant.
    let found = recording.files.iter().find(|it| it.name == name).ok_or_else(no_file)?;
    let sent = Sent {
        path: app.archive.recording_folder(&recording.id).join(&name),
        name: Some(format!("{}-{id}-{name}", ascii(&recording.room))),
        is_saved: false,
        cache: None,
        mime: None,
    };
    Ok(send_recorded(&app, (&id, found), sent, request).await?)
}

async fn find(app: &App, id: &str) -> Result<Recording, Problem> {
    Ok(app.store.recording(id).await?.ok_or_else(no_recording)?.into())
}

fn no_recording() -> Problem {
    Problem::new(ErrorCode::NotFound, "there is no such recording")
}

fn no_file() -> Problem {
    Problem::new(ErrorCode::NotFound, "there is no such file")
}

fn refused(error: NotRecorded) -> Problem {
    match error {
        NotRecorded::Already(id) => Problem::with(
            StatusCode::CONFLICT,
            ErrorCode::Unexpected,
            format!("the room is recorded already, by {id}"),
        ),
        NotRecorded::Full => Problem::new(ErrorCode::ServerFull, NotRecorded::Full.to_string()),
        NotRecorded::Store(error) => error.into(),
    }
}
