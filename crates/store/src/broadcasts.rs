//! Records of broadcasts.

use rusqlite::{OptionalExtension, params};

use crate::broadcast_row::{BroadcastRow, read};
use crate::{Store, StoreError};

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
