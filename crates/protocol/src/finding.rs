//! What the server finds wrong with what a host sends.

use serde::{Deserialize, Serialize};

/// Something wrong with what the host sends, while it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(optional_fields))]
pub struct Finding {
    /// For a program.
    pub code: FindingCode,
    /// For a person, in English: what it does to the viewers, and what to set.
    pub message: String,
    /// Of `keyframe_interval`: how far apart keyframes are, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_ms: Option<u32>,
    /// Of `h264_profile`: its name, such as `High 4:4:4`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Of `bitrate_over_limit` and `over_ceiling`: how much is sent, in kbit/s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kbps: Option<u32>,
    /// Of `bitrate_over_limit` and `over_ceiling`: how much may be sent, in kbit/s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_kbps: Option<u32>,
    /// Of `over_ceiling`: how many packets are sent in a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packets: Option<u32>,
    /// Of `over_ceiling`: how many packets may be sent in a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_packets: Option<u32>,
    /// Of `lossy_uplink`: how many of a hundred packets get lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<u32>,
}

/// What a [`Finding`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum FindingCode {
    /// H264 pictures are predicted from later ones.
    BFrames,
    /// Keyframes are more than 2 s apart and do not come on request.
    KeyframeInterval,
    /// Requests for keyframes are not answered.
    IgnoresPli,
    /// An H264 profile that browsers do not play.
    #[serde(rename = "h264_profile")]
    H264Profile,
    /// H264 keyframes come without the parameter sets that decoders need.
    NoParameterSets,
    /// There is a picture and no sound.
    NoAudio,
    /// Sound was offered, and not as Opus.
    NoOpus,
    /// More is sent than the server's limit.
    BitrateOverLimit,
    /// More is sent than the server takes of anybody; the rest is dropped.
    OverCeiling,
    /// Packets come that fit no media description of the offer.
    UnknownMedia,
    /// Packets get lost on the way to the server, and repair does not bring them back.
    LossyUplink,
}

impl FindingCode {
    /// As it stands on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BFrames => "b_frames",
            Self::KeyframeInterval => "keyframe_interval",
            Self::IgnoresPli => "ignores_pli",
            Self::H264Profile => "h264_profile",
            Self::NoParameterSets => "no_parameter_sets",
            Self::NoAudio => "no_audio",
            Self::NoOpus => "no_opus",
            Self::BitrateOverLimit => "bitrate_over_limit",
            Self::OverCeiling => "over_ceiling",
            Self::UnknownMedia => "unknown_media",
            Self::LossyUplink => "lossy_uplink",
        }
    }
}
