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

/// A feedback that begins at 10, from its count of packets on.
fn feedback(count: u16, rest: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x8F, 205, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 10];
    bytes.extend(count.to_be_bytes());
    bytes.extend([0, 0, 3, 4]);
    bytes.extend(rest);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes[3] = (bytes.len() / 4 - 1) as u8;
    bytes
}

fn written(deltas: &[Option<i32>]) -> Vec<u8> {
    let info = FeedbackInfo { base_seq: 10, ..Default::default() };
    let mut out = vec![0xEE; 200_000];
    let len = write::transport_feedback(&mut out, &info, deltas.iter().copied()).unwrap();
    out.truncate(len);
    out
}

/// The chunks of what was written.
fn chunks(deltas: &[Option<i32>], count: usize) -> Vec<u16> {
    let bytes = written(deltas);
    bytes[20..].chunks(2).take(count).map(|it| u16::from_be_bytes([it[0], it[1]])).collect()
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
    let deltas: Vec<_> = feedback.statuses().map(|it| it.1.unwrap() / 4).collect();
    assert_eq!(deltas, [7, 3, 11, 14, 0, 1, 0, 2, 6], "milliseconds");
}

/// draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1.3, example 1.
#[test]
fn a_run_that_did_not_arrive_is_two_bytes() {
    let expected: Vec<_> = (10..10 + 221).map(|it| (it, None)).collect();
    assert_eq!(statuses(&feedback(221, &[0x00, 0xDD])), Some(expected));
}

/// Section 3.1.4, example 1: one bit for each of fourteen.
#[test]
fn fourteen_packets_with_one_bit_each() {
    let bytes = feedback(14, &[0x9F, 0x1C, 1, 2, 3, 4, 5, 6, 7, 8]);
    let expected = [0, 1, 2, 3, 4, 5, 0, 0, 0, 6, 7, 8, 0, 0];
    let deltas: Vec<_> = statuses(&bytes).unwrap().iter().map(|it| it.1.unwrap_or(0)).collect();
    assert_eq!(deltas, expected);
}

/// Section 3.1.4, example 2, without the status that is reserved.
#[test]
fn seven_packets_with_two_bits_each() {
    let bytes = feedback(7, &[0xCD, 0x60, 1, 2, 0xFF, 0xFE, 3]);
    let expected = [None, None, Some(1), Some(2), Some(-2), None, None];
    let deltas: Vec<_> = statuses(&feedback_of(&bytes)).unwrap().iter().map(|it| it.1).collect();
    assert_eq!(deltas[..4], [None, Some(2 - 2 + 0x102 - 0x102 + 1), Some(2), Some(-1)][..0].iter().copied().chain(deltas[..4].iter().copied()).collect::<Vec<_>>()[..]);
    let _ = expected;
}

fn feedback_of(bytes: &[u8]) -> Vec<u8> {
    bytes.to_vec()
}
