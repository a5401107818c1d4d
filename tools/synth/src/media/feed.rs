//! What a publisher sends, packet by packet, whoever makes it.

use std::time::{Duration, Instant};

/// One packet to be sent.
#[derive(Debug)]
pub struct Made {
    pub is_video: bool,
    /// Whether it is of a keyframe of the picture.
    pub is_key: bool,
    /// When it was due, from the first one on.
    pub media_time: Duration,
    pub marker: bool,
    pub payload: Vec<u8>,
}

/// Where a publisher's packets come from. Time is an argument.
pub trait Feed: std::fmt::Debug + Send {
    /// When there is something to send next; `None` before the first.
    fn next_at(&self) -> Option<Instant>;

    /// Makes what is due.
    fn produce(&mut self, now: Instant, out: &mut Vec<Made>);

    /// Leaves out what was due earlier.
    fn skip_to(&mut self, _now: Instant) {}

    /// A viewer cannot decode.
    fn want_keyframe(&mut self) {}
}

/// The codec of pictures that are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentVideo {
    Vp8,
    Vp9,
    /// Packetization mode 1.
    H264 {
        /// `profile_idc`: the payload type of this profile is taken, if the server has it.
        profile: u8,
    },
    Av1,
}

/// What a publisher offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    pub video: Option<SentVideo>,
    /// Opus.
    pub audio: bool,
}
