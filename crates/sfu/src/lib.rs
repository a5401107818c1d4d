//! What happens to media: the sans-IO core.
mod event;
mod id;

use std::time::Duration;

pub use event::{CloseReason, Codec, Command, Event, MediaInfo, NegotiationError};
pub use id::{PeerId, RoomId};

/// How long a publisher may be silent before its broadcast counts as interrupted. Discontinuous
/// transmission and camera changes are silent for less; a viewer has noticed long before.
pub const STALL_AFTER: Duration = Duration::from_secs(5);

/// How long a peer has from its answer to being connected. A browser gives up after 15 s itself.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a peer lives without a connectivity check (RFC 7675, section 5.1: consent expires after 30 s).
pub const CONSENT_TIMEOUT: Duration = Duration::from_secs(30);
