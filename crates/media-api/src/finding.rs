//! Problems with what a publisher sends, as far as its packets and its offer show them.

use std::time::Duration;

/// A problem with what a publisher sends. It is reported while it lasts; there is at most one of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// H264 pictures are predicted from later ones (B-frames): browsers show them out of order, or wait.
    BFrames,
    /// Keyframes are more than 2 s apart and do not come on request: that long may a viewer stand still
    /// after a loss, or have no picture at first.
    KeyframeInterval {
        /// How far apart.
        interval: Duration,
    },
    /// Several requests for a keyframe were not answered in 3 s each, while media flowed.
    IgnoresPli,
    /// An H264 profile that browsers do not play.
    H264Profile {
        /// `profile_idc` (ITU-T H.264, annex A): 110 is High 10, 122 High 4:2:2, 244 High 4:4:4.
        profile_idc: u8,
    },
    /// H264 keyframes come, and the parameter sets that they need (SPS, PPS) are neither in the stream nor in the
    /// offer: no decoder can begin.
    NoParameterSets,
    /// There is a picture, and no sound for some seconds.
    NoAudio,
    /// Sound was offered, in no codec that is forwarded: browsers play Opus.
    NoOpus,
    /// More is sent than `max_publish_kbps` allows, of all layers and sound together.
    BitrateOverLimit {
        /// How much, in kbit/s, without headers.
        kbps: u32,
        /// The limit, in kbit/s.
        limit_kbps: u32,
    },
    /// The publisher sends more than the ceiling. The excess is dropped; a publisher that stays above is closed with
    /// [`crate::CloseReason::Flooding`].
    OverCeiling {
        /// Packets in a second.
        packets: u32,
        /// How many are taken; 0: all.
        limit_packets: u32,
        /// How much, in kbit/s, without headers.
        kbps: u32,
        /// How much is taken, in kbit/s; 0: all.
        limit_kbps: u32,
    },
    /// Packets come that fit no media description of the offer. They are dropped.
    UnknownMedia,
    /// Packets of sound and picture get lost on the way from the publisher, and repair does not bring them back.
    LossyUplink {
        /// How many of a hundred.
        percent: u32,
    },
}

impl Finding {
    /// Whether another finding is of the same kind, with figures within a quarter, or percentages within two points.
    pub fn is_about(&self, other: &Self) -> bool {
        let close = |a: u128, b: u128| a.abs_diff(b) * 4 <= a.max(b);
        match (*self, *other) {
            (Self::KeyframeInterval { interval: a }, Self::KeyframeInterval { interval: b }) => {
                close(a.as_millis(), b.as_millis())
            }
            (
                Self::BitrateOverLimit { kbps: a, limit_kbps: c },
                Self::BitrateOverLimit { kbps: b, limit_kbps: d },
            ) => c == d && close(a.into(), b.into()),
            (
                Self::OverCeiling { packets: a, limit_packets: c, kbps: e, limit_kbps: g },
                Self::OverCeiling { packets: b, limit_packets: d, kbps: f, limit_kbps: h },
            ) => (c, g) == (d, h) && close(a.into(), b.into()) && close(e.into(), f.into()),
            (Self::LossyUplink { percent: a }, Self::LossyUplink { percent: b }) => {
                a.abs_diff(b) <= 2 || close(a.into(), b.into())
            }
            (a, b) => a == b,
        }
    }
}
