//! The list of attacks.

/// One attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attack {
    /// The word for it on the command line.
    pub name: &'static str,
    /// What one anonymous client does.
    pub what: &'static str,
    pub(crate) kind: Kind,
    pub(crate) pattern: Pattern,
    /// It is one on TLS, or on what is inside of it.
    pub needs_tls: bool,
    /// Connections a second beyond which it would be an attack on this machine's processors.
    pub(crate) max_rate: u32,
}

/// Which code runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    HelloReset,
    Rooms,
    UnreadGet,
    HalfHead,
    HalfBody,
    Idle,
    IdleSockets,
    Viewers,
    Keys,
    Log,
    Silent,
    HalfTls,
    IdleTls,
    HalfFrames,
    UnprovenMedia,
    TcpViewers,
    TurnGuesses,
    TurnAllocations,
}

/// How connections are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// Each is kept as long as the server allows, and then opened again.
    Hold,
    /// Each is short; a few at a time, again and again.
    Repeat,
}

/// All attacks, in the order in which they run.
pub const ATTACKS: [Attack; 18] = [
    Attack {
        name: "hello-reset",
        what: "says hello as a fan of one room, then resets the connection, again and again",
        kind: Kind::HelloReset,
        pattern: Pattern::Repeat,
        needs_tls: false,
        max_rate: u32::MAX,
    },
    Attack {
        name: "rooms",
        what: "says hello in ever new rooms with long secrets, then resets the connection",
        kind: Kind::Rooms,
        pattern: Pattern::Repeat,
        needs_tls: false,
        max_rate: u32::MAX,
    },
    Attack {
        name: "unread-get",
        what: "requests the largest script of the page and reads nothing",
        kind: Kind::UnreadGet,
        pattern: Pattern::Hold,
        needs_tls: false,
        max_rate: u32::MAX,
    },
    Attack {
        name: "half-head",
        what: "sends the head of a request that never ends",
        kind: Kind::HalfHead,
        pattern: Pattern::Hold,
        needs_tls: false,
        max_rate: u32::MAX,
    },
    Attack {
        name: "half-body",
        what: "posts to WHIP and WHEP and never sends the body it announced",
        kind: Kind::HalfBody,
        pattern: Pattern::Hold,
        needs_tls: false,
        max_rate: u32::MAX,
    },
    Attack {
        name: "idle",
        what: "makes one request and keeps the connection",
        kind: Kind::Idle,
        pattern: Pattern::Hold,
        needs_tls: false,
        max_rate: u32::MAX,
    },
    Attack {
        name: "idle-sockets",
        what: "opens WebSockets and says nothing on them",
        kind: Kind::IdleSockets,
        pattern: Pattern::Hold,
        needs_tls: false,
        max_rate: u32::MAX,
    },
    Attack {
        name: "viewers",
        what: "connects viewers, resets their sockets and keeps their ICE alive",
        kind: Kind::Viewers,
        pattern: Pattern::Hold,
        needs_tls: false,
        max_rate: 200,
    },
    Attack {
        name: "keys",
        what: "guesses the publishing key on /ws and WHIP, from many addresses of an IPv6 /64",
        kind: Kind::Keys,
        pattern: Pattern::Repeat,
        needs_tls: false,
        max_rate: u32::MAX,
    },
    Attack {
        name: "log",
        what: "does whatever the server writes to its log",
        kind: Kind::Log,
        pattern: Pattern::Repeat,
        needs_tls: false,
        max_rate: u32::MAX,
    },
    Attack {
        name: "half-frames",
        what: "begins media over TCP with frames that never end, and with checks for nobody",
        kind: Kind::HalfFrames,
        pattern: Pattern::Hold,
        needs_tls: false,
        max_rate: u32::MAX,
    },
    Attack {
        name: "unproven-media",
        what: "opens connections for media with a check of a viewer that is there, and a wrong password",
        kind: Kind::UnprovenMedia,
        pattern: Pattern::Hold,
        needs_tls: false,
        max_rate: u32::MAX,
    },
    Attack {
        name: "tcp-viewers",
        what: "watches over TCP and stops reading",
        kind: Kind::TcpViewers,
        pattern: Pattern::Hold,
        needs_tls: false,
        max_rate: 200,
    },
    Attack {
        name: "silent",
        what: "connects and says nothing",
        kind: Kind::Silent,
        pattern: Pattern::Hold,
        needs_tls: false,
        max_rate: u32::MAX,
    },
    Attack {
        name: "half-tls",
        what: "sends a ClientHello or half of it, and nothing more",
        kind: Kind::HalfTls,
        pattern: Pattern::Hold,
        needs_tls: true,
        max_rate: u32::MAX,
    },
    Attack {
        name: "idle-tls",
        what: "shakes hands and says nothing",
        kind: Kind::IdleTls,
        pattern: Pattern::Hold,
        needs_tls: true,
        max_rate: u32::MAX,
    },
    Attack {
        name: "turn-guesses",
        what: "asks for TURN allocations without credentials and with wrong ones",
        kind: Kind::TurnGuesses,
        pattern: Pattern::Repeat,
        needs_tls: true,
        max_rate: u32::MAX,
    },
    Attack {
        name: "turn-allocations",
        what: "takes TURN allocations, as many as it gets, and asks for forbidden peers",
        kind: Kind::TurnAllocations,
        pattern: Pattern::Hold,
        needs_tls: true,
        max_rate: u32::MAX,
    },
];

impl Attack {
    /// All that can be tried on a server, which speaks TLS or does not.
    #[must_use]
    pub fn all(is_tls: bool) -> Vec<Self> {
        ATTACKS.into_iter().filter(|it| is_tls || !it.needs_tls).collect()
    }

    /// The attack of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        ATTACKS.into_iter().find(|it| it.name == name)
    }
}
