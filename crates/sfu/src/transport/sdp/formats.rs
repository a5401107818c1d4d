//! Payload types and header extensions: those that we offer, and those of a peer.

use std::sync::LazyLock;

use crate::media::codec::dependency_descriptor;
use crate::media::format::FormatParams;

use super::{ExtensionIds, Media, MediaKind, Offered};
use crate::Codec;
use crate::media::format::Format;

/// The formats that we offer: payload type, payload type of its retransmissions, codec and parameters. The numbers are
/// Chromium's, which leave out 64 to 95 (RFC 5761, section 4).
#[rustfmt::skip]
const OURS: [(u8, Option<u8>, Codec, &str); 12] = [
    (111, None, Codec::Opus, "minptime=10;useinbandfec=1"),
    (96, Some(97), Codec::Vp8, ""),
    (127, Some(121), Codec::H264, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f"),
    (125, Some(107), Codec::H264, "level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42001f"),
    (108, Some(109), Codec::H264, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"),
    (124, Some(120), Codec::H264, "level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f"),
    (123, Some(119), Codec::H264, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f"),
    (35, Some(36), Codec::H264, "level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=4d001f"),
    (114, Some(115), Codec::H264, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f"),
    (98, Some(99), Codec::Vp9, "profile-id=0"),
    (100, Some(101), Codec::Vp9, "profile-id=2"),
    (45, Some(46), Codec::Av1, ""),
];

/// A header extension that we support.
pub(super) struct Known {
    pub(super) uri: &'static str,
    /// Our id for it.
    ours: u8,
    /// The kind of media that it is for; `None` if both.
    only: Option<MediaKind>,
    pub(super) id: fn(&ExtensionIds) -> Option<u8>,
    set: fn(&mut ExtensionIds, u8),
}

impl Known {
    fn suits(&self, kind: MediaKind) -> bool {
        self.only.is_none_or(|only| only == kind)
    }
}

macro_rules! known {
    ($field:ident, $ours:literal, $only:expr, $uri:expr) => {
        Known {
            uri: $uri,
            ours: $ours,
            only: $only,
            id: |it| it.$field,
            set: |it, id| it.$field = Some(id),
        }
    };
}

/// The extensions offered to viewers, in the order of our ids.
#[rustfmt::skip]
const EXTENSIONS: [Known; 9] = [
    known!(audio_level, 1, Some(MediaKind::Audio), "urn:ietf:params:rtp-hdrext:ssrc-audio-level"),
    known!(abs_send_time, 2, None, "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"),
    known!(transport_cc, 3, None, "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"),
    known!(mid, 4, None, "urn:ietf:params:rtp-hdrext:sdes:mid"),
    known!(abs_capture_time, 5, None, "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"),
    known!(playout_delay, 6, None, "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"),
    known!(content_type, 7, Some(MediaKind::Video), "http://www.webrtc.org/experiments/rtp-hdrext/video-content-type"),
    known!(dependency_descriptor, 8, Some(MediaKind::Video), dependency_descriptor::URI),
    known!(video_orientation, 13, Some(MediaKind::Video), "urn:3gpp:video-orientation"),
];

/// The kind of media, by its name in an `m=` line.
pub(super) fn kind(name: &str) -> Option<MediaKind> {
    [MediaKind::Audio, MediaKind::Video].into_iter().find(|it| it.as_str() == name)
}

/// The encoding of a codec in `a=rtpmap`.
pub(super) fn rtpmap(codec: Codec) -> &'static str {
    match codec {
        Codec::Opus => "opus/48000/2",
        Codec::Vp8 => "VP8/90000",
        Codec::H264 => "H264/90000",
        Codec::Vp9 => "VP9/90000",
        Codec::Av1 => "AV1/90000",
    }
}

/// Extensions that only a publisher sends: viewers receive no simulcast.
const FROM_PUBLISHERS: [Known; 2] = [
    known!(rid, 10, Some(MediaKind::Video), "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"),
    known!(
        repaired_rid,
        11,
        Some(MediaKind::Video),
        "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
    ),
];

/// All extensions that we read or write.
pub(super) fn known() -> impl Iterator<Item = &'static Known> {
    EXTENSIONS.iter().chain(&FROM_PUBLISHERS)
}

/// All formats and extensions of a kind that we forward.
pub(super) fn ours(kind: MediaKind, mid: &str) -> Media {
    let is_video = kind == MediaKind::Video;
    let formats = OURS.iter().filter(|it| it.2.is_video() == is_video);
    let formats = formats.map(|&(pt, rtx, codec, fmtp)| Offered {
        pt,
        format: Format { codec, params: FormatParams::read(codec, fmtp) },
        rtx,
        nack: is_video,
        pli: is_video,
        fir: is_video,
        transport_cc: true,
        remb: is_video,
    });
    let mut extensions = ExtensionIds::default();
    for known in EXTENSIONS.iter().filter(|it| it.suits(kind)) {
        (known.set)(&mut extensions, known.ours);
    }
    Media {
        mid: mid.to_owned(),
        formats: formats.collect(),
        extensions,
        allow_mixed: true,
        rtcp_rsize: true,
        proto: "UDP/TLS/RTP/SAVPF".to_owned(),
        one_way: 0,
        way: "",
    }
}

/// The formats and extensions in which the media of guests is forwarded: those that every browser plays (RFC 7742,
/// section 5), so that descriptions with many guests stay small.
pub(super) fn of_guests(kind: MediaKind, mid: &str) -> Media {
    let mut media = ours(kind, mid);
    media.formats.retain(|it| matches!(it.pt, 96 | 108 | 111));
    media
}

/// The formats of a peer that we forward, in its order of preference, each with the payload type of its
/// retransmissions.
pub(super) fn formats(section: &sdp::Section<'_>, kind: MediaKind) -> Vec<Offered> {
    let is_video = kind == MediaKind::Video;
    let payload_types = section.payload_types();
    let usable = payload_types.iter().filter(|it| is_usable(it.number));
    let found = usable.filter_map(|it| {
        let codec = codec(it).filter(|codec| codec.kind() == kind)?;
        // Audio is not retransmitted: it can be decoded from any packet on.
        let rtx = payload_types.rtx_of(it.number).filter(|rtx| is_video && is_usable(*rtx));
        Some(Offered {
            pt: it.number,
            format: Format { codec, params: params(codec, &it.fmtp) },
            rtx,
            nack: is_video && it.feedback.nack,
            pli: is_video && it.feedback.nack_pli,
            fir: is_video && it.feedback.ccm_fir,
            transport_cc: it.feedback.transport_cc,
            remb: is_video && it.feedback.goog_remb,
        })
    });
    found.collect()
}

/// Whether a payload type is not mistaken for RTCP on the same port, as 64 to 95 would be (RFC 5761, section 4).
pub(crate) fn is_usable(payload_type: u8) -> bool {
    !matches!(payload_type, 64..=95)
}

/// The codec of a payload type, if we forward it.
pub(crate) fn codec(it: &sdp::PayloadType<'_>) -> Option<Codec> {
    // GStreamer's whepclientsrc leaves out the two channels that RFC 7587, section 7, requires.
    let encoding = it.encoding?;
    let all = [Codec::Opus, Codec::Vp8, Codec::H264, Codec::Vp9, Codec::Av1];
    let is = |it: &Codec| {
        encoding.is(it.as_str(), it.kind().clock_rate())
            && (it.is_video() || matches!(encoding.channels, None | Some(2)))
    };
    all.into_iter().find(is)
}

/// The format parameters of this codec. They are compared, and repeated in answers.
fn params(codec: Codec, fmtp: &sdp::Fmtp<'_>) -> FormatParams {
    // Most answers repeat our offer.
    static OF_OURS: LazyLock<[FormatParams; OURS.len()]> =
        LazyLock::new(|| OURS.map(|it| FormatParams::read(it.2, it.3)));
    let is_same = |ours: &str| {
        let mut lines = fmtp.lines();
        lines.next().unwrap_or_default() == ours && lines.next().is_none()
    };
    let ours = OURS.iter().position(|it| it.2 == codec && is_same(it.3));
    ours.map_or_else(|| FormatParams::of(codec, fmtp), |at| OF_OURS[at])
}

/// The direction of media: sent to the peer, or received from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    ToPeer,
    FromPeer,
}

impl Way {
    /// The direction of a one-way extension in the peer's description, and in ours.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::ToPeer => ("recvonly", "/sendonly"),
            Self::FromPeer => ("sendonly", "/recvonly"),
        }
    }
}

/// Reads `a=extmap`: the peer's ids of the extensions that we know; the bit set of those for one direction only, by
/// their index in [`known`]; and the direction to write for those. If an id or an extension is repeated, the first line
/// counts.
pub(super) fn extensions(
    attributes: &sdp::Attributes<'_>,
    kind: MediaKind,
    way: Way,
) -> (ExtensionIds, u16, &'static str) {
    let (theirs, ours) = way.names();
    let (mut found, mut one_way) = (ExtensionIds::default(), 0);
    let mut taken = [false; 256];
    for value in attributes.all("extmap") {
        let mut parts = value.split_ascii_whitespace();
        let (Some(id), Some(uri)) = (parts.next(), parts.next()) else { continue };
        let (id, direction) = id.split_once('/').unwrap_or((id, "sendrecv"));
        let Ok(id) = id.parse::<u8>() else { continue };
        // 15 is reserved (RFC 8285, section 4.2), and so is 0.
        if matches!(id, 0 | 15) || std::mem::replace(&mut taken[usize::from(id)], true) {
            continue;
        }
        let n_known = if way == Way::ToPeer { EXTENSIONS.len() } else { usize::MAX };
        let known = known().take(n_known).enumerate().find(|it| it.1.uri == uri);
        let Some((n, known)) = known.filter(|it| it.1.suits(kind)) else { continue };
        let is_this_way = direction == "sendrecv" || direction == theirs;
        if (known.id)(&found).is_some() || !is_this_way {
            continue;
        }
        (known.set)(&mut found, id);
        one_way |= u16::from(direction == theirs) << n;
    }
    (found, one_way, ours)
}
