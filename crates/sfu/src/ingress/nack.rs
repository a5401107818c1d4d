//! Which packets of one stream to ask for again (RFC 4585, section 6.2.1), and when. Pure.
//!
//! A missing packet may only have been overtaken. Most paths never reorder, and there a packet is asked
//! for at once: what waits for its repair is the picture. Where packets were seen to come late by
//! themselves, each is first waited for as long as those took, as libwebrtc does by counting packets.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::ops::Range;
use std::time::{Duration, Instant};

use crate::core::rate_limit::RateLimit;
use crate::ingress::received::WINDOW;

/// More missing packets at once are a loss that only a keyframe ends. 0.2 s of 10 Mbit/s.
const MAX_MISSING: usize = 256;

/// Requests for one packet, as in libwebrtc.
const MAX_TRIES: u8 = 10;

/// The same while none was ever answered: OBS repeats only the best layer of a simulcast, whatever it negotiates.
const MAX_UNANSWERED_TRIES: u8 = 4;

/// A packet that is missing for longer is too late for every viewer, who has asked for a keyframe.
const MAX_AGE: Duration = Duration::from_secs(1);

/// The round trip before there is a figure, as in libwebrtc.
const DEFAULT_RTT: Duration = Duration::from_millis(100);

/// Requests for one packet are no closer than this: a sender needs some milliseconds to answer, whatever
/// the round trip.
const MIN_RETRY: Duration = Duration::from_millis(20);

/// The longest wait before the first request. What is overtaken by more is asked for, though it comes.
const MAX_WAIT: Duration = Duration::from_millis(10);

/// A wait this short is none.
const MIN_WAIT: Duration = Duration::from_millis(1);

/// The longest that what came is kept back for what is missing.
const MAX_PATIENCE: Duration = Duration::from_millis(200);

/// Packets that are asked for in a second: 9 Mbit/s of repairs, 10% of 90 Mbit/s.
const MAX_PER_SECOND: u32 = 1_000;

/// The missing packets of one stream.
#[derive(Debug)]
pub(crate) struct NackGenerator {
    /// In the order of their numbers.
    missing: VecDeque<Missing>,
    /// What [`Self::poll`] found last.
    due: Vec<u16>,
    rtt: Option<Duration>,
    /// How long a packet is waited for before it is asked for.
    wait: Duration,
    limit: RateLimit,
    /// Whether a request was ever answered.
    is_answered: bool,
}

#[derive(Debug, Clone, Copy)]
struct Missing {
    seq: u64,
    since: Instant,
    /// When to ask, or to give up.
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
    /// These numbers are missing, as [`Arrival::New`](super::received::Arrival::New) lists them. When
    /// they are too many all are given up, those from before as well.
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

    /// A packet arrived, by itself or as a repair. To be called for each that was not here before.
    pub(crate) fn arrived(&mut self, seq: u64, now: Instant) {
        // A repair of what left the window would not be taken.
        while self.missing.front().is_some_and(|it| it.seq.saturating_add(WINDOW) <= seq) {
            self.missing.pop_front();
        }
        // The stream began anew.
        if self.missing.front().is_some_and(|it| seq.saturating_add(WINDOW) < it.seq) {
            self.missing.clear();
        }
        if let Ok(at) = self.missing.binary_search_by_key(&seq, |it| it.seq)
            && let Some(found) = self.missing.remove(at)
        {
            self.learn(found, now);
        }
    }

    /// The numbers to ask for now, in their order; empty before [`Self::deadline`].
    pub(crate) fn poll(&mut self, now: Instant) -> &[u16] {
        let most = if self.is_answered { MAX_TRIES } else { MAX_UNANSWERED_TRIES };
        let Self { missing, due, limit, .. } = self;
        // A little more than a round trip: it is a mean, and what comes a little later is on its way.
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

    /// The lowest number that is still waited for, so that what is behind it comes in order, and until when. A publisher
    /// that never answered is not waited for, nor is a packet beyond the second request.
    pub(crate) fn awaited(&self, now: Instant) -> Option<(u64, Instant)> {
        if !self.is_answered {
            return None;
        }
        let patience = (self.rtt.unwrap_or(DEFAULT_RTT) * 5 / 2 + MIN_RETRY).min(MAX_PATIENCE);
        let mut waited = self.missing.iter().map(|it| (it.seq, it.since + patience));
        waited.find(|it| now < it.1)
    }

    /// When [`Self::poll`] has something to do.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.missing.iter().map(|it| it.next_at).min()
    }

    /// Learns from a packet that is no longer missing: whether it was overtaken, or took a round trip.
    fn learn(&mut self, found: Missing, now: Instant) {
        let delay = now.saturating_duration_since(found.since);
        let asked = now.saturating_duration_since(found.asked_at);
        // A repair cannot be here much sooner than a round trip. While that is unknown what comes early
        // is taken for overtaken; the wait grows until it no longer can be.
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
        // After a second request nobody knows which was answered (Karn's algorithm).
        if found.tries == 1 {
            self.rtt = Some(self.rtt.map_or(asked, |rtt| (rtt * 7 + asked) / 8));
        }
    }
}
