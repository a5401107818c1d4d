//! Session descriptions at the door: bounds, before anything parses them, and the few lines in
//! which ours differ from what str0m writes.
//!
//! Remote candidates are taken out. The server is ICE-lite: it checks nothing and learns addresses
//! only from verified connectivity checks (RFC 8445, section 2.5), so nobody can make it send to an
//! address of their choice.

pub(crate) mod h264;

use std::collections::HashSet;
use std::net::IpAddr;

use str0m::change::SdpOffer;
use str0m::error::SdpError;

use crate::NegotiationError;
use crate::media::codec::dependency_descriptor;
use crate::transport::sdp::fingerprint;
use media_api::MediaKind;

/// A browser's offer with every codec has 300 lines.
const MAX_LINES: usize = 2_000;
/// The longest line seen from a browser is an `a=fmtp` of 200 bytes.
const MAX_LINE_BYTES: usize = 1_024;
/// Audio, video and a data channel, and as much again for guests and screens.
const MAX_MEDIA: usize = 8;
/// Chromium offers 40 for video.
const MAX_PAYLOAD_TYPES: usize = 64;
/// `a=rtpmap` and `a=fmtp` lines of one media description: one each a payload type. The parser's
/// time grows with the product of the two.
const MAX_FORMAT_LINES: usize = MAX_PAYLOAD_TYPES;
/// Different `a=ssrc` sources of one description: three layers with their retransmissions, twice.
/// Each becomes a stream that is looked after for as long as the session lives.
const MAX_SOURCES: usize = 16;
/// What the wire allows; checked here too, since other doors lead here.
const MAX_BYTES: usize = 64 * 1024;

/// Reads a publisher's offer. Whatever flows towards the publisher is negotiated away: `sendrecv`,
/// which `addTrack` writes, is answered `recvonly`.
pub(crate) fn publisher_offer(original: &str) -> Result<SdpOffer, NegotiationError> {
    let checked = check(original)?;
    let flows = |m: &Media| m.is_av && m.port != 0 && m.direction.sends();
    if !checked.iter().any(flows) {
        return Err(NegotiationError::NoMedia("to publish"));
    }
    let text = filtered(original, &checked, |direction| match direction {
        Direction::SendRecv => Direction::SendOnly,
        Direction::RecvOnly => Direction::Inactive,
        other => other,
    });
    fit_for_publishing(original)?;
    parse_offer(&h264::with_stand_ins(&without_needless_descriptor(&text)), original)
}

/// What the library would only find out later, or say in its own words.
fn fit_for_publishing(text: &str) -> Result<(), NegotiationError> {
    let has = |name: &str| lines(text).any(|it| it.starts_with(name));
    if lines(text).any(|it| it == "a=ice-lite") {
        let why = "a=ice-lite: this server is ICE-lite itself, one side has to check";
        return Err(NegotiationError::malformed(why));
    }
    if !has("a=ice-ufrag:") || !has("a=ice-pwd:") {
        return Err(NegotiationError::malformed("it needs an a=ice-ufrag and an a=ice-pwd"));
    }
    // Of the session, or of each media description: every one that is taken has to be whole.
    let fingerprints = || lines(text).filter_map(|it| it.strip_prefix("a=fingerprint:"));
    fingerprint::sha_256(fingerprints())?;
    fingerprints()
        .filter(|it| fingerprint::is_taken(it))
        .try_for_each(|it| fingerprint::sha_256(std::iter::once(it)).map(drop))
}

/// The description without the AV1 dependency descriptor where VP8 or VP9 will be sent, which tell of their
/// layers themselves. A browser that has it negotiated leaves temporal layer and picture id out of VP8's own
/// descriptor (RFC 7741, section 4.2), so that viewers who know only that one have to be sent the stream
/// whole; and Chromium stood for seconds when it had it and was no longer sent a larger size of VP9.
fn without_needless_descriptor(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut tells_itself = false;
    for (n, section) in text.split("\r\nm=").enumerate() {
        if n > 0 {
            out.push_str("\r\nm=");
            let first =
                section.lines().next().and_then(|it| it.split(' ').nth(3)).unwrap_or("none");
            let rtpmap = format!("a=rtpmap:{first} VP");
            tells_itself = section.lines().any(|it| it.starts_with(&rtpmap));
        }
        let drops = |line: &str| {
            tells_itself
                && line.starts_with("a=extmap:")
                && line.contains(dependency_descriptor::URI)
        };
        let kept: Vec<&str> = section.split("\r\n").filter(|it| !drops(it)).collect();
        out.push_str(&kept.join("\r\n"));
    }
    out
}

/// The lines of a description, which end with CRLF or with LF alone (RFC 8866, section 5).
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = memchr::memchr(b'\n', rest.as_bytes());
        let line = match end {
            Some(end) => rest.get(..end)?,
            None if rest.is_empty() => return None,
            None => rest,
        };
        rest = end.and_then(|end| rest.get(end + 1..)).unwrap_or_default();
        Some(line.strip_suffix('\r').unwrap_or(line))
    })
}

/// The bounds alone, for a reader that is not str0m's.
pub(crate) fn within_bounds(text: &str) -> Result<(), NegotiationError> {
    check(text).map(drop)
}

/// What we send: str0m's description with the end of the candidates, and one media stream for all
/// tracks. Without a common stream id a browser hands the page no stream, or one a track. The candidates
/// of address `via` come first.
pub(crate) fn finished(sdp: &str, stream_id: &str, via: Option<IpAddr>) -> String {
    let mut text = String::with_capacity(sdp.len() + 128);
    let mut candidates = Vec::new();
    for line in sdp.lines() {
        if line.starts_with("a=candidate:") {
            candidates.push(line);
            continue;
        }
        write_candidates(&mut text, &mut candidates, via);
        match one_stream(line, stream_id) {
            Some(changed) => text.push_str(&changed),
            None => text.push_str(line),
        }
        text.push_str("\r\n");
    }
    write_candidates(&mut text, &mut candidates, via);
    text
}

/// Writes the candidate lines of one media description, and that there are no more.
fn write_candidates(text: &mut String, lines: &mut Vec<&str>, via: Option<IpAddr>) {
    if lines.is_empty() {
        return;
    }
    // RFC 8839, section 5.1: foundation, component, transport, priority, address.
    let address = |line: &&str| line.split(' ').nth(4)?.parse().ok();
    for line in via_first(lines.drain(..), via, address).chain(["a=end-of-candidates"]) {
        text.push_str(line);
        text.push_str("\r\n");
    }
}

/// The items of address `via` first, otherwise in the order given. An IPv4 address is the same in its
/// IPv6 form (RFC 4291, section 2.5.5.2), in which a socket of both families tells it.
pub(crate) fn via_first<T>(
    items: impl Iterator<Item = T>,
    via: Option<IpAddr>,
    address: impl Fn(&T) -> Option<IpAddr>,
) -> impl Iterator<Item = T> {
    let via = via.map(|it| it.to_canonical());
    let is_first = |it: &T| via.is_some() && address(it).map(|it| it.to_canonical()) == via;
    let (first, others): (Vec<T>, Vec<T>) = items.partition(is_first);
    first.into_iter().chain(others)
}

/// MediaKind and `mid` of each audio and video description of ours that is neither rejected nor inactive.
pub(crate) fn flowing(description: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    for section in description.split("\r\nm=").skip(1) {
        let kind = section.split(' ').next().unwrap_or_default();
        let rejected = section.split(' ').nth(1) == Some("0");
        let inactive = section.lines().any(|it| it == "a=inactive");
        if rejected || inactive || !matches!(kind, "audio" | "video") {
            continue;
        }
        if let Some(mid) = section.lines().find_map(|it| it.strip_prefix("a=mid:")) {
            found.push((kind, mid));
        }
    }
    found
}

/// An `a=msid` line, or the `msid` of an `a=ssrc` line, with the given stream (RFC 8830).
fn one_stream(line: &str, stream_id: &str) -> Option<String> {
    let (head, msid) = match line.strip_prefix("a=msid:") {
        Some(msid) => ("a=msid:".to_owned(), msid),
        None => {
            let (ssrc, msid) = line.strip_prefix("a=ssrc:")?.split_once(" msid:")?;
            (format!("a=ssrc:{ssrc} msid:"), msid)
        }
    };
    let (_, track_id) = msid.split_once(' ')?;
    Some(format!("{head}{stream_id} {track_id}"))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

impl Direction {
    const ALL: [Self; 4] = [Self::SendRecv, Self::SendOnly, Self::RecvOnly, Self::Inactive];

    fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    fn of_line(line: &str) -> Option<Self> {
        let name = line.strip_prefix("a=")?;
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }

    fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }
}

/// One media description, as far as we look into it.
#[derive(Debug)]
struct Media {
    is_av: bool,
    port: u32,
    direction: Direction,
}

/// Checks the bounds and lists the media descriptions.
fn check(text: &str) -> Result<Vec<Media>, NegotiationError> {
    if text.len() > MAX_BYTES {
        return Err(NegotiationError::TooLarge("more than 64 KiB"));
    }
    if !text.starts_with("v=0") {
        return Err(NegotiationError::malformed("it does not begin with v=0"));
    }
    // The direction of the session, for media that have none of their own (RFC 8866, section 6.7).
    let mut of_session = Direction::SendRecv;
    let mut media: Vec<Media> = Vec::new();
    let mut formats = Formats::new();
    for (n, line) in lines(text).enumerate() {
        if n >= MAX_LINES {
            return Err(NegotiationError::TooLarge("more than 2000 lines"));
        }
        if line.len() > MAX_LINE_BYTES {
            return Err(NegotiationError::TooLarge("a line of more than 1024 bytes"));
        }
        if let Some(value) = line.strip_prefix("m=") {
            if media.len() == MAX_MEDIA {
                return Err(NegotiationError::TooLarge("more than 8 media descriptions"));
            }
            media.push(media_line(value, of_session).map_err(|it| it.at_line(n + 1))?);
            formats.begin_media();
        } else if let Some(direction) = Direction::of_line(line) {
            match media.last_mut() {
                Some(last) => last.direction = direction,
                None => of_session = direction,
            }
        } else {
            formats.check(line).map_err(|it| it.at_line(n + 1))?;
        }
    }
    if media.is_empty() {
        return Err(NegotiationError::NoMedia("at all"));
    }
    Ok(media)
}

/// Counts what a parser multiplies, and finds payload types with two meanings.
#[derive(Debug)]
struct Formats<'a> {
    n_rtpmap: usize,
    n_fmtp: usize,
    /// What each payload type stands for: one thing in a whole description (RFC 9143, section 9.1).
    meanings: [Option<(usize, &'a str)>; 256],
    sources: HashSet<&'a str>,
    n_media: usize,
}

impl<'a> Formats<'a> {
    fn new() -> Self {
        let (n_rtpmap, n_fmtp, n_media) = (0, 0, 0);
        Self { n_rtpmap, n_fmtp, meanings: [None; 256], sources: HashSet::new(), n_media }
    }

    fn begin_media(&mut self) {
        (self.n_rtpmap, self.n_fmtp) = (0, 0);
        self.n_media += 1;
    }

    fn check(&mut self, line: &'a str) -> Result<(), NegotiationError> {
        if let Some(value) = line.strip_prefix("a=rtpmap:") {
            self.n_rtpmap += 1;
            let (payload_type, meaning) = value.split_once(' ').unwrap_or((value, ""));
            // What is no payload type stands for nothing.
            let payload_type = payload_type.parse::<u8>().ok();
            let before = payload_type
                .and_then(|it| self.meanings[usize::from(it)].replace((self.n_media, meaning)));
            if before.is_some_and(|it| it.0 == self.n_media || it.1 != meaning) {
                let message = "a payload type stands for two things";
                return Err(NegotiationError::malformed(message));
            }
        } else if line.starts_with("a=fmtp:") {
            self.n_fmtp += 1;
            if line.as_bytes().windows(4).filter(|it| it == b"apt=").count() > 1 {
                let message = "an a=fmtp line with two apt=";
                return Err(NegotiationError::malformed(message));
            }
        } else if let Some(value) = line.strip_prefix("a=ssrc:") {
            self.sources.insert(value.split(' ').next().unwrap_or_default());
        }
        if self.n_rtpmap > MAX_FORMAT_LINES || self.n_fmtp > MAX_FORMAT_LINES {
            return Err(NegotiationError::TooLarge(
                "more than 64 formats in one media description",
            ));
        }
        if self.sources.len() > MAX_SOURCES {
            return Err(NegotiationError::TooLarge("more than 16 sources"));
        }
        Ok(())
    }
}

/// `audio 9 UDP/TLS/RTP/SAVPF 111 63`
fn media_line(value: &str, direction: Direction) -> Result<Media, NegotiationError> {
    let mut parts = value.split(' ');
    let kind = parts.next().unwrap_or_default();
    let port = parts.next().and_then(|it| it.parse().ok());
    let Some(port) = port else {
        return Err(NegotiationError::malformed("an m= line without a port"));
    };
    if parts.count() > MAX_PAYLOAD_TYPES + 1 {
        return Err(NegotiationError::TooLarge(
            "more than 64 payload types in one media description",
        ));
    }
    Ok(Media { is_av: matches!(kind, "audio" | "video"), port, direction })
}

/// The description without candidates and without fingerprints that are not taken, each audio and video description ending with its mapped
/// direction.
fn filtered(text: &str, media: &[Media], map: impl Fn(Direction) -> Direction) -> String {
    let mut out = String::with_capacity(text.len() + 128);
    let mut coming = media.iter();
    let mut current: Option<&Media> = None;
    let end = |out: &mut String, current: Option<&Media>| {
        if let Some(media) = current.filter(|it| it.is_av) {
            out.push_str("a=");
            out.push_str(map(media.direction).as_str());
            out.push_str("\r\n");
        }
    };
    for line in lines(text) {
        let drops = line.is_empty()
            || line.starts_with("a=candidate:")
            || line == "a=end-of-candidates"
            || line.strip_prefix("a=fingerprint:").is_some_and(|it| !fingerprint::is_taken(it))
            || Direction::of_line(line).is_some() && current.is_none_or(|it| it.is_av);
        if drops {
            continue;
        }
        if line.starts_with("m=") {
            end(&mut out, current);
            current = coming.next();
        }
        out.push_str(line);
        out.push_str("\r\n");
    }
    end(&mut out, current);
    out
}

fn parse_offer(text: &str, original: &str) -> Result<SdpOffer, NegotiationError> {
    SdpOffer::from_sdp_string(text).map_err(|it| unparsed(&it, text, original))
}

/// What the parser stopped at, in our words. Its own tell where by an address in memory and quote the
/// description, which has passwords.
fn unparsed(error: &SdpError, parsed: &str, original: &str) -> NegotiationError {
    let malformed = NegotiationError::malformed("it is not understood from here on");
    let line = stopped_at(&error.to_string(), parsed);
    let number = line.and_then(|line| lines(original).position(|it| it == line));
    match number {
        Some(n) => malformed.at_line(n + 1),
        None => NegotiationError::malformed("a line is not understood"),
    }
}

/// The line that a message of the parser's means.
fn stopped_at<'a>(message: &str, parsed: &'a str) -> Option<&'a str> {
    let hex = message.split_once("PointerOffset(0x")?.1.split(')').next()?;
    let offset = usize::from_str_radix(hex, 16).ok()?.checked_sub(parsed.as_ptr() as usize)?;
    let before = parsed.get(..offset)?;
    let from = before.rfind('\n').map_or(0, |it| it + 1);
    lines(parsed.get(from..)?).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_as_any_writer_ends_them() {
        let all = |text| lines(text).collect::<Vec<_>>();
        assert_eq!(all("a\r\n\r\nb\nc"), ["a", "", "b", "c"]);
        assert_eq!((all("a\n"), all("\n")), (vec!["a"], vec![""]));
        assert!(all("").is_empty());
        // What the door reads is what the parser is given, also of a line that is cut short.
        assert_eq!(all("a=recvonly\r"), ["a=recvonly"]);
    }

    const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n";

    fn media(n: usize, attributes: &str) -> String {
        format!("m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:{n}\r\n{attributes}")
    }

    #[test]
    fn a_host_that_tells_itself_is_not_asked_for_the_descriptor_of_av1() {
        let sending = |codecs: &str| {
            let extmap = format!("a=extmap:8 {}\r\na=extmap:3 urn:x", dependency_descriptor::URI);
            let rtpmap = "a=rtpmap:96 VP8/90000\r\na=rtpmap:45 AV1/90000\r\n";
            format!("v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF {codecs}\r\n{extmap}\r\n{rtpmap}")
        };
        let vp8 = sending("96 45");
        let without = without_needless_descriptor(&vp8);
        assert_eq!(
            without,
            vp8.replace(&format!("a=extmap:8 {}\r\n", dependency_descriptor::URI), "")
        );
        let av1 = sending("45 96");
        assert_eq!(without_needless_descriptor(&av1), av1);
        assert!(
            !without_needless_descriptor(&vp8.replace("VP8", "VP9"))
                .contains(dependency_descriptor::URI)
        );
        let both = av1.clone() + &vp8.replace("v=0\r\n", "");
        assert_eq!(
            without_needless_descriptor(&both).matches(dependency_descriptor::URI).count(),
            1
        );
    }

    #[test]
    fn what_add_track_writes_is_taken_as_sending_only() {
        let text = HEAD.to_owned() + &media(0, "a=sendrecv\r\na=rtcp-mux\r\n");
        let media = check(&text).unwrap();
        let out = filtered(&text, &media, |_| Direction::SendOnly);
        assert!(out.ends_with("a=rtcp-mux\r\na=sendonly\r\n"), "{out}");
        assert!(!out.contains("sendrecv"));
    }

    #[test]
    fn a_direction_of_the_whole_session_counts_for_its_media() {
        let text = HEAD.to_owned() + "a=recvonly\r\n" + &media(0, "");
        assert_eq!(publisher_offer(&text).unwrap_err(), NegotiationError::NoMedia("to publish"));
    }

    #[test]
    fn nobody_can_name_an_address_that_the_server_should_send_to() {
        let candidate = "a=candidate:1 1 udp 2113937151 169.254.169.254 80 typ host\r\n";
        let text = HEAD.to_owned() + &media(0, candidate) + "a=end-of-candidates\r\n";
        let media = check(&text).unwrap();
        let out = filtered(&text, &media, |it| it);
        assert!(!out.contains("candidate"), "{out}");
    }

    #[test]
    fn hostile_sizes_are_refused_before_they_are_parsed() {
        let check = |text: String, part: &str| {
            let error = check(&text).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        };
        check(HEAD.to_owned() + &"a=x\r\n".repeat(20_000), "64 KiB");
        check(HEAD.to_owned() + &"a\r\n".repeat(5_000), "2000 lines");
        check(HEAD.to_owned() + "a=" + &"x".repeat(2_000), "1024 bytes");
        check(HEAD.to_owned() + &(0..9).map(|n| media(n, "")).collect::<String>(), "8 media");
        check(format!("{HEAD}m=video 9 X {}\r\n", "96 ".repeat(99)), "64 payload types");
        check(HEAD.to_owned() + &media(0, &"a=rtpmap:96 VP8/90000\r\n".repeat(2)), "two things");
        let formats: String = (0..99).map(|n| format!("a=rtpmap:{n} VP8/90000\r\n")).collect();
        check(HEAD.to_owned() + &media(0, &formats), "64 formats");
        check(HEAD.to_owned() + &media(0, "a=fmtp:97 apt=96;apt=96\r\n"), "two apt=");
        let sources: String = (0..99).map(|n| format!("a=ssrc:{n} cname:x\r\n")).collect();
        check(HEAD.to_owned() + &media(0, &sources), "16 sources");
        check("hello".into(), "v=0");
        check(HEAD.into(), "no audio or video");
        check(HEAD.to_owned() + "m=video\r\n", "port");
    }

    #[test]
    fn candidates_end_and_all_tracks_are_one_stream() {
        let ours = "v=0\r\nm=audio 9 X 111\r\na=candidate:1\r\na=candidate:2\r\na=mid:0\r\n\
                    a=msid:abc audio\r\na=ssrc:7 cname:x\r\na=ssrc:7 msid:abc audio\r\n";
        let out = finished(ours, "kaibo", None);
        assert!(out.contains("a=candidate:2\r\na=end-of-candidates\r\na=mid:0\r\n"), "{out}");
        assert!(out.contains("a=msid:kaibo audio\r\n"), "{out}");
        assert!(out.contains("a=ssrc:7 cname:x\r\na=ssrc:7 msid:kaibo audio\r\n"), "{out}");
    }

    #[test]
    fn what_is_rejected_or_inactive_does_not_flow() {
        let ours = "v=0\r\nm=audio 0 X 111\r\na=mid:0\r\nm=video 9 X 96\r\na=mid:1\r\na=inactive\r\n\
                    m=video 9 X 96\r\na=mid:2\r\na=sendonly\r\n";
        assert_eq!(flowing(ours), [("video", "2")]);
    }
}
