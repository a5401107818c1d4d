//! What a receiver asks for, and what it thinks of its path.

use super::report::Ssrcs;
use super::{take, take_u16, take_u32};

/// A picture that cannot be decoded: [`Packet::Pli`](super::Packet::Pli).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pli {
    /// Who asks.
    pub sender_ssrc: u32,
    /// Whose picture.
    pub media_ssrc: u32,
}

impl Pli {
    pub(super) fn parse(mut body: &[u8]) -> Option<Self> {
        Some(Self { sender_ssrc: take_u32(&mut body)?, media_ssrc: take_u32(&mut body)? })
    }
}

/// Packets that are missing: [`Packet::Nack`](super::Packet::Nack).
#[derive(Debug, Clone)]
pub struct Nack<'a> {
    /// Who misses them.
    pub sender_ssrc: u32,
    /// Whose packets.
    pub media_ssrc: u32,
    entries: &'a [u8],
}

impl<'a> Nack<'a> {
    pub(super) fn parse(mut body: &'a [u8]) -> Option<Self> {
        let sender_ssrc = take_u32(&mut body)?;
        let media_ssrc = take_u32(&mut body)?;
        Some(Self { sender_ssrc, media_ssrc, entries: body })
    }

    /// The missing sequence numbers, as they are listed: a peer may repeat one. At most 17 for
    /// four bytes.
    pub fn seqs(&self) -> NackSeqs<'a> {
        NackSeqs { rest: self.entries, next: 0, following: 0 }
    }
}

/// Iterates over missing sequence numbers.
#[derive(Debug, Clone)]
pub struct NackSeqs<'a> {
    rest: &'a [u8],
    next: u16,
    /// Which of the numbers from `next` on are missing too, lowest bit first.
    following: u16,
}

impl Iterator for NackSeqs<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<Self::Item> {
        if self.following == 0 {
            let seq = take_u16(&mut self.rest)?;
            self.following = take_u16(&mut self.rest)?;
            self.next = seq.wrapping_add(1);
            return Some(seq);
        }
        let skipped = self.following.trailing_zeros() as u16;
        let seq = self.next.wrapping_add(skipped);
        // By one more than can be shifted at once, when the last bit is the only one.
        self.following = (self.following >> skipped) >> 1;
        self.next = seq.wrapping_add(1);
        Some(seq)
    }
}

/// Keyframes that are asked for: [`Packet::Fir`](super::Packet::Fir).
#[derive(Debug, Clone)]
pub struct Fir<'a> {
    /// Who asks.
    pub sender_ssrc: u32,
    /// Of whom.
    pub entries: FirEntries<'a>,
}

/// A keyframe that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirEntry {
    /// Of whom.
    pub ssrc: u32,
    /// The number of the request; one that repeats the last is the same request.
    pub seq: u8,
}

impl<'a> Fir<'a> {
    pub(super) fn parse(mut body: &'a [u8]) -> Option<Self> {
        let sender_ssrc = take_u32(&mut body)?;
        // The media SSRC is not used (RFC 5104, section 4.3.1.2).
        take_u32(&mut body)?;
        Some(Self { sender_ssrc, entries: FirEntries { rest: body } })
    }
}

/// Iterates over the requests of one FIR packet.
#[derive(Debug, Clone)]
pub struct FirEntries<'a> {
    rest: &'a [u8],
}

impl Iterator for FirEntries<'_> {
    type Item = FirEntry;

    fn next(&mut self) -> Option<Self::Item> {
        let ssrc = take_u32(&mut self.rest)?;
        let [seq, _, _, _] = take(&mut self.rest)?;
        Some(FirEntry { ssrc, seq })
    }
}

/// What a receiver thinks that its path carries: [`Packet::Remb`](super::Packet::Remb).
#[derive(Debug, Clone)]
pub struct Remb<'a> {
    /// Who thinks so.
    pub sender_ssrc: u32,
    /// Bits a second, all streams together.
    pub bitrate: u64,
    /// The streams.
    pub ssrcs: Ssrcs<'a>,
}

impl<'a> Remb<'a> {
    pub(super) fn parse(mut body: &'a [u8]) -> Option<Self> {
        let sender_ssrc = take_u32(&mut body)?;
        // The media SSRC, always zero, and the name.
        take::<8>(&mut body)?;
        let [count, b0, b1, b2] = take(&mut body)?;
        let mantissa = u64::from(u32::from_be_bytes([0, b0 & 0x03, b1, b2]));
        let bitrate = mantissa.saturating_mul(1 << (b0 >> 2));
        Some(Self { sender_ssrc, bitrate, ssrcs: Ssrcs::parse(count, body)? })
    }
}
