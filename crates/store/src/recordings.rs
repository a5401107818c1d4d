//! Recordings: which there are. Their files are not in here.

use rusqlite::{OptionalExtension, Row, params};

use crate::{Store, StoreError};

/// A recording as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingRow {
    /// Names the recording; ids of later ones sort after those of earlier ones.
    pub id: String,
    /// Where it was made.
    pub room: String,
    /// When it began, in milliseconds since the Unix epoch.
    pub began_ms: i64,
    /// When it ended; none while it is made.
    pub ended_ms: Option<i64>,
    /// The bytes of its files.
    pub bytes: i64,
    /// All the rest, as its owner wrote it: the store does not look into it.
    pub record: String,
}

const COLUMNS: &str = "SELECT id, room, began_ms, ended_ms, bytes, record FROM recordings";

impl Store {
    /// Adds a recording, or changes it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn save_recording(&self, row: RecordingRow) -> Result<(), StoreError> {
        self.call(move |connection| {
            let RecordingRow { id, room, began_ms, ended_ms, bytes, record } = row;
            connection
                .prepare_cached(
                    "INSERT INTO recordings (id, room, began_ms, ended_ms, bytes, record)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                     ON CONFLICT (id) DO UPDATE SET ended_ms = ?4, bytes = ?5, record = ?6",
                )?
                .execute(params![id, room, began_ms, ended_ms, bytes, record])?;
            Ok(())
        })
        .await
    }

    /// Recordings, the newest first: at most `n`, those before an id, of a room or of all.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn recordings(
        &self,
        room: Option<&str>,
        before: Option<String>,
        n: usize,
    ) -> Result<Vec<RecordingRow>, StoreError> {
        let room = room.map(str::to_owned);
        let n = i64::try_from(n).unwrap_or(i64::MAX);
        self.call(move |connection| {
            let mut statement = connection.prepare_cached(&format!(
                "{COLUMNS} WHERE (?2 IS NULL OR id < ?2) AND (?1 IS NULL OR room = ?1)
                 ORDER BY id DESC LIMIT ?3"
            ))?;
            let rows = statement.query_map(params![room, before, n], read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// One recording.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn recording(&self, id: &str) -> Result<Option<RecordingRow>, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| {
            let mut statement = connection.prepare_cached(&format!("{COLUMNS} WHERE id = ?1"))?;
            Ok(statement.query_row([id], read).optional()?)
        })
        .await
    }

    /// Recordings that have no end: those that are made, and after a crash those that were.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn open_recordings(&self) -> Result<Vec<RecordingRow>, StoreError> {
        self.call(|connection| {
            let mut statement = connection
                .prepare_cached(&format!("{COLUMNS} WHERE ended_ms IS NULL ORDER BY id"))?;
            let rows = statement.query_map([], read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Recordings that have an end, the oldest first: those that ended before a time, and as many as make the bytes of all
    /// fit. At most `n`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn recordings_to_delete(
        &self,
        ended_before_ms: Option<i64>,
        max_bytes: Option<i64>,
        n: usize,
    ) -> Result<Vec<RecordingRow>, StoreError> {
        let n = i64::try_from(n).unwrap_or(i64::MAX);
        self.call(move |connection| {
            let total: i64 = connection
                .prepare_cached("SELECT coalesce(sum(bytes), 0) FROM recordings")?
                .query_row([], |row| row.get(0))?;
            let mut statement = connection.prepare_cached(&format!(
                "{COLUMNS} WHERE ended_ms IS NOT NULL ORDER BY id LIMIT ?1"
            ))?;
            let rows = statement.query_map([n], read)?.collect::<Result<Vec<_>, _>>()?;
            let mut left = total;
            let mut delete = |row: &RecordingRow| {
                let is_old = ended_before_ms
                    .is_some_and(|before| row.ended_ms.is_some_and(|ended| ended < before));
                let is_too_much = max_bytes.is_some_and(|max| left > max);
                let goes = is_old || is_too_much;
                if goes {
                    left = left.saturating_sub(row.bytes);
                }
                goes
            };
            Ok(rows.into_iter().filter(|row| delete(row)).collect())
        })
        .await
    }

    /// Forgets a recording; whether there was one.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn delete_recording(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| {
            let n =
                connection.prepare_cached("DELETE FROM recordings WHERE id = ?1")?.execute([id])?;
            Ok(n > 0)
        })
        .await
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<RecordingRow> {
    Ok(RecordingRow {
        id: row.get(0)?,
        room: row.get(1)?,
        began_ms: row.get(2)?,
        ended_ms: row.get(3)?,
        bytes: row.get(4)?,
        record: row.get(5)?,
    })
}
