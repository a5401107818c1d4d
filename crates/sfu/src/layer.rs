//! What a viewer is sent: of all operating points of all layers the best that fits what its link carries,
//! without changing back and forth. Pure.

use std::time::{Duration, Instant};

use crate::point::{POINTS, Point};
use crate::track::MAX_LAYERS;

/// What a layer needs above its own rate before a viewer goes up to it: rates vary, and a layer that
/// does not fit costs a keyframe now and another on the way down.
const ROOM_UP: f64 = 1.15;

/// A viewer stays while its layer exceeds the estimate by less than this: encoders exceed their
/// rate for moments.
const ROOM_DOWN: f64 = 0.95;

/// After going down, the least time before going up: as long as an estimate needs to settle.
const STAY_DOWN: Duration = Duration::from_secs(3);

/// After going up, the least time before going up further.
const STAY_UP: Duration = Duration::from_secs(1);

/// Below this share of the lowest layer's rate the picture is given up for the sound, once it has
/// been so for [`STARVED_FOR`]; above [`FED_ABOVE`] it comes back.
const STARVED_BELOW: f64 = 0.4;
const FED_ABOVE: f64 = 0.7;
const STARVED_FOR: Duration = Duration::from_secs(4);

/// Fewer frames a second than this are no moving picture any more: a smaller picture is better, as long
/// as there is one. A third of what cameras send is below it, a half of what most do is not.
const LEAST_FPS: f32 = 11.5;

/// How many operating points there are to choose from at most.
pub(crate) const MAX_RUNGS: usize = MAX_LAYERS * POINTS;

/// An operating point of a layer that there is now.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Available {
    /// The layer's place in the track.
    pub(crate) index: usize,
    /// What of it.
    pub(crate) point: Point,
    /// What that takes, in bits a second, with headers.
    pub(crate) bps: u64,
    /// Its frames a second.
    pub(crate) fps: f32,
}

/// Puts what is worth sending to the front, lowest first; returns how much that is. A point of too few
/// frames counts only where there is no smaller picture, and a layer that has no more frames counts
/// as a whole.
pub(crate) fn ladder(points: &mut [Available]) -> usize {
    let whole = points.iter().filter(|it| it.point == Point::WHOLE);
    let lowest = whole.min_by_key(|it| it.bps).map(|it| it.index);
    let smallest = points.iter().filter(|it| Some(it.index) == lowest);
    let smallest = smallest.map(|it| it.point.spatial).min();
    let is_worth = |it: &Available| {
        it.fps >= LEAST_FPS
            || it.point == Point::WHOLE
            || Some(it.index) == lowest && Some(it.point.spatial) == smallest
    };
    points.sort_unstable_by_key(|it| (!is_worth(it), it.bps));
    points.partition_point(is_worth)
}

/// What is known of a viewer's link, in bits a second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    /// What it carries.
    pub(crate) estimate_bps: u64,
    /// What arrives now.
    pub(crate) arriving_bps: u64,
    /// What sound takes of it.
    pub(crate) sound_bps: u64,
}

/// What to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    /// So much of this layer.
    Layer(usize, Point),
    /// Sound only: the link does not carry a picture.
    Starved,
}

/// The choice for one viewer, and what it needs to be remembered.
#[derive(Debug, Default)]
pub(crate) struct LayerSelector {
    went_up_at: Option<Instant>,
    went_down_at: Option<Instant>,
    starved_since: Option<Instant>,
    is_starved: bool,
}

impl LayerSelector {
    /// What to send, of what there is, lowest first. `None` when there is nothing. `current` is the
    /// layer that is sent now, and what of it.
    pub(crate) fn choose(
        &mut self,
        rungs: &[Available],
        current: Option<(usize, Point)>,
        link: Link,
        now: Instant,
    ) -> Option<Choice> {
        let lowest = rungs.first()?;
        let for_video = link.estimate_bps.saturating_sub(link.sound_bps) as f64;
        // Where much is lost by chance the estimate is low, and still half a picture comes through.
        let comes_through = for_video.max(link.arriving_bps.saturating_sub(link.sound_bps) as f64);
        if self.is_starved(comes_through, lowest.bps as f64, now) {
            return Some(Choice::Starved);
        }
        let fits = |it: &&Available, room: f64| it.bps as f64 * room <= for_video;
        let choice = |it: &Available| Some(Choice::Layer(it.index, it.point));
        let Some(at) = current.and_then(|it| rung_of(rungs, it)) else {
            // Nothing is sent yet: what fits, or else the least.
            return choice(rungs.iter().rev().find(|it| fits(it, 1.0)).unwrap_or(lowest));
        };
        let here = rungs.get(at)?;
        if !fits(&here, ROOM_DOWN) {
            let below = rungs.get(..at)?.iter().rev().find(|it| fits(it, ROOM_DOWN));
            let below = below.unwrap_or(lowest);
            if below != here {
                self.went_down_at = Some(now);
            }
            return choice(below);
        }
        let is_within = |at: Option<Instant>, time| {
            at.is_some_and(|at| now.saturating_duration_since(at) < time)
        };
        if is_within(self.went_down_at, STAY_DOWN) || is_within(self.went_up_at, STAY_UP) {
            return choice(here);
        }
        choice(rungs.get(at + 1..)?.iter().rev().find(|it| fits(it, ROOM_UP)).unwrap_or(here))
    }

    /// The viewer is sent another layer, or more of the one, from now on.
    pub(crate) fn switched(&mut self, is_up: bool, now: Instant) {
        if is_up {
            self.went_up_at = Some(now);
        }
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

/// Where on the ladder a viewer is. A point can be missing there for a moment, as rates vary: then at
/// the next lower one of its layer, or the layer's lowest.
fn rung_of(rungs: &[Available], (index, point): (usize, Point)) -> Option<usize> {
    let is = |it: &Available| it.index == index;
    rungs
        .iter()
        .position(|it| is(it) && it.point == point)
        .or_else(|| rungs.iter().rposition(|it| is(it) && point.contains(it.point)))
        .or_else(|| rungs.iter().position(is))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::START;

    const fn whole(index: usize, bps: u64) -> Available {
        Available { index, point: Point::WHOLE, bps, fps: 30.0 }
    }

    const LAYERS: [Available; 3] = [whole(2, 150_000), whole(0, 500_000), whole(1, 2_500_000)];

    /// Each in three temporal layers, of a half, two thirds and all of the rate.
    fn thinnable() -> Vec<Available> {
        let mut points = Vec::new();
        for it in LAYERS {
            for (temporal, fps, part) in [(0, 7.5, 2), (1, 15.0, 3)] {
                let bps = it.bps * (part - 1) / part;
                points.push(Available { point: Point { spatial: 0, temporal }, bps, fps, ..it });
            }
            points.push(it);
        }
        let n = ladder(&mut points);
        points.truncate(n);
        points
    }

    fn link(estimate_bps: u64) -> Link {
        Link { estimate_bps, arriving_bps: 0, sound_bps: 35_000 }
    }

    fn whole_of(index: usize) -> Option<Choice> {
        Some(Choice::Layer(index, Point::WHOLE))
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
        let mut choose =
            |current, bps, ms| it.choose(&LAYERS, Some((current, Point::WHOLE)), link(bps), at(ms));
        assert_eq!(choose(1, 2_450_000, 0), whole_of(1), "a little over is borne");
        assert_eq!(choose(1, 800_000, 100), whole_of(0));
        assert_eq!(choose(0, 5_000_000, 2_000), whole_of(0), "not back at once");
        assert_eq!(choose(0, 2_600_000, 4_000), whole_of(0), "not without room");
        assert_eq!(choose(0, 5_000_000, 4_000), whole_of(1));
        assert_eq!(choose(1, 200_000, 4_100), whole_of(2), "two steps at once");
    }

    #[test]
    fn a_picture_that_comes_through_with_gaps_is_better_than_none() {
        let mut it = LayerSelector::default();
        let lossy = Link { estimate_bps: 50_000, arriving_bps: 160_000, sound_bps: 35_000 };
        for ms in [0, 4_000, 8_000] {
            assert_eq!(it.choose(&LAYERS, Some((2, Point::WHOLE)), lossy, at(ms)), whole_of(2));
        }
    }

    #[test]
    fn sound_goes_on_when_no_picture_fits_and_the_picture_comes_back() {
        let mut it = LayerSelector::default();
        let mut choose = |bps, ms| it.choose(&LAYERS, Some((2, Point::WHOLE)), link(bps), at(ms));
        assert_eq!(choose(60_000, 0), whole_of(2), "for a moment");
        assert_eq!(choose(60_000, 4_000), Some(Choice::Starved));
        assert_eq!(choose(100_000, 5_000), Some(Choice::Starved));
        assert_eq!(choose(200_000, 6_000), whole_of(2));
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
        let point = |temporal| Point { spatial: 0, temporal };
        assert_eq!(choose(2_000_000), Choice::Layer(1, point(1)));
        assert_eq!(choose(1_500_000), Choice::Layer(0, Point::WHOLE), "not 7 frames of the best");
        assert_eq!(choose(100_000), Choice::Layer(2, point(1)));
        assert_eq!(choose(80_000), Choice::Layer(2, point(0)), "the last before there is none");
    }

    #[test]
    fn a_host_that_sends_few_frames_is_not_taken_for_a_thinned_one() {
        let mut points = LAYERS.map(|it| Available { fps: 5.0, ..it });
        assert_eq!(ladder(&mut points), 3, "a shared screen of 5 frames a second");
    }

    #[test]
    fn a_point_that_is_not_told_apart_for_a_moment_changes_nothing() {
        let rungs = thinnable();
        let was = Point { spatial: 1, temporal: 1 };
        let chosen = LayerSelector::default().choose(&rungs, Some((0, was)), link(400_000), at(0));
        assert_eq!(chosen, Some(Choice::Layer(0, Point { spatial: 0, temporal: 1 })));
    }
}
