//! Clips: made, told of, fetched.

use std::time::{Duration, Instant};

use auth::Action;
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use protocol::{ErrorCode, RoomName, Title};
use record::ClipError;
use serde::{Deserialize, Serialize};
use store::ClipRow;
use webui::Head;

use super::file::{Sent, ascii, no_file, send};
use super::watching::{Watcher, Watching, may_watch, parameter};
use crate::ApiError;
use crate::archive::{ClipAsked, ClipRecord, NotClipped};
use crate::config::Clips;
use crate::http::describe::SITE;
use crate::http::in_room::InRoom;
use crate::http::{Client, right};
use crate::limits::{CLIP_SECONDS, CLIP_SECONDS_LEAST};
use crate::state::App;

/// Bytes of an order.
const ORDER_BYTES: usize = 4_096;

/// The clips of an answer.
const PAGE: usize = 50;

/// A clip as it is asked for.
#[derive(Debug, Deserialize)]
struct Order {
    /// How much of the last, in seconds: 5 to 90.
    seconds: u16,
    /// What it is to be called.
    title: Option<String>,
}

/// A clip.
#[derive(Debug, Serialize)]
pub(super) struct Clip {
    id: String,
    room: String,
    /// In milliseconds since the Unix epoch.
    made: i64,
    bytes: i64,
    #[serde(flatten)]
    record: ClipRecord,
}

impl Clip {
    fn of(row: ClipRow) -> Option<Self> {
        let record = serde_json::from_str(&row.record).ok()?;
        let ClipRow { id, room, made_ms, bytes, .. } = row;
        Some(Self { id, room, made: made_ms, bytes, record })
    }
}

/// `POST`: makes a clip of what was sent last.
pub(super) async fn make(
    State(app): State<App>,
    client: Client,
    InRoom(room): InRoom,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    right::check_origin(&app, &client, &headers)?;
    may_clip(&app, &client, &uri, &headers, &room).await?;
    if !app.archive.may_clip(&client.addr, Instant::now()) {
        let message = "too many clips from this network; try again in a minute";
        return Err(ApiError::new(ErrorCode::RateLimited, message));
    }
    let body = to_bytes(body, ORDER_BYTES).await.map_err(|_| {
        ApiError::new(ErrorCode::TooLarge, format!("the body is longer than {ORDER_BYTES} bytes"))
    })?;
    let order: Order = serde_json::from_slice(&body)
        .map_err(|error| ApiError::new(ErrorCode::BadJson, format!("the body: {error}")))?;
    if !(CLIP_SECONDS_LEAST..=CLIP_SECONDS).contains(&order.seconds) {
        let message = format!("\"seconds\" is {CLIP_SECONDS_LEAST} to {CLIP_SECONDS}");
        return Err(ApiError::new(ErrorCode::BadField, message));
    }
    let title =
        match order.title.filter(|it| !it.trim().is_empty()) {
            Some(text) => Some(Title::try_from(text).map_err(|error| {
                ApiError::new(ErrorCode::BadField, format!("\"title\": {error}"))
            })?),
            None => None,
        };
    let asked = ClipAsked {
        last: Duration::from_secs(order.seconds.into()),
        title: title.map(|it| it.as_str().to_owned()),
    };
    let row = app.archive.clip(&room, asked).await?;
    let clip = Clip::of(row).ok_or_else(no_clip)?;
    Ok((StatusCode::CREATED, Json(clip)).into_response())
}

/// `GET`: the clips of a room, the newest first. `before=ID` asks for older ones.
pub(super) async fn list(
    State(app): State<App>,
    Watching { room, .. }: Watching,
    uri: Uri,
) -> Result<Json<Vec<Clip>>, ApiError> {
    let before = parameter(&uri, "before").map(str::to_owned);
    let rows = app.store.clips(Some(room.as_str()), before, PAGE).await?;
    Ok(Json(rows.into_iter().filter_map(Clip::of).collect()))
}

/// `GET`: a clip.
pub(super) async fn read(
    State(app): State<App>,
    client: Client,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Json<Clip>, ApiError> {
    Ok(Json(find(&app, &client, &uri, &headers, &id).await?.0))
}

/// `GET`: its file; with `save` in the query it is saved, not shown.
pub(super) async fn file(
    State(app): State<App>,
    client: Client,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let (uri, headers) = (request.uri().clone(), request.headers().clone());
    let (clip, watcher) = find(&app, &client, &uri, &headers, &id).await?;
    let ending = clip.record.file.rsplit('.').next().unwrap_or_default();
    let sent = Sent {
        path: app.archive.clip_folder(&clip.id).join(&clip.record.file),
        name: Some(format!("{}-{}.{ending}", ascii(&clip.room), clip.id)),
        is_saved: parameter(&uri, "save").is_some(),
        cache: Some(watcher.for_ever()),
        mime: None,
    };
    send(sent, request).await
}

/// `GET`: a picture of it.
pub(super) async fn still(
    State(app): State<App>,
    client: Client,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let (uri, headers) = (request.uri().clone(), request.headers().clone());
    let (clip, watcher) = find(&app, &client, &uri, &headers, &id).await?;
    let (name, mime) = clip.record.still.ok_or_else(no_file)?;
    let sent = Sent {
        path: app.archive.clip_folder(&clip.id).join(name),
        name: None,
        is_saved: false,
        cache: Some(watcher.for_ever()),
        mime: Some(&mime),
    };
    send(sent, request).await
}

/// What the page of a clip says to programs that make previews of links; nothing where not everybody may watch.
pub(in crate::http) async fn head_of_clip(app: &App, id: &str, at: &str) -> Head {
    let mut head = Head::default();
    let row = app.store.clip(id).await.ok().flatten();
    let Some(clip) = row.and_then(Clip::of) else { return head };
    let is_open = RoomName::parse(&clip.room).is_ok_and(|room| app.auth.is_public(&room));
    if !is_open {
        return head;
    }
    let title = clip.record.title.as_ref().unwrap_or(&clip.room);
    let file = format!("{at}/api/clips/{id}/file");
    let is_mp4 = clip.record.file.ends_with("mp4");
    head.title(&format!("{title} · {SITE}"));
    head.name("description", &format!("{} 的片段 · A clip of {}", clip.room, clip.room));
    head.property("og:site_name", SITE);
    head.property("og:type", "video.other");
    head.property("og:title", title);
    head.property("og:url", &format!("{at}/c/{id}"));
    let image = match &clip.record.still {
        Some((_, mime)) if mime.starts_with("image/") => format!("{at}/api/clips/{id}/still"),
        _ => format!("{at}/icon-512.png"),
    };
    head.property("og:image", &image);
    head.property("og:video", &file);
    head.property("og:video:type", if is_mp4 { "video/mp4" } else { "video/webm" });
    if file.starts_with("https:") {
        head.property("og:video:secure_url", &file);
    }
    if let (Some(width), Some(height)) = (clip.record.width, clip.record.height) {
        head.property("og:video:width", &width.to_string());
        head.property("og:video:height", &height.to_string());
    }
    head.name("twitter:card", "summary_large_image");
    head
}

/// Whether who asks may make clips of a room.
async fn may_clip(
    app: &App,
    client: &Client,
    uri: &Uri,
    headers: &HeaderMap,
    room: &RoomName,
) -> Result<(), ApiError> {
    let clips = app.in_force.get().config.record.clips;
    match clips {
        Clips::Everybody => may_watch(app, client, uri, headers, room).await.map(drop),
        Clips::Nobody => {
            let message = "no clips are made on this server";
            Err(ApiError::new(ErrorCode::Forbidden, message))
        }
        Clips::Hosts => right::check(app, client, (Action::Publish, room), uri, headers).await,
    }
}

async fn find(
    app: &App,
    client: &Client,
    uri: &Uri,
    headers: &HeaderMap,
    id: &str,
) -> Result<(Clip, Watcher), ApiError> {
    let clip = app.store.clip(id).await?.and_then(Clip::of).ok_or_else(no_clip)?;
    let room = RoomName::parse(&clip.room).map_err(|_| no_clip())?;
    let watcher = may_watch(app, client, uri, headers, &room).await?;
    Ok((clip, watcher))
}

fn no_clip() -> ApiError {
    ApiError::new(ErrorCode::NotFound, "there is no such clip")
}

impl From<NotClipped> for ApiError {
    fn from(error: NotClipped) -> Self {
        let code = match &error {
            NotClipped::Offline | NotClipped::Clip(ClipError::NoPast | ClipError::Empty) => {
                ErrorCode::RoomOffline
            }
            NotClipped::Clip(ClipError::Busy) => ErrorCode::ServerFull,
            NotClipped::Clip(ClipError::Io(_)) | NotClipped::Store(_) => ErrorCode::Internal,
        };
        if code == ErrorCode::Internal {
            tracing::error!(%error, "a clip could not be made");
        }
        Self::new(code, error.to_string())
    }
}
