//! Clips: which there are. Their files are not in here.

use rusqlite::{OptionalExtension, Row, params};

use crate::{Store, StoreError};

/// A clip as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClipRow {
    /// Names the clip; nobody guesses it.
    pub id: String,
    /// Where it was made.
    pub room: String,
    /// When, in milliseconds since the Unix epoch.
    pub made_ms: i64,
    /// The bytes of its file.
    pub bytes: i64,
    /// All the rest, as its owner wrote it: the store does not look into it.
    pub record: String,
}

const COLUMNS: &str = "SELECT id, room, made_ms, bytes, record FROM clips";

impl Store {
    /// Adds a clip.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn save_clip(&self, row: ClipRow) -> Result<(), StoreError> {
        self.call(move |connection| {
            let ClipRow { id, room, made_ms, bytes, record } = row;
            connection
                .prepare_cached(
                    "INSERT INTO clips (id, room, made_ms, bytes, record) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![id, room, made_ms, bytes, record])?;
            Ok(())
        })
        .await
    }

    /// Clips, the newest first: at most `n`, those before an id, of a room or of all.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn clips(
        &self,
        room: Option<&str>,
        before: Option<String>,
        n: usize,
    ) -> Result<Vec<ClipRow>, StoreError> {
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

    /// One clip.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn clip(&self, id: &str) -> Result<Option<ClipRow>, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| {
            let mut statement = connection.prepare_cached(&format!("{COLUMNS} WHERE id = ?1"))?;
            Ok(statement.query_row([id], read).optional()?)
        })
        .await
    }

    /// The oldest clips beyond the newest `most`, at most 100.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn clips_beyond(&self, most: usize) -> Result<Vec<ClipRow>, StoreError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.call(move |connection| {
            let mut statement = connection
                .prepare_cached(&format!("{COLUMNS} ORDER BY id DESC LIMIT 100 OFFSET ?1"))?;
            let rows = statement.query_map([most], read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Forgets a clip; whether there was one.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn delete_clip(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| {
            let n = connection.prepare_cached("DELETE FROM clips WHERE id = ?1")?.execute([id])?;
            Ok(n > 0)
        })
        .await
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<ClipRow> {
    Ok(ClipRow {
        id: row.get(0)?,
        room: row.get(1)?,
        made_ms: row.get(2)?,
        bytes: row.get(3)?,
        record: row.get(4)?,
    })
}
