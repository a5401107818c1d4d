//! Changes of a room that wait to be written, and the statements that write them.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use crate::broadcast_row::BroadcastRow;

/// The rooms that are kept; beyond it the one that changed first is forgotten.
pub const MAX_ROOMS: usize = 10_000;

/// Broadcasts of one room that wait to be written; beyond it the oldest is lost. A room has one at a time.
const MAX_BROADCASTS_WAITING: usize = 100;

/// Changes of one room. `None` leaves a field as it is stored.
#[derive(Debug, Default)]
pub(crate) struct RoomChange {
    pub(crate) state: Option<(i64, String)>,
    /// Its picture; `Some(None)`: it has none any more.
    pub(crate) cover: Option<Option<Vec<u8>>>,
    /// Its broadcasts by id; at most [`MAX_BROADCASTS_WAITING`].
    broadcasts: BTreeMap<String, BroadcastRow>,
}

impl RoomChange {
    /// Takes what is not said here from an older change.
    pub(crate) fn fill_from(&mut self, older: Self) {
        self.state = self.state.take().or(older.state);
        self.cover = self.cover.take().or(older.cover);
        for (id, row) in older.broadcasts {
            self.broadcasts.entry(id).or_insert(row);
        }
        self.forget_broadcasts();
    }

    /// A record of a broadcast, in place of the one before.
    pub(crate) fn put_broadcast(&mut self, row: BroadcastRow) {
        self.broadcasts.insert(row.id.clone(), row);
        self.forget_broadcasts();
    }

    fn forget_broadcasts(&mut self) {
        while self.broadcasts.len() > MAX_BROADCASTS_WAITING {
            self.broadcasts.pop_first();
        }
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
        for broadcast in self.broadcasts.values() {
            broadcast.write(connection)?;
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
