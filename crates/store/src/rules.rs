//! Rooms that were set up: who may watch, and the keys of their hosts.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{Store, StoreError};

/// What was set up for a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulesRow {
    /// The name of the room.
    pub room: String,
    /// When it was set up first, in milliseconds since the Unix epoch.
    pub made_ms: i64,
    /// Who may watch: a word of the caller's.
    pub watch: String,
    /// What the password was made to, by the caller.
    pub password: Option<Vec<u8>>,
    /// The keys, oldest first.
    pub keys: Vec<KeyRow>,
}

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
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// It is there now, and was not before.
    Made,
    /// It was there before.
    Replaced,
    /// There may be no more.
    Full,
}

impl Store {
    /// All rooms that were set up, by name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn rules(&self) -> Result<Vec<RulesRow>, StoreError> {
        self.call(|connection| {
            let mut statement = connection
                .prepare("SELECT room, made_ms, watch, password FROM room_rules ORDER BY room")?;
            let rows = statement.query_map([], read_rules)?.collect::<Result<Vec<_>, _>>()?;
            rows.into_iter().map(|row| with_keys(connection, row)).collect()
        })
        .await
    }

    /// What was set up for one room.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn rules_of(&self, room: &str) -> Result<Option<RulesRow>, StoreError> {
        let room = room.to_owned();
        self.call(move |connection| {
            let row = connection
                .prepare_cached(
                    "SELECT room, made_ms, watch, password FROM room_rules WHERE room = ?1",
                )?
                .query_row([room], read_rules)
                .optional()?;
            row.map(|row| with_keys(connection, row)).transpose()
        })
        .await
    }

    /// Sets a room up, or changes who may watch it; its keys stay. There are at most `most` rooms.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn put_rules(
        &self,
        room: &str,
        watch: &str,
        password: Option<Vec<u8>>,
        now_ms: i64,
        most: usize,
    ) -> Result<Changed, StoreError> {
        let (room, watch) = (room.to_owned(), watch.to_owned());
        self.call(move |connection| {
            let changed = connection
                .prepare_cached("UPDATE room_rules SET watch = ?2, password = ?3 WHERE room = ?1")?
                .execute(params![room, watch, password])?;
            if changed > 0 {
                return Ok(Changed::Replaced);
            }
            if count(connection, "SELECT count(*) FROM room_rules", [])? >= most {
                return Ok(Changed::Full);
            }
            connection
                .prepare_cached(
                    "INSERT INTO room_rules (room, made_ms, watch, password) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![room, now_ms, watch, password])?;
            Ok(Changed::Made)
        })
        .await
    }

    /// Makes a room one like any other; its keys are gone. Whether it was set up.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn delete_rules(&self, room: &str) -> Result<bool, StoreError> {
        let room = room.to_owned();
        self.call(move |connection| {
            Ok(connection.execute("DELETE FROM room_rules WHERE room = ?1", [room])? > 0)
        })
        .await
    }

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
            Ok(Some(KeyRow { id, name, hash, made_ms: now_ms }))
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

fn read_rules(row: &Row<'_>) -> rusqlite::Result<RulesRow> {
    let (room, made_ms, watch, password) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
    Ok(RulesRow { room, made_ms, watch, password, keys: Vec::new() })
}

fn with_keys(connection: &Connection, row: RulesRow) -> Result<RulesRow, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, name, hash, made_ms FROM room_keys WHERE room = ?1 ORDER BY id",
    )?;
    let keys = statement.query_map([&row.room], |row| {
        Ok(KeyRow { id: row.get(0)?, name: row.get(1)?, hash: row.get(2)?, made_ms: row.get(3)? })
    })?;
    let keys = keys.collect::<Result<_, _>>()?;
    Ok(RulesRow { keys, ..row })
}

fn count(
    connection: &Connection,
    sql: &str,
    of: impl rusqlite::Params,
) -> Result<usize, StoreError> {
    let n: i64 = connection.prepare_cached(sql)?.query_row(of, |row| row.get(0))?;
    Ok(usize::try_from(n).unwrap_or_default())
}
