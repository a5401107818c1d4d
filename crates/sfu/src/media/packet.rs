//! One RTP packet of a publisher, as the core keeps it after parsing.

use std::sync::{Arc, LazyLock};
use std::time::Instant;

use crate::Codec;
use crate::media::codec::{av1, dependency_descriptor, h264, vp8, vp9};
use crate::media::header_ext::HeaderExtensions;
use crate::media::svc::SvcPosition;

/// The payload of a packet of padding only.
pub(crate) static NO_PAYLOAD: LazyLock<Arc<[u8]>> = LazyLock::new(|| Arc::from([]));

/// One packet of a publisher. Parsed once, stored once; viewers share the payload.
#[derive(Debug, Clone)]
pub(crate) struct Packet {
    /// Extended sequence number of the publisher's stream.
    pub(crate) seq: u64,
    /// RTP timestamp of the publisher's stream.
    pub(crate) ts: u32,
    /// The RTP marker bit. For video it marks the last packet of a frame.
    pub(crate) marker: bool,
    /// The header extensions that describe the media, which are forwarded to the viewers.
    pub(crate) header_ext: HeaderExtensions,
    /// The dependency descriptor, which is forwarded as well.
    pub(crate) dependency: Option<dependency_descriptor::Descriptor>,
    /// The RTP payload.
    pub(crate) payload: Arc<[u8]>,
    /// Its position among the layers of its stream.
    pub(crate) place: SvcPosition,
    /// The parsed payload descriptor, for VP8 with picture ids.
    pub(crate) vp8: Option<vp8::Descriptor>,
    /// Whether decoding can begin with this packet's frame.
    pub(crate) is_keyframe: bool,
    /// When it arrived.
    pub(crate) arrived: Instant,
    /// Its capture time in our clock, from the publisher's sender reports; without them, when it arrived.
    pub(crate) captured: Instant,
}

/// Whether a frame at which decoding can begin starts in this payload. For H264 a sequence parameter set
/// counts as its start as well.
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
