//! Rooms over restarts: their settings, bans, last lines and pictures, in the store.

use axum::body::Bytes;
use control::SavedRoom;
use control::limits::KEPT_ROOMS;
use protocol::RoomName;
use store::{RoomRow, Store};

/// Keeps rooms. Clones are the same; the default keeps nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keeper(Option<Store>);

impl Keeper {
    pub(crate) fn new(store: Store) -> Self {
        Self(Some(store))
    }

    /// The rooms that changed last.
    pub(crate) async fn rooms(&self) -> Vec<SavedRoom> {
        let Some(store) = &self.0 else { return Vec::new() };
        let rows = store.rooms(KEPT_ROOMS).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the rooms of before cannot be read");
            Vec::new()
        });
        rows.iter().filter_map(read).collect()
    }

    /// Saves a room, soon.
    pub(crate) fn save(&self, saved: &SavedRoom) {
        let Some(store) = &self.0 else { return };
        let name = saved.room.to_string();
        match serde_json::to_string(saved) {
            #[allow(clippy::cast_possible_truncation, reason = "milliseconds of these centuries")]
            Ok(state) => store.save_room(RoomRow { name, changed_ms: saved.at as i64, state }),
            Err(error) => tracing::error!(room = name, %error, "room not saved"),
        }
    }

    /// Saves the picture of a room, soon; or that it has none.
    pub(crate) fn save_cover(&self, room: &RoomName, cover: Option<Bytes>) {
        if let Some(store) = &self.0 {
            store.save_cover(room.as_str(), cover.map(Vec::from));
        }
    }

    /// The picture of a room.
    pub(crate) async fn cover(&self, room: &RoomName) -> Option<Bytes> {
        let cover = self.0.as_ref()?.cover(room.as_str()).await;
        cover.ok().flatten().map(Bytes::from)
    }

    /// Waits until everything is written. It blocks: for a thread that may. Nothing is saved afterwards.
    pub(crate) fn finish(&self) {
        if let Some(store) = &self.0 {
            store.finish();
        }
    }
}

/// A room that cannot be read begins anew when somebody comes, which replaces it.
fn read(row: &RoomRow) -> Option<SavedRoom> {
    serde_json::from_str(&row.state)
        .inspect_err(|error| tracing::warn!(room = row.name, %error, "room not read"))
        .ok()
}
