//! Transport-wide congestion control feedback
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01): which packets of a session arrived when.

use super::{take, take_u16, take_u32};

/// What stands at the head of a feedback packet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FeedbackInfo {
    /// Who received the packets.
    pub sender_ssrc: u32,
    /// A stream of whom they are from.
    pub media_ssrc: u32,
    /// The transport-wide sequence number of the first packet that is reported on.
    pub base_seq: u16,
    /// What the first delta counts from, by the receiver's clock: 24 bits, in units of 64 ms.
    pub reference_time: u32,
    /// Counts the feedback packets, so that a lost one is noticed.
    pub feedback_count: u8,
}

/// When packets arrived: [`Packet::TransportFeedback`](super::Packet::TransportFeedback).
#[derive(Debug, Clone)]
pub struct TransportFeedback<'a> {
    /// What stands at its head.
    pub info: FeedbackInfo,
    /// How many packets it reports on, those that did not arrive included. A few bytes can say
    /// 65535 of them: compare it with what was sent before going through them.
    pub status_count: u16,
    chunks: &'a [u8],
    deltas: &'a [u8],
}

/// What a chunk says of one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Symbol {
    NotReceived = 0,
    /// Received, with a delta of one byte.
    Small = 1,
    /// Received, with a delta of two bytes and a sign.
    Large = 2,
}

/// What is said of a run of packets, in 16 bits.
#[derive(Debug, Clone, Copy)]
enum Chunk {
    /// The same of all.
    Run { symbol: u8, left: u16 },
    /// One or two bits of each, highest first; those that were read are shifted out.
    Vector { bits: u16, width: u8, left: u16 },
}

impl Symbol {
    fn of(bits: u8) -> Option<Self> {
        Some(match bits {
            0 => Self::NotReceived,
            1 => Self::Small,
            2 => Self::Large,
            _ => return None,
        })
    }

    /// Bytes of the delta.
    pub(super) fn delta_len(self) -> usize {
        match self {
            Self::NotReceived => 0,
            Self::Small => 1,
            Self::Large => 2,
        }
    }
}

impl Chunk {
    fn parse(word: u16) -> Self {
        if word & 0x8000 == 0 {
            Self::Run { symbol: (word >> 13) as u8, left: word & 0x1FFF }
        } else if word & 0x4000 == 0 {
            Self::Vector { bits: word << 2, width: 1, left: 14 }
        } else {
            Self::Vector { bits: word << 2, width: 2, left: 7 }
        }
    }

    /// How many packets, of at most `left`, it tells of, and the bytes of their deltas; `None`
    /// when there is a symbol that is reserved. Of a run, however long, that is one step.
    fn measure(mut self, left: u16) -> Option<(u16, usize)> {
        if let Self::Run { symbol, left: len } = self {
            let count = len.min(left);
            return Some((count, usize::from(count) * Symbol::of(symbol)?.delta_len()));
        }
        let (mut count, mut deltas_len) = (0, 0);
        while count < left {
            let Some(bits) = self.next() else { break };
            deltas_len += Symbol::of(bits)?.delta_len();
            count += 1;
        }
        Some((count, deltas_len))
    }

    /// The two bits of the next packet; `None` after the last.
    fn next(&mut self) -> Option<u8> {
        match self {
            Self::Run { symbol, left } => {
                *left = left.checked_sub(1)?;
                Some(*symbol)
            }
            Self::Vector { bits, width, left } => {
                *left = left.checked_sub(1)?;
                let symbol = *bits >> (16 - *width);
                *bits <<= *width;
                Some(symbol as u8)
            }
        }
    }
}

impl<'a> TransportFeedback<'a> {
    /// Looks at each chunk once, to find where the deltas begin, and that all are there.
    pub(super) fn parse(mut body: &'a [u8]) -> Option<Self> {
        let sender_ssrc = take_u32(&mut body)?;
        let media_ssrc = take_u32(&mut body)?;
        let base_seq = take_u16(&mut body)?;
        let status_count = take_u16(&mut body)?;
        let [t0, t1, t2, feedback_count] = take(&mut body)?;
        let reference_time = u32::from_be_bytes([0, t0, t1, t2]);
        let info =
            FeedbackInfo { sender_ssrc, media_ssrc, base_seq, reference_time, feedback_count };

        let mut rest = body;
        let (mut left, mut deltas_len) = (status_count, 0);
        while left > 0 {
            let (count, len) = Chunk::parse(take_u16(&mut rest)?).measure(left)?;
            left -= count;
            deltas_len += len;
        }
        let chunks_len = body.len() - rest.len();
        let (chunks, rest) = body.split_at_checked(chunks_len)?;
        Some(Self { info, status_count, chunks, deltas: rest.get(..deltas_len)? })
    }

    /// Each packet's transport-wide sequence number and, when it arrived, the time since the one
    /// before that did, in units of 250 µs; of the first, since the reference time. Yields
    /// exactly [`status_count`](Self::status_count) packets.
    pub fn statuses(&self) -> Statuses<'a> {
        Statuses {
            seq: self.info.base_seq,
            left: self.status_count,
            symbols: Symbols { chunks: self.chunks, chunk: None },
            deltas: self.deltas,
        }
    }
}

/// Iterates over what chunks say. The last may say more than there are packets.
#[derive(Debug, Clone)]
struct Symbols<'a> {
    chunks: &'a [u8],
    chunk: Option<Chunk>,
}

impl Iterator for Symbols<'_> {
    type Item = Symbol;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(bits) = self.chunk.as_mut().and_then(Chunk::next) {
                return Symbol::of(bits);
            }
            self.chunk = Some(Chunk::parse(take_u16(&mut self.chunks)?));
        }
    }
}

/// Iterates over the packets of a feedback: see [`TransportFeedback::statuses`].
#[derive(Debug, Clone)]
pub struct Statuses<'a> {
    seq: u16,
    left: u16,
    symbols: Symbols<'a>,
    deltas: &'a [u8],
}

impl Iterator for Statuses<'_> {
    type Item = (u16, Option<i32>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let delta = match self.symbols.next()? {
            Symbol::NotReceived => None,
            Symbol::Small => take(&mut self.deltas).map(|[it]| i32::from(it)),
            Symbol::Large => take(&mut self.deltas).map(|it| i16::from_be_bytes(it).into()),
        };
        let seq = self.seq;
        self.seq = seq.wrapping_add(1);
        Some((seq, delta))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left.into(), Some(self.left.into()))
    }
}

impl ExactSizeIterator for Statuses<'_> {}

#[cfg(test)]
mod tests;
