//! Receivers that are only played, on virtual time.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use store::{Store, WebhookRow};
use tokio::sync::{mpsc, watch};
use tokio::task::yield_now;

use crate::client::{Answer, Outgoing, Post};
use crate::event::{Event, EventKind};
use crate::limits::ANSWER_WITHIN;
use crate::queue::{Message, Task};

const EPOCH_MS: i64 = 1_700_000_000_000;

/// What a receiver does with a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Does {
    Takes,
    Refuses,
    /// It answers when the deadline is over.
    Hangs,
}

/// All receivers, by URL; those that nothing is said of take everything.
#[derive(Debug, Clone)]
pub(super) struct Receivers {
    now_ms: watch::Sender<i64>,
    does: Arc<Mutex<HashMap<String, Does>>>,
    taken: Arc<Mutex<Vec<(String, Value)>>>,
    /// When those that hang are given up.
    deadlines: Arc<Mutex<BTreeSet<i64>>>,
}

impl Receivers {
    pub(super) fn new() -> Self {
        Self {
            now_ms: watch::Sender::new(EPOCH_MS),
            does: Arc::default(),
            taken: Arc::default(),
            deadlines: Arc::default(),
        }
    }

    fn now_ms(&self) -> i64 {
        *self.now_ms.borrow()
    }

    pub(super) fn set(&self, name: &str, does: Does) {
        self.does.lock().unwrap().insert(url(name), does);
    }

    /// What a receiver has taken: rooms, and what was told of them.
    pub(super) fn taken(&self, name: &str) -> Vec<(String, Value)> {
        let taken = self.taken.lock().unwrap();
        let of = taken.iter().filter(|(at, _)| *at == url(name));
        let room = |body: &Value| body["room"]["name"].as_str().unwrap_or_default().to_owned();
        of.map(|(_, body)| (room(body), body.clone())).collect()
    }
}

impl Post for Receivers {
    fn post(
        &self,
        outgoing: Outgoing,
    ) -> impl Future<Output = Result<Answer, String>> + Send + 'static {
        let receivers = self.clone();
        async move {
            let Outgoing { url, body, .. } = outgoing;
            let does = receivers.does.lock().unwrap().get(&url).copied().unwrap_or(Does::Takes);
            match does {
                Does::Takes => {
                    let body = serde_json::from_str(&body).unwrap();
                    receivers.taken.lock().unwrap().push((url, body));
                    Ok(Answer { status: 200, retry_after: None, error: None })
                }
                Does::Refuses => {
                    let error = Some("it answered 503".to_owned());
                    Ok(Answer { status: 503, retry_after: None, error })
                }
                Does::Hangs => {
                    let wait_ms = i64::try_from(ANSWER_WITHIN.as_millis()).unwrap();
                    let deadline = receivers.now_ms() + wait_ms;
                    receivers.deadlines.lock().unwrap().insert(deadline);
                    let mut time = receivers.now_ms.subscribe();
                    time.wait_for(|now_ms| *now_ms >= deadline).await.unwrap();
                    Err("no answer within 10 s".into())
                }
            }
        }
    }
}

/// The queue of a server that runs.
pub(super) struct Server {
    pub(super) store: Store,
    receivers: Receivers,
    task: Task<Receivers>,
}

impl Server {
    pub(super) fn start(store: Store, receivers: &Receivers) -> Self {
        let task = Task::new(store.clone(), receivers.clone(), mpsc::channel(1).1);
        Self { store, receivers: receivers.clone(), task }
    }

    /// Makes a webhook at `https://{name}/`.
    pub(super) async fn add(&self, name: &str, events: &[EventKind]) {
        let row = WebhookRow {
            id: name.into(),
            url: url(name),
            events: events.iter().map(|it| it.as_str().to_owned()).collect(),
            secret: "a secret of the test".into(),
            made_ms: 0,
        };
        assert!(self.store.add_webhook(row, 100).await.unwrap());
    }

    /// Something happens in a room; `n` numbers it.
    pub(super) async fn happens(&mut self, kind: EventKind, room: &str, n: usize) {
        let event = Event {
            kind,
            room: Some(room.into()),
            title: None,
            at_ms: self.now_ms(),
            fields: serde_json::Map::from_iter([("n".into(), n.into())]),
        };
        self.task.hear(Message::Happened(event), self.now_ms()).await;
    }

    fn now_ms(&self) -> i64 {
        self.receivers.now_ms()
    }

    /// Does all that can be done now; when there is something next.
    async fn settle(&mut self) -> Option<i64> {
        loop {
            let now_ms = self.now_ms();
            let wait = self.task.turn(now_ms).await;
            // A try is a task in a task: some turns of the runtime.
            for _ in 0..8 {
                yield_now().await;
            }
            let mut is_settled = true;
            while let Some(over) = self.task.tries.try_join_next() {
                self.task.over(over, now_ms).await;
                is_settled = false;
            }
            if is_settled {
                let deadlines = self.receivers.deadlines.lock().unwrap();
                let deadline = deadlines.iter().copied().find(|at| *at > now_ms);
                let due = wait.map(|wait| now_ms + i64::try_from(wait.as_millis()).unwrap());
                return due.into_iter().chain(deadline).min();
            }
        }
    }

    /// Time passes.
    pub(super) async fn advance(&mut self, by: Duration) {
        let until = self.now_ms() + i64::try_from(by.as_millis()).unwrap();
        while let Some(next) = self.settle().await
            && next <= until
        {
            self.receivers.now_ms.send_replace(next);
        }
        self.receivers.now_ms.send_replace(until);
        self.settle().await;
    }

    /// Time passes until nothing waits for a webhook; how long that takes.
    pub(super) async fn until_told(&mut self, name: &str) -> Duration {
        let began = self.now_ms();
        while self.waiting(name).await > 0 {
            self.advance(Duration::from_secs(1)).await;
        }
        Duration::from_millis((self.now_ms() - began).unsigned_abs())
    }

    /// How many deliveries wait for a webhook.
    pub(super) async fn waiting(&self, name: &str) -> i64 {
        let all = self.store.webhooks().await.unwrap();
        all.iter().find(|it| it.row.id == name).unwrap().waiting
    }

    /// The server stops in good order.
    pub(super) async fn stop(mut self) {
        let receivers = self.receivers.clone();
        self.task.finish(&|| receivers.now_ms()).await;
        self.store.finish();
    }

    /// The server is killed.
    pub(super) fn kill(self) {
        drop(self.task);
        self.store.finish();
    }
}

fn url(name: &str) -> String {
    format!("https://{name}/")
}
