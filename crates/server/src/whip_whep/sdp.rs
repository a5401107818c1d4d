//! What WHIP and WHEP ask of session descriptions beyond what the media plane reads in them.

/// One m= section, as far as it matters here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Section {
    /// `audio`, `video` or another.
    pub(crate) kind: String,
    /// The port is 0 and no bundle makes up for it: it was rejected (RFC 3264, section 6).
    pub(crate) is_rejected: bool,
    /// It may send.
    pub(crate) sends: bool,
    /// It may receive.
    pub(crate) receives: bool,
    /// The stream that its msid names (RFC 8830); none for `-`.
    pub(crate) stream: Option<String>,
}

impl Section {
    /// Whether it is sound or picture.
    pub(crate) fn is_media(&self) -> bool {
        matches!(self.kind.as_str(), "audio" | "video")
    }
}

/// The m= sections of a description, in order.
pub(crate) fn sections(sdp: &str) -> Vec<Section> {
    let mut all: Vec<Section> = Vec::new();
    // A direction at the session level holds for all (RFC 8866, section 6.7).
    let mut direction = (true, true);
    for line in sdp.lines().map(str::trim_end) {
        if let Some(media) = line.strip_prefix("m=") {
            let mut words = media.split(' ');
            let kind = words.next().unwrap_or_default().to_owned();
            let is_rejected = words.next() == Some("0");
            let (sends, receives) = direction;
            all.push(Section { kind, is_rejected, sends, receives, stream: None });
            continue;
        }
        let Some(attribute) = line.strip_prefix("a=") else { continue };
        let found = match attribute {
            "sendrecv" => Some((true, true)),
            "sendonly" => Some((true, false)),
            "recvonly" => Some((false, true)),
            "inactive" => Some((false, false)),
            _ => None,
        };
        let Some(section) = all.last_mut() else {
            direction = found.unwrap_or(direction);
            continue;
        };
        if let Some((sends, receives)) = found {
            (section.sends, section.receives) = (sends, receives);
        } else if attribute == "bundle-only" {
            // RFC 9143, section 6: the port is 0 and it is offered all the same.
            section.is_rejected = false;
        } else if let Some(msid) = attribute.strip_prefix("msid:") {
            let stream = msid.split(' ').next().unwrap_or_default();
            section.stream = (stream != "-").then(|| stream.to_owned());
        }
    }
    all
}

/// Why a publisher's offer is not one of WHIP; in words, for a person.
///
/// RFC 9725, sections 4.2 (it only sends), 4.4.2 (one stream with at most a track of each kind) and
/// 4.4.3 (all of it or nothing).
pub(crate) fn check_publish(sections: &[Section]) -> Result<(), String> {
    if let Some(other) = sections.iter().find(|it| !it.is_media()) {
        let kind: String = other.kind.chars().take(20).collect();
        return Err(format!("only audio and video are taken, and the offer has m={kind}"));
    }
    for kind in ["audio", "video"] {
        let n = sections.iter().filter(|it| it.kind == kind).count();
        if n > 1 {
            return Err(format!("one track of {kind} is taken, and the offer has {n}"));
        }
    }
    let mut streams: Vec<&str> = sections.iter().filter_map(|it| it.stream.as_deref()).collect();
    streams.sort_unstable();
    streams.dedup();
    if streams.len() > 1 {
        return Err(format!("one MediaStream is taken, and the offer has {}", streams.len()));
    }
    if sections.iter().any(|it| !it.sends) {
        return Err("who publishes sends: the offer has to be sendonly".to_owned());
    }
    Ok(())
}

/// What an answer refused of an offer; none when it took all.
pub(crate) fn refused(answer: &[Section]) -> Option<&Section> {
    answer.iter().find(|it| it.is_rejected || (!it.sends && !it.receives))
}

/// Whether a player's offer lets us send anything.
pub(crate) fn can_play(sections: &[Section]) -> bool {
    sections.iter().any(|it| it.is_media() && it.receives && !it.is_rejected)
}

/// Where the picture stands among the m= sections, as the extensions count them.
pub(crate) fn video_index(sections: &[Section]) -> Option<usize> {
    sections.iter().position(|it| it.kind == "video")
}

/// Says of each bundled section that RTP and RTCP share a port (RFC 9725, section 4.4.1; RFC 8858).
pub(crate) fn with_rtcp_mux_only(sdp: &str) -> String {
    let says_so = sdp.contains("a=rtcp-mux-only");
    let mut out = String::with_capacity(sdp.len() + 64);
    for line in sdp.lines().map(str::trim_end) {
        out.push_str(line);
        out.push_str("\r\n");
        if line == "a=rtcp-mux" && !says_so {
            out.push_str("a=rtcp-mux-only\r\n");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AUDIO: &str = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=sendonly\r\na=msid:s a\r\n";
    const VIDEO: &str = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=sendonly\r\na=msid:s v\r\n";

    fn refusal(sdp: &str) -> String {
        check_publish(&sections(sdp)).expect_err(sdp)
    }

    #[test]
    fn a_publisher_offers_one_stream_with_a_track_of_each_kind() {
        assert_eq!(check_publish(&sections(&format!("v=0\r\n{AUDIO}{VIDEO}"))), Ok(()));
        assert_eq!(check_publish(&sections(VIDEO)), Ok(()));
        assert!(refusal(&format!("{AUDIO}{VIDEO}{VIDEO}")).contains("has 2"));
        assert!(refusal(&VIDEO.replace("sendonly", "recvonly")).contains("sendonly"));
        assert!(refusal(&VIDEO.replace("sendonly", "inactive")).contains("sendonly"));
        assert!(
            refusal(&format!("a=recvonly\r\n{}", VIDEO.replace("a=sendonly\r\n", "")))
                .contains("sendonly")
        );
        let foreign = VIDEO.replace("msid:s", "msid:t");
        assert!(refusal(&format!("{AUDIO}{foreign}")).contains("MediaStream"));
        let data = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n";
        assert!(refusal(&format!("{AUDIO}{data}")).contains("m=application"));
    }

    #[test]
    fn what_an_answer_refuses_is_found() {
        let taken = "m=audio 9 x 111\r\na=recvonly\r\nm=video 0 x 96\r\na=bundle-only\r\n";
        assert_eq!(refused(&sections(taken)), None);
        let refused_one = "m=audio 9 x 111\r\na=recvonly\r\nm=video 0 x 96\r\n";
        assert_eq!(refused(&sections(refused_one)).unwrap().kind, "video");
        assert_eq!(refused(&sections("m=video 9 x 96\r\na=inactive\r\n")).unwrap().kind, "video");
    }

    #[test]
    fn a_player_has_to_receive() {
        assert!(can_play(&sections("m=video 9 x 96\r\na=recvonly\r\n")));
        assert!(can_play(&sections("m=video 9 x 96\r\na=sendrecv\r\n")));
        assert!(!can_play(&sections("m=video 9 x 96\r\na=sendonly\r\n")));
        assert!(!can_play(&sections("m=application 9 x y\r\n")));
        assert!(!can_play(&[]));
        assert_eq!(video_index(&sections("m=audio 9 x 1\r\nm=video 9 x 2\r\n")), Some(1));
    }

    #[test]
    fn each_section_says_once_that_it_is_multiplexed_only() {
        let sdp = "m=audio 9 x 1\r\na=rtcp-mux\r\nm=video 9 x 2\r\na=rtcp-mux\r\n";
        let once = with_rtcp_mux_only(sdp);
        assert_eq!(once.matches("a=rtcp-mux-only\r\n").count(), 2);
        assert_eq!(with_rtcp_mux_only(&once), once);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s).*") {
            _ = check_publish(&sections(&text));
            _ = with_rtcp_mux_only(&text);
        }
    }
}
