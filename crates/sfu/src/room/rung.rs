//! The operating points that a track has now: what a viewer can choose from. Pure.

use crate::media::stream_key::MAX_LAYERS;
use crate::media::svc::{OperatingPoint, POINTS};

/// Fewer frames a second than this are no moving picture any more: a smaller picture is better, as long
/// as there is one. A third of what cameras send is below it, a half of what most do is not.
const LEAST_FPS: f32 = 11.5;

/// How many operating points there are to choose from at most.
pub(crate) const MAX_RUNGS: usize = MAX_LAYERS * POINTS;

/// An operating point of a layer that there is now.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Rung {
    /// The layer's place in the track.
    pub(crate) index: usize,
    /// What of it.
    pub(crate) point: OperatingPoint,
    /// What that takes, in bits a second, with headers.
    pub(crate) bps: u64,
    /// Its frames a second.
    pub(crate) fps: f32,
    /// Whether it comes now. One that is paused comes when it is wanted.
    pub(crate) is_on: bool,
}

/// Puts what is worth sending to the front, lowest first; returns how much that is. A point of too few
/// frames counts only where there is no smaller picture, and a layer that has no more frames counts
/// as a whole.
pub(crate) fn ladder(points: &mut [Rung]) -> usize {
    let whole = points.iter().filter(|it| it.point == OperatingPoint::WHOLE);
    let lowest = whole.min_by_key(|it| it.bps).map(|it| it.index);
    let smallest = points.iter().filter(|it| Some(it.index) == lowest);
    let smallest = smallest.map(|it| it.point.spatial).min();
    let is_worth = |it: &Rung| {
        it.fps >= LEAST_FPS
            || it.point == OperatingPoint::WHOLE
            || Some(it.index) == lowest && Some(it.point.spatial) == smallest
    };
    points.sort_unstable_by_key(|it| (!is_worth(it), it.bps));
    points.partition_point(is_worth)
}
