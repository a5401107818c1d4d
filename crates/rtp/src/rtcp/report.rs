//! Reports, and who is there.

use super::{take, take_u32};

/// Bytes of a report block.
pub(super) const BLOCK_LEN: usize = 24;

/// What a sender sent (RFC 3550, section 6.4.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SenderInfo {
    /// The stream that it is about.
    pub ssrc: u32,
    /// When the report was made, by the sender's clock: seconds in the upper 32 bits, since 1900
    /// if it is a wall clock; 1/2^32 s in the lower.
    pub ntp: u64,
    /// The same time in ticks of the stream's timestamps.
    pub rtp_ts: u32,
    /// Packets sent so far (modulo 2^32).
    pub packets: u32,
    /// Bytes of payload sent so far, without headers and padding (modulo 2^32).
    pub octets: u32,
}

/// A sender report: [`Packet::SenderReport`](super::Packet::SenderReport).
#[derive(Debug, Clone)]
pub struct SenderReport<'a> {
    /// What it sent.
    pub info: SenderInfo,
    /// How it receives others.
    pub reports: Reports<'a>,
}

/// A receiver report: [`Packet::ReceiverReport`](super::Packet::ReceiverReport).
#[derive(Debug, Clone)]
pub struct ReceiverReport<'a> {
    /// Who reports.
    pub ssrc: u32,
    /// How it receives others.
    pub reports: Reports<'a>,
}

/// How one stream is received (RFC 3550, section 6.4.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReportBlock {
    /// The stream that it is about.
    pub ssrc: u32,
    /// Share of packets lost since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Packets lost since the beginning; below zero when there were duplicates. 24 bits: what is
    /// beyond them is written as the nearest.
    pub cumulative_lost: i32,
    /// The highest sequence number received: cycles in its upper 16 bits.
    pub highest_seq: u32,
    /// Interarrival jitter in ticks of the stream's timestamps.
    pub jitter: u32,
    /// The middle 32 bits of [`SenderInfo::ntp`] of the last sender report; zero before one came.
    pub last_sr: u32,
    /// Time from that report's arrival to this one, in 1/65536 s.
    pub delay_since_last_sr: u32,
}

impl<'a> SenderReport<'a> {
    pub(super) fn parse(count: u8, mut body: &'a [u8]) -> Option<Self> {
        let info = SenderInfo {
            ssrc: take_u32(&mut body)?,
            ntp: take(&mut body).map(u64::from_be_bytes)?,
            rtp_ts: take_u32(&mut body)?,
            packets: take_u32(&mut body)?,
            octets: take_u32(&mut body)?,
        };
        Some(Self { info, reports: Reports::parse(count, body)? })
    }
}

impl<'a> ReceiverReport<'a> {
    pub(super) fn parse(count: u8, mut body: &'a [u8]) -> Option<Self> {
        let ssrc = take_u32(&mut body)?;
        Some(Self { ssrc, reports: Reports::parse(count, body)? })
    }
}

/// Iterates over report blocks.
#[derive(Debug, Clone)]
pub struct Reports<'a> {
    rest: &'a [u8],
}

impl<'a> Reports<'a> {
    /// What follows the blocks is an extension of a profile, and none of ours.
    fn parse(count: u8, body: &'a [u8]) -> Option<Self> {
        Some(Self { rest: body.get(..BLOCK_LEN * usize::from(count))? })
    }
}

impl Iterator for Reports<'_> {
    type Item = ReportBlock;

    fn next(&mut self) -> Option<Self::Item> {
        let ssrc = take_u32(&mut self.rest)?;
        let [fraction_lost, c0, c1, c2] = take(&mut self.rest)?;
        Some(ReportBlock {
            ssrc,
            fraction_lost,
            // 24 bits with a sign.
            cumulative_lost: i32::from_be_bytes([c0, c1, c2, 0]) >> 8,
            highest_seq: take_u32(&mut self.rest)?,
            jitter: take_u32(&mut self.rest)?,
            last_sr: take_u32(&mut self.rest)?,
            delay_since_last_sr: take_u32(&mut self.rest)?,
        })
    }
}

/// Who SSRCs are: [`Packet::Sdes`](super::Packet::Sdes).
#[derive(Debug, Clone)]
pub struct Sdes<'a> {
    /// What is said of them.
    pub items: SdesItems<'a>,
}

impl<'a> Sdes<'a> {
    pub(super) fn parse(count: u8, body: &'a [u8]) -> Self {
        Self { items: SdesItems { rest: body, chunks_left: count, ssrc: None } }
    }
}

/// One thing that is said of an SSRC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SdesItem<'a> {
    /// Of whom.
    pub ssrc: u32,
    /// What: [`CNAME`](super::CNAME), or another of RFC 3550, section 12.2.
    pub kind: u8,
    /// What is said. It should be UTF-8.
    pub text: &'a [u8],
}

/// Iterates over what is said of all SSRCs of an SDES packet; ends where it is malformed.
#[derive(Debug, Clone)]
pub struct SdesItems<'a> {
    rest: &'a [u8],
    chunks_left: u8,
    ssrc: Option<u32>,
}

impl<'a> Iterator for SdesItems<'a> {
    type Item = SdesItem<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some(ssrc) = self.ssrc else {
                self.chunks_left = self.chunks_left.checked_sub(1)?;
                self.ssrc = Some(take_u32(&mut self.rest)?);
                continue;
            };
            let [kind] = take(&mut self.rest)?;
            if kind == 0 {
                // Zeros up to the next 32 bits: the packet ends on such a boundary.
                self.rest = self.rest.get(self.rest.len() % 4..)?;
                self.ssrc = None;
                continue;
            }
            let [len] = take(&mut self.rest)?;
            let (text, rest) = self.rest.split_at_checked(len.into())?;
            self.rest = rest;
            return Some(SdesItem { ssrc, kind, text });
        }
    }
}

/// SSRCs that are no more: [`Packet::Bye`](super::Packet::Bye).
#[derive(Debug, Clone)]
pub struct Bye<'a> {
    /// Which.
    pub ssrcs: Ssrcs<'a>,
}

impl<'a> Bye<'a> {
    pub(super) fn parse(count: u8, body: &'a [u8]) -> Option<Self> {
        Some(Self { ssrcs: Ssrcs::parse(count, body)? })
    }
}

/// Iterates over SSRCs.
#[derive(Debug, Clone)]
pub struct Ssrcs<'a> {
    rest: &'a [u8],
}

impl<'a> Ssrcs<'a> {
    pub(super) fn parse(count: u8, body: &'a [u8]) -> Option<Self> {
        Some(Self { rest: body.get(..4 * usize::from(count))? })
    }
}

impl Iterator for Ssrcs<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<Self::Item> {
        take_u32(&mut self.rest)
    }
}
