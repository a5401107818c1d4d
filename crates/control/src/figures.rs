//! What the control plane counts and lists for the operator.

use media_api::{PeerId, Reason, RoomId};
use protocol::{ErrorCode, Finding, LiveState, RoomName};

/// Bounds of the classes of [`Figures::connected_in`], in milliseconds; the last class is above them all.
pub const CONNECT_MS: [u64; 8] = [100, 200, 300, 500, 1_000, 2_000, 5_000, 10_000];

/// Durations by class, as a Prometheus histogram has them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Durations {
    /// How many there were in each class.
    pub classes: [u64; CONNECT_MS.len() + 1],
    /// Their sum, in milliseconds.
    pub sum_ms: u64,
}

impl Durations {
    pub(crate) fn note(&mut self, ms: u64) {
        let class = CONNECT_MS.iter().position(|it| ms <= *it).unwrap_or(CONNECT_MS.len());
        if let Some(n) = self.classes.get_mut(class) {
            *n += 1;
        }
        self.sum_ms += ms;
    }
}

/// By which door a session came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entrance {
    /// `/ws`.
    Ws,
    /// WHIP.
    Whip,
    /// WHEP.
    Whep,
}

impl Entrance {
    /// All, in the order of [`Figures::joins`].
    pub const ALL: [Self; 3] = [Self::Ws, Self::Whip, Self::Whep];

    /// A word for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ws => "ws",
            Self::Whip => "whip",
            Self::Whep => "whep",
        }
    }
}

/// What a session is in its room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// It publishes, or may.
    Host,
    /// It is on stage.
    Guest,
    /// It watches.
    Fan,
}

impl Part {
    /// A word for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Guest => "guest",
            Self::Fan => "fan",
        }
    }
}

/// How far a session has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stand {
    /// It has no media connection.
    Idle,
    /// Its media connection is being set up.
    Connecting,
    /// Its media connection is up.
    Connected,
    /// Its client is gone, and may come back.
    Away,
}

impl Stand {
    /// A word for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Away => "away",
        }
    }
}

/// Counters of a hub. They begin at 0 with the process and only rise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts {
    hosts: [u64; Entrance::ALL.len()],
    viewers: [u64; Entrance::ALL.len()],
    connected_in: Durations,
    refusals: [u64; ErrorCode::ALL.len()],
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            hosts: [0; Entrance::ALL.len()],
            viewers: [0; Entrance::ALL.len()],
            connected_in: Durations::default(),
            refusals: [0; ErrorCode::ALL.len()],
        }
    }
}

impl Counts {
    /// A host, or a guest, publishes.
    pub(crate) fn published(&mut self, by: Entrance) {
        self.hosts[by as usize] += 1;
    }

    /// A viewer is connected, so many milliseconds after it was asked for.
    pub(crate) fn watches(&mut self, by: Entrance, after_ms: u64) {
        self.viewers[by as usize] += 1;
        self.connected_in.note(after_ms);
    }

    /// A message of a WebSocket was refused.
    pub(crate) fn refused(&mut self, code: ErrorCode) {
        if let Some(at) = ErrorCode::ALL.iter().position(|it| *it == code)
            && let Some(n) = self.refusals.get_mut(at)
        {
            *n += 1;
        }
    }

    pub(crate) fn figures(&self, rooms: Vec<RoomCounts>) -> Figures {
        let joins =
            Entrance::ALL.map(|by| (by, self.hosts[by as usize], self.viewers[by as usize]));
        let refusals = ErrorCode::ALL.into_iter().zip(self.refusals);
        Figures {
            joins,
            connected_in: self.connected_in,
            refusals: refusals.filter(|(_, n)| *n > 0).collect(),
            rooms,
        }
    }
}

/// What the control plane counts.
#[derive(Debug, Clone)]
pub struct Figures {
    /// Publishers that were taken and viewers that connected, by door.
    pub joins: [(Entrance, u64, u64); Entrance::ALL.len()],
    /// How long viewers took from being asked for to being connected.
    pub connected_in: Durations,
    /// Messages of WebSockets that were refused, by code; codes that never were are left out. Refused requests of HTTP are
    /// counted by the door.
    pub refusals: Vec<(ErrorCode, u64)>,
    /// All rooms with anybody in them, in no order.
    pub rooms: Vec<RoomCounts>,
}

/// A room as it is now.
#[derive(Debug, Clone)]
pub struct RoomCounts {
    /// As the media plane knows it.
    pub id: RoomId,
    /// Its name.
    pub name: RoomName,
    /// Whether somebody is live.
    pub live: LiveState,
    /// Since when, in milliseconds since the Unix epoch.
    pub since: Option<f64>,
    /// Connected viewers.
    pub viewers: u32,
    /// The most of them in this broadcast.
    pub peak: u32,
    /// Viewers that connected since the room was made.
    pub joins: u64,
    /// How many sessions there are of each kind.
    pub sessions: Vec<((Entrance, Part, Stand), u32)>,
    /// How many viewers are sent each layer: its name, `whole` without simulcast, `none` without a picture.
    pub layers: Vec<(String, u32)>,
    /// What fans said of their latency lately: the median and the worst, in milliseconds.
    pub latency_ms: Option<(f64, f64)>,
    /// What is found, and since when, in milliseconds since the Unix epoch.
    pub findings: Vec<(Finding, f64)>,
}

/// A session as it is now.
#[derive(Debug, Clone)]
pub struct SessionFigures {
    /// Names it, for [`crate::Input::Kick`].
    pub id: u64,
    /// By which door it came.
    pub door: Entrance,
    /// What it is in the room.
    pub part: Part,
    /// How far it has come.
    pub stand: Stand,
    /// How its person is called.
    pub name: Option<String>,
    /// Its network.
    pub network: String,
    /// When it came, in milliseconds since the Unix epoch.
    pub joined: f64,
    /// The layer that it is sent: see [`RoomCounts::layers`].
    pub layer: Option<String>,
    /// Why it is no better one.
    pub reason: Option<Reason>,
    /// Its connections as the media plane knows them: publishing, watching.
    pub peers: [Option<PeerId>; 2],
}

/// The sessions of one room.
#[derive(Debug, Clone)]
pub struct RoomSessions {
    /// As the media plane knows it.
    pub room: RoomId,
    /// Whether pictures stand still because of what the host sends.
    pub has_host_trouble: bool,
    /// In the order in which they came.
    pub sessions: Vec<SessionFigures>,
}
