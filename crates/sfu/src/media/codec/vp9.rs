//! The VP9 payload descriptor (RFC 9628, section 4.2), as far as a forwarder reads it. Its picture ids
//! may have gaps, since the descriptor names the earlier pictures or lower layers that a picture depends
//! on.

use crate::media::svc::{OperatingPoint, SvcPosition, SwitchPoint};

// Bits of the first byte, `I|P|L|F|B|E|V|Z`.
const HAS_PICTURE_ID: u8 = 0x80;
const IS_PREDICTED: u8 = 0x40;
const HAS_LAYERS: u8 = 0x20;
const BEGINS_FRAME: u8 = 0x08;
const ENDS_FRAME: u8 = 0x04;

/// The position of a packet; `None` if the descriptor is cut short.
///
/// The layer ids are at the same place in flexible and non-flexible mode: after a picture id of one or two
/// bytes, if there is one, and before `TL0PICIDX` and the references to pictures.
pub(crate) fn place(payload: &[u8]) -> Option<SvcPosition> {
    let (&first, mut rest) = payload.split_first()?;
    if first & HAS_PICTURE_ID != 0 {
        let (&id, after) = rest.split_first()?;
        // M: the picture id has 15 bits.
        rest = if id & 0x80 != 0 { after.split_first()?.1 } else { after };
    }
    let (point, opens) = if first & HAS_LAYERS != 0 {
        // `TID|U|SID|D`, of 3, 1, 3 and 1 bit.
        let layer = *rest.first()?;
        let opens = if layer & 0x10 != 0 { SwitchPoint::Temporal } else { SwitchPoint::Nothing };
        (OperatingPoint::new(layer >> 1 & 0x07, layer >> 5), opens)
    } else {
        (OperatingPoint::default(), SwitchPoint::Nothing)
    };
    let (begins_frame, ends_frame) = (first & BEGINS_FRAME != 0, first & ENDS_FRAME != 0);
    Some(SvcPosition { point, begins_frame, ends_frame, opens })
}

/// Whether decoding can begin with this packet: it begins the lowest spatial layer of a picture that is not
/// predicted from another.
pub(crate) fn starts_keyframe(payload: &[u8]) -> bool {
    let is_predicted = payload.first().is_none_or(|it| it & IS_PREDICTED != 0);
    let begins = |it: SvcPosition| it.begins_frame && it.point.spatial == 0;
    !is_predicted && place(payload).is_some_and(begins)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn layers_are_found_in_either_mode_and_past_either_picture_id() {
        // I, L, B; a long id; TID 2, U, SID 1, D; TL0PICIDX.
        let it = place(&[0xA8, 0x81, 0x02, 0b0101_0011, 7]).unwrap();
        assert_eq!((it.point, it.opens), (OperatingPoint::new(1, 2), SwitchPoint::Temporal));
        assert_eq!((it.begins_frame, it.ends_frame), (true, false));
        // The same in flexible mode, a short id, E and no U.
        let it = place(&[0xB4, 0x02, 0b0100_0011]).unwrap();
        assert_eq!((it.point, it.opens), (OperatingPoint::new(1, 2), SwitchPoint::Nothing));
        assert_eq!((it.begins_frame, it.ends_frame), (false, true));
        let plain = place(&[0x0C, 1, 2]).unwrap();
        assert_eq!(plain.point, OperatingPoint::default(), "the packet has no layer ids");
    }

    #[test]
    fn a_picture_from_nothing_begins_a_stream_in_its_lowest_layer() {
        assert!(starts_keyframe(&[0x08, 1]), "B and no P");
        assert!(!starts_keyframe(&[0x48, 1]), "P: it needs earlier pictures");
        assert!(!starts_keyframe(&[0x04, 1]), "the packet ends a frame");
        assert!(!starts_keyframe(&[0xA8, 0x81, 0x02, 0b0000_0010, 7]), "a higher spatial layer");
        assert!(!starts_keyframe(&[]));
    }

    #[test]
    fn what_is_cut_short_has_no_place() {
        let whole = [0xA8, 0x81, 0x02, 0x50];
        for n in 0..whole.len() {
            assert_eq!(place(&whole[..n]), None, "{n} bytes");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_no_fault(payload in prop::collection::vec(any::<u8>(), 0..16)) {
            if let Some(it) = place(&payload) {
                prop_assert!(OperatingPoint::WHOLE.contains(it.point));
            }
        }
    }
}
