//! What the core knows of one RTP packet after it was parsed, once.

use std::sync::Arc;
use std::time::Instant;

use str0m::format::{FormatParams, PayloadParams, detect_av1_keyframe, detect_h264_keyframe};
use str0m::format::{detect_h264_nalu, detect_vp8_keyframe, detect_vp9_keyframe};
use str0m::rtp::ExtensionValues;

use crate::Codec;
use crate::egress::outgoing::Kind;
use crate::media::codec::{dependency_descriptor, vp8, vp9};
use crate::media::header_ext::HeaderExtensions;
use crate::media::svc::SvcPosition;

/// NAL unit type of a sequence parameter set (ITU-T H.264, table 7-1).
const H264_SPS: u8 = 7;

/// How a stream is encoded, as negotiated with its publisher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Format {
    /// The codec.
    pub(crate) codec: Codec,
    /// Its parameters (RFC 8866, section 6.15).
    pub(crate) params: FormatParams,
}

impl Format {
    /// The format of a negotiated payload type, when it is one that we forward.
    pub(crate) fn of(params: &PayloadParams) -> Option<Self> {
        let spec = params.spec();
        Some(Self { codec: codec_of(spec.codec)?, params: spec.format })
    }

    /// How well a format of a receiver fits, more is better: `None` when it cannot play this one.
    ///
    /// H264 is matched by packetization mode and profile, not by the text of `profile-level-id`:
    /// encoders send a level or constraint flags that the receiver lists a neighbour of, and every
    /// decoder in use plays them.
    pub(crate) fn fit_format(&self, other: &Self) -> Option<u8> {
        if other.codec != self.codec {
            return None;
        }
        let (a, b) = (self.params, other.params);
        match self.codec {
            Codec::Opus | Codec::Vp8 => Some(2),
            Codec::H264 => {
                if a.packetization_mode.unwrap_or(0) != b.packetization_mode.unwrap_or(0) {
                    return Some(0);
                }
                let profile = |p: FormatParams| p.profile_level_id.unwrap_or(0x42_00_0a) >> 16;
                Some(if profile(a) == profile(b) { 2 } else { 1 })
            }
            Codec::Vp9 => (a.profile_id.unwrap_or(0) == b.profile_id.unwrap_or(0)).then_some(2),
            Codec::Av1 => (a.profile.unwrap_or(0) == b.profile.unwrap_or(0)).then_some(2),
        }
    }

    /// Ticks of the RTP timestamp a second.
    pub(crate) fn clock_rate(&self) -> u32 {
        if self.codec.is_video() { Kind::Video } else { Kind::Audio }.clock_rate()
    }
}

/// Our name of str0m's codec, when it is one that we forward.
fn codec_of(codec: str0m::format::Codec) -> Option<Codec> {
    use str0m::format::Codec as Theirs;
    Some(match codec {
        Theirs::Opus => Codec::Opus,
        Theirs::Vp8 => Codec::Vp8,
        Theirs::H264 => Codec::H264,
        Theirs::Vp9 => Codec::Vp9,
        Theirs::Av1 => Codec::Av1,
        _ => return None,
    })
}

/// The codecs among negotiated payload types, each once, in order of preference.
pub(crate) fn codecs<'a>(params: impl Iterator<Item = &'a PayloadParams>) -> Vec<Codec> {
    let mut found = Vec::new();
    for codec in params.filter_map(|it| codec_of(it.spec().codec)) {
        if !found.contains(&codec) {
            found.push(codec);
        }
    }
    found
}

/// One packet of a publisher. Parsed once, stored once; viewers share the payload.
#[derive(Debug, Clone)]
pub(crate) struct Packet {
    /// Extended sequence number of the publisher's stream.
    pub(crate) seq: u64,
    /// RTP timestamp of the publisher's stream.
    pub(crate) ts: u32,
    /// The RTP marker bit: the last packet of a frame, for video.
    pub(crate) marker: bool,
    /// Header extensions that concern the media and go through to the viewers.
    pub(crate) extensions: ExtensionValues,
    /// The same, as bytes.
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

/// Whether a frame that a decoder can begin with starts in this payload.
pub(crate) fn starts_keyframe(codec: Codec, payload: &[u8]) -> bool {
    match codec {
        Codec::Opus => false,
        Codec::Vp8 => detect_vp8_keyframe(payload),
        Codec::H264 => detect_h264_keyframe(payload) || detect_h264_nalu(payload, H264_SPS),
        // A picture may begin with prediction from nothing only in its lowest spatial layer.
        Codec::Vp9 => {
            detect_vp9_keyframe(payload) && vp9::place(payload).is_some_and(begins_picture)
        }
        Codec::Av1 => detect_av1_keyframe(payload),
    }
}

fn begins_picture(place: SvcPosition) -> bool {
    place.begins_frame && place.point.spatial == 0
}

/// Whether RTP timestamp `a` is later than `b` (modulo 2^32, RFC 3550, section 5.1).
pub(crate) fn ts_is_newer(a: u32, b: u32) -> bool {
    a != b && a.wrapping_sub(b) < 1 << 31
}

/// The header extensions that go through: those that describe the media rather than the transport.
pub(crate) fn forwarded(from: &ExtensionValues) -> ExtensionValues {
    ExtensionValues {
        audio_level: from.audio_level,
        voice_activity: from.voice_activity,
        video_orientation: from.video_orientation,
        video_content_type: from.video_content_type,
        abs_capture_time: from.abs_capture_time,
        play_delay_min: from.play_delay_min,
        play_delay_max: from.play_delay_max,
        ..ExtensionValues::default()
    }
}
