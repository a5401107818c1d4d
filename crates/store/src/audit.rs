//! The audit log: what was changed, by whom.

use rusqlite::params;

use crate::{Store, StoreError};

/// The entries that are kept; beyond it the oldest are deleted.
pub const MAX_AUDIT: i64 = 10_000;

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Numbers entries in their order; 0 for one that is to be written.
    pub id: i64,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// Who: a word of the caller's.
    pub by: String,
    /// From which address.
    pub ip: Option<String>,
    /// What was done: a word of the caller's.
    pub deed: String,
    /// To what.
    pub subject: String,
}

impl Store {
    /// Adds an entry.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn add_audit(&self, row: AuditRow) -> Result<(), StoreError> {
        self.call(move |connection| {
            let AuditRow { id: _, at_ms, by, ip, deed, subject } = row;
            connection
                .prepare_cached(
                    "INSERT INTO audit (at_ms, by, ip, deed, subject) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![at_ms, by, ip, deed, subject])?;
            let oldest = connection.last_insert_rowid() - MAX_AUDIT;
            connection.prepare_cached("DELETE FROM audit WHERE id <= ?1")?.execute([oldest])?;
            Ok(())
        })
        .await
    }

    /// Entries, the newest first: at most `n`, those before an id.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn audit(&self, before: Option<i64>, n: usize) -> Result<Vec<AuditRow>, StoreError> {
        let n = i64::try_from(n).unwrap_or(i64::MAX);
        let before = before.unwrap_or(i64::MAX);
        self.call(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, at_ms, by, ip, deed, subject FROM audit
                 WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
            )?;
            let rows = statement.query_map(params![before, n], |row| {
                Ok(AuditRow {
                    id: row.get(0)?,
                    at_ms: row.get(1)?,
                    by: row.get(2)?,
                    ip: row.get(3)?,
                    deed: row.get(4)?,
                    subject: row.get(5)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}
