//! What webhooks are to be told: a queue on the disk, in order by webhook and room.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{Store, StoreError};

/// Deliveries of one webhook that wait; beyond it the oldest one fails. A receiver that is away for a day while rooms come
/// and go.
pub const MAX_WAITING_DELIVERIES: i64 = 10_000;

/// Deliveries of one webhook that are over and still told; beyond it the oldest are deleted.
pub const MAX_DONE_DELIVERIES: i64 = 1_000;

/// An event that webhooks are to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// Names the event, the same for each webhook.
    pub id: String,
    /// The room that it is of; empty for none.
    pub room: String,
    /// What happened: a word of the caller's.
    pub event: String,
    /// What is sent.
    pub body: String,
    /// When it happened, in milliseconds since the Unix epoch.
    pub at_ms: i64,
}

/// A delivery that waits, and where it is to go.
#[derive(Clone, PartialEq, Eq)]
pub struct WaitingRow {
    /// Its place in the queue.
    pub n: i64,
    /// The event.
    pub delivery: NewDelivery,
    /// How often it was tried.
    pub tries: u32,
    /// The URL of its webhook.
    pub url: String,
    /// What signs.
    pub secret: String,
}

impl std::fmt::Debug for WaitingRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WaitingRow")
            .field("n", &self.n)
            .field("delivery", &self.delivery)
            .field("tries", &self.tries)
            .finish_non_exhaustive()
    }
}

/// A delivery as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    /// Its place in the queue.
    pub n: i64,
    /// Names the event.
    pub id: String,
    /// The room that it is of; empty for none.
    pub room: String,
    /// What happened.
    pub event: String,
    /// When it happened, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// How often it was tried.
    pub tries: u32,
    /// How it stands.
    pub state: DeliveryState,
    /// The status of the last answer, if there was one.
    pub code: Option<u16>,
    /// Why the last try was no success.
    pub error: Option<String>,
}

/// How a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is tried next at this time, in milliseconds since the Unix epoch, once those before it are over.
    Waiting {
        /// When.
        next_ms: i64,
    },
    /// The receiver has it.
    Delivered,
    /// It was given up.
    Failed,
}

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// The status of the answer, if there was one.
    pub code: Option<u16>,
    /// Why it was no success.
    pub error: Option<String>,
    /// How the delivery stands now.
    pub state: DeliveryState,
}

impl Store {
    /// Queues an event for each webhook that wants it, or for one alone, whatever it wants. The ids of those webhooks.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn queue_delivery(
        &self,
        delivery: NewDelivery,
        only: Option<&str>,
    ) -> Result<Vec<String>, StoreError> {
        let only = only.map(str::to_owned);
        self.call(move |connection| {
            let mut webhooks = connection
                .prepare_cached("SELECT id, events FROM webhooks ORDER BY made_ms, id")?;
            let mut rows = webhooks.query([])?;
            let mut wanted = Vec::new();
            while let Some(row) = rows.next()? {
                let (id, events): (String, String) = (row.get(0)?, row.get(1)?);
                let wants = match &only {
                    Some(only) => *only == id,
                    None => events.split(' ').any(|it| it == delivery.event),
                };
                if wants {
                    wanted.push(id);
                }
            }
            for webhook in &wanted {
                insert(connection, webhook, &delivery)?;
            }
            Ok(wanted)
        })
        .await
    }

    /// The webhooks and rooms for which deliveries wait, each with the time of the next try.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn waiting_deliveries(&self) -> Result<Vec<(String, String, i64)>, StoreError> {
        self.call(|connection| {
            // Of a group, SQLite takes the other columns from the row with the minimum.
            let mut statement = connection.prepare_cached(
                "SELECT webhook, room, next_ms, min(n) FROM deliveries
                 WHERE state = 'waiting' GROUP BY webhook, room",
            )?;
            let rows =
                statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The oldest delivery of a room that waits for a webhook.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn next_delivery(
        &self,
        webhook: &str,
        room: &str,
    ) -> Result<Option<WaitingRow>, StoreError> {
        let (webhook, room) = (webhook.to_owned(), room.to_owned());
        self.call(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT n, deliveries.id, room, event, body, at_ms, tries, url, secret
                 FROM deliveries JOIN webhooks ON webhooks.id = webhook
                 WHERE webhook = ?1 AND room = ?2 AND state = 'waiting' ORDER BY n LIMIT 1",
            )?;
            Ok(statement.query_row([webhook, room], read_waiting).optional()?)
        })
        .await
    }

    /// Writes what came of a try. One that was deleted or given up meanwhile stays so.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn delivery_tried(&self, n: i64, tried: Tried) -> Result<(), StoreError> {
        self.call(move |connection| {
            let Tried { at_ms, code, error, state } = tried;
            let (state, next_ms) = match state {
                DeliveryState::Waiting { next_ms } => ("waiting", Some(next_ms)),
                DeliveryState::Delivered => ("delivered", None),
                DeliveryState::Failed => ("failed", None),
            };
            connection
                .prepare_cached(
                    "UPDATE deliveries SET tries = tries + 1, state = ?2, tried_ms = ?3, code = ?4, error = ?5,
                     next_ms = coalesce(?6, next_ms) WHERE n = ?1 AND state = 'waiting'",
                )?
                .execute(params![n, state, at_ms, code, error, next_ms])?;
            forget_done(connection, n)
        })
        .await
    }

    /// Deliveries of a webhook, the newest first: at most `n`, those before a place in the queue. `None` when there is no
    /// such webhook.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn deliveries(
        &self,
        webhook: &str,
        before: Option<i64>,
        n: usize,
    ) -> Result<Option<Vec<DeliveryRow>>, StoreError> {
        let (webhook, before) = (webhook.to_owned(), before.unwrap_or(i64::MAX));
        let n = i64::try_from(n).unwrap_or(i64::MAX);
        self.call(move |connection| {
            let exists = connection
                .prepare_cached("SELECT 1 FROM webhooks WHERE id = ?1")?
                .exists([&webhook])?;
            if !exists {
                return Ok(None);
            }
            let mut statement = connection.prepare_cached(
                "SELECT n, id, room, event, at_ms, tries, state, next_ms, code, error FROM deliveries
                 WHERE webhook = ?1 AND n < ?2 ORDER BY n DESC LIMIT ?3",
            )?;
            let rows = statement.query_map(params![webhook, before, n], read_delivery)?;
            Ok(Some(rows.collect::<Result<_, _>>()?))
        })
        .await
    }
}

fn insert(
    connection: &Connection,
    webhook: &str,
    delivery: &NewDelivery,
) -> Result<(), StoreError> {
    let NewDelivery { id, room, event, body, at_ms } = delivery;
    let waiting: i64 = connection
        .prepare_cached("SELECT count(*) FROM deliveries WHERE webhook = ?1 AND state = 'waiting'")?
        .query_row([webhook], |row| row.get(0))?;
    if waiting >= MAX_WAITING_DELIVERIES {
        connection
            .prepare_cached(
                "UPDATE deliveries SET state = 'failed', error = 'too much waits for this webhook'
                 WHERE n = (SELECT min(n) FROM deliveries WHERE webhook = ?1 AND state = 'waiting')",
            )?
            .execute([webhook])?;
    }
    connection
        .prepare_cached(
            "INSERT INTO deliveries (webhook, id, room, event, body, at_ms, next_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
        )?
        .execute(params![webhook, id, room, event, body, at_ms])?;
    Ok(())
}

/// Deletes the oldest deliveries that are over, of the webhook that one of them is of.
fn forget_done(connection: &Connection, n: i64) -> Result<(), StoreError> {
    let webhook: Option<String> = connection
        .prepare_cached("SELECT webhook FROM deliveries WHERE n = ?1")?
        .query_row([n], |row| row.get(0))
        .optional()?;
    let oldest: Option<i64> = connection
        .prepare_cached(
            "SELECT n FROM deliveries WHERE webhook = ?1 AND state <> 'waiting'
             ORDER BY n DESC LIMIT 1 OFFSET ?2",
        )?
        .query_row(params![webhook, MAX_DONE_DELIVERIES], |row| row.get(0))
        .optional()?;
    connection
        .prepare_cached(
            "DELETE FROM deliveries WHERE webhook = ?1 AND state <> 'waiting' AND n <= ?2",
        )?
        .execute(params![webhook, oldest])?;
    Ok(())
}

fn read_waiting(row: &Row<'_>) -> rusqlite::Result<WaitingRow> {
    let delivery = NewDelivery {
        id: row.get(1)?,
        room: row.get(2)?,
        event: row.get(3)?,
        body: row.get(4)?,
        at_ms: row.get(5)?,
    };
    Ok(WaitingRow {
        n: row.get(0)?,
        delivery,
        tries: row.get(6)?,
        url: row.get(7)?,
        secret: row.get(8)?,
    })
}

fn read_delivery(row: &Row<'_>) -> rusqlite::Result<DeliveryRow> {
    let state: String = row.get(6)?;
    let state = match state.as_str() {
        "waiting" => DeliveryState::Waiting { next_ms: row.get(7)? },
        "delivered" => DeliveryState::Delivered,
        _ => DeliveryState::Failed,
    };
    Ok(DeliveryRow {
        n: row.get(0)?,
        id: row.get(1)?,
        room: row.get(2)?,
        event: row.get(3)?,
        at_ms: row.get(4)?,
        tries: row.get(5)?,
        state,
        code: row.get(8)?,
        error: row.get(9)?,
    })
}
