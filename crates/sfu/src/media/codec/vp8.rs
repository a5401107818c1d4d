//! The VP8 payload descriptor (RFC 7741, section 4.2), as far as a forwarder reads and changes it.

use crate::media::svc::{OperatingPoint, SvcPosition, SwitchPoint};

/// The descriptor of a packet, with the offsets of the fields that may be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Descriptor {
    /// `PictureID`, of 7 or 15 bits.
    pub(crate) picture_id: u16,
    is_long: bool,
    picture_at: u8,
    /// `TL0PICIDX`: the frame of the lowest temporal layer that this one depends on.
    pub(crate) tl0: Option<u8>,
    tl0_at: u8,
    /// `TID`: the temporal layer; 0 is the lowest.
    pub(crate) temporal: u8,
    /// `Y`: this frame depends only on the lowest layer, so a receiver can switch up at it.
    pub(crate) is_sync: bool,
    /// `S` of partition 0: a frame begins with this packet.
    begins_frame: bool,
}

/// The new values of the descriptor in one packet's payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Patch {
    /// The new `PictureID`.
    pub(crate) picture_id: u16,
    /// The new `TL0PICIDX`, if there was one.
    pub(crate) tl0: Option<u8>,
    is_long: bool,
    picture_at: u8,
    tl0_at: u8,
}

impl Descriptor {
    /// Reads the descriptor; `None` if it has no picture id or is cut short.
    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        let first = *payload.first()?;
        let extended = *payload.get(1)?;
        // X: there is a second byte. I: a picture id follows it.
        if first & 0x80 == 0 || extended & 0x80 == 0 {
            return None;
        }
        let high = *payload.get(2)?;
        let is_long = high & 0x80 != 0;
        let mut at = 3;
        let mut picture_id = u16::from(high & 0x7F);
        if is_long {
            picture_id = picture_id << 8 | u16::from(*payload.get(3)?);
            at = 4;
        }
        let (mut tl0, mut tl0_at) = (None, 0);
        if extended & 0x40 != 0 {
            tl0 = Some(*payload.get(at)?);
            tl0_at = at as u8;
            at += 1;
        }
        let (mut temporal, mut is_sync) = (0, false);
        if extended & 0x30 != 0 {
            let byte = *payload.get(at)?;
            if extended & 0x20 != 0 {
                temporal = byte >> 6;
                is_sync = byte & 0x20 != 0;
            }
        }
        let begins_frame = first & 0x17 == 0x10;
        let picture_at = 2;
        Some(Self { picture_id, is_long, picture_at, tl0, tl0_at, temporal, is_sync, begins_frame })
    }

    /// The position of the packet among the temporal layers.
    pub(crate) fn place(&self) -> SvcPosition {
        SvcPosition {
            point: OperatingPoint::new(0, self.temporal),
            begins_frame: self.begins_frame,
            // The marker bit marks the end of a frame already.
            ends_frame: false,
            opens: if self.is_sync && self.begins_frame {
                SwitchPoint::Own
            } else {
                SwitchPoint::Nothing
            },
        }
    }

    /// A patch with these values; `None` if a picture id of 7 bits cannot hold the new one: then a decoder
    /// recovers at the next keyframe.
    pub(crate) fn patch(&self, picture_id: u16, tl0: u8) -> Option<Patch> {
        if !self.is_long && picture_id > 0x7F {
            return None;
        }
        let Self { is_long, picture_at, tl0_at, .. } = *self;
        Some(Patch { picture_id, tl0: self.tl0.map(|_| tl0), is_long, picture_at, tl0_at })
    }
}

impl Patch {
    /// Writes the new values into a copy of the payload that the descriptor was read from.
    pub(crate) fn apply(&self, payload: &mut [u8]) {
        let at = usize::from(self.picture_at);
        if self.is_long {
            if let Some([high, low]) = payload.get_mut(at..at + 2) {
                *high = 0x80 | (self.picture_id >> 8) as u8;
                *low = self.picture_id as u8;
            }
        } else if let Some(byte) = payload.get_mut(at) {
            *byte = self.picture_id as u8 & 0x7F;
        }
        if let (Some(tl0), Some(byte)) = (self.tl0, payload.get_mut(usize::from(self.tl0_at))) {
            *byte = tl0;
        }
    }
}

/// Whether a keyframe begins in this packet, by the header of the first partition (RFC 7741, section 4.3).
pub(crate) fn starts_keyframe(payload: &[u8]) -> bool {
    // S of partition 0.
    let begins = payload.first().is_some_and(|it| it & 0x17 == 0x10);
    let header = descriptor_len(payload).and_then(|at| payload.get(at));
    // P: the frame is predicted from others.
    begins && header.is_some_and(|it| it & 1 == 0)
}

/// The size of the payload descriptor, in bytes; `None` if it is cut short.
fn descriptor_len(payload: &[u8]) -> Option<usize> {
    if payload.first()? & 0x80 == 0 {
        return Some(1);
    }
    let extended = *payload.get(1)?;
    let mut len = 2;
    if extended & 0x80 != 0 {
        len += if payload.get(len)? & 0x80 != 0 { 2 } else { 1 };
    }
    len += usize::from(extended & 0x40 != 0);
    len += usize::from(extended & 0x30 != 0);
    Some(len)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_no_fault(mut payload in prop::collection::vec(any::<u8>(), 0..10)) {
            if let Some(it) = Descriptor::parse(&payload) {
                prop_assert!(OperatingPoint::WHOLE.contains(it.place().point));
                if let Some(patch) = it.patch(0x55, 3) {
                    patch.apply(&mut payload);
                    let changed = Descriptor::parse(&payload).unwrap();
                    prop_assert_eq!((changed.picture_id, changed.place()), (0x55, it.place()));
                }
            }
        }
    }

    #[test]
    fn a_patch_changes_what_it_says_and_nothing_else() {
        let long = [0x90, 0xE0, 0x81, 0x02, 7, 0x60, 1, 2, 3];
        let it = Descriptor::parse(&long).unwrap();
        assert_eq!((it.picture_id, it.tl0, it.temporal, it.is_sync), (0x102, Some(7), 1, true));
        let mut changed = long;
        it.patch(0x7FFF, 255).unwrap().apply(&mut changed);
        assert_eq!(changed, [0x90, 0xE0, 0xFF, 0xFF, 255, 0x60, 1, 2, 3]);

        let short = [0x80, 0x80, 0x05, 9];
        let it = Descriptor::parse(&short).unwrap();
        assert_eq!((it.picture_id, it.tl0), (5, None));
        let mut changed = short;
        it.patch(6, 1).unwrap().apply(&mut changed);
        assert_eq!(changed, [0x80, 0x80, 0x06, 9]);
        assert_eq!(it.patch(128, 1), None);
    }

    #[test]
    fn a_receiver_can_step_up_where_a_frame_of_the_layer_begins_that_needs_only_the_lowest() {
        let place =
            |first, layer| Descriptor::parse(&[first, 0xE0, 0x81, 0x02, 7, layer]).unwrap().place();
        assert_eq!(place(0x90, 0x60).opens, SwitchPoint::Own);
        assert_eq!(place(0x90, 0x60).point, OperatingPoint::new(0, 1));
        assert_eq!(place(0x80, 0x60).opens, SwitchPoint::Nothing, "the frame goes on");
        assert_eq!(place(0x90, 0x40).opens, SwitchPoint::Nothing);
    }

    #[test]
    fn what_is_cut_short_or_has_no_picture_id_is_left_alone() {
        let whole = [0x90, 0xE0, 0x81, 0x02, 7, 0x60];
        for n in 0..whole.len() {
            assert_eq!(Descriptor::parse(&whole[..n]), None, "{n} bytes");
        }
        assert_eq!(Descriptor::parse(&[0x10, 1, 2, 3, 4]), None);
        assert_eq!(Descriptor::parse(&[0x80, 0x40, 2, 3, 4]), None);
    }
}
