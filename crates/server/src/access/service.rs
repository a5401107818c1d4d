//! The operator's service decides who may do what: the `POST` form of MediaMTX's external authentication.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use auth::{Action, Denied, Grant, Issuer, Shown};
use axum::http::Uri;
use protocol::RoomName;
use serde::Serialize;
use tokio::sync::Semaphore;

use super::Wish;
use super::http::Http;

/// How long the service may take. Then the answer is no.
pub(super) const SERVICE_WITHIN: Duration = Duration::from_secs(2);

/// Questions that are under way at once: a crowd must not bring the service down. Others wait for their turn, within
/// [`SERVICE_WITHIN`].
pub(super) const SERVICE_QUESTIONS: usize = 64;

/// The answers that are kept, as long as each says; beyond it none is until some have passed.
pub(super) const SERVICE_ANSWERS: usize = 10_000;

/// The longest that an answer is kept, whatever it says.
pub(super) const SERVICE_MAX_AGE: Duration = Duration::from_secs(3600);

/// How often a service that does not answer is logged.
const WARN_EVERY: Duration = Duration::from_secs(10);

/// The service. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Service(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    http: Http,
    turns: Semaphore,
    /// Held for a few instructions, never across an await.
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    answers: HashMap<Key, (bool, Instant)>,
    warned: Option<Instant>,
}

/// Who wants what, by what. All of it is in the question, so that no answer is given to another.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    ip: String,
    action: Action,
    room: RoomName,
    text: String,
    query: String,
}

/// The question.
#[derive(Debug, Serialize)]
struct Question<'a> {
    ip: String,
    user: &'a str,
    password: &'a str,
    token: &'a str,
    action: &'a str,
    path: &'a str,
    protocol: &'a str,
    id: String,
    query: &'a str,
}

impl Service {
    pub(crate) fn new(uri: Uri) -> Self {
        Self(Arc::new(Inner {
            http: Http::new(uri, SERVICE_WITHIN),
            turns: Semaphore::new(SERVICE_QUESTIONS),
            known: Mutex::default(),
        }))
    }

    /// What the service says. Without an answer it is no.
    pub(super) async fn ask(&self, wish: Wish<'_>) -> Shown {
        let Wish { client, action, room, text, query } = wish;
        let key = Key {
            ip: client.ip.to_string(),
            action,
            room: room.clone(),
            text: text.unwrap_or_default().to_owned(),
            query: query.to_owned(),
        };
        let may = match self.known(&key) {
            Some(may) => may,
            None => self.ask_anew(key).await?,
        };
        if !may {
            return Err(Denied::ServiceRefused);
        }
        Ok(Arc::new(Grant {
            by: Issuer::Service,
            room: room.clone(),
            can_publish: action == Action::Publish,
            can_watch: true,
            can_chat: true,
            is_admin: false,
            name: None,
        }))
    }

    async fn ask_anew(&self, key: Key) -> Result<bool, Denied> {
        let text = question(&key);
        let turn = tokio::time::timeout(SERVICE_WITHIN, self.0.turns.acquire()).await;
        let answer = match turn {
            Ok(Ok(_turn)) => self.0.http.ask(Some(text)).await,
            Ok(Err(_)) | Err(_) => Err("too many questions are under way".into()),
        };
        match answer {
            Ok(answer) if answer.status < 500 => {
                let may = (200..=209).contains(&answer.status);
                self.keep(key, may, Duration::from_secs(answer.max_age_s));
                Ok(may)
            }
            Ok(answer) => self.is_silent(&format!("it answered {}", answer.status)),
            Err(why) => self.is_silent(&why),
        }
    }

    fn is_silent(&self, why: &str) -> Result<bool, Denied> {
        let now = Instant::now();
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_quiet = known.warned.is_none_or(|at| now.duration_since(at) >= WARN_EVERY);
        if is_quiet {
            known.warned = Some(now);
            tracing::warn!(why, "the service that decides does not answer: nobody new is let in");
        }
        Err(Denied::ServiceSilent)
    }

    fn known(&self, key: &Key) -> Option<bool> {
        let known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.answers.get(key).filter(|(_, until)| Instant::now() < *until).map(|(may, _)| *may)
    }

    fn keep(&self, key: Key, may: bool, age: Duration) {
        if age.is_zero() {
            return;
        }
        let now = Instant::now();
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.answers.len() >= SERVICE_ANSWERS {
            known.answers.retain(|_, (_, until)| now < *until);
        }
        if known.answers.len() < SERVICE_ANSWERS {
            known.answers.insert(key, (may, now + age.min(SERVICE_MAX_AGE)));
        }
    }
}

/// A text with a colon is a user and a password, as MediaMTX has it; any other is a token.
fn question(key: &Key) -> String {
    let is_token = tokens::is_token(&key.text);
    let (user, password) = key.text.split_once(':').filter(|_| !is_token).unwrap_or_default();
    let question = Question {
        ip: key.ip.clone(),
        user,
        password,
        token: if user.is_empty() { &key.text } else { "" },
        action: match key.action {
            Action::Publish => "publish",
            Action::Watch => "read",
        },
        path: key.room.as_str(),
        protocol: "webrtc",
        id: format!("{:032x}", rand::random::<u128>()),
        query: &key.query,
    };
    serde_json::to_string(&question).unwrap_or_default()
}
