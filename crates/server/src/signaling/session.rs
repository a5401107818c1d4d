//! One participant: a page with a socket, or one whose socket is gone and may come back.

use std::collections::VecDeque;
use std::fmt;
use std::time::Instant;

use engine::{Codec, PeerId, RoomId};
use protocol::{AudioState, DisplayName, LayerSize, Pc, Role, ServerMessage, VideoState};
use serde_json::Value;

use super::layers::{LayerNow, Preferred};
use super::{Caller, Door, SocketId};

/// Names a session in the log and in `welcome`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SessionId(pub(super) u64);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s{}", self.0)
    }
}

/// A participant. It outlives its socket for a while, so that the next one can take it up.
pub(super) struct Session {
    /// The socket, while there is one.
    pub(super) socket: Option<SocketId>,
    pub(super) door: Door,
    pub(super) caller: Caller,
    pub(super) room: RoomId,
    /// Whether it said `hello`.
    pub(super) extended: bool,
    /// The role it said to have, in the URL or in `hello`.
    pub(super) role: Option<Role>,
    pub(super) name: Option<DisplayName>,
    /// The publishing key it gave; never printed.
    pub(super) key: Option<String>,
    /// A secret of its browser's own, by which it is known when it has no key; never printed.
    pub(super) secret: Option<String>,
    /// Camera, microphone and layers as it said while its offer was under way.
    pub(super) media_state: Option<MediaState>,
    /// As a host: it stops sending the layers that it is told nobody watches.
    pub(super) pauses: bool,
    /// As a fan: what it wants of the picture.
    pub(super) preferred: Preferred,
    /// It was allowed to publish once; a resumed session need not show its key again.
    pub(super) authorized: bool,
    /// Lets another socket take this session up; only after `hello`.
    pub(super) token: Option<String>,
    /// The 300 ms of silence are over.
    pub(super) silent: bool,
    /// `golive` was said, perhaps before anything was published.
    pub(super) golive: bool,
    /// A publishing connection that the media plane has not taken yet.
    pub(super) claim: Option<Publisher>,
    pub(super) publisher: Option<Publisher>,
    pub(super) viewer: Option<Viewer>,
    /// Offers of ours that were withdrawn unanswered: that many answers may still come.
    pub(super) withdrawn: u32,
    /// Candidates that came before a description: of `pub` and of any other.
    pub(super) early: [u16; 2],
    /// An answer made while there was no socket to send it to.
    pub(super) held: Option<ServerMessage>,
    pub(super) restarted: Option<Instant>,
}

impl Session {
    /// A session that nothing is known of but its socket.
    pub(super) fn new(socket: SocketId, caller: Caller, room: RoomId) -> Self {
        Self {
            socket: Some(socket),
            door: Door::Socket,
            caller,
            room,
            extended: false,
            role: None,
            name: None,
            key: None,
            secret: None,
            media_state: None,
            pauses: false,
            preferred: Preferred::default(),
            authorized: false,
            token: None,
            silent: false,
            golive: false,
            claim: None,
            publisher: None,
            viewer: None,
            withdrawn: 0,
            early: [0; 2],
            held: None,
            restarted: None,
        }
    }

    /// Whether it has any connection to the media plane, or asked for one.
    pub(super) fn has_media(&self) -> bool {
        self.has_published() || self.viewer.is_some()
    }

    /// Whether a peer is one of its connections.
    #[cfg(test)]
    pub(super) fn owns(&self, peer: PeerId) -> bool {
        self.viewer.as_ref().is_some_and(|viewer| viewer.peer == peer)
            || [&self.claim, &self.publisher].into_iter().flatten().any(|own| own.peer == peer)
    }

    /// Whether no more offers wait than may.
    #[cfg(test)]
    pub(super) fn pending_is_bounded(&self) -> bool {
        [&self.claim, &self.publisher]
            .into_iter()
            .flatten()
            .all(|own| own.pending.len() <= super::PENDING_OFFERS)
    }

    /// What the host is known by: its key, or its browser's secret.
    pub(super) fn identity(&self) -> Option<&str> {
        self.key.as_deref().or(self.secret.as_deref())
    }

    /// Whether it publishes, or asked to.
    pub(super) fn has_published(&self) -> bool {
        self.claim.is_some() || self.publisher.is_some()
    }

    /// Whether it is a page of a fan that may be offered the broadcast.
    pub(super) fn wants_offer(&self) -> bool {
        let is_fan = match self.role {
            Some(role) => role == Role::Fan,
            None => !self.extended && self.silent,
        };
        is_fan && self.door == Door::Socket && self.socket.is_some() && !self.has_media()
    }
}

/// What a host says of its media.
#[derive(Debug, Clone)]
pub(super) struct MediaState {
    pub(super) audio: AudioState,
    pub(super) video: VideoState,
    /// How large its layers are, when it says so.
    pub(super) sizes: Option<Vec<LayerSize>>,
}

/// A publishing connection.
pub(super) struct Publisher {
    pub(super) peer: PeerId,
    /// Whether it was published for all to see at once.
    pub(super) on_air: bool,
    /// See [`super::sdp::Glance::session`]: tells a re-offer from a new page's offer.
    pub(super) sdp_session: Option<String>,
    /// Offers the media plane has not answered, oldest first.
    pub(super) pending: VecDeque<PendingOffer>,
}

/// An offer of the client's under way.
pub(super) struct PendingOffer {
    pub(super) offer: String,
    pub(super) echo: Echo,
}

/// What the answer, or the error, to a message repeats of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Echo {
    pub(super) pc: Option<Pc>,
    pub(super) neg: Option<u32>,
    pub(super) re: Option<Value>,
}

/// A watching connection.
pub(super) struct Viewer {
    pub(super) peer: PeerId,
    pub(super) step: Step,
    /// Counts our offers on this connection, from 1.
    pub(super) neg: u32,
    /// Whether ICE and DTLS are up: it counts as a viewer.
    pub(super) connected: bool,
    /// What it accepts, once known.
    pub(super) codecs: Option<Vec<Codec>>,
    /// The codec it was told to lack.
    pub(super) lacks: Option<Codec>,
    /// See [`super::sdp::Glance::session`]; only when the client offered.
    pub(super) sdp_session: Option<String>,
    /// What it is sent of the picture, once known.
    pub(super) layer: Option<LayerNow>,
}

/// Where the negotiation of a watching connection stands.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// We asked the media plane for an offer.
    Offering,
    /// The client has our offer.
    Offered(String),
    /// The media plane has the client's answer.
    Answering(Option<Value>),
    /// The media plane has the client's offer.
    ClientOffered(Echo),
    /// Nothing is under way.
    Stable,
    /// We asked the media plane for an offer with new ICE credentials.
    Restarting,
}

impl Viewer {
    /// A connection that has just been asked for.
    pub(super) fn new(peer: PeerId, step: Step) -> Self {
        Self {
            peer,
            step,
            neg: 0,
            connected: false,
            codecs: None,
            lacks: None,
            sdp_session: None,
            layer: None,
        }
    }
}
