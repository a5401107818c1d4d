//! Good offers of WHIP and WHEP, and offers that a server must refuse.

use sdp::{Description, Section, Writer, rewritten};

/// What our clients offer, with what the documents ask of clients: `rtcp-mux-only` beside every
/// `rtcp-mux`.
pub(crate) fn good(offer: &str) -> String {
    let says_so = sdp::lines(offer).any(|it| it.is_attribute("rtcp-mux-only"));
    rewritten(offer, |line, out| {
        out.line(line.text());
        if line.is_attribute("rtcp-mux") && !says_so {
            out.flag("rtcp-mux-only");
        }
    })
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
    let Some(last) = begins(offer, |sections| sections.last()) else { return offer.to_owned() };
    let mut copy = Writer::default();
    let whole = rewritten(offer, |line, out| {
        match line.attribute() {
            Some(("group", group)) if group.starts_with("BUNDLE") => {
                out.attribute("group", format_args!("{group} second"));
            }
            _ => out.line(line.text()),
        }
        if line.number < last {
            return;
        }
        match line.attribute() {
            Some(("ssrc" | "ssrc-group", _)) => {}
            Some(("mid", _)) => copy.attribute("mid", "second"),
            Some(("msid", msid)) => {
                let stream = msid.split(' ').next().unwrap_or_default();
                copy.attribute("msid", format_args!("{stream} second"));
            }
            _ => copy.line(line.text()),
        }
    });
    whole + &copy.into_text()
}

/// With no codec in its last section that any server has.
pub(crate) fn unknown_codec(offer: &str) -> String {
    of_unknown_codec(offer, begins(offer, |sections| sections.last()))
}

/// With no codec at all that any server has.
pub(crate) fn unknown_codecs(offer: &str) -> String {
    of_unknown_codec(offer, begins(offer, |sections| sections.first()))
}

/// The number of the line that a section begins with.
fn begins(
    offer: &str,
    section: impl for<'a, 'b> Fn(&'b [Section<'a>]) -> Option<&'b Section<'a>>,
) -> Option<u32> {
    let offer = Description::parse(offer).ok()?;
    section(&offer.sections).map(|it| it.line)
}

/// With another codec in each section that begins with this line or later.
fn of_unknown_codec(offer: &str, first: Option<u32>) -> String {
    const OF_CODECS: [&str; 7] =
        ["rtpmap", "fmtp", "rtcp-fb", "ssrc", "ssrc-group", "rid", "simulcast"];
    let Some(first) = first else { return offer.to_owned() };
    let mut is_told = false;
    rewritten(offer, |line, out| {
        if line.number < first {
            return out.line(line.text());
        }
        if let Some(section) = line.value(b'm') {
            is_told = false;
            let kind = section.split(' ').next().unwrap_or("video");
            return out.line(format_args!("m={kind} 9 UDP/TLS/RTP/SAVPF 126"));
        }
        match line.attribute() {
            Some(("rtpmap", _)) if !is_told => {
                is_told = true;
                out.attribute("rtpmap", "126 X-NO-SUCH-CODEC/90000");
            }
            Some((name, _)) if OF_CODECS.contains(&name) => {}
            _ => out.line(line.text()),
        }
    })
}

/// From a client that only begins the DTLS handshake itself (RFC 9725, section 4.4.4).
pub(crate) fn active(offer: &str) -> String {
    rewritten(offer, |line, out| match line.attribute() {
        Some(("setup", "actpass")) => out.attribute("setup", "active"),
        _ => out.line(line.text()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let mids: Vec<&str> = read.sections.iter().filter_map(|it| it.mid()).collect();
        assert_eq!(mids, ["0", "1", "second"]);
        assert_eq!(read.session.get("group"), Some("BUNDLE 0 1 second"));
        assert_eq!(read.sections[2].msid(), Some(("s", "second")));
        assert_eq!(it.matches("a=ssrc").count(), 1);
    }

    #[test]
    fn unknown_codecs_leave_the_rest_alone() {
        let one = unknown_codec(OFFER);
        assert!(one.contains("opus") && !one.contains("VP8"), "{one}");
        let all = unknown_codecs(OFFER);
        assert!(!all.contains("opus") && !all.contains("VP8"), "{all}");
        assert_eq!(all.matches("X-NO-SUCH-CODEC").count(), 2);
        assert_eq!(Description::parse(&all).unwrap().sections[1].mid(), Some("1"));
    }

    #[test]
    fn what_is_cut_off_ends_in_a_password() {
        assert!(truncated(OFFER).ends_with("a=ice-pwd:012"));
        assert!((100_000..101_000).contains(&huge(OFFER).len()));
    }
}
