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
//! [`Parcel`]s (`fleet.rs` says who has what).
//!
//! The law of [`Sfu`]: change, then drain. After every call that takes `&mut self`,
//! [`Sfu::poll_output`] is called until it yields [`Output::Timeout`].
//!
//! Deliberately absent: names that people see, rights, and who offers when (`server`); sockets,
//! threads and clocks (`engine`).

mod budget;
mod bwe;
mod clock;
mod config;
mod datagram;
mod demand;
mod demux;
mod dependency;
mod dtls;
mod egress;
mod elements;
mod event;
mod finding;
mod fleet;
mod h264;
mod id;
mod ingest;
mod keyframe;
mod layer;
mod outbox;
mod pacer;
mod parcel;
mod point;
mod publisher;
mod rates;
mod rewrite;
mod ring;
mod room;
mod rtp;
mod sdp;
mod sent;
mod session;
mod sfu;
mod shortage;
#[cfg(test)]
mod testing;
mod thinning;
mod timers;
mod track;
mod ufrags;
mod viewer;
mod vp8;
mod vp9;
mod whereabouts;

use std::time::Duration;

pub use config::{Config, Egress};
pub use datagram::Datagram;
pub use event::{
    Cap, CloseReason, Codec, Command, Event, LayerRate, MediaInfo, NegotiationError, Preference,
    Reason,
};
pub use finding::Finding;
pub use fleet::{MAX_WORKERS, addressee, home_of, registrar_of};
pub use id::{PeerId, RoomId};
pub use outbox::{Outbox, Transmit};
pub use parcel::Parcel;
pub use sfu::{Output, Sfu, Sizes};

/// How long a publisher may be silent before its broadcast counts as interrupted. Discontinuous
/// transmission and camera changes are silent for less; a viewer has noticed long before.
pub const STALL_AFTER: Duration = Duration::from_secs(5);

/// How long a peer has from its answer to being connected. A browser gives up after 15 s itself.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a peer lives without a connectivity check (RFC 7675, section 5.1).
pub const CONSENT_TIMEOUT: Duration = Duration::from_secs(30);
