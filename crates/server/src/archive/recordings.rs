//! Recordings of rooms: begun, written down, finished; what a crash left is finished at the next start.

use std::path::{Path, PathBuf};
use std::time::Duration;

use media_api::RoomId;
use protocol::RoomName;
use record::{FileInfo, Settings, Start, Why};
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use store::{RecordingRow, StoreError};
use webhooks::EventKind;

use super::Archive;
use super::chat::Chat;
use crate::clock::now_ms;

/// The rooms that are recorded at once.
pub(crate) const MAX_RECORDINGS: usize = 200;

/// The files of one recording that are written down; a picture that turns without end makes no more.
const MAX_FILES: usize = 1_000;

/// A file of this length is followed by another.
const FILE_FOR: Duration = Duration::from_secs(3_600);

/// A file of this many bytes is followed by another.
const FILE_BYTES: u64 = 4_000_000_000;

/// Why a recording ended of which a server that crashed does not know the end: a word of `docs/operate.md`.
const LOST: &str = "server_fault";

/// Why a room is not recorded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotRecorded {
    /// It is recorded already, by this recording.
    #[error("the room is recorded already")]
    Already(String),
    /// Too many rooms are.
    #[error("{MAX_RECORDINGS} rooms are recorded; more is not done at once")]
    Full,
    /// The store does not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is written down of a recording.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record {
    /// Why it is over, in a word of `docs/operate.md`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
    /// What went wrong last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// What the broadcast was called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    /// The files that are whole, in their order.
    pub(crate) files: Vec<RecordedFile>,
}

/// A file of a recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecordedFile {
    /// Its name.
    pub(crate) name: String,
    /// When it begins, in seconds since the recording began.
    pub(crate) at: f64,
    /// How long it is, in seconds.
    pub(crate) duration_s: f64,
    /// Its length.
    pub(crate) bytes: u64,
    /// The sides of the picture in pixels, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) width: Option<u32>,
    /// The same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) height: Option<u32>,
}

/// A room that is recorded.
#[derive(Debug, Clone)]
pub(super) struct Active {
    pub(super) id: String,
    room: RoomId,
    began_ms: i64,
    record: Record,
    /// Whether it is about to be over.
    pub(super) is_ending: bool,
    pub(super) chat: Chat,
}

impl Archive {
    /// Finishes what a crash left.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) async fn mend_recordings(&self) -> Result<(), StoreError> {
        for row in self.0.store.open_recordings().await? {
            let folder = self.recording_folder(&row.id);
            let files = tokio::task::spawn_blocking(move || mended(&folder)).await;
            let files = files.unwrap_or_default();
            tracing::info!(
                room = row.room,
                id = row.id,
                n_files = files.len(),
                "a recording of before is finished"
            );
            let record = Record { why: Some(LOST.into()), error: None, title: None, files };
            let ended = Some(now_ms());
            self.save(&row.id, &row.room, row.began_ms, ended, &record).await;
            self.tell_ready(&row.id, &row.room, &record);
        }
        Ok(())
    }

    /// Records a room that is live, by its id in the media plane; the id of the recording.
    pub(crate) async fn record(
        &self,
        room: &RoomName,
        room_id: RoomId,
    ) -> Result<String, NotRecorded> {
        let began_ms = now_ms();
        // The time sorts them; the rest tells two of the same moment apart.
        let id = format!("{began_ms:012x}{:08x}", rand::random::<u32>());
        let title = self.title_of(room);
        let record = Record { title, ..Record::default() };
        let active = Active {
            id: id.clone(),
            room: room_id,
            began_ms,
            record,
            is_ending: false,
            chat: Chat::default(),
        };
        {
            let mut state = self.state();
            if let Some(active) = state.recorded.get(room) {
                return Err(NotRecorded::Already(active.id.clone()));
            }
            if state.recorded.len() >= MAX_RECORDINGS {
                return Err(NotRecorded::Full);
            }
            state.recorded.insert(room.clone(), active.clone());
        }
        // It is there from the beginning, so that a crash leaves a trace of it.
        let row = row(&id, room.as_str(), began_ms, None, &active.record);
        if let Err(error) = self.0.store.save_recording(row).await {
            self.state().recorded.remove(room);
            return Err(error.into());
        }
        let kept = self.0.in_force.get();
        let settings = Settings {
            format: kept.config.record.format.into(),
            file_for: FILE_FOR,
            file_bytes: FILE_BYTES,
        };
        let folder = self.recording_folder(&id);
        let min_free = self.min_free();
        if let Some(recorder) = &self.state().recorder {
            recorder.record(Start { room: room_id, id: id.clone(), folder, settings, min_free });
        }
        (self.0.told)(room.clone(), Ok(true));
        tracing::info!(%room, id, "recording begun");
        Ok(id)
    }

    /// Ends the recording of a room, if there is one; its id. Its files are whole a moment later.
    pub(crate) fn stop(&self, room: &RoomName) -> Option<String> {
        let mut state = self.state();
        let active = state.recorded.get_mut(room).filter(|it| !it.is_ending)?;
        active.is_ending = true;
        let (id, room_id) = (active.id.clone(), active.room);
        if let Some(recorder) = &state.recorder {
            recorder.stop(room_id);
        }
        drop(state);
        (self.0.told)(room.clone(), Ok(false));
        Some(id)
    }

    /// The recording of a room that is under way.
    pub(crate) fn recording_of(&self, room: &RoomName) -> Option<String> {
        self.state().recorded.get(room).filter(|it| !it.is_ending).map(|it| it.id.clone())
    }

    /// Whether a recording is under way, or about to end.
    pub(crate) fn is_recorded_now(&self, id: &str) -> bool {
        self.state().recorded.values().any(|it| it.id == id)
    }

    /// The files of a recording.
    pub(crate) fn recording_folder(&self, id: &str) -> PathBuf {
        self.0.folder.join("recordings").join(id)
    }

    /// Deletes a recording with its files; whether there was one.
    pub(crate) async fn delete_recording(&self, id: &str) -> Result<bool, StoreError> {
        let is_there = self.0.store.delete_recording(id).await?;
        if is_there {
            super::remove_folder(self.recording_folder(id)).await;
        }
        Ok(is_there)
    }

    /// A file of a recording is whole.
    pub(super) async fn file_is_whole(&self, id: &str, file: FileInfo) {
        self.change(id, |record| {
            if record.files.len() < MAX_FILES {
                record.files.push(file.into());
                // One that failed, and was made whole of what was written, comes after those that follow it.
                record.files.sort_by(|a, b| a.at.total_cmp(&b.at));
            }
        })
        .await;
    }

    /// A part of a recording could not be written.
    pub(super) async fn file_failed(&self, id: &str, error: String) {
        tracing::warn!(id, error, "a part of a recording is lost; it goes on when the disk does");
        self.change(id, |record| record.error = Some(error)).await;
    }

    async fn change(&self, id: &str, change: impl FnOnce(&mut Record)) {
        let changed = {
            let mut state = self.state();
            let found = state.recorded.iter_mut().find(|(_, it)| it.id == id);
            found.map(|(room, active)| {
                change(&mut active.record);
                (room.clone(), active.clone())
            })
        };
        if let Some((room, Active { began_ms, record, .. })) = changed {
            self.save(id, room.as_str(), began_ms, None, &record).await;
        }
    }

    /// A recording is over.
    pub(super) async fn recording_is_over(&self, id: &str, why: Why) {
        let over = {
            let mut state = self.state();
            let found = state.recorded.iter().find(|(_, it)| it.id == id);
            let room = found.map(|(room, _)| room.clone());
            room.and_then(|room| Some((state.recorded.remove(&room)?, room)))
        };
        let Some((mut active, room)) = over else { return };
        self.append_chat(id, active.chat.take()).await;
        if !active.is_ending {
            (self.0.told)(room.clone(), Ok(false));
        }
        let why = match why {
            Why::Stopped => "ended",
            Why::DiskFull => "disk_full",
        };
        let title = self.title_of(&room).or(active.record.title.clone());
        let record = Record { why: Some(why.into()), title, ..active.record };
        let seconds = record.seconds();
        let n_files = record.files.len();
        tracing::info!(%room, id, why, n_files, seconds, "recording over");
        self.save(id, room.as_str(), active.began_ms, Some(now_ms()), &record).await;
        self.tell_ready(id, room.as_str(), &record);
        self.delete_old().await;
    }

    /// Tells programs of the operator that a recording can be fetched.
    fn tell_ready(&self, id: &str, room: &str, record: &Record) {
        let fields = json!({
            "recording": id,
            "why": record.why,
            "seconds": record.seconds(),
            "bytes": record.bytes(),
            "files": record.files,
        });
        let fields = match fields {
            serde_json::Value::Object(fields) => fields,
            _ => Map::new(),
        };
        self.0.webhooks.happened(webhooks::Event {
            kind: EventKind::RecordingReady,
            room: Some(room.to_owned()),
            title: record.title.clone(),
            at_ms: now_ms(),
            fields,
        });
    }

    async fn save(&self, id: &str, room: &str, began: i64, ended: Option<i64>, record: &Record) {
        if let Err(error) = self.0.store.save_recording(row(id, room, began, ended, record)).await {
            tracing::error!(id, %error, "recording not written down");
        }
    }
}

impl Record {
    /// How long its files are.
    pub(crate) fn seconds(&self) -> f64 {
        self.files.iter().map(|it| it.duration_s).sum()
    }

    /// The bytes of its files.
    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().map(|it| it.bytes).sum()
    }
}

impl From<FileInfo> for RecordedFile {
    fn from(info: FileInfo) -> Self {
        let FileInfo { name, at, duration, bytes, size } = info;
        Self {
            name,
            at: seconds(at),
            duration_s: seconds(duration),
            bytes,
            width: size.map(|it| it.0),
            height: size.map(|it| it.1),
        }
    }
}

/// To a millisecond.
pub(super) fn seconds(time: Duration) -> f64 {
    time.as_millis() as f64 / 1_000.0
}

fn row(id: &str, room: &str, began: i64, ended: Option<i64>, record: &Record) -> RecordingRow {
    RecordingRow {
        id: id.into(),
        room: room.into(),
        began_ms: began,
        ended_ms: ended,
        bytes: i64::try_from(record.bytes()).unwrap_or(i64::MAX),
        record: serde_json::to_string(record).unwrap_or_default(),
    }
}

/// Finishes the files of a folder that were cut off.
fn mended(folder: &Path) -> Vec<RecordedFile> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.filter_map(|it| Some(it.ok()?.path())).collect();
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match record::mend(&path) {
            Ok(Some(mended)) => files.push(RecordedFile {
                name,
                // Where it begins is not known any more, but that they follow each other.
                at: files.last().map_or(0.0, |it: &RecordedFile| it.at + it.duration_s),
                duration_s: mended.duration.map_or(0.0, seconds),
                bytes: mended.bytes,
                width: None,
                height: None,
            }),
            Ok(None) => {}
            Err(error) => tracing::warn!(name, %error, "a file of a recording cannot be finished"),
        }
    }
    files
}
