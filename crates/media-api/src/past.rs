//! The past of a room, as a viewer is sent it in the place of what is live.

use std::sync::Arc;

use crate::TapPacket;

/// The speed of a viewer that catches up, in percent.
pub const CATCH_UP_PERCENT: u16 = 110;

/// A piece of the past of a room: what was kept of its tap, in the order of arrival.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastChunk {
    /// The packets of one layer of the picture, and of the sound.
    pub packets: Vec<TapPacket>,
    /// Whether nothing more is kept for now: it ends where the room is live.
    pub is_edge: bool,
}

/// What a viewer is sent of the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PastOrder {
    /// From this piece on, in the place of what it is sent now. It begins with a keyframe.
    Begin(Arc<PastChunk>),
    /// The piece that follows, which was asked for.
    More(Arc<PastChunk>),
    /// So fast, in percent: 100 to [`CATCH_UP_PERCENT`].
    Speed(u16),
    /// Nothing, until it begins anew.
    Pause,
    /// What is live again.
    End,
}
