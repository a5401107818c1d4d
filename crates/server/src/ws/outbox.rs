//! Messages that wait to be written to one WebSocket. The control plane never waits for a client: it puts a
//! message here, and a client that does not read is closed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::ws::Utf8Bytes;
use protocol::{CloseCode, ServerMessage};
use tokio::sync::Notify;

use crate::limits::{OUTBOX_BYTES, OUTBOX_MESSAGES};

/// What the writer does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outgoing {
    /// Write this text frame.
    Text(Utf8Bytes),
    /// Write a close frame and stop.
    Close(CloseCode),
}

/// The queue of one socket: at most [`OUTBOX_MESSAGES`] and [`OUTBOX_BYTES`].
///
/// When it is full, messages that a later one makes up for ([`Kind`]) are dropped; when
/// that is not enough, everything is dropped, and the socket closes with [`CloseCode::TooSlow`].
#[derive(Debug, Clone, Default)]
pub(crate) struct Outbox(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    queue: Mutex<Queue>,
    wake: Notify,
    closing: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    bytes: usize,
    close: Option<CloseCode>,
}

#[derive(Debug)]
struct Waiting {
    text: Utf8Bytes,
    kind: Kind,
}

/// Whether a later message makes up for this one: the next of the same kind does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    State,
    Viewers,
    LayerNow,
    Layers,
    Findings,
    StageQueue,
    Speaker,
    Lasting,
}

/// A message as it stands in a text frame.
pub(crate) fn serialize(message: &ServerMessage) -> Utf8Bytes {
    serde_json::to_string(message).expect("messages have string keys only").into()
}

impl Kind {
    fn of(message: &ServerMessage) -> Self {
        match message {
            ServerMessage::State(_) => Self::State,
            ServerMessage::Viewers { .. } => Self::Viewers,
            ServerMessage::LayerNow { .. } => Self::LayerNow,
            ServerMessage::Layers { .. } => Self::Layers,
            ServerMessage::Findings { .. } => Self::Findings,
            ServerMessage::StageQueue { .. } => Self::StageQueue,
            ServerMessage::Speaker { .. } => Self::Speaker,
            ServerMessage::Offer { .. }
            | ServerMessage::Answer { .. }
            | ServerMessage::Welcome { .. }
            | ServerMessage::Pong { .. }
            | ServerMessage::Clock { .. }
            | ServerMessage::Latency { .. }
            | ServerMessage::You(_)
            | ServerMessage::Chats { .. }
            | ServerMessage::Sent { .. }
            | ServerMessage::ChatRemoved { .. }
            | ServerMessage::Likes { .. }
            | ServerMessage::Desk(_)
            | ServerMessage::Stage { .. }
            | ServerMessage::Error { .. }
            | ServerMessage::Bye { .. } => Self::Lasting,
        }
    }
}

impl Outbox {
    /// Puts a message in the queue.
    pub(crate) fn send(&self, message: &ServerMessage) {
        self.push(message, serialize(message));
    }

    /// Puts a message in the queue that is serialised already: what many are told is shared.
    pub(crate) fn push(&self, message: &ServerMessage, text: Utf8Bytes) {
        let kind = Kind::of(message);
        let mut queue = self.lock();
        if queue.close.is_some() {
            return;
        }
        queue.bytes += text.len();
        queue.waiting.push_back(Waiting { text, kind });
        if queue.is_over() {
            queue.drop_outdated();
        }
        if queue.is_over() {
            queue.waiting.clear();
            queue.bytes = 0;
            queue.close = Some(CloseCode::TooSlow);
            self.0.closing.notify_one();
        }
        drop(queue);
        self.0.wake.notify_one();
    }

    /// Closes the socket after what waits. The first reason holds.
    pub(crate) fn close(&self, code: CloseCode) {
        self.lock().close.get_or_insert(code);
        self.0.closing.notify_one();
        self.0.wake.notify_one();
    }

    /// Waits until the socket is to be closed. For one task only.
    pub(crate) async fn closing(&self) {
        while self.close_code().is_none() {
            self.0.closing.notified().await;
        }
    }

    /// The next thing to write. For one task only.
    pub(crate) async fn next(&self) -> Outgoing {
        loop {
            if let Some(outgoing) = self.lock().pop() {
                return outgoing;
            }
            self.0.wake.notified().await;
        }
    }

    /// Whether the socket is to be closed.
    pub(crate) fn close_code(&self) -> Option<CloseCode> {
        self.lock().close
    }

    /// The lock is held for a few instructions, never across an await.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn is_over(&self) -> bool {
        self.waiting.len() > OUTBOX_MESSAGES || self.bytes > OUTBOX_BYTES
    }

    /// Drops what is made up for by a later message that waits too.
    fn drop_outdated(&mut self) {
        let mut seen = Vec::new();
        let mut kept = VecDeque::with_capacity(self.waiting.len());
        for waiting in self.waiting.drain(..).rev() {
            if waiting.kind == Kind::Lasting || !seen.contains(&waiting.kind) {
                seen.push(waiting.kind);
                kept.push_front(waiting);
            }
        }
        self.waiting = kept;
        self.bytes = self.waiting.iter().map(|waiting| waiting.text.len()).sum();
    }

    fn pop(&mut self) -> Option<Outgoing> {
        if let Some(waiting) = self.waiting.pop_front() {
            self.bytes -= waiting.text.len();
            return Some(Outgoing::Text(waiting.text));
        }
        self.close.map(Outgoing::Close)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn viewers(n: u32) -> ServerMessage {
        ServerMessage::Viewers { n, peak: n }
    }

    fn offer(bytes: usize) -> ServerMessage {
        ServerMessage::Offer { sdp: "v".repeat(bytes), pc: None, neg: None }
    }

    #[tokio::test]
    async fn what_a_later_message_makes_up_for_is_dropped_first() {
        let outbox = Outbox::default();
        outbox.send(&offer(10));
        for n in 0..1000 {
            outbox.send(&viewers(n));
            assert_eq!(outbox.close_code(), None);
        }
        let Outgoing::Text(first) = outbox.next().await else { panic!("an offer comes first") };
        assert!(first.contains("offer"));
        outbox.close(CloseCode::Normal);
        let mut last = Utf8Bytes::default();
        let mut n = 0;
        while let Outgoing::Text(text) = outbox.next().await {
            last = text;
            n += 1;
        }
        assert!(n < OUTBOX_MESSAGES);
        assert!(last.contains("999"), "{last}");
    }

    #[tokio::test]
    async fn a_client_that_does_not_read_is_closed_by_count_and_by_bytes() {
        for (bytes, at_most) in [(10, OUTBOX_MESSAGES), (40_000, OUTBOX_BYTES / 40_000)] {
            let outbox = Outbox::default();
            let send = |_: &usize| {
                outbox.send(&offer(bytes));
                outbox.close_code().is_none()
            };
            let sent = (0..1000).take_while(send).count();
            assert!(sent <= at_most && sent + 2 > at_most, "{sent} of {at_most}");
            assert_eq!(outbox.next().await, Outgoing::Close(CloseCode::TooSlow));
        }
    }
}
