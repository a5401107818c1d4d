//! Listens to an event stream. When the server ends the response, it reconnects, as browsers do.

use std::time::Duration;

use hyper::Uri;
use serde_json::Value;
use tokio::time::Instant;

use super::get;
use crate::http::{Http, Reply};
use crate::sse::{Event, Stream};

/// Between two requests.
const AGAIN: Duration = Duration::from_millis(100);

/// Who listens, and what was heard.
pub(super) struct Listener<'a> {
    http: &'a Http,
    uri: Uri,
    /// The first answer.
    pub(super) reply: Reply,
    stream: Option<Stream>,
    pub(super) seen: Vec<Event>,
}

impl<'a> Listener<'a> {
    pub(super) async fn open(http: &'a Http, uri: &Uri) -> Self {
        let (reply, body) = http.open(get(uri)).await;
        let stream = body.filter(|_| reply.is_success()).map(Stream::new);
        Self { http, uri: uri.clone(), reply, stream, seen: Vec::new() }
    }

    /// Waits for an event of this name from now on; returns its data.
    pub(super) async fn wait(&mut self, name: &str, within: Duration) -> Option<Value> {
        let until = Instant::now() + within;
        loop {
            let event = self.next(until).await?;
            if event.name.as_deref() == Some(name) {
                return Some(data(&event));
            }
        }
    }

    /// Reads until nothing comes for a while.
    pub(super) async fn drain(&mut self, quiet: Duration) {
        while self.next(Instant::now() + quiet).await.is_some() {}
    }

    /// The data of the last event of this name, if there was one.
    pub(super) fn last(&self, name: &str) -> Option<Value> {
        let mut seen = self.seen.iter().rev();
        seen.find(|it| it.name.as_deref() == Some(name)).map(data)
    }

    /// The request with all that came.
    pub(super) fn evidence(&self) -> Reply {
        let mut text = String::new();
        for it in &self.seen {
            let name = it.name.iter().map(|it| format!("event: {it}\n"));
            text.extend(name.chain(it.data.iter().map(|it| format!("data: {it}\n"))));
            text.push('\n');
        }
        self.http.with_body(&self.reply, &text)
    }

    async fn next(&mut self, until: Instant) -> Option<Event> {
        loop {
            if let Some(stream) = &mut self.stream {
                match tokio::time::timeout_at(until, stream.next()).await {
                    Ok(Some(event)) => {
                        self.seen.push(event.clone());
                        return Some(event);
                    }
                    Ok(None) => self.stream = None,
                    Err(_) => return None,
                }
            }
            if Instant::now() + AGAIN >= until {
                return None;
            }
            tokio::time::sleep(AGAIN).await;
            let (reply, body) = self.http.open(get(&self.uri)).await;
            self.stream = body.filter(|_| reply.is_success()).map(Stream::new);
        }
    }
}

fn data(event: &Event) -> Value {
    serde_json::from_str(&event.data.join("\n")).unwrap_or(Value::Null)
}
