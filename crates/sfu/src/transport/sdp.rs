//! The session descriptions of viewers and publishers, as pure functions: ours are written, theirs are read.
//!
//! ```text
//! we offer:          Layout::ours() ─► offer() ─► text ─► viewer ─► text ─► read_answer() ─► Remote
//! the viewer offers: viewer ─► text ─► read_offer() ─► Remote ─► answer() ─► text
//! a publisher offers: publisher ─► text ─► read_publisher() ─► PublisherOffer ─► answer_publisher() ─► text
//! either again:      Remote's Layout ─► offer() ─► ...   (an ICE restart is other credentials in it)
//! ```
//!
//! The crate `sdp` parses and bounds the peer's descriptions. The peer's candidates are ignored: the server is ICE-lite
//! and learns addresses only from connectivity checks.

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
use crate::{Codec, NegotiationError};
use media_api::Name;
use media_api::{Cast, MediaKind, Seat, Shown};

/// Id of the media stream that all tracks of a broadcast belong to (RFC 8830).
pub(crate) const STREAM_ID: &str = "kaibo";

/// Our side of a description.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Local<'a> {
    /// One per transport of the layout.
    pub(crate) transports: &'a [LocalTransport<'a>],
    /// SHA-256 fingerprint of our certificate, `AB:CD:..`.
    pub(crate) fingerprint: &'a str,
    /// Our addresses, best first.
    pub(crate) candidates: &'a [SocketAddr],
    /// Addresses of ours that take TCP connections, best first.
    pub(crate) tcp_candidates: &'a [SocketAddr],
    /// The address whose candidates are written first. This does not change their priorities.
    pub(crate) via: Option<IpAddr>,
    /// Session id; the highest bit is not used (RFC 8829, section 5.2.1).
    pub(crate) session_id: u64,
    /// Session version; increases with each description of a session that differs from the one before.
    pub(crate) version: u64,
    /// Our CNAME in RTCP (RFC 3550, section 6.5.1).
    pub(crate) cname: &'a str,
    /// Id of the media stream that all tracks belong to (RFC 8830).
    pub(crate) stream_id: &'a str,
    /// SSRCs of the host's streams, as we send them.
    pub(crate) ssrcs: Ssrcs,
    /// Whether media is received as well on the descriptions of what is sent.
    pub(crate) is_both_ways: bool,
    /// Guests whose tracks are sent.
    pub(crate) guests: &'a [Shown],
}

/// Our side of one transport.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LocalTransport<'a> {
    /// ICE username fragment. A new one, with a new password, restarts ICE.
    pub(crate) ufrag: &'a str,
    /// ICE password.
    pub(crate) pwd: &'a str,
}

/// SSRCs of the streams of one seat, as they are sent to one viewer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Ssrcs {
    /// Audio.
    pub(crate) audio: u32,
    /// Video.
    pub(crate) video: u32,
    /// Retransmissions of video (RFC 4588).
    pub(crate) rtx: u32,
}

impl Ssrcs {
    /// Those of the host, from a random number: three that are different, none of them 0.
    pub(crate) fn from_random(random: u32) -> Self {
        let base = random | 1;
        Self { audio: base, video: base ^ 2, rtx: base ^ 4 }
    }

    /// Those of another seat; `self` are the host's. Each seat differs in bits that the host's three have in common.
    pub(crate) fn of(self, seat: Seat) -> Self {
        let mark = u32::from(seat.number()) << 3;
        Self { audio: self.audio ^ mark, video: self.video ^ mark, rtx: self.rtx ^ mark }
    }

    /// The seat whose picture has this SSRC; `self` are the host's.
    pub(crate) fn seat_of_video(self, ssrc: u32) -> Option<Seat> {
        seat_of_mark(ssrc ^ self.video)
    }

    /// The seat whose sound has this SSRC; `self` are the host's.
    pub(crate) fn seat_of_audio(self, ssrc: u32) -> Option<Seat> {
        seat_of_mark(ssrc ^ self.audio)
    }
}

fn seat_of_mark(mark: u32) -> Option<Seat> {
    match mark {
        0 => Some(Seat::HOST),
        _ if mark & 7 != 0 => None,
        _ => Seat::from_number(u8::try_from(mark >> 3).ok()?),
    }
}

/// A track that a viewer is sent: sound or picture of a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) seat: Seat,
    pub(crate) kind: MediaKind,
}

impl Line {
    /// Sound or picture of the host.
    const fn of_host(kind: MediaKind) -> Self {
        Self { seat: Seat::HOST, kind }
    }

    /// Its `a=mid` in our offers: the host has 0 and 1, the first guest 2 and 3, and so on.
    fn mid(self) -> String {
        let of_kind = u8::from(self.kind == MediaKind::Video);
        (self.seat.number() * 2 + of_kind).to_string()
    }
}

/// A peer's description of one transport.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RemoteTransport {
    /// ICE username fragment.
    pub(crate) ufrag: String,
    /// ICE password.
    pub(crate) pwd: String,
    /// Fingerprint of its certificate.
    pub(crate) fingerprint: Fingerprint,
    /// Our DTLS role according to this description alone. After a handshake the role stays the same; it is set here
    /// before a later offer is answered.
    pub(crate) role: DtlsRole,
}

/// A viewer's description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remote {
    /// Its transport.
    pub(crate) transport: RemoteTransport,
    /// The media that it receives.
    pub(crate) layout: Layout,
}

impl Remote {
    /// The host's media of this kind that the viewer receives.
    pub(crate) fn media(&self, kind: MediaKind) -> Option<&Media> {
        self.media_of(Line::of_host(kind))
    }

    /// The media that the viewer receives as this track.
    pub(crate) fn media_of(&self, line: Line) -> Option<&Media> {
        self.layout.media(line)
    }

    /// What the viewer receives of guests.
    pub(crate) fn guests(&self) -> &[(Line, Media)] {
        &self.layout.guests
    }
}

/// Our role in the DTLS handshake, from `a=setup` (RFC 8842, section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DtlsRole {
    /// The peer begins. All browsers want this.
    Server,
    /// We begin.
    Client,
}

/// The media descriptions of a session. Their number, order and `mid`s stay the same for the whole session (RFC 8829,
/// section 5.2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The first audio that the viewer receives in a format of ours: the host's.
    pub(crate) audio: Option<Media>,
    /// The first video that the viewer receives in a format of ours: the host's.
    pub(crate) video: Option<Media>,
    /// What the viewer receives of guests; two for each at most.
    guests: Vec<(Line, Media)>,
    /// All of them, in order.
    sections: Vec<Section>,
    /// The bundled `mid`s, in the order offered; empty without a bundle.
    bundle: Vec<String>,
    /// Whether `a=extmap-allow-mixed` is set for the session: packets may use either form of header extensions.
    allow_mixed: bool,
}

impl Layout {
    /// Audio and video in all formats that we forward, for our first offer. Made once.
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
            plan: Plan::Send(Line::of_host(kind)),
        };
        Self {
            audio: Some(formats::ours(MediaKind::Audio, "0")),
            video: Some(formats::ours(MediaKind::Video, "1")),
            guests: Vec::new(),
            sections: vec![section(MediaKind::Audio, "0"), section(MediaKind::Video, "1")],
            bundle: vec!["0".to_owned(), "1".to_owned()],
            allow_mixed: true,
        }
    }

    /// The media that is sent as this track.
    pub(crate) fn media(&self, line: Line) -> Option<&Media> {
        match line.kind {
            _ if !line.seat.is_host() => self.guests.iter().find(|it| it.0 == line).map(|it| &it.1),
            MediaKind::Audio => self.audio.as_ref(),
            MediaKind::Video => self.video.as_ref(),
        }
    }

    /// Sets the media that is sent as this track.
    fn set(&mut self, line: Line, media: Media) {
        match line.kind {
            _ if !line.seat.is_host() => self.guests.push((line, media)),
            MediaKind::Audio => self.audio = Some(media),
            MediaKind::Video => self.video = Some(media),
        }
    }

    /// Removes the media that is sent as this track.
    fn take(&mut self, line: Line) -> Option<Media> {
        match line.kind {
            _ if !line.seat.is_host() => {
                let at = self.guests.iter().position(|it| it.0 == line)?;
                Some(self.guests.remove(at).1)
            }
            MediaKind::Audio => self.audio.take(),
            MediaKind::Video => self.video.take(),
        }
    }

    /// The same layout for another cast, to be offered. Media descriptions of guests who are not in it are idle, and
    /// those of new guests come behind all others. A viewer that never has the host has no description of it.
    pub(crate) fn with_cast(&self, cast: &Cast) -> Self {
        let mut layout = self.clone();
        if !cast.has_host {
            let mids = [MediaKind::Audio, MediaKind::Video].map(|it| Line::of_host(it).mid());
            layout.sections.retain(|it| !mids.contains(&it.mid));
            layout.bundle.retain(|it| !mids.contains(it));
            (layout.audio, layout.video) = (None, None);
        }
        for seat in Seat::others() {
            let is_shown = cast.guests.iter().any(|it| it.seat == seat);
            let has_sound = seat != Seat::SECOND;
            let kinds = [MediaKind::Audio, MediaKind::Video].into_iter();
            for kind in kinds.filter(|it| has_sound || *it == MediaKind::Video) {
                layout.show(Line { seat, kind }, is_shown);
            }
        }
        layout
    }

    fn show(&mut self, line: Line, is_shown: bool) {
        let mid = line.mid();
        let Some(at) = self.sections.iter().position(|it| it.mid == mid) else {
            if is_shown {
                self.set(line, formats::of_guests(line.kind, &mid));
                self.bundle.push(mid.clone());
                let (kind, plan) = (line.kind.as_str().to_owned(), Plan::Send(line));
                self.sections.push(Section { kind, mid, rest: String::new(), transport: 0, plan });
            }
            return;
        };
        let plan = match (&self.sections[at].plan, is_shown) {
            (Plan::Send(_), false) => self.take(line).map(|it| Plan::Idle(Box::new(it))),
            (Plan::Idle(media), true) => {
                let media = Media::clone(media);
                self.set(line, media);
                Some(Plan::Send(line))
            }
            _ => None,
        };
        if let Some(plan) = plan {
            self.sections[at].plan = plan;
        }
    }
}

/// A media description, and its use.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Section {
    /// `audio`, `video`, `application`.
    kind: String,
    /// Its `a=mid`; empty if it has none.
    mid: String,
    /// Protocol and formats as offered; repeated when it is rejected.
    rest: String,
    /// Index of its transport: 0, except for publishers without a bundle.
    transport: u8,
    plan: Plan,
}

/// The use of a media description.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Plan {
    /// The layout's media of this track is sent on it.
    Send(Line),
    /// Media is received on it.
    Receive(Box<Incoming>),
    /// Nothing is sent or received for now; the peer may change that.
    Idle(Box<Media>),
    /// It is rejected, with port 0.
    Reject,
}

/// How audio or video is encoded for a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Media {
    /// Its `a=mid`, at most 16 token characters. If it has none this is empty, and [`ExtensionIds::mid`] is `None`.
    pub(crate) mid: String,
    /// The formats that both sides support, in the peer's order of preference; never empty.
    pub(crate) formats: Vec<Offered>,
    /// The negotiated header extensions.
    pub(crate) extensions: ExtensionIds,
    /// Whether packets may use either form of header extensions (RFC 8285, section 6).
    pub(crate) allow_mixed: bool,
    /// Whether it accepts reduced-size RTCP, which does not begin with a report (RFC 5506).
    pub(crate) rtcp_rsize: bool,
    /// The protocol as offered.
    proto: String,
    /// Bit set of the extensions offered for one direction only (`a=extmap:6/recvonly`, as Firefox writes), by their
    /// index among the known ones.
    one_way: u16,
    /// The direction written for those, from our side.
    way: &'static str,
}

/// Audio or video that a publisher sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Incoming {
    pub(crate) kind: MediaKind,
    /// Its formats and header extensions.
    pub(crate) media: Media,
    /// Its simulcast layers, in the order offered (RFC 8851); empty without simulcast.
    pub(crate) rids: Vec<Name>,
    /// The SSRCs in its description, without those of retransmissions (RFC 5576).
    pub(crate) sources: Vec<u32>,
    /// Pairs of an SSRC and the SSRC of its retransmissions (RFC 4588).
    pub(crate) repairs: Vec<(u32, u32)>,
    /// Whether the sources are simulcast layers without rids, as older clients signal them.
    pub(crate) is_grouped: bool,
    /// `sprop-parameter-sets` of H264, by payload type (RFC 6184, section 8.1).
    pub(crate) parameter_sets: Vec<(u8, String)>,
}

/// A publisher's description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublisherOffer {
    /// Its transports: one, except for a publisher without a bundle.
    pub(crate) transports: Vec<RemoteTransport>,
    /// Its media descriptions.
    pub(crate) layout: Layout,
}

impl Layout {
    /// The media received: the index of its media description, the index of its transport, and its details.
    pub(crate) fn incoming(&self) -> impl Iterator<Item = (u8, usize, &Incoming)> {
        let sections = (0..).zip(&self.sections);
        sections.filter_map(|(at, it)| match &it.plan {
            Plan::Receive(incoming) => Some((at, usize::from(it.transport), &**incoming)),
            _ => None,
        })
    }

    /// The codecs that can be received, without duplicates: audio first, in the publisher's order of preference.
    pub(crate) fn incoming_codecs(&self) -> Vec<Codec> {
        let kinds = [MediaKind::Audio, MediaKind::Video];
        let incoming = kinds.into_iter().flat_map(|kind| {
            self.incoming().filter(move |it| it.2.kind == kind).flat_map(|it| &it.2.media.formats)
        });
        each_once(incoming)
    }
}

/// The codecs of these formats, without duplicates.
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
    /// Whether the peer learns its bandwidth from REMB only. Transport-wide feedback contains more, and is preferred.
    pub(crate) fn is_told_by_remb(&self) -> bool {
        let numbers = self.extensions.transport_cc.is_some();
        self.formats.iter().any(|it| it.remb && !(it.transport_cc && numbers))
    }

    /// The payload type for this format: of those that fit best, the first in the viewer's order. `None` if the viewer
    /// cannot play the format.
    pub(crate) fn payload_type(&self, format: &Format) -> Option<&Offered> {
        let fits = self.formats.iter().filter_map(|it| Some((format.fit_format(&it.format)?, it)));
        let best = fits.fold(None, |best: Option<(u8, &Offered)>, it| match best {
            Some(best) if it.0 <= best.0 => Some(best),
            _ => Some(it),
        });
        best.map(|(_, offered)| offered)
    }
}

/// A payload type, with the feedback negotiated for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Offered {
    /// The payload type.
    pub(crate) pt: u8,
    /// Its codec and parameters.
    pub(crate) format: Format,
    /// Payload type of its retransmissions (RFC 4588).
    pub(crate) rtx: Option<u8>,
    /// NACK is negotiated.
    pub(crate) nack: bool,
    /// PLI is negotiated.
    pub(crate) pli: bool,
    /// FIR is negotiated.
    pub(crate) fir: bool,
    /// Transport-wide feedback is negotiated.
    pub(crate) transport_cc: bool,
    /// REMB is negotiated.
    pub(crate) remb: bool,
}

/// The codecs that a viewer plays, without duplicates: audio first, in its order of preference.
pub(crate) fn codecs(remote: &Remote) -> Vec<Codec> {
    let kinds = [MediaKind::Audio, MediaKind::Video];
    let of_host = kinds.into_iter().filter_map(|kind| remote.media(kind));
    let media = of_host.chain(remote.guests().iter().map(|it| &it.1));
    each_once(media.flat_map(|it| &it.formats))
}

/// Converts a parser's error into the one that the client receives.
fn unread(error: ::sdp::Error) -> NegotiationError {
    match error.line() {
        _ if error.is_too_large() => NegotiationError::TooLarge(error.why()),
        line => NegotiationError::Malformed { line, why: error.why() },
    }
}
