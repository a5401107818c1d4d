//! What is kept of broadcasts.
//!
//! | file | what |
//! | --- | --- |
//! | `recordings.rs` | recordings: begun, written down, finished |
//! | `written.rs` | what is written down of a recording |
//! | `upload.rs`, `remote.rs` | its files on their way to an object store; that store |
//! | `chat.rs` | the chat beside a recording |
//! | `clips.rs` | clips of the last seconds |
//! | `hls.rs` | rooms as HLS, while somebody asks for it |
//! | `rewind.rs` | viewers go back in a broadcast |
//! | `stills.rs` | the newest picture of each room |
//! | `retention.rs` | deletes old recordings and clips |

mod chat;
mod clips;
mod hls;
mod recordings;
mod remote;
mod retention;
mod rewind;
mod stills;
mod upload;
mod written;

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use auth::PerNetwork;
use auth::rate_limit::WindowCount;
use control::{Happened, RoomEvent};
use media_api::{Command, PeerId, RoomId};
use protocol::RoomName;
use record::{Bounds, Event, KEPT_AFTER, Keep, Recorder, TapQueue};
use store::{Store, StoreError};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use webhooks::Webhooks;

pub(crate) use chat::{ChatLine, web_vtt};
pub(crate) use clips::{ClipAsked, ClipRecord, NotClipped};
pub(crate) use hls::HlsRoom;
use hls::HlsRooms;
use recordings::Active;
pub(crate) use recordings::NotRecorded;
pub(crate) use remote::{Piece, Remote};
use stills::Stills;
use upload::{Uploader, Uploads};
pub(crate) use written::{Record, RecordedFile};

use crate::in_force::InForce;
use crate::media::Media;
use crate::past::Past;

/// The most reports of the recorder that wait.
const EVENTS: usize = 1_024;

const MIB: u64 = 1024 * 1024;

/// What is kept of broadcasts. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Archive(Arc<Inner>);

struct Inner {
    store: Store,
    webhooks: Webhooks,
    in_force: InForce,
    /// The data folder.
    folder: PathBuf,
    /// Told whether a room is recorded, or why not.
    told: Box<Told>,
    past: Past,
    /// Told what a viewer sees, as [`control::Input::Rewound`] says it.
    told_past: Box<ToldPast>,
    stills: Stills,
    hls: HlsRooms,
    /// How many clips networks have made. Held for a few instructions.
    clip_rates: Mutex<PerNetwork<WindowCount>>,
    uploader: Uploader,
    tap: TapQueue,
    /// Parts of recordings that were lost.
    n_faults: AtomicU64,
    /// Held while something is written down of a recording: each change is of what the one before left.
    writing: tokio::sync::Mutex<()>,
    /// Held for a few instructions, never across an await.
    state: Mutex<State>,
}

type Told = dyn Fn(RoomName, Result<bool, String>) + Send + Sync;
type ToldPast = dyn Fn(PeerId, Option<f64>) + Send + Sync;

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner").field("state", &self.state).finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
struct State {
    recorder: Option<Recorder>,
    /// Rooms that are recorded, at most [`MAX_RECORDINGS`].
    recorded: HashMap<RoomName, Active>,
    /// Rooms that are live, and those whose broadcast is over since [`KEPT_AFTER`] at most.
    live: HashMap<RoomName, Live>,
    /// Files that are not whole or not stored yet.
    uploads: Uploads,
    /// Writes down what the recorder tells.
    task: Option<JoinHandle<()>>,
}

/// What there is of recordings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    /// Rooms that are recorded now.
    pub(crate) recordings: usize,
    /// Files of recordings that are written, or not in the object store yet.
    pub(crate) files: usize,
    /// Parts of recordings that were lost since the start.
    pub(crate) faults: u64,
    /// Packets that recorder, past and HLS did not take since the start.
    pub(crate) lost_packets: u64,
}

/// A room with a broadcast.
#[derive(Debug, Clone)]
struct Live {
    room: RoomId,
    title: Option<String>,
    broadcast: String,
}

impl Archive {
    /// Starts the recorder. `told` is called when a room is recorded or not any more, and must not wait.
    ///
    /// # Errors
    /// When no thread can be had.
    pub(crate) fn start(
        tap: TapQueue,
        media: Arc<dyn Media>,
        (store, remote): (Store, Option<Remote>),
        webhooks: Webhooks,
        in_force: InForce,
        told: impl Fn(RoomName, Result<bool, String>) + Send + Sync + 'static,
        (past, told_past): (Past, impl Fn(PeerId, Option<f64>) + Send + Sync + 'static),
    ) -> std::io::Result<Self> {
        let (sender, events) = mpsc::channel(EVENTS);
        let config = in_force.get();
        let bounds = Bounds {
            max_past_bytes: config.config.record.past_mib.saturating_mul(MIB),
            min_free: config.config.record.min_free_mib.saturating_mul(MIB),
        };
        let stills = Stills::default();
        let hls = HlsRooms::default();
        let (asked, shown, packaged) = (media, stills.clone(), hls.clone());
        let lost = tap.clone();
        // Of the recorder's own thread. What is written down may wait for the store; the rest does not wait with it.
        let recorder = Recorder::start(tap, bounds, move |event| match event {
            Event::Keyframe { room, seat, ssrc } => {
                asked.command(Command::TapKeyframe { room, seat, ssrc });
            }
            Event::Tap { room, tap } => asked.command(Command::Tap { room, tap }),
            Event::Still { room, still } => shown.set(room, still),
            Event::Hls { room, cut } => packaged.apply(room, cut),
            event => _ = sender.blocking_send(event),
        })?;
        let folder = config.config.data.clone();
        // What a crash left of the past is of no use.
        _ = std::fs::remove_dir_all(folder.join("past"));
        let state = State { recorder: Some(recorder), ..State::default() };
        let it = Self(Arc::new(Inner {
            store,
            webhooks,
            in_force,
            folder,
            told: Box::new(told),
            past,
            told_past: Box::new(told_past),
            stills,
            hls,
            clip_rates: Mutex::default(),
            uploader: Uploader::new(remote),
            tap: lost,
            n_faults: AtomicU64::new(0),
            writing: tokio::sync::Mutex::default(),
            state: Mutex::new(state),
        }));
        let task = tokio::spawn(it.clone().follow(events));
        it.state().task = Some(task);
        Ok(it)
    }

    /// Without a recorder: nothing is kept.
    pub(crate) fn off(store: Store, webhooks: Webhooks, in_force: InForce) -> Self {
        Self(Arc::new(Inner {
            store,
            webhooks,
            in_force,
            folder: PathBuf::new(),
            told: Box::new(|_, _| {}),
            past: Past::off(),
            told_past: Box::new(|_, _| {}),
            stills: Stills::default(),
            hls: HlsRooms::default(),
            clip_rates: Mutex::default(),
            uploader: Uploader::new(None),
            tap: TapQueue::default(),
            n_faults: AtomicU64::new(0),
            writing: tokio::sync::Mutex::default(),
            state: Mutex::default(),
        }))
    }

    /// Finishes what a crash left, and deletes what is too old.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn mend(&self) -> Result<(), StoreError> {
        self.mend_recordings().await?;
        self.delete_old().await;
        let it = self.clone();
        tokio::spawn(async move { it.upload_those_of_before().await });
        Ok(())
    }

    /// What there is of recordings.
    pub(crate) fn figures(&self) -> Figures {
        let state = self.state();
        Figures {
            recordings: state.recorded.len(),
            files: state.uploads.len(),
            faults: self.0.n_faults.load(Ordering::Relaxed),
            lost_packets: self.0.tap.n_lost(),
        }
    }

    /// Something happened in a room. This never waits.
    pub(crate) fn happened(&self, event: &RoomEvent) {
        // It may be called otherwise by now.
        if let Some(live) = self.state().live.get_mut(&event.room) {
            live.title = event.title.as_ref().map(|it| it.as_str().to_owned());
        }
        match (&event.what, event.room_id) {
            (Happened::Live, Some(room)) => self.went_live(room, event),
            (Happened::Ended { .. }, room) => {
                self.stop(&event.room);
                if let Some(room) = room {
                    self.is_over(room, event);
                }
            }
            _ => {}
        }
    }

    /// A host, or the policy of its room, wants it to be recorded or not any more. This never waits.
    pub(crate) fn wish(&self, room: RoomName, room_id: RoomId, on: bool) {
        if !on {
            self.stop(&room);
            return;
        }
        let it = self.clone();
        tokio::spawn(async move {
            match it.record(&room, room_id).await {
                Ok(_) | Err(NotRecorded::Already(_)) => {}
                Err(error) => {
                    tracing::warn!(%room, %error, "a room is not recorded");
                    (it.0.told)(room, Err(format!("the room is not recorded: {error}")));
                }
            }
        });
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

    fn went_live(&self, room: RoomId, event: &RoomEvent) {
        let config = &self.0.in_force.get().config.record;
        let past = (config.rewind_minutes > 0).then(|| record::Past {
            span: Duration::from_secs(u64::from(config.rewind_minutes) * 60),
            max_bytes: config.room_past_mib.saturating_mul(MIB),
        });
        self.0.hls.forget(room);
        self.0.stills.forget(room);
        let title = event.title.as_ref().map(|it| it.as_str().to_owned());
        let live = Live { room, title, broadcast: event.broadcast.clone() };
        let mut state = self.state();
        state.live.insert(event.room.clone(), live);
        if let Some(recorder) = &state.recorder {
            let folder = self.0.folder.join("past").join(&event.broadcast);
            recorder.keep(Keep { room, folder, past, has_stills: true });
        }
    }

    fn is_over(&self, room: RoomId, event: &RoomEvent) {
        if let Some(recorder) = &self.state().recorder {
            recorder.release(room);
        }
        let (it, name, broadcast) = (self.clone(), event.room.clone(), event.broadcast.clone());
        tokio::spawn(async move {
            tokio::time::sleep(KEPT_AFTER).await;
            let mut state = it.state();
            if state.live.get(&name).is_some_and(|it| it.broadcast == broadcast) {
                state.live.remove(&name);
                // Pages that were told of it a moment ago may still ask for it until now.
                it.0.stills.forget(room);
            }
        });
    }

    fn live(&self, room: &RoomName) -> Option<Live> {
        self.state().live.get(room).cloned()
    }

    /// What a broadcast is called, as far as something happened to it since.
    fn title_of(&self, room: &RoomName) -> Option<String> {
        self.state().live.get(room).and_then(|it| it.title.clone())
    }

    /// So much of the disk is left free, in bytes.
    fn min_free(&self) -> u64 {
        self.0.in_force.get().config.record.min_free_mib.saturating_mul(MIB)
    }

    /// Does what the recorder tells, until it is gone.
    async fn follow(self, mut events: mpsc::Receiver<Event>) {
        while let Some(event) = events.recv().await {
            match event {
                // Done at once.
                Event::Keyframe { .. }
                | Event::Tap { .. }
                | Event::Still { .. }
                | Event::Hls { .. } => {}
                Event::Begun { id, file } => self.file_begins(&id, file).await,
                Event::File { id, file } => self.file_is_whole(&id, file).await,
                Event::Failed { id, error } => self.file_failed(&id, error).await,
                Event::Over { id, why } => self.recording_is_over(&id, why).await,
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Deletes a folder with all that is in it.
async fn remove_folder(folder: PathBuf) {
    let removed = tokio::task::spawn_blocking(move || (std::fs::remove_dir_all(&folder), folder));
    if let Ok((Err(error), folder)) = removed.await
        && error.kind() != std::io::ErrorKind::NotFound
    {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        tracing::warn!(name, %error, "files could not be deleted");
    }
}
