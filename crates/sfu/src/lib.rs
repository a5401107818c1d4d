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
mod fleet;
mod h264;
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

pub use config::{Config, Egress, MAX_PUBLISH_PACKETS, PUBLISH_CEILING_KBPS};
pub use datagram::Datagram;
pub use fleet::{MAX_WORKERS, addressee, home_of, registrar_of};
pub use media_api::{
    CONNECT_TIMEOUT, CONSENT_TIMEOUT, Cap, CloseReason, Codec, Command, Event, Finding, LayerRate,
    MediaInfo, NegotiationError, PeerId, Preference, Reason, RoomId, STALL_AFTER,
};
pub use outbox::{Outbox, Transmit};
pub use parcel::Parcel;
pub use sfu::{Output, Sfu, Sizes};
