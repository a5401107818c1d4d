//! A media description: an `m=` line and the lines below it.

use crate::attributes::Attributes;
use crate::direction::Direction;
use crate::error::Error;
use crate::payload_type::{PayloadTypes, number};
use crate::source::msid;

const CUT_SHORT: Error = Error::malformed("an m= line is cut short: kind, port and protocol");
const NO_PORT: Error = Error::malformed("an m= line without a port");
const STRANGE: Error = Error::malformed("an m= line has strange characters");

/// The usual number of attributes in a browser's media description.
const CAPACITY: usize = 32;

/// A media description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section<'a> {
    /// `audio`, `video`, `application`, …
    pub kind: &'a str,
    /// 0 if it is rejected, or has no transport of its own.
    pub port: u16,
    /// `UDP/TLS/RTP/SAVPF` or another protocol.
    pub proto: &'a str,
    /// Number of its `m=` line; the first line is 1.
    pub line: u32,
    /// Its own attributes. Some of them may be on the session level instead: see [`Self::direction`],
    /// [`crate::Description::attribute`], [`crate::Description::transport`].
    pub attributes: Attributes<'a>,
    formats: &'a str,
    mid: Option<&'a str>,
    /// The session's direction.
    inherited: Direction,
}

impl<'a> Section<'a> {
    /// Parses the value of an `m=` line.
    pub(crate) fn parse(value: &'a str, line: u32, inherited: Direction) -> Result<Self, Error> {
        let mut words = Words(value);
        let kind = words.next();
        let port = words.next();
        let proto = words.next();
        if kind.is_empty() || port.is_empty() || proto.is_empty() {
            return Err(CUT_SHORT);
        }
        // Answers repeat the value.
        if !value.bytes().all(|it| it == b' ' || it == b'\t' || it.is_ascii_graphic()) {
            return Err(STRANGE);
        }
        // The number of ports follows a slash.
        let port = port.split('/').next().and_then(|it| it.parse().ok()).ok_or(NO_PORT)?;
        let attributes = Attributes::with_capacity(CAPACITY);
        Ok(Self { kind, port, proto, line, attributes, formats: words.0, mid: None, inherited })
    }

    /// Parses the value in a fragment, where an `m=` line only selects a media description.
    pub(crate) fn of_fragment(value: &'a str, line: u32) -> Self {
        Self::parse(value, line, Direction::default()).unwrap_or_else(|_| Self {
            kind: Words(value).next(),
            port: 9,
            proto: "UDP/TLS/RTP/SAVPF",
            line,
            attributes: Attributes::default(),
            formats: "0",
            mid: None,
            inherited: Direction::default(),
        })
    }

    /// The same `m=` line without attributes.
    pub(crate) fn bare(&self) -> Self {
        let Self { kind, port, proto, line, formats, inherited, .. } = *self;
        let attributes = Attributes::default();
        Self { kind, port, proto, line, attributes, formats, mid: None, inherited }
    }

    /// Adds an attribute.
    pub(crate) fn push(&mut self, name: &'a str, value: &'a str) {
        if name == "mid" && self.mid.is_none() && !value.is_empty() {
            self.mid = Some(value);
        }
        self.attributes.push(name, value);
    }

    /// The formats of the `m=` line as text: payload types, or those of a protocol other than RTP.
    pub fn formats(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.formats.split_ascii_whitespace()
    }

    /// The payload types of the `m=` line, unchanged.
    pub fn payload_type_numbers(&self) -> impl Iterator<Item = u8> + use<'a> {
        self.formats().filter_map(number)
    }

    /// The payload types with their attributes. Each call parses them again.
    pub fn payload_types(&self) -> PayloadTypes<'a> {
        PayloadTypes::new(self.formats, &self.attributes)
    }

    /// Whether it is audio or video.
    pub fn is_audio_or_video(&self) -> bool {
        matches!(self.kind, "audio" | "video")
    }

    /// Its `a=mid` (RFC 5888).
    pub fn mid(&self) -> Option<&'a str> {
        self.mid
    }

    /// The direction of media: its own, else that of the session, else `sendrecv`.
    pub fn direction(&self) -> Direction {
        self.attributes.direction().unwrap_or(self.inherited)
    }

    /// Stream id and track id of the first `a=msid` (RFC 8830). The stream id `-` means none.
    pub fn msid(&self) -> Option<(&'a str, &'a str)> {
        self.attributes.get("msid").map(msid)
    }

    /// Whether RTCP uses the port of RTP (RFC 5761).
    pub fn has_rtcp_mux(&self) -> bool {
        self.attributes.has("rtcp-mux")
    }

    /// Whether it is only offered on the transport of the bundle, with port 0 (RFC 9143, section 6).
    pub fn is_bundle_only(&self) -> bool {
        self.attributes.has("bundle-only")
    }

    /// Whether it is rejected (RFC 3264, section 6).
    pub fn is_rejected(&self) -> bool {
        self.port == 0 && !self.is_bundle_only()
    }
}

/// The words of a line, in order.
struct Words<'a>(&'a str);

impl<'a> Words<'a> {
    /// The next word; empty at the end.
    fn next(&mut self) -> &'a str {
        let (word, rest) = crate::lines::split_word(self.0);
        self.0 = rest;
        word
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(value: &str) -> Result<Section<'_>, Error> {
        Section::parse(value, 1, Direction::default())
    }

    #[test]
    fn an_m_line_has_kind_port_protocol_and_formats() {
        let it = parse("audio  9\tUDP/TLS/RTP/SAVPF 111  0 x").unwrap();
        assert_eq!((it.kind, it.port, it.proto), ("audio", 9, "UDP/TLS/RTP/SAVPF"));
        assert_eq!(it.formats().collect::<Vec<_>>(), ["111", "0", "x"]);
        assert_eq!(it.payload_type_numbers().collect::<Vec<_>>(), [111, 0]);
        assert_eq!(parse("video 49170/2 RTP/SAVP 31").unwrap().port, 49_170);
        let data = parse("application 0 DTLS/SCTP 5000").unwrap();
        assert!(data.is_rejected() && !data.is_audio_or_video());
    }

    #[test]
    fn an_m_line_that_cannot_be_answered_is_refused() {
        let why = |value| parse(value).unwrap_err().why();
        assert!(why("").contains("cut short") && why("audio 9").contains("cut short"));
        assert!(why("audio nine RTP/SAVPF 0").contains("without a port"));
        assert!(why("audio 70000 RTP/SAVPF 0").contains("without a port"));
        assert!(why("audio 9 \u{1b}[2J 111").contains("strange characters"));
    }
}
