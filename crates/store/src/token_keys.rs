//! Keys that sign tokens.

use rusqlite::params;

use crate::counted::count;
use crate::{Store, StoreError};

/// A key that signs tokens. Its secret is kept as it is: a signature cannot be checked by a hash of it.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenKeyRow {
    /// Names it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What signs.
    pub secret: String,
    /// When it was made, in milliseconds since the Unix epoch.
    pub made_ms: i64,
    /// When a token of it was used last, likewise.
    pub used_ms: Option<i64>,
}

impl std::fmt::Debug for TokenKeyRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenKeyRow").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Store {
    /// All keys that sign tokens, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn token_keys(&self) -> Result<Vec<TokenKeyRow>, StoreError> {
        self.call(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, name, secret, made_ms, used_ms FROM token_keys ORDER BY made_ms, id",
            )?;
            let rows = statement.query_map([], |row| {
                Ok(TokenKeyRow {
                    id: row.get(0)?,
                    name: row.get(1)?,
                    secret: row.get(2)?,
                    made_ms: row.get(3)?,
                    used_ms: row.get(4)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Keeps one more key, of at most `most`; whether there was room.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn add_token_key(&self, row: TokenKeyRow, most: usize) -> Result<bool, StoreError> {
        self.call(move |connection| {
            if count(connection, "SELECT count(*) FROM token_keys", [])? >= most {
                return Ok(false);
            }
            let TokenKeyRow { id, name, secret, made_ms, used_ms } = row;
            connection.execute(
                "INSERT INTO token_keys (id, name, secret, made_ms, used_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![id, name, secret, made_ms, used_ms],
            )?;
            Ok(true)
        })
        .await
    }

    /// Says that a token of a key was used.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn token_key_used(&self, id: &str, now_ms: i64) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.call(move |connection| {
            connection
                .prepare_cached("UPDATE token_keys SET used_ms = ?2 WHERE id = ?1")?
                .execute(params![id, now_ms])?;
            Ok(())
        })
        .await
    }

    /// Deletes a key; whether it was there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn delete_token_key(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| {
            Ok(connection.execute("DELETE FROM token_keys WHERE id = ?1", [id])? > 0)
        })
        .await
    }
}
