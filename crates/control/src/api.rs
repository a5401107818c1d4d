//! What goes into the [`crate::Hub`] and what comes out.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use auth::{ClientAddr, Credential, Secret, Shown};
use media_api::{Codec, Command, Event, LayerRate, PeerId, RoomId};
use protocol::{
    ChatItem, ClientFrame, CloseCode, IceServer, LayerName, PersonId, Role, RoomName, RoomState,
    ServerMessage,
};

use crate::admission::SessionPlace;
use crate::config::Config;
use crate::happened::RoomEvent;
use crate::lines::Lines;
use crate::record::BroadcastRecord;
use crate::refusal::Refusal;
use crate::saved::SavedRoom;

/// Names one client of the hub: a WebSocket, or a session of WHIP or WHEP. Chosen by the door, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u64);

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}", self.0)
    }
}

/// Names a [`Request`], so that its reply finds who asked. Chosen by the door, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// The time, as an input.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// For measuring.
    pub at: Instant,
    /// For telling: milliseconds since the Unix epoch.
    pub unix_ms: f64,
}

/// Who comes in.
#[derive(Debug)]
pub struct Join {
    /// Where it comes from.
    pub addr: ClientAddr,
    /// The server's own address that it reached, when known: the first candidate it is given.
    pub via: Option<IpAddr>,
    /// The server's own TURN, with credentials for this client; it comes after the configured servers.
    pub turn: Option<IceServer>,
    /// The room; the default room when absent.
    pub room: Option<RoomName>,
    /// The role that its URL names.
    pub role: Option<Role>,
    /// Whether its URL names the role of a guest: a fan that waits for the stage.
    pub wants_stage: bool,
    /// What its door learned of it from the operator's service.
    pub shown: Option<Shown>,
    /// Given by [`crate::Admission::join`]; held as long as the session lives.
    pub place: SessionPlace,
}

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// A WebSocket was opened.
    Connected {
        /// Its name.
        client: ClientId,
        /// Who opened it.
        join: Join,
    },
    /// A WebSocket sent a message that could be read.
    Frame {
        /// Who said it.
        client: ClientId,
        /// The message.
        frame: Box<ClientFrame>,
    },
    /// What a door learned of a WebSocket that is about to say `hello`: from its token, or from the operator's service.
    Shown {
        /// Whom it is about.
        client: ClientId,
        /// What stands for its token: [`auth::Secret::fingerprint`].
        token: Option<Secret>,
        /// What it may do; `None` when nothing that was shown before counts any more.
        shown: Option<Shown>,
    },
    /// A program asks for something. It is answered by one [`Effect::Reply`].
    Request {
        /// Who asks.
        client: ClientId,
        /// Names the reply.
        id: RequestId,
        /// What it asks for.
        request: Request,
    },
    /// A client is gone.
    Gone {
        /// Which.
        client: ClientId,
        /// The code of the client's close frame; `None` when it vanished or was closed by the server.
        code: Option<u16>,
    },
    /// The media plane reports.
    Media(Event),
    /// The rules of a room have changed: [`auth::Auth::set_room`] was called.
    Rules {
        /// Which room, of which nobody need be in it; `None` when those of any may have.
        room: Option<RoomName>,
    },
    /// The operator has changed settings: they hold for what happens from now on.
    Configure(Box<Config>),
    /// A room has another picture, or none any more. The door has asked for the right.
    Cover {
        /// Which room; nobody need be in it.
        room: RoomName,
        /// Names the picture, so that it can be cached.
        version: Option<u32>,
    },
    /// A viewer is sent the past of its room from a time on, in milliseconds since the Unix epoch; `None`: there is none, and
    /// it is sent what is live.
    Rewound {
        /// The viewer.
        peer: PeerId,
        /// When what it sees was live.
        at: Option<f64>,
    },
    /// A room is recorded now, or not any more.
    Recording {
        /// Which room; nobody need be in it.
        room: RoomName,
        /// Whether it is; `Err` when it could not be begun: a sentence for its host.
        on: Result<bool, String>,
    },
    /// The operator ends a session, by the number that [`crate::Hub::sessions`] tells.
    Kick {
        /// Its room; nobody need be in it.
        room: RoomName,
        /// Which.
        session: u64,
    },
    /// A page reports what its person saw.
    Seen {
        /// Which room; nobody need be in it.
        room: RoomName,
        /// What it saw.
        seen: Seen,
    },
    /// The instant of [`crate::Hub::poll_timeout`] has come.
    Timeout,
    /// The server stops.
    Drain,
}

/// What one fan's page saw since it reported last, a minute before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// How long it was to show something, in milliseconds.
    pub watched_ms: u32,
    /// How often its picture stood still.
    pub freezes: u32,
    /// Which part of the packets got lost on the way to it, from 0 to 1, if it knows.
    pub loss: Option<f64>,
    /// Whether the media threads of the server kept up with their work in that time.
    pub server_kept_up: bool,
}

/// What a program may ask for.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "passed on at once: a box would allocate for it")]
pub enum Request {
    /// To be a member of a room: as [`Role::Host`] with the right to publish, or as [`Role::Fan`]. Replies
    /// [`Reply::Joined`]. Comes first, and once.
    Join {
        /// Who comes in.
        join: Join,
        /// What it shows.
        credential: Credential,
    },
    /// To publish, or to restart what it publishes. Replies [`Reply::Description`], the answer.
    Publish {
        /// The session description.
        offer: String,
    },
    /// To watch, or to restart what it watches. Replies [`Reply::Description`]: the answer to the client's
    /// offer, or an offer of the server when the client made none.
    Watch {
        /// The session description.
        offer: Option<String>,
    },
    /// To have its answer to the server's offer taken. Replies [`Reply::Done`].
    Answer {
        /// The session description.
        sdp: String,
    },
    /// To be sent the past of the broadcast, or what is live again. Replies [`Reply::Done`].
    Rewind(Rewind),
    /// To be sent at most this layer, or `auto` or `off`. Replies [`Reply::Done`].
    Prefer {
        /// The layer.
        video: LayerName,
    },
}

/// How a viewer goes back in a broadcast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rewind {
    /// To what was live so long ago; zero: to what is live.
    To(Duration),
    /// Nothing more is sent, until it goes somewhere.
    Pause,
    /// Whether it goes a tenth faster.
    Fast(bool),
}

/// What becomes of the chat beside a recording.
#[derive(Debug, Clone, PartialEq)]
pub enum RecordedChat {
    /// A line was written.
    Line(ChatItem),
    /// Lines are gone: these, and all of a person.
    Removed(Vec<u64>, Option<PersonId>),
}

/// What a request came to.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "one for each request: a box would allocate for it")]
pub enum Reply {
    /// It is a member of the room.
    Joined {
        /// The room as it is now.
        room: RoomState,
        /// For the client's ICE agent.
        ice_servers: Vec<IceServer>,
    },
    /// An answer, or an offer of the server.
    Description(String),
    /// It is a viewer: the server's answer to its offer; `None` when the offer was the server's.
    Watching {
        /// The server's answer.
        sdp: Option<String>,
        /// What of the broadcast it is not sent, since its description does not take it.
        left_out: Vec<Codec>,
    },
    /// It is done.
    Done,
}

/// What a room tells a member.
#[derive(Debug, Clone, PartialEq)]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all are messages: a box would allocate for each"
)]
pub enum Notice {
    /// What `/ws` has a message for.
    Message(ServerMessage),
    /// The bit rate of each layer, best first; only programs are told.
    Rates(Vec<LayerRate>),
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all are messages: a box would allocate for each"
)]
pub enum Effect {
    /// Tell one client.
    Send {
        /// Whom.
        to: ClientId,
        /// What.
        message: ServerMessage,
    },
    /// Tell several clients the same; serialise it once.
    Broadcast {
        /// Whom.
        to: Vec<ClientId>,
        /// What.
        notice: Notice,
    },
    /// Tell a client what was said before it came. Others are told the same: serialise it once.
    History {
        /// Whom.
        to: ClientId,
        /// What.
        lines: Arc<Lines>,
    },
    /// Reply to a request.
    Reply {
        /// Which.
        id: RequestId,
        /// What it came to.
        result: Result<Reply, Refusal>,
    },
    /// Disconnect a client after what it was sent before. The hub has forgotten it already.
    Close {
        /// Which.
        client: ClientId,
        /// Why.
        code: CloseCode,
    },
    /// Ask the media plane.
    Media(Command),
    /// Save a room.
    Keep(Box<SavedRoom>),
    /// Tell the operator's programs.
    Happened(Box<RoomEvent>),
    /// Write the record of a broadcast, in place of the one before.
    Record(Box<BroadcastRecord>),
    /// Send a viewer the past of its room, or what is live again. What comes of it is told by [`Input::Rewound`].
    Rewind {
        /// The room, in the media plane.
        room: RoomId,
        /// The viewer.
        peer: PeerId,
        /// What it wants.
        wish: Rewind,
    },
    /// Something was said in a room that is recorded, or taken away: keep it beside the recording.
    Said {
        /// The room.
        room: RoomName,
        /// What.
        said: Box<RecordedChat>,
    },
    /// Begin to record a room, or end it. What comes of it is told by [`Input::Recording`].
    Recording {
        /// The room.
        room: RoomName,
        /// Its name in the media plane.
        id: RoomId,
        /// Whether to begin.
        on: bool,
    },
}
