//! The operating points of a track that a viewer can choose from, as the rungs of a ladder. Pure.

use crate::media::stream_key::MAX_LAYERS;
use crate::media::svc::{OperatingPoint, POINTS};

/// The minimum frame rate, in frames per second. Below it a smaller picture is better, if there is one.
/// A third of a camera's frame rate is below it, a half of most cameras' is not.
const LEAST_FPS: f32 = 11.5;

/// The largest number of rungs.
pub(crate) const MAX_RUNGS: usize = MAX_LAYERS * POINTS;

/// An operating point of a layer that is available now.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Rung {
    /// The layer's index in the track.
    pub(crate) index: usize,
    /// The operating point in the layer.
    pub(crate) point: OperatingPoint,
    /// Its bitrate in bit/s, with headers.
    pub(crate) bps: u64,
    /// Its frame rate, in frames per second.
    pub(crate) fps: f32,
    /// Whether the publisher sends it now. It sends a paused one once that is wanted.
    pub(crate) is_on: bool,
}

/// Moves the points that are worth sending to the front, lowest bitrate first; returns their number. A
/// point below [`LEAST_FPS`] is worth sending if there is no smaller picture, or if it is a whole layer,
/// which has no more frames.
pub(crate) fn order_rungs(points: &mut [Rung]) -> usize {
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
