//! Messages that wait to be written to one WebSocket. The control plane never waits for a client: it puts a
//! message here, and a client that does not read is closed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::ws::Utf8Bytes;
use protocol::{CloseCode, ServerMessage};
use tokio::sync::Notify;

use crate::limits::{OUTBOX_BYTES, OUTBOX_CHAT_BYTES, OUTBOX_CHAT_MESSAGES, OUTBOX_MESSAGES};

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
/// What people say has a bound of its own, [`OUTBOX_CHAT_MESSAGES`] and [`OUTBOX_CHAT_BYTES`]: beyond it the oldest is
/// dropped, and the client is told how many lines it missed. When the queue is full, all of that is dropped; then messages
/// that a later one makes up for ([`Kind`]); when that is not enough, everything is, and the socket closes with
/// [`CloseCode::TooSlow`].
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
    /// Lines of the chat that were dropped; the client is told before the next ones.
    gap: u32,
    close: Option<CloseCode>,
}

#[derive(Debug)]
struct Waiting {
    text: Utf8Bytes,
    kind: Kind,
}

/// Which messages may be dropped, and which make up for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// So many lines of the chat. They are dropped first.
    Lines(u32),
    /// They are dropped first, too.
    Likes,
    /// What was said before: longer than lines, and sent once.
    History(u32),
    // The next of the same kind makes up for these.
    Desk,
    State,
    Viewers,
    LayerNow,
    Layers,
    Findings,
    Latency,
    StageQueue,
    Speaker,
    Rewound,
    /// It is never dropped.
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
            ServerMessage::Latency { .. } => Self::Latency,
            ServerMessage::Rewound { .. } => Self::Rewound,
            ServerMessage::Chats { items, skipped, history } => {
                let n = u32::try_from(items.len()).unwrap_or(u32::MAX).saturating_add(*skipped);
                if *history { Self::History(n) } else { Self::Lines(n) }
            }
            ServerMessage::Likes { .. } => Self::Likes,
            ServerMessage::Desk(_) => Self::Desk,
            ServerMessage::StageQueue { .. } => Self::StageQueue,
            ServerMessage::Speaker { .. } => Self::Speaker,
            ServerMessage::Offer { .. }
            | ServerMessage::Answer { .. }
            | ServerMessage::Welcome { .. }
            | ServerMessage::Pong { .. }
            | ServerMessage::Clock { .. }
            | ServerMessage::You(_)
            | ServerMessage::Sent { .. }
            | ServerMessage::ChatRemoved { .. }
            | ServerMessage::Stage { .. }
            | ServerMessage::Error { .. }
            | ServerMessage::Bye { .. } => Self::Lasting,
        }
    }
}

impl Kind {
    /// Whether it is what people say, which has a bound of its own.
    fn is_chat(self) -> bool {
        matches!(self, Self::Lines(_) | Self::Likes)
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
        if kind.is_chat() {
            queue.drop_chat(OUTBOX_CHAT_MESSAGES, OUTBOX_CHAT_BYTES);
        }
        if queue.is_over() {
            queue.drop_chat(0, 0);
        }
        if queue.is_over() {
            queue.drop_outdated();
        }
        if queue.is_over() {
            queue.drop_history();
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

    /// Drops the oldest of what people say, until no more than this is left of it.
    fn drop_chat(&mut self, messages: usize, bytes: usize) {
        let chat = || self.waiting.iter().filter(|waiting| waiting.kind.is_chat());
        let (mut n, mut n_bytes) = (chat().count(), chat().map(|it| it.text.len()).sum::<usize>());
        if n <= messages && n_bytes <= bytes {
            return;
        }
        let gap = &mut self.gap;
        self.waiting.retain(|waiting| {
            let is_dropped = waiting.kind.is_chat() && (n > messages || n_bytes > bytes);
            if is_dropped {
                n -= 1;
                n_bytes -= waiting.text.len();
                if let Kind::Lines(n) = waiting.kind {
                    *gap = gap.saturating_add(n);
                }
            }
            !is_dropped
        });
        self.count_bytes();
    }

    /// Drops what was said before the client came, if it still waits for that.
    fn drop_history(&mut self) {
        let gap = &mut self.gap;
        self.waiting.retain(|waiting| match waiting.kind {
            Kind::History(n) => {
                *gap = gap.saturating_add(n);
                false
            }
            _ => true,
        });
        self.count_bytes();
    }

    fn count_bytes(&mut self) {
        self.bytes = self.waiting.iter().map(|waiting| waiting.text.len()).sum();
    }

    /// Drops what is made up for by a later message that waits too.
    fn drop_outdated(&mut self) {
        let mut seen = Vec::new();
        let mut kept = VecDeque::with_capacity(self.waiting.len());
        for waiting in self.waiting.drain(..).rev() {
            let is_lasting = matches!(waiting.kind, Kind::Lasting | Kind::History(_));
            if is_lasting || !seen.contains(&waiting.kind) {
                seen.push(waiting.kind);
                kept.push_front(waiting);
            }
        }
        self.waiting = kept;
        self.count_bytes();
    }

    fn pop(&mut self) -> Option<Outgoing> {
        let next = self.waiting.front().map(|waiting| waiting.kind);
        if self.gap > 0 && matches!(next, None | Some(Kind::Lines(_))) {
            let skipped = std::mem::take(&mut self.gap);
            let message = ServerMessage::Chats { items: Vec::new(), skipped, history: false };
            return Some(Outgoing::Text(serialize(&message)));
        }
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

    fn line(mid: u64, chars: usize) -> ServerMessage {
        let by = serde_json::json!({"mid": mid, "uid": "p", "name": "Ann", "standing": "fan",
            "text": "字".repeat(chars), "ts": 0.0});
        let item = serde_json::from_value(by).unwrap();
        ServerMessage::Chats { items: vec![item], skipped: 0, history: false }
    }

    fn history() -> ServerMessage {
        ServerMessage::Chats { items: Vec::new(), skipped: 0, history: true }
    }

    /// What a client reads at last: the numbers of lines, those that it missed, and the types of all else.
    async fn read(outbox: &Outbox) -> (Vec<u64>, u32, Vec<String>) {
        outbox.close(CloseCode::Normal);
        let (mut lines, mut missed, mut others) = (Vec::new(), 0, Vec::new());
        while let Outgoing::Text(text) = outbox.next().await {
            match serde_json::from_str(&text).unwrap() {
                ServerMessage::Chats { items, skipped, history: false } => {
                    assert!(skipped == 0 || lines.is_empty(), "the gap is where the lines were");
                    missed += skipped;
                    lines.extend(items.iter().map(|item| item.mid));
                }
                other => {
                    let value = serde_json::to_value(&other).unwrap();
                    others.push(value["type"].as_str().unwrap().to_owned());
                }
            }
        }
        (lines, missed, others)
    }

    #[tokio::test]
    async fn lines_are_dropped_before_anything_else_and_the_gap_is_told() {
        for (chars, at_most) in [(1, OUTBOX_CHAT_MESSAGES), (200, OUTBOX_CHAT_BYTES / 600)] {
            let outbox = Outbox::default();
            outbox.send(&history());
            outbox.send(&viewers(1));
            for mid in 0..1000 {
                outbox.send(&line(mid, chars));
                assert_eq!(outbox.close_code(), None, "nobody is closed for what others say");
            }
            outbox.send(&viewers(2));
            let (lines, missed, others) = read(&outbox).await;
            assert!(lines.len() <= at_most && lines.len() * 2 > at_most, "{}", lines.len());
            assert_eq!(lines.last(), Some(&999), "the newest are left");
            assert_eq!(lines.len() + missed as usize, 1000);
            assert_eq!(others, ["chats", "viewers", "viewers"], "no state gives way to lines");
        }
    }

    #[tokio::test]
    async fn in_a_full_queue_lines_give_way_to_what_must_arrive() {
        let outbox = Outbox::default();
        for mid in 0..10 {
            outbox.send(&line(mid, 200));
        }
        for _ in 0..6 {
            outbox.send(&offer(OUTBOX_BYTES / 6 - 100));
        }
        assert_eq!(outbox.close_code(), None);
        let (lines, missed, others) = read(&outbox).await;
        assert_eq!((lines.len(), missed, others.len()), (0, 10, 6));
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
