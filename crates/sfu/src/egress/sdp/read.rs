//! What a viewer says, read into what we need of it.

use super::lines::{Attributes, Description, MediaLines};
use super::{DtlsRole, Fingerprint, Kind, Layout, Media, Plan, Remote, Section, formats};
use crate::{NegotiationError, sdp};

/// Lengths of ICE credentials (RFC 8839, section 5.4).
const UFRAG_LENGTH: std::ops::RangeInclusive<usize> = 4..=256;
const PWD_LENGTH: std::ops::RangeInclusive<usize> = 22..=256;

/// What fits into the one-byte form of a header extension, as every client's does.
const MAX_MID: usize = 16;

/// Reads an offer.
pub(crate) fn read_offer(text: &str) -> Result<Remote, NegotiationError> {
    sdp::within_bounds(text)?;
    read(&Description::of(text)?)
}

/// Reads the answer to an offer of this layout.
pub(crate) fn read_answer(text: &str, offered: &Layout) -> Result<Remote, NegotiationError> {
    sdp::within_bounds(text)?;
    let description = Description::of(text)?;
    let theirs = description.media.iter().map(|it| (it.kind, it.mid()));
    let ours = offered.sections.iter().map(|it| (it.kind.as_str(), it.mid.as_str()));
    if !theirs.eq(ours) {
        return Err(malformed(
            "an answer has the m-lines of its offer: as many, in the same order, with the same a=mid",
        ));
    }
    read(&description)
}

fn read(description: &Description<'_>) -> Result<Remote, NegotiationError> {
    if description.session.has("ice-lite") {
        return Err(malformed("a=ice-lite: this server is ICE-lite itself, one side has to check"));
    }
    let layout = layout(description)?;
    let transport = Transport::of(description, &layout);
    Ok(Remote {
        ufrag: transport.credential("ice-ufrag", UFRAG_LENGTH)?,
        pwd: transport.credential("ice-pwd", PWD_LENGTH)?,
        fingerprint: transport.fingerprint()?,
        role: transport.role()?,
        layout,
    })
}

/// Decides what becomes of each media description.
fn layout(description: &Description<'_>) -> Result<Layout, NegotiationError> {
    let session = &description.session;
    let bundle = description.bundle();
    let mut layout = Layout {
        audio: None,
        video: None,
        sections: Vec::new(),
        bundle: bundle.iter().map(|it| (*it).to_owned()).collect(),
        allow_mixed: session.has("extmap-allow-mixed"),
    };
    let mut error = NegotiationError::NoMedia("to receive");
    for lines in &description.media {
        let mid = mid(lines)?;
        if !mid.is_empty() && layout.sections.iter().any(|it| it.mid == mid) {
            return Err(malformed("two m-lines with one a=mid"));
        }
        let receives = lines.receives(session);
        let kind =
            [Kind::Audio, Kind::Video].into_iter().find(|it| formats::name(*it) == lines.kind);
        let kind = kind.filter(|_| is_usable(lines, &bundle));
        if kind.is_some() && receives {
            error = NegotiationError::NoCodec;
        }
        let media = kind.and_then(|kind| media(lines, session, kind));
        let slot = match kind {
            Some(Kind::Audio) => &mut layout.audio,
            Some(Kind::Video) | None => &mut layout.video,
        };
        let plan = match (kind, media) {
            (Some(kind), Some(media)) if receives && slot.is_none() => {
                *slot = Some(media);
                Plan::Send(kind)
            }
            (Some(_), Some(media)) if !receives => Plan::Idle(Box::new(media)),
            _ => Plan::Reject,
        };
        let (kind, rest) = (lines.kind.to_owned(), lines.rest.to_owned());
        layout.sections.push(Section { kind, mid: mid.to_owned(), rest, plan });
    }
    if layout.audio.is_none() && layout.video.is_none() {
        return Err(error);
    }
    share_one_transport(description, &layout)?;
    Ok(layout)
}

fn mid<'a>(lines: &MediaLines<'a>) -> Result<&'a str, NegotiationError> {
    let mid = lines.mid();
    if mid.len() > MAX_MID || !mid.bytes().all(is_token_char) {
        return Err(malformed("an a=mid is not a token of at most 16 characters"));
    }
    Ok(mid)
}

/// RFC 8866, section 9.
fn is_token_char(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]".contains(&byte)
}

/// Whether something could flow: RTP, on the common transport, not rejected.
fn is_usable(lines: &MediaLines<'_>, bundle: &[&str]) -> bool {
    let is_bundled = bundle.contains(&lines.mid());
    let is_offered = lines.port != 0 || is_bundled && lines.attributes.has("bundle-only");
    is_offered && (bundle.is_empty() || is_bundled) && lines.proto().contains("RTP/")
}

fn media(lines: &MediaLines<'_>, session: &Attributes<'_>, kind: Kind) -> Option<Media> {
    let mid = lines.mid().to_owned();
    let mut extensions = formats::extensions(&lines.attributes, kind);
    if mid.is_empty() {
        extensions.mid = None;
    }
    let media = Media {
        mid,
        formats: formats::formats(lines, kind),
        extensions,
        allow_mixed: session.has("extmap-allow-mixed")
            || lines.attributes.has("extmap-allow-mixed"),
        rtcp_rsize: lines.attributes.has("rtcp-rsize"),
        proto: lines.proto().to_owned(),
    };
    (!media.formats.is_empty()).then_some(media)
}

/// There is one transport. Without a=group:BUNDLE two media can still share it: with RTCP on the
/// same port and the same ICE credentials. Otherwise the second one would never connect.
fn share_one_transport(
    description: &Description<'_>,
    layout: &Layout,
) -> Result<(), NegotiationError> {
    if !layout.bundle.is_empty() {
        return Ok(());
    }
    let pairs = description.media.iter().zip(&layout.sections);
    let used: Vec<_> = pairs.filter(|it| it.1.plan != Plan::Reject).map(|it| it.0).collect();
    let first = used.first().and_then(|it| it.attributes.get("ice-ufrag"));
    let shares = |it: &&MediaLines<'_>| {
        it.attributes.has("rtcp-mux") && it.attributes.get("ice-ufrag") == first
    };
    if used.len() > 1 && !used.iter().all(shares) {
        return Err(malformed("more than one m-line needs a=group:BUNDLE and a=rtcp-mux"));
    }
    Ok(())
}

/// Where the attributes of the transport are looked for: the media description that stands for the
/// bundle (RFC 9143, section 7.2), the session, then the rest of the bundle.
struct Transport<'a, 'b>(Vec<&'b Attributes<'a>>);

impl<'a, 'b> Transport<'a, 'b> {
    fn of(description: &'b Description<'a>, layout: &Layout) -> Self {
        let pairs = description.media.iter().zip(&layout.sections);
        let tagged = description
            .media
            .iter()
            .find(|it| layout.bundle.first().is_some_and(|first| it.mid() == first));
        let mut used = pairs.filter(|it| it.1.plan != Plan::Reject).map(|it| &it.0.attributes);
        let first = tagged.map(|it| &it.attributes).or_else(|| used.next());
        Self(first.into_iter().chain([&description.session]).chain(used).collect())
    }

    /// The values in the first place that has one.
    fn all(&self, name: &'static str) -> impl Iterator<Item = &'a str> {
        let place = self.0.iter().find(|it| it.has(name));
        place.into_iter().flat_map(move |it| it.all(name))
    }

    fn credential(
        &self,
        name: &'static str,
        length: std::ops::RangeInclusive<usize>,
    ) -> Result<String, NegotiationError> {
        let value = self.all(name).next().unwrap_or_default();
        let is_ice = |it: u8| it.is_ascii_graphic() && it != b':';
        if !length.contains(&value.len()) || !value.bytes().all(is_ice) {
            let (from, to) = length.into_inner();
            return Err(malformed(&format!("it needs an a={name} of {from} to {to} characters")));
        }
        Ok(value.to_owned())
    }

    fn fingerprint(&self) -> Result<Fingerprint, NegotiationError> {
        let sha_256 = self.all("fingerprint").find_map(|it| {
            let (hash, bytes) = it.split_once(' ')?;
            hash.eq_ignore_ascii_case("sha-256").then_some(bytes.trim())
        });
        let Some(text) = sha_256 else {
            return Err(malformed("it needs an a=fingerprint with sha-256"));
        };
        let mut bytes = [0; 32];
        let mut n = 0;
        for part in text.split(':') {
            let value = (part.len() == 2).then(|| u8::from_str_radix(part, 16).ok()).flatten();
            let (Some(value), Some(slot)) = (value, bytes.get_mut(n)) else {
                n = 0;
                break;
            };
            *slot = value;
            n += 1;
        }
        if n != bytes.len() {
            return Err(malformed("an a=fingerprint with sha-256 has 32 bytes, AB:CD:.."));
        }
        Ok(Fingerprint(bytes))
    }

    /// Who says nothing, or leaves it to us, begins the handshake.
    fn role(&self) -> Result<DtlsRole, NegotiationError> {
        match self.all("setup").next() {
            Some("actpass" | "active") | None => Ok(DtlsRole::Server),
            Some("passive") => Ok(DtlsRole::Client),
            Some(_) => Err(malformed("an a=setup is neither actpass, active nor passive")),
        }
    }
}

fn malformed(message: &str) -> NegotiationError {
    NegotiationError::Malformed(message.to_owned())
}
