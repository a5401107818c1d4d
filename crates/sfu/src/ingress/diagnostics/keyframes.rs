//! Whether an encoder makes keyframes often enough, or when it is asked. Pure.
//!
//! A browser makes one when it is asked, and hardly any besides; OBS makes one every so often, and hears no
//! requests. Only who does neither is to be told. So what counts is what requests move: an encoder that
//! keeps its own time is seen by its keyframes coming when they would have come anyway, or not at all.

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

/// A request that is answered is answered within this: a round trip, a frame, and one repetition.
const PROMPT: Duration = Duration::from_millis(1_500);

/// A request without a keyframe for this long was not heard.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// Keyframes further apart than this are too far; 2 s as encoders keep it, with what the network adds.
pub(super) const LONGEST_INTERVAL: Duration = Duration::from_millis(2_250);

/// What one request that moved nothing weighs, and how much is enough: three of them. One that was
/// answered takes as much away.
const WEIGHT: u8 = 2;
const IS_DEAF: u8 = 3 * WEIGHT;
const HEARS: u8 = WEIGHT;
const MOST: u8 = IS_DEAF + WEIGHT;

/// The keyframes of one stream.
#[derive(Debug)]
pub(super) struct Keyframes {
    began: Instant,
    last: Option<Last>,
    /// Between the last two.
    interval: Option<Duration>,
    /// The last two intervals were alike.
    is_regular: bool,
    /// The first request that no keyframe came after yet.
    asked_at: Option<Instant>,
    /// A request was answered once.
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
    /// Of a stream that begins.
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

    /// The publisher was asked for a keyframe.
    pub(super) fn asked(&mut self, now: Instant) {
        self.asked_at.get_or_insert(now);
    }

    /// A packet of a keyframe came. Further ones of the same, and those that were late, are no others.
    pub(super) fn came(&mut self, seq: u64, ts: u32, now: Instant) {
        let before = self.last;
        if before.is_some_and(|it| seq <= it.seq || ts == it.ts) {
            return;
        }
        self.last = Some(Last { at: now, seq, ts });
        let asked_at = self.asked_at.take();
        // Every stream begins with one, asked for or not.
        let Some(before) = before else { return };
        let interval = now.saturating_duration_since(before.at);
        let is_alike = self.interval.is_some_and(|it| interval.abs_diff(it) * 10 < it);
        let is_prompt = asked_at.map(|it| now.saturating_duration_since(it) <= PROMPT);
        match is_prompt {
            // It came when it would have come anyway.
            Some(false) if is_alike => self.was_deaf(),
            Some(true) if !is_alike => self.answered(),
            // One that was late proves nothing, nor does one that was due.
            _ => {}
        }
        self.is_regular = is_alike;
        self.interval = Some(interval);
    }

    /// Takes a look, while the stream flows.
    pub(super) fn look(&mut self, now: Instant) {
        if self.asked_at.is_some_and(|at| now.saturating_duration_since(at) >= ANSWER_WITHIN) {
            self.asked_at = None;
            self.was_deaf();
        }
    }

    /// The stream does not flow: nothing can be expected of it.
    pub(super) fn rests(&mut self) {
        self.asked_at = None;
    }

    /// Whether requests bring no keyframe.
    pub(super) fn is_deaf(&self) -> bool {
        self.is_deaf
    }

    /// How far apart keyframes are, or how long there was none, whichever is longer.
    pub(super) fn interval(&self, now: Instant) -> Duration {
        let since = self.last.map_or(self.began, |it| it.at);
        self.interval.unwrap_or_default().max(now.saturating_duration_since(since))
    }

    /// Whether to ask for one to learn whether it is heard: the encoder keeps a time of its own, which is
    /// a long one, and nobody has asked it yet. No browser comes to that.
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
