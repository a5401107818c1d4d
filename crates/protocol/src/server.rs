//! What the server says to a page. A client that never sent `hello` is sent only `offer`, `answer`
//! and `error`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    ChatItem, Desk, DisplayName, ErrorCode, Finding, Pc, Person, PersonId, ReactionCount, Role,
    RoomState, StageStep, Standing,
};

/// What the server says to a page, told apart by `type`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(optional_fields))]
pub enum ServerMessage {
    /// A session description to be answered. All candidates of the server are inside.
    Offer {
        /// The description (RFC 8866).
        sdp: String,
        /// Which peer connection; absent for a client without `hello`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pc: Option<Pc>,
        /// Counts the server's negotiations of this `pc`; the answer repeats it.
        #[serde(skip_serializing_if = "Option::is_none")]
        neg: Option<u32>,
    },
    /// The answer to the client's offer. All candidates of the server are inside.
    Answer {
        /// The description (RFC 8866).
        sdp: String,
        /// Which peer connection; absent for a client without `hello`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pc: Option<Pc>,
        /// The `neg` of the offer answered.
        #[serde(skip_serializing_if = "Option::is_none")]
        neg: Option<u32>,
    },
    /// The first message of the page profile.
    Welcome {
        /// The version spoken.
        v: u32,
        /// Who the server takes the page for.
        #[serde(rename = "self")]
        me: SelfInfo,
        /// The room as it is now.
        room: RoomState,
        /// A secret that lets a new socket take this one's place (see `hello.resume`).
        resume: String,
        /// Whether this socket took an earlier one's place, with its media.
        resumed: bool,
        /// For the browser's `RTCConfiguration`.
        ice_servers: Vec<IceServer>,
        /// The server's clock, in milliseconds since the Unix epoch.
        now: f64,
        /// What the client must keep to.
        limits: Limits,
    },
    /// The whole state of the room; sent when any of it changes.
    State(RoomState),
    /// How many are watching; at most once a second, and only on change.
    Viewers {
        /// Viewers whose media transport is connected.
        n: u32,
        /// The most there were at once in this broadcast.
        peak: u32,
    },
    /// To a fan: what it is sent of the picture now, and why; on change, at most twice a second.
    LayerNow {
        /// Whether a picture is sent at all; sound is.
        on: bool,
        /// The layer's name; absent without a picture or without simulcast.
        #[serde(skip_serializing_if = "Option::is_none")]
        rid: Option<String>,
        /// How wide the host says it is, in pixels.
        #[serde(skip_serializing_if = "Option::is_none")]
        w: Option<u16>,
        /// How high the host says it is, in pixels.
        #[serde(skip_serializing_if = "Option::is_none")]
        h: Option<u16>,
        /// Whether the fan left the choice to the server.
        auto: bool,
        /// Why it is no better one.
        reason: LayerReason,
    },
    /// To a host whose `caps` say that it pauses: the layers that it need not send now, since nobody
    /// watches them. All others are wanted.
    Layers {
        /// Their names; empty: all are wanted.
        paused: Vec<String>,
    },
    /// To a host: what is wrong with what it sends, all of it, on change.
    Findings {
        /// Each at most once; empty: nothing any more.
        findings: Vec<Finding>,
    },
    /// The answer to `ping`.
    Pong {
        /// The `t` of the ping.
        t: f64,
        /// The server's clock, in milliseconds since the Unix epoch.
        now: f64,
    },
    /// To a fan: the picture whose RTP timestamp is `rtp`, in the numbering of this fan's connection, was captured at
    /// `wall`. When that is known, and when it has moved by more than 5 ms.
    Clock {
        /// An RTP timestamp of the picture, or of the sound where there is no picture.
        rtp: u32,
        /// Its ticks a second.
        rate: u32,
        /// When it was captured, by the server's clock, in milliseconds since the Unix epoch.
        wall: f64,
    },
    /// To a host: how far behind the capture its fans see the picture, about every 5 s.
    Latency {
        /// The median, in milliseconds.
        median_ms: f64,
        /// The worst of them.
        worst_ms: f64,
        /// How many fans told theirs in the last 30 s.
        n: u32,
    },
    /// To a fan that goes back in the broadcast: what it sees from now on.
    Rewound {
        /// When what it sees was live, in milliseconds since the Unix epoch; none: it sees what is live.
        at: Option<f64>,
    },
    /// What the server takes the person for, when that changes.
    You(SelfInfo),
    /// Lines of the chat, oldest first; those of a tenth of a second together.
    Chats {
        /// The lines.
        items: Vec<ChatItem>,
        /// How many lines were left out, since there were more than can be read.
        #[serde(default, skip_serializing_if = "is_zero")]
        #[cfg_attr(feature = "typescript", ts(optional, as = "Option<u32>"))]
        skipped: u32,
        /// Whether these are the lines from before the page came: they take the place of all that it has.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[cfg_attr(feature = "typescript", ts(optional, as = "Option<bool>"))]
        history: bool,
    },
    /// To who said something: it was taken. The line itself comes in `chats`, to it as to all.
    Sent {
        /// The line.
        item: ChatItem,
        /// The `id` of the message.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional, type = "string | number"))]
        re: Option<Value>,
    },
    /// Lines were taken away.
    ChatRemoved {
        /// Which.
        #[cfg_attr(feature = "typescript", ts(type = "Array<number>"))]
        mids: Vec<u64>,
        /// All lines of this person.
        #[serde(skip_serializing_if = "Option::is_none")]
        uid: Option<PersonId>,
    },
    /// Likes and gestures since the last time; at most once a second.
    Likes {
        /// All likes of this broadcast.
        total: u32,
        /// Those that came since.
        delta: u32,
        /// Gestures that came since.
        reactions: Vec<ReactionCount>,
    },
    /// To hosts and moderators that asked: what only they see; on change, at most once a second.
    Desk(Desk),
    /// To the host and moderators: who wants to come on stage, in the order in which they asked.
    StageQueue {
        /// Who.
        people: Vec<Person>,
    },
    /// Where the person itself stands on its way to the stage.
    Stage {
        /// Where.
        step: StageStep,
    },
    /// Who speaks now, when that changes; absent: nobody, or the host.
    Speaker {
        /// Which guest.
        #[serde(skip_serializing_if = "Option::is_none")]
        uid: Option<PersonId>,
    },
    /// Something went wrong.
    Error {
        /// For a program.
        code: ErrorCode,
        /// For a person, in English.
        message: String,
        /// The `id` of the message that caused it.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional, type = "string | number"))]
        re: Option<Value>,
        /// Whether the server closes the socket now.
        fatal: bool,
        /// After how many milliseconds another try makes sense.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_ms: Option<u32>,
        /// What exactly, such as the codec that is missing.
        #[serde(skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
    /// The last message before the server closes the socket.
    Bye {
        /// `replaced`, `draining`, `banned` or `left`.
        reason: String,
        /// After how many milliseconds to come back; absent: do not.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_ms: Option<u32>,
    },
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// Who the server takes a page for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(optional_fields))]
pub struct SelfInfo {
    /// Names this socket in the server's log.
    pub id: String,
    /// Its role.
    pub role: Role,
    /// Names the person in this room.
    pub uid: PersonId,
    /// How the person is called; absent until it has said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<DisplayName>,
    /// What the person may do.
    pub standing: Standing,
    /// Until when the person may not write, in milliseconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<f64>,
    /// Whether the page was opened by the invitation link.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<bool>"))]
    pub invited: bool,
}

/// A STUN or TURN server, as `RTCIceServer`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(optional_fields))]
pub struct IceServer {
    /// Its addresses.
    pub urls: Vec<String>,
    /// For TURN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// For TURN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

impl std::fmt::Debug for IceServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the rest: the credential is in it.
        f.debug_struct("IceServer").field("urls", &self.urls).finish_non_exhaustive()
    }
}

/// What a client must keep to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Limits {
    /// The largest session description, in bytes.
    pub sdp_bytes: u32,
    /// Messages a second, in the long run.
    pub messages_per_second: u32,
}

/// Why a fan is sent no better layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum LayerReason {
    /// It wants no better one.
    User,
    /// Its network carries no better one.
    Bandwidth,
    /// The host sends no better one.
    Host,
    /// Nobody sees its page.
    Hidden,
}
