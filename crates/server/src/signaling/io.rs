//! What goes into the [`super::Hub`] and what comes out.

use std::fmt;
use std::net::IpAddr;
use std::time::Instant;

use engine::{Command, Event, LayerRate};
use protocol::{ClientFrame, CloseCode, Role, RoomName, ServerMessage};

/// Names a WebSocket. Chosen by the caller, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u64);

impl fmt::Display for SocketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "w{}", self.0)
    }
}

/// The time, as an input.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// For measuring.
    pub at: Instant,
    /// For telling: milliseconds since the Unix epoch.
    pub unix_ms: f64,
}

/// Who opened a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The address that limits and a keyless host's return are bound to.
    pub ip: IpAddr,
    /// Whether it is a program of this very machine, with no proxy in between.
    pub local: bool,
}

/// By which door a participant came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Door {
    /// `/ws`: a page, of either profile.
    #[default]
    Socket,
    /// WHIP or WHEP: a session that is changed by HTTP requests. It offers by itself, is told what a
    /// page after `hello` is told, and ends with its media connection.
    Http,
}

/// What the socket's URL says.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SocketQuery {
    /// The door.
    pub door: Door,
    /// `role`.
    pub role: Option<Role>,
    /// `room`.
    pub room: Option<RoomName>,
    /// `key`; never printed.
    pub key: Option<String>,
}

impl fmt::Debug for SocketQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketQuery")
            .field("door", &self.door)
            .field("role", &self.role)
            .field("room", &self.room)
            .field("key", &self.key.as_ref().map(|_| "…"))
            .finish()
    }
}

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// A socket was opened.
    Opened {
        /// Its name.
        socket: SocketId,
        /// Who opened it.
        caller: Caller,
        /// What its URL says.
        query: SocketQuery,
    },
    /// A socket sent a message that could be read.
    Frame {
        /// The socket.
        socket: SocketId,
        /// The message.
        frame: Box<ClientFrame>,
    },
    /// A socket is gone.
    Closed {
        /// The socket.
        socket: SocketId,
        /// The code of the client's close frame; none when it vanished or we closed it.
        code: Option<u16>,
    },
    /// The media plane reports.
    Media(Event),
    /// The instant of [`super::Hub::poll_timeout`] has come.
    Timeout,
    /// The server stops.
    Drain,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all are messages: a box would allocate for each"
)]
pub enum Action {
    /// Send a message.
    Send {
        /// To whom.
        socket: SocketId,
        /// What.
        message: ServerMessage,
    },
    /// Close a socket after what was sent before. The hub has forgotten it already.
    Close {
        /// Which.
        socket: SocketId,
        /// Why.
        code: CloseCode,
    },
    /// Tell a session by HTTP that its answer was taken; a page need not know.
    Negotiated {
        /// Which.
        socket: SocketId,
    },
    /// Tell a session by HTTP what each layer of its room takes; a page need not know.
    Rates {
        /// Which.
        socket: SocketId,
        /// Best first.
        rates: Vec<LayerRate>,
    },
    /// Ask the media plane.
    Media(Command),
}
