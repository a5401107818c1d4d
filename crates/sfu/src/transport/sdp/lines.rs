//! A session description as lines: attributes of the session, then of each media description.

use crate::NegotiationError;
use crate::ingress::str0m_sdp::lines;

/// A whole description.
#[derive(Debug)]
pub(super) struct Description<'a> {
    /// What holds for all media.
    pub(super) session: Attributes<'a>,
    /// The media descriptions, in order.
    pub(super) media: Vec<MediaLines<'a>>,
}

/// One `m=` line and what follows it.
#[derive(Debug)]
pub(super) struct MediaLines<'a> {
    /// `audio`, `video`, `application`.
    pub(super) kind: &'a str,
    /// 0 means rejected, or without a transport of its own.
    pub(super) port: u32,
    /// Protocol and formats.
    pub(super) rest: &'a str,
    pub(super) attributes: Attributes<'a>,
}

/// The names and values of `a=` lines.
#[derive(Debug, Default)]
pub(super) struct Attributes<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Description<'a> {
    /// Splits a text that [`crate::ingress::str0m_sdp::within_bounds`] took.
    pub(super) fn of(text: &'a str) -> Result<Self, NegotiationError> {
        let mut session = Attributes::default();
        let mut media: Vec<MediaLines<'a>> = Vec::new();
        for line in lines(text) {
            if let Some(value) = line.strip_prefix("m=") {
                media.push(media_line(value.trim_end())?);
            } else if let Some(attribute) = line.strip_prefix("a=") {
                let (name, value) = cut(attribute, b':').unwrap_or((attribute, ""));
                let attributes = media.last_mut().map_or(&mut session, |it| &mut it.attributes);
                attributes.0.push((name.trim_end(), value.trim()));
            }
        }
        Ok(Self { session, media })
    }

    /// The `mid`s of the first group of media on one transport (RFC 9143).
    pub(super) fn bundle(&self) -> Vec<&'a str> {
        let mut groups = self.session.all("group").map(str::split_ascii_whitespace);
        let bundle = groups.find_map(|mut it| (it.next() == Some("BUNDLE")).then_some(it));
        bundle.into_iter().flatten().collect()
    }
}

impl<'a> MediaLines<'a> {
    /// Its name; empty when it has none.
    pub(super) fn mid(&self) -> &'a str {
        self.attributes.get("mid").unwrap_or_default()
    }

    pub(super) fn proto(&self) -> &'a str {
        self.rest.split(' ').next().unwrap_or_default()
    }

    /// The payload types, as text.
    pub(super) fn formats(&self) -> impl Iterator<Item = &'a str> {
        self.rest.split(' ').skip(1)
    }

    /// Whether media flows towards who wrote this.
    pub(super) fn receives(&self, session: &Attributes<'_>) -> bool {
        let direction = self.attributes.direction().or_else(|| session.direction());
        matches!(direction.unwrap_or("sendrecv"), "sendrecv" | "recvonly")
    }
}

impl<'a> Attributes<'a> {
    /// Names and values, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().copied()
    }

    /// The values of all lines of this name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |it| it.0 == name).map(|it| it.1)
    }

    /// The value of the first line of this name.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.all(name).next()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The last one counts, as where the door looks for one.
    fn direction(&self) -> Option<&'a str> {
        let is_direction =
            |it: &str| matches!(it, "sendrecv" | "sendonly" | "recvonly" | "inactive");
        self.0.iter().rev().map(|it| it.0).find(|it| is_direction(it))
    }
}

/// The parts before and after the first of these characters. Names and numbers are so short that a loop over
/// their bytes is faster than a search.
pub(super) fn cut(text: &str, at: u8) -> Option<(&str, &str)> {
    let n = text.bytes().position(|it| it == at)?;
    Some((text.get(..n)?, text.get(n + 1..)?))
}

/// `audio 9 UDP/TLS/RTP/SAVPF 111 63`
fn media_line(value: &str) -> Result<MediaLines<'_>, NegotiationError> {
    let mut parts = value.splitn(3, ' ');
    let (kind, port, rest) = (parts.next(), parts.next(), parts.next());
    let port = port.and_then(|it| it.parse().ok());
    let (Some(kind), Some(port), Some(rest)) = (kind, port, rest) else {
        return Err(NegotiationError::malformed("an m= line is cut short"));
    };
    // It is repeated in the answer when it is rejected.
    if !value.bytes().all(|it| it == b' ' || it.is_ascii_graphic()) {
        return Err(NegotiationError::malformed("an m= line has strange characters"));
    }
    Ok(MediaLines { kind, port, rest, attributes: Attributes::default() })
}
