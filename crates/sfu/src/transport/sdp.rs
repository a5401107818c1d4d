//! The session descriptions of a viewer and of a publisher, as pure functions: ours written, theirs read.
//!
//! ```text
//! we offer:          Layout::ours() ─► offer() ─► text ─► viewer ─► text ─► read_answer() ─► Remote
//! the viewer offers: viewer ─► text ─► read_offer() ─► Remote ─► answer() ─► text
//! a publisher offers: publisher ─► text ─► read_publisher() ─► PublisherOffer ─► answer_publisher() ─► text
//! either again:      Remote's Layout ─► offer() ─► ...   (an ICE restart is other credentials in it)
//! ```
//!
//! What the viewer says is read and bounded by the crate `sdp`. Its candidates are not read at all: the
//! server is ICE-lite and learns addresses only from connectivity checks.

mod formats;
mod publisher;
mod read;
#[cfg(test)]
mod tests;
mod write;

use std::net::{IpAddr, SocketAddr};
use std::sync::LazyLock;

pub(crate) use self::publisher::read_publisher;
pub(crate) use self::read::{read_answer, read_offer};
pub(crate) use self::write::{answer, answer_publisher, offer};

use ::sdp::Fingerprint;

use crate::media::format::Format;
use crate::media::header_ext::ExtensionIds;
use crate::media::name::Name;
use crate::{Codec, NegotiationError};
use media_api::MediaKind;

/// The media stream that all tracks of a broadcast belong to (RFC 8830).
pub(crate) const STREAM_ID: &str = "kaibo";

/// What of ours goes into a description.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Local<'a> {
    /// One for each transport of the layout.
    pub(crate) transports: &'a [LocalTransport<'a>],
    /// SHA-256 of our certificate, `AB:CD:..`.
    pub(crate) fingerprint: &'a str,
    /// Where we are reached, best first.
    pub(crate) candidates: &'a [SocketAddr],
    /// The address whose candidates are written first. Their priorities stay what they are.
    pub(crate) via: Option<IpAddr>,
    /// Names the session; the highest bit is not used (RFC 8829, section 5.2.1).
    pub(crate) session_id: u64,
    /// Greater with each description of a session that differs from the one before.
    pub(crate) version: u64,
    /// Names us in RTCP (RFC 3550, section 6.5.1).
    pub(crate) cname: &'a str,
    /// The stream that all tracks belong to (RFC 8830).
    pub(crate) stream_id: &'a str,
    /// Of what we send.
    pub(crate) ssrcs: Ssrcs,
}

/// Our side of one transport.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LocalTransport<'a> {
    /// ICE username fragment; another one, with another password, restarts ICE.
    pub(crate) ufrag: &'a str,
    /// ICE password.
    pub(crate) pwd: &'a str,
}

/// The SSRCs of one viewer's streams.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Ssrcs {
    /// Sound.
    pub(crate) audio: u32,
    /// Picture.
    pub(crate) video: u32,
    /// Repetitions of the picture (RFC 4588).
    pub(crate) rtx: u32,
}

/// What a peer says of one transport.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RemoteTransport {
    /// ICE username fragment.
    pub(crate) ufrag: String,
    /// ICE password.
    pub(crate) pwd: String,
    /// Of its certificate.
    pub(crate) fingerprint: Fingerprint,
    /// Our side of the DTLS handshake, as far as this description alone tells. Once there was a
    /// handshake it stays what it was, and is put here before a later offer is answered.
    pub(crate) role: DtlsRole,
}

/// What a viewer said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remote {
    /// Its transport.
    pub(crate) transport: RemoteTransport,
    /// What it receives.
    pub(crate) layout: Layout,
}

impl Remote {
    /// What the viewer receives of this kind.
    pub(crate) fn media(&self, kind: MediaKind) -> Option<&Media> {
        self.layout.media(kind)
    }
}

/// Our side of the DTLS handshake, by `a=setup` (RFC 8842, section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DtlsRole {
    /// The viewer begins. What every browser wants.
    Server,
    /// We begin.
    Client,
}

/// The media descriptions of a session, which keep their number, order and names as long as it lives
/// (RFC 8829, section 5.2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The first sound that the viewer receives and that we have a format for.
    pub(crate) audio: Option<Media>,
    /// The same of the picture.
    pub(crate) video: Option<Media>,
    /// All of them, in order.
    sections: Vec<Section>,
    /// The `mid`s on one transport, in the order offered; none if nothing was said of it.
    bundle: Vec<String>,
    /// Whether packets with either form of header extensions may alternate, said of the session.
    allow_mixed: bool,
}

impl Layout {
    /// Sound and picture in all formats that we forward: what is offered first. Made once.
    pub(crate) fn ours() -> &'static Self {
        static OURS: LazyLock<Layout> = LazyLock::new(Layout::of_all_formats);
        &OURS
    }

    fn of_all_formats() -> Self {
        let section = |kind: MediaKind, mid: &str| Section {
            kind: kind.as_str().to_owned(),
            mid: mid.to_owned(),
            rest: String::new(),
            transport: 0,
            plan: Plan::Send(kind),
        };
        Self {
            audio: Some(formats::ours(MediaKind::Audio, "0")),
            video: Some(formats::ours(MediaKind::Video, "1")),
            sections: vec![section(MediaKind::Audio, "0"), section(MediaKind::Video, "1")],
            bundle: vec!["0".to_owned(), "1".to_owned()],
            allow_mixed: true,
        }
    }

    /// What flows of this kind.
    pub(crate) fn media(&self, kind: MediaKind) -> Option<&Media> {
        match kind {
            MediaKind::Audio => self.audio.as_ref(),
            MediaKind::Video => self.video.as_ref(),
        }
    }
}

/// One media description and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Section {
    /// `audio`, `video`, `application`.
    kind: String,
    /// Its name; empty when it has none.
    mid: String,
    /// Protocol and formats as they were; repeated when it is rejected.
    rest: String,
    /// Which of the transports it is on. All are on the first, but for publishers without a bundle.
    transport: u8,
    plan: Plan,
}

/// What becomes of a media description.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Plan {
    /// It is the layout's audio or video.
    Send(MediaKind),
    /// It is received.
    Receive(Box<Incoming>),
    /// It can be sent on, or received, when the peer says so; for now nothing flows.
    Idle(Box<Media>),
    /// Port 0.
    Reject,
}

/// How a viewer receives sound or picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Media {
    /// Its name, at most 16 token characters; empty when it has none, and then
    /// [`ExtensionIds::mid`] is none.
    pub(crate) mid: String,
    /// What it accepts of what we forward, in its own order of preference; never empty.
    pub(crate) formats: Vec<Offered>,
    /// The header extensions that it takes.
    pub(crate) extensions: ExtensionIds,
    /// Whether packets with either form of header extensions may alternate (RFC 8285, section 6).
    pub(crate) allow_mixed: bool,
    /// Whether it takes RTCP that does not begin with a report (RFC 5506).
    pub(crate) rtcp_rsize: bool,
    /// The protocol, as it was offered.
    proto: String,
    /// Which of the extensions were named as going one way alone (`a=extmap:6/recvonly`, as Firefox
    /// writes), by their place among the known ones.
    one_way: u16,
    /// What is written for those: the same way, as we see it.
    way: &'static str,
}

/// How a publisher sends sound or picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Incoming {
    /// Sound or picture.
    pub(crate) kind: MediaKind,
    /// What it is encoded as, and what headers say of it.
    pub(crate) media: Media,
    /// The names of its simulcast layers, as they were offered (RFC 8851); empty without.
    pub(crate) rids: Vec<Name>,
    /// The SSRCs that it named, without those of repetitions (RFC 5576); empty when it named none.
    pub(crate) sources: Vec<u32>,
    /// The SSRC whose packets are repeated, and that of the repetitions (RFC 4588).
    pub(crate) repairs: Vec<(u32, u32)>,
    /// Whether these sources are the layers of a simulcast without rids, as older clients have it.
    pub(crate) is_grouped: bool,
    /// `sprop-parameter-sets` of H264, by payload type (RFC 6184, section 8.1).
    pub(crate) parameter_sets: Vec<(u8, String)>,
}

/// What a publisher said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublisherOffer {
    /// Its transports: one, but for a publisher without a bundle.
    pub(crate) transports: Vec<RemoteTransport>,
    /// Its media descriptions.
    pub(crate) layout: Layout,
}

impl Layout {
    /// What is received: the place among all media descriptions, the transport, and what it is.
    pub(crate) fn incoming(&self) -> impl Iterator<Item = (u8, usize, &Incoming)> {
        let sections = (0..).zip(&self.sections);
        sections.filter_map(|(at, it)| match &it.plan {
            Plan::Receive(incoming) => Some((at, usize::from(it.transport), &**incoming)),
            _ => None,
        })
    }

    /// The codecs that can be received, sound first, each once, in the publisher's order of preference.
    pub(crate) fn incoming_codecs(&self) -> Vec<Codec> {
        let kinds = [MediaKind::Audio, MediaKind::Video];
        let incoming = kinds.into_iter().flat_map(|kind| {
            self.incoming().filter(move |it| it.2.kind == kind).flat_map(|it| &it.2.media.formats)
        });
        each_once(incoming)
    }
}

/// The codecs of formats, each once.
fn each_once<'a>(formats: impl Iterator<Item = &'a Offered>) -> Vec<Codec> {
    let mut found = Vec::new();
    for offered in formats {
        if !found.contains(&offered.format.codec) {
            found.push(offered.format.codec);
        }
    }
    found
}

impl Media {
    /// Whether the peer learns its bandwidth from REMB alone: it has no transport-wide feedback, which tells more.
    pub(crate) fn is_told_by_remb(&self) -> bool {
        let numbers = self.extensions.transport_cc.is_some();
        self.formats.iter().any(|it| it.remb && !(it.transport_cc && numbers))
    }

    /// The payload type for this format: of those that fit best, the first, since the viewer's own
    /// order decides between equals. `None` when it cannot play it.
    pub(crate) fn payload_type(&self, format: &Format) -> Option<&Offered> {
        let fits = self.formats.iter().filter_map(|it| Some((format.fit_format(&it.format)?, it)));
        let best = fits.fold(None, |best: Option<(u8, &Offered)>, it| match best {
            Some(best) if it.0 <= best.0 => Some(best),
            _ => Some(it),
        });
        best.map(|(_, offered)| offered)
    }
}

/// One payload type with the feedback that is agreed on for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Offered {
    /// The payload type.
    pub(crate) pt: u8,
    /// What it stands for.
    pub(crate) format: Format,
    /// The payload type of its retransmissions (RFC 4588).
    pub(crate) rtx: Option<u8>,
    /// It asks for lost packets.
    pub(crate) nack: bool,
    /// It asks for keyframes after losses.
    pub(crate) pli: bool,
    /// It asks for keyframes.
    pub(crate) fir: bool,
    /// It tells when each packet arrived.
    pub(crate) transport_cc: bool,
    /// It tells the bandwidth that it estimates.
    pub(crate) remb: bool,
}

/// The codecs that a viewer plays, sound first, each once, in its order of preference.
pub(crate) fn codecs(remote: &Remote) -> Vec<Codec> {
    let kinds = [MediaKind::Audio, MediaKind::Video];
    let media = kinds.into_iter().filter_map(|kind| remote.media(kind));
    each_once(media.flat_map(|it| &it.formats))
}

/// The error of a reader as what the client is told.
fn unread(error: ::sdp::Error) -> NegotiationError {
    match error.line() {
        _ if error.is_too_large() => NegotiationError::TooLarge(error.why()),
        line => NegotiationError::Malformed { line, why: error.why() },
    }
}
