//! What the control plane asks of the media core, and what it is told.

use std::fmt;

use crate::{Finding, PeerId, RoomId};

/// What the control plane asks. Every command names its peer or room; what comes of it is an
/// [`Event`] with the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Takes a publisher's offer. Yields [`Event::Answer`] or [`Event::Rejected`]. Once the offer is
    /// accepted, a publisher that is there already is closed, with [`CloseReason::Replaced`]; the
    /// viewers stay. A rejected offer changes nothing.
    Publish {
        /// The room it publishes to; made when it is new.
        room: RoomId,
        /// The new peer.
        peer: PeerId,
        /// The session description (RFC 8866).
        offer: String,
        /// Whether viewers see it at once; otherwise after [`Command::GoLive`].
        on_air: bool,
    },
    /// Takes the offer of a viewer (as in WHEP). Yields [`Event::Answer`] or [`Event::Rejected`].
    WatchOffer {
        /// The room it watches; made when it is new.
        room: RoomId,
        /// The new peer.
        peer: PeerId,
        /// The session description.
        offer: String,
    },
    /// Makes an offer to a viewer. Yields [`Event::Offer`]. Works in a room where nobody is live:
    /// the offer has every codec, and media flows once there is any.
    Watch {
        /// The room it watches; made when it is new.
        room: RoomId,
        /// The new peer.
        peer: PeerId,
    },
    /// The answer to the peer's last offer. Yields [`Event::Negotiated`] or [`Event::Rejected`].
    Answer {
        /// The peer.
        peer: PeerId,
        /// The session description.
        sdp: String,
    },
    /// A new offer of a peer that has been answered before: an ICE restart, or other tracks.
    /// Yields [`Event::Answer`] or [`Event::Rejected`].
    Reoffer {
        /// The peer.
        peer: PeerId,
        /// The session description.
        offer: String,
    },
    /// Makes a viewer a new offer with new ICE credentials. Yields [`Event::Offer`].
    RestartIce {
        /// The peer.
        peer: PeerId,
    },
    /// What a viewer wants of the picture, from now on: also before it is connected, at whichever worker
    /// it is, and when the host has returned. Nothing for a peer that is no viewer.
    Prefer {
        /// The peer.
        peer: PeerId,
        /// What it wants.
        preference: Preference,
    },
    /// Lets the viewers of a rehearsing publisher see it; nothing without a publisher.
    GoLive {
        /// The room.
        room: RoomId,
    },
    /// Closes a peer. Yields [`Event::Closed`]; nothing when the peer is unknown.
    Close {
        /// The peer.
        peer: PeerId,
    },
}

impl Command {
    /// The peer that it is about, if it is about one.
    pub fn peer(&self) -> Option<PeerId> {
        match self {
            Self::Publish { peer, .. }
            | Self::WatchOffer { peer, .. }
            | Self::Watch { peer, .. }
            | Self::Answer { peer, .. }
            | Self::Reoffer { peer, .. }
            | Self::RestartIce { peer }
            | Self::Prefer { peer, .. }
            | Self::Close { peer } => Some(*peer),
            Self::GoLive { .. } => None,
        }
    }

    /// Whether its peer is new with it.
    pub fn is_of_new_peer(&self) -> bool {
        matches!(self, Self::Publish { .. } | Self::WatchOffer { .. } | Self::Watch { .. })
    }
}

/// What the control plane is told. Of each peer, [`Event::Closed`] is the last, but for the refusal of
/// a command that came too late.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The answer to a peer's offer, all candidates inside.
    Answer {
        /// The peer.
        peer: PeerId,
        /// The session description.
        sdp: String,
        /// Codecs that can flow now, of the peer's choice.
        codecs: Vec<Codec>,
    },
    /// An offer to a viewer, all candidates inside.
    Offer {
        /// The peer.
        peer: PeerId,
        /// The session description.
        sdp: String,
    },
    /// A viewer's answer was taken.
    Negotiated {
        /// The peer.
        peer: PeerId,
        /// Codecs that the viewer accepts.
        codecs: Vec<Codec>,
    },
    /// An offer or answer was not taken. A peer that was new with it does not exist; one that
    /// existed before goes on, unless the description had begun to restart ICE: then its connectivity
    /// checks end, and it with them.
    Rejected {
        /// The peer.
        peer: PeerId,
        /// Why.
        error: NegotiationError,
    },
    /// ICE and DTLS are up.
    Connected {
        /// The peer.
        peer: PeerId,
    },
    /// The peer is gone, and its name with it.
    Closed {
        /// The peer.
        peer: PeerId,
        /// Why.
        reason: CloseReason,
    },
    /// The publisher's media flows: the first packet of a broadcast, or of a return. Sent again
    /// when the codecs or layers change.
    MediaFlowing {
        /// The room.
        room: RoomId,
        /// What flows.
        media: MediaInfo,
    },
    /// The publisher is there and sent nothing for [`crate::STALL_AFTER`].
    MediaStalled {
        /// The room.
        room: RoomId,
    },
    /// Which layer a viewer is sent now, and why; when that changes, and at most twice a second.
    LayerSent {
        /// The peer.
        peer: PeerId,
        /// Whether it is sent a picture at all; sound it is.
        has_picture: bool,
        /// The layer's `rid`; `None` without a picture or without simulcast.
        layer: Option<String>,
        /// Why it is no better one.
        reason: Reason,
    },
    /// Which simulcast layers nobody watches: the publisher need not send them. One that goes on sending
    /// them breaks nothing. All others are wanted, those too that were never seen.
    LayersUnwanted {
        /// The room.
        room: RoomId,
        /// Their `rid`s; empty when all are wanted again.
        layers: Vec<String>,
    },
    /// What each layer takes: when there is another layer, or one takes a quarter more or less than was
    /// told, at most once a second.
    LayerRates {
        /// The room.
        room: RoomId,
        /// The layers that flow, best first; one without a `rid` when there is no simulcast.
        rates: Vec<LayerRate>,
    },
    /// What is wrong with what the publisher sends: all of it, when it is other than before, at most once
    /// a second. A new publisher begins without findings, and without an event that says so.
    Findings {
        /// The room.
        room: RoomId,
        /// What is found; empty when nothing is any more.
        findings: Vec<Finding>,
    },
}

/// What a viewer wants of the picture. Sound goes on in any case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preference {
    /// The most that it wants. Less is sent when its link carries less.
    pub cap: Cap,
    /// Nobody sees the picture: none is sent until somebody does.
    pub is_hidden: bool,
}

/// The most that a viewer wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Cap {
    /// The best that its link carries.
    #[default]
    None,
    /// The layer of this `rid`; the one nearest to it where it is not, or else the best.
    Layer(String),
    /// No picture.
    SoundOnly,
}

/// Why a viewer is sent no better layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It wants no better one.
    Viewer,
    /// Its link carries no better one.
    Link,
    /// There is no better one.
    Publisher,
    /// Nobody sees it.
    Hidden,
}

/// What a publisher sends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MediaInfo {
    /// The audio codec, when there is sound.
    pub audio: Option<Codec>,
    /// The video codec, when there is a picture.
    pub video: Option<Codec>,
    /// The `rid`s of simulcast layers seen, best first; empty without simulcast.
    pub layers: Vec<String>,
}

/// What one layer of the picture takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerRate {
    /// Its `rid`; `None` without simulcast.
    pub rid: Option<String>,
    /// In kbit/s, as viewers get it.
    pub kbps: u32,
}

/// A codec that is forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// RFC 7587.
    Opus,
    /// RFC 7741.
    Vp8,
    /// RFC 6184.
    H264,
    /// RFC 9628.
    Vp9,
    /// The AV1 RTP payload format of AOMedia.
    Av1,
}

impl Codec {
    /// The encoding name, as SDP has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opus => "opus",
            Self::Vp8 => "VP8",
            Self::H264 => "H264",
            Self::Vp9 => "VP9",
            Self::Av1 => "AV1",
        }
    }

    /// Whether it is a video codec.
    pub fn is_video(self) -> bool {
        self != Self::Opus
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why an offer or answer was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NegotiationError {
    /// It is not a session description that we can read.
    #[error("the session description cannot be read: {0}")]
    Malformed(String),
    /// It is larger than we read: bytes, lines, m-lines, payload types or candidates.
    #[error("the session description is too large: {0}")]
    TooLarge(&'static str),
    /// It has no audio or video m-line, or none in the direction needed.
    #[error("the session description has no audio or video {0}")]
    NoMedia(&'static str),
    /// None of its codecs is one that we forward.
    #[error(
        "the session description has no codec that this server forwards: Opus, VP8, H264, VP9, AV1"
    )]
    NoCodec,
    /// It refers to a negotiation that is over.
    #[error("there is no offer that this could answer")]
    OutOfOrder,
    /// The peer does not exist, or no longer.
    #[error("the connection is closed")]
    UnknownPeer,
    /// As many peers exist as [`crate::Config`] allows.
    #[error("the server has as many connections as it takes")]
    Full,
}

/// Why a peer is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// [`Command::Close`].
    Requested,
    /// A new publisher took its place.
    Replaced,
    /// The remote side said goodbye (DTLS `close_notify`).
    Remote,
    /// It never connected, in [`crate::CONNECT_TIMEOUT`] from the answer.
    ConnectTimeout,
    /// Its connectivity checks stopped for [`crate::CONSENT_TIMEOUT`] (RFC 7675).
    ConsentExpired,
    /// The DTLS handshake failed.
    Dtls,
    /// A fault of ours, contained to this peer.
    Internal,
}
