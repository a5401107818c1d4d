//! Which stream of a publisher something belongs to.

use crate::media::name::Name;

/// How many simulcast layers are kept; browsers send up to 3.
pub(crate) const MAX_LAYERS: usize = 4;

/// Which stream of a publisher a packet belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StreamKey {
    /// The place of its media description in the offer, from 0 on.
    pub(crate) section: u8,
    /// The simulcast layer (RFC 8851).
    pub(crate) rid: Option<Name>,
    /// The synchronization source.
    pub(crate) ssrc: u32,
}

/// Some of a room's layers.
pub(crate) type Rids = [Option<Name>; MAX_LAYERS];
