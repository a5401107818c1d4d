//! The newest picture of each room.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use media_api::RoomId;
use protocol::RoomName;

use super::Archive;

/// A picture, and which one of its room it is.
#[derive(Debug, Clone)]
pub(crate) struct Still {
    pub(crate) version: u32,
    pub(crate) mime: &'static str,
    pub(crate) bytes: Bytes,
}

/// The pictures of rooms that are live; each is small. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Stills(Arc<Mutex<HashMap<RoomId, Still>>>);

impl Stills {
    /// There is a new picture. Called on the recorder's thread.
    pub(super) fn set(&self, room: RoomId, still: record::Still) {
        let mut all = self.lock();
        // The first one is another than any of a broadcast before.
        let version = all.get(&room).map_or_else(rand::random, |it| it.version.wrapping_add(1));
        let record::Still { mime, bytes, .. } = still;
        all.insert(room, Still { version, mime, bytes: bytes.into() });
    }

    /// A room is not live any more.
    pub(super) fn forget(&self, room: RoomId) {
        self.lock().remove(&room);
    }

    fn get(&self, room: RoomId) -> Option<Still> {
        self.lock().get(&room).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RoomId, Still>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Archive {
    /// The newest picture of a room that is live.
    pub(crate) fn still(&self, room: &RoomName) -> Option<Still> {
        self.0.stills.get(self.live(room)?.room)
    }

    /// The same, as lists tell it.
    pub(crate) fn still_of(&self, room: &RoomName) -> Option<protocol::Still> {
        let Still { version, mime, .. } = self.still(room)?;
        Some(protocol::Still { v: version, video: mime.starts_with("video/") })
    }
}
