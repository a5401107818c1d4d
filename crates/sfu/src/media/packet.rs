//! What the core knows of one RTP packet after it was parsed, once.

use std::sync::{Arc, LazyLock};
use std::time::Instant;

use crate::Codec;
use crate::media::codec::{av1, dependency_descriptor, h264, vp8, vp9};
use crate::media::header_ext::HeaderExtensions;
use crate::media::svc::SvcPosition;

/// What padding alone carries.
pub(crate) static NO_PAYLOAD: LazyLock<Arc<[u8]>> = LazyLock::new(|| Arc::from([]));

/// One packet of a publisher. Parsed once, stored once; viewers share the payload.
#[derive(Debug, Clone)]
pub(crate) struct Packet {
    /// Extended sequence number of the publisher's stream.
    pub(crate) seq: u64,
    /// RTP timestamp of the publisher's stream.
    pub(crate) ts: u32,
    /// The RTP marker bit: the last packet of a frame, for video.
    pub(crate) marker: bool,
    /// Header extensions that describe the media and go through to the viewers.
    pub(crate) header_ext: HeaderExtensions,
    /// The dependency descriptor, which goes through as well.
    pub(crate) dependency: Option<dependency_descriptor::Descriptor>,
    /// The RTP payload.
    pub(crate) payload: Arc<[u8]>,
    /// Where it stands among the layers of its stream.
    pub(crate) place: SvcPosition,
    /// The parsed payload descriptor, for VP8 with picture ids.
    pub(crate) vp8: Option<vp8::Descriptor>,
    /// Whether decoding can begin with this packet's frame.
    pub(crate) is_keyframe: bool,
    /// When it came in.
    pub(crate) arrived: Instant,
    /// When it was captured, in our clock, as far as the publisher's sender reports tell.
    pub(crate) captured: Instant,
}

/// Whether a frame that a decoder can begin with starts in this payload. Of H264 the parameter sets are
/// taken for its start as well.
pub(crate) fn starts_keyframe(codec: Codec, payload: &[u8]) -> bool {
    match codec {
        Codec::Opus => false,
        Codec::Vp8 => vp8::starts_keyframe(payload),
        Codec::H264 => h264::starts_keyframe(payload),
        Codec::Vp9 => vp9::starts_keyframe(payload),
        Codec::Av1 => av1::starts_keyframe(payload),
    }
}

/// Whether RTP timestamp `a` is later than `b` (modulo 2^32, RFC 3550, section 5.1).
pub(crate) fn ts_is_newer(a: u32, b: u32) -> bool {
    a != b && a.wrapping_sub(b) < 1 << 31
}
