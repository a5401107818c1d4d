//! Reads a viewer's description.

use sdp::{Description, Setup};

use super::formats::Way;
use super::unread;
use super::{
    DtlsRole, Layout, Line, Media, MediaKind, Plan, Remote, RemoteTransport, Section, formats,
};
use crate::NegotiationError;

/// The longest `a=mid`, in bytes: it fits the one-byte form of a header extension. Those of all clients do.
const MAX_MID: usize = 16;

const BUNDLE_NEEDED: &str = "it needs a=group:BUNDLE with the a=mid of each m-line, and a=rtcp-mux: \
                             there is one transport";

/// Reads a viewer's offer.
pub(crate) fn read_offer(text: &str) -> Result<Remote, NegotiationError> {
    read(&Description::parse(text).map_err(unread)?, None)
}

/// Reads a viewer's answer to our offer of this layout.
pub(crate) fn read_answer(text: &str, offered: &Layout) -> Result<Remote, NegotiationError> {
    let description = Description::parse(text).map_err(unread)?;
    let theirs = description.sections.iter().map(|it| (it.kind, it.mid().unwrap_or_default()));
    let ours = offered.sections.iter().map(|it| (it.kind.as_str(), it.mid.as_str()));
    if !theirs.eq(ours) {
        return Err(malformed(
            "an answer has the m-lines of its offer: as many, in the same order, with the same a=mid",
        ));
    }
    read(&description, Some(offered))
}

fn read(
    description: &Description<'_>,
    offered: Option<&Layout>,
) -> Result<Remote, NegotiationError> {
    if description.is_ice_lite() {
        return Err(malformed("a=ice-lite: this server is ICE-lite itself, one side has to check"));
    }
    let layout = layout(description, offered)?;
    let transport = description.transport_of(on_transport(description, &layout));
    Ok(Remote { transport: remote_transport(&transport)?, layout })
}

/// Reads the description of one transport.
pub(super) fn remote_transport(
    transport: &sdp::Transport<'_, '_>,
) -> Result<RemoteTransport, NegotiationError> {
    let credentials = transport.credentials().map_err(unread)?;
    Ok(RemoteTransport {
        ufrag: credentials.ufrag.to_owned(),
        pwd: credentials.pwd.to_owned(),
        fingerprint: transport.fingerprint().map_err(unread)?,
        role: role(transport)?,
    })
}

/// The media descriptions that are used, beginning with the one whose attributes apply to the bundle (RFC 9143, section
/// 7.2).
fn on_transport<'a, 'b>(
    description: &'b Description<'a>,
    layout: &Layout,
) -> Vec<&'b sdp::Section<'a>> {
    let tagged = layout.bundle.first().and_then(|mid| description.section(mid));
    let pairs = description.sections.iter().zip(&layout.sections);
    let used = pairs.filter(|it| it.1.plan != Plan::Reject).map(|it| it.0);
    tagged.into_iter().chain(used).collect()
}

/// Our DTLS role. The peer begins the handshake if it has no `a=setup`, or leaves the choice to us.
fn role(transport: &sdp::Transport<'_, '_>) -> Result<DtlsRole, NegotiationError> {
    match transport.setup().map_err(unread)? {
        Some(Setup::ActPass | Setup::Active) | None => Ok(DtlsRole::Server),
        Some(Setup::Passive) => Ok(DtlsRole::Client),
        Some(Setup::HoldConn) => Err(malformed("a=setup:holdconn: there is no handshake to keep")),
    }
}

/// Decides the use of each media description: as it was offered, if we offered.
fn layout(
    description: &Description<'_>,
    offered: Option<&Layout>,
) -> Result<Layout, NegotiationError> {
    let session = &description.session;
    let group: Vec<&str> = description.bundle().into_iter().flat_map(|it| it.mids()).collect();
    let mut layout = Layout {
        audio: None,
        video: None,
        guests: Vec::new(),
        sections: Vec::new(),
        bundle: Vec::new(),
        allow_mixed: session.has("extmap-allow-mixed"),
    };
    let mut lacks = NegotiationError::NoMedia("to receive");
    for (at, lines) in description.sections.iter().enumerate() {
        let mid = mid(lines)?;
        let ours = offered.and_then(|it| it.sections.get(at)).map(|it| &it.plan);
        if !mid.is_empty() && layout.sections.iter().any(|it| it.mid == mid) {
            return Err(malformed("two m-lines with one a=mid"));
        }
        let plan = match usable(lines, &group) {
            Ok(kind) => {
                let receives = lines.direction().receives();
                if receives {
                    lacks = NegotiationError::NoCodec;
                }
                let media = media(lines, session, kind, Way::ToPeer);
                plan(&mut layout, kind, media, receives, ours)
            }
            Err(Unusable::OtherTransport) => {
                lacks = malformed(BUNDLE_NEEDED);
                Plan::Reject
            }
            Err(Unusable::Unwanted) => Plan::Reject,
        };
        let (kind, rest) = (lines.kind.to_owned(), rest(lines));
        let (mid, transport) = (mid.to_owned(), 0);
        layout.sections.push(Section { kind, mid, rest, transport, plan });
    }
    let sends = |it: &Layout| it.sections.iter().any(|it| matches!(it.plan, Plan::Send(_)));
    if !sends(&layout) && offered.is_none_or(sends) {
        return Err(lacks);
    }
    for mid in group {
        let is_ours = layout.sections.iter().any(|it| it.mid == mid);
        if is_ours && !layout.bundle.iter().any(|it| it == mid) {
            layout.bundle.push(mid.to_owned());
        }
    }
    keep_one_transport(description, &mut layout);
    Ok(layout)
}

/// The first audio and the first video that are received are sent, or what we offered. Media that the viewer does not
/// receive yet stays idle.
fn plan(
    layout: &mut Layout,
    kind: MediaKind,
    media: Option<Media>,
    receives: bool,
    ours: Option<&Plan>,
) -> Plan {
    let line = match ours {
        Some(Plan::Send(line)) => *line,
        Some(Plan::Idle(_)) => return media.map_or(Plan::Reject, |it| Plan::Idle(Box::new(it))),
        Some(Plan::Reject | Plan::Receive(_)) => return Plan::Reject,
        None => Line::of_host(kind),
    };
    match media {
        Some(media) if !receives => Plan::Idle(Box::new(media)),
        Some(media) if layout.media(line).is_none() => {
            layout.set(line, media);
            Plan::Send(line)
        }
        _ => Plan::Reject,
    }
}

/// Why a media description cannot be used, whatever its formats.
enum Unusable {
    /// It is already rejected, or it is not audio or video over RTP.
    Unwanted,
    /// There is a bundle, and it is not part of it.
    OtherTransport,
}

/// Protocol and formats of an `m=` line, for rejecting it.
pub(super) fn rest(section: &sdp::Section<'_>) -> String {
    section.formats().fold(section.proto.to_owned(), |text, it| text + " " + it)
}

fn usable(lines: &sdp::Section<'_>, group: &[&str]) -> Result<MediaKind, Unusable> {
    let kind = formats::kind(lines.kind).filter(|_| lines.proto.contains("RTP/"));
    let kind = kind.ok_or(Unusable::Unwanted)?;
    let is_bundled = lines.mid().is_some_and(|it| group.contains(&it));
    if lines.port == 0 && !(is_bundled && lines.is_bundle_only()) {
        return Err(Unusable::Unwanted);
    }
    let is_on_transport = is_bundled || group.is_empty();
    is_on_transport.then_some(kind).ok_or(Unusable::OtherTransport)
}

pub(super) fn mid<'a>(lines: &sdp::Section<'a>) -> Result<&'a str, NegotiationError> {
    let mid = lines.mid().unwrap_or_default();
    if mid.len() > MAX_MID || !mid.bytes().all(is_token_char) {
        return Err(malformed("an a=mid is not a token of at most 16 characters"));
    }
    Ok(mid)
}

/// Characters of a token (RFC 8866, section 9).
fn is_token_char(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]".contains(&byte)
}

/// The formats and header extensions of a media description of this kind; `None` if it has no format of ours.
pub(super) fn media(
    section: &sdp::Section<'_>,
    session: &sdp::Attributes<'_>,
    kind: MediaKind,
    way: Way,
) -> Option<Media> {
    let mid = section.mid().unwrap_or_default().to_owned();
    let (mut extensions, one_way, way) = formats::extensions(&section.attributes, kind, way);
    if mid.is_empty() {
        extensions.mid = None;
    }
    let media = Media {
        mid,
        formats: formats::formats(section, kind),
        extensions,
        allow_mixed: session.has("extmap-allow-mixed")
            || section.attributes.has("extmap-allow-mixed"),
        rtcp_rsize: section.attributes.has("rtcp-rsize"),
        proto: section.proto.to_owned(),
        one_way,
        way,
    };
    (!media.formats.is_empty()).then_some(media)
}

/// A viewer has one transport. Without a=group:BUNDLE two media descriptions can share it if both use rtcp-mux and the
/// same ICE credentials. Media that does not share the video's transport is rejected, as it would never connect.
fn keep_one_transport(description: &Description<'_>, layout: &mut Layout) {
    if !layout.bundle.is_empty() {
        return;
    }
    let pairs = || description.sections.iter().zip(&layout.sections);
    let used: Vec<_> = pairs().filter(|it| it.1.plan != Plan::Reject).map(|it| it.0).collect();
    let is_picture = |it: &Section| it.plan == Plan::Send(Line::of_host(MediaKind::Video));
    let picture = pairs().find(|it| is_picture(it.1)).map(|it| it.0);
    let Some(first) = picture.or(used.first().copied()).filter(|_| used.len() > 1) else { return };
    let ufrag = first.attributes.get("ice-ufrag");
    let (first_line, all_mux) = (first.line, used.iter().all(|it| it.has_rtcp_mux()));
    for (theirs, ours) in description.sections.iter().zip(&mut layout.sections) {
        let shares =
            theirs.line == first_line || all_mux && theirs.attributes.get("ice-ufrag") == ufrag;
        if shares {
            continue;
        }
        match std::mem::replace(&mut ours.plan, Plan::Reject) {
            Plan::Send(Line { kind: MediaKind::Audio, .. }) => layout.audio = None,
            Plan::Send(Line { kind: MediaKind::Video, .. }) => layout.video = None,
            Plan::Receive(_) | Plan::Idle(_) | Plan::Reject => {}
        }
    }
}

pub(super) fn malformed(why: &'static str) -> NegotiationError {
    NegotiationError::malformed(why)
}
