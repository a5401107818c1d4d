//! Rooms without anybody in them, as they were left.

use std::collections::HashMap;

use protocol::RoomName;

use crate::limits::KEPT_ROOMS;
use crate::saved::SavedRoom;

/// At most [`KEPT_ROOMS`] rooms; beyond it the one that changed first is forgotten.
#[derive(Debug, Default)]
pub(crate) struct KeptRooms(HashMap<RoomName, SavedRoom>);

impl KeptRooms {
    pub(crate) fn put(&mut self, saved: SavedRoom) {
        self.0.insert(saved.room.clone(), saved);
        if self.0.len() > KEPT_ROOMS {
            let oldest = self.0.values().min_by(|a, b| a.at.total_cmp(&b.at));
            if let Some(name) = oldest.map(|it| it.room.clone()) {
                self.0.remove(&name);
            }
        }
    }

    pub(crate) fn take(&mut self, name: &RoomName) -> Option<SavedRoom> {
        self.0.remove(name)
    }

    pub(crate) fn get(&self, name: &RoomName) -> Option<&SavedRoom> {
        self.0.get(name)
    }
}
