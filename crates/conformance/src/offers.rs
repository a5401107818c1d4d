//! Offers as WHIP and WHEP want them, and such as no server may take.

/// What our clients offer, with what the documents ask of clients: `rtcp-mux-only` beside every
/// `rtcp-mux`.
pub(crate) fn good(offer: &str) -> String {
    if offer.contains("a=rtcp-mux-only") {
        return offer.to_owned();
    }
    offer.replace("a=rtcp-mux\r\n", "a=rtcp-mux\r\na=rtcp-mux-only\r\n")
}

/// Cut in the middle of the first ICE password: no server can begin a session with it.
pub(crate) fn truncated(offer: &str) -> String {
    let end = offer.find("a=ice-pwd:").map_or(offer.len() / 2, |at| at + "a=ice-pwd:abc".len());
    offer.get(..end).unwrap_or_default().to_owned()
}

/// A hundred thousand bytes that begin as a description does.
pub(crate) fn huge(offer: &str) -> String {
    let mut text = truncated(offer);
    text.push_str("\r\n");
    while text.len() < 100_000 {
        text.push_str("this line of many is not one of a session description\r\n");
    }
    text
}

/// With its last section twice, under another mid.
pub(crate) fn doubled(offer: &str) -> String {
    let Some(at) = offer.rfind("m=") else { return offer.to_owned() };
    let last = offer.get(at..).unwrap_or_default();
    let copy = last.split_inclusive("\r\n").filter(|it| !it.starts_with("a=ssrc"));
    let copy = copy.map(|it| {
        if it.starts_with("a=mid:") {
            return "a=mid:second\r\n".to_owned();
        }
        match it.strip_prefix("a=msid:").and_then(|it| it.split_once(' ')) {
            Some((stream, _)) => format!("a=msid:{stream} second\r\n"),
            None => it.to_owned(),
        }
    });
    let copy: String = copy.collect();
    let bundled = |it: &str| {
        if it.starts_with("a=group:BUNDLE") {
            format!("{} second\r\n", it.trim_end())
        } else {
            it.to_owned()
        }
    };
    offer.split_inclusive("\r\n").map(bundled).collect::<String>() + &copy
}

/// With no codec in its last section that any server has.
pub(crate) fn unknown_codec(offer: &str) -> String {
    let Some(at) = offer.rfind("m=") else { return offer.to_owned() };
    let (before, last) = offer.split_at(at);
    of_unknown_codec(before, last)
}

/// With no codec at all that any server has.
pub(crate) fn unknown_codecs(offer: &str) -> String {
    let mut parts = offer.split("\r\nm=");
    let mut out = format!("{}\r\n", parts.next().unwrap_or_default());
    for it in parts {
        out = of_unknown_codec(&out, &format!("m={}\r\n", it.trim_end()));
    }
    out
}

fn of_unknown_codec(before: &str, section: &str) -> String {
    const OF_CODECS: [&str; 6] =
        ["a=rtpmap:", "a=fmtp:", "a=rtcp-fb:", "a=ssrc", "a=rid:", "a=simulcast:"];
    let mut out = before.to_owned();
    for line in section.split_inclusive("\r\n") {
        if line.starts_with("m=") {
            let kind = line.strip_prefix("m=").and_then(|it| it.split(' ').next());
            out.push_str(&format!("m={} 9 UDP/TLS/RTP/SAVPF 126\r\n", kind.unwrap_or("video")));
        } else if !OF_CODECS.iter().any(|it| line.starts_with(it)) {
            out.push_str(line);
        }
    }
    out + "a=rtpmap:126 X-NO-SUCH-CODEC/90000\r\n"
}

/// From a client that only begins the DTLS handshake itself (RFC 9725, section 4.4.4).
pub(crate) fn active(offer: &str) -> String {
    offer.replace("a=setup:actpass", "a=setup:active")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::description::Description;

    const OFFER: &str = "v=0\r\na=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n\
        a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=setup:actpass\r\na=rtcp-mux\r\n\
        a=rtpmap:111 opus/48000/2\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=msid:s t\r\n\
        a=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\na=ssrc:1 cname:x\r\n";

    #[test]
    fn a_good_offer_muxes_only_and_stays_so() {
        let it = good(OFFER);
        assert_eq!(it.matches("a=rtcp-mux\r\na=rtcp-mux-only\r\n").count(), 2);
        assert_eq!(good(&it), it);
    }

    #[test]
    fn a_doubled_section_has_a_track_of_its_own() {
        let it = doubled(OFFER);
        let read = Description::parse(&it).unwrap();
        let mids: Vec<&str> = read.sections.iter().map(|it| it.mid()).collect();
        assert_eq!(mids, ["0", "1", "second"]);
        assert_eq!(read.session_attribute("group"), Some("BUNDLE 0 1 second"));
        assert_eq!(read.sections[2].attribute("msid"), Some("s second"));
        assert_eq!(it.matches("a=ssrc").count(), 1);
    }

    #[test]
    fn unknown_codecs_leave_the_rest_alone() {
        let one = unknown_codec(OFFER);
        assert!(one.contains("opus") && !one.contains("VP8"), "{one}");
        let all = unknown_codecs(OFFER);
        assert!(!all.contains("opus") && !all.contains("VP8"), "{all}");
        assert_eq!(all.matches("X-NO-SUCH-CODEC").count(), 2);
        assert_eq!(Description::parse(&all).unwrap().sections[1].mid(), "1");
    }

    #[test]
    fn what_is_cut_off_ends_in_a_password() {
        assert!(truncated(OFFER).ends_with("a=ice-pwd:012"));
        assert!((100_000..101_000).contains(&huge(OFFER).len()));
    }
}
