//! Whether an encoder makes keyframes often enough, or on request. Pure.
//!
//! A browser makes a keyframe on request, and hardly any otherwise. OBS makes one at a fixed interval, and ignores
//! requests. Only an encoder that does neither is a finding. So the test is whether a request changes when keyframes
//! come: if they come when they would have come anyway, or not at all, the request was ignored.

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

/// The longest time to an answered request's keyframe: a round trip, a frame, and one repetition of the request.
const PROMPT: Duration = Duration::from_millis(1_500);

/// A request without a keyframe for this long was ignored.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// The longest interval between keyframes that is no finding: 2 s as encoders keep it, and network jitter.
pub(super) const LONGEST_INTERVAL: Duration = Duration::from_millis(2_250);

/// Weight of an ignored request. An answered one subtracts as much.
const WEIGHT: u8 = 2;
/// At this weight requests count as ignored: after three.
const IS_DEAF: u8 = 3 * WEIGHT;
/// At this weight they no longer do.
const HEARS: u8 = WEIGHT;
/// The highest weight.
const MOST: u8 = IS_DEAF + WEIGHT;

/// The keyframes of one stream.
#[derive(Debug)]
pub(super) struct Keyframes {
    began: Instant,
    last: Option<Last>,
    /// Time between the last two keyframes.
    interval: Option<Duration>,
    /// Whether the last two intervals were alike.
    is_regular: bool,
    /// When the first request after the last keyframe was made.
    asked_at: Option<Instant>,
    /// Whether a request was ever answered.
    has_answered: bool,
    deafness: u8,
    is_deaf: bool,
}

#[derive(Debug, Clone, Copy)]
struct Last {
    at: Instant,
    seq: u64,
    ts: u32,
}

impl Keyframes {
    /// Starts with a new stream.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            began: now,
            last: None,
            interval: None,
            is_regular: false,
            asked_at: None,
            has_answered: false,
            deafness: 0,
            is_deaf: false,
        }
    }

    /// Records a keyframe request.
    pub(super) fn asked(&mut self, now: Instant) {
        self.asked_at.get_or_insert(now);
    }

    /// Records a packet of a keyframe. Ignores further packets of the same keyframe, and late ones.
    pub(super) fn came(&mut self, seq: u64, ts: u32, now: Instant) {
        let before = self.last;
        if before.is_some_and(|it| seq <= it.seq || ts == it.ts) {
            return;
        }
        self.last = Some(Last { at: now, seq, ts });
        let asked_at = self.asked_at.take();
        // Every stream begins with a keyframe, requested or not.
        let Some(before) = before else { return };
        let interval = now.saturating_duration_since(before.at);
        let is_alike = self.interval.is_some_and(|it| interval.abs_diff(it) * 10 < it);
        let is_prompt = asked_at.map(|it| now.saturating_duration_since(it) <= PROMPT);
        match is_prompt {
            // The keyframe came when it was due anyway.
            Some(false) if is_alike => self.was_deaf(),
            Some(true) if !is_alike => self.answered(),
            // A late keyframe proves nothing, nor does one that was due.
            _ => {}
        }
        self.is_regular = is_alike;
        self.interval = Some(interval);
    }

    /// Updates the state; call it while the stream flows.
    pub(super) fn look(&mut self, now: Instant) {
        if self.asked_at.is_some_and(|at| now.saturating_duration_since(at) >= ANSWER_WITHIN) {
            self.asked_at = None;
            self.was_deaf();
        }
    }

    /// The stream does not flow: an open request is not counted as ignored.
    pub(super) fn rests(&mut self) {
        self.asked_at = None;
    }

    /// Whether requests are ignored.
    pub(super) fn is_deaf(&self) -> bool {
        self.is_deaf
    }

    /// The time between the last two keyframes, or the time since the last one, whichever is longer.
    pub(super) fn interval(&self, now: Instant) -> Duration {
        let since = self.last.map_or(self.began, |it| it.at);
        self.interval.unwrap_or_default().max(now.saturating_duration_since(since))
    }

    /// Whether to request a keyframe only to learn whether the encoder answers: it keeps a fixed, long interval, and
    /// has neither answered nor ignored requests yet. No browser behaves like that.
    pub(super) fn is_worth_asking(&self) -> bool {
        self.is_regular
            && self.interval.is_some_and(|it| it > LONGEST_INTERVAL)
            && !(self.is_deaf || self.has_answered)
            && self.asked_at.is_none()
    }

    fn was_deaf(&mut self) {
        self.deafness = (self.deafness + WEIGHT).min(MOST);
        self.is_deaf |= self.deafness >= IS_DEAF;
    }

    fn answered(&mut self) {
        self.has_answered = true;
        self.deafness = self.deafness.saturating_sub(WEIGHT);
        self.is_deaf &= self.deafness > HEARS;
    }
}
