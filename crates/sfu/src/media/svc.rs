//! Layers inside one stream. A stream can hold pictures of several sizes (spatial layers) and frame rates
//! (temporal layers), each of which depends on the lower ones. A viewer gets an operating point of it. Pure.

/// The number of spatial layers and of temporal layers that are distinguished. Higher ones count as the
/// highest. Browsers send up to three of each.
pub(crate) const LAYERS: u8 = 4;

/// The number of operating points.
pub(crate) const POINTS: usize = (LAYERS * LAYERS) as usize;

/// An operating point: all of a stream up to this spatial and this temporal layer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct OperatingPoint {
    /// The highest spatial layer; 0 is the smallest picture.
    pub(crate) spatial: u8,
    /// The highest temporal layer; 0 is the lowest frame rate.
    pub(crate) temporal: u8,
}

impl OperatingPoint {
    /// The whole stream, with any layer that begins later.
    pub(crate) const WHOLE: Self = Self { spatial: LAYERS - 1, temporal: LAYERS - 1 };

    /// The operating point of the layer ids in a packet, limited to the highest.
    pub(crate) fn new(spatial: u8, temporal: u8) -> Self {
        Self { spatial: spatial.min(LAYERS - 1), temporal: temporal.min(LAYERS - 1) }
    }

    /// Whether `other` is part of this one.
    pub(crate) fn contains(self, other: Self) -> bool {
        other.spatial <= self.spatial && other.temporal <= self.temporal
    }

    /// The highest operating point that both contain.
    pub(crate) fn common(self, other: Self) -> Self {
        Self {
            spatial: self.spatial.min(other.spatial),
            temporal: self.temporal.min(other.temporal),
        }
    }

    /// Its index, below [`POINTS`].
    pub(crate) fn index(self) -> usize {
        usize::from(self.spatial * LAYERS + self.temporal)
    }

    /// All operating points.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..LAYERS).flat_map(|spatial| (0..LAYERS).map(move |temporal| Self { spatial, temporal }))
    }
}

/// The position of a packet among the layers of its stream. The default is that of a stream without
/// layers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct SvcPosition {
    /// Its layers. The packet belongs to the operating points that contain this one.
    pub(crate) point: OperatingPoint,
    /// Whether a frame (of one spatial layer) begins with it.
    pub(crate) begins_frame: bool,
    /// Whether a frame (of one spatial layer) ends with it.
    pub(crate) ends_frame: bool,
    /// What a receiver can switch up to at its frame.
    pub(crate) opens: SwitchPoint,
}

/// What a receiver of a lower operating point can switch up to at a frame.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum SwitchPoint {
    /// Nothing.
    #[default]
    Nothing,
    /// The frame's own temporal layer: the frame depends only on lower ones (VP8: `Y`, RFC 7741, section
    /// 4.2).
    Own,
    /// All temporal layers above the frame's: from here on they depend on no earlier frame of theirs
    /// (VP9: `U`, RFC 9628, section 4.2).
    Temporal,
    /// The operating points whose bits are set, for a receiver that decodes the frame (the switch
    /// indication of the dependency descriptor).
    Points(u16),
    /// Everything: a keyframe.
    All,
}

impl SvcPosition {
    /// The operating point that a receiver can switch to at this packet's frame, if it has `current` and
    /// wants `wanted`. It contains `current`.
    pub(crate) fn can_switch_to(
        &self,
        current: OperatingPoint,
        wanted: OperatingPoint,
    ) -> OperatingPoint {
        let temporal = OperatingPoint {
            temporal: current.temporal.max(wanted.temporal),
            spatial: current.spatial,
        };
        let spatial = OperatingPoint {
            spatial: current.spatial.max(wanted.spatial),
            temporal: current.temporal,
        };
        let both = OperatingPoint { spatial: spatial.spatial, temporal: temporal.temporal };
        let decodes = current.contains(self.point);
        match self.opens {
            SwitchPoint::All => both,
            SwitchPoint::Own
                if self.point.spatial <= current.spatial
                    && self.point.temporal == current.temporal + 1
                    && self.point.temporal <= wanted.temporal =>
            {
                // One layer at a time: a frame two layers above may depend only on the lowest, while the
                // next frame of its layer depends on the layer in between.
                OperatingPoint { temporal: self.point.temporal, ..current }
            }
            SwitchPoint::Temporal if decodes => temporal,
            SwitchPoint::Points(points) if decodes => {
                let is_open = |it: &OperatingPoint| points >> it.index() & 1 == 1;
                [both, temporal, spatial].into_iter().find(is_open).unwrap_or(current)
            }
            _ => current,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn point(spatial: u8, temporal: u8) -> OperatingPoint {
        OperatingPoint { spatial, temporal }
    }

    fn place(at: OperatingPoint, opens: SwitchPoint) -> SvcPosition {
        SvcPosition { point: at, opens, ..SvcPosition::default() }
    }

    #[test]
    fn vp8_goes_up_one_layer_at_a_time_and_only_where_the_frame_says_so() {
        let own = |temporal| place(point(0, temporal), SwitchPoint::Own);
        assert_eq!(own(1).can_switch_to(point(0, 0), OperatingPoint::WHOLE), point(0, 1));
        assert_eq!(
            own(2).can_switch_to(point(0, 0), OperatingPoint::WHOLE),
            point(0, 0),
            "the receiver does not have the layer in between"
        );
        assert_eq!(own(2).can_switch_to(point(0, 1), OperatingPoint::WHOLE), point(0, 2));
        assert_eq!(
            own(2).can_switch_to(point(0, 1), point(0, 1)),
            point(0, 1),
            "the receiver does not want more"
        );
        let closed = place(point(0, 1), SwitchPoint::Nothing);
        assert_eq!(closed.can_switch_to(point(0, 0), OperatingPoint::WHOLE), point(0, 0));
    }

    #[test]
    fn vp9_goes_up_to_all_temporal_layers_from_a_frame_that_is_decoded() {
        let open = |temporal| place(point(0, temporal), SwitchPoint::Temporal);
        assert_eq!(
            open(0).can_switch_to(point(1, 0), OperatingPoint::WHOLE),
            point(1, 3),
            "the picture size cannot change"
        );
        assert_eq!(
            open(1).can_switch_to(point(0, 0), OperatingPoint::WHOLE),
            point(0, 0),
            "the receiver does not decode the frame"
        );
    }

    #[test]
    fn the_descriptor_opens_what_it_says() {
        let bits = 1 << point(1, 1).index() | 1 << point(0, 2).index();
        let it = place(point(0, 0), SwitchPoint::Points(bits));
        assert_eq!(it.can_switch_to(point(0, 0), point(1, 1)), point(1, 1));
        assert_eq!(
            it.can_switch_to(point(0, 0), point(1, 2)),
            point(0, 2),
            "only this one is open"
        );
        assert_eq!(it.can_switch_to(point(0, 1), point(2, 1)), point(0, 1));
    }
}
