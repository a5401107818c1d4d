//! What a person in front of the viewer would see: frames that are complete and build on one that
//! was shown, and how long the picture stands still.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::media::Stamp;

/// Frames that are waited for at once: four seconds of them.
const MAX_PENDING: usize = 128;

#[derive(Debug)]
struct Partial {
    frame: u32,
    have: u16,
    count: u16,
    is_key: bool,
}

/// The decoder and the screen.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    pending: VecDeque<Partial>,
    shown: Option<u32>,
    shown_at: Option<Instant>,
    first_keyframe_at: Option<Instant>,
}

impl Frames {
    /// When the picture last moved.
    pub(crate) fn shown_at(&self) -> Option<Instant> {
        self.shown_at
    }

    /// When the first keyframe was complete.
    pub(crate) fn first_keyframe_at(&self) -> Option<Instant> {
        self.first_keyframe_at
    }

    /// Takes a packet that was not there before. When the picture moves by it, returns how long it
    /// had stood still.
    pub(crate) fn take(&mut self, stamp: Stamp, now: Instant) -> Option<Duration> {
        if self.shown.is_some_and(|shown| stamp.frame <= shown) {
            return None;
        }
        let found = self.pending.binary_search_by_key(&stamp.frame, |it| it.frame);
        let at = found.unwrap_or_else(|at| {
            let Stamp { frame, count, is_key, .. } = stamp;
            self.pending.insert(at, Partial { frame, have: 0, count, is_key });
            at
        });
        let it = self.pending.get_mut(at)?;
        it.have += 1;
        let complete = it.have == it.count;
        if self.pending.len() > MAX_PENDING {
            self.pending.pop_front();
        }
        if complete { self.show(now) } else { None }
    }

    /// Shows what can be decoded: complete frames in order, or from the next complete keyframe.
    fn show(&mut self, now: Instant) -> Option<Duration> {
        let before = self.shown_at;
        let mut moved = false;
        loop {
            let complete = |it: &Partial| it.have == it.count;
            let follows = |it: &Partial| self.shown.is_some_and(|shown| it.frame == shown + 1);
            let next = self.pending.front().is_some_and(|it| complete(it) && follows(it));
            let at = if next {
                0
            } else {
                let keyframe = self.pending.iter().position(|it| it.is_key && complete(it));
                let Some(at) = keyframe else { break };
                at
            };
            self.pending.drain(..at);
            let Some(it) = self.pending.pop_front() else { break };
            if it.is_key {
                self.first_keyframe_at.get_or_insert(now);
            }
            self.shown = Some(it.frame);
            moved = true;
        }
        if !moved {
            return None;
        }
        self.shown_at = Some(now);
        Some(now.saturating_duration_since(before?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(frame: u32, index: u16, count: u16, is_key: bool) -> Stamp {
        Stamp { run: 0, sent_us: 0, frame, index, count, is_key }
    }

    #[test]
    fn a_picture_begins_with_a_complete_keyframe() {
        let now = Instant::now();
        let mut it = Frames::default();
        it.take(stamp(7, 0, 1, false), now);
        it.take(stamp(8, 0, 2, true), now);
        assert_eq!(it.first_keyframe_at(), None);
        let later = now + Duration::from_secs(1);
        it.take(stamp(8, 1, 2, true), later);
        assert_eq!(it.first_keyframe_at(), Some(later));
        assert_eq!(it.shown, Some(8));
    }

    #[test]
    fn a_lost_frame_freezes_the_picture_until_it_comes_or_a_keyframe_does() {
        let now = Instant::now();
        let at = |n: u32| now + Duration::from_millis(u64::from(n) * 33);
        let mut it = Frames::default();
        it.take(stamp(0, 0, 1, true), at(0));
        for n in (1..10).filter(|n| *n != 3) {
            let stood = it.take(stamp(n, 0, 1, false), at(n));
            assert_eq!(stood, (n < 3).then(|| at(1) - at(0)), "{n}");
        }
        assert_eq!(it.shown, Some(2));
        let freeze = it.take(stamp(3, 0, 1, false), at(10)).unwrap();
        assert_eq!((it.shown, freeze), (Some(9), at(10) - at(2)));
        it.take(stamp(11, 0, 1, false), at(11));
        assert!(it.take(stamp(20, 0, 1, true), at(20)).is_some());
        assert_eq!((it.shown, it.pending.len()), (Some(20), 0));
    }
}
