//! Codecs and layers of a broadcast.

use std::fmt;

/// What a publisher sends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MediaInfo {
    /// The audio codec, when there is sound.
    pub audio: Option<Codec>,
    /// The video codec, when there is a picture.
    pub video: Option<Codec>,
    /// The `rid`s of simulcast layers seen, best first; empty without simulcast.
    pub layers: Vec<String>,
}

/// The bit rate of one layer of the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerRate {
    /// Its `rid`; `None` without simulcast.
    pub rid: Option<String>,
    /// In kbit/s, as viewers get it.
    pub kbps: u32,
}

/// Sound or picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MediaKind {
    /// Sound.
    Audio,
    /// Picture.
    Video,
}

impl MediaKind {
    /// Ticks of the RTP timestamp a second.
    pub fn clock_rate(self) -> u32 {
        match self {
            Self::Audio => 48_000,
            Self::Video => 90_000,
        }
    }

    /// What an `m=` line calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
        }
    }
}

/// A codec that is forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// RFC 7587.
    Opus,
    /// RFC 7741.
    Vp8,
    /// RFC 6184.
    H264,
    /// RFC 9628.
    Vp9,
    /// The AV1 RTP payload format of AOMedia.
    Av1,
}

impl Codec {
    /// The encoding name, as SDP has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opus => "opus",
            Self::Vp8 => "VP8",
            Self::H264 => "H264",
            Self::Vp9 => "VP9",
            Self::Av1 => "AV1",
        }
    }

    /// Sound or picture.
    pub fn kind(self) -> MediaKind {
        if self.is_video() { MediaKind::Video } else { MediaKind::Audio }
    }

    /// Whether it is a video codec.
    pub fn is_video(self) -> bool {
        self != Self::Opus
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
