use proptest::prelude::*;

use super::*;
use crate::testing::allocations_in;

/// The example of RFC 6184, section 8.3: both ids are 0.
const SPROP: &str = "Z0IACpZTBYmI,aMljiA==";
const RFC_SPS: [u8; 9] = [0x67, 0x42, 0x00, 0x0A, 0x96, 0x53, 0x05, 0x89, 0x88];
const RFC_PPS: [u8; 4] = [0x68, 0xC9, 0x63, 0x88];

/// The first slice of an IDR picture with picture parameter set 0: macroblock 0, type 7.
const IDR_SLICE: [u8; 4] = [0x65, 0b1_0001000, 0b1_0000000, 0x21];
/// The same with picture parameter set 1.
const IDR_SLICE_1: [u8; 4] = [0x65, 0b1_0001000, 0b0100_0000, 0x21];
/// Another slice of the picture: macroblock 1.
const LATER_SLICE: [u8; 4] = [0x65, 0b010_00010, 0b001_00000, 0x21];

fn stap_a(indicator: u8, units: &[&[u8]]) -> Vec<u8> {
    let mut payload = vec![indicator];
    for unit in units {
        payload.extend((unit.len() as u16).to_be_bytes());
        payload.extend(*unit);
    }
    payload
}

fn fragment(unit: &[u8], is_start: bool) -> Vec<u8> {
    let mut payload = vec![unit[0] & 0xE0 | 28, unit[0] & 0x1F | u8::from(is_start) << 7];
    payload.extend(&unit[1..]);
    payload
}

/// A picture parameter set with these ids.
fn pps(id: u32, sps: u32, len: usize) -> Vec<u8> {
    let code = |value: u32| {
        let length = 2 * (value + 1).ilog2() + 1;
        (u64::from(value + 1), length)
    };
    let ((a, a_len), (b, b_len)) = (code(id), code(sps));
    let bits = (a << (64 - a_len)) | (b << (64 - a_len - b_len));
    let mut unit = vec![0x68];
    unit.extend(bits.to_be_bytes());
    unit.resize(len.max(9), 0x55);
    unit
}

fn sps(id: u32, len: usize) -> Vec<u8> {
    let mut unit = vec![0x67, 100, 0, 31];
    unit.extend(&pps(id, 0, len)[1..]);
    unit.truncate(len.max(9));
    unit
}

#[test]
fn sets_from_sdp_are_put_before_each_keyframe() {
    let mut sets = ParameterSets::from_sprop(SPROP);
    let expected = stap_a(0x78, &[&RFC_SPS, &RFC_PPS]);
    for payload in [
        &IDR_SLICE[..],
        &fragment(&IDR_SLICE, true),
        &stap_a(0x78, &[&[0x09, 0xF0], &[0x06, 5, 1, 0], &IDR_SLICE]),
    ] {
        sets.take(payload, 3_000);
        assert!(sets.is_start(payload));
        assert_eq!(sets.before(payload, 3_000), Some(&expected[..]));
    }
}

#[test]
fn nothing_is_put_before_what_begins_no_keyframe() {
    let mut sets = ParameterSets::from_sprop(SPROP);
    for payload in [
        &[0x41, 0b1_1_1_00000, 0][..],
        &LATER_SLICE,
        &fragment(&IDR_SLICE, false),
        &fragment(&[0x41, 0b1_1_1_00000, 0], true),
        &RFC_SPS,
        &stap_a(0x78, &[&RFC_SPS, &RFC_PPS]),
        &[],
    ] {
        assert!(!sets.is_start(payload), "{payload:?}");
        assert_eq!(sets.before(payload, 3_000), None, "{payload:?}");
    }
}

#[test]
fn a_keyframe_that_brings_its_sets_needs_no_others() {
    let aggregated = stap_a(0x78, &[&RFC_SPS, &RFC_PPS]);
    let all = stap_a(0x78, &[&RFC_SPS, &RFC_PPS, &IDR_SLICE]);
    let ways: [&[&[u8]]; 3] =
        [&[&RFC_SPS, &RFC_PPS, &IDR_SLICE], &[&aggregated, &IDR_SLICE], &[&all]];
    for packets in ways {
        let mut sets = ParameterSets::default();
        for payload in packets {
            sets.take(payload, 3_000);
            assert_eq!(sets.before(payload, 3_000), None);
        }
        assert!(sets.is_start(packets.last().unwrap()));
        // The next keyframe comes without parameter sets.
        sets.take(&IDR_SLICE, 6_000);
        assert_eq!(sets.before(&IDR_SLICE, 6_000), Some(&aggregated[..]));
    }
}

#[test]
fn a_keyframe_that_brings_half_of_its_sets_gets_both() {
    let mut sets = ParameterSets::from_sprop(SPROP);
    sets.take(&RFC_PPS, 3_000);
    assert!(sets.before(&IDR_SLICE, 3_000).is_some());
    sets.take(&RFC_SPS, 3_000);
    assert_eq!(sets.before(&IDR_SLICE, 3_000), None);
}

#[test]
fn a_keyframe_without_known_sets_is_no_start() {
    let mut sets = ParameterSets::default();
    let steps: [(&[u8], bool); 4] =
        [(&IDR_SLICE, false), (&RFC_PPS, false), (&pps(1, 0, 12), false), (&RFC_SPS, true)];
    for (payload, is_start) in steps {
        sets.take(payload, 0);
        assert_eq!(sets.is_start(&IDR_SLICE), is_start);
        assert_eq!(sets.before(&IDR_SLICE, 9).is_some(), is_start);
    }
    sets.take(&pps(0, 3, 12), 9);
    assert!(!sets.is_start(&IDR_SLICE), "the PPS refers to another SPS now");
    assert!(sets.is_start(&IDR_SLICE_1));
}

#[test]
fn a_stream_lacks_sets_from_a_keyframe_that_needs_them_until_they_come() {
    let mut sets = ParameterSets::default();
    assert!(!sets.is_lacking(), "no keyframe yet");
    assert!(!sets.is_start(&IDR_SLICE));
    assert!(sets.is_lacking());
    // A parameter set of a keyframe that was overtaken comes late.
    sets.take(&RFC_PPS, 0);
    assert!(sets.is_lacking());
    sets.take(&RFC_SPS, 0);
    assert!(!sets.is_lacking());
}

#[test]
fn sets_that_change_are_put_in_as_they_are_now() {
    let mut sets = ParameterSets::from_sprop(SPROP);
    sets.before(&IDR_SLICE, 0).unwrap();
    let (sps, pps) = (sps(0, 20), pps(1, 0, 12));
    sets.take(&sps, 3_000);
    sets.take(&pps, 3_000);
    let expected = stap_a(0x78, &[&sps, &RFC_PPS, &pps]);
    assert_eq!(sets.before(&IDR_SLICE, 6_000), Some(&expected[..]));
    let expected = stap_a(0x78, &[&sps, &pps, &RFC_PPS]);
    assert_eq!(sets.before(&IDR_SLICE_1, 6_000), Some(&expected[..]));
}

#[test]
fn what_is_kept_and_put_in_is_bounded() {
    let mut sets = ParameterSets::default();
    for id in 0..=MAX_PPS_ID {
        sets.take(&sps(id % 40, MAX_SET), 0);
        sets.take(&pps(id, 0, MAX_SET), 0);
    }
    assert_eq!((sets.sps.sets.len(), sets.pps.sets.len()), (MAX_SPS, MAX_PPS));
    sets.take(&sps(0, MAX_SET), 0);
    sets.take(&pps(0, 0, MAX_SET), 0);
    let payload = sets.before(&IDR_SLICE, 1).unwrap();
    assert_eq!(payload.len(), 1 + 2 + MAX_SET + 2 + MAX_SET, "exactly one set of each kind");
    assert!(payload.len() <= MAX_PAYLOAD);
    sets.take(&sps(0, MAX_SET + 1), 0);
    assert!(!sets.is_start(&IDR_SLICE), "the old set was removed");
}

#[test]
fn ids_are_read_up_to_the_highest() {
    let mut sets = ParameterSets::default();
    sets.take(&sps(31, 20), 0);
    sets.take(&pps(255, 31, 20), 0);
    let slice = [0x65, 0b1_0001000, 0b0000_0000, 0b1_0000000, 0b0_1000000];
    assert!(sets.is_start(&slice));
    sets.take(&sps(32, 20), 0);
    sets.take(&pps(256, 31, 20), 0);
    assert_eq!((sets.sps.sets.len(), sets.pps.sets.len()), (1, 1));
}

#[test]
fn text_that_is_no_sets_has_none() {
    for text in ["", ",", "====", "Z0I!", "Zw==", "a,b,c", "ü,Z", &"Z".repeat(9_000)] {
        let sets = ParameterSets::from_sprop(text);
        assert!(sets.sps.sets.is_empty() && sets.pps.sets.is_empty(), "{text}");
    }
    let mut sets = ParameterSets::from_sprop(" Z0IACpZTBYmI , aMljiA ");
    assert!(sets.is_start(&IDR_SLICE), "without padding, and with spaces");
}

#[test]
fn no_packet_allocates_once_the_sets_are_known() {
    let mut sets = ParameterSets::from_sprop(SPROP);
    let (other, aggregated) = (pps(1, 0, 12), stap_a(0x78, &[&RFC_SPS, &RFC_PPS]));
    sets.take(&other, 0);
    let allocations = allocations_in(|| {
        for n in 0..1_000 {
            for payload in [&aggregated[..], &other, &IDR_SLICE, &IDR_SLICE_1] {
                sets.take(payload, n);
                assert!(sets.before(&IDR_SLICE, n + 1).is_some());
                assert!(sets.before(&IDR_SLICE_1, n + 1).is_some());
            }
        }
    });
    assert_eq!(allocations, 0);
}

proptest! {
    #[test]
    fn no_payload_breaks_it(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..30),
        sprop in "\\PC{0,60}",
    ) {
        let mut sets = ParameterSets::from_sprop(&sprop);
        for payload in payloads {
            sets.take(&payload, 0);
            sets.is_start(&payload);
            sets.before(&payload, 1);
        }
    }
}
