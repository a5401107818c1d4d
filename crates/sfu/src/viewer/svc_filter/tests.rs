use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::media::codec::vp8::Descriptor;
use crate::media::svc::{SvcPosition, SwitchPoint};
use crate::testing::{START, packet};

const LOWEST: OperatingPoint = OperatingPoint { spatial: 0, temporal: 0 };
const MIDDLE: OperatingPoint = OperatingPoint { spatial: 0, temporal: 1 };

/// The temporal layer of each frame of a browser's stream, and whether the frame needs only the lowest.
const PATTERN: [(u8, bool); 8] =
    [(0, false), (2, true), (1, true), (2, false), (0, false), (2, false), (1, false), (2, false)];

/// A VP8 frame of `len` packets.
fn frame(number: u32, first_seq: u64, len: u64) -> Vec<Packet> {
    let (temporal, is_sync) = PATTERN[number as usize % 8];
    (0..len)
        .map(|n| {
            let id = number as u16 & 0x7FFF;
            let head = [
                0x80 | if n == 0 { 0x10 } else { 0 },
                0xA0,
                0x80 | (id >> 8) as u8,
                id as u8,
                temporal << 6 | u8::from(is_sync) << 5,
            ];
            let vp8 = Descriptor::parse(&head).unwrap();
            let is_keyframe = number == 0 && n == 0;
            let mut place = vp8.place();
            if is_keyframe {
                place.opens = SwitchPoint::All;
            }
            let plain = packet(first_seq + n, number * 3_000, is_keyframe, *START);
            Packet { vp8: Some(vp8), place, payload: Arc::from(&head[..]), ..plain }
        })
        .collect()
}

/// `n` consecutive frames; `len` returns the number of packets of each.
fn frames(n: u32, len: impl Fn(u32) -> u64) -> Vec<Packet> {
    let mut seq = 100;
    let mut all = Vec::new();
    for number in 0..n {
        let frame = frame(number, seq, len(number));
        seq += frame.len() as u64;
        all.extend(frame);
    }
    all
}

fn number(taken: Option<(u64, Sent)>, packet: &Packet) -> Option<u64> {
    taken.map(|it| packet.seq - it.0)
}

#[test]
fn numbers_and_pictures_show_no_gap_at_any_point() {
    for (wanted, shown) in [(LOWEST, 20), (MIDDLE, 40), (OperatingPoint::WHOLE, 80)] {
        let mut it = SvcFilter::new(wanted, 100);
        let (mut numbers, mut pictures) = (Vec::new(), Vec::new());
        for packet in frames(80, |n| 1 + u64::from(n % 3)) {
            if let Some((left, how)) = it.take(&packet, wanted) {
                assert!(!how.is_empty);
                numbers.push(packet.seq - left);
                pictures.push(packet.vp8.unwrap().picture_id - how.dropped);
            }
        }
        pictures.dedup();
        assert_eq!(numbers, (100..100 + numbers.len() as u64).collect::<Vec<_>>());
        assert_eq!(pictures, (0..shown).collect::<Vec<_>>());
    }
}

#[test]
fn fewer_frames_from_the_next_picture_on_and_more_where_a_frame_says_so() {
    let mut it = SvcFilter::new(OperatingPoint::WHOLE, 100);
    let mut points = Vec::new();
    for packet in frames(32, |_| 2) {
        // In the middle of frame 5, and of frame 10.
        let wanted = if (111..121).contains(&packet.seq) { LOWEST } else { OperatingPoint::WHOLE };
        it.take(&packet, wanted);
        points.push((packet.ts / 3_000, it.current().temporal));
    }
    let from = |temporal: u8| points.iter().filter(|it| it.1 == temporal).map(|it| it.0).min();
    assert_eq!(from(0), Some(6), "frame 5 was not sent to its end");
    assert_eq!(
        (from(1), points[35].1),
        (Some(18), 0),
        "two earlier frames of this layer need dropped frames"
    );
    assert_eq!(from(2), Some(25), "this is the next switch point of the highest layer");
}

#[test]
fn what_comes_late_takes_the_number_that_was_kept_for_it() {
    let mut it = SvcFilter::new(LOWEST, 100);
    let all = frames(6, |_| 2);
    let mut take = |seq: u64| {
        let packet = &all[seq as usize - 100];
        let taken = it.take(packet, LOWEST);
        (number(taken, packet), taken.is_some_and(|it| it.1.is_empty))
    };
    assert_eq!(take(100), (Some(100), false));
    // 101 is of the keyframe; 102 to 107 are left out.
    assert_eq!(take(102), (None, false));
    assert_eq!(take(104), (None, false));
    assert_eq!(take(108), (Some(106), false), "101, 103 and 105 to 107 may still be sent");
    assert_eq!(take(101), (Some(101), false));
    assert_eq!(take(105), (Some(103), true));
    assert_eq!(take(103), (Some(102), true));
    assert_eq!(take(102), (None, false), "it was dropped already");
    assert_eq!(take(107), (Some(105), true));
    assert_eq!(take(109), (Some(107), false));
}

#[test]
fn the_last_of_a_smaller_picture_ends_it() {
    let mut it = SvcFilter::new(OperatingPoint { spatial: 1, temporal: 3 }, 0);
    let mut take = |seq: u64, spatial: u8| {
        let mut packet = packet(seq, 0, false, *START);
        packet.place = SvcPosition {
            point: OperatingPoint::new(spatial, 0),
            ends_frame: true,
            ..SvcPosition::default()
        };
        it.take(&packet, OperatingPoint { spatial: 1, temporal: 3 })
    };
    let is_last = |it: Option<(u64, Sent)>| it.map(|it| it.1.is_last);
    assert_eq!(is_last(take(0, 0)), Some(false));
    assert_eq!(is_last(take(1, 1)), Some(true));
    assert_eq!(is_last(take(2, 2)), None);
}

#[test]
fn memory_is_bounded_and_what_is_forgotten_gets_no_wrong_number() {
    let mut it = SvcFilter::new(LOWEST, 100);
    let all = frames(10_000, |_| 1);
    // One packet in every eight is missing. One of these comes much too late.
    for packet in all.iter().filter(|it| it.seq % 8 != 1) {
        it.take(packet, LOWEST);
        assert!(it.runs.len() <= MAX_RUNS && it.runs.capacity() < 2 * MAX_RUNS);
    }
    assert_eq!(it.take(&all[5], LOWEST), None);
}

proptest! {
    #[test]
    fn whatever_comes_late_or_twice_or_never_no_number_is_given_twice_and_none_is_waited_for(
        lens in prop::collection::vec(1_u64..4, 40),
        fates in prop::collection::vec((0_u8..10, 1_usize..30), 160),
        wants in prop::collection::vec(0_u8..4, 40),
    ) {
        let all = frames(40, |n| lens[n as usize]);
        // The order of arrival: most packets come at once, some late, some twice, some never.
        let mut arrivals: Vec<(usize, usize)> = Vec::new();
        for (n, (outcome, delay)) in fates.iter().take(all.len()).enumerate() {
            match outcome {
                0 => {}
                1 => arrivals.push((n + delay, n)),
                2 => arrivals.extend([(n, n), (n + delay, n)]),
                _ => arrivals.push((n, n)),
            }
        }
        arrivals.sort();
        let mut it = SvcFilter::new(OperatingPoint::WHOLE, 100);
        let mut given: BTreeMap<u64, u64> = BTreeMap::new();
        for (_, n) in &arrivals {
            let packet = &all[*n];
            let wanted = OperatingPoint::new(0, wants[(packet.ts / 3_000) as usize]);
            if let Some(number) = number(it.take(packet, wanted), packet) {
                let owner = *given.entry(number).or_insert(packet.seq);
                prop_assert_eq!(owner, packet.seq, "number {} was given twice", number);
            }
        }
        // Only packets that never came leave gaps, up to the last one that came.
        let last = arrivals.iter().map(|it| it.1).max().unwrap_or(0);
        let came = |n: &usize| arrivals.iter().any(|it| it.1 == *n);
        let never = (0..last).filter(|n| !came(n)).count() as u64;
        if let (Some((first, _)), Some((end, _))) = (given.first_key_value(), given.last_key_value()) {
            let gaps = (*end + 1 - 100) - given.len() as u64;
            prop_assert!(*first >= 100);
            prop_assert!(gaps <= never, "{} gaps, {} never came", gaps, never);
        }
    }
}
