//! The contract between the control plane and the media plane.
//!
//! The control plane sends a [`Command`]; the media plane reports an [`Event`]. Both name peers and
//! rooms by integers; names that people see, rights and credentials stay in the control plane.
//!
//! Absent on purpose: behaviour. The crate depends on no WebRTC, socket or crypto library, so that the
//! control plane builds and tests without them.

mod command;
mod error;
mod event;
mod figures;
mod finding;
mod id;
mod media;
mod name;
mod past;
mod preference;
mod seat;
mod tap;

use std::time::Duration;

pub use command::Command;
pub use error::{CloseReason, NegotiationError};
pub use event::Event;
pub use figures::{
    CoreFigures, ESTIMATE_KBPS, Egress, Ingress, LATE_AFTER, Links, PeerFigures, RoomFigures,
    TURN_US, WorkerFigures,
};
pub use finding::Finding;
pub use id::{PeerId, RoomId};
pub use media::{Codec, LayerRate, MediaInfo, MediaKind};
pub use name::{MAX_NAME, Name};
pub use past::{CATCH_UP_PERCENT, PastChunk, PastOrder};
pub use preference::{Cap, Preference, Reason};
pub use seat::{Cast, MAX_GUESTS, Seat, Shown};
pub use tap::{Tap, TapPacket};

/// How long a publisher is silent before viewers are told that it is not their network that stops. Slides without
/// sound are sent once a second.
pub const QUIET_AFTER: Duration = Duration::from_millis(1_500);

/// How long a publisher may be silent before its broadcast counts as interrupted. Discontinuous
/// transmission and camera changes are silent for less; a viewer has noticed long before.
pub const STALL_AFTER: Duration = Duration::from_secs(5);

/// How long a peer has from its answer to being connected. ICE and DTLS take a second or two where they work at all.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a peer lives without a connectivity check (RFC 7675, section 5.1).
pub const CONSENT_TIMEOUT: Duration = Duration::from_secs(30);
