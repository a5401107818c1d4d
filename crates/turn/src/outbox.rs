//! Bytes that wait for a client to read them.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::limits::{RESPONSE_BYTES, TAKE_WITHIN, WAITING_BYTES, WAITING_TIME};

/// Room that a response may need: the longest has a realm, a nonce and 16 unknown attributes.
pub(crate) const LONGEST_RESPONSE: usize = 1024;

/// How exactly the time of waiting is known.
const MARK_EVERY: Duration = Duration::from_millis(10);

/// A queue of bytes. It has two bounds, [`WAITING_BYTES`] and [`WAITING_TIME`]; datagrams beyond them are dropped as at
/// any link, and the media core sees the loss and sends less.
///
/// The newest datagram is dropped, not the oldest. An old one may be written in part, and the rest of it has to follow.
/// Since nothing waits longer than [`WAITING_TIME`], what waits is still worth sending.
pub(crate) struct Outbox {
    bytes: Vec<u8>,
    /// Bytes before it are written.
    start: usize,
    /// Position of `start` in the stream.
    written: u64,
    /// Positions in the stream and the time when the byte there was added, oldest first. Bounded by the times: at most
    /// one in [`MARK_EVERY`], and none is added when the first is older than [`WAITING_TIME`], but for responses.
    marks: VecDeque<(u64, Instant)>,
    /// Since when the client takes nothing.
    still_since: Instant,
}

impl Outbox {
    pub(crate) const fn new(now: Instant) -> Self {
        Self { bytes: Vec::new(), start: 0, written: 0, marks: VecDeque::new(), still_since: now }
    }

    pub(crate) fn waiting(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    pub(crate) fn has_room_for_response(&self) -> bool {
        self.waiting().len() + LONGEST_RESPONSE <= WAITING_BYTES + RESPONSE_BYTES
    }

    pub(crate) fn has_room_for_datagram(&self, now: Instant, len: usize) -> bool {
        let oldest = self.marks.front();
        self.waiting().len() + len <= WAITING_BYTES
            && oldest.is_none_or(|(_, added)| now.duration_since(*added) <= WAITING_TIME)
    }

    /// Adds at most `longest` bytes, which `write` writes and counts.
    pub(crate) fn add(
        &mut self,
        now: Instant,
        longest: usize,
        write: impl FnOnce(&mut [u8]) -> usize,
    ) {
        if self.waiting().is_empty() {
            self.still_since = now;
        }
        self.reuse_space();
        let last = self.marks.back();
        if last.is_none_or(|(_, added)| now.duration_since(*added) >= MARK_EVERY) {
            self.marks.push_back((self.written + self.waiting().len() as u64, now));
        }
        let end = self.bytes.len();
        self.bytes.resize(end + longest, 0);
        let n = write(&mut self.bytes[end..]);
        self.bytes.truncate(end + n);
    }

    /// The client took so many bytes.
    pub(crate) fn took(&mut self, now: Instant, n: usize) {
        if n == 0 {
            return;
        }
        self.start = (self.start + n).min(self.bytes.len());
        self.written += n as u64;
        self.still_since = now;
        if self.waiting().is_empty() {
            self.marks.clear();
        }
        while self.marks.get(1).is_some_and(|(position, _)| *position <= self.written) {
            self.marks.pop_front();
        }
    }

    /// When a client that takes nothing is given up.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        (!self.waiting().is_empty()).then(|| self.still_since + TAKE_WITHIN)
    }

    /// Moves what waits to the beginning, as rarely as halves the memory that is moved.
    fn reuse_space(&mut self) {
        if self.start * 2 >= self.bytes.len() {
            self.bytes.copy_within(self.start.., 0);
            self.bytes.truncate(self.bytes.len() - self.start);
            self.start = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(outbox: &mut Outbox, now: Instant, bytes: &[u8]) -> bool {
        let fits = outbox.has_room_for_datagram(now, bytes.len());
        if fits {
            outbox.add(now, bytes.len() + 50, |space| {
                space[..bytes.len()].copy_from_slice(bytes);
                bytes.len()
            });
        }
        fits
    }

    #[test]
    fn bytes_come_out_as_they_went_in() {
        let start = Instant::now();
        let mut outbox = Outbox::new(start);
        let (mut put, mut got) = (Vec::new(), Vec::new());
        for i in 0..1000_usize {
            let bytes: Vec<u8> = (0..i % 97).map(|j| (i + j) as u8).collect();
            assert!(add(&mut outbox, start, &bytes));
            put.extend(bytes);
            let n = outbox.waiting().len().min(i % 89);
            got.extend_from_slice(&outbox.waiting()[..n]);
            outbox.took(start, n);
        }
        got.extend_from_slice(outbox.waiting());
        assert!(got == put);
        assert!(outbox.bytes.capacity() < 64 * 1024);
    }

    #[test]
    fn no_more_than_64_kib_wait() {
        let now = Instant::now();
        let mut outbox = Outbox::new(now);
        let added = (0..100).filter(|_| add(&mut outbox, now, &[0; 1024])).count();
        assert_eq!(added, 64);
        outbox.took(now, 1024);
        assert!(add(&mut outbox, now, &[0; 1024]));
        assert!(!add(&mut outbox, now, &[0]));
    }

    #[test]
    fn nothing_is_added_behind_what_waited_half_a_second() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut outbox = Outbox::new(start);
        assert!(add(&mut outbox, at(0), &[1; 100]));
        assert!(add(&mut outbox, at(400), &[2; 100]));
        assert!(!add(&mut outbox, at(501), &[3; 100]));
        // The rest of the first has waited since 0, the second since 400 ms.
        outbox.took(at(501), 99);
        assert!(!add(&mut outbox, at(501), &[3; 100]));
        outbox.took(at(501), 1);
        assert!(add(&mut outbox, at(900), &[3; 100]));
        assert!(!add(&mut outbox, at(901), &[3; 100]));
        outbox.took(at(901), 200);
        assert!(outbox.waiting().is_empty() && add(&mut outbox, at(5000), &[3; 100]));
    }

    #[test]
    fn a_client_that_takes_nothing_is_given_up_10_s_later() {
        let start = Instant::now();
        let at = |s| start + Duration::from_secs(s);
        let mut outbox = Outbox::new(start);
        assert_eq!(outbox.deadline(), None);
        add(&mut outbox, at(5), &[1; 100]);
        assert_eq!(outbox.deadline(), Some(at(15)));
        outbox.took(at(14), 1);
        add(&mut outbox, at(14), &[1; 100]);
        assert_eq!(outbox.deadline(), Some(at(24)));
        outbox.took(at(20), 199);
        assert_eq!(outbox.deadline(), None);
    }
}
