//! Requests from the control plane to the media plane.

use std::net::IpAddr;

use crate::{Cast, PastOrder, PeerId, Preference, RoomId, Seat, Tap};

/// What the control plane asks. Every command names its peer or room; what comes of it is an
/// [`Event`] with the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Takes a publisher's offer. Yields [`Event::Answer`] or [`Event::Rejected`]. Once the offer is
    /// accepted, a publisher that has the same seat already is closed, with [`CloseReason::Replaced`]; the
    /// viewers stay. A rejected offer changes nothing.
    Publish {
        /// The room it publishes to; made when it is new.
        room: RoomId,
        /// The new peer.
        peer: PeerId,
        /// Whether it is the host, or which guest.
        seat: Seat,
        /// The session description (RFC 8866).
        offer: String,
        /// Of a host, whether viewers see it at once; otherwise after [`Command::GoLive`]. A guest is sent to the viewers
        /// that have it in their cast, whatever becomes of the host.
        on_air: bool,
        /// The bitrate limit of this publisher in kbit/s, where it is lower than the server's own.
        max_kbps: Option<u32>,
        /// The local address that the request came in by, if it is known: that address has its
        /// candidate first in our description. Some clients (ffmpeg) try the first one only.
        via: Option<IpAddr>,
    },
    /// Takes the offer of a viewer (as in WHEP). Yields [`Event::Answer`] or [`Event::Rejected`].
    WatchOffer {
        /// The room it watches; made when it is new.
        room: RoomId,
        /// The new peer.
        peer: PeerId,
        /// The session description.
        offer: String,
        /// As in [`Command::Publish`].
        via: Option<IpAddr>,
    },
    /// Makes an offer to a viewer. Yields [`Event::Offer`]. Works in a room where nobody is live:
    /// the offer has every codec, and media flows once there is any.
    Watch {
        /// The room it watches; made when it is new.
        room: RoomId,
        /// The new peer.
        peer: PeerId,
        /// Whose media it is sent.
        cast: Cast,
        /// The guest that it is: then its answer publishes as well, on the same connection.
        publishes: Option<Seat>,
        /// As in [`Command::Publish`].
        via: Option<IpAddr>,
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
        /// As in [`Command::Publish`].
        via: Option<IpAddr>,
    },
    /// Makes a viewer a new offer with new ICE credentials. Yields [`Event::Offer`].
    RestartIce {
        /// The peer.
        peer: PeerId,
        /// As in [`Command::Publish`].
        via: Option<IpAddr>,
    },
    /// Makes a viewer that has answered a new offer, of another cast. Yields [`Event::Offer`] or [`Event::Rejected`].
    Recast {
        /// The peer.
        peer: PeerId,
        /// Whose media it is sent from its answer on.
        cast: Cast,
        /// As in [`Command::Publish`].
        via: Option<IpAddr>,
    },
    /// Drops the sound of a guest, or lets it through again.
    Mute {
        /// The room.
        room: RoomId,
        /// The guest.
        seat: Seat,
        /// Whether it is dropped.
        is_muted: bool,
    },
    /// What a viewer wants of the picture, from now on: also before it is connected, at whichever worker
    /// it is, and when the host has returned. Nothing for a peer that is no viewer.
    Prefer {
        /// The peer.
        peer: PeerId,
        /// What it wants.
        preference: Preference,
    },
    /// Sends a viewer the past of its room, on the same connection. [`Event::PastWanted`] asks for what follows. Nothing for
    /// a peer that is no viewer.
    Past {
        /// The peer.
        peer: PeerId,
        /// What of it.
        order: PastOrder,
    },
    /// Lets the viewers of a rehearsing publisher see it; nothing without a publisher.
    GoLive {
        /// The room.
        room: RoomId,
    },
    /// Gives a copy of every packet of a room that is on air to the tap, and first those kept since it went on air. The
    /// room stays until the tap is taken away.
    Tap {
        /// The room; made when it is new.
        room: RoomId,
        /// What it gives; `None`: no more.
        tap: Option<Tap>,
    },
    /// Asks the publisher for a keyframe of a stream that the tap gives. As often as that is asked, the publisher is
    /// asked at its rate.
    TapKeyframe {
        /// The room.
        room: RoomId,
        /// Whose stream.
        seat: Seat,
        /// Which.
        ssrc: u32,
    },
    /// Closes a peer. Yields [`Event::Closed`]; nothing when the peer is unknown.
    Close {
        /// The peer.
        peer: PeerId,
    },
}

impl Command {
    /// The peer that the command names, if it names one.
    pub fn peer(&self) -> Option<PeerId> {
        match self {
            Self::Publish { peer, .. }
            | Self::WatchOffer { peer, .. }
            | Self::Watch { peer, .. }
            | Self::Answer { peer, .. }
            | Self::Reoffer { peer, .. }
            | Self::RestartIce { peer, .. }
            | Self::Recast { peer, .. }
            | Self::Prefer { peer, .. }
            | Self::Past { peer, .. }
            | Self::Close { peer } => Some(*peer),
            Self::GoLive { .. }
            | Self::Mute { .. }
            | Self::Tap { .. }
            | Self::TapKeyframe { .. } => None,
        }
    }

    /// Whether the command makes a new peer.
    pub fn is_of_new_peer(&self) -> bool {
        matches!(self, Self::Publish { .. } | Self::WatchOffer { .. } | Self::Watch { .. })
    }
}
