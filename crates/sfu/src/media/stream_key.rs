//! Identifies the streams of a publisher.

use media_api::Name;

/// The largest number of simulcast layers; browsers send up to 3.
pub(crate) const MAX_LAYERS: usize = 4;

/// Identifies the stream of a publisher that a packet belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StreamKey {
    /// The index of its media description in the offer, from 0.
    pub(crate) section: u8,
    /// The simulcast layer (RFC 8851).
    pub(crate) rid: Option<Name>,
    /// The synchronization source.
    pub(crate) ssrc: u32,
}

/// The rids of some of a room's layers.
pub(crate) type Rids = [Option<Name>; MAX_LAYERS];
