//! The sans-IO media core.
//!
//! Its inputs are time, datagrams and [`Command`]s; its outputs are datagrams, [`Event`]s and the
//! next deadline. It has no clock, socket, thread or lock, so that tests run it on a virtual clock.
//!
//! ```text
//! datagram ─► Demux ─► Publisher ─► Track ─► Layer's Ring ─┬─► Viewer ─► Egress ─► datagram
//!                                                          ├─► Viewer ─► Egress ─► datagram
//!                                      (one ring a layer)  └─► …        (one a viewer)
//! ```
//!
//! A server has one core, or several: then each runs in a thread of its own with a share of the peers,
//! and they exchange [`WorkerMessage`]s (see `workers.rs`).
//!
//! The contract of [`Sfu`]: change, then drain. After every call that takes `&mut self`, the caller
//! calls [`Sfu::poll_output`] until it returns [`Output::Timeout`].
//!
//! Deliberately absent: display names, rights and the signaling order (`control`); sockets, threads
//! and clocks (`engine`).

mod config;
mod core;
mod datagram;
mod egress;
mod ingress;
mod media;
mod room;
#[cfg(test)]
mod testing;
mod transport;
mod viewer;
mod workers;

pub use crate::config::{Config, MAX_PUBLISH_PACKETS, PUBLISH_CEILING_KBPS};
pub use crate::core::outbox::{Outbox, Transmit};
pub use crate::core::sfu::streams::worker_of_check;
pub use crate::core::sfu::{Output, Sfu, Sizes};
pub use crate::core::ufrag::MAX_WORKERS;
pub use crate::datagram::{Datagram, RemoteAddr, StreamId};
pub use crate::workers::message::WorkerMessage;
pub use crate::workers::{addressee, home_of, registrar_of};
pub use media_api::{
    CONNECT_TIMEOUT, CONSENT_TIMEOUT, Cap, Cast, CloseReason, Codec, Command, CoreFigures, Egress,
    Event, Finding, Ingress, LATE_AFTER, LayerRate, MediaInfo, NegotiationError, PastChunk,
    PastOrder, PeerId, Preference, QUIET_AFTER, Reason, RoomId, STALL_AFTER, Seat, Shown, TURN_US,
    Tap, TapPacket, WorkerFigures,
};
