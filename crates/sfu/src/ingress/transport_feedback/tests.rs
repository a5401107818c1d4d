use std::collections::BTreeMap;

use rtp::rtcp::{Packet, TransportFeedback, packets};

use super::*;
use crate::testing::{START, allocations_in};

fn us(us: u64) -> Instant {
    *START + Duration::from_micros(us)
}

fn at(ms: u64) -> Instant {
    us(ms * 1_000)
}

/// The feedback as its sender reads it: the arrival of each sequence number, in ticks since reference time zero.
#[derive(Debug, Default)]
struct Told {
    arrivals: BTreeMap<u16, Option<i64>>,
    bases: Vec<(u16, u32, u8)>,
}

impl Told {
    fn read(&mut self, bytes: &[u8]) {
        let feedback = parse(bytes);
        assert_eq!((feedback.info.sender_ssrc, feedback.info.media_ssrc), (1, 2));
        let info = feedback.info;
        self.bases.push((info.base_seq, info.reference_time, info.feedback_count));
        let mut time = i64::from(info.reference_time) * 256;
        for (seq, delta) in feedback.statuses() {
            time += i64::from(delta.unwrap_or(0));
            let arrival = delta.map(|_| time);
            let known = self.arrivals.entry(seq).or_insert(arrival);
            assert!(known.is_none() || *known == arrival, "{seq} arrived at two times");
            *known = arrival;
        }
    }
}

fn parse(bytes: &[u8]) -> TransportFeedback<'_> {
    let mut all = packets(bytes);
    let Some(Packet::TransportFeedback(feedback)) = all.next() else { panic!("not a feedback") };
    assert!(all.next().is_none());
    feedback
}

fn write_all(it: &mut FeedbackBuilder, room: usize, now: Instant, told: &mut Told) -> usize {
    let mut out = vec![0; room];
    let mut n = 0;
    while let Some(len) = it.write(&mut out, 1, 2, now) {
        told.read(&out[..len]);
        n += 1;
        assert!(n < 2_000, "write never returns None");
    }
    n
}

fn flush(it: &mut FeedbackBuilder) -> Told {
    let mut told = Told::default();
    if let Some(deadline) = it.deadline() {
        write_all(it, 1_200, deadline, &mut told);
    }
    told
}

#[test]
fn a_sender_learns_what_arrived_when_and_what_did_not() {
    let mut it = FeedbackBuilder::new(at(0));
    for (seq, ms) in [(10, 70), (11, 71), (14, 75), (12, 77)] {
        it.arrived(seq, at(ms));
    }
    let told = flush(&mut it);
    let expected = [(10, Some(280)), (11, Some(284)), (12, Some(308)), (13, None), (14, Some(300))];
    assert_eq!(told.arrivals, BTreeMap::from(expected));
    assert_eq!(told.bases, [(10, 1, 0)]);
    assert_eq!(it.deadline(), None, "all arrivals were reported");
}

#[test]
fn feedback_goes_on_where_the_last_ended() {
    let mut it = FeedbackBuilder::new(at(0));
    it.arrived(0xFFFE, at(10));
    assert_eq!(flush(&mut it).bases, [(0xFFFE, 0, 0)]);
    it.arrived(2, at(200));
    let told = flush(&mut it);
    assert_eq!(told.bases, [(0xFFFF, 3, 1)]);
    let expected = [(0xFFFF, None), (0, None), (1, None), (2, Some(800))];
    assert_eq!(told.arrivals, BTreeMap::from(expected));
}

#[test]
fn what_was_overtaken_is_told_after_all() {
    let mut it = FeedbackBuilder::new(at(0));
    for seq in [0_u16, 1, 3, 4] {
        it.arrived(seq, at(seq.into()));
    }
    let mut told = flush(&mut it);
    assert_eq!(told.arrivals[&2], None);
    it.arrived(2, at(150));
    it.arrived(0xFFFF, at(151));
    let again = flush(&mut it);
    assert_eq!((again.arrivals[&2], again.arrivals[&0xFFFF]), (Some(600), Some(604)));
    for (seq, arrival) in again.arrivals {
        let known = told.arrivals.insert(seq, arrival).flatten();
        assert!(known.is_none() || known == arrival, "{seq} arrived at two times");
    }
}

#[test]
fn a_packet_that_comes_twice_came_when_it_came_first() {
    let mut it = FeedbackBuilder::new(at(0));
    it.arrived(7, at(1));
    it.arrived(7, at(50));
    assert_eq!(flush(&mut it).arrivals, BTreeMap::from([(7, Some(4))]));
    it.arrived(7, at(300));
    assert_eq!(it.deadline(), None);
}

#[test]
fn much_is_told_of_every_50_ms_and_little_every_100() {
    for (every_ms, expected) in [(1, 50), (2, 50), (8, 50), (20, 100), (60, 100)] {
        let mut it = FeedbackBuilder::new(at(0));
        let mut written = Vec::new();
        let mut out = [0; 1_200];
        for ms in 0..2_000_u64 {
            if ms % every_ms == 0 {
                it.arrived((ms / every_ms) as u16, at(ms));
            }
            if it.write(&mut out, 1, 2, at(ms)).is_some() {
                written.push(ms);
            }
        }
        let longest = written.windows(2).map(|it| it[1] - it[0]).max().unwrap();
        assert!((expected..=expected + every_ms).contains(&longest), "{every_ms}: {longest}");
    }
}

#[test]
fn a_burst_does_not_wait_for_its_time() {
    let mut it = FeedbackBuilder::new(at(0));
    for seq in 0..FULL as u16 {
        it.arrived(seq, at(5));
    }
    let mut told = Told::default();
    assert_eq!(write_all(&mut it, 1_200, at(5), &mut told), 1);
    assert_eq!(told.arrivals.len() as u64, FULL);
}

#[test]
fn what_one_packet_cannot_hold_is_in_the_next() {
    let mut it = FeedbackBuilder::new(at(0));
    // Every other packet is lost and each delta takes two bytes: the least that fits in a packet.
    for seq in 0..300_u16 {
        it.arrived(seq * 2, at(u64::from(seq) * 100));
    }
    let mut told = Told::default();
    let n = write_all(&mut it, 200, at(30_000), &mut told);
    assert!((5..=7).contains(&n), "{n} packets");
    assert_eq!(told.arrivals.len(), 599);
    assert!(told.arrivals.iter().all(|(seq, it)| it.is_some() == (seq % 2 == 0)));
    assert!(told.bases.iter().enumerate().all(|(n, it)| usize::from(it.2) == n));
}

#[test]
fn a_pause_too_long_for_sixteen_bits_begins_another_feedback() {
    let mut it = FeedbackBuilder::new(at(0));
    it.arrived(1, at(0));
    it.arrived(4, at(8_191));
    it.arrived(5, at(16_400));
    let told = flush(&mut it);
    assert_eq!(told.bases, [(1, 0, 0), (5, 256, 1)]);
    assert_eq!(told.arrivals[&4], Some(32_764));
    assert_eq!(told.arrivals[&5], Some(65_600));
    // A packet that was overtaken by more than 8 s.
    it.arrived(7, at(20_000));
    it.arrived(6, at(30_000));
    assert_eq!(flush(&mut it).bases.len(), 2);
}

#[test]
fn a_buffer_of_32_bytes_is_enough() {
    let mut it = FeedbackBuilder::new(at(0));
    for seq in [0_u16, 900, 901, 930] {
        it.arrived(seq, at(seq.into()));
    }
    let mut told = Told::default();
    write_all(&mut it, 32, at(2_000), &mut told);
    assert_eq!(told.arrivals.values().flatten().count(), 4);
    assert_eq!(it.write(&mut [0; 8], 1, 2, at(2_000)), None);
}

#[test]
fn the_reference_time_wraps_after_twelve_days() {
    let mut it = FeedbackBuilder::new(at(0));
    let wrap = (1 << 24) * 64;
    it.arrived(1, at(wrap - 1));
    it.arrived(2, at(wrap + 1));
    let mut out = [0; 100];
    let len = it.write(&mut out, 1, 2, at(wrap + 100)).unwrap();
    assert_eq!(parse(&out[..len]).info.reference_time, 0xFF_FFFF);
    it.arrived(3, at(wrap + 65));
    let len = it.write(&mut out, 1, 2, at(wrap + 200)).unwrap();
    assert_eq!(parse(&out[..len]).info.reference_time, 1);
}

#[test]
fn a_jump_of_numbers_tells_of_no_more_than_the_window() {
    let mut it = FeedbackBuilder::new(at(0));
    it.arrived(0, at(0));
    it.arrived(30_000, at(1));
    it.arrived(29_000, at(2));
    it.arrived(28_000, at(2));
    let told = flush(&mut it);
    assert_eq!(told.arrivals.values().flatten().count(), 2, "0 and 28000 are too old to know");
    assert_eq!(told.arrivals.len() as u64, WINDOW);
}

#[test]
fn no_packet_allocates() {
    let mut it = FeedbackBuilder::new(at(0));
    let mut out = [0; 1_200];
    let allocations = allocations_in(|| {
        for n in 0..100_000_u64 {
            if n % 13 != 0 {
                it.arrived((n ^ (n % 3)) as u16, at(n));
            }
            while it.write(&mut out, 1, 2, at(n)).is_some() {}
        }
    });
    assert_eq!(allocations, 0);
}

#[test]
fn whatever_the_network_does_each_arrival_is_told_as_it_was() {
    for seed in 0..40 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut it = FeedbackBuilder::new(at(0));
        let mut told = Told::default();
        let mut arrived = BTreeMap::new();
        let mut delayed = Vec::new();
        let (mut now, mut seq) = (0, random.u16(..));
        for _ in 0..2_000 {
            now += if random.u8(..) == 0 { random.u64(..20_000_000) } else { random.u64(..20_000) };
            seq = seq.wrapping_add(if random.u8(..) < 4 { random.u16(1..60) } else { 1 });
            if random.u8(..) < 30 {
                delayed.push(seq);
                continue;
            }
            let mut come = |seq: u16| {
                it.arrived(seq, us(now));
                arrived.entry(seq).or_insert(now as i64 / 250);
            };
            come(seq);
            if random.u8(..) < 60
                && let Some(seq) = delayed.pop()
            {
                come(seq);
            }
            delayed.retain(|it| seq.wrapping_sub(*it) < 900);
            write_all(&mut it, random.usize(64..1_300), us(now), &mut told);
        }
        now += 1_000_000;
        write_all(&mut it, 1_200, us(now), &mut told);
        for (seq, ticks) in arrived {
            // The reference time wraps after 2^32 ticks, which no seed reaches.
            assert_eq!(told.arrivals.get(&seq), Some(&Some(ticks)), "seed {seed}, number {seq}");
        }
    }
}
