//! Which stream of a publisher something belongs to.

use str0m::media::{Mid, Rid};

/// How many simulcast layers are kept; browsers send up to 3.
pub(crate) const MAX_LAYERS: usize = 4;

/// Which stream of a publisher a packet belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StreamKey {
    /// The media description.
    pub(crate) mid: Mid,
    /// The simulcast layer (RFC 8851).
    pub(crate) rid: Option<Rid>,
    /// The synchronization source.
    pub(crate) ssrc: u32,
}

/// Some of a room's layers.
pub(crate) type Rids = [Option<Rid>; MAX_LAYERS];
