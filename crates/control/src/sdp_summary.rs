//! The few facts of a session description that decide who publishes. The media plane reads it in full.

/// The facts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SdpSummary {
    /// It begins as a session description does.
    pub is_sdp: bool,
    /// It has an audio or video m-line.
    pub has_media: bool,
    /// An audio or video m-line may send, and says what: `sendrecv` or `sendonly`, with an msid,
    /// ssrc or rid.
    pub can_send: bool,
    /// User name and session id of the `o=` line (RFC 8866, section 5.2): they stay the same for
    /// the life of one `RTCPeerConnection` (RFC 8829, section 5.2.2).
    pub session: Option<String>,
}

/// Lines read. The media plane refuses what is longer; a browser's offer has about 200.
const MAX_LINES: usize = 4096;

/// The longest `o=` name kept, in bytes.
const MAX_SESSION_BYTES: usize = 128;

/// Looks at a description. Reads no more than a bounded number of lines; any text will do.
pub fn inspect(sdp: &str) -> SdpSummary {
    let mut summary = SdpSummary { is_sdp: sdp.starts_with("v=0"), ..SdpSummary::default() };
    // Directions may stand at the session level and hold for all m-lines (RFC 8866, section 6.7).
    let mut session_sends = true;
    let mut media: Option<Media> = None;
    for line in sdp.lines().take(MAX_LINES) {
        let line = line.trim_end();
        if let Some(kind) = line.strip_prefix("m=") {
            summary.can_send |= media.as_ref().is_some_and(Media::can_send);
            let kind = kind.split(' ').next().unwrap_or_default();
            let is_media = matches!(kind, "audio" | "video");
            summary.has_media |= is_media;
            media = Some(Media { is_media, sends: session_sends, has_source: false });
        } else if let Some(attribute) = line.strip_prefix("a=") {
            let direction = match attribute {
                "sendrecv" | "sendonly" => Some(true),
                "recvonly" | "inactive" => Some(false),
                _ => None,
            };
            let is_source =
                ["msid:", "ssrc:", "rid:"].iter().any(|name| attribute.starts_with(name));
            match &mut media {
                None => session_sends = direction.unwrap_or(session_sends),
                Some(media) => {
                    media.sends = direction.unwrap_or(media.sends);
                    media.has_source |= is_source;
                }
            }
        } else if let Some(origin) = line.strip_prefix("o=")
            && media.is_none()
        {
            let name: Vec<&str> = origin.split(' ').take(2).collect();
            let name = name.join(" ");
            summary.session = Some(name).filter(|name| name.len() <= MAX_SESSION_BYTES);
        }
    }
    summary.can_send |= media.as_ref().is_some_and(Media::can_send);
    summary
}

struct Media {
    is_media: bool,
    sends: bool,
    has_source: bool,
}

impl Media {
    fn can_send(&self) -> bool {
        self.is_media && self.sends && self.has_source
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(lines: &[&str], expect: (bool, bool)) {
        let sdp = format!("v=0\r\no=- 4611 2 IN IP4 127.0.0.1\r\n{}\r\n", lines.join("\r\n"));
        let found = inspect(&sdp);
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
        assert_eq!(inspect(""), SdpSummary::default());
        assert!(!inspect("hello").is_sdp);
        assert!(inspect(&"m=video\n".repeat(100_000)).has_media);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s).*") {
            _ = inspect(&text);
        }
    }
}
