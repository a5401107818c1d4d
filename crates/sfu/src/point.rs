//! Layers inside one stream: a stream can hold pictures of several sizes (spatial layers) and frame rates
//! (temporal layers), each built on the lower ones. What a viewer gets of it is an operating point. Pure.

/// How many spatial and temporal layers are told apart; what is above counts as the highest. Browsers
/// send up to three of each.
pub(crate) const LAYERS: u8 = 4;

/// How many operating points there can be.
pub(crate) const POINTS: usize = (LAYERS * LAYERS) as usize;

/// An operating point: all of a stream up to this spatial and this temporal layer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Point {
    /// The highest spatial layer; 0 is the smallest picture.
    pub(crate) spatial: u8,
    /// The highest temporal layer; 0 is the lowest frame rate.
    pub(crate) temporal: u8,
}

impl Point {
    /// All that there is, and all that comes.
    pub(crate) const WHOLE: Self = Self { spatial: LAYERS - 1, temporal: LAYERS - 1 };

    /// Whether the other one is part of this one.
    pub(crate) fn contains(self, other: Self) -> bool {
        other.spatial <= self.spatial && other.temporal <= self.temporal
    }

    /// Its place among [`POINTS`].
    pub(crate) fn index(self) -> usize {
        usize::from(self.spatial * LAYERS + self.temporal)
    }

    /// All there can be.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..LAYERS).flat_map(|spatial| (0..LAYERS).map(move |temporal| Self { spatial, temporal }))
    }
}

/// Where a packet stands among the layers of its stream. That of a stream without layers is the default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its layers: it belongs to the operating points that contain this one.
    pub(crate) point: Point,
}
