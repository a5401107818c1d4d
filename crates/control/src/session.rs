//! One member of a room: a page or program with a client, or one whose client is gone and may come back.

use std::collections::VecDeque;
use std::fmt;
use std::net::IpAddr;
use std::time::Instant;

use auth::rate_limit::TokenBucket;
use auth::{ClientAddr, Credential, Secret};
use media_api::{Cast, Codec, PeerId, Preference, Reason};
use protocol::{
    AudioState, DisplayName, IceServer, LayerSize, Pc, PersonId, Role, ServerMessage, Standing,
    VideoState,
};
use serde_json::Value;

use crate::admission::{PeerPlace, SessionPlace};
use crate::api::{ClientId, Join, Now, RequestId};
use crate::figures::Entrance;
use crate::limits::{OFFERS_BURST, OFFERS_PER_SECOND};

/// Names a session in the log and in `welcome`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SessionId(pub(crate) u64);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s{}", self.0)
    }
}

/// How a member speaks.
#[derive(Debug)]
pub(crate) enum Profile {
    /// A WebSocket that has been silent for less than [`crate::limits::SILENCE`].
    Silent,
    /// The basic profile (docs/protocol.md, part 3): it never says `hello`.
    Basic,
    /// A page that said `hello`.
    Page(Box<Page>),
    /// WHIP or WHEP. The session ends with its media.
    Http,
}

/// What only a page that said `hello` has.
#[derive(Debug)]
pub(crate) struct Page {
    /// Lets another WebSocket take this session up.
    pub(crate) token: String,
    /// As a host: it stops sending the layers that nobody watches.
    pub(crate) pauses: bool,
    /// An answer made while there was no WebSocket to send it to.
    pub(crate) held: Option<ServerMessage>,
}

/// A member. It outlives its client for a while, so that the next one can take it up.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) client: Option<ClientId>,
    /// When it came, in milliseconds since the Unix epoch.
    pub(crate) joined: f64,
    pub(crate) addr: ClientAddr,
    pub(crate) via: Option<IpAddr>,
    /// The server's own TURN, with credentials for this client.
    pub(crate) turn: Option<IceServer>,
    pub(crate) place: SessionPlace,
    pub(crate) profile: Profile,
    /// The role that its URL, `hello` or door names.
    pub(crate) role: Option<Role>,
    pub(crate) name: Option<DisplayName>,
    /// Its URL says that it waits for the stage.
    pub(crate) wants_stage: bool,
    /// It was made no offer while the room was interrupted.
    pub(crate) awaits_picture: bool,
    pub(crate) credential: Credential,
    /// A secret of the browser's own. A host without a key is known by it.
    pub(crate) secret: Option<Secret>,
    /// Whose page it is; none before `hello`, or before the basic profile says something.
    pub(crate) person: Option<PersonId>,
    /// A socket of the basic profile that has said something: it is told what others say.
    pub(crate) has_spoken: bool,
    /// What it was told last that it may do.
    pub(crate) told_standing: Option<Standing>,
    /// It was allowed to publish once; a resumed session need not show its key again.
    pub(crate) is_authorized: bool,
    pub(crate) publishing: Option<Publishing>,
    pub(crate) watching: Option<Watching>,
    /// What it wants of the picture, also before it watches.
    pub(crate) preferred: Preferred,
    pub(crate) manners: Manners,
}

/// How a session behaved lately: for rate limits, and to ignore messages that crossed on the wire.
#[derive(Debug)]
pub(crate) struct Manners {
    /// Its offers.
    pub(crate) offers: TokenBucket,
    /// When it asked for a restart last.
    pub(crate) restarted: Option<Instant>,
    /// Offers to it that were withdrawn unanswered: that many answers may still come.
    pub(crate) withdrawn: u32,
    /// Candidates that came before a description: for `pub`, and for any other.
    pub(crate) early: [u16; 2],
}

impl Session {
    pub(crate) fn new(client: ClientId, join: Join, profile: Profile, now: Now) -> Self {
        let Join { addr, via, turn, room: _, role, wants_stage, shown, place } = join;
        Self {
            client: Some(client),
            joined: now.unix_ms,
            addr,
            via,
            turn,
            place,
            profile,
            role,
            name: None,
            wants_stage,
            awaits_picture: false,
            credential: Credential { shown, ..Credential::default() },
            secret: None,
            person: None,
            has_spoken: false,
            told_standing: None,
            is_authorized: false,
            publishing: None,
            watching: None,
            preferred: Preferred::default(),
            manners: Manners {
                offers: TokenBucket::new(OFFERS_PER_SECOND, OFFERS_BURST, now.at),
                restarted: None,
                withdrawn: 0,
                early: [0; 2],
            },
        }
    }

    /// Whether it is told of the room: all but the basic profile.
    pub(crate) fn hears_room(&self) -> bool {
        matches!(self.profile, Profile::Page(_) | Profile::Http)
    }

    /// Whether it is told what people say.
    pub(crate) fn hears_chat(&self) -> bool {
        self.page().is_some() || self.has_spoken
    }

    pub(crate) fn is_http(&self) -> bool {
        matches!(self.profile, Profile::Http)
    }

    /// By which door it came.
    pub(crate) fn entrance(&self) -> Entrance {
        match (self.is_http(), self.role) {
            (false, _) => Entrance::Ws,
            (true, Some(Role::Host)) => Entrance::Whip,
            (true, _) => Entrance::Whep,
        }
    }

    pub(crate) fn page(&self) -> Option<&Page> {
        match &self.profile {
            Profile::Page(page) => Some(page),
            Profile::Silent | Profile::Basic | Profile::Http => None,
        }
    }

    pub(crate) fn page_mut(&mut self) -> Option<&mut Page> {
        match &mut self.profile {
            Profile::Page(page) => Some(page),
            Profile::Silent | Profile::Basic | Profile::Http => None,
        }
    }

    /// The `pc` in messages to it: only pages know of two.
    pub(crate) fn pc(&self, pc: Pc) -> Option<Pc> {
        self.page().map(|_| pc)
    }

    /// Whether it has a peer, or asked for one.
    pub(crate) fn has_media(&self) -> bool {
        self.publishes() || self.watching.is_some()
    }

    /// Whether it publishes, or asked to.
    pub(crate) fn publishes(&self) -> bool {
        self.publishing.as_ref().is_some_and(|it| it.claim.is_some() || it.current.is_some())
    }

    pub(crate) fn publishing_mut(&mut self) -> &mut Publishing {
        self.publishing.get_or_insert_default()
    }

    pub(crate) fn has_claim(&self) -> bool {
        self.publishing.as_ref().is_some_and(|it| it.claim.is_some())
    }

    pub(crate) fn publisher(&self) -> Option<&Publisher> {
        self.publishing.as_ref().and_then(|it| it.current.as_ref())
    }

    pub(crate) fn wants_to_be_live(&self) -> bool {
        self.publishing.as_ref().is_some_and(|it| it.golive)
    }

    /// What a host is known by: its key, or its browser's secret.
    pub(crate) fn identity(&self) -> Option<&Secret> {
        self.credential.key.as_ref().or(self.secret.as_ref())
    }

    /// Whether it is a WebSocket of a fan that may be offered the broadcast.
    pub(crate) fn wants_offer(&self) -> bool {
        let is_fan = match (&self.profile, self.role) {
            (Profile::Http, _) => false,
            (_, Some(role)) => role == Role::Fan,
            (Profile::Basic, None) => true,
            (Profile::Silent | Profile::Page(_), None) => false,
        };
        is_fan && self.client.is_some() && !self.has_media() && !self.is_unnamed_guest()
    }

    /// Whether it is a socket of the basic profile that waits for the stage.
    pub(crate) fn is_unnamed_guest(&self) -> bool {
        self.wants_stage && matches!(self.profile, Profile::Silent | Profile::Basic)
    }

    /// Which of its peers this is.
    pub(crate) fn which(&self, peer: PeerId) -> Option<Which> {
        let is = |own: Option<PeerId>| own == Some(peer);
        let publishing = self.publishing.as_ref();
        if is(self.watching.as_ref().map(|it| it.peer)) {
            Some(Which::Watching)
        } else if is(publishing.and_then(|it| it.claim.as_ref()).map(|it| it.peer)) {
            Some(Which::Claim)
        } else if is(publishing.and_then(|it| it.current.as_ref()).map(|it| it.peer)) {
            Some(Which::Publisher)
        } else {
            None
        }
    }
}

/// Which of a session's peers one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Claim,
    Publisher,
    Watching,
}

/// The publishing side of a session.
#[derive(Debug, Default)]
pub(crate) struct Publishing {
    /// `golive` was said, perhaps before anything was published.
    pub(crate) golive: bool,
    /// Camera, microphone and layers as it said while its offer was under way.
    pub(crate) media_state: Option<MediaState>,
    /// A peer that the media plane has not taken yet.
    pub(crate) claim: Option<Publisher>,
    /// The peer that publishes.
    pub(crate) current: Option<Publisher>,
}

/// What a host says of its media.
#[derive(Debug, Clone)]
pub(crate) struct MediaState {
    pub(crate) audio: AudioState,
    pub(crate) video: VideoState,
    /// How large its layers are, when it says so.
    pub(crate) sizes: Option<Vec<LayerSize>>,
}

/// A publishing peer.
#[derive(Debug)]
pub(crate) struct Publisher {
    pub(crate) peer: PeerId,
    #[allow(dead_code, reason = "held until the peer is gone")]
    pub(crate) place: PeerPlace,
    /// When the media plane took it; from then on the room has a publisher.
    pub(crate) joined_at: Option<Instant>,
    /// Whether viewers see it at once.
    pub(crate) on_air: bool,
    /// Tells a new offer of the same `RTCPeerConnection` from another's: see `SdpSummary`.
    pub(crate) sdp_session: Option<String>,
    /// Offers that the media plane has not answered, oldest first; at most
    /// [`crate::limits::PENDING_OFFERS`].
    pub(crate) pending: VecDeque<PendingOffer>,
}

/// An offer of the client's under way.
#[derive(Debug)]
pub(crate) struct PendingOffer {
    pub(crate) offer: String,
    pub(crate) reply_to: ReplyTo,
}

/// Who is told what came of an offer or answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ReplyTo {
    Nobody,
    /// A page, in a message that repeats these.
    Page(Echo),
    /// A program.
    Request(RequestId),
}

/// What a message to a page repeats of the one that it follows from.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Echo {
    pub(crate) pc: Option<Pc>,
    pub(crate) neg: Option<u32>,
    pub(crate) re: Option<Value>,
}

impl ReplyTo {
    /// In an error alone.
    pub(crate) fn message(re: Option<Value>) -> Self {
        Self::Page(Echo { re, ..Echo::default() })
    }
}

/// A watching peer.
#[derive(Debug)]
pub(crate) struct Watching {
    pub(crate) peer: PeerId,
    #[allow(dead_code, reason = "held until the peer is gone")]
    pub(crate) place: PeerPlace,
    pub(crate) step: Step,
    /// When the media plane was asked for it.
    pub(crate) asked_at: Instant,
    /// Whose media it is sent, from the answer to the last offer on.
    pub(crate) cast: Cast,
    /// Counts the server's offers to this peer, from 1.
    pub(crate) neg: u32,
    /// Since when ICE and DTLS are up; from then on it counts as a viewer.
    pub(crate) connected_at: Option<Instant>,
    /// A host looks at what another program sends: no viewer.
    pub(crate) is_preview: bool,
    /// Codecs that it accepts, once known.
    pub(crate) codecs: Option<Vec<Codec>>,
    /// The codec that it was told to lack.
    pub(crate) lacks: Option<Codec>,
    /// See [`Publisher::sdp_session`]; only when the client offered.
    pub(crate) sdp_session: Option<String>,
    /// The layer it is sent, once known.
    pub(crate) layer: Option<LayerNow>,
}

/// Where the negotiation of a watching peer stands.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// The media plane was asked for an offer.
    Offering(ReplyTo),
    /// The client has the offer.
    Offered(String),
    /// The media plane has the client's answer.
    Answering(ReplyTo),
    /// The media plane has the client's offer.
    ClientOffered(ReplyTo),
    /// Nothing is under way.
    Stable,
    /// The media plane was asked for an offer that restarts ICE, or has another cast.
    Restarting,
}

impl Step {
    /// The program that waits for the outcome, if one does. A page does not wait.
    pub(crate) fn into_waiting(self) -> Option<ReplyTo> {
        match self {
            Self::Offering(it) | Self::Answering(it) | Self::ClientOffered(it) => {
                matches!(it, ReplyTo::Request(_)).then_some(it)
            }
            Self::Offered(_) | Self::Stable | Self::Restarting => None,
        }
    }
}

impl Watching {
    /// A peer that has just been asked for.
    pub(crate) fn new(peer: PeerId, place: PeerPlace, step: Step, now: Instant) -> Self {
        Self {
            peer,
            place,
            step,
            asked_at: now,
            cast: Cast::default(),
            neg: 0,
            connected_at: None,
            is_preview: false,
            codecs: None,
            lacks: None,
            sdp_session: None,
            layer: None,
        }
    }
}

/// What a fan wants of the picture.
#[derive(Debug, Clone, Default)]
pub(crate) struct Preferred {
    pub(crate) preference: Preference,
    /// When the media plane was told.
    pub(crate) told_at: Option<Instant>,
}

/// The layer that a fan is sent.
#[derive(Debug, Clone)]
pub(crate) struct LayerNow {
    pub(crate) has_picture: bool,
    pub(crate) layer: Option<String>,
    pub(crate) reason: Reason,
}
