//! Session descriptions (RFC 8866), as little of them as a viewer needs: what the server says of
//! itself read line by line, our answer as an echo of its offer, and an offer of our own for WHEP.

use std::fmt::Write;
use std::net::SocketAddr;

use crate::media::VideoCodec;

/// What a payload type carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carries {
    Nothing,
    Audio,
    Video,
    /// Repeated video (RFC 4588).
    Rtx,
}

/// What we say of ourselves.
#[derive(Debug, Clone)]
pub(crate) struct Local {
    pub(crate) ufrag: String,
    pub(crate) pwd: String,
    /// The certificate's SHA-256, as SDP writes it.
    pub(crate) fingerprint: String,
    /// Our only candidate.
    pub(crate) address: SocketAddr,
}

/// What the server says of itself.
#[derive(Debug, Clone)]
pub(crate) struct Remote {
    pub(crate) ufrag: String,
    pub(crate) pwd: String,
    /// The certificate's SHA-256.
    pub(crate) fingerprint: Vec<u8>,
    /// Whether the server begins the DTLS handshake.
    pub(crate) is_dtls_client: bool,
    pub(crate) candidates: Vec<SocketAddr>,
    /// By payload type.
    pub(crate) formats: [Carries; 128],
    /// The id of the transport-wide sequence number's header extension.
    pub(crate) twcc: Option<u8>,
    /// Whether lost video is repeated on request.
    pub(crate) rtx: bool,
    /// The source of video, where the description names it.
    pub(crate) video_ssrc: Option<u32>,
}

const TWCC: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

impl Remote {
    /// Reads a server's offer or answer.
    pub(crate) fn read(sdp: &str) -> Result<Self, &'static str> {
        let find = |prefix: &str| sdp.lines().find_map(|it| it.strip_prefix(prefix)).map(str::trim);
        let mut formats = [Carries::Nothing; 128];
        for (kind, lines) in media(sdp) {
            for map in lines.filter_map(|it| it.strip_prefix("a=rtpmap:")) {
                let Some((pt, name)) = map.split_once(' ') else { continue };
                let slot = pt.parse().ok().and_then(|pt: usize| formats.get_mut(pt));
                let Some(slot) = slot else { continue };
                let name = name.split('/').next().unwrap_or_default().to_ascii_lowercase();
                *slot = match (kind, name.as_str()) {
                    ("audio", "opus") => Carries::Audio,
                    ("video", "rtx") => Carries::Rtx,
                    ("video", "vp8" | "h264" | "vp9" | "av1" | "h265") => Carries::Video,
                    _ => Carries::Nothing,
                };
            }
        }
        let fingerprint = find("a=fingerprint:sha-256 ").ok_or("no SHA-256 fingerprint")?;
        let fingerprint: Option<Vec<u8>> =
            fingerprint.split(':').map(|it| u8::from_str_radix(it, 16).ok()).collect();
        let mut candidates: Vec<SocketAddr> = Vec::new();
        for line in sdp.lines().filter_map(|it| it.strip_prefix("a=candidate:")) {
            if let Some(address) = candidate(line)
                && !candidates.contains(&address)
            {
                candidates.push(address);
            }
        }
        let extension = |line: &str| {
            let (id, uri) = line.strip_prefix("a=extmap:")?.split_once(' ')?;
            uri.trim().starts_with(TWCC).then(|| id.split('/').next()?.parse().ok())?
        };
        let listens =
            sdp.lines().any(|it| it.starts_with("a=rtcp-fb:") && it.contains("transport-cc"));
        let ssrc = |line: &str| line.strip_prefix("a=ssrc:")?.split(' ').next()?.parse().ok();
        Ok(Self {
            ufrag: find("a=ice-ufrag:").ok_or("no ICE user name")?.to_owned(),
            pwd: find("a=ice-pwd:").ok_or("no ICE password")?.to_owned(),
            fingerprint: fingerprint.ok_or("a fingerprint that cannot be read")?,
            is_dtls_client: find("a=setup:") == Some("active"),
            candidates,
            rtx: formats.contains(&Carries::Rtx),
            formats,
            twcc: sdp.lines().find_map(extension).filter(|_| listens),
            video_ssrc: media(sdp)
                .filter(|(kind, _)| *kind == "video")
                .find_map(|(_, mut lines)| lines.find_map(ssrc)),
        })
    }
}

/// Kind and lines of each media description.
fn media(sdp: &str) -> impl Iterator<Item = (&str, std::str::Lines<'_>)> {
    sdp.split("\nm=").skip(1).map(|section| {
        let kind = section.split(' ').next().unwrap_or_default();
        (kind, section.lines())
    })
}

/// The address of a candidate over UDP (RFC 8839, section 5.1).
fn candidate(line: &str) -> Option<SocketAddr> {
    let mut words = line.split_ascii_whitespace().skip(1);
    let (component, transport) = (words.next()?, words.next()?);
    let (ip, port) = (words.nth(1)?, words.next()?);
    let fits = component == "1" && transport.eq_ignore_ascii_case("udp");
    fits.then(|| Some(SocketAddr::new(ip.parse().ok()?, port.parse().ok()?)))?
}

/// A description with those of its candidates alone that may stay.
pub(crate) fn with_candidates(sdp: &str, stays: impl Fn(SocketAddr) -> bool) -> String {
    let mut out = String::with_capacity(sdp.len());
    for it in sdp.lines() {
        let goes = it
            .strip_prefix("a=candidate:")
            .is_some_and(|it| candidate(it).is_none_or(|address| !stays(address)));
        if !goes {
            line(&mut out, it);
        }
    }
    out
}

/// A description with other ICE credentials in it, and other candidates unless there are none: what
/// would stand there after an ICE restart. A candidate is what follows `a=`.
pub(crate) fn with_credentials(sdp: &str, ufrag: &str, pwd: &str, candidates: &[String]) -> String {
    let mut out = String::with_capacity(sdp.len());
    for it in sdp.lines() {
        if it.starts_with("a=ice-ufrag:") {
            line(&mut out, &format!("a=ice-ufrag:{ufrag}"));
        } else if it.starts_with("a=ice-pwd:") {
            line(&mut out, &format!("a=ice-pwd:{pwd}"));
            candidates.iter().for_each(|it| line(&mut out, &format!("a={it}")));
        } else if candidates.is_empty() || !it.starts_with("a=candidate:") {
            line(&mut out, it);
        }
    }
    out
}

/// What of a media description an answer repeats.
const ECHOED: [&str; 7] =
    ["a=mid:", "a=extmap:", "a=rtpmap:", "a=fmtp:", "a=rtcp-fb:", "a=rtcp-mux", "a=rtcp-rsize"];

/// The answer to a server's offer: all its codecs are fine, we only receive.
pub(crate) fn answer(offer: &str, local: &Local) -> String {
    let mut out = session(local);
    if let Some(group) = offer.lines().find(|it| it.starts_with("a=group:BUNDLE")) {
        line(&mut out, group);
    }
    for section in offer.split("\nm=").skip(1) {
        let mut lines = section.lines();
        let head = lines.next().unwrap_or_default();
        let mut words = head.splitn(3, ' ');
        let kind = words.next().unwrap_or_default();
        let rest = words.nth(1).unwrap_or_default();
        let takes = matches!(kind, "audio" | "video");
        line(&mut out, &format!("m={kind} {} {rest}", if takes { 9 } else { 0 }));
        line(&mut out, "c=IN IP4 0.0.0.0");
        if !takes {
            lines.filter(|it| it.starts_with("a=mid:")).for_each(|it| line(&mut out, it));
            line(&mut out, "a=inactive");
            continue;
        }
        transport(&mut out, local, "active");
        line(&mut out, "a=recvonly");
        for it in lines.filter(|it| ECHOED.iter().any(|echoed| it.starts_with(echoed))) {
            line(&mut out, it);
        }
    }
    out
}

/// An offer to watch, for servers that want one.
pub(crate) fn offer(local: &Local, codec: VideoCodec) -> String {
    let mut out = session(local);
    line(&mut out, "a=group:BUNDLE 0 1");
    let mut section = |head: &str, mid: &str, lines: &[&str]| {
        line(&mut out, head);
        line(&mut out, "c=IN IP4 0.0.0.0");
        line(&mut out, &format!("a=mid:{mid}"));
        transport(&mut out, local, "actpass");
        line(&mut out, "a=recvonly");
        line(&mut out, "a=rtcp-mux");
        line(&mut out, "a=rtcp-rsize");
        line(&mut out, "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid");
        line(&mut out, &format!("a=extmap:3 {TWCC}"));
        lines.iter().for_each(|it| line(&mut out, it));
    };
    section(
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "0",
        &[
            "a=rtpmap:111 opus/48000/2",
            "a=fmtp:111 minptime=10;useinbandfec=1",
            "a=rtcp-fb:111 transport-cc",
        ],
    );
    let (map, params) = match codec {
        VideoCodec::Vp8 => ("a=rtpmap:96 VP8/90000", None),
        VideoCodec::H264 => (
            "a=rtpmap:96 H264/90000",
            Some(
                "a=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
            ),
        ),
    };
    let mut lines = vec![map];
    lines.extend(params);
    lines.extend([
        "a=rtcp-fb:96 transport-cc",
        "a=rtcp-fb:96 ccm fir",
        "a=rtcp-fb:96 nack",
        "a=rtcp-fb:96 nack pli",
        "a=rtpmap:97 rtx/90000",
        "a=fmtp:97 apt=96",
    ]);
    section("m=video 9 UDP/TLS/RTP/SAVPF 96 97", "1", &lines);
    out
}

fn session(local: &Local) -> String {
    let mut out = String::with_capacity(4_096);
    line(&mut out, "v=0");
    line(&mut out, &format!("o=- {} 2 IN IP4 127.0.0.1", u32::from(local.address.port()) + 1));
    line(&mut out, "s=-");
    line(&mut out, "t=0 0");
    out
}

fn transport(out: &mut String, local: &Local, setup: &str) {
    line(out, &format!("a=ice-ufrag:{}", local.ufrag));
    line(out, &format!("a=ice-pwd:{}", local.pwd));
    line(out, &format!("a=fingerprint:sha-256 {}", local.fingerprint));
    line(out, &format!("a=setup:{setup}"));
    let (ip, port) = (local.address.ip(), local.address.port());
    line(out, &format!("a=candidate:1 1 udp 2130706431 {ip} {port} typ host"));
    line(out, "a=end-of-candidates");
}

fn line(out: &mut String, text: &str) {
    // Writing to a string does not fail.
    _ = write!(out, "{}\r\n", text.trim_end());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local() -> Local {
        Local {
            ufrag: "abcd".into(),
            pwd: "0123456789012345678901".into(),
            fingerprint: ["AB"; 32].join(":"),
            address: "127.0.0.1:4000".parse().unwrap(),
        }
    }

    #[test]
    fn our_offer_says_all_that_we_read_of_others() {
        let remote = Remote::read(&offer(&local(), VideoCodec::H264)).unwrap();
        assert_eq!((remote.ufrag.as_str(), remote.is_dtls_client), ("abcd", false));
        assert_eq!(remote.fingerprint, [0xAB; 32]);
        assert_eq!(remote.candidates, ["127.0.0.1:4000".parse::<SocketAddr>().unwrap()]);
        assert_eq!(remote.formats[111], Carries::Audio);
        assert_eq!((remote.formats[96], remote.formats[97]), (Carries::Video, Carries::Rtx));
        assert_eq!((remote.twcc, remote.rtx), (Some(3), true));
    }

    #[test]
    fn an_answer_takes_what_is_offered_and_only_receives() {
        let offer = offer(&local(), VideoCodec::Vp8).replace("recvonly", "sendonly");
        let offer = offer + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:2\r\n";
        let answer = answer(&offer, &local());
        assert_eq!(answer.matches("a=recvonly").count(), 2);
        assert_eq!(answer.matches("a=setup:active").count(), 2);
        assert!(answer.contains("a=group:BUNDLE 0 1\r\n"), "{answer}");
        assert!(
            answer.contains("m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"),
            "{answer}"
        );
        assert!(answer.contains("a=mid:2\r\na=inactive\r\n"), "{answer}");
        assert_eq!(Remote::read(&answer).unwrap().formats[96], Carries::Video);
        str0m::change::SdpAnswer::from_sdp_string(&answer).unwrap();
    }

    #[test]
    fn candidates_that_may_not_stay_are_taken_out() {
        let offer = offer(&local(), VideoCodec::Vp8);
        assert_eq!(with_candidates(&offer, |it| it.ip().is_loopback()), offer);
        let none = with_candidates(&offer, |_| false);
        assert!(Remote::read(&none).unwrap().candidates.is_empty());
    }

    #[test]
    fn a_restart_changes_nothing_but_credentials_and_candidates() {
        let offer = offer(&local(), VideoCodec::Vp8);
        let candidates = ["candidate:9 1 udp 1 127.0.0.9 9 typ host".to_owned()];
        let after = with_credentials(&offer, "wxyz", "another-password-of-24-x", &candidates);
        let remote = Remote::read(&after).unwrap();
        assert_eq!((remote.ufrag.as_str(), remote.pwd.len()), ("wxyz", 24));
        assert_eq!(remote.candidates, ["127.0.0.9:9".parse::<SocketAddr>().unwrap()]);
        assert_eq!(with_credentials(&offer, "abcd", "0123456789012345678901", &[]), offer);
    }

    #[test]
    fn what_is_no_description_is_refused() {
        assert_eq!(Remote::read("v=0\r\n").unwrap_err(), "no SHA-256 fingerprint");
        assert_eq!(candidate("1 1 tcp 5 10.0.0.1 9 typ host tcptype active"), None);
        assert_eq!(candidate("1 1 udp 5 4c1f.local 9 typ host"), None);
    }
}
