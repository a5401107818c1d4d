//! Rooms and their pictures.

use rusqlite::{Connection, OptionalExtension, params};

use crate::{Store, StoreError};

/// The rooms that are kept; beyond it the one that changed first is forgotten.
pub const MAX_ROOMS: usize = 10_000;

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

/// What of a room is to be written.
#[derive(Debug, Default)]
pub(crate) struct RoomChange {
    state: Option<(i64, String)>,
    /// Its picture; `Some(None)`: it has none any more.
    cover: Option<Option<Vec<u8>>>,
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

impl RoomChange {
    /// Takes what is not said here from an older change.
    pub(crate) fn fill_from(&mut self, older: Self) {
        self.state = self.state.take().or(older.state);
        self.cover = self.cover.take().or(older.cover);
    }

    pub(crate) fn write(&self, connection: &Connection, room: &str) -> rusqlite::Result<()> {
        match &self.cover {
            Some(Some(image)) => {
                connection
                    .prepare_cached(
                        "INSERT INTO covers (room, image) VALUES (?1, ?2)
                         ON CONFLICT (room) DO UPDATE SET image = excluded.image",
                    )?
                    .execute(params![room, image])?;
            }
            Some(None) => {
                connection.execute("DELETE FROM covers WHERE room = ?1", [room])?;
            }
            None => {}
        }
        let Some((changed_ms, state)) = &self.state else { return Ok(()) };
        connection
            .prepare_cached(
                "INSERT INTO rooms (name, changed_ms, state) VALUES (?1, ?2, ?3)
                 ON CONFLICT (name) DO UPDATE
                 SET changed_ms = excluded.changed_ms, state = excluded.state",
            )?
            .execute(params![room, changed_ms, state])?;
        forget_oldest(connection)
    }
}

/// Forgets the rooms beyond [`MAX_ROOMS`] that changed first.
fn forget_oldest(connection: &Connection) -> rusqlite::Result<()> {
    let n: i64 =
        connection.prepare_cached("SELECT count(*) FROM rooms")?.query_row([], |row| row.get(0))?;
    for _ in MAX_ROOMS..usize::try_from(n).unwrap_or_default() {
        let oldest: String = connection
            .prepare_cached("SELECT name FROM rooms ORDER BY changed_ms, name LIMIT 1")?
            .query_row([], |row| row.get(0))?;
        connection.execute("DELETE FROM rooms WHERE name = ?1", [&oldest])?;
        connection.execute("DELETE FROM covers WHERE room = ?1", [&oldest])?;
    }
    Ok(())
}
