//! Selects the operating point that a viewer is sent: the best of all layers that fits its link, without
//! switching back and forth. Pure.

use std::time::{Duration, Instant};

use crate::media::svc::OperatingPoint;
use crate::room::rung::Rung;
use crate::viewer::intermittent::below_lowest::BelowLowest;

/// A viewer goes up to a layer only if the estimate is at least this many times the layer's bitrate.
/// Bitrates vary, and a layer that does not fit costs a keyframe now and another on the way down.
const ROOM_UP: f64 = 1.15;

/// A viewer stays at its layer while the estimate is at least this share of the layer's bitrate:
/// encoders exceed their bitrate for moments.
const ROOM_DOWN: f64 = 0.95;

/// After going down, the minimum time before going up: an estimate takes as long to settle.
const STAY_DOWN: Duration = Duration::from_secs(3);

/// The same for going up to more frames of the same picture, which costs no keyframe and little else.
const STAY_DOWN_INSIDE: Duration = Duration::from_secs(1);

/// After going up, the minimum time before going up further.
const STAY_UP: Duration = Duration::from_secs(1);

/// Probe only for a layer of at least 2.5 times the current rate. A probe for a nearby layer gives false positives,
/// and each lengthens the back-off.
const WORTH_A_PROBE: f64 = 2.5;

/// While less than this is sent, in bit/s, a probe is for the next rung, however close. A probe has a
/// minimum size, and on a slow link its queue lasts longer the more the probe exceeds the link.
const SLOW_BPS: u64 = 250_000;

/// Video is given up for audio when the link carries less than this share of the lowest layer's bitrate
/// for [`STARVED_FOR`].
const STARVED_BELOW: f64 = 0.25;
const STARVED_FOR: Duration = Duration::from_secs(4);

/// Video comes back when the link carries this share of the lowest layer's bitrate.
const FED_ABOVE: f64 = 0.4;

/// The state of a viewer's link. Rates are in bit/s.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    /// The bitrate estimate.
    pub(crate) estimate_bps: u64,
    /// The received rate; may be 0 when the estimate exceeds the lowest rung.
    pub(crate) arriving_bps: u64,
    /// The bitrate of audio.
    pub(crate) sound_bps: u64,
    /// Whether much is lost now, and a queue is not the reason.
    pub(crate) loses_much: bool,
}

/// What to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    /// This operating point of this layer.
    Layer(usize, OperatingPoint),
    /// This operating point of this layer, part of the time: it is the lowest rung, and exceeds the link.
    Intermittent(usize, OperatingPoint),
    /// Audio only: the link does not carry video.
    Starved,
}

impl Choice {
    /// The layer and its operating point, if video is sent.
    pub(crate) fn point(self) -> Option<(usize, OperatingPoint)> {
        match self {
            Self::Layer(index, point) | Self::Intermittent(index, point) => Some((index, point)),
            Self::Starved => None,
        }
    }
}

/// Selects for one viewer; keeps what the next choice depends on.
#[derive(Debug, Default)]
pub(crate) struct LayerSelector {
    went_up_at: Option<Instant>,
    went_down_at: Option<Instant>,
    starved_since: Option<Instant>,
    is_starved: bool,
    below_lowest: BelowLowest,
}

impl LayerSelector {
    /// Chooses from `rungs`, lowest first; `None` if there are none. `current` is the layer and operating
    /// point that is sent now.
    pub(crate) fn choose(
        &mut self,
        rungs: &[Rung],
        current: Option<(usize, OperatingPoint)>,
        link: Link,
        now: Instant,
    ) -> Option<Choice> {
        let lowest = rungs.first()?;
        let for_video = link.estimate_bps.saturating_sub(link.sound_bps) as f64;
        // Random loss lowers the estimate, while half of the video may still arrive.
        let arriving = link.arriving_bps.saturating_sub(link.sound_bps) as f64;
        let least = lowest.bps as f64;
        if self.is_starved(for_video.max(arriving), least, now) {
            // When the video comes back, it is at first sent part of the time.
            self.below_lowest.begin();
            return Some(Choice::Starved);
        }
        if self.below_lowest.is_on(least, for_video, arriving, link.loses_much, now) {
            return Some(Choice::Intermittent(lowest.index, lowest.point));
        }
        let fits = |it: &&Rung, room: f64| it.bps as f64 * room <= for_video;
        let choice = |it: &Rung| Some(Choice::Layer(it.index, it.point));
        let Some(at) = current.and_then(|it| rung_of(rungs, it)) else {
            // No layer of these is sent yet: the best rung that fits, else the lowest that comes. Only a
            // viewer that is sent another layer meanwhile can wait for a paused one.
            let is_ready = |it: &&Rung| it.is_on || current.is_some();
            let best = rungs.iter().rev().filter(is_ready).find(|it| fits(it, 1.0));
            let least = rungs.iter().find(|it| it.is_on).unwrap_or(lowest);
            return choice(best.unwrap_or(least));
        };
        let here = rungs.get(at)?;
        if !fits(&here, ROOM_DOWN) {
            // There is no time to wait for a paused layer.
            let mut below = rungs.get(..at)?.iter().rev().filter(|it| it.is_on);
            let below = below.clone().find(|it| fits(it, ROOM_DOWN)).or_else(|| below.next_back());
            let below = below.unwrap_or(lowest);
            if below != here {
                self.went_down_at = Some(now);
            }
            return choice(below);
        }
        let is_within = |at: Option<Instant>, time| {
            at.is_some_and(|at| now.saturating_duration_since(at) < time)
        };
        if is_within(self.went_down_at, STAY_DOWN_INSIDE) || is_within(self.went_up_at, STAY_UP) {
            return choice(here);
        }
        let stays = is_within(self.went_down_at, STAY_DOWN);
        let mut above = rungs.get(at + 1..)?.iter().rev();
        let best = above.find(|it| fits(it, ROOM_UP) && !(stays && is_other(rungs, it, here)));
        choice(best.unwrap_or(here))
    }

    /// Records that the viewer is sent another layer or operating point from now on.
    pub(crate) fn switched(&mut self, is_up: bool, now: Instant) {
        if is_up {
            self.went_up_at = Some(now);
        }
    }

    /// Records that the viewer requested a keyframe.
    pub(crate) fn asked(&mut self, now: Instant) {
        self.below_lowest.asked(now);
    }

    fn is_starved(&mut self, for_video: f64, lowest: f64, now: Instant) -> bool {
        if for_video >= lowest * FED_ABOVE || lowest == 0.0 {
            self.is_starved = false;
        }
        if for_video >= lowest * STARVED_BELOW {
            self.starved_since = None;
            return self.is_starved;
        }
        let since = *self.starved_since.get_or_insert(now);
        self.is_starved |= now.saturating_duration_since(since) >= STARVED_FOR;
        self.is_starved
    }
}

/// The bitrates of a choice and of the next rung that is worth a probe (0: there is none), in bit/s.
pub(crate) fn demand(rungs: &[Rung], choice: Choice) -> (u64, u64) {
    let least = rungs.first().map_or(0, |it| it.bps);
    let (index, point) = match choice {
        Choice::Layer(index, point) => (index, point),
        Choice::Intermittent(..) | Choice::Starved => return (0, least),
    };
    let Some(at) = rung_of(rungs, (index, point)) else { return (0, 0) };
    let here = rungs.get(at).map_or(0, |it| it.bps);
    let above = rungs.get(at + 1..).unwrap_or_default();
    let is_worth = |it: &&Rung| here < SLOW_BPS || it.bps as f64 >= here as f64 * WORTH_A_PROBE;
    let next = above.iter().find(is_worth).or(above.last());
    (here, next.map_or(0, |it| it.bps))
}

/// Whether two rungs differ in layer or picture size, and not only in frame rate.
fn is_other(rungs: &[Rung], a: &Rung, b: &Rung) -> bool {
    let size = |it: &Rung| {
        let same = rungs.iter().filter(|other| other.index == it.index);
        let highest = same.map(|it| it.point).filter(|it| *it != OperatingPoint::WHOLE);
        let highest = highest.map(|it| it.spatial).max().unwrap_or(0);
        it.point.spatial.min(highest)
    };
    a.index != b.index || size(a) != size(b)
}

/// The index of the rung that a viewer is at. Its operating point can be missing for a moment, since
/// rates vary: then it is the next lower rung of its layer, or the layer's lowest.
fn rung_of(rungs: &[Rung], (index, point): (usize, OperatingPoint)) -> Option<usize> {
    let is = |it: &Rung| it.index == index;
    rungs
        .iter()
        .position(|it| is(it) && it.point == point)
        .or_else(|| rungs.iter().rposition(|it| is(it) && point.contains(it.point)))
        .or_else(|| rungs.iter().position(is))
}

/// The choice without an estimate: the best of `rungs`, which are lowest first, or the `current` layer
/// unless the best has more than 1.5 times its bitrate. Each change costs a keyframe.
pub(crate) fn best(rungs: &[Rung], current: Option<usize>) -> Option<Choice> {
    let best = rungs.iter().rev().find(|it| it.is_on || current.is_some()).or(rungs.last())?;
    let current = rungs.iter().rev().find(|it| Some(it.index) == current).unwrap_or(best);
    let chosen = if best.bps * 2 > current.bps * 3 { best } else { current };
    Some(Choice::Layer(chosen.index, chosen.point))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::rung::order_rungs;
    use crate::testing::START;

    const fn whole(index: usize, bps: u64) -> Rung {
        Rung { index, point: OperatingPoint::WHOLE, bps, fps: 30.0, is_on: true }
    }

    const LAYERS: [Rung; 3] = [whole(2, 150_000), whole(0, 500_000), whole(1, 2_500_000)];

    /// [`LAYERS`], each in three temporal layers of a half, two thirds and all of the bitrate.
    fn thinnable() -> Vec<Rung> {
        let mut points = Vec::new();
        for it in LAYERS {
            for (temporal, fps, part) in [(0, 7.5, 2), (1, 15.0, 3)] {
                let bps = it.bps * (part - 1) / part;
                points.push(Rung {
                    point: OperatingPoint { spatial: 0, temporal },
                    bps,
                    fps,
                    ..it
                });
            }
            points.push(it);
        }
        let n = order_rungs(&mut points);
        points.truncate(n);
        points
    }

    fn link(estimate_bps: u64) -> Link {
        Link { estimate_bps, arriving_bps: 0, sound_bps: 35_000, loses_much: false }
    }

    fn whole_of(index: usize) -> Option<Choice> {
        Some(Choice::Layer(index, OperatingPoint::WHOLE))
    }

    fn at(ms: u64) -> Instant {
        *START + Duration::from_millis(ms)
    }

    #[test]
    fn the_best_that_fits_is_chosen_at_first_and_the_least_when_none_does() {
        let choose = |bps| LayerSelector::default().choose(&LAYERS, None, link(bps), at(0));
        assert_eq!(choose(4_000_000), whole_of(1));
        assert_eq!(choose(2_000_000), whole_of(0));
        assert_eq!(choose(100_000), whole_of(2));
        assert_eq!(LayerSelector::default().choose(&[], None, link(1_000_000), at(0)), None);
    }

    #[test]
    fn down_at_once_and_up_only_with_room_and_after_a_while() {
        let mut it = LayerSelector::default();
        let mut choose = |current, bps, ms| {
            it.choose(&LAYERS, Some((current, OperatingPoint::WHOLE)), link(bps), at(ms))
        };
        assert_eq!(
            choose(1, 2_450_000, 0),
            whole_of(1),
            "the layer exceeds the estimate by little"
        );
        assert_eq!(choose(1, 800_000, 100), whole_of(0));
        assert_eq!(choose(0, 5_000_000, 2_000), whole_of(0), "it went down just before");
        assert_eq!(
            choose(0, 2_600_000, 4_000),
            whole_of(0),
            "the estimate is too close to the bitrate"
        );
        assert_eq!(choose(0, 5_000_000, 4_000), whole_of(1));
        assert_eq!(choose(1, 200_000, 4_100), whole_of(2), "it did not go down two layers at once");
    }

    #[test]
    fn a_picture_that_comes_through_with_gaps_is_better_than_none() {
        let mut it = LayerSelector::default();
        let lossy = Link { arriving_bps: 160_000, ..link(50_000) };
        for ms in [0, 4_000, 8_000] {
            assert_eq!(
                it.choose(&LAYERS, Some((2, OperatingPoint::WHOLE)), lossy, at(ms)),
                whole_of(2)
            );
        }
    }

    #[test]
    fn a_link_that_does_not_carry_the_least_gets_it_a_part_of_the_time() {
        let mut it = LayerSelector::default();
        let mut choose = |bps, s: u64| {
            it.asked(at(s * 1_000));
            it.choose(&LAYERS, Some((2, OperatingPoint::WHOLE)), link(bps), at(s * 1_000))
        };
        assert_eq!(choose(155_000, 0), whole_of(2), "the link has just narrowed");
        assert_eq!(choose(155_000, 1), whole_of(2));
        assert_eq!(choose(155_000, 2), Some(Choice::Intermittent(2, OperatingPoint::WHOLE)));
    }

    #[test]
    fn sound_goes_on_when_no_picture_fits_and_the_picture_comes_back() {
        let mut it = LayerSelector::default();
        let mut choose =
            |bps, ms| it.choose(&LAYERS, Some((2, OperatingPoint::WHOLE)), link(bps), at(ms));
        assert_eq!(choose(60_000, 0), whole_of(2), "the link has just narrowed");
        assert_eq!(choose(60_000, 4_000), Some(Choice::Starved));
        assert_eq!(choose(90_000, 5_000), Some(Choice::Starved));
        assert_eq!(choose(100_000, 6_000), Some(Choice::Intermittent(2, OperatingPoint::WHOLE)));
        assert_eq!(choose(225_000, 7_000), whole_of(2));
    }
    #[test]
    fn frames_are_given_up_before_the_picture_but_a_large_one_is_never_a_slide_show() {
        let rungs = thinnable();
        let temporal = |index| rungs.iter().filter(|it| it.index == index).count();
        assert_eq!((temporal(2), temporal(0), temporal(1)), (3, 2, 2));
        assert!(rungs.is_sorted_by_key(|it| it.bps));
        let choose = |bps: u64| {
            LayerSelector::default().choose(&rungs, None, link(bps + 35_000), at(0)).unwrap()
        };
        let point = |temporal| OperatingPoint { spatial: 0, temporal };
        assert_eq!(choose(2_000_000), Choice::Layer(1, point(1)));
        assert_eq!(
            choose(1_500_000),
            Choice::Layer(0, OperatingPoint::WHOLE),
            "7 frames per second of the best layer are too few"
        );
        assert_eq!(choose(100_000), Choice::Layer(2, point(1)));
        assert_eq!(choose(80_000), Choice::Layer(2, point(0)), "it is the lowest rung");
    }

    #[test]
    fn frames_come_back_sooner_than_a_larger_picture_after_going_down() {
        let rungs = thinnable();
        let mut it = LayerSelector::default();
        let half = OperatingPoint { spatial: 0, temporal: 1 };
        let mut choose = |point, bps, ms| it.choose(&rungs, Some((0, point)), link(bps), at(ms));
        assert_eq!(choose(OperatingPoint::WHOLE, 450_000, 0), Some(Choice::Layer(0, half)));
        assert_eq!(choose(half, 5_000_000, 900), Some(Choice::Layer(0, half)));
        assert_eq!(choose(half, 5_000_000, 1_100), whole_of(0));
        assert_eq!(choose(OperatingPoint::WHOLE, 5_000_000, 2_900), whole_of(0));
        assert_eq!(choose(OperatingPoint::WHOLE, 5_000_000, 3_100), whole_of(1));
    }

    #[test]
    fn a_probe_looks_for_what_is_clearly_more_except_on_a_slow_link() {
        let rungs = thinnable();
        assert_eq!(demand(&rungs, Choice::Layer(2, OperatingPoint::WHOLE)), (150_000, 333_333));
        assert_eq!(demand(&rungs, Choice::Layer(0, OperatingPoint::WHOLE)), (500_000, 1_666_666));
        assert_eq!(demand(&rungs, Choice::Layer(1, OperatingPoint::WHOLE)), (2_500_000, 0));
        assert_eq!(demand(&rungs, Choice::Starved), (0, 75_000));
        let close = [whole(0, 300_000), whole(1, 360_000), whole(2, 420_000)];
        assert_eq!(demand(&close, Choice::Layer(0, OperatingPoint::WHOLE)), (300_000, 420_000));
    }

    #[test]
    fn a_host_that_sends_few_frames_is_not_taken_for_a_thinned_one() {
        let mut points = LAYERS.map(|it| Rung { fps: 5.0, ..it });
        assert_eq!(order_rungs(&mut points), 3, "a shared screen of 5 frames a second");
    }

    #[test]
    fn a_point_that_is_not_told_apart_for_a_moment_changes_nothing() {
        let rungs = thinnable();
        let was = OperatingPoint { spatial: 1, temporal: 1 };
        let chosen = LayerSelector::default().choose(&rungs, Some((0, was)), link(400_000), at(0));
        assert_eq!(chosen, Some(Choice::Layer(0, OperatingPoint { spatial: 0, temporal: 1 })));
    }
}
