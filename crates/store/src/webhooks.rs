//! Webhooks: whom the operator wants to be told of what.

use rusqlite::{OptionalExtension, Row, params};

use crate::{Store, StoreError};

/// A webhook. Its secret is kept as it is: nothing can be signed with a hash of it.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookRow {
    /// Names it; never used again.
    pub id: String,
    /// Where it is.
    pub url: String,
    /// What it is told, in words of the caller's.
    pub events: Vec<String>,
    /// What signs.
    pub secret: String,
    /// When it was made, in milliseconds since the Unix epoch.
    pub made_ms: i64,
}

impl std::fmt::Debug for WebhookRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookRow")
            .field("id", &self.id)
            .field("url", &self.url)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

/// A webhook, and how it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookState {
    /// The webhook.
    pub row: WebhookRow,
    /// How many deliveries wait.
    pub waiting: i64,
    /// The last try of any of them.
    pub last: Option<TriedRow>,
}

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriedRow {
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// The status of the answer, if there was one.
    pub code: Option<u16>,
    /// Why it was no success.
    pub error: Option<String>,
}

impl Store {
    /// Keeps one more webhook, of at most `most`; whether there was room.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn add_webhook(&self, row: WebhookRow, most: usize) -> Result<bool, StoreError> {
        self.call(move |connection| {
            let n: i64 =
                connection.query_row("SELECT count(*) FROM webhooks", [], |row| row.get(0))?;
            if usize::try_from(n).unwrap_or_default() >= most {
                return Ok(false);
            }
            let WebhookRow { id, url, events, secret, made_ms } = row;
            connection.execute(
                "INSERT INTO webhooks (id, url, events, secret, made_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![id, url, events.join(" "), secret, made_ms],
            )?;
            Ok(true)
        })
        .await
    }

    /// Deletes a webhook and what waits for it; whether it was there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn delete_webhook(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.call(move |connection| {
            Ok(connection.execute("DELETE FROM webhooks WHERE id = ?1", [id])? > 0)
        })
        .await
    }

    /// All webhooks, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn webhooks(&self) -> Result<Vec<WebhookState>, StoreError> {
        self.call(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, url, events, secret, made_ms FROM webhooks ORDER BY made_ms, id",
            )?;
            let rows = statement.query_map([], read)?.collect::<Result<Vec<_>, _>>()?;
            let mut waiting = connection.prepare_cached(
                "SELECT count(*) FROM deliveries WHERE webhook = ?1 AND state = 'waiting'",
            )?;
            let mut last = connection.prepare_cached(
                "SELECT tried_ms, code, error FROM deliveries
                 WHERE webhook = ?1 AND tried_ms IS NOT NULL ORDER BY tried_ms DESC, n DESC LIMIT 1",
            )?;
            let states = rows.into_iter().map(|row| {
                let waiting = waiting.query_row([&row.id], |row| row.get(0))?;
                let last = last.query_row([&row.id], |row| {
                    Ok(TriedRow { at_ms: row.get(0)?, code: row.get(1)?, error: row.get(2)? })
                });
                Ok(WebhookState { row, waiting, last: last.optional()? })
            });
            states.collect()
        })
        .await
    }
}

/// Reads the columns of [`WebhookRow`] in their order.
pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<WebhookRow> {
    let events: String = row.get(2)?;
    Ok(WebhookRow {
        id: row.get(0)?,
        url: row.get(1)?,
        events: events.split(' ').map(str::to_owned).collect(),
        secret: row.get(3)?,
        made_ms: row.get(4)?,
    })
}
