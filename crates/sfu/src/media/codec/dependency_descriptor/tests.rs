use proptest::prelude::*;

use super::*;

/// Packs bits, written as text, into bytes. Blanks are ignored.
fn bytes(bits: &str) -> Vec<u8> {
    let bits: Vec<u8> = bits.bytes().filter(|it| *it != b' ').map(|it| it - b'0').collect();
    bits.chunks(8)
        .map(|it| it.iter().enumerate().fold(0, |a, (n, bit)| a | bit << (7 - n)))
        .collect()
}

/// The structure of L1T3 as browsers send it: five templates from id 3 on, three decode targets, one chain.
const L1T3: &str = "000011 00010 00 01 01 00 11 \
     101010 101010 000110 000001 000001 \
     0 100110 100010 100000 100000 \
     01 0000 0100 0010 0001 0011 \
     1 0000010011111111 0000001011001111";

fn keyframe() -> Descriptor {
    let text = format!("1 0 000011 0000000000000111 10000 {L1T3}");
    Descriptor::new(&bytes(&text)).unwrap()
}

fn frame(template: u8, is_begin: bool, more: &str) -> Descriptor {
    let text = format!("{} 1 {template:06b} 0000000000001000 {more}", u8::from(is_begin));
    Descriptor::new(&bytes(&text)).unwrap()
}

fn mask(points: &[(u8, u8)]) -> u16 {
    let has =
        |it: &OperatingPoint| points.iter().any(|at| it.temporal == at.1 && it.spatial >= at.0);
    OperatingPoint::all().filter(has).fold(0, |mask, it| mask | 1 << it.index())
}

#[test]
fn layers_come_with_the_keyframe_and_are_remembered() {
    let mut it = Structures::default();
    assert_eq!(it.place(7, 1, &frame(5, true, "")), None, "before the keyframe");
    let place = it.place(7, 2, &keyframe()).unwrap();
    assert_eq!(
        (place.point, place.begins_frame, place.ends_frame),
        (OperatingPoint::new(0, 0), true, false)
    );
    assert_eq!(place.opens, SwitchPoint::Points(u16::MAX));
    let temporal = |it: &mut Structures, id| it.place(7, 3, &frame(id, true, "")).unwrap();
    assert_eq!(temporal(&mut it, 4).opens, SwitchPoint::Points(u16::MAX), "the lowest layer");
    let middle = temporal(&mut it, 5);
    assert_eq!(middle.point, OperatingPoint::new(0, 1));
    assert_eq!(
        middle.opens,
        SwitchPoint::Points(mask(&[(0, 2), (0, 3)])),
        "its own layer is closed"
    );
    let highest = temporal(&mut it, 6);
    assert_eq!((highest.point, highest.opens), (OperatingPoint::new(0, 2), SwitchPoint::Nothing));
    assert_eq!(
        it.place(7, 3, &frame(5, false, "")).unwrap().opens,
        SwitchPoint::Nothing,
        "the frame began in an earlier packet"
    );
    assert_eq!(it.place(7, 3, &frame(9, true, "")), None, "no such template");
    assert_eq!(it.place(8, 3, &frame(5, true, "")), None, "another stream");
}

#[test]
fn a_frame_can_differ_from_its_template() {
    let mut it = Structures::default();
    it.place(7, 2, &keyframe()).unwrap();
    // Active targets 0 and 1; indications: not present, switch, required.
    let place = it.place(7, 3, &frame(5, true, "01100 011 00 10 11")).unwrap();
    assert_eq!(place.opens, SwitchPoint::Points(mask(&[(0, 1)])));
    assert_eq!(it.place(7, 4, &frame(5, true, "00100 00")), None, "it is cut short");
}

#[test]
fn a_structure_that_comes_late_does_not_replace_a_newer_one() {
    let mut it = Structures::default();
    it.place(7, 20, &keyframe()).unwrap();
    let older =
        format!("1 0 100000 0000000000000111 10000 {}", L1T3.replacen("000011", "100000", 1));
    it.place(7, 10, &Descriptor::new(&bytes(&older)).unwrap());
    assert!(it.place(7, 21, &frame(5, true, "")).is_some());
    for ssrc in 0..100 {
        it.place(ssrc, 1, &keyframe());
    }
    assert_eq!(it.known.len(), MAX_STREAMS);
}

#[test]
fn spatial_layers_are_told_from_temporal_ones() {
    // L2T1: a keyframe of both sizes, and frames of each that depend on the last frame of their size.
    let text = "1 1 000000 0000000000000001 10000 000000 00001 00 10 00 11 \
                1010 1011 0010 0010 0 100010 100000 1000010001 0 00 0";
    let mut it = Structures::default();
    let key = it.place(7, 1, &Descriptor::new(&bytes(text)).unwrap()).unwrap();
    assert_eq!(key.opens, SwitchPoint::Points(u16::MAX));
    let lower = it.place(7, 2, &frame(1, true, "")).unwrap();
    let small = OperatingPoint::all()
        .filter(|it| it.spatial == 0)
        .fold(0, |mask, it| mask | 1 << it.index());
    assert_eq!((lower.point, lower.opens), (OperatingPoint::new(0, 0), SwitchPoint::Points(small)));
    assert_eq!(it.place(7, 3, &frame(3, true, "")).unwrap().point, OperatingPoint::new(1, 0));
}

#[test]
fn the_frame_number_is_all_that_changes() {
    let it = keyframe();
    assert_eq!(it.frame_number(), 7);
    let mut buffer = [0; MAX_LEN];
    let written = it.write(0x1234, &mut buffer).unwrap();
    assert_eq!(written[1..3], [0x12, 0x34]);
    assert_eq!((written[0], &written[3..]), (it.as_bytes()[0], &it.as_bytes()[3..]));
    assert_eq!(Descriptor::new(&[0; 2]), None);
    assert_eq!(Descriptor::new(&[0; 256]), None);
}

proptest! {
    #[test]
    fn any_bytes_are_no_fault(
        all in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..120), any::<bool>()), 1..8),
    ) {
        let mut it = Structures::default();
        for (n, (mut bytes, is_key)) in all.into_iter().enumerate() {
            if let Some(flags) = bytes.get_mut(3).filter(|_| is_key) {
                *flags |= 0x80;
            }
            if let Some(descriptor) = Descriptor::new(&bytes)
                && let Some(place) = it.place(1, n as u64, &descriptor)
            {
                prop_assert!(OperatingPoint::WHOLE.contains(place.point));
            }
        }
    }

    #[test]
    fn a_structure_with_a_few_wrong_bits_is_no_fault(at in 0_usize..200, bit in 0_u8..8, cut in 3_usize..40) {
        let mut bytes = keyframe().as_bytes().to_vec();
        let len = bytes.len();
        bytes[at % len] ^= 1 << bit;
        bytes.truncate(cut);
        let mut it = Structures::default();
        it.place(1, 1, &Descriptor::new(&bytes).unwrap());
        it.place(1, 2, &frame(5, true, ""));
    }
}
