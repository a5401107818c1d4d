//! H264 by RFC 6184, packetization mode 1: parameter sets and slice headers are real, macroblocks are not.

/// NAL unit types, below a `nal_ref_idc` of 3 (ITU-T H.264, table 7-1; RFC 6184, table 1).
const SLICE: u8 = 0x61;
const IDR: u8 = 0x65;
const STAP_A: u8 = 0x78;
const FU_A: u8 = 0x7C;

/// Constrained Baseline, level 3.1, 1280 by 720; frames come in the order in which they are shown.
const SPS: [u8; 9] = [0x67, 0x42, 0xE0, 0x1F, 0xDA, 0x01, 0x40, 0x16, 0xE4];
const PPS: [u8; 4] = [0x68, 0xCE, 0x38, 0x80];

/// Where a packet stands in its frame.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) begins: bool,
    pub(super) ends: bool,
    pub(super) is_key: bool,
    /// Frames since the keyframe.
    pub(super) since_key: u32,
}

/// The payload that stands before a keyframe: its parameter sets as a STAP-A.
pub(super) fn parameter_sets() -> Vec<u8> {
    let mut payload = vec![STAP_A];
    for unit in [&SPS[..], &PPS] {
        payload.extend((unit.len() as u16).to_be_bytes());
        payload.extend(unit);
    }
    payload
}

/// What stands before the content of a packet: the head of a fragment or of a whole NAL unit, and, where the
/// slice begins, its header.
pub(super) fn head(place: Place, to: &mut Vec<u8>) {
    let Place { begins, ends, is_key, since_key } = place;
    let unit = if is_key { IDR } else { SLICE };
    if begins && ends {
        // A fragment that is all of its unit is forbidden (RFC 6184, section 5.8).
        to.push(unit);
    } else {
        let bit = |is: bool, value: u8| if is { value } else { 0 };
        to.extend([FU_A, bit(begins, 0x80) | bit(ends, 0x40) | (unit & 0x1F)]);
    }
    if begins {
        to.extend(slice_header(is_key, since_key));
    }
}

/// `slice_header()` (ITU-T H.264, section 7.3.3) of the only slice of a picture.
#[allow(clippy::unusual_byte_groupings, reason = "the groups are the fields in them")]
fn slice_header(is_key: bool, since_key: u32) -> [u8; 2] {
    if is_key {
        // first_mb_in_slice 0, slice_type 7; pic_parameter_set_id 0, frame_num 0, idr_pic_id 0, two flags of
        // dec_ref_pic_marking. slice_qp_delta 0 is the first bit of what follows.
        return [0b1_0001000, 0b1_0000_1_0_0];
    }
    let frame_num = (since_key & 0x0F) as u8;
    // first_mb_in_slice 0, slice_type 5, pic_parameter_set_id 0, frame_num; three flags, slice_qp_delta 0.
    [0b1_00110_1_0 | (frame_num >> 3), (frame_num << 5) | 0b000_1_1]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a bit string.
    struct Bits<'a>(&'a [u8], usize);

    impl Bits<'_> {
        fn u(&mut self, n: usize) -> u32 {
            (0..n).fold(0, |sum, _| {
                let bit = self.0[self.1 / 8] >> (7 - self.1 % 8) & 1;
                self.1 += 1;
                sum << 1 | u32::from(bit)
            })
        }

        fn ue(&mut self) -> u32 {
            let mut zeros = 0;
            while self.u(1) == 0 {
                zeros += 1;
            }
            (1 << zeros) - 1 + self.u(zeros)
        }

        /// Whether nothing but trailing bits is left.
        fn is_at_end(&mut self) -> bool {
            self.u(1) == 1 && self.1.div_ceil(8) == self.0.len() && {
                let left = self.0.len() * 8 - self.1;
                self.u(left) == 0
            }
        }
    }

    #[test]
    fn the_sequence_parameter_set_says_1280_by_720_constrained_baseline() {
        let mut it = Bits(&SPS, 0);
        assert_eq!((it.u(8), it.u(8), it.u(8), it.u(8)), (0x67, 66, 0xE0, 31));
        assert_eq!((it.ue(), it.ue(), it.ue()), (0, 0, 2), "id, bits of frame_num, order type");
        assert_eq!((it.ue(), it.u(1)), (1, 0), "one reference, no gaps");
        assert_eq!(((it.ue() + 1) * 16, (it.ue() + 1) * 16), (1_280, 720));
        assert_eq!((it.u(1), it.u(1), it.u(1), it.u(1)), (1, 1, 0, 0), "frames, not cropped");
        assert!(it.is_at_end());
    }

    #[test]
    fn the_picture_parameter_set_is_of_it_and_plain() {
        let mut it = Bits(&PPS, 0);
        assert_eq!((it.u(8), it.ue(), it.ue()), (0x68, 0, 0));
        assert_eq!((it.u(2), it.ue(), it.ue(), it.ue()), (0, 0, 0, 0), "CAVLC, one group");
        assert_eq!((it.u(3), it.ue(), it.ue(), it.ue(), it.u(3)), (0, 0, 0, 0, 0));
        assert!(it.is_at_end());
    }

    #[test]
    fn slices_begin_with_their_first_macroblock_and_count_frames() {
        let mut it = Bits(&slice_header(true, 0), 0);
        assert_eq!((it.ue(), it.ue(), it.ue(), it.u(4), it.ue()), (0, 7, 0, 0, 0));
        for since_key in 1..40 {
            let mut it = Bits(&slice_header(false, since_key), 0);
            assert_eq!((it.ue(), it.ue(), it.ue(), it.u(4)), (0, 5, 0, since_key % 16));
        }
    }
}
