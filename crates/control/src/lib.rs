//! The control plane: rooms, sessions, rights, and what is asked of the media plane.
//!
//! [`Hub`] is a state machine without clock, socket or thread. It takes an [`Input`] with the time and
//! leaves [`Effect`]s to carry out. WebSocket, WHIP and WHEP are three clients of it: a page speaks in
//! [`protocol::ClientFrame`]s, a program in typed [`Request`]s, and both end in the same methods of a room.
//!
//! ```text
//! door ──► Admission (rate, places) ──► Hub ──► Room ──► Effect ──► door, media plane
//! ```
//!
//! | file | what |
//! | --- | --- |
//! | `api.rs` | inputs, requests, replies, effects |
//! | `admission.rs` | how many sessions and peers, in all and by network |
//! | `hub.rs`, `hub/` | routes inputs to rooms; sockets opened, resumed and closed |
//! | `room.rs`, `room/` | one room as a state machine: its members, its broadcast, its viewers |
//! | `session.rs` | one member of a room |
//! | `config.rs` | what the operator sets |
//! | `context.rs`, `directory.rs`, `timers.rs` | what rooms share: ids, effects, deadlines, who is where |
//! | `figures.rs` | what is counted and listed for the operator |
//! | `saved.rs`, `kept.rs` | what of a room is saved; rooms without anybody in them |
//! | `happened.rs`, `record.rs` | what happens in rooms, for the operator's programs; the record of a broadcast |
//! | `lines.rs` | what was said before somebody came, serialised once |
//! | `half_open.rs` | which viewer gives way when there is no place left |
//! | `refusal.rs`, `why.rs` | why something is refused, in words; why somebody left, in a word |
//! | `sdp_summary.rs` | the few facts of a description that decide who publishes |
//! | `ice_servers.rs` | STUN and TURN servers, with credentials that expire |
//! | `limits.rs` | every bound of this crate |
//! | `fuzz.rs`, `fuzz/` | what must hold whatever clients and the media plane do |
//!
//! `docs/protocol.md` is the contract that this implements.

mod admission;
mod api;
mod config;
mod context;
mod directory;
mod figures;
#[doc(hidden)]
pub mod fuzz;
mod half_open;
mod happened;
mod hub;
mod ice_servers;
mod kept;
pub mod limits;
mod lines;
mod record;
mod refusal;
mod room;
mod saved;
pub mod sdp_summary;
mod session;
mod timers;
mod why;

#[cfg(test)]
mod tests;

pub use admission::{Admission, Capacity, Door, PeersInUse, SessionPlace, SocketPlace};
pub use api::{
    ClientId, Effect, Input, Join, Notice, Now, RecordedChat, Reply, Request, RequestId, Rewind,
    Seen,
};
pub use config::{Config, HostCodec};
pub use figures::{
    CONNECT_MS, Durations, Entrance, Figures, Part, RoomCounts, RoomSessions, SessionFigures, Stand,
};
pub use happened::{Happened, RoomEvent, VIEWER_STEPS};
pub use hub::Hub;
pub use ice_servers::{IceServerConfig, TurnSecret};
pub use lines::Lines;
pub use record::{
    BroadcastRecord, Faults, FindingAt, Freezes, Interruption, LatencyFigures, LayerShare, Point,
};
pub use refusal::Refusal;
pub use saved::SavedRoom;
