//! Extended reports, as far as a receiver that sends nothing learns its round trip by them.

use super::take_u32;

/// Block type of a receiver's reference time (RFC 3611, section 4.4).
const REFERENCE_TIME: u8 = 4;

/// What a receiver says of itself: [`Packet::ExtendedReport`](super::Packet::ExtendedReport)
/// (RFC 3611, section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExtendedReport {
    /// Who reports.
    pub ssrc: u32,
    /// When, by its own clock, as an NTP timestamp: the middle 32 bits of it come back to it in
    /// [`write::delay_since_last_rr`](super::write::delay_since_last_rr). `None` when there is no such
    /// block; other blocks are passed over.
    pub reference_time: Option<u64>,
}

impl ExtendedReport {
    pub(super) fn parse(mut body: &[u8]) -> Option<Self> {
        let ssrc = take_u32(&mut body)?;
        let mut reference_time = None;
        while let Some((&[block_type, _, l0, l1], rest)) = body.split_first_chunk() {
            let len = 4 * usize::from(u16::from_be_bytes([l0, l1]));
            let (block, rest) = rest.split_at_checked(len)?;
            if block_type == REFERENCE_TIME {
                reference_time = block.first_chunk().map(|it| u64::from_be_bytes(*it));
            }
            body = rest;
        }
        Some(Self { ssrc, reference_time })
    }
}
