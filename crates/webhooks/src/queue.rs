//! The task: takes events, starts tries, writes what came of them.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use store::{DeliveryState, NewDelivery, Store, StoreError, Tried, WaitingRow};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::backoff;
use crate::client::{Answer, Client, Outgoing, Post};
use crate::event::Event;
use crate::lanes::Lanes;
use crate::limits::{ERROR_CHARS, EVENTS, FINISH_WITHIN, LONGEST_RETRY, STORE_RETRY, TRY_FOR};
use crate::rate::Rate;
use crate::sign::Secret;

/// What the task is told.
#[derive(Debug)]
pub(crate) enum Message {
    /// Something happened.
    Happened(Event),
    /// One webhook alone is to be told something, if it exists.
    Tell(String, Event, oneshot::Sender<Result<bool, StoreError>>),
    /// A webhook was deleted.
    Deleted(String),
    /// The server stops: what was said before is written when this is answered.
    Finish(oneshot::Sender<()>),
}

/// The queue, to be run as a task.
#[derive(Debug)]
pub struct Queue(Task<Client>);

impl Queue {
    pub(crate) fn new(store: Store, client: Client, messages: mpsc::Receiver<Message>) -> Self {
        Self(Task::new(store, client, messages))
    }

    /// Runs until the server stops.
    pub async fn run(self) {
        self.0.run(now_ms).await;
    }
}

/// The queue, with what sends deliveries.
#[derive(Debug)]
pub(crate) struct Task<P> {
    store: Store,
    client: P,
    messages: mpsc::Receiver<Message>,
    lanes: Lanes,
    rate: Rate,
    pub(crate) tries: JoinSet<Try>,
    /// What a disk that failed could not take; at most [`EVENTS`], beyond it the oldest is lost.
    unwritten: VecDeque<NewDelivery>,
    /// What came of tries, likewise. A room of a webhook has one at most.
    unsaved: Vec<(Try, Tried)>,
    /// When the disk is tried again.
    write_at_ms: i64,
    /// What waited when the server started is in the lanes.
    is_loaded: bool,
}

/// A try that is over.
#[derive(Debug)]
pub(crate) struct Try {
    webhook: String,
    room: String,
    n: i64,
    at_ms: i64,
    tries: u32,
    result: Result<Answer, String>,
}

impl<P: Post> Task<P> {
    pub(crate) fn new(store: Store, client: P, messages: mpsc::Receiver<Message>) -> Self {
        Self {
            store,
            client,
            messages,
            lanes: Lanes::default(),
            rate: Rate::default(),
            tries: JoinSet::new(),
            unwritten: VecDeque::new(),
            unsaved: Vec::new(),
            write_at_ms: 0,
            is_loaded: false,
        }
    }

    /// Runs until the server stops. `now_ms` is the time in milliseconds since the Unix epoch.
    async fn run(mut self, now_ms: impl Fn() -> i64) {
        loop {
            let wait = self.turn(now_ms()).await;
            let idle = async {
                match wait {
                    Some(wait) => sleep(wait).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                Some(over) = self.tries.join_next() => self.over(over, now_ms()).await,
                message = self.messages.recv() => match message {
                    Some(Message::Finish(reply)) => {
                        self.finish(&now_ms).await;
                        _ = reply.send(());
                        return;
                    }
                    Some(message) => self.hear(message, now_ms()).await,
                    None => return,
                },
                () = idle => {}
            }
        }
    }

    /// What waited when the server stopped is tried at once: it may be long since the receiver was away.
    async fn load(&mut self, now_ms: i64) {
        match self.store.waiting_deliveries().await {
            Ok(waiting) => {
                for (webhook, room, due_ms) in waiting {
                    self.lanes.add(&webhook, &room, due_ms.min(now_ms));
                }
                self.is_loaded = true;
            }
            Err(error) => self.write_later(now_ms, &error),
        }
    }

    /// Does what is due; how long nothing is then.
    pub(crate) async fn turn(&mut self, now_ms: i64) -> Option<Duration> {
        self.write(now_ms).await;
        self.start(now_ms).await;
        self.wait(now_ms)
    }

    pub(crate) async fn hear(&mut self, message: Message, now_ms: i64) {
        match message {
            Message::Happened(event) => {
                if self.unwritten.len() >= EVENTS {
                    self.unwritten.pop_front();
                    tracing::warn!("an event for webhooks is lost: the disk takes nothing");
                }
                self.unwritten.push_back(delivery(&event));
                self.write(now_ms).await;
            }
            Message::Tell(webhook, event, reply) => {
                let queued = self.queue(delivery(&event), Some(&webhook), now_ms).await;
                _ = reply.send(queued.map(|n| n > 0));
            }
            Message::Deleted(webhook) => self.lanes.forget(&webhook),
            Message::Finish(_) => {}
        }
    }

    /// Puts an event into the queue; how many webhooks are to be told.
    async fn queue(
        &mut self,
        delivery: NewDelivery,
        only: Option<&str>,
        now_ms: i64,
    ) -> Result<usize, StoreError> {
        let room = delivery.room.clone();
        let webhooks = self.store.queue_delivery(delivery, only).await?;
        for webhook in &webhooks {
            self.lanes.add(webhook, &room, now_ms);
        }
        Ok(webhooks.len())
    }

    /// Reads and writes what could not be read or written before.
    async fn write(&mut self, now_ms: i64) {
        if now_ms < self.write_at_ms && !is_far(self.write_at_ms, now_ms) {
            return;
        }
        if !self.is_loaded {
            self.load(now_ms).await;
        }
        while let Some(delivery) = self.unwritten.front().cloned() {
            match self.queue(delivery, None, now_ms).await {
                Ok(_) => _ = self.unwritten.pop_front(),
                Err(error) => return self.write_later(now_ms, &error),
            }
        }
        while let Some((over, tried)) = self.unsaved.pop() {
            if let Err(error) = self.store.delivery_tried(over.n, tried.clone()).await {
                self.unsaved.push((over, tried));
                return self.write_later(now_ms, &error);
            }
            self.follow(&over, &tried, now_ms);
        }
    }

    fn write_later(&mut self, now_ms: i64, error: &StoreError) {
        tracing::warn!(%error, "webhooks wait for the disk");
        self.write_at_ms = now_ms + ms(STORE_RETRY);
    }

    /// Starts what is due, as far as the rate lets it.
    async fn start(&mut self, now_ms: i64) {
        while self.rate.wait_ms(now_ms) == 0
            && let Some((webhook, room)) = self.lanes.take(now_ms)
        {
            match self.store.next_delivery(&webhook, &room).await {
                Ok(Some(row)) => {
                    self.rate.take(now_ms);
                    self.start_one(webhook, row, now_ms);
                }
                Ok(None) => self.lanes.done(&webhook, &room),
                Err(error) => {
                    tracing::debug!(%error, "the queue of webhooks cannot be read");
                    self.lanes.retry(&webhook, &room, now_ms + ms(STORE_RETRY));
                }
            }
        }
    }

    fn start_one(&mut self, webhook: String, row: WaitingRow, now_ms: i64) {
        let WaitingRow { n, delivery, tries, url, secret } = row;
        let NewDelivery { id, room, event, body, at_ms } = delivery;
        tracing::debug!(webhook, room, event, id, tries, "telling a webhook");
        let signed = Secret::of_row(secret).sign(&webhook, &id, &body, now_ms);
        let post = self.client.post(Outgoing { url, body, signed });
        self.tries.spawn(async move {
            // A task of its own, so that a panic in it is an outcome as well.
            let result = tokio::spawn(post).await;
            let result = result.unwrap_or_else(|_| Err("a fault of ours: please report it".into()));
            Try { webhook, room, n, at_ms, tries, result }
        });
    }

    /// A try is over.
    pub(crate) async fn over(&mut self, over: Result<Try, tokio::task::JoinError>, now_ms: i64) {
        let Ok(over) = over else { return };
        let tried = tried(&over, now_ms, rand::random());
        let (webhook, room) = (&over.webhook, &over.room);
        match (tried.state, &tried.error) {
            (DeliveryState::Failed, Some(error)) => {
                tracing::warn!(
                    webhook,
                    room,
                    error,
                    "an event was given up: its webhook does not take it"
                );
            }
            (DeliveryState::Waiting { .. }, Some(error)) if over.tries == 0 => {
                tracing::warn!(
                    webhook,
                    room,
                    error,
                    "a webhook does not take an event; trying again"
                );
            }
            _ => {}
        }
        if let Err(error) = self.store.delivery_tried(over.n, tried.clone()).await {
            self.write_later(now_ms, &error);
            return self.unsaved.push((over, tried));
        }
        self.follow(&over, &tried, now_ms);
    }

    /// What came of a try is written: when the next one of the room is due.
    fn follow(&mut self, over: &Try, tried: &Tried, now_ms: i64) {
        let due_ms = match tried.state {
            DeliveryState::Waiting { next_ms } => next_ms,
            // Whether there is another is seen when it is looked for.
            DeliveryState::Delivered | DeliveryState::Failed => now_ms,
        };
        self.lanes.retry(&over.webhook, &over.room, due_ms);
    }

    /// How long nothing is to be done.
    fn wait(&self, now_ms: i64) -> Option<Duration> {
        let next = self.lanes.next_ms().map(|at| at.max(now_ms + self.rate.wait_ms(now_ms)));
        let is_done = self.is_loaded && self.unwritten.is_empty() && self.unsaved.is_empty();
        let write = (!is_done).then_some(self.write_at_ms);
        let at = next.into_iter().chain(write).min()?;
        // No longer than the longest wait: the clock may be set back meanwhile.
        let wait = u64::try_from(at - now_ms).unwrap_or_default();
        Some(Duration::from_millis(wait).min(LONGEST_RETRY))
    }

    /// Writes what was said, and gives tries a moment to end.
    pub(crate) async fn finish(&mut self, now_ms: &impl Fn() -> i64) {
        self.write_at_ms = 0;
        self.write(now_ms()).await;
        let tries = async {
            self.start(now_ms()).await;
            while let Some(over) = self.tries.join_next().await {
                self.over(over, now_ms()).await;
                self.start(now_ms()).await;
            }
        };
        _ = timeout(FINISH_WITHIN, tries).await;
    }
}

fn delivery(event: &Event) -> NewDelivery {
    let id = format!("evt_{:032x}", rand::random::<u128>());
    NewDelivery {
        body: event.body(&id),
        id,
        room: event.room.clone().unwrap_or_default(),
        event: event.kind.as_str().into(),
        at_ms: event.at_ms,
    }
}

/// What a try came to.
fn tried(over: &Try, now_ms: i64, jitter: f64) -> Tried {
    let (code, retry_after, error) = match &over.result {
        Ok(Answer { status, retry_after, error }) => (Some(*status), *retry_after, error.clone()),
        Err(error) => (None, None, Some(error.clone())),
    };
    let error = error.map(|it| it.chars().take(ERROR_CHARS).collect());
    let wait = ms(backoff::wait(over.tries + 1, retry_after, jitter));
    let next_ms = now_ms + wait;
    let state = if error.is_none() {
        DeliveryState::Delivered
    } else if next_ms - over.at_ms > ms(TRY_FOR) {
        DeliveryState::Failed
    } else {
        DeliveryState::Waiting { next_ms }
    };
    Tried { at_ms: now_ms, code, error, state }
}

/// Whether a time is further ahead than anything waits: the clock was set back.
fn is_far(at_ms: i64, now_ms: i64) -> bool {
    at_ms - now_ms > ms(LONGEST_RETRY)
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

pub(crate) fn now_ms() -> i64 {
    ms(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}
