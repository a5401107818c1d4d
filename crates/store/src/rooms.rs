//! Rooms and their pictures.

use rusqlite::OptionalExtension;

use crate::{Store, StoreError};

/// A room as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomRow {
    /// Its name.
    pub name: String,
    /// When it changed last, in milliseconds since the Unix epoch.
    pub changed_ms: i64,
    /// All the rest, as its owner wrote it: the store does not look into it.
    pub state: String,
}

impl Store {
    /// The rooms that changed last, newest first, at most `n`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn rooms(&self, n: usize) -> Result<Vec<RoomRow>, StoreError> {
        let n = i64::try_from(n).unwrap_or(i64::MAX);
        self.call(move |connection| {
            let mut statement = connection.prepare(
                "SELECT name, changed_ms, state FROM rooms ORDER BY changed_ms DESC, name LIMIT ?1",
            )?;
            let rows = statement.query_map([n], |row| {
                Ok(RoomRow { name: row.get(0)?, changed_ms: row.get(1)?, state: row.get(2)? })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Saves a room, soon. Of a room that waits to be written the newest state is written once.
    pub fn save_room(&self, row: RoomRow) {
        self.change(&row.name, |change| change.state = Some((row.changed_ms, row.state)));
    }

    /// Saves the picture of a room, soon; or that it has none.
    pub fn save_cover(&self, room: &str, cover: Option<Vec<u8>>) {
        self.change(room, |change| change.cover = Some(cover));
    }

    /// The picture of a room.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn cover(&self, room: &str) -> Result<Option<Vec<u8>>, StoreError> {
        // Where the disk fails the newest one is in memory.
        if let Some(waiting) = self.0.lock().rooms.get(room).and_then(|it| it.cover.clone()) {
            return Ok(waiting);
        }
        let room = room.to_owned();
        self.call(move |connection| {
            let mut statement =
                connection.prepare_cached("SELECT image FROM covers WHERE room = ?1")?;
            Ok(statement.query_row([room], |row| row.get(0)).optional()?)
        })
        .await
    }
}
