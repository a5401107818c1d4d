//! Reports from the media plane to the control plane.

use std::time::Instant;

use crate::{
    CloseReason, Codec, Finding, LayerRate, MediaInfo, NegotiationError, PeerId, Reason, RoomId,
    Seat,
};

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
    /// The peer is gone. Its id is not used again.
    Closed {
        /// The peer.
        peer: PeerId,
        /// Why.
        reason: CloseReason,
    },
    /// The publisher's media flows: the first packet of a broadcast, or of a return, also from a silence that
    /// [`Event::MediaQuiet`] told. Sent again when the codecs or layers change.
    MediaFlowing {
        /// The room.
        room: RoomId,
        /// What flows.
        media: MediaInfo,
    },
    /// The publisher sent nothing for [`crate::QUIET_AFTER`]; every 10 s at most.
    MediaQuiet {
        /// The room.
        room: RoomId,
    },
    /// The publisher is there and sent nothing for [`crate::STALL_AFTER`].
    MediaStalled {
        /// The room.
        room: RoomId,
    },
    /// The media of a guest, or the host's second picture, flows, or does not any more: it stopped for [`crate::STALL_AFTER`], or its peer is gone.
    GuestFlowing {
        /// The room.
        room: RoomId,
        /// Which.
        seat: Seat,
        /// Whether it flows.
        is_flowing: bool,
    },
    /// Who speaks; when that changes, at most twice a second, and only in a room with guests.
    Speaker {
        /// The room.
        room: RoomId,
        /// Who; `None`: nobody for a while.
        seat: Option<Seat>,
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
    /// When the media that a viewer is sent were captured: once that is known, and when it has moved, at most every 5 s
    /// but for jumps.
    Captured {
        /// The peer.
        peer: PeerId,
        /// When it was captured, as far as the publisher's reports tell: without the time that its packets take to the
        /// server at least.
        captured: Instant,
        /// The RTP timestamp of that moment in the viewer's picture, or in its sound where there is no picture.
        rtp_ts: u32,
        /// Ticks a second.
        clock_rate: u32,
    },
    /// A viewer that is sent the past needs the piece that follows.
    PastWanted {
        /// The peer.
        peer: PeerId,
    },
    /// A viewer that was sent the past has come to where the room is live, and is sent that from now on.
    PastOver {
        /// The peer.
        peer: PeerId,
    },
    /// Which simulcast layers nobody watches: the publisher need not send them. One that goes on sending
    /// them breaks nothing. All others are wanted, those too that were never seen.
    LayersUnwanted {
        /// The room.
        room: RoomId,
        /// Their `rid`s; empty when all are wanted again.
        layers: Vec<String>,
    },
    /// The bit rate of each layer. Sent when the layers change, or when a rate changed by a quarter since it was
    /// told; at most once a second.
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

impl Event {
    /// The peer that the event names, if it names one.
    pub fn peer(&self) -> Option<PeerId> {
        match self {
            Self::Answer { peer, .. }
            | Self::Offer { peer, .. }
            | Self::Negotiated { peer, .. }
            | Self::Rejected { peer, .. }
            | Self::Connected { peer }
            | Self::Closed { peer, .. }
            | Self::Captured { peer, .. }
            | Self::PastWanted { peer }
            | Self::PastOver { peer }
            | Self::LayerSent { peer, .. } => Some(*peer),
            Self::MediaFlowing { .. }
            | Self::MediaQuiet { .. }
            | Self::MediaStalled { .. }
            | Self::GuestFlowing { .. }
            | Self::Speaker { .. }
            | Self::LayersUnwanted { .. }
            | Self::LayerRates { .. }
            | Self::Findings { .. } => None,
        }
    }

    /// The room that the event names, if it names a room.
    pub fn room(&self) -> Option<RoomId> {
        match self {
            Self::MediaFlowing { room, .. }
            | Self::MediaQuiet { room }
            | Self::MediaStalled { room }
            | Self::GuestFlowing { room, .. }
            | Self::Speaker { room, .. }
            | Self::LayersUnwanted { room, .. }
            | Self::LayerRates { room, .. }
            | Self::Findings { room, .. } => Some(*room),
            Self::Answer { .. }
            | Self::Offer { .. }
            | Self::Negotiated { .. }
            | Self::Rejected { .. }
            | Self::Connected { .. }
            | Self::Closed { .. }
            | Self::Captured { .. }
            | Self::PastWanted { .. }
            | Self::PastOver { .. }
            | Self::LayerSent { .. } => None,
        }
    }
}
