//! What sockets hear. The messages are searched, not parsed: thousands of sockets share a core with each other.

use std::cell::{Cell, RefCell};
use std::time::Instant;

/// Width of a step of the histogram, in microseconds, and their number: up to 10 s.
const STEP_US: u64 = 100;
const STEPS: usize = 100_000;

/// What begins a line of ours.
const MARK: &str = "\"text\":\"t";

/// What all sockets heard together.
#[derive(Debug)]
pub(super) struct Heard {
    epoch: Instant,
    /// Lines written before it, in microseconds from `epoch`, do not count.
    since_us: Cell<u64>,
    counts: RefCell<Counts>,
}

/// The same, counted.
#[derive(Debug, Clone)]
pub(super) struct Counts {
    /// Lines by how long they were under way.
    pub(super) delays: Vec<u32>,
    pub(super) lines: u64,
    /// WebSocket messages that they came in.
    pub(super) messages: u64,
    /// Lines that came after a later one.
    pub(super) disordered: u64,
    /// Lines of which the server said that they were left out.
    pub(super) skipped: u64,
    pub(super) worst_us: u64,
}

impl Heard {
    pub(super) fn new(epoch: Instant) -> Self {
        let counts = Counts {
            delays: vec![0; STEPS],
            lines: 0,
            messages: 0,
            disordered: 0,
            skipped: 0,
            worst_us: 0,
        };
        Self { epoch, since_us: Cell::new(u64::MAX), counts: RefCell::new(counts) }
    }

    /// What is written from now on counts.
    pub(super) fn begin(&self) {
        self.since_us.set(self.now_us());
    }

    /// A line that says when it was written.
    pub(super) fn line(&self) -> String {
        format!("t{}", self.now_us())
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// A socket hears a message; `last_mid` is the number of the last line that it heard.
    pub(super) fn hear(&self, message: &str, last_mid: &mut u64) {
        let since = self.since_us.get();
        if since == u64::MAX || !message.starts_with("{\"type\":\"chats\"") {
            return;
        }
        let now = self.now_us();
        let counts = &mut *self.counts.borrow_mut();
        counts.messages += 1;
        counts.skipped += number_after(message, "\"skipped\":").map_or(0, |(n, _)| n);
        let mut rest = message;
        while let Some((mid, after)) = number_after(rest, "\"mid\":") {
            rest = after;
            counts.disordered += u64::from(mid <= *last_mid);
            *last_mid = mid.max(*last_mid);
            // The text of this line, not of the next.
            let end = rest.find("\"mid\":").unwrap_or(rest.len());
            let Some((written, _)) = number_after(&rest[..end], MARK) else { continue };
            if written >= since {
                let us = now.saturating_sub(written);
                counts.lines += 1;
                counts.worst_us = counts.worst_us.max(us);
                let step = usize::try_from(us / STEP_US).unwrap_or(STEPS).min(STEPS - 1);
                counts.delays[step] += 1;
            }
        }
    }

    pub(super) fn take(&self) -> Counts {
        self.counts.borrow().clone()
    }
}

impl Counts {
    /// How long so many in a hundred were under way at most, in milliseconds.
    pub(super) fn percentile_ms(&self, percent: f64) -> Option<f64> {
        let wanted = (self.lines as f64 * percent / 100.0).ceil() as u64;
        let mut n = 0;
        let step = self.delays.iter().position(|count| {
            n += u64::from(*count);
            n >= wanted && n > 0
        })?;
        Some((step as f64 + 1.0) * STEP_US as f64 / 1_000.0)
    }
}

/// The number after the first such words, and what follows it.
fn number_after<'a>(text: &'a str, words: &str) -> Option<(u64, &'a str)> {
    let start = text.find(words)? + words.len();
    let rest = &text[start..];
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    Some((rest[..end].parse().ok()?, &rest[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_with_their_delay_and_their_order() {
        let heard = Heard::new(Instant::now());
        heard.begin();
        let line = heard.line();
        let item = |mid: u64, text: &str| {
            format!(r#"{{"mid":{mid},"uid":"p","name":"n","text":"{text}","ts":1.0}}"#)
        };
        let chats = |items: &[String], more: &str| {
            format!(r#"{{"type":"chats","items":[{}]{more}}}"#, items.join(","))
        };
        let mut last = 0;
        heard.hear(&chats(&[item(1, &line), item(2, "here"), item(4, &line)], ""), &mut last);
        heard.hear(&chats(&[item(3, &line)], r#","skipped":5"#), &mut last);
        heard.hear(r#"{"type":"sent","item":{"mid":9}}"#, &mut last);
        let counts = heard.take();
        assert_eq!((counts.lines, counts.messages), (3, 2));
        assert_eq!((counts.disordered, counts.skipped, last), (1, 5, 4));
        assert!(counts.percentile_ms(50.0).unwrap() <= counts.percentile_ms(100.0).unwrap());
    }
}
