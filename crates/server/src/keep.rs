//! Rooms over restarts: their settings, bans, last lines and pictures, in the data folder.
//!
//! This file is the whole interface; how they are stored is behind it. A thread of its own writes, so that nobody waits
//! for a disk: what of one room waits is replaced by what changed since.

mod files;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use control::SavedRoom;
use protocol::RoomName;

use crate::limits::WAITING_ROOMS;
use files::Files;

/// Keeps rooms. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keeper(Option<Arc<Shared>>);

#[derive(Debug)]
struct Shared {
    files: Files,
    queue: Mutex<Queue>,
    /// Something waits, or is done.
    news: Condvar,
}

/// What is to be written; at most [`WAITING_ROOMS`] rooms, each once.
#[derive(Debug, Default)]
struct Queue {
    rooms: BTreeMap<RoomName, Changes>,
    is_writing: bool,
    is_closed: bool,
    /// A full queue was logged.
    has_warned: bool,
}

/// What of a room is to be written.
#[derive(Debug, Default)]
struct Changes {
    saved: Option<SavedRoom>,
    /// Its picture; none: it has none any more.
    cover: Option<Option<Bytes>>,
}

impl Keeper {
    /// Opens the data folder; the rooms that are kept in it. Where there is no such folder nothing is kept.
    pub(crate) fn open(data: &Path) -> (Self, Vec<SavedRoom>) {
        if !data.is_dir() {
            tracing::info!(
                folder = %data.display(),
                "rooms are not kept over restarts: there is no data folder"
            );
            return (Self::default(), Vec::new());
        }
        let (files, rooms) = Files::open(data);
        let shared = Arc::new(Shared { files, queue: Mutex::default(), news: Condvar::default() });
        let worker = shared.clone();
        let spawned = std::thread::Builder::new().name("keep".into()).spawn(move || worker.run());
        match spawned {
            Ok(_) => (Self(Some(shared)), rooms),
            Err(error) => {
                tracing::warn!(%error, "rooms are not kept over restarts: no thread for it");
                (Self::default(), rooms)
            }
        }
    }

    /// Saves a room, soon.
    pub(crate) fn save(&self, saved: SavedRoom) {
        self.change(saved.room.clone(), |changes| changes.saved = Some(saved));
    }

    /// Saves the picture of a room, soon; or that it has none.
    pub(crate) fn save_cover(&self, room: RoomName, cover: Option<Bytes>) {
        self.change(room, |changes| changes.cover = Some(cover));
    }

    /// Reads the picture of a room. It blocks: for a thread that may.
    pub(crate) fn read_cover(&self, room: &RoomName) -> Option<Bytes> {
        self.0.as_ref()?.files.read_cover(room)
    }

    /// Waits until everything is written. It blocks: for a thread that may. Nothing is saved afterwards.
    pub(crate) fn finish(&self) {
        let Some(shared) = &self.0 else { return };
        let mut queue = shared.lock();
        queue.is_closed = true;
        shared.news.notify_all();
        while !queue.rooms.is_empty() || queue.is_writing {
            queue = shared.news.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn change(&self, room: RoomName, change: impl FnOnce(&mut Changes)) {
        let Some(shared) = &self.0 else { return };
        let mut queue = shared.lock();
        let is_full = queue.rooms.len() >= WAITING_ROOMS && !queue.rooms.contains_key(&room);
        if queue.is_closed || is_full {
            if is_full && !std::mem::replace(&mut queue.has_warned, true) {
                tracing::warn!(%room, "room not saved: the disk is too slow");
            }
            return;
        }
        change(queue.rooms.entry(room).or_default());
        shared.news.notify_all();
    }
}

impl Shared {
    /// Writes until all is written and nothing more comes.
    fn run(&self) {
        let mut queue = self.lock();
        loop {
            if let Some((room, changes)) = queue.rooms.pop_first() {
                queue.is_writing = true;
                drop(queue);
                if let Some(cover) = changes.cover {
                    self.files.write_cover(&room, cover.as_deref());
                }
                if let Some(saved) = changes.saved {
                    self.files.write(&saved);
                }
                queue = self.lock();
                queue.is_writing = false;
                self.news.notify_all();
            } else if queue.is_closed {
                return;
            } else {
                queue = self.news.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// Held for a few instructions, never while a file is written.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
