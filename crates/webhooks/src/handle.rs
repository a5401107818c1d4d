//! What the server calls.

use store::{DeliveryRow, Store, StoreError, WebhookRow, WebhookState};
use tokio::sync::{mpsc, oneshot};

use crate::address::Policy;
use crate::client::Client;
use crate::event::{Event, EventKind};
use crate::limits::{EVENTS, MAX_WEBHOOKS};
use crate::queue::{Message, Queue, now_ms};
use crate::sign::Secret;
use crate::target::Target;

/// Webhooks: who is told, and what. Clones are the same.
#[derive(Debug, Clone)]
pub struct Webhooks {
    store: Store,
    policy: Policy,
    messages: mpsc::Sender<Message>,
}

/// Why a webhook was not made.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// Something given cannot be used; a sentence.
    #[error("{0}")]
    Invalid(String),
    /// There may be no more.
    #[error("there are {MAX_WEBHOOKS} webhooks: delete one first")]
    Full,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Webhooks, and the task that tells them.
pub fn channel(store: Store, policy: Policy) -> (Webhooks, Queue) {
    let (messages, received) = mpsc::channel(EVENTS);
    let client = Client::new(policy.clone(), tls::client_config());
    let queue = Queue::new(store.clone(), client, received);
    (Webhooks { store, policy, messages }, queue)
}

impl Webhooks {
    /// Calls by other rules from the next delivery on. Webhooks whose hosts are no longer allowed stay, and fail.
    pub fn configure(&self, policy: &Policy) {
        self.policy.replace(policy);
    }

    /// Something happened. This never waits: when too much does, the event is lost, with a warning in the log.
    pub fn happened(&self, event: Event) {
        let kind = event.kind.as_str();
        if self.messages.try_send(Message::Happened(event)).is_err() {
            tracing::warn!(event = kind, "an event for webhooks is lost: too much waits");
        }
    }

    /// Makes a webhook: for these events, or for all when none is named; with this secret, or a new one.
    ///
    /// # Errors
    /// When something given cannot be used, when there are too many, and when it cannot be written.
    pub async fn add(
        &self,
        url: &str,
        events: &[String],
        secret: Option<&str>,
    ) -> Result<WebhookRow, AddError> {
        Target::check(url, &self.policy).map_err(AddError::Invalid)?;
        let kinds = kinds(events).map_err(AddError::Invalid)?;
        let secret = match secret {
            Some(text) => Secret::parse(text).map_err(AddError::Invalid)?,
            None => Secret::new(rand::random()),
        };
        let row = WebhookRow {
            id: format!("wh_{:016x}", rand::random::<u64>()),
            url: url.to_owned(),
            events: kinds.iter().map(|it| it.as_str().to_owned()).collect(),
            secret: secret.as_str().to_owned(),
            made_ms: now_ms(),
        };
        match self.store.add_webhook(row.clone(), MAX_WEBHOOKS).await? {
            true => Ok(row),
            false => Err(AddError::Full),
        }
    }

    /// Deletes a webhook and what waits for it; whether it was there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn delete(&self, id: &str) -> Result<bool, StoreError> {
        let was_there = self.store.delete_webhook(id).await?;
        _ = self.messages.send(Message::Deleted(id.to_owned())).await;
        Ok(was_there)
    }

    /// All webhooks, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn all(&self) -> Result<Vec<WebhookState>, StoreError> {
        self.store.webhooks().await
    }

    /// Queues a [`EventKind::Ping`] for a webhook; whether it exists.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn ping(&self, id: &str) -> Result<bool, StoreError> {
        let event = Event {
            kind: EventKind::Ping,
            room: None,
            title: None,
            at_ms: now_ms(),
            fields: serde_json::Map::new(),
        };
        let (reply, queued) = oneshot::channel();
        _ = self.messages.send(Message::Tell(id.to_owned(), event, reply)).await;
        queued.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Deliveries of a webhook, the newest first; see [`Store::deliveries`].
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn deliveries(
        &self,
        id: &str,
        before: Option<i64>,
        n: usize,
    ) -> Result<Option<Vec<DeliveryRow>>, StoreError> {
        self.store.deliveries(id, before, n).await
    }

    /// Writes all that was told, and ends the task. Nothing is told afterwards.
    pub async fn finish(&self) {
        let (reply, done) = oneshot::channel();
        _ = self.messages.send(Message::Finish(reply)).await;
        _ = done.await;
    }
}

/// Each once, in the order of [`EventKind::ALL`]; all of them when none is named.
fn kinds(events: &[String]) -> Result<Vec<EventKind>, String> {
    let unknown = events.iter().find(|it| EventKind::parse(it).is_none());
    if let Some(unknown) = unknown {
        let known = EventKind::ALL.map(EventKind::as_str).join(", ");
        return Err(format!("events: {unknown:?} is none; there are {known}"));
    }
    let is_named = |kind: &EventKind| events.iter().any(|it| it == kind.as_str());
    Ok(EventKind::ALL.into_iter().filter(|it| events.is_empty() || is_named(it)).collect())
}
