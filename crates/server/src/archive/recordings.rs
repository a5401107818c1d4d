//! Recordings of rooms: begun, written down, finished; what a crash left is finished at the next start.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;

use media_api::RoomId;
use protocol::RoomName;
use record::{FileInfo, Settings, Start, Why};
use serde_json::{Map, json};
use store::{RecordingRow, StoreError};
use webhooks::EventKind;

use super::Archive;
use super::chat::Chat;
use super::written::{Record, mended};
use crate::clock::now_ms;

/// The rooms that are recorded at once.
pub(crate) const MAX_RECORDINGS: usize = 200;

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
            let known: Record = serde_json::from_str(&row.record).unwrap_or_default();
            let record =
                self.finish_files(&row.id, Record { why: Some(LOST.into()), ..known }).await;
            tracing::info!(
                room = row.room,
                id = row.id,
                n_files = record.files.len(),
                "a recording of before is finished"
            );
            let ended = Some(now_ms());
            self.save(&row.id, &row.room, row.began_ms, ended, &record).await;
            self.tell(EventKind::RecordingReady, &row.id, &row.room, &record);
        }
        Ok(())
    }

    /// Finishes the files that are not whole.
    async fn finish_files(&self, id: &str, record: Record) -> Record {
        let folder = self.recording_folder(id);
        let known = record.clone();
        let mended = tokio::task::spawn_blocking(move || mended(&folder, known)).await;
        mended.unwrap_or(record)
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
            layers: kept.config.record.layers.into(),
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
            self.remove_stored(id);
        }
        Ok(is_there)
    }

    /// A file of a recording begins.
    pub(super) async fn file_begins(&self, id: &str, file: FileInfo) {
        let name = file.name.clone();
        self.change(id, |record| record.begin(file.into())).await;
        self.upload(id, name).await;
    }

    /// A file of a recording is whole.
    pub(super) async fn file_is_whole(&self, id: &str, file: FileInfo) {
        let name = file.name.clone();
        self.change(id, |record| record.end(file.into())).await;
        self.upload_rest(id, &name);
    }

    /// A part of a recording could not be written.
    pub(super) async fn file_failed(&self, id: &str, error: String) {
        tracing::warn!(id, error, "a part of a recording is lost; it goes on when the disk does");
        self.0.n_faults.fetch_add(1, Ordering::Relaxed);
        self.change(id, |record| record.error = Some(error)).await;
    }

    /// Changes what is written down of a recording, also of one that is over.
    pub(super) async fn change(&self, id: &str, change: impl FnOnce(&mut Record)) {
        let _one_at_a_time = self.0.writing.lock().await;
        let mut change = Some(change);
        let changed = {
            let mut state = self.state();
            let found = state.recorded.iter_mut().find(|(_, it)| it.id == id);
            found.map(|(room, active)| {
                if let Some(change) = change.take() {
                    change(&mut active.record);
                }
                (room.clone(), active.clone())
            })
        };
        if let Some((room, Active { began_ms, record, .. })) = changed {
            self.save(id, room.as_str(), began_ms, None, &record).await;
            return;
        }
        let Ok(Some(row)) = self.0.store.recording(id).await else { return };
        let mut record: Record = serde_json::from_str(&row.record).unwrap_or_default();
        if let Some(change) = change.take() {
            change(&mut record);
        }
        self.save(id, &row.room, row.began_ms, row.ended_ms, &record).await;
    }

    /// A recording is over.
    pub(super) async fn recording_is_over(&self, id: &str, why: Why) {
        let writing = self.0.writing.lock().await;
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
        let mut record = Record { why: Some(why.into()), title, ..active.record };
        // Those that a fault of the disk cut off are played as far as they go.
        if !record.begun.is_empty() {
            record = self.finish_files(id, record).await;
        }
        let seconds = record.seconds();
        let n_files = record.files.len();
        tracing::info!(%room, id, why, n_files, seconds, "recording over");
        self.save(id, room.as_str(), active.began_ms, Some(now_ms()), &record).await;
        drop(writing);
        self.tell(EventKind::RecordingReady, id, room.as_str(), &record);
        self.upload_all(id, &record).await;
        self.delete_old().await;
    }

    /// Tells programs of the operator of a recording that is over.
    pub(super) fn tell(&self, kind: EventKind, id: &str, room: &str, record: &Record) {
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
            kind,
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
