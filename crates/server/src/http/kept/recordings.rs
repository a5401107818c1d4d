//! `/api/rooms/{room}/recordings`: past broadcasts of a room.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::Uri;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use protocol::{ErrorCode, RoomName};
use serde::Serialize;
use store::RecordingRow;

use super::file::{Sent, ascii, no_file};
use super::stored::send_recorded;
use super::watching::{Watching, parameter};
use crate::ApiError;
use crate::archive::{ChatLine, Record, RecordedFile, web_vtt};
use crate::state::App;

/// The recordings of an answer.
const PAGE: usize = 50;

/// A past broadcast.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Past {
    id: String,
    title: Option<String>,
    /// In milliseconds since the Unix epoch.
    began: i64,
    seconds: f64,
    /// What the host sent.
    files: Vec<RecordedFile>,
    /// Beside it: guests, the host's second picture, other layers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    beside: Vec<RecordedFile>,
}

/// Past broadcasts, the newest first.
#[derive(Debug, Serialize)]
pub(super) struct Pasts {
    items: Vec<Past>,
    /// As `before` in the query it asks for those that follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl Past {
    fn of(row: RecordingRow) -> Self {
        let record: Record = serde_json::from_str(&row.record).unwrap_or_default();
        let seconds = record.seconds();
        let Record { title, files, .. } = record;
        let (files, beside) = files.into_iter().partition(RecordedFile::is_of_host);
        Self { id: row.id, title, began: row.began_ms, seconds, files, beside }
    }
}

/// `GET`: those of a room that are over and have something to show. `before=ID` asks for older ones.
pub(super) async fn list(
    State(app): State<App>,
    Watching { room, .. }: Watching,
    uri: Uri,
) -> Result<Json<Pasts>, ApiError> {
    let before = parameter(&uri, "before").map(str::to_owned);
    let rows = app.store.recordings(Some(room.as_str()), before, PAGE).await?;
    let next = (rows.len() >= PAGE).then(|| rows.last().map(|it| it.id.clone())).flatten();
    let over = rows.into_iter().filter(|it| it.ended_ms.is_some()).map(Past::of);
    let items = over.filter(|it| !it.files.is_empty()).collect();
    Ok(Json(Pasts { items, next }))
}

/// `GET`: one of them.
pub(super) async fn read(
    State(app): State<App>,
    Watching { room, .. }: Watching,
    Path((_, id)): Path<(String, String)>,
) -> Result<Json<Past>, ApiError> {
    Ok(Json(Past::of(find(&app, &room, &id).await?)))
}

/// `GET`: what was said meanwhile, by the time of the recording.
pub(super) async fn chat(
    State(app): State<App>,
    Watching { room, .. }: Watching,
    Path((_, id)): Path<(String, String)>,
) -> Result<Json<Vec<ChatLine>>, ApiError> {
    let row = find(&app, &room, &id).await?;
    Ok(Json(app.archive.chat_of(&id, row.began_ms).await))
}

/// `GET`: the same as WebVTT.
pub(super) async fn subtitles(
    State(app): State<App>,
    Watching { room, .. }: Watching,
    Path((_, id)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let row = find(&app, &room, &id).await?;
    let text = web_vtt(&app.archive.chat_of(&id, row.began_ms).await);
    Ok(([(CONTENT_TYPE, "text/vtt; charset=utf-8")], text).into_response())
}

/// `GET`: a file of one of them; with `save` in the query it is saved, not shown.
pub(super) async fn file(
    State(app): State<App>,
    Watching { room, watcher }: Watching,
    Path((_, id, name)): Path<(String, String, String)>,
    request: Request,
) -> Result<Response, ApiError> {
    let past = Past::of(find(&app, &room, &id).await?);
    // Only names that were written down: no other path can be meant.
    let mut files = past.files.iter().chain(&past.beside);
    let found = files.find(|it| it.name == name).ok_or_else(no_file)?;
    let sent = Sent {
        path: app.archive.recording_folder(&id).join(&name),
        name: Some(format!("{}-{id}-{name}", ascii(room.as_str()))),
        is_saved: parameter(request.uri(), "save").is_some(),
        cache: Some(watcher.for_ever()),
        mime: None,
    };
    send_recorded(&app, (&id, found), sent, request).await
}

async fn find(app: &App, room: &RoomName, id: &str) -> Result<RecordingRow, ApiError> {
    let row = app.store.recording(id).await?;
    row.filter(|it| it.room == room.as_str() && it.ended_ms.is_some())
        .ok_or_else(|| ApiError::new(ErrorCode::NotFound, "there is no such recording"))
}
