//! What stands in the bytes: NAL units in payloads, numbers in units, units in base64.

use super::STAP_A;

/// NAL unit type of a fragment (RFC 6184, section 5.8).
const FU_A: u8 = 28;

/// Aggregated units that are looked at: parameter sets and the first slice stand at the front.
const MAX_UNITS: usize = 16;

/// A NAL unit that begins in a payload.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unit<'a> {
    pub(super) unit_type: u8,
    /// What follows its header; of a fragmented unit the beginning of it.
    pub(super) body: &'a [u8],
    /// All of it, unless it is fragmented.
    pub(super) whole: Option<&'a [u8]>,
}

/// The NAL units that begin in a payload: one by itself, those of a STAP-A, that of a first FU-A. Ends
/// where it makes no sense.
pub(super) fn units(payload: &[u8]) -> impl Iterator<Item = Unit<'_>> {
    let (single, mut aggregated) = match payload {
        [indicator, header, body @ ..] if indicator & 0x1F == FU_A => {
            // The start bit: only there is the head of the unit.
            let is_start = header & 0x80 != 0;
            let unit = Unit { unit_type: header & 0x1F, body, whole: None };
            (is_start.then_some(unit), &[][..])
        }
        [indicator, units @ ..] if indicator & 0x1F == STAP_A => (None, units),
        whole => (Unit::of(whole), &[][..]),
    };
    let aggregated = std::iter::from_fn(move || {
        let (size, rest) = aggregated.split_first_chunk()?;
        let (unit, rest) = rest.split_at_checked(u16::from_be_bytes(*size).into())?;
        aggregated = rest;
        Unit::of(unit)
    });
    single.into_iter().chain(aggregated.take(MAX_UNITS))
}

impl<'a> Unit<'a> {
    fn of(whole: &'a [u8]) -> Option<Self> {
        let (header, body) = whole.split_first()?;
        Some(Self { unit_type: header & 0x1F, body, whole: Some(whole) })
    }
}

/// The first 64 bits of a unit, which hold all numbers that are read. There are no emulation prevention
/// bytes in them: no two bytes of zeros.
#[derive(Debug)]
pub(super) struct Bits {
    bits: u64,
    left: u32,
}

impl Bits {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut first = [0; 8];
        for (to, from) in first.iter_mut().zip(bytes) {
            *to = *from;
        }
        Self { bits: u64::from_be_bytes(first), left: bytes.len().min(8) as u32 * 8 }
    }

    /// An unsigned Exp-Golomb code (ITU-T H.264, section 9.1); `None` beyond 31 bits or the end.
    pub(super) fn exp_golomb(&mut self) -> Option<u32> {
        let length = 2 * self.bits.leading_zeros() + 1;
        if length > 31 || length > self.left {
            return None;
        }
        let value = (self.bits >> (64 - length)) as u32 - 1;
        self.bits <<= length;
        self.left -= length;
        Some(value)
    }
}

/// Decodes base64 (RFC 4648, section 4), with or without padding; `None` for what is none, or has more
/// bytes than that.
pub(super) fn base64(text: &str, most: usize) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    if digits.len() > most.div_ceil(3) * 4 {
        return None;
    }
    let mut bytes = Vec::with_capacity(most);
    let (mut bits, mut n_bits) = (0_u32, 0);
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            bytes.push((bits >> n_bits) as u8);
        }
    }
    Some(bytes).filter(|it| it.len() <= most)
}
