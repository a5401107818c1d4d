//! The owner's password, and the browsers that are logged in.

use rusqlite::{OptionalExtension, params};

use crate::{Store, StoreError};

/// A browser that is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginRow {
    /// What its secret was made to, by the caller.
    pub hash: Vec<u8>,
    /// When it logged in, in milliseconds since the Unix epoch.
    pub made_ms: i64,
}

impl Store {
    /// What the owner's password was made to; `None` when there is no owner.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn owner(&self) -> Result<Option<String>, StoreError> {
        self.call(|connection| {
            Ok(connection
                .prepare_cached("SELECT password FROM owner")?
                .query_row([], |row| row.get(0))
                .optional()?)
        })
        .await
    }

    /// Makes the owner, or another password. All browsers are logged out.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn set_owner(&self, password: String, now_ms: i64) -> Result<(), StoreError> {
        self.call(move |connection| {
            connection.execute(
                "INSERT INTO owner (one, password, made_ms) VALUES (1, ?1, ?2)
                 ON CONFLICT (one) DO UPDATE
                 SET password = excluded.password, made_ms = excluded.made_ms",
                params![password, now_ms],
            )?;
            connection.execute("DELETE FROM logins", [])?;
            Ok(())
        })
        .await
    }

    /// The browsers that are logged in, the newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn logins(&self) -> Result<Vec<LoginRow>, StoreError> {
        self.call(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT hash, made_ms FROM logins ORDER BY made_ms DESC")?;
            let rows = statement
                .query_map([], |row| Ok(LoginRow { hash: row.get(0)?, made_ms: row.get(1)? }))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// A browser is logged in. Beyond `most` the oldest is logged out.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn add_login(&self, row: LoginRow, most: usize) -> Result<(), StoreError> {
        self.call(move |connection| {
            connection.execute(
                "INSERT INTO logins (hash, made_ms) VALUES (?1, ?2)",
                params![row.hash, row.made_ms],
            )?;
            let most = i64::try_from(most).unwrap_or(i64::MAX);
            connection.execute(
                "DELETE FROM logins WHERE hash NOT IN
                 (SELECT hash FROM logins ORDER BY made_ms DESC LIMIT ?1)",
                [most],
            )?;
            Ok(())
        })
        .await
    }

    /// A browser is logged out; whether it was logged in.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn delete_login(&self, hash: Vec<u8>) -> Result<bool, StoreError> {
        self.call(move |connection| {
            Ok(connection.execute("DELETE FROM logins WHERE hash = ?1", [hash])? > 0)
        })
        .await
    }
}
