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
pub const ATTACKS: [Attack; 10] = [
    Attack {
        name: "hello-reset",
        what: "says hello as a fan of one room, then resets the connection, again and again",
        kind: Kind::HelloReset,
        pattern: Pattern::Repeat,
        max_rate: u32::MAX,
    },
    Attack {
        name: "rooms",
        what: "says hello in ever new rooms with long secrets, then resets the connection",
        kind: Kind::Rooms,
        pattern: Pattern::Repeat,
        max_rate: u32::MAX,
    },
    Attack {
        name: "unread-get",
        what: "requests the largest script of the page and reads nothing",
        kind: Kind::UnreadGet,
        pattern: Pattern::Hold,
        max_rate: u32::MAX,
    },
    Attack {
        name: "half-head",
        what: "sends the head of a request that never ends",
        kind: Kind::HalfHead,
        pattern: Pattern::Hold,
        max_rate: u32::MAX,
    },
    Attack {
        name: "half-body",
        what: "posts to WHIP and WHEP and never sends the body it announced",
        kind: Kind::HalfBody,
        pattern: Pattern::Hold,
        max_rate: u32::MAX,
    },
    Attack {
        name: "idle",
        what: "makes one request and keeps the connection",
        kind: Kind::Idle,
        pattern: Pattern::Hold,
        max_rate: u32::MAX,
    },
    Attack {
        name: "idle-sockets",
        what: "opens WebSockets and says nothing on them",
        kind: Kind::IdleSockets,
        pattern: Pattern::Hold,
        max_rate: u32::MAX,
    },
    Attack {
        name: "viewers",
        what: "connects viewers, resets their sockets and keeps their ICE alive",
        kind: Kind::Viewers,
        pattern: Pattern::Hold,
        max_rate: 200,
    },
    Attack {
        name: "keys",
        what: "guesses the publishing key on /ws and WHIP, from many addresses of an IPv6 /64",
        kind: Kind::Keys,
        pattern: Pattern::Repeat,
        max_rate: u32::MAX,
    },
    Attack {
        name: "log",
        what: "does whatever the server writes to its log",
        kind: Kind::Log,
        pattern: Pattern::Repeat,
        max_rate: u32::MAX,
    },
];

impl Attack {
    /// The attack of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        ATTACKS.into_iter().find(|it| it.name == name)
    }
}
