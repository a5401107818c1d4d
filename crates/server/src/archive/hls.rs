//! Rooms as HLS. A room is packaged from the first request on, and until nobody has asked for a minute.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use media_api::RoomId;
use protocol::RoomName;
use record::hls::{Cut, Live};
use tokio::sync::watch;

use super::Archive;

/// A room that nobody has asked for in this time is packaged no more.
const IDLE_FOR: Duration = Duration::from_secs(60);

/// How often this is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// A room while it is packaged.
#[derive(Debug)]
pub(crate) struct HlsRoom {
    /// Held for a few instructions, or while a playlist is written; never across an await.
    live: Mutex<Live>,
    changed: watch::Sender<()>,
    asked_at: Mutex<Instant>,
    /// Where segments are that are in memory no more.
    pub(crate) folder: PathBuf,
}

impl HlsRoom {
    /// What there is now.
    pub(crate) fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something holds of what there is, for so long at most; whether it does.
    pub(crate) async fn wait(&self, within: Duration, holds: impl Fn(&Live) -> bool) -> bool {
        let mut changed = self.changed.subscribe();
        let wait = async {
            loop {
                if holds(&self.live()) {
                    return;
                }
                if changed.changed().await.is_err() {
                    return std::future::pending().await;
                }
            }
        };
        tokio::time::timeout(within, wait).await.is_ok()
    }

    fn asked_at(&self) -> MutexGuard<'_, Instant> {
        self.asked_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The rooms that are packaged; at most as many as are live. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct HlsRooms(Arc<Mutex<HashMap<RoomId, Arc<HlsRoom>>>>);

impl HlsRooms {
    /// What there is of a room has changed. Called on the recorder's thread.
    pub(super) fn apply(&self, room: RoomId, cut: Cut) {
        let found = self.lock().get(&room).cloned();
        if let Some(found) = found {
            found.live().apply(cut);
            found.changed.send_replace(());
        }
    }

    /// A room is packaged no more, or anew.
    pub(super) fn forget(&self, room: RoomId) {
        self.lock().remove(&room);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RoomId, Arc<HlsRoom>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Archive {
    /// A room that is live, or was a moment ago, as HLS. The first request has it packaged.
    pub(crate) fn hls(&self, room: &RoomName) -> Option<Arc<HlsRoom>> {
        let live = self.live(room)?;
        let now = Instant::now();
        let mut rooms = self.0.hls.lock();
        if let Some(found) = rooms.get(&live.room) {
            *found.asked_at() = now;
            return Some(found.clone());
        }
        let made = Arc::new(HlsRoom {
            live: Mutex::default(),
            changed: watch::Sender::new(()),
            asked_at: Mutex::new(now),
            folder: self.0.folder.join("past").join(&live.broadcast),
        });
        rooms.insert(live.room, made.clone());
        drop(rooms);
        if let Some(recorder) = &self.state().recorder {
            recorder.hls(live.room, true);
        }
        tracing::info!(%room, "packaged as HLS");
        tokio::spawn(self.clone().stop_when_idle(room.clone(), live.room, made.clone()));
        Some(made)
    }

    async fn stop_when_idle(self, name: RoomName, room: RoomId, made: Arc<HlsRoom>) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let mut rooms = self.0.hls.lock();
            if rooms.get(&room).is_none_or(|it| !Arc::ptr_eq(it, &made)) {
                // Another broadcast of the room has taken its place.
                return;
            }
            let idle = made.asked_at().elapsed();
            if idle >= IDLE_FOR {
                rooms.remove(&room);
                drop(rooms);
                if let Some(recorder) = &self.state().recorder {
                    recorder.hls(room, false);
                }
                tracing::info!(room = %name, "packaged as HLS no more: nobody asks for it");
                return;
            }
        }
    }
}
