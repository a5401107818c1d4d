//! What happens to media: the sans-IO core.
//!
//! In come time, datagrams and [`Command`]s; out come datagrams, [`Event`]s and the time of the
//! next deadline. There is no clock, socket, thread or lock in here, so that everything about media
//! is tested on a virtual clock.
//!
//! ```text
//! datagram ─► Demux ─► Publisher ─► Track ─► Layer's Ring ─┬─► Viewer ─► Egress ─► datagram
//!                                                          ├─► Viewer ─► Egress ─► datagram
//!                                      (one ring a layer)  └─► …        (one a viewer)
//! ```
//!
//! One core has a whole server, or a share of it: then each has a thread, and they exchange
//! [`WorkerMessage`]s (`workers.rs` says who has what).
//!
//! The law of [`Sfu`]: change, then drain. After every call that takes `&mut self`,
//! [`Sfu::poll_output`] is called until it yields [`Output::Timeout`].
//!
//! Deliberately absent: names that people see, rights, and who offers when (`server`); sockets,
//! threads and clocks (`engine`).

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
pub use crate::core::sfu::{Output, Sfu, Sizes};
pub use crate::core::ufrag::MAX_WORKERS;
pub use crate::datagram::Datagram;
pub use crate::workers::message::WorkerMessage;
pub use crate::workers::{addressee, home_of, registrar_of};
pub use media_api::{
    CONNECT_TIMEOUT, CONSENT_TIMEOUT, Cap, CloseReason, Codec, Command, Event, Finding, LayerRate,
    MediaInfo, NegotiationError, PeerId, Preference, QUIET_AFTER, Reason, RoomId, STALL_AFTER,
};
