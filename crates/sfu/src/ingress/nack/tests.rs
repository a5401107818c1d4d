use super::*;
use crate::testing::{START, allocations_in};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn at(after: u64) -> Instant {
    *START + ms(after)
}

/// Advances the time; returns the requested sequence numbers and the time of each request, in ms.
fn asked(it: &mut NackGenerator, until: u64) -> Vec<(u64, Vec<u16>)> {
    let mut all = Vec::new();
    while let Some(deadline) = it.deadline().filter(|it| *it <= at(until)) {
        let due = it.poll(deadline).to_vec();
        if !due.is_empty() {
            all.push(((deadline - *START).as_millis() as u64, due));
        }
    }
    all
}

/// Loses one packet and answers its first request after a round trip; returns when that request was made.
fn lose_one(it: &mut NackGenerator, seq: u64, since: Instant, rtt: Duration) -> Duration {
    it.missing(seq..seq + 1, since);
    let at = it.deadline().unwrap();
    assert_eq!(it.poll(at), [seq as u16]);
    it.arrived(seq, at + rtt);
    at - since
}

/// Loses and retransmits packets until the round-trip time of 3 ms is known.
fn teach_short_path(it: &mut NackGenerator) {
    let long_ago = *START - Duration::from_secs(100);
    for n in 0..60 {
        lose_one(it, n, long_ago + ms(1_000 * n), ms(3));
    }
}

#[test]
fn where_nothing_was_reordered_yet_a_packet_is_asked_for_at_once() {
    let mut it = NackGenerator::default();
    it.missing(0x1_FFFE..0x2_0001, at(0));
    assert_eq!(it.deadline(), Some(at(0)));
    assert_eq!(it.poll(at(0)), [0xFFFE, 0xFFFF, 0]);
    assert_eq!(it.poll(at(1)), [] as [u16; 0], "requested twice at once");
}

#[test]
fn a_packet_is_asked_for_every_round_trip_for_a_second_and_then_given_up() {
    let mut it = NackGenerator { is_answered: true, ..NackGenerator::default() };
    it.missing(7..8, at(0));
    let requests: Vec<_> = asked(&mut it, 5_000).into_iter().map(|it| it.0).collect();
    assert_eq!(requests, [0, 125, 250, 375, 500, 625, 750, 875]);
    assert_eq!(it.deadline(), None);
}

#[test]
fn who_never_repeats_anything_is_asked_four_times() {
    let mut it = NackGenerator::default();
    it.missing(7..8, at(0));
    let requests: Vec<_> = asked(&mut it, 5_000).into_iter().map(|it| it.0).collect();
    assert_eq!(requests, [0, 125, 250, 375]);
    it.missing(8..9, at(5_000));
    it.poll(at(5_000));
    it.arrived(8, at(5_100));
    it.missing(9..10, at(6_000));
    let requests = asked(&mut it, 11_000);
    assert!(requests.len() > 4, "no further requests: {requests:?}");
}

#[test]
fn on_a_short_path_ten_requests_are_enough() {
    let mut it = NackGenerator::default();
    teach_short_path(&mut it);
    it.missing(70..71, at(0));
    let requests: Vec<_> = asked(&mut it, 5_000).into_iter().map(|it| it.0).collect();
    assert_eq!(requests, [0, 20, 40, 60, 80, 100, 120, 140, 160, 180]);
    assert_eq!(it.deadline(), None);
}

#[test]
fn a_repair_ends_the_requests_and_tells_the_round_trip() {
    let mut it = NackGenerator::default();
    assert_eq!(lose_one(&mut it, 7, at(0), ms(40)), ms(0));
    assert_eq!(it.deadline(), None);
    it.missing(9..10, at(1_000));
    assert_eq!(asked(&mut it, 1_060), [(1_000, vec![9]), (1_050, vec![9])]);
    // The packet may answer either request: the round-trip time stays.
    it.arrived(9, at(1_051));
    it.missing(11..12, at(2_000));
    assert_eq!(asked(&mut it, 2_060), [(2_000, vec![11]), (2_050, vec![11])]);
}

#[test]
fn where_packets_overtake_each_other_they_are_first_waited_for() {
    let mut it = NackGenerator::default();
    let mut requests = 0;
    for n in 0..100 {
        it.missing(2 * n..2 * n + 1, at(50 * n));
        requests += asked(&mut it, 50 * n + 5).len();
        it.arrived(2 * n, at(50 * n + 6));
    }
    assert_eq!(requests, 1, "only the first request");
}

#[test]
fn where_nothing_is_reordered_any_more_the_wait_goes_away() {
    let mut it = NackGenerator::default();
    it.missing(0..1, at(0));
    it.poll(at(0));
    it.arrived(0, at(8));
    let waits: Vec<_> =
        (1..40).map(|n| lose_one(&mut it, n, at(1_000 * n), ms(60)).as_millis()).collect();
    assert_eq!(waits[0], 8);
    assert!(waits.is_sorted_by(|a, b| a >= b), "{waits:?}");
    assert_eq!(waits.last(), Some(&0));
}

#[test]
fn a_round_trip_shorter_than_reordering_is_found_out() {
    let mut it = NackGenerator::default();
    let waits: Vec<_> =
        (0..60).map(|n| lose_one(&mut it, n, at(1_000 * n), ms(3)).as_millis()).collect();
    assert_eq!(waits.last(), Some(&0), "{waits:?}");
    it.missing(99..100, at(90_000));
    assert_eq!(asked(&mut it, 90_025), [(90_000, vec![99]), (90_020, vec![99])]);
}

#[test]
fn too_many_missing_packets_are_given_up_together() {
    let mut it = NackGenerator::default();
    it.missing(0..200, at(0));
    assert!(it.deadline().is_some());
    it.missing(201..300, at(1));
    assert_eq!((it.deadline(), it.poll(at(9)).len()), (None, 0));
    it.missing(301..302, at(10));
    assert_eq!(it.poll(at(10)), [301]);
}

#[test]
fn what_left_the_window_is_not_asked_for() {
    let mut it = NackGenerator::default();
    it.missing(5..7, at(0));
    it.arrived(5 + WINDOW, at(1));
    assert_eq!(it.poll(at(1)), [6]);
    it.arrived(5 + WINDOW + 9_000, at(2));
    assert_eq!(it.deadline(), None, "the stream jumped ahead");
}

#[test]
fn a_stream_that_begins_anew_further_back_is_not_asked_for_what_was_before() {
    let mut it = NackGenerator::default();
    it.missing(90_000..90_003, at(0));
    it.arrived(5, at(1));
    assert_eq!(it.deadline(), None);
    it.missing(90_000..90_003, at(2));
    it.missing(6..8, at(2));
    assert_eq!(it.poll(at(2)), [6, 7]);
}

#[test]
fn requests_are_bounded_however_much_is_missing() {
    let mut it = NackGenerator::default();
    teach_short_path(&mut it);
    let mut requests = 0;
    for n in 0..1_000_u64 {
        it.missing(100 * n..100 * n + 20, at(5 * n));
        requests += it.poll(at(5 * n)).len();
        assert!(it.deadline().is_none_or(|it| it > at(5 * n)), "the deadline does not advance");
    }
    assert!((4_000..=6_000).contains(&requests), "{requests} in 5 s");
}

#[test]
fn what_comes_late_by_itself_before_it_was_asked_for_is_nothing_to_ask_for() {
    let mut it = NackGenerator::default();
    it.missing(7..9, at(0));
    it.arrived(7, at(0));
    assert_eq!(it.poll(at(0)), [8]);
}

#[test]
fn no_packet_allocates() {
    let mut it = NackGenerator::default();
    let mut random = fastrand::Rng::with_seed(7);
    let allocations = allocations_in(|| {
        let mut seq = 0;
        for n in 0..20_000 {
            let gap = if random.u8(..) < 20 { random.u64(1..30) } else { 0 };
            it.missing(seq..seq + gap, at(n));
            seq += gap + 1;
            it.arrived(seq - 1, at(n));
            it.arrived(seq.saturating_sub(random.u64(1..60)), at(n));
            it.poll(at(n));
        }
    });
    assert_eq!(allocations, 0);
}
