//! Recordings of rooms: begun, written down, finished; what a crash left is finished at the next start.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use control::{Happened, RoomEvent};
use media_api::{Command, RoomId, Seat, Tap};
use protocol::RoomName;
use record::{Event, FileInfo, Format, Recorder, Settings, Start, TapQueue, Why};
use serde::{Deserialize, Serialize};
use store::{RecordingRow, Store, StoreError};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::clock::now_ms;
use crate::media::Media;

/// The rooms that are recorded at once.
pub(crate) const MAX_RECORDINGS: usize = 200;

/// The files of one recording that are written down; a picture that turns without end makes no more.
const MAX_FILES: usize = 1_000;

/// A file of this length is followed by another.
const FILE_FOR: Duration = Duration::from_secs(3_600);

/// A file of this many bytes is followed by another.
const FILE_BYTES: u64 = 4_000_000_000;

/// So much of the disk is left free.
pub(crate) const MIN_FREE: u64 = 1024 * 1024 * 1024;

/// The most reports of the recorder that wait.
const EVENTS: usize = 1_024;

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

/// Recordings. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Recordings(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    media: Arc<dyn Media>,
    store: Store,
    folder: PathBuf,
    /// Held for a few instructions, never across an await.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    recorder: Option<Recorder>,
    /// At most [`MAX_RECORDINGS`].
    rooms: HashMap<RoomName, Active>,
    /// Writes down what the recorder tells.
    task: Option<JoinHandle<()>>,
}

/// A room that is recorded.
#[derive(Debug, Clone)]
struct Active {
    id: String,
    room: RoomId,
    began_ms: i64,
    record: Record,
    /// Whether it is about to be over.
    is_ending: bool,
}

impl Recordings {
    /// Starts the recorder, with the folder of all recordings.
    ///
    /// # Errors
    /// When no thread can be had.
    pub(crate) fn start(
        tap: TapQueue,
        media: Arc<dyn Media>,
        store: Store,
        folder: PathBuf,
    ) -> std::io::Result<Self> {
        let (sender, events) = mpsc::channel(EVENTS);
        let asked = media.clone();
        // Of the recorder's own thread. What is written down may wait for the store; keyframes do not wait with it.
        let recorder = Recorder::start(tap, move |event| match event {
            Event::Keyframe { room, ssrc } => {
                asked.command(Command::TapKeyframe { room, seat: Seat::HOST, ssrc });
            }
            event => _ = sender.blocking_send(event),
        })?;
        let state = State { recorder: Some(recorder), ..State::default() };
        let it = Self(Arc::new(Inner { media, store, folder, state: Mutex::new(state) }));
        let task = tokio::spawn(it.clone().follow(events));
        it.state().task = Some(task);
        Ok(it)
    }

    /// Without a recorder: nothing is recorded.
    pub(crate) fn off(media: Arc<dyn Media>, store: Store) -> Self {
        let (folder, state) = (PathBuf::new(), Mutex::default());
        Self(Arc::new(Inner { media, store, folder, state }))
    }

    /// Finishes what a crash left.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn mend(&self) -> Result<(), StoreError> {
        for row in self.0.store.open_recordings().await? {
            let folder = self.folder_of(&row.id);
            let files = tokio::task::spawn_blocking(move || mended(&folder)).await;
            let files = files.unwrap_or_default();
            tracing::info!(
                room = row.room,
                id = row.id,
                n_files = files.len(),
                "a recording of before is finished"
            );
            let record = Record { why: Some(LOST.into()), error: None, files };
            let ended = Some(now_ms());
            self.save(&row.id, &row.room, row.began_ms, ended, &record).await;
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
        let active = Active {
            id: id.clone(),
            room: room_id,
            began_ms,
            record: Record::default(),
            is_ending: false,
        };
        {
            let mut state = self.state();
            if let Some(active) = state.rooms.get(room) {
                return Err(NotRecorded::Already(active.id.clone()));
            }
            if state.rooms.len() >= MAX_RECORDINGS {
                return Err(NotRecorded::Full);
            }
            state.rooms.insert(room.clone(), active.clone());
        }
        // It is there from the beginning, so that a crash leaves a trace of it.
        let row = row(&id, room.as_str(), began_ms, None, &active.record);
        if let Err(error) = self.0.store.save_recording(row).await {
            self.state().rooms.remove(room);
            return Err(error.into());
        }
        let settings = Settings { format: Format::Mp4, file_for: FILE_FOR, file_bytes: FILE_BYTES };
        let folder = self.folder_of(&id);
        let start = Start { room: room_id, id: id.clone(), folder, settings, min_free: MIN_FREE };
        if let Some(recorder) = &self.state().recorder {
            recorder.record(start);
        }
        self.tap(room_id, Some(Tap::Best));
        tracing::info!(%room, id, "recording begun");
        Ok(id)
    }

    /// Ends the recording of a room, if there is one; its id. Its files are whole a moment later.
    pub(crate) fn stop(&self, room: &RoomName) -> Option<String> {
        let mut state = self.state();
        let active = state.rooms.get_mut(room).filter(|it| !it.is_ending)?;
        active.is_ending = true;
        let (id, room_id) = (active.id.clone(), active.room);
        if let Some(recorder) = &state.recorder {
            recorder.stop(room_id);
        }
        drop(state);
        self.tap(room_id, None);
        Some(id)
    }

    /// Something happened in a room: with its broadcast its recording ends. This never waits.
    pub(crate) fn happened(&self, event: &RoomEvent) {
        if matches!(event.what, Happened::Ended { .. }) {
            self.stop(&event.room);
        }
    }

    /// The recording of a room that is under way.
    pub(crate) fn of(&self, room: &RoomName) -> Option<String> {
        self.state().rooms.get(room).filter(|it| !it.is_ending).map(|it| it.id.clone())
    }

    /// Whether a recording is under way, or about to end.
    pub(crate) fn is_active(&self, id: &str) -> bool {
        self.state().rooms.values().any(|it| it.id == id)
    }

    /// The files of a recording.
    pub(crate) fn folder_of(&self, id: &str) -> PathBuf {
        self.0.folder.join(id)
    }

    /// Deletes a recording with its files; whether there was one.
    pub(crate) async fn delete(&self, id: &str) -> Result<bool, StoreError> {
        let is_there = self.0.store.delete_recording(id).await?;
        if is_there {
            let folder = self.folder_of(id);
            let removed = tokio::task::spawn_blocking(move || std::fs::remove_dir_all(folder));
            if let Ok(Err(error)) = removed.await
                && error.kind() != std::io::ErrorKind::NotFound
            {
                tracing::warn!(id, %error, "files of a recording are left");
            }
        }
        Ok(is_there)
    }

    /// Ends all recordings, and waits until they are on disk and written down.
    pub(crate) async fn finish(&self) {
        let recorder = self.state().recorder.take();
        // It waits for the disk.
        _ = tokio::task::spawn_blocking(move || drop(recorder)).await;
        let task = self.state().task.take();
        if let Some(task) = task {
            _ = task.await;
        }
    }

    /// Writes down what the recorder tells, until it is gone.
    async fn follow(self, mut events: mpsc::Receiver<Event>) {
        while let Some(event) = events.recv().await {
            match event {
                // Asked for at once.
                Event::Keyframe { .. } => {}
                Event::File { id, file } => {
                    self.change(&id, |record| {
                        if record.files.len() < MAX_FILES {
                            record.files.push(file.into());
                        }
                    })
                    .await;
                }
                Event::Failed { id, error } => {
                    tracing::warn!(id, error, "a file of a recording is lost; another follows");
                    self.change(&id, |record| record.error = Some(error)).await;
                }
                Event::Over { id, why } => self.over(&id, why).await,
            }
        }
    }

    async fn change(&self, id: &str, change: impl FnOnce(&mut Record)) {
        let changed = {
            let mut state = self.state();
            let found = state.rooms.iter_mut().find(|(_, it)| it.id == id);
            found.map(|(room, active)| {
                change(&mut active.record);
                (room.clone(), active.clone())
            })
        };
        if let Some((room, Active { began_ms, record, .. })) = changed {
            self.save(id, room.as_str(), began_ms, None, &record).await;
        }
    }

    async fn over(&self, id: &str, why: Why) {
        let over = {
            let mut state = self.state();
            let room = state.rooms.iter().find(|(_, it)| it.id == id).map(|(room, _)| room.clone());
            room.and_then(|room| Some((state.rooms.remove(&room)?, room)))
        };
        let Some((active, room)) = over else { return };
        if !active.is_ending {
            self.tap(active.room, None);
        }
        let why = match why {
            Why::Stopped => "ended",
            Why::DiskFull => "disk_full",
        };
        let record = Record { why: Some(why.into()), ..active.record };
        let seconds: f64 = record.files.iter().map(|it| it.duration_s).sum();
        let n_files = record.files.len();
        tracing::info!(%room, id, why, n_files, seconds, "recording over");
        self.save(id, room.as_str(), active.began_ms, Some(now_ms()), &record).await;
    }

    async fn save(&self, id: &str, room: &str, began: i64, ended: Option<i64>, record: &Record) {
        if let Err(error) = self.0.store.save_recording(row(id, room, began, ended, record)).await {
            tracing::error!(id, %error, "recording not written down");
        }
    }

    fn tap(&self, room: RoomId, tap: Option<Tap>) {
        self.0.media.command(Command::Tap { room, tap });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
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
fn seconds(time: Duration) -> f64 {
    time.as_millis() as f64 / 1_000.0
}

fn row(id: &str, room: &str, began: i64, ended: Option<i64>, record: &Record) -> RecordingRow {
    RecordingRow {
        id: id.into(),
        room: room.into(),
        began_ms: began,
        ended_ms: ended,
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
