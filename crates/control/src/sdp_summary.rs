//! The few facts of a session description that decide who publishes. The media plane reads it in full.

use sdp::{Description, Error, Section};

/// The facts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SdpSummary {
    /// It has an audio or video m-line.
    pub has_media: bool,
    /// An audio or video m-line may send, and says what: `sendrecv` or `sendonly`, with an msid,
    /// ssrc or rid.
    pub can_send: bool,
    /// User name and session id of the `o=` line (RFC 8866, section 5.2): they stay the same for
    /// the life of one `RTCPeerConnection` (RFC 8829, section 5.2.2).
    pub session: Option<String>,
}

/// The longest `o=` name kept, in bytes.
const MAX_SESSION_BYTES: usize = 128;

/// Reads the facts of a description.
///
/// # Errors
/// When it is none, or larger than [`sdp::bounds`].
pub fn inspect(sdp: &str) -> Result<SdpSummary, Error> {
    Description::parse(sdp).map(|it| SdpSummary::of(&it))
}

impl SdpSummary {
    /// The facts of a description that was read.
    pub fn of(description: &Description<'_>) -> Self {
        let mut media = description.sections.iter().filter(|it| it.is_audio_or_video());
        let name = description.origin.map(|it| format!("{} {}", it.username, it.session_id));
        Self {
            has_media: media.clone().next().is_some(),
            can_send: media.any(can_send),
            session: name.filter(|name| name.len() <= MAX_SESSION_BYTES),
        }
    }
}

fn can_send(media: &Section<'_>) -> bool {
    let has_source = ["msid", "ssrc", "rid"].iter().any(|name| media.attributes.has(name));
    has_source && media.direction().sends()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(lines: &[&str], expect: (bool, bool)) {
        let sdp = format!("v=0\r\no=- 4611 2 IN IP4 127.0.0.1\r\n{}\r\n", lines.join("\r\n"));
        let found = inspect(&sdp).unwrap();
        assert_eq!((found.has_media, found.can_send), expect, "{lines:?}");
        assert_eq!(found.session.as_deref(), Some("- 4611"));
    }

    #[test]
    fn an_offer_can_send_when_it_says_so_and_names_a_source() {
        let audio = "m=audio 9 UDP/TLS/RTP/SAVPF 111";
        let video = "m=video 9 UDP/TLS/RTP/SAVPF 96";
        check(&[audio, "a=sendrecv", "a=msid:s t"], (true, true));
        check(&[audio, "a=sendonly", "a=ssrc:1 cname:x"], (true, true));
        check(&[video, "a=rid:h send", "a=sendonly"], (true, true));
        check(&[video, "a=msid:s t"], (true, true));
        check(&[audio, "a=recvonly", video, "a=sendrecv", "a=msid:s t"], (true, true));
        check(&[audio, "a=sendrecv"], (true, false));
        check(&[audio, "a=recvonly", "a=msid:s t"], (true, false));
        check(&[audio, "a=inactive", video, "a=recvonly"], (true, false));
        check(&["a=recvonly", audio, "a=msid:s t"], (true, false));
        check(&["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=msid:s t"], (false, false));
        check(&[], (false, false));
    }

    #[test]
    fn what_is_no_description_is_told_apart() {
        for text in ["", "hello"] {
            assert!(inspect(text).unwrap_err().why().contains("v=0"));
        }
        let many = format!("v=0\n{}", "m=video 9 X 96\n".repeat(100));
        assert!(inspect(&many).unwrap_err().is_too_large());
        assert!(inspect("v=0").unwrap().session.is_none());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s).*") {
            _ = inspect(&text);
        }
    }
}
