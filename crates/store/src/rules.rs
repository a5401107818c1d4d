//! Rooms that were set up: who may watch and write, their limits.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::counted::count;
use crate::invites::{InviteRow, invites_of};
use crate::keys::{KeyRow, keys_of};
use crate::{Store, StoreError};

/// What was set up for a room. Words and hashes are the caller's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulesRow {
    /// The name of the room.
    pub room: String,
    /// When it was set up first, in milliseconds since the Unix epoch.
    pub made_ms: i64,
    /// What may be changed.
    pub settings: RulesSettings,
    /// The keys, oldest first.
    pub keys: Vec<KeyRow>,
    /// Whether it had one once.
    pub had_key: bool,
    /// The invitations, oldest first.
    pub invites: Vec<InviteRow>,
}

/// What may be changed of a room that was set up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RulesSettings {
    /// Who may watch.
    pub watch: String,
    /// What the password was made to.
    pub password: Option<Vec<u8>>,
    /// Who may write.
    pub chat: String,
    /// The most viewers.
    pub max_viewers: Option<u32>,
    /// The highest bit rate of a broadcast, in kbit/s.
    pub max_kbps: Option<u32>,
    /// Who has it recorded; none: as the server is set.
    pub record: Option<String>,
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
        self.rules_after(None, usize::MAX).await
    }

    /// Rooms that were set up, by name: at most `n`, those after a name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn rules_after(
        &self,
        after: Option<&str>,
        n: usize,
    ) -> Result<Vec<RulesRow>, StoreError> {
        let after = after.unwrap_or_default().to_owned();
        let n = i64::try_from(n).unwrap_or(i64::MAX);
        self.call(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT room, made_ms, watch, password, chat, max_viewers, max_kbps, had_key,
                        record
                 FROM room_rules
                 WHERE room > ?1 ORDER BY room LIMIT ?2",
            )?;
            let rows =
                statement.query_map(params![after, n], read)?.collect::<Result<Vec<_>, _>>()?;
            rows.into_iter().map(|row| whole(connection, row)).collect()
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
                    "SELECT room, made_ms, watch, password, chat, max_viewers, max_kbps, had_key,
                        record
                 FROM room_rules
                     WHERE room = ?1",
                )?
                .query_row([room], read)
                .optional()?;
            row.map(|row| whole(connection, row)).transpose()
        })
        .await
    }

    /// Sets a room up, or changes its settings; its keys and invitations stay. There are at most `most` rooms.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn put_rules(
        &self,
        room: &str,
        settings: RulesSettings,
        now_ms: i64,
        most: usize,
    ) -> Result<Changed, StoreError> {
        let room = room.to_owned();
        self.call(move |connection| {
            let RulesSettings { watch, password, chat, max_viewers, max_kbps, record } = settings;
            let changed = connection
                .prepare_cached(
                    "UPDATE room_rules
                     SET watch = ?2, password = ?3, chat = ?4, max_viewers = ?5, max_kbps = ?6,
                         record = ?7
                     WHERE room = ?1",
                )?
                .execute(params![room, watch, password, chat, max_viewers, max_kbps, record])?;
            if changed > 0 {
                return Ok(Changed::Replaced);
            }
            if count(connection, "SELECT count(*) FROM room_rules", [])? >= most {
                return Ok(Changed::Full);
            }
            connection
                .prepare_cached(
                    "INSERT INTO room_rules
                     (room, watch, password, chat, max_viewers, max_kbps, record, made_ms)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?
                .execute(params![
                    room,
                    watch,
                    password,
                    chat,
                    max_viewers,
                    max_kbps,
                    record,
                    now_ms
                ])?;
            Ok(Changed::Made)
        })
        .await
    }

    /// Makes a room one like any other; its keys and invitations are gone. Whether it was set up.
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
}

fn read(row: &Row<'_>) -> rusqlite::Result<RulesRow> {
    let settings = RulesSettings {
        watch: row.get(2)?,
        password: row.get(3)?,
        chat: row.get(4)?,
        max_viewers: row.get(5)?,
        max_kbps: row.get(6)?,
        record: row.get(8)?,
    };
    let (room, made_ms, had_key) = (row.get(0)?, row.get(1)?, row.get(7)?);
    let (keys, invites) = (Vec::new(), Vec::new());
    Ok(RulesRow { room, made_ms, settings, keys, had_key, invites })
}

fn whole(connection: &Connection, row: RulesRow) -> Result<RulesRow, StoreError> {
    let keys = keys_of(connection, &row.room)?;
    let invites = invites_of(connection, &row.room)?;
    Ok(RulesRow { keys, invites, ..row })
}
