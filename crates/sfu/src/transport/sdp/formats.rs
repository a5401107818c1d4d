//! Payload types and header extensions: what we offer, and what a viewer lists.

use std::sync::LazyLock;

use crate::media::format::FormatParams;

use super::lines::{Attributes, MediaLines, cut};
use super::{ExtensionIds, MediaKind, Media, Offered};
use crate::Codec;
use crate::media::format::Format;

/// What we offer: payload type, its retransmissions' one, codec and parameters. Those of Chromium,
/// which leave 64 to 95 free (RFC 5761, section 4).
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

/// A header extension that we can write.
pub(super) struct Known {
    pub(super) uri: &'static str,
    /// Our id for it.
    ours: u8,
    /// The kind of media that it is for, when it is for one alone.
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
    ($field:ident, $ours:literal, $only:expr, $uri:literal) => {
        Known {
            uri: $uri,
            ours: $ours,
            only: $only,
            id: |it| it.$field,
            set: |it, id| it.$field = Some(id),
        }
    };
}

/// In the order of our ids.
#[rustfmt::skip]
pub(super) const EXTENSIONS: [Known; 9] = [
    known!(audio_level, 1, Some(MediaKind::Audio), "urn:ietf:params:rtp-hdrext:ssrc-audio-level"),
    known!(abs_send_time, 2, None, "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"),
    known!(transport_cc, 3, None, "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"),
    known!(mid, 4, None, "urn:ietf:params:rtp-hdrext:sdes:mid"),
    known!(abs_capture_time, 5, None, "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"),
    known!(playout_delay, 6, None, "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"),
    known!(content_type, 7, Some(MediaKind::Video), "http://www.webrtc.org/experiments/rtp-hdrext/video-content-type"),
    known!(dependency_descriptor, 8, Some(MediaKind::Video), "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"),
    known!(video_orientation, 13, Some(MediaKind::Video), "urn:3gpp:video-orientation"),
];

/// Sound or picture, by what an `m=` line calls it.
pub(super) fn kind(name: &str) -> Option<MediaKind> {
    [MediaKind::Audio, MediaKind::Video].into_iter().find(|it| it.as_str() == name)
}

/// What `a=rtpmap` calls it.
pub(super) fn rtpmap(codec: Codec) -> &'static str {
    match codec {
        Codec::Opus => "opus/48000/2",
        Codec::Vp8 => "VP8/90000",
        Codec::H264 => "H264/90000",
        Codec::Vp9 => "VP9/90000",
        Codec::Av1 => "AV1/90000",
    }
}

/// All that we forward of a kind.
pub(super) fn ours(kind: MediaKind, mid: &str) -> Media {
    let is_video = kind == MediaKind::Video;
    let formats = OURS.iter().filter(|it| it.2.is_video() == is_video);
    let formats = formats.map(|&(pt, rtx, codec, fmtp)| Offered {
        pt,
        format: Format { codec, params: params(codec, fmtp) },
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
    }
}

/// The lines of one payload type.
#[derive(Debug, Default)]
struct Described<'a> {
    rtpmap: &'a str,
    fmtp: Vec<&'a str>,
    feedback: Feedback,
}

#[derive(Debug, Clone, Copy, Default)]
struct Feedback {
    nack: bool,
    pli: bool,
    fir: bool,
    transport_cc: bool,
    remb: bool,
}

impl Feedback {
    fn add(&mut self, value: &str) {
        match value.trim() {
            "nack" => self.nack = true,
            "nack pli" => self.pli = true,
            "ccm fir" => self.fir = true,
            "transport-cc" => self.transport_cc = true,
            "goog-remb" => self.remb = true,
            _ => {}
        }
    }
}

/// What a viewer accepts of what we forward, in its order, with the retransmissions of each.
pub(super) fn formats(lines: &MediaLines<'_>, kind: MediaKind) -> Vec<Offered> {
    let is_video = kind == MediaKind::Video;
    let (described, of_all) = described(&lines.attributes);
    let mut found: Vec<Offered> = Vec::new();
    let listed: Vec<u8> = lines.formats().filter_map(payload_type).collect();
    for &pt in &listed {
        let Some(it) = described.get(pt) else { continue };
        let is_new = found.iter().all(|it| it.pt != pt);
        let codec = codec(it.rtpmap).filter(|it| it.is_video() == is_video);
        let Some(codec) = codec.filter(|_| is_new) else { continue };
        let (of_it, format) =
            (it.feedback, Format { codec, params: params(codec, &it.fmtp.join(";")) });
        // Sound is not repeated, and decodes from any packet on.
        found.push(Offered {
            pt,
            format,
            rtx: None,
            nack: is_video && (of_it.nack || of_all.nack),
            pli: is_video && (of_it.pli || of_all.pli),
            fir: is_video && (of_it.fir || of_all.fir),
            transport_cc: of_it.transport_cc || of_all.transport_cc,
            remb: is_video && (of_it.remb || of_all.remb),
        });
    }
    for &pt in listed.iter().filter(|_| is_video) {
        let Some(it) = described.get(pt).filter(|it| is_rtx(it.rtpmap)) else { continue };
        let apt = it.fmtp.iter().flat_map(|it| it.split(';')).find_map(|it| {
            let (name, value) = it.split_once('=')?;
            (name.trim() == "apt").then(|| payload_type(value.trim())).flatten()
        });
        // One for a payload type that is not there is of no use.
        if let Some(of) = found.iter_mut().find(|it| Some(it.pt) == apt) {
            of.rtx.get_or_insert(pt);
        }
    }
    found
}

/// The lines of each payload type, in the order that they were first named. There are few enough that
/// looking through them costs less than a table that withstands chosen numbers.
#[derive(Debug, Default)]
struct Table<'a>(Vec<(u8, Described<'a>)>);

impl<'a> Table<'a> {
    fn get(&self, pt: u8) -> Option<&Described<'a>> {
        self.0.iter().find(|it| it.0 == pt).map(|it| &it.1)
    }

    fn entry(&mut self, pt: u8) -> &mut Described<'a> {
        // The lines of one stand together.
        let at = self.0.iter().rposition(|it| it.0 == pt).unwrap_or_else(|| {
            self.0.push((pt, Described::default()));
            self.0.len() - 1
        });
        &mut self.0[at].1
    }
}

/// The lines of each payload type, and the feedback that goes with all.
fn described<'a>(attributes: &Attributes<'a>) -> (Table<'a>, Feedback) {
    let mut all = Table::default();
    let mut of_all = Feedback::default();
    for (name, value) in attributes.iter() {
        match name {
            "rtpmap" => {
                if let Some((pt, rest)) = numbered(value) {
                    all.entry(pt).rtpmap = rest;
                }
            }
            "fmtp" => {
                if let Some((pt, rest)) = numbered(value) {
                    all.entry(pt).fmtp.push(rest);
                }
            }
            "rtcp-fb" => {
                if let Some(rest) = value.strip_prefix("* ") {
                    of_all.add(rest);
                } else if let Some((pt, rest)) = numbered(value) {
                    all.entry(pt).feedback.add(rest);
                }
            }
            _ => {}
        }
    }
    (all, of_all)
}

/// `96 VP8/90000`
fn numbered(value: &str) -> Option<(u8, &str)> {
    let (pt, rest) = cut(value, b' ')?;
    Some((payload_type(pt)?, rest.trim()))
}

/// Where RTCP is on the same port, 64 to 95 would be taken for it (RFC 5761, section 4).
fn payload_type(text: &str) -> Option<u8> {
    text.parse().ok().filter(|it| matches!(it, 0..=63 | 96..=127))
}

fn codec(rtpmap: &str) -> Option<Codec> {
    // GStreamer's whepclientsrc leaves out the two channels that RFC 7587, section 7, asks for.
    if rtpmap.eq_ignore_ascii_case("opus/48000") {
        return Some(Codec::Opus);
    }
    [Codec::Opus, Codec::Vp8, Codec::H264, Codec::Vp9, Codec::Av1]
        .into_iter()
        .find(|it| self::rtpmap(*it).eq_ignore_ascii_case(rtpmap))
}

fn is_rtx(rtpmap: &str) -> bool {
    rtpmap.eq_ignore_ascii_case("rtx/90000")
}

/// The parameters of a format that belong to its codec: they are compared, and repeated in answers.
fn params(codec: Codec, fmtp: &str) -> FormatParams {
    // Most answers repeat what we offer.
    static OF_OURS: LazyLock<[FormatParams; OURS.len()]> =
        LazyLock::new(|| OURS.map(|it| FormatParams::read(it.2, it.3)));
    let ours = OURS.iter().position(|it| it.2 == codec && it.3 == fmtp);
    ours.map_or_else(|| FormatParams::read(codec, fmtp), |at| OF_OURS[at])
}

/// The ids that a viewer gave to extensions that we know, and which of them go towards it alone, by
/// their place in [`EXTENSIONS`]. Of two lines with one id, and of two for one extension, the first
/// counts.
pub(super) fn extensions(attributes: &Attributes<'_>, kind: MediaKind) -> (ExtensionIds, u16) {
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
        let known = EXTENSIONS.iter().enumerate().find(|it| it.1.uri == uri);
        let Some((n, known)) = known.filter(|it| it.1.suits(kind)) else { continue };
        if (known.id)(&found).is_some() || !matches!(direction, "sendrecv" | "recvonly") {
            continue;
        }
        (known.set)(&mut found, id);
        one_way |= u16::from(direction == "recvonly") << n;
    }
    (found, one_way)
}
