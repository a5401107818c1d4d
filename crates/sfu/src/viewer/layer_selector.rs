//! What a viewer is sent: of all operating points of all layers the best that fits what its link carries,
//! without changing back and forth. Pure.

use std::time::{Duration, Instant};

use crate::media::svc::OperatingPoint;
use crate::room::rung::Rung;
use crate::viewer::intermittent::below_lowest::BelowLowest;

/// What a layer needs above its own rate before a viewer goes up to it: rates vary, and a layer that
/// does not fit costs a keyframe now and another on the way down.
const ROOM_UP: f64 = 1.15;

/// A viewer stays while its layer exceeds the estimate by less than this: encoders exceed their
/// rate for moments.
const ROOM_DOWN: f64 = 0.95;

/// After going down, the least time before going up: as long as an estimate needs to settle.
const STAY_DOWN: Duration = Duration::from_secs(3);

/// The same before there are more frames of one picture, which costs no keyframe and little else.
const STAY_DOWN_INSIDE: Duration = Duration::from_secs(1);

/// After going up, the least time before going up further.
const STAY_UP: Duration = Duration::from_secs(1);

/// Probe only for a layer of at least 2.5 times the current rate. A probe for a nearby layer gives false positives,
/// and each lengthens the back-off.
const WORTH_A_PROBE: f64 = 2.5;

/// On a slower link than this a probe is for the next better one all the same: it has a least size, which
/// stands in the queue the longer the more it exceeds the link.
const SLOW_BPS: u64 = 250_000;

/// Below this share of the lowest layer's rate the picture is given up for the sound, once it has
/// been so for [`STARVED_FOR`]; above [`FED_ABOVE`] it comes back.
const STARVED_BELOW: f64 = 0.25;
const FED_ABOVE: f64 = 0.4;
const STARVED_FOR: Duration = Duration::from_secs(4);

/// What is known of a viewer's link, in bits a second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    /// What it carries.
    pub(crate) estimate_bps: u64,
    /// What arrives now.
    pub(crate) arriving_bps: u64,
    /// What sound takes of it.
    pub(crate) sound_bps: u64,
    /// Whether much gets lost now, and no queue is the reason.
    pub(crate) loses_much: bool,
}

/// What to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    /// So much of this layer.
    Layer(usize, OperatingPoint),
    /// So much of this layer, the least there is and more than the link carries: a part of the time.
    Intermittent(usize, OperatingPoint),
    /// Sound only: the link does not carry a picture.
    Starved,
}

impl Choice {
    /// What of which layer, if any.
    pub(crate) fn point(self) -> Option<(usize, OperatingPoint)> {
        match self {
            Self::Layer(index, point) | Self::Intermittent(index, point) => Some((index, point)),
            Self::Starved => None,
        }
    }
}

/// The choice for one viewer, and what it needs to be remembered.
#[derive(Debug, Default)]
pub(crate) struct LayerSelector {
    went_up_at: Option<Instant>,
    went_down_at: Option<Instant>,
    starved_since: Option<Instant>,
    is_starved: bool,
    below_lowest: BelowLowest,
}

impl LayerSelector {
    /// What to send, of what there is, lowest first. `None` when there is nothing. `current` is the
    /// layer that is sent now, and what of it.
    pub(crate) fn choose(
        &mut self,
        rungs: &[Rung],
        current: Option<(usize, OperatingPoint)>,
        link: Link,
        now: Instant,
    ) -> Option<Choice> {
        let lowest = rungs.first()?;
        let for_video = link.estimate_bps.saturating_sub(link.sound_bps) as f64;
        // Where much is lost by chance the estimate is low, and still half a picture comes through.
        let arriving = link.arriving_bps.saturating_sub(link.sound_bps) as f64;
        let least = lowest.bps as f64;
        if self.is_starved(for_video.max(arriving), least, now) {
            // When it comes back it is not all of it at once.
            self.below_lowest.begin();
            return Some(Choice::Starved);
        }
        if self.below_lowest.is_on(least, for_video, arriving, link.loses_much, now) {
            return Some(Choice::Intermittent(lowest.index, lowest.point));
        }
        let fits = |it: &&Rung, room: f64| it.bps as f64 * room <= for_video;
        let choice = |it: &Rung| Some(Choice::Layer(it.index, it.point));
        let Some(at) = current.and_then(|it| rung_of(rungs, it)) else {
            // Nothing is sent yet: what fits of that which comes, or else the least. Who is sent another
            // layer than it wants can wait for a paused one.
            let is_ready = |it: &&Rung| it.is_on || current.is_some();
            let best = rungs.iter().rev().filter(is_ready).find(|it| fits(it, 1.0));
            let least = rungs.iter().find(|it| it.is_on).unwrap_or(lowest);
            return choice(best.unwrap_or(least));
        };
        let here = rungs.get(at)?;
        if !fits(&here, ROOM_DOWN) {
            // There is no time to wait for what is paused.
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

    /// The viewer is sent another layer, or more of the one, from now on.
    pub(crate) fn switched(&mut self, is_up: bool, now: Instant) {
        if is_up {
            self.went_up_at = Some(now);
        }
    }

    /// The viewer asked for a keyframe.
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

/// What a choice takes, and what the better one would that is worth a probe (0: there is none), in bits a
/// second.
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

/// Whether two rungs are not of one picture with more and fewer frames.
fn is_other(rungs: &[Rung], a: &Rung, b: &Rung) -> bool {
    let size = |it: &Rung| {
        let same = rungs.iter().filter(|other| other.index == it.index);
        let highest = same.map(|it| it.point).filter(|it| *it != OperatingPoint::WHOLE);
        let highest = highest.map(|it| it.spatial).max().unwrap_or(0);
        it.point.spatial.min(highest)
    };
    a.index != b.index || size(a) != size(b)
}

/// Where on the ladder a viewer is. A point can be missing there for a moment, as rates vary: then at
/// the next lower one of its layer, or the layer's lowest.
fn rung_of(rungs: &[Rung], (index, point): (usize, OperatingPoint)) -> Option<usize> {
    let is = |it: &Rung| it.index == index;
    rungs
        .iter()
        .position(|it| is(it) && it.point == point)
        .or_else(|| rungs.iter().rposition(|it| is(it) && point.contains(it.point)))
        .or_else(|| rungs.iter().position(is))
}

/// What to send when nothing is known of the link: the best of all, lowest first, or the `current` layer as
/// long as none is clearly better. Each change costs a keyframe.
pub(crate) fn best(rungs: &[Rung], current: Option<usize>) -> Option<Choice> {
    let best = rungs.iter().rev().find(|it| it.is_on || current.is_some()).or(rungs.last())?;
    let current = rungs.iter().rev().find(|it| Some(it.index) == current).unwrap_or(best);
    let chosen = if best.bps * 2 > current.bps * 3 { best } else { current };
    Some(Choice::Layer(chosen.index, chosen.point))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::rung::ladder;
    use crate::testing::START;

    const fn whole(index: usize, bps: u64) -> Rung {
        Rung { index, point: OperatingPoint::WHOLE, bps, fps: 30.0, is_on: true }
    }

    const LAYERS: [Rung; 3] = [whole(2, 150_000), whole(0, 500_000), whole(1, 2_500_000)];

    /// Each in three temporal layers, of a half, two thirds and all of the rate.
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
        let n = ladder(&mut points);
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
        assert_eq!(choose(155_000, 0), whole_of(2), "it may be for a moment");
        assert_eq!(choose(155_000, 1), whole_of(2));
        assert_eq!(choose(155_000, 2), Some(Choice::Intermittent(2, OperatingPoint::WHOLE)));
    }

    #[test]
    fn sound_goes_on_when_no_picture_fits_and_the_picture_comes_back() {
        let mut it = LayerSelector::default();
        let mut choose =
            |bps, ms| it.choose(&LAYERS, Some((2, OperatingPoint::WHOLE)), link(bps), at(ms));
        assert_eq!(choose(60_000, 0), whole_of(2), "for a moment");
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
            "not 7 frames of the best"
        );
        assert_eq!(choose(100_000), Choice::Layer(2, point(1)));
        assert_eq!(choose(80_000), Choice::Layer(2, point(0)), "the last before there is none");
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
        assert_eq!(ladder(&mut points), 3, "a shared screen of 5 frames a second");
    }

    #[test]
    fn a_point_that_is_not_told_apart_for_a_moment_changes_nothing() {
        let rungs = thinnable();
        let was = OperatingPoint { spatial: 1, temporal: 1 };
        let chosen = LayerSelector::default().choose(&rungs, Some((0, was)), link(400_000), at(0));
        assert_eq!(chosen, Some(Choice::Layer(0, OperatingPoint { spatial: 0, temporal: 1 })));
    }
}
