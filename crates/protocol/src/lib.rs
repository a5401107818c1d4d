//! What is said between the server and the pages: wire types, and nothing else.
//!
//! `docs/protocol.md` is the normative text. One JSON object stands in each WebSocket text frame.
//!
//! | direction | type | file |
//! | --- | --- | --- |
//! | page to server | [`ClientFrame`], [`ClientMessage`] | `client.rs` |
//! | server to page | [`ServerMessage`] | `server.rs` |
//! | HTTP API | [`RoomSummary`], [`RoomInfo`], [`Addresses`] | `api.rs` |
//! | HTTP API | [`DoctorReport`], [`DeviceReport`], [`DoctorTicket`] | `doctor.rs` |
//! | HTTP API | [`OEmbed`] | `oembed.rs` |
//! | server to page, HTTP API | [`Finding`] | `finding.rs` |
//! | both | [`ErrorCode`], [`CloseCode`] | `error.rs` |
//! | both | [`RoomState`], [`Role`], [`Pc`] | `room.rs` |
//! | both | [`ChatItem`], [`Person`], [`ChatRules`] | `chat.rs` |
//! | both | [`Moderation`], [`Desk`] | `moderation.rs` |
//! | both | [`Stage`], [`StageAction`] | `stage.rs` |
//! | both | [`RoomName`], [`DisplayName`], [`LayerName`] | `name.rs` |
//! | | what must hold for any bytes of a client | `fuzz.rs` |
//!
//! Deliberately absent: behaviour. Who may say what, and when, is `control`.

mod api;
mod chat;
mod client;
mod doctor;
mod error;
mod finding;
#[doc(hidden)]
pub mod fuzz;
mod moderation;
mod name;
mod oembed;
mod room;
mod server;
mod stage;
#[cfg(feature = "typescript")]
mod typescript;

pub use api::{Addresses, RoomInfo, RoomSummary, Still};
pub use chat::{
    ChatColor, ChatItem, ChatMode, ChatRules, ChatStyle, ChatText, InvalidPersonId, InvalidText,
    NoticeText, Person, PersonId, PlainText, ReactionCount, ReactionKind, Standing, Title,
};
pub use client::{Caps, ClientFrame, ClientMessage, IceCandidate, MaybeText, ParseError};
pub use doctor::{
    DeviceReport, DoctorFinding, DoctorLevel, DoctorPath, DoctorReport, DoctorTicket, PathResult,
    PathState, Words,
};
pub use error::{CloseCode, ErrorBody, ErrorCode};
pub use finding::{Finding, FindingCode};
pub use moderation::{Banned, Deed, Desk, Flagged, Moderation, Present};
pub use name::{DisplayName, InvalidName, LayerName, RoomName};
pub use oembed::OEmbed;
pub use room::{AudioState, HostInfo, Kept, LayerSize, LiveState, Pc, Role, RoomState, VideoState};
pub use server::{IceServer, LayerReason, Limits, SelfInfo, ServerMessage};
pub use stage::{Guest, MAX_GUESTS, Stage, StageAction, StageLayout, StageStep};
#[cfg(feature = "typescript")]
pub use typescript::declarations;

/// The version of the page profile that `hello` and `welcome` carry in `v`.
pub const PROTOCOL_VERSION: u32 = 1;

/// The largest text frame a client may send, in bytes; longer ones close the socket with 1009.
pub const MAX_FRAME_BYTES: usize = 64 * 1024;

/// The largest session description, in bytes. A browser's offer with every codec is 5 to 15 kB.
pub const MAX_SDP_BYTES: usize = 48 * 1024;

/// The largest message that carries no session description, in bytes.
pub const MAX_SMALL_MESSAGE_BYTES: usize = 4 * 1024;

/// The largest `room_set`, in bytes: it has a list of words.
pub const MAX_ROOM_SET_BYTES: usize = 32 * 1024;

/// The most simulcast layers of a picture; browsers send up to 3.
pub const MAX_LAYERS: usize = 4;

/// The deepest nesting of a message. The deepest we define is 3.
pub const MAX_JSON_DEPTH: usize = 8;
