//! Transport feedback as it is written: in as few chunks as looking no further back than one
//! allows.

use super::{Writer, format, packet_type};
use crate::rtcp::transport::{FeedbackInfo, Symbol};

/// The longest run that a chunk can tell.
const MAX_RUN: usize = 0x1FFF;

/// Packets of a chunk with one bit each.
const ONE_BIT: usize = 14;

/// Packets of a chunk with two bits each.
const TWO_BITS: usize = 7;

/// When packets arrived (draft-holmer-rmcat-transport-wide-cc-extensions-01). `deltas` has one
/// entry for each packet from [`base_seq`](FeedbackInfo::base_seq) on: `None` when it did not
/// arrive, otherwise the time since the one before that did, in units of 250 µs; of the first,
/// since the reference time. It is gone through twice.
///
/// `None`, too, when there is no packet, more than 65535, or a delta of more than 16 bits: those
/// that follow belong in the next feedback.
pub fn transport_feedback<D>(out: &mut [u8], info: &FeedbackInfo, deltas: D) -> Option<usize>
where
    D: IntoIterator<Item = Option<i32>>,
    D::IntoIter: Clone,
{
    let kind = (packet_type::TRANSPORT_FEEDBACK, format::TRANSPORT_WIDE);
    let mut out = Writer::feedback(out, kind, info.sender_ssrc, info.media_ssrc)?;
    out.put(info.base_seq.to_be_bytes())?;
    let count_at = out.len;
    out.put([0, 0])?;
    let [_, t0, t1, t2] = info.reference_time.to_be_bytes();
    out.put([t0, t1, t2, info.feedback_count])?;

    let deltas = deltas.into_iter();
    let mut count = 0_u16;
    let mut pending = Pending::default();
    for delta in deltas.clone() {
        count = count.checked_add(1)?;
        pending.push(symbol(delta)?, &mut out)?;
    }
    if count == 0 {
        return None;
    }
    pending.flush(&mut out)?;
    out.patch(count_at, count)?;
    for delta in deltas.flatten() {
        match u8::try_from(delta) {
            Ok(small) => out.put([small])?,
            Err(_) => out.put(i16::try_from(delta).ok()?.to_be_bytes())?,
        }
    }
    out.finish()
}

fn symbol(delta: Option<i32>) -> Option<Symbol> {
    let Some(delta) = delta else { return Some(Symbol::NotReceived) };
    if u8::try_from(delta).is_ok() {
        return Some(Symbol::Small);
    }
    i16::try_from(delta).is_ok().then_some(Symbol::Large)
}

/// Packets that are not in a chunk yet: what kind of chunk they will be in is open.
#[derive(Default)]
struct Pending {
    /// Two bits of each, the latest lowest, of at most 14: more there are only in a run.
    bits: u32,
    len: usize,
    has_large: bool,
    /// Whether they differ.
    is_mixed: bool,
}

impl Pending {
    fn push(&mut self, symbol: Symbol, out: &mut Writer<'_>) -> Option<()> {
        while !self.has_room_for(symbol) {
            self.emit(out)?;
        }
        self.add(symbol as u32);
        Some(())
    }

    fn add(&mut self, bits: u32) {
        self.is_mixed |= self.len > 0 && bits != self.bits & 3;
        self.has_large |= bits == Symbol::Large as u32;
        self.bits = (self.bits << 2 | bits) & ((1 << (2 * ONE_BIT)) - 1);
        self.len += 1;
    }

    fn has_room_for(&self, symbol: Symbol) -> bool {
        let continues_run = !self.is_mixed && symbol as u32 == self.bits & 3;
        self.len < TWO_BITS
            || (self.len < ONE_BIT && !self.has_large && symbol != Symbol::Large)
            || (self.len < MAX_RUN && continues_run)
    }

    /// Writes a chunk that is full; what it does not hold stays.
    fn emit(&mut self, out: &mut Writer<'_>) -> Option<()> {
        if !self.is_mixed || self.len == ONE_BIT {
            return self.flush(out);
        }
        let left = self.len.checked_sub(TWO_BITS)?;
        let rest = self.bits;
        out.put(two_bits(rest >> (2 * left)).to_be_bytes())?;
        *self = Self::default();
        for at in (0..left).rev() {
            self.add(rest >> (2 * at) & 3);
        }
        Some(())
    }

    /// Writes all that is pending, which one chunk can hold.
    fn flush(&mut self, out: &mut Writer<'_>) -> Option<()> {
        let Self { bits, len, is_mixed, .. } = std::mem::take(self);
        let chunk = if len == 0 {
            return Some(());
        } else if !is_mixed {
            (bits as u16 & 3) << 13 | len as u16
        } else if len <= TWO_BITS {
            two_bits(bits << (2 * (TWO_BITS - len)))
        } else {
            let bits = (0..ONE_BIT).map(|at| (bits << (2 * (ONE_BIT - len))) >> (2 * at) & 1);
            0x8000 | bits.rev().fold(0, |all, bit| all << 1 | bit as u16)
        };
        out.put(chunk.to_be_bytes())
    }
}

/// A chunk with two bits for each of seven packets.
fn two_bits(bits: u32) -> u16 {
    0xC000 | bits as u16 & 0x3FFF
}
