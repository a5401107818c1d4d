//! A record of a broadcast, and the statements that write and read it.

use rusqlite::{Connection, Row, params};

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

/// Reads the columns of [`BroadcastRow`] in their order.
pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<BroadcastRow> {
    Ok(BroadcastRow {
        id: row.get(0)?,
        room: row.get(1)?,
        began_ms: row.get(2)?,
        ended_ms: row.get(3)?,
        record: row.get(4)?,
    })
}
