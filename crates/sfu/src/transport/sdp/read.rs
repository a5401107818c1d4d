//! What a viewer says, read into what we need of it.

use super::lines::{Attributes, Description, MediaLines};
use super::{DtlsRole, Fingerprint, MediaKind, Layout, Media, Plan, Remote, Section, formats};
use crate::NegotiationError;
use crate::ingress::str0m_sdp;
use crate::transport::sdp::fingerprint;

/// Lengths of ICE credentials (RFC 8839, section 5.4).
const UFRAG_LENGTH: std::ops::RangeInclusive<usize> = 4..=256;
const PWD_LENGTH: std::ops::RangeInclusive<usize> = 22..=256;
const UFRAG_NEEDED: &str = "it needs an a=ice-ufrag of 4 to 256 characters";
const PWD_NEEDED: &str = "it needs an a=ice-pwd of 22 to 256 characters";

/// What fits into the one-byte form of a header extension, as every client's does.
const MAX_MID: usize = 16;

const BUNDLE_NEEDED: &str = "it needs a=group:BUNDLE with the a=mid of each m-line, and a=rtcp-mux: \
                             there is one transport";

/// Reads an offer.
pub(crate) fn read_offer(text: &str) -> Result<Remote, NegotiationError> {
    str0m_sdp::within_bounds(text)?;
    read(&Description::of(text)?)
}

/// Reads the answer to an offer of this layout.
pub(crate) fn read_answer(text: &str, offered: &Layout) -> Result<Remote, NegotiationError> {
    str0m_sdp::within_bounds(text)?;
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
        ufrag: transport.credential("ice-ufrag", UFRAG_LENGTH, UFRAG_NEEDED)?,
        pwd: transport.credential("ice-pwd", PWD_LENGTH, PWD_NEEDED)?,
        fingerprint: transport.fingerprint()?,
        role: transport.role()?,
        layout,
    })
}

/// Decides what becomes of each media description.
fn layout(description: &Description<'_>) -> Result<Layout, NegotiationError> {
    let session = &description.session;
    let group = description.bundle();
    let mut layout = Layout {
        audio: None,
        video: None,
        sections: Vec::new(),
        bundle: Vec::new(),
        allow_mixed: session.has("extmap-allow-mixed"),
    };
    let mut lacks = NegotiationError::NoMedia("to receive");
    for lines in &description.media {
        let mid = mid(lines)?;
        if !mid.is_empty() && layout.sections.iter().any(|it| it.mid == mid) {
            return Err(malformed("two m-lines with one a=mid"));
        }
        let plan = match usable(lines, &group) {
            Ok(kind) => {
                let receives = lines.receives(session);
                if receives {
                    lacks = NegotiationError::NoCodec;
                }
                plan(&mut layout, kind, media(lines, session, kind), receives)
            }
            Err(Unusable::OtherTransport) => {
                lacks = malformed(BUNDLE_NEEDED);
                Plan::Reject
            }
            Err(Unusable::Unwanted) => Plan::Reject,
        };
        let (kind, rest) = (lines.kind.to_owned(), lines.rest.to_owned());
        layout.sections.push(Section { kind, mid: mid.to_owned(), rest, plan });
    }
    if layout.audio.is_none() && layout.video.is_none() {
        return Err(lacks);
    }
    for mid in group {
        let is_ours = layout.sections.iter().any(|it| it.mid == mid);
        if is_ours && !layout.bundle.iter().any(|it| it == mid) {
            layout.bundle.push(mid.to_owned());
        }
    }
    share_one_transport(description, &layout)?;
    Ok(layout)
}

/// The first sound and the first picture that are received flow; what is not received yet may later.
fn plan(layout: &mut Layout, kind: MediaKind, media: Option<Media>, receives: bool) -> Plan {
    let slot = match kind {
        MediaKind::Audio => &mut layout.audio,
        MediaKind::Video => &mut layout.video,
    };
    match media {
        Some(media) if !receives => Plan::Idle(Box::new(media)),
        Some(media) if slot.is_none() => {
            *slot = Some(media);
            Plan::Send(kind)
        }
        _ => Plan::Reject,
    }
}

/// Why nothing can flow in a media description, whatever its formats.
enum Unusable {
    /// It is rejected already, or neither sound nor picture over RTP.
    Unwanted,
    /// There is a common transport, and it is not on it.
    OtherTransport,
}

fn usable(lines: &MediaLines<'_>, group: &[&str]) -> Result<MediaKind, Unusable> {
    let kind = formats::kind(lines.kind).filter(|_| lines.proto().contains("RTP/"));
    let kind = kind.ok_or(Unusable::Unwanted)?;
    let is_bundled = group.contains(&lines.mid());
    if lines.port == 0 && !(is_bundled && lines.attributes.has("bundle-only")) {
        return Err(Unusable::Unwanted);
    }
    let is_on_transport = is_bundled || group.is_empty();
    is_on_transport.then_some(kind).ok_or(Unusable::OtherTransport)
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

fn media(lines: &MediaLines<'_>, session: &Attributes<'_>, kind: MediaKind) -> Option<Media> {
    let mid = lines.mid().to_owned();
    let (mut extensions, one_way) = formats::extensions(&lines.attributes, kind);
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
        one_way,
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
        return Err(malformed(BUNDLE_NEEDED));
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
        needed: &'static str,
    ) -> Result<String, NegotiationError> {
        let value = self.all(name).next().unwrap_or_default();
        let is_ice = |it: u8| it.is_ascii_graphic() && it != b':';
        if !length.contains(&value.len()) || !value.bytes().all(is_ice) {
            return Err(malformed(needed));
        }
        Ok(value.to_owned())
    }

    fn fingerprint(&self) -> Result<Fingerprint, NegotiationError> {
        fingerprint::sha_256(self.all("fingerprint")).map(Fingerprint)
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

fn malformed(why: &'static str) -> NegotiationError {
    NegotiationError::malformed(why)
}
