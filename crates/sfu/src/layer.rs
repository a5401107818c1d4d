//! Which layer a viewer is sent: the best that fits what its link carries, without changing back and
//! forth. Pure.

use std::time::{Duration, Instant};

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

/// A layer that there is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Available {
    /// Its place in the track.
    pub(crate) index: usize,
    /// What it takes, in bits a second, with headers.
    pub(crate) bps: u64,
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
    /// This layer.
    Layer(usize),
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
    /// The layer to send, of those that there are, lowest first. `None` when there is none.
    /// `current` is what is sent now.
    pub(crate) fn choose(
        &mut self,
        layers: &[Available],
        current: Option<usize>,
        link: Link,
        now: Instant,
    ) -> Option<Choice> {
        let lowest = layers.first()?;
        let for_video = link.estimate_bps.saturating_sub(link.sound_bps) as f64;
        // Where much is lost by chance the estimate is low, and still half a picture comes through.
        let comes_through = for_video.max(link.arriving_bps.saturating_sub(link.sound_bps) as f64);
        if self.is_starved(comes_through, lowest.bps as f64, now) {
            return Some(Choice::Starved);
        }
        let at = current.and_then(|index| layers.iter().position(|it| it.index == index));
        let fits = |it: &Available, room: f64| it.bps as f64 * room <= for_video;
        let Some(at) = at else {
            // Nothing is sent yet: what fits, or else the least.
            let best = layers.iter().rev().find(|it| fits(it, 1.0)).unwrap_or(lowest);
            return Some(Choice::Layer(best.index));
        };
        let here = layers.get(at)?;
        if !fits(here, ROOM_DOWN) {
            let below = layers.get(..at)?.iter().rev().find(|it| fits(it, ROOM_DOWN));
            let below = below.unwrap_or(lowest);
            if below.index != here.index {
                self.went_down_at = Some(now);
            }
            return Some(Choice::Layer(below.index));
        }
        let is_within = |at: Option<Instant>, time| {
            at.is_some_and(|at| now.saturating_duration_since(at) < time)
        };
        if is_within(self.went_down_at, STAY_DOWN) || is_within(self.went_up_at, STAY_UP) {
            return Some(Choice::Layer(here.index));
        }
        let above = layers.get(at + 1..)?.iter().rev().find(|it| fits(it, ROOM_UP));
        Some(Choice::Layer(above.unwrap_or(here).index))
    }

    /// The viewer is sent another layer now: a keyframe of it came.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::START;

    const LAYERS: [Available; 3] = [
        Available { index: 2, bps: 150_000 },
        Available { index: 0, bps: 500_000 },
        Available { index: 1, bps: 2_500_000 },
    ];

    fn link(estimate_bps: u64) -> Link {
        Link { estimate_bps, arriving_bps: 0, sound_bps: 35_000 }
    }

    fn at(ms: u64) -> Instant {
        *START + Duration::from_millis(ms)
    }

    #[test]
    fn the_best_that_fits_is_chosen_at_first_and_the_least_when_none_does() {
        let choose = |bps| LayerSelector::default().choose(&LAYERS, None, link(bps), at(0));
        assert_eq!(choose(4_000_000), Some(Choice::Layer(1)));
        assert_eq!(choose(2_000_000), Some(Choice::Layer(0)));
        assert_eq!(choose(100_000), Some(Choice::Layer(2)));
        assert_eq!(LayerSelector::default().choose(&[], None, link(1_000_000), at(0)), None);
    }

    #[test]
    fn down_at_once_and_up_only_with_room_and_after_a_while() {
        let mut it = LayerSelector::default();
        let mut choose = |current, bps, ms| it.choose(&LAYERS, Some(current), link(bps), at(ms));
        assert_eq!(choose(1, 2_450_000, 0), Some(Choice::Layer(1)), "a little over is borne");
        assert_eq!(choose(1, 800_000, 100), Some(Choice::Layer(0)));
        assert_eq!(choose(0, 5_000_000, 2_000), Some(Choice::Layer(0)), "not back at once");
        assert_eq!(choose(0, 2_600_000, 4_000), Some(Choice::Layer(0)), "not without room");
        assert_eq!(choose(0, 5_000_000, 4_000), Some(Choice::Layer(1)));
        assert_eq!(choose(1, 200_000, 4_100), Some(Choice::Layer(2)), "two steps at once");
    }

    #[test]
    fn a_picture_that_comes_through_with_gaps_is_better_than_none() {
        let mut it = LayerSelector::default();
        let lossy = Link { estimate_bps: 50_000, arriving_bps: 160_000, sound_bps: 35_000 };
        for ms in [0, 4_000, 8_000] {
            assert_eq!(it.choose(&LAYERS, Some(2), lossy, at(ms)), Some(Choice::Layer(2)));
        }
    }

    #[test]
    fn sound_goes_on_when_no_picture_fits_and_the_picture_comes_back() {
        let mut it = LayerSelector::default();
        let mut choose = |bps, ms| it.choose(&LAYERS, Some(2), link(bps), at(ms));
        assert_eq!(choose(60_000, 0), Some(Choice::Layer(2)), "for a moment");
        assert_eq!(choose(60_000, 4_000), Some(Choice::Starved));
        assert_eq!(choose(100_000, 5_000), Some(Choice::Starved));
        assert_eq!(choose(200_000, 6_000), Some(Choice::Layer(2)));
    }
}
