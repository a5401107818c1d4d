//! Sends the lowest layer part of the time over a link that carries less than its bitrate. The viewer is
//! sent frames from a keyframe on, no faster than the link carries them, until they are too late. Then it
//! is sent nothing until the next keyframe. So it sees complete frames, and the audio arrives. Sent all
//! the time, the layer would lose packets that neither retransmissions nor keyframes replace: both exceed
//! the link, too.

pub(crate) mod below_lowest;

use std::time::{Duration, Instant};

use crate::room::ring::{Ring, Start};

/// The maximum delay of a frame. Later ones are dropped until the next keyframe.
const MAX_LAG: Duration = Duration::from_secs(1);

/// From this delay on, the viewer skips to a newer keyframe if the ring has one.
pub(super) const SKIP_LAG: Duration = Duration::from_millis(250);

/// The minimum interval between two keyframes requested for such a viewer, since they cost all other
/// viewers bandwidth. A host that sends its own more often is not asked.
const ASK_EVERY: Duration = Duration::from_secs(3);

/// A keyframe request within this time after the last keyframe is about the picture before it.
const YOUNG: Duration = Duration::from_secs(1);

/// The state of one viewer.
#[derive(Debug, Default)]
pub(super) struct Intermittent {
    /// Whether it waits for the next keyframe.
    rests: bool,
    /// When a keyframe was last sent to it or requested for it.
    keyframe_at: Option<Instant>,
    /// The timestamp of the keyframe that is being sent.
    begun_ts: Option<u32>,
}

/// The next step for a viewer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Send the next packet.
    Go,
    /// Begin at this keyframe.
    Begin(Start),
    /// Wait for a keyframe.
    Rest,
}

impl Intermittent {
    /// The next step for a viewer whose next packet is at position `next`.
    pub(super) fn step(&mut self, ring: &Ring, next: u64, now: Instant) -> Step {
        let ahead = |least: u64| ring.start(now).filter(|it| it.position >= least);
        if !self.rests {
            let Some(packet) = ring.get(next) else { return Step::Go };
            if self.begun_ts.take_if(|it| *it != packet.ts).is_some() {
                self.keyframe_at = Some(now);
            }
            let before = next.checked_sub(1).and_then(|it| ring.get(it));
            let lag = now.saturating_duration_since(packet.arrived);
            // An incomplete frame is useless, so a frame that was begun is sent to its end.
            if lag < SKIP_LAG || before.is_some_and(|it| it.ts == packet.ts) {
                return Step::Go;
            }
            if let Some(start) = ahead(next + 1) {
                return Step::Begin(start);
            }
            if lag < MAX_LAG {
                return Step::Go;
            }
            self.rests = true;
        }
        ahead(next).map_or(Step::Rest, Step::Begin)
    }

    /// Records that the viewer begins at a keyframe with this timestamp.
    pub(super) fn begun(&mut self, ts: u32, now: Instant) {
        *self = Self { rests: false, keyframe_at: Some(now), begun_ts: Some(ts) };
    }

    /// Makes the viewer wait for the next keyframe, since it missed packets.
    pub(super) fn rest(&mut self) {
        self.rests = true;
    }

    /// Handles a keyframe request of the viewer. Unless the request is about the picture before the last
    /// keyframe, the viewer cannot decode what it is sent and waits for the next keyframe.
    pub(super) fn asked(&mut self, now: Instant) {
        let is_young = |at: Instant| now.saturating_duration_since(at) < YOUNG;
        let is_there = self.begun_ts.is_none() && !self.keyframe_at.is_some_and(is_young);
        self.rests |= is_there;
    }

    /// Whether it waits for a keyframe.
    pub(super) fn rests(&self) -> bool {
        self.rests
    }

    /// Whether to request a keyframe now; `Err` with the time at which to.
    pub(super) fn ask(&mut self, now: Instant) -> Result<(), Instant> {
        match self.keyframe_at.map(|at| at + ASK_EVERY).filter(|at| *at > now) {
            Some(at) => Err(at),
            None => {
                self.keyframe_at = Some(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{START, packet};

    /// Frames of two packets every 50 ms. `keyframes` are the numbers of the keyframes.
    fn ring(frames: u64, keyframes: &[u64]) -> Ring {
        let mut ring = Ring::default();
        for n in 0..frames {
            for half in 0..2 {
                let is_keyframe = half == 0 && keyframes.contains(&n);
                ring.push(packet(2 * n + half, n as u32 * 4_500, is_keyframe, at(50 * n)));
            }
        }
        ring
    }

    fn at(ms: u64) -> Instant {
        *START + Duration::from_millis(ms)
    }

    #[test]
    fn what_is_too_late_is_left_out_from_a_frame_on_until_the_next_keyframe() {
        let mut intermittent = Intermittent::default();
        let behind = ring(30, &[0]);
        assert_eq!(intermittent.step(&behind, 8, at(1_150)), Step::Go, "frame 4 is 950 ms late");
        assert_eq!(
            intermittent.step(&behind, 9, at(1_250)),
            Step::Go,
            "frame 4 is too late, but was begun"
        );
        assert_eq!(intermittent.step(&behind, 10, at(1_250)), Step::Rest);
        assert_eq!(
            intermittent.step(&behind, 10, at(1_251)),
            Step::Rest,
            "the only keyframe is before the position"
        );
        let Step::Begin(start) = intermittent.step(&ring(40, &[0, 30]), 10, at(1_950)) else {
            panic!("a keyframe came")
        };
        assert_eq!(start.position, 60);
        intermittent.begun(135_000, at(1_950));
        assert_eq!(intermittent.step(&ring(40, &[0, 30]), 60, at(1_950)), Step::Go);
    }

    #[test]
    fn a_keyframe_that_is_there_ends_what_is_late_at_once() {
        let (mut intermittent, ring) = (Intermittent::default(), ring(12, &[0, 10]));
        assert_eq!(intermittent.step(&ring, 14, at(550)), Step::Go, "frame 7 is only 200 ms late");
        assert!(
            matches!(intermittent.step(&ring, 10, at(550)), Step::Begin(it) if it.position == 20)
        );
    }

    #[test]
    fn others_pay_for_a_keyframe_of_it_every_three_seconds_at_most() {
        let mut intermittent = Intermittent::default();
        let asked = (0..10_000).filter(|ms| intermittent.ask(at(*ms)).is_ok()).count();
        assert_eq!(asked, 4);
        intermittent.begun(0, at(10_000));
        assert_eq!(intermittent.ask(at(11_000)), Err(at(13_000)));
    }

    #[test]
    fn what_cannot_be_decoded_is_not_gone_on_with() {
        let mut intermittent = Intermittent::default();
        let ring = ring(30, &[0]);
        intermittent.begun(0, at(0));
        assert_eq!(intermittent.step(&ring, 1, at(900)), Step::Go);
        intermittent.asked(at(1_500));
        assert!(!intermittent.rests(), "the keyframe is under way");
        assert_eq!(intermittent.step(&ring, 58, at(1_600)), Step::Go);
        intermittent.asked(at(2_500));
        assert!(!intermittent.rests(), "the request is about the picture before the keyframe");
        intermittent.asked(at(2_600));
        assert!(intermittent.rests());
    }
}
