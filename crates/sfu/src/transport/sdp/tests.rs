//! Descriptions of browsers, our own, and hostile ones.
//!
//! Chromium's and Firefox's descriptions in `fixtures` were recorded from those browsers. The answers are to [`offer`]
//! unchanged; the offers receive audio and video and have a data channel. Safari's are written from public descriptions
//! of it. All have LF line ends there; on the wire they have CRLF.

mod browsers;
mod guests;
mod hostile;
mod negotiated_with_str0m;
mod ours;

use super::*;
use crate::media::format::FormatParams;
use media_api::MediaKind;

const CHROMIUM_ANSWER: &str = include_str!("fixtures/chromium_156_answer.sdp");
const CHROMIUM_OFFER: &str = include_str!("fixtures/chromium_156_offer.sdp");
const FIREFOX_ANSWER: &str = include_str!("fixtures/firefox_153_answer.sdp");
const FIREFOX_OFFER: &str = include_str!("fixtures/firefox_153_offer.sdp");
const SAFARI_ANSWER: &str = include_str!("fixtures/safari_18_answer.sdp");
const SAFARI_OFFER: &str = include_str!("fixtures/safari_18_offer.sdp");
/// Offer of `whepclientsrc`, GStreamer 1.22 and `gst-plugin-webrtc` 0.15.
const GSTREAMER_OFFER: &str = include_str!("fixtures/gstreamer_whepclientsrc_offer.sdp");
/// The text that [`offer`] writes.
const OUR_OFFER: &str = include_str!("fixtures/our_offer.sdp");

const ANSWERS: [&str; 3] = [CHROMIUM_ANSWER, FIREFOX_ANSWER, SAFARI_ANSWER];
const OFFERS: [&str; 3] = [CHROMIUM_OFFER, FIREFOX_OFFER, SAFARI_OFFER];

const FINGERPRINT: &str = "DE:AD:BE:EF:00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:\
                           14:15:16:17:18:19:1A:1B";

const ANOTHER: LocalTransport<'_> =
    LocalTransport { ufrag: "Another", pwd: "AnotherPasswordOf24Chars" };

fn local(candidates: &[SocketAddr]) -> Local<'_> {
    Local {
        transports: &[LocalTransport { ufrag: "OurUfrag", pwd: "OurPasswordOf24Character" }],
        fingerprint: FINGERPRINT,
        candidates,
        tcp_candidates: &[],
        via: None,
        session_id: 4_217,
        version: 1,
        cname: "kaibo",
        stream_id: "kaibo",
        ssrcs: Ssrcs { audio: 1_001, video: 1_002, rtx: 1_003 },
        is_both_ways: false,
        guests: &[],
    }
}

fn addresses() -> [SocketAddr; 2] {
    ["192.0.2.1:3000", "[2001:db8::1]:3000"].map(|it| it.parse().unwrap())
}

/// A format with these `a=rtpmap` and `a=fmtp` values.
fn format(codec: Codec, fmtp: &str) -> Format {
    Format { codec, params: FormatParams::read(codec, fmtp) }
}

/// The payload type for a format, and that of its retransmissions.
fn pts(remote: &Remote, codec: Codec, fmtp: &str) -> Option<(u8, Option<u8>)> {
    let kind = if codec.is_video() { MediaKind::Video } else { MediaKind::Audio };
    let offered = remote.media(kind)?.payload_type(&format(codec, fmtp))?;
    Some((offered.pt, offered.rtx))
}

/// The lines of each media description; those of the session come first.
fn sections(text: &str) -> Vec<Vec<&str>> {
    let mut sections = vec![Vec::new()];
    for line in text.lines() {
        if line.starts_with("m=") {
            sections.push(Vec::new());
        }
        sections.last_mut().unwrap().push(line);
    }
    sections
}

fn has(lines: &[&str], line: &str) -> bool {
    lines.contains(&line)
}
