//! Records of broadcasts.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{Store, StoreError};

/// The broadcasts that are remembered; beyond it the oldest are forgotten.
pub const MAX_BROADCASTS: i64 = 10_000;

/// The broadcasts of one room that are remembered; beyond it the oldest are forgotten.
pub const MAX_BROADCASTS_OF_ROOM: i64 = 1_000;

/// A record as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BroadcastRow {
    /// Names the broadcast; ids of later ones sort after those of earlier ones.
    pub id: String,
    /// Where it was.
    pub room: String,
    /// When it began, in milliseconds since the Unix epoch.
    pub began_ms: i64,
    /// When it ended; none while it is live.
    pub ended_ms: Option<i64>,
    /// All the rest, as its owner wrote it: the store does not look into it.
    pub record: String,
}

impl BroadcastRow {
    pub(crate) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        let Self { id, room, began_ms, ended_ms, record } = self;
        let changed = connection
            .prepare_cached("UPDATE broadcasts SET ended_ms = ?2, record = ?3 WHERE id = ?1")?
            .execute(params![id, ended_ms, record])?;
        if changed > 0 {
            return Ok(());
        }
        connection
            .prepare_cached(
                "INSERT INTO broadcasts (id, room, began_ms, ended_ms, record)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![id, room, began_ms, ended_ms, record])?;
        connection
            .prepare_cached(
                "DELETE FROM broadcasts WHERE room = ?1 AND id <=
                 (SELECT id FROM broadcasts WHERE room = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
            )?
            .execute(params![room, MAX_BROADCASTS_OF_ROOM])?;
        connection
            .prepare_cached(
                "DELETE FROM broadcasts WHERE id <=
                 (SELECT id FROM broadcasts ORDER BY id DESC LIMIT 1 OFFSET ?1)",
            )?
            .execute([MAX_BROADCASTS])?;
        Ok(())
    }
}

impl Store {
    /// Saves the record of a broadcast, soon. Of one that waits to be written the newest state is written once.
    pub fn save_broadcast(&self, row: BroadcastRow) {
        let room = row.room.clone();
        self.change(&room, |change| change.put_broadcast(row));
    }

    /// Broadcasts, the newest first: at most `n`, those before an id, of a room or of all.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn broadcasts(
        &self,
        room: Option<&str>,
        before: Option<String>,
        n: usize,
    ) -> Result<Vec<BroadcastRow>, StoreError> {
        let room = room.map(str::to_owned);
        let n = i64::try_from(n).unwrap_or(i64::MAX);
        self.call(move |connection| {
            let mut statement = connection.prepare_cached(if room.is_some() {
                "SELECT id, room, began_ms, ended_ms, record FROM broadcasts
                 WHERE (?2 IS NULL OR id < ?2) AND room = ?1 ORDER BY id DESC LIMIT ?3"
            } else {
                "SELECT id, room, began_ms, ended_ms, record FROM broadcasts
                 WHERE (?2 IS NULL OR id < ?2) AND ?1 IS NULL ORDER BY id DESC LIMIT ?3"
            })?;
            let rows = statement.query_map(params![room, before, n], read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// One broadcast.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn broadcast(&self, id: &str) -> Result<Option<BroadcastRow>, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, room, began_ms, ended_ms, record FROM broadcasts WHERE id = ?1",
            )?;
            Ok(statement.query_row([id], read).optional()?)
        })
        .await
    }

    /// Broadcasts that have no end: those that are live, and after a crash those that were.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn open_broadcasts(&self) -> Result<Vec<BroadcastRow>, StoreError> {
        self.call(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, room, began_ms, ended_ms, record FROM broadcasts
                 WHERE ended_ms IS NULL ORDER BY id",
            )?;
            let rows = statement.query_map([], read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<BroadcastRow> {
    Ok(BroadcastRow {
        id: row.get(0)?,
        room: row.get(1)?,
        began_ms: row.get(2)?,
        ended_ms: row.get(3)?,
        record: row.get(4)?,
    })
}
