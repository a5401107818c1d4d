use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::testing::{START, allocations_in};

const VIDEO: u32 = 90_000;

fn at(ms: u64) -> Instant {
    *START + Duration::from_millis(ms)
}

fn new(gap: Range<u64>) -> Arrival {
    Arrival::New { gap }
}

#[test]
fn a_gap_is_listed_once_and_filled_by_late_packets() {
    let mut it = Received::default();
    assert_eq!(it.take(10), new(10..10));
    assert_eq!(it.take(14), new(11..14));
    assert_eq!(it.take(15), new(15..15));
    assert_eq!(it.take(12), Arrival::Late);
    assert_eq!(it.take(12), Arrival::Duplicate);
    assert_eq!(it.take(9), Arrival::Late, "it was overtaken by the first");
    let block = it.report_block(7, at(0));
    assert_eq!((block.cumulative_lost, block.highest_seq), (1, 15), "11 and 13, less a duplicate");
}

#[test]
fn numbers_go_on_where_sixteen_bits_end() {
    let mut it = Received::default();
    it.take(0x1_FFFE);
    assert_eq!(it.take(0x2_0001), new(0x1_FFFF..0x2_0001));
    assert_eq!(it.report_block(7, at(0)).highest_seq, 0x2_0001);
}

#[test]
fn what_left_the_window_is_too_old_to_know() {
    let mut it = Received::default();
    it.take(5_000);
    for seq in 5_002..=5_000 + WINDOW {
        it.take(seq);
    }
    assert_eq!(it.take(5_001), Arrival::Late);
    assert_eq!(it.take(5_000), Arrival::TooOld);
}

#[test]
fn a_stream_that_begins_anew_has_no_gap_and_no_loss() {
    for jump in [5_000 + MAX_GAP + 2, 5_000 + 40_000, 3] {
        let mut it = Received::default();
        for seq in [50_000, 50_001, 50_009] {
            it.take(seq);
        }
        let seq = if jump == 3 { 3 } else { 50_000 + jump };
        assert_eq!(it.take(seq), new(seq..seq));
        assert_eq!(it.take(seq + 2), new(seq + 1..seq + 2));
        let block = it.report_block(7, at(0));
        assert_eq!((block.cumulative_lost, block.highest_seq), (1, seq as u32 + 2));
    }
    let mut it = Received::default();
    it.take(0);
    assert_eq!(it.take(1 + MAX_GAP), new(1..1 + MAX_GAP), "the longest gap that is listed");
}

#[test]
fn each_report_tells_the_loss_since_the_one_before() {
    let mut it = Received::default();
    for seq in (100..200).filter(|it| it % 4 != 1) {
        it.take(seq);
    }
    let block = it.report_block(7, at(0));
    assert_eq!((block.ssrc, block.fraction_lost, block.cumulative_lost), (7, 64, 25));
    for seq in 200..300 {
        it.take(seq);
    }
    let block = it.report_block(7, at(1_000));
    assert_eq!((block.fraction_lost, block.cumulative_lost), (0, 25));
    for seq in (100..200).filter(|it| it % 4 == 1) {
        assert_eq!(it.take(seq), Arrival::Late);
    }
    let block = it.report_block(7, at(2_000));
    assert_eq!((block.fraction_lost, block.cumulative_lost), (0, 0), "all were retransmitted");
}

#[test]
fn the_tally_counts_each_packet_once_and_repairs_when_they_come() {
    let mut it = Received::default();
    for seq in [100, 101, 104, 104, 102, 102] {
        it.take(seq);
    }
    assert_eq!(it.take_tally(), Tally { sent: 5, came: 4 }, "103 is missing");
    it.take(103);
    it.take(105);
    assert_eq!(it.take_tally(), Tally { sent: 1, came: 2 });
    it.take(99);
    assert_eq!(it.take_tally(), Tally { sent: 1, came: 1 }, "it was overtaken by the first");
    it.take(105 + 2 * MAX_GAP);
    assert_eq!(it.take_tally(), Tally { sent: 1, came: 1 }, "a restarted stream");
    assert_eq!(it.take_tally(), Tally::default());
}

#[test]
fn nothing_is_reported_before_the_first_packet() {
    assert_eq!(
        Received::default().report_block(7, at(0)),
        ReportBlock { ssrc: 7, ..Default::default() }
    );
}

#[test]
fn a_sender_learns_how_long_its_report_was_here() {
    let mut it = Received::default();
    it.take(1);
    it.sender_report(0x1122_3344_5566_7788, 9_000, at(500));
    let block = it.report_block(7, at(2_000));
    assert_eq!((block.last_sr, block.delay_since_last_sr), (0x3344_5566, 65_536 * 3 / 2));
    let time = it.sender_time().unwrap();
    assert_eq!((time.ntp >> 32, time.rtp_ts, time.arrived), (0x1122_3344, 9_000, at(500)));
}

#[test]
fn an_even_stream_has_no_jitter_and_one_that_swings_by_10_ms_has_10_ms() {
    let mut even = Received::default();
    let mut swinging = Received::default();
    for frame in 0..300_u32 {
        let (ts, sent) = (frame.wrapping_mul(3_600).wrapping_add(u32::MAX - 9_000), frame * 40);
        for packet in 0..3 {
            even.sample(ts, VIDEO, at((sent + packet * 5).into()));
            swinging.sample(ts, VIDEO, at((sent + frame % 2 * 10 + packet).into()));
        }
    }
    assert_eq!(even.report_block(7, at(0)).jitter, 0);
    let jitter = swinging.report_block(7, at(0)).jitter;
    assert!((890..=910).contains(&jitter), "{jitter} ticks");
}

#[test]
fn a_clock_that_jumps_is_no_jitter() {
    let mut it = Received::default();
    it.sample(0, VIDEO, at(0));
    it.sample(3_600, VIDEO, at(40));
    it.sample(1 << 31, VIDEO, at(80));
    it.sample((1 << 31) + 3_600, VIDEO, at(120));
    assert_eq!(it.report_block(7, at(120)).jitter, 0);
}

#[test]
fn no_packet_allocates() {
    let mut it = Received::default();
    let allocations = allocations_in(|| {
        for seq in 0..5_000_u64 {
            it.take(seq * 3 % 4_000);
            it.sample(seq as u32 * 90, VIDEO, at(seq));
        }
        it.report_block(7, at(9_000));
    });
    assert_eq!(allocations, 0);
}

proptest! {
    #[test]
    fn it_knows_what_a_set_knows(steps in prop::collection::vec(-1_500_i64..900, 0..400)) {
        let (mut it, mut came) = (Received::default(), BTreeSet::new());
        for step in steps {
            let highest = came.last().copied();
            let seq = highest.unwrap_or(1_000_000_u64).saturating_add_signed(step);
            let expected = match highest {
                Some(highest) if seq > highest + 1 + MAX_GAP => {
                    came.clear();
                    new(seq..seq)
                }
                Some(highest) if seq > highest => new(highest + 1..seq),
                Some(highest) if seq + WINDOW <= highest => Arrival::TooOld,
                Some(_) if came.contains(&seq) => Arrival::Duplicate,
                Some(_) => Arrival::Late,
                None => new(seq..seq),
            };
            prop_assert_eq!(it.take(seq), expected.clone());
            if expected != Arrival::TooOld {
                came.insert(seq);
            }
        }
    }

    #[test]
    fn no_number_and_no_time_breaks_it(
        packets in prop::collection::vec(any::<(u64, u32, u32)>(), 0..50),
    ) {
        let mut it = Received::default();
        for (seq, ts, ms) in packets {
            it.take(seq);
            it.sample(ts, VIDEO, at(ms.into()));
            it.sender_report(seq, ts, at(ms.into()));
            it.report_block(1, *START + Duration::from_secs(1 << 34));
        }
    }
}
