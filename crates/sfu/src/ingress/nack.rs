//! Which packets of one stream to request again (RFC 4585, section 6.2.1), and when. Pure.
//!
//! A missing packet may only be late. Most paths never reorder packets; there a missing packet is requested at once,
//! since the video waits for its retransmission. On paths where packets arrived late without a request, each missing
//! packet is first waited for as long as those took. libwebrtc does the same by counting packets.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::ops::Range;
use std::time::{Duration, Instant};

use crate::core::rate_limit::RateLimit;
use crate::ingress::received::WINDOW;

/// Missing packets at most, 0.2 s of 10 Mbit/s. More are a loss that only a keyframe ends.
const MAX_MISSING: usize = 256;

/// Requests for one packet at most, as in libwebrtc.
const MAX_TRIES: u8 = 10;

/// Requests for one packet while none was ever answered: OBS retransmits only the best simulcast layer, whatever it
/// negotiates.
const MAX_UNANSWERED_TRIES: u8 = 4;

/// A packet missing for longer is too late: every viewer has requested a keyframe.
const MAX_AGE: Duration = Duration::from_secs(1);

/// The round-trip time before it is measured, as in libwebrtc.
const DEFAULT_RTT: Duration = Duration::from_millis(100);

/// The shortest time between two requests for one packet: a sender needs some milliseconds to answer, whatever the
/// round-trip time.
const MIN_RETRY: Duration = Duration::from_millis(20);

/// The longest wait before the first request. A packet that is late by more is requested although it would arrive.
const MAX_WAIT: Duration = Duration::from_millis(10);

/// A shorter wait becomes zero.
const MIN_WAIT: Duration = Duration::from_millis(1);

/// The longest time that packets are held back for a missing one.
const MAX_PATIENCE: Duration = Duration::from_millis(200);

/// Requests per second at most: retransmissions of 9 Mbit/s, which is 10% of 90 Mbit/s.
const MAX_PER_SECOND: u32 = 1_000;

/// The missing packets of one stream.
#[derive(Debug)]
pub(crate) struct NackGenerator {
    /// In the order of their sequence numbers.
    missing: VecDeque<Missing>,
    /// The last result of [`Self::poll`].
    due: Vec<u16>,
    rtt: Option<Duration>,
    /// How long to wait for a missing packet before it is requested.
    wait: Duration,
    limit: RateLimit,
    /// Whether a request was ever answered.
    is_answered: bool,
}

#[derive(Debug, Clone, Copy)]
struct Missing {
    seq: u64,
    since: Instant,
    /// When to request it, or to give up.
    next_at: Instant,
    asked_at: Instant,
    tries: u8,
}

impl Default for NackGenerator {
    fn default() -> Self {
        Self {
            missing: VecDeque::with_capacity(MAX_MISSING),
            due: Vec::with_capacity(MAX_MISSING),
            rtt: None,
            wait: Duration::ZERO,
            limit: RateLimit::default(),
            is_answered: false,
        }
    }
}

impl NackGenerator {
    /// Adds missing sequence numbers, as [`Arrival::New`](super::received::Arrival::New) lists them. If they exceed the
    /// maximum, all are given up, including earlier ones.
    pub(crate) fn missing(&mut self, range: Range<u64>, now: Instant) {
        if range.is_empty() {
            return;
        }
        if self.missing.back().is_some_and(|it| it.seq >= range.start) {
            self.missing.clear();
        }
        let room = (MAX_MISSING - self.missing.len()) as u64;
        if range.end - range.start > room {
            self.missing.clear();
            return;
        }
        let next_at = now + self.wait;
        let of = |seq| Missing { seq, since: now, next_at, asked_at: now, tries: 0 };
        self.missing.extend(range.map(of));
    }

    /// A packet arrived, original or retransmitted. Call it for each packet that was not received before. Returns whether
    /// it was requested.
    pub(crate) fn arrived(&mut self, seq: u64, now: Instant) -> bool {
        // A retransmission of a packet older than the window would be discarded.
        while self.missing.front().is_some_and(|it| it.seq.saturating_add(WINDOW) <= seq) {
            self.missing.pop_front();
        }
        // The stream has restarted.
        if self.missing.front().is_some_and(|it| seq.saturating_add(WINDOW) < it.seq) {
            self.missing.clear();
        }
        if let Ok(at) = self.missing.binary_search_by_key(&seq, |it| it.seq)
            && let Some(found) = self.missing.remove(at)
        {
            self.learn(found, now);
            return found.tries > 0;
        }
        false
    }

    /// The sequence numbers to request now, in order; empty before [`Self::deadline`].
    pub(crate) fn poll(&mut self, now: Instant) -> &[u16] {
        let most = if self.is_answered { MAX_TRIES } else { MAX_UNANSWERED_TRIES };
        let Self { missing, due, limit, .. } = self;
        // A little more than the round-trip time, which is a mean: a retransmission that takes slightly longer is still on
        // its way.
        let retry = (self.rtt.unwrap_or(DEFAULT_RTT) * 5 / 4).max(MIN_RETRY);
        due.clear();
        missing.retain_mut(|it| {
            if it.next_at > now {
                return true;
            }
            let ends_at = it.since + MAX_AGE;
            if it.tries >= most || ends_at <= now {
                return false;
            }
            it.next_at = (now + retry).min(ends_at);
            if limit.take(MAX_PER_SECOND, now) {
                it.tries += 1;
                it.asked_at = now;
                due.push(it.seq as u16);
            }
            true
        });
        due
    }

    /// The lowest sequence number that packets are still held back for, and until when. `None` for a publisher that
    /// never answered a request. A packet is not waited for beyond its second request.
    pub(crate) fn awaited(&self, now: Instant) -> Option<(u64, Instant)> {
        if !self.is_answered {
            return None;
        }
        let patience = (self.rtt.unwrap_or(DEFAULT_RTT) * 5 / 2 + MIN_RETRY).min(MAX_PATIENCE);
        let mut waited = self.missing.iter().map(|it| (it.seq, it.since + patience));
        waited.find(|it| now < it.1)
    }

    /// When [`Self::poll`] is due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.missing.iter().map(|it| it.next_at).min()
    }

    /// Updates the wait or the round-trip time from a packet that has arrived: it was late, or it was retransmitted.
    fn learn(&mut self, found: Missing, now: Instant) {
        let delay = now.saturating_duration_since(found.since);
        let asked = now.saturating_duration_since(found.asked_at);
        // A retransmission cannot arrive much sooner than after a round trip. While the round-trip time is unknown, an
        // early packet counts as late; the wait grows until that is no longer possible.
        let is_too_soon = self.rtt.is_none_or(|rtt| asked < rtt / 2);
        if found.tries == 0 || (found.tries == 1 && delay <= MAX_WAIT && is_too_soon) {
            self.wait = self.wait.max(delay).min(MAX_WAIT);
            return;
        }
        self.is_answered = true;
        self.wait = self.wait * 7 / 8;
        if self.wait < MIN_WAIT {
            self.wait = Duration::ZERO;
        }
        // After a second request, it is unknown which one was answered (Karn's algorithm).
        if found.tries == 1 {
            self.rtt = Some(self.rtt.map_or(asked, |rtt| (rtt * 7 + asked) / 8));
        }
    }
}
