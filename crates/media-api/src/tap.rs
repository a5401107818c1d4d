//! Packets of a room for who stores or packages them: a recorder, a packager of HLS, a maker of thumbnails.

use std::sync::Arc;
use std::time::Instant;

use crate::{Codec, Name, RoomId, Seat};

/// What a room's tap gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tap {
    /// What the publishers send anyway, for who is content with any layer.
    Passing,
    /// The best layer of the host for certain, though nobody watches it.
    Best,
    /// All layers of the host.
    All,
}

/// One RTP packet of a publisher that is on air, in the order of arrival: a packet that was lost and sent again comes
/// late. Sequence numbers have no gaps but for what is lost; timestamps go on when the publisher's clock jumps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TapPacket {
    /// The room.
    pub room: RoomId,
    /// The host, or which guest.
    pub seat: Seat,
    /// The publisher's stream. Another one begins another sequence and another clock.
    pub ssrc: u32,
    /// The simulcast layer (RFC 8851).
    pub rid: Option<Name>,
    /// The codec.
    pub codec: Codec,
    /// The extended sequence number.
    pub seq: u64,
    /// The RTP timestamp; [`crate::MediaKind::clock_rate`] ticks a second.
    pub ts: u32,
    /// The marker bit: for video, the last packet of a frame.
    pub marker: bool,
    /// Whether decoding can begin with this packet's frame.
    pub is_keyframe: bool,
    /// The rotation of the picture (3GPP TS 26.114, section 7.4.5), where the packet says it.
    pub orientation: Option<u8>,
    /// When it was captured, by our clock; without sender reports, when it would have arrived with the shortest delay.
    pub captured: Instant,
    /// When it arrived.
    pub arrived: Instant,
    /// The RTP payload, shared with the room.
    pub payload: Arc<[u8]>,
}
