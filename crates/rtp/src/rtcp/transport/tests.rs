use proptest::prelude::*;

use super::*;
use crate::rtcp::{Packet, packets, write};

/// The statuses of the only packet of some bytes.
fn statuses(bytes: &[u8]) -> Option<Vec<(u16, Option<i32>)>> {
    match packets(bytes).next()? {
        Packet::TransportFeedback(it) => {
            let all: Vec<_> = it.statuses().collect();
            assert_eq!(all.len(), usize::from(it.status_count));
            Some(all)
        }
        other => panic!("{other:?}"),
    }
}

/// The deltas of the only packet of some bytes.
fn deltas(bytes: &[u8]) -> Option<Vec<Option<i32>>> {
    Some(statuses(bytes)?.into_iter().map(|it| it.1).collect())
}

/// A feedback on so many packets from 10 on, with these chunks and deltas.
fn feedback(count: u16, rest: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x8F, 205, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 10];
    bytes.extend(count.to_be_bytes());
    bytes.extend([0, 0, 3, 4]);
    bytes.extend(rest);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes[3] = (bytes.len() / 4 - 1) as u8;
    bytes
}

fn written(deltas: &[Option<i32>]) -> Option<Vec<u8>> {
    let info = FeedbackInfo { base_seq: 10, ..Default::default() };
    let mut out = vec![0xEE; 200_000];
    let len = write::transport_feedback(&mut out, &info, deltas.iter().copied())?;
    out.truncate(len);
    Some(out)
}

/// The first chunks of what is written.
fn chunks<const N: usize>(deltas: &[Option<i32>]) -> [u16; N] {
    let mut body = &written(deltas).unwrap()[20..];
    [(); N].map(|()| take_u16(&mut body).unwrap())
}

#[test]
fn what_a_browser_sent_is_read() {
    let bytes = [
        0xAF, 0xCD, 0x00, 0x07, 0x00, 0x00, 0x00, 0x01, 0xDD, 0x58, 0x6E, 0xB6, 0x00, 0x01, 0x00,
        0x09, 0x5E, 0x91, 0x10, 0x00, 0x20, 0x09, 0x1C, 0x0C, 0x2C, 0x38, 0x00, 0x04, 0x00, 0x08,
        0x18, 0x01,
    ];
    let Some(Packet::TransportFeedback(feedback)) = packets(&bytes).next() else { panic!() };
    let expected = FeedbackInfo {
        sender_ssrc: 1,
        media_ssrc: 0xDD58_6EB6,
        base_seq: 1,
        reference_time: 6_197_520,
        feedback_count: 0,
    };
    assert_eq!(feedback.info, expected);
    let in_ms: Vec<_> = feedback.statuses().map(|it| it.1.unwrap() / 4).collect();
    assert_eq!(in_ms, [7, 3, 11, 14, 0, 1, 0, 2, 6]);
}

/// draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1.3, example 1.
#[test]
fn a_run_of_packets_that_did_not_arrive() {
    let expected: Vec<_> = (10..10 + 221).map(|it| (it, None)).collect();
    assert_eq!(statuses(&feedback(221, &[0x00, 0xDD])), Some(expected));
}

/// Section 3.1.4, example 1.
#[test]
fn fourteen_packets_with_a_bit_each() {
    let bytes = feedback(14, &[0x9F, 0x1C, 1, 2, 3, 4, 5, 6, 7, 8]);
    let read: Vec<_> = deltas(&bytes).unwrap().iter().map(|it| it.unwrap_or(0)).collect();
    assert_eq!(read, [0, 1, 2, 3, 4, 5, 0, 0, 0, 6, 7, 8, 0, 0]);
}

/// Section 3.1.4, example 2, with a large delta for the status that is reserved.
#[test]
fn seven_packets_with_two_bits_each() {
    let bytes = feedback(7, &[0xC9, 0x50, 0xFF, 0xFE, 1, 2, 255]);
    let expected = vec![None, Some(-2), Some(1), Some(2), Some(255), None, None];
    assert_eq!(deltas(&bytes), Some(expected));
}

#[test]
fn the_last_chunk_says_no_more_than_there_are_packets() {
    let bytes = feedback(2, &[0xA0, 0x00, 7]);
    assert_eq!(statuses(&bytes), Some(vec![(10, Some(7)), (11, None)]));
    let bytes = feedback(3, &[0x3F, 0xFF, 7, 8, 9]);
    assert_eq!(deltas(&bytes), Some(vec![Some(7), Some(8), Some(9)]));
    assert_eq!(statuses(&feedback(0, &[])), Some(vec![]));
}

#[test]
fn feedback_that_is_cut_off_is_refused() {
    assert_eq!(statuses(&feedback(222, &[0x00, 0xDD])), None, "a packet more than chunks");
    assert_eq!(statuses(&feedback(3, &[0x20, 0x03, 1])), None, "two deltas are missing");
    assert_eq!(statuses(&feedback(1, &[0x60, 0x01])), None, "a status that is reserved");
    assert_eq!(statuses(&feedback(8, &[0xE0, 0x00, 0xF0, 0x00, 1, 2, 3, 4])), None, "within, too");
}

#[test]
fn what_arrived_in_time_is_one_run() {
    assert_eq!(chunks(&[Some(4); 300]), [0x2000 | 300]);
    assert_eq!(chunks(&[None; 9_000]), [0x1FFF, 9_000 - 0x1FFF]);
    assert_eq!(chunks(&[Some(-1); 20]), [0x4000 | 20]);
}

#[test]
fn losses_take_a_bit_and_large_deltas_two() {
    let mut list = [Some(1); 14];
    list[3] = None;
    assert_eq!(chunks(&list), [0x8000 | 0b11_1011_1111_1111]);
    list[4] = Some(256);
    assert_eq!(chunks(&list), [0xC000 | 0b01_0101_0010_0101, 0x2000 | 7]);
    assert_eq!(chunks(&list[..5]), [0xC000 | 0b01_0101_0010_0000]);
}

#[test]
fn what_cannot_be_told_is_not_written() {
    assert_eq!(written(&[]), None);
    assert_eq!(written(&[None; 65_536]), None);
    assert_eq!(written(&[Some(32_768)]), None);
    assert_eq!(written(&[Some(-32_769)]), None);
    let whole = written(&[Some(1), Some(300)]).unwrap();
    let list = [Some(1), Some(300)];
    for len in 0..whole.len() {
        let mut out = vec![0; len];
        let info = FeedbackInfo::default();
        assert_eq!(write::transport_feedback(&mut out, &info, list), None, "{len} bytes");
    }
}

/// Runs of packets that fared alike.
fn any_deltas() -> impl Strategy<Value = Vec<Option<i32>>> {
    let delta = prop_oneof![Just(None), (0..256).prop_map(Some), (-32_768..32_768).prop_map(Some)];
    let run = (delta, prop_oneof![4 => 1..4_usize, 2 => 4..20_usize, 1 => 8_100..8_300_usize]);
    prop::collection::vec(run, 1..20).prop_map(|runs| {
        runs.into_iter().flat_map(|(delta, len)| vec![delta; len]).take(65_535).collect()
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(list in any_deltas(), base_seq: u16, reference_time in 0..1_u32 << 24) {
        let info = FeedbackInfo { sender_ssrc: 1, media_ssrc: 2, base_seq, reference_time, feedback_count: 3 };
        let mut out = vec![0xEE; 300_000];
        let result = write::transport_feedback(&mut out, &info, list.iter().copied());
        let Some(len) = result else { return Ok(()) };
        let Some(Packet::TransportFeedback(read)) = packets(&out[..len]).next() else { panic!() };
        prop_assert_eq!(read.info, info);
        let seqs: Vec<_> = read.statuses().map(|it| it.0).collect();
        prop_assert_eq!(seqs, (0..list.len()).map(|it| base_seq.wrapping_add(it as u16)).collect::<Vec<_>>());
        prop_assert_eq!(read.statuses().map(|it| it.1).collect::<Vec<_>>(), list);
    }
}
