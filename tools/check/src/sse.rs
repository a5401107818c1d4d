//! Reads server-sent events (WHATWG HTML, section 9.2) from a response body.

use std::collections::VecDeque;

use http_body_util::BodyExt;
use hyper::body::Incoming;

/// One event, as it stood on the wire.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Event {
    /// `None` when it did not say.
    pub(crate) name: Option<String>,
    /// Its data lines.
    pub(crate) data: Vec<String>,
}

/// A stream of events that is read.
pub(crate) struct Stream {
    body: Incoming,
    parser: Parser,
    queue: VecDeque<Event>,
}

impl Stream {
    pub(crate) fn new(body: Incoming) -> Self {
        Self { body, parser: Parser::default(), queue: VecDeque::new() }
    }

    /// The next event; `None` when the stream ended. Safe to give up in between.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.queue.pop_front() {
                return Some(event);
            }
            let frame = self.body.frame().await?.ok()?;
            if let Some(bytes) = frame.data_ref() {
                self.queue.extend(self.parser.feed(bytes));
            }
        }
    }
}

/// Puts lines together to events.
#[derive(Default)]
struct Parser {
    line: Vec<u8>,
    event: Event,
    after_cr: bool,
}

impl Parser {
    fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        for byte in bytes {
            let follows_cr = std::mem::replace(&mut self.after_cr, *byte == b'\r');
            match byte {
                b'\n' if follows_cr => {}
                b'\r' | b'\n' => {
                    let line = std::mem::take(&mut self.line);
                    events.extend(self.take(&String::from_utf8_lossy(&line)));
                }
                _ => self.line.push(*byte),
            }
        }
        events
    }

    fn take(&mut self, line: &str) -> Option<Event> {
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return (event != Event::default()).then_some(event);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value).to_owned();
        match field {
            "event" => self.event.name = Some(value),
            "data" => self.event.data.push(value),
            // Comments, ids and times to retry.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_however_they_are_cut() {
        let text = ": hello\r\n\r\nevent: active\r\nid: 1\r\ndata: {}\r\n\r\ndata:a\ndata: b\n\nevent: x\n";
        let expected = [
            Event { name: Some("active".into()), data: vec!["{}".into()] },
            Event { name: None, data: vec!["a".into(), "b".into()] },
        ];
        for size in 1..text.len() {
            let mut parser = Parser::default();
            let events: Vec<Event> =
                text.as_bytes().chunks(size).flat_map(|it| parser.feed(it)).collect();
            assert_eq!(events, expected, "in pieces of {size}");
        }
    }
}
