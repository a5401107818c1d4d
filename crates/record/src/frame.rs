//! What a file is made of: tracks and coded frames.

use std::time::Duration;

/// A codec of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VideoCodec {
    /// VP8 (RFC 6386).
    Vp8,
    /// VP9.
    Vp9,
    /// H.264.
    H264,
    /// AV1.
    Av1,
}

/// How far a player turns the picture, clockwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rotation {
    /// Not at all.
    #[default]
    None,
    /// By 90 degrees.
    By90,
    /// By 180 degrees.
    By180,
    /// By 270 degrees.
    By270,
}

/// A track of pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VideoTrack {
    /// What the frames are coded with.
    pub codec: VideoCodec,
    /// Width of the coded picture in pixels, before it is turned.
    pub width: u32,
    /// Height of the coded picture in pixels, before it is turned.
    pub height: u32,
    /// How far a player turns it.
    pub rotation: Rotation,
    /// Body of the decoder configuration record: avcC (ISO 14496-15), av1C, or vpcC from its version and flags on. Empty
    /// for VP8.
    pub config: Vec<u8>,
}

/// A track of sound: Opus at 48 kHz.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioTrack {
    /// One or two.
    pub channels: u8,
}

/// A track of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Track {
    /// Pictures.
    Video(VideoTrack),
    /// Sound.
    Audio(AudioTrack),
}

impl Track {
    /// Whether it has pictures.
    pub fn is_video(&self) -> bool {
        matches!(self, Self::Video(_))
    }
}

/// One coded frame. Frames of a track come in decoding order, which is display order: there are no B-frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The index of its track in the tracks of the file.
    pub track: usize,
    /// When it is shown, counted from the begin of the file.
    pub at: Duration,
    /// Whether decoding can begin with it.
    pub is_key: bool,
    /// A frame of VP8 or VP9; NAL units of H.264, each after its length in 4 bytes; low-overhead OBUs of AV1 without
    /// temporal delimiters; or a packet of Opus.
    pub data: Vec<u8>,
}
