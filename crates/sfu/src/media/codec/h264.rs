//! Reads an RTP packet of H264 (RFC 6184; ITU-T H.264): its NAL units, the encoder's profile, and whether
//! pictures are predicted from later ones. It reads a few bytes, whatever the packet's length.

// NAL unit types (ITU-T H.264, table 7-1; RFC 6184, table 1).
const SLICE: u8 = 1;
pub(crate) const IDR: u8 = 5;
pub(crate) const SPS: u8 = 7;
pub(crate) const PPS: u8 = 8;
pub(crate) const STAP_A: u8 = 24;
const FU_A: u8 = 28;

/// The most aggregated units that are read: the parameter sets and the first slice come first.
const MAX_UNITS: usize = 16;

/// The contents of one packet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Inspect {
    /// Whether a slice of a B picture begins in it.
    pub(crate) has_b_slice: bool,
    /// The `profile_idc` of a sequence parameter set in it.
    pub(crate) profile_idc: Option<u8>,
}

/// Reads a payload. A malformed one has no contents.
pub(crate) fn inspect(payload: &[u8]) -> Inspect {
    let mut look = Inspect::default();
    units(payload).for_each(|it| look.add(it));
    look
}

/// Whether an IDR picture or a sequence parameter set begins in a payload.
pub(crate) fn starts_keyframe(payload: &[u8]) -> bool {
    units(payload).any(|it| matches!(it.unit_type, IDR | SPS))
}

impl Inspect {
    fn add(&mut self, Unit { unit_type, body, .. }: Unit<'_>) {
        match unit_type {
            SPS => self.profile_idc = body.first().copied(),
            SLICE => self.has_b_slice |= is_b_slice(body),
            _ => {}
        }
    }
}

/// Whether the `slice_type` is 1, or 6 if all slices of the picture are B slices (ITU-T H.264, table 7-6).
fn is_b_slice(header: &[u8]) -> bool {
    let mut bits = Bits::of(header);
    let first_macroblock = bits.exp_golomb();
    first_macroblock.is_some() && matches!(bits.exp_golomb(), Some(1 | 6))
}

/// A NAL unit that begins in a payload.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unit<'a> {
    pub(crate) unit_type: u8,
    /// The bytes after its header; for a fragmented unit, those of the first fragment.
    pub(crate) body: &'a [u8],
    /// The whole unit; `None` if it is fragmented.
    pub(crate) whole: Option<&'a [u8]>,
}

/// The NAL units that begin in a payload: a single one, those of a STAP-A, or that of a first FU-A. The
/// iterator ends at a malformed unit.
pub(crate) fn units(payload: &[u8]) -> impl Iterator<Item = Unit<'_>> {
    let (single, mut aggregated) = match payload {
        [indicator, header, body @ ..] if indicator & 0x1F == FU_A => {
            // The start bit: only the first fragment has the beginning of the unit.
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

/// The first 64 bits of a unit, which have all numbers that are read. They have no emulation prevention
/// bytes, since they have no two consecutive zero bytes.
#[derive(Debug)]
pub(crate) struct Bits {
    bits: u64,
    left: u32,
}

impl Bits {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut first = [0; 8];
        for (to, from) in first.iter_mut().zip(bytes) {
            *to = *from;
        }
        Self { bits: u64::from_be_bytes(first), left: bytes.len().min(8) as u32 * 8 }
    }

    /// An unsigned Exp-Golomb code (ITU-T H.264, section 9.1); `None` beyond 31 bits or the end.
    pub(crate) fn exp_golomb(&mut self) -> Option<u32> {
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

#[cfg(test)]
#[allow(clippy::unusual_byte_groupings, reason = "the groups are the codes in them")]
mod tests {
    use super::*;

    #[test]
    fn decoding_begins_at_an_idr_picture_or_its_parameter_sets_however_they_are_packed() {
        assert!(starts_keyframe(&[0x65, 0x88]) && starts_keyframe(&[0x67, 0x42]));
        assert!(!starts_keyframe(&[0x41, 0x9A]) && !starts_keyframe(&[0x68, 0xCE]));
        assert!(starts_keyframe(&[0x78, 0, 1, 0x09, 0, 2, 0x67, 0x42]), "the second of a STAP-A");
        assert!(starts_keyframe(&[0x7C, 0x85, 0x88]), "the first of an FU-A");
        assert!(!starts_keyframe(&[0x7C, 0x05, 0x88]), "a later FU-A");
        assert!(!starts_keyframe(&[]) && !starts_keyframe(&[0x78, 0, 9, 0x65]));
    }

    fn b(payload: &[u8]) -> bool {
        inspect(payload).has_b_slice
    }

    #[test]
    fn slices_of_b_pictures_are_told_from_others() {
        // `1` is macroblock 0; then come slice types 0, 1, 2, 5, 6, 7 in Exp-Golomb.
        for (bits, is_b) in [
            (0b1_1_000000, false),
            (0b1_010_0000, true),
            (0b1_011_0000, false),
            (0b1_00110_00, false),
            (0b1_00111_00, true),
            (0b1_0001000, false),
        ] {
            assert_eq!(b(&[0x41, bits, 0, 0]), is_b, "{bits:08b} alone");
            assert_eq!(b(&[0x5C, 0x81, bits, 0, 0]), is_b, "{bits:08b} at the start of a fragment");
            assert!(!b(&[0x5C, 0x01, bits, 0, 0]), "a later fragment has no slice header");
            assert!(!b(&[0x65, bits, 0, 0]), "an IDR picture has no B slices");
        }
        // A later slice of the picture: macroblock 1619 takes 21 bits.
        assert!(b(&[0x01, 0x00, 0x32, 0xA2, 0x80]), "the slice type follows a longer number");
    }

    #[test]
    fn the_profile_is_in_the_parameter_set_alone_or_aggregated() {
        assert_eq!(inspect(&[0x67, 0xF4, 0x00, 0x1F]).profile_idc, Some(0xF4));
        let aggregated =
            [0x78, 0, 4, 0x67, 100, 0, 31, 0, 2, 0x68, 0xEE, 0, 3, 0x41, 0b1_010_0000, 0];
        assert_eq!(inspect(&aggregated), Inspect { has_b_slice: true, profile_idc: Some(100) });
    }

    #[test]
    fn what_is_cut_short_says_nothing() {
        for payload in
            [&[][..], &[0x67], &[0x41], &[0x5C], &[0x5C, 0x81], &[0x78, 0], &[0x78, 9, 9, 1]]
        {
            assert_eq!(inspect(payload), Inspect::default(), "{payload:?}");
        }
        assert!(
            !b(&[0x41, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF]),
            "the number has more bits than are read"
        );
    }
}
