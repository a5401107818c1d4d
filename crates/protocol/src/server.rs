//! What the server says to a page. A client that never sent `hello` is sent only `offer`, `answer`
//! and `error`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ErrorCode, Finding, Pc, Role, RoomState};

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
        /// `replaced`, `draining` or `left`.
        reason: String,
        /// After how many milliseconds to come back; absent: do not.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_ms: Option<u32>,
    },
}

/// Who the server takes a page for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SelfInfo {
    /// Names this socket in the server's log.
    pub id: String,
    /// Its role.
    pub role: Role,
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
