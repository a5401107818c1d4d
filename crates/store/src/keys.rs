//! The keys of rooms that were set up.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::counted::count;
use crate::{Store, StoreError};

/// A key of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// Names it; never used again.
    pub id: i64,
    /// What people call it.
    pub name: String,
    /// What the key was made to, by the caller.
    pub hash: Vec<u8>,
    /// When it was made, in milliseconds since the Unix epoch.
    pub made_ms: i64,
    /// When it was used last, likewise.
    pub used_ms: Option<i64>,
}

impl Store {
    /// Gives a room that was set up one more key, of at most `most`; `None` when it has as many.
    ///
    /// # Errors
    /// When it cannot be written, and when the room was not set up.
    pub async fn add_key(
        &self,
        room: &str,
        name: &str,
        hash: Vec<u8>,
        now_ms: i64,
        most: usize,
    ) -> Result<Option<KeyRow>, StoreError> {
        let (room, name) = (room.to_owned(), name.to_owned());
        self.call(move |connection| {
            if count(connection, "SELECT count(*) FROM room_keys WHERE room = ?1", [&room])? >= most
            {
                return Ok(None);
            }
            connection
                .prepare_cached(
                    "INSERT INTO room_keys (room, name, hash, made_ms) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![room, name, hash, now_ms])?;
            let id = connection.last_insert_rowid();
            connection
                .prepare_cached("UPDATE room_rules SET had_key = 1 WHERE room = ?1")?
                .execute([room])?;
            Ok(Some(KeyRow { id, name, hash, made_ms: now_ms, used_ms: None }))
        })
        .await
    }

    /// Puts another secret in the place of a key; `None` when there is no such key.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn rotate_key(
        &self,
        room: &str,
        id: i64,
        hash: Vec<u8>,
        now_ms: i64,
    ) -> Result<Option<KeyRow>, StoreError> {
        let room = room.to_owned();
        self.call(move |connection| {
            Ok(connection
                .prepare_cached(
                    "UPDATE room_keys SET hash = ?3, made_ms = ?4, used_ms = NULL
                     WHERE room = ?1 AND id = ?2
                     RETURNING id, name, hash, made_ms, used_ms",
                )?
                .query_row(params![room, id, hash, now_ms], read)
                .optional()?)
        })
        .await
    }

    /// Says that a key was used.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn key_used(&self, id: i64, now_ms: i64) -> Result<(), StoreError> {
        self.call(move |connection| {
            connection
                .prepare_cached("UPDATE room_keys SET used_ms = ?2 WHERE id = ?1")?
                .execute(params![id, now_ms])?;
            Ok(())
        })
        .await
    }

    /// Takes a key from a room; whether it was there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn delete_key(&self, room: &str, id: i64) -> Result<bool, StoreError> {
        let room = room.to_owned();
        self.call(move |connection| {
            let sql = "DELETE FROM room_keys WHERE room = ?1 AND id = ?2";
            Ok(connection.execute(sql, params![room, id])? > 0)
        })
        .await
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<KeyRow> {
    Ok(KeyRow {
        id: row.get(0)?,
        name: row.get(1)?,
        hash: row.get(2)?,
        made_ms: row.get(3)?,
        used_ms: row.get(4)?,
    })
}

/// The keys of a room, oldest first.
pub(crate) fn keys_of(connection: &Connection, room: &str) -> Result<Vec<KeyRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, name, hash, made_ms, used_ms FROM room_keys WHERE room = ?1 ORDER BY id",
    )?;
    Ok(statement.query_map([room], read)?.collect::<Result<_, _>>()?)
}
