//! Who speaks: by the audio levels that publishers send with their packets (RFC 6464). Pure.

use std::time::{Duration, Instant};

use media_api::{MAX_GUESTS, Seat};

/// The minimum interval between two changes.
const CHANGE_EVERY: Duration = Duration::from_millis(500);

/// Sound below this level is silence, in dB above the lowest level that can be told, -127 dBov. Speech at a microphone has
/// 85 to 110, a quiet room 40 to 60.
const SPEECH: f32 = 72.0;

/// Who speaks is replaced only by who is louder by this much, in dB.
const LOUDER_BY: f32 = 6.0;

/// After this long without speech nobody speaks.
const SILENT_AFTER: Duration = Duration::from_secs(3);

/// The weight of a new packet of 20 ms: an average over about 300 ms, which a cough does not move by much.
const WEIGHT: f32 = 1.0 / 15.0;

/// A level is forgotten when no packet came for this long: encoders may send none in silence.
const STALE_AFTER: Duration = Duration::from_millis(600);

const SEATS: usize = MAX_GUESTS as usize + 1;

/// Follows the levels of everybody on stage.
#[derive(Debug, Default)]
pub(crate) struct Speakers {
    /// The smoothed level of each seat, and when its last packet came.
    levels: [Option<(f32, Instant)>; SEATS],
    current: Option<Seat>,
    changed_at: Option<Instant>,
    /// When who speaks was last heard.
    heard_at: Option<Instant>,
}

impl Speakers {
    /// Who speaks; `None`: nobody for a while.
    pub(crate) fn current(&self) -> Option<Seat> {
        self.current
    }

    /// Takes the level of a packet, as it stands in the header extension; returns whether who speaks has changed.
    pub(crate) fn hear(&mut self, seat: Seat, level: u8, now: Instant) -> bool {
        let Some(slot) = self.levels.get_mut(usize::from(seat.number())) else { return false };
        // The level is in -dBov, and its highest bit tells what the encoder takes for voice.
        let loudness = f32::from(127 - (level & 0x7F));
        let before = slot.filter(|(_, at)| now.saturating_duration_since(*at) < STALE_AFTER);
        let level = before.map_or(loudness * WEIGHT, |(it, _)| it + (loudness - it) * WEIGHT);
        *slot = Some((level, now));
        self.review(now)
    }

    /// Forgets somebody who left the stage; returns whether who speaks has changed.
    pub(crate) fn leave(&mut self, seat: Seat) -> bool {
        if let Some(slot) = self.levels.get_mut(usize::from(seat.number())) {
            *slot = None;
        }
        let was = self.current == Some(seat);
        if was {
            self.current = None;
        }
        was
    }

    fn level(&self, seat: Seat, now: Instant) -> f32 {
        let slot = self.levels.get(usize::from(seat.number())).copied().flatten();
        let fresh = slot.filter(|(_, at)| now.saturating_duration_since(*at) < STALE_AFTER);
        fresh.map_or(0.0, |(level, _)| level)
    }

    fn review(&mut self, now: Instant) -> bool {
        let own = self.current.map_or(0.0, |it| self.level(it, now));
        if own >= SPEECH {
            self.heard_at = Some(now);
        }
        if self.changed_at.is_some_and(|at| now.saturating_duration_since(at) < CHANGE_EVERY) {
            return false;
        }
        let all = std::iter::once(Seat::HOST).chain(Seat::guests());
        let loudest =
            all.map(|seat| (seat, self.level(seat, now))).max_by(|a, b| a.1.total_cmp(&b.1));
        let louder = loudest.filter(|(seat, level)| {
            *level >= SPEECH && Some(*seat) != self.current && *level >= own + LOUDER_BY.min(own)
        });
        let is_silent =
            self.heard_at.is_none_or(|at| now.saturating_duration_since(at) >= SILENT_AFTER);
        let next = match louder {
            Some((seat, _)) => Some(seat),
            None if is_silent => None,
            None => self.current,
        };
        if next == self.current {
            return false;
        }
        self.current = next;
        self.changed_at = Some(now);
        self.heard_at = Some(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::START;

    const LOUD: u8 = 20;
    const QUIET: u8 = 90;

    fn guest(n: u8) -> Seat {
        Seat::guest(n).unwrap()
    }

    /// Packets of 20 ms of some, from a time on; when who speaks changed, and to whom.
    fn talk(
        it: &mut Speakers,
        from_ms: u64,
        for_ms: u64,
        levels: &[(Seat, u8)],
    ) -> Vec<(u64, Option<Seat>)> {
        let mut changes = Vec::new();
        for ms in (from_ms..from_ms + for_ms).step_by(20) {
            for (seat, level) in levels {
                if it.hear(*seat, *level, *START + Duration::from_millis(ms)) {
                    changes.push((ms, it.current()));
                }
            }
        }
        changes
    }

    #[test]
    fn who_speaks_is_told_in_a_moment_and_stays_until_another_speaks() {
        let mut it = Speakers::default();
        let changes = talk(&mut it, 0, 2_000, &[(Seat::HOST, QUIET), (guest(0), LOUD)]);
        assert!(
            matches!(changes[..], [(ms, Some(seat))] if seat == guest(0) && ms < 700),
            "{changes:?}"
        );
        let changes = talk(&mut it, 2_000, 1_000, &[(Seat::HOST, QUIET), (guest(0), QUIET)]);
        assert_eq!(changes, [], "a pause between two sentences");
        let changes = talk(&mut it, 3_000, 1_000, &[(Seat::HOST, LOUD), (guest(0), QUIET)]);
        assert!(matches!(changes[..], [(_, Some(Seat::HOST))]), "{changes:?}");
    }

    #[test]
    fn a_cough_is_no_speech_and_silence_is_nobody() {
        let mut it = Speakers::default();
        talk(&mut it, 0, 2_000, &[(guest(1), LOUD)]);
        assert_eq!(it.current(), Some(guest(1)));
        assert_eq!(talk(&mut it, 2_000, 100, &[(guest(1), LOUD), (guest(2), 5)]), []);
        let changes = talk(&mut it, 2_100, 6_000, &[(guest(1), QUIET), (guest(2), QUIET)]);
        assert!(matches!(changes[..], [(ms, None)] if ms > 4_000), "{changes:?}");
    }

    #[test]
    fn two_who_speak_at_once_change_at_most_twice_a_second() {
        let mut it = Speakers::default();
        let mut changes = Vec::new();
        for turn in 0..100 {
            let (a, b) = if turn % 2 == 0 { (0, 127) } else { (127, 0) };
            changes.extend(talk(&mut it, turn * 100, 100, &[(guest(0), a), (guest(1), b)]));
        }
        assert!(changes.windows(2).all(|it| it[1].0 - it[0].0 >= 500), "{changes:?}");
    }

    #[test]
    fn who_leaves_speaks_no_more() {
        let mut it = Speakers::default();
        talk(&mut it, 0, 2_000, &[(guest(3), LOUD)]);
        assert!(it.leave(guest(3)) && it.current().is_none() && !it.leave(guest(3)));
    }
}
