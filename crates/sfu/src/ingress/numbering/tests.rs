use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::testing::allocations_in;

#[test]
fn what_is_dropped_in_order_leaves_no_hole() {
    let mut it = Numbering::default();
    let first = it.number(100).unwrap();
    assert_eq!(first, 100 + BEGIN);
    assert_eq!(it.drop(101), None);
    assert_eq!(it.drop(102), None);
    assert_eq!(it.number(103), Some(first + 1));
    assert_eq!(it.number(102), None, "it was dropped");
    assert_eq!(it.drop(102), None);
}

#[test]
fn what_may_still_come_keeps_its_number() {
    let mut it = Numbering::default();
    let first = it.number(100).unwrap();
    assert_eq!(it.number(105), Some(first + 5));
    assert_eq!(it.drop(106), None);
    assert_eq!(it.number(107), Some(first + 6));
    assert_eq!(it.number(102), Some(first + 2), "it was late");
    assert_eq!(it.drop(103), Some(first + 3), "an empty packet takes its number");
    assert_eq!(it.number(99), Some(first - 1), "the first one overtook it");
}

#[test]
fn a_packet_is_put_in_before_the_newest() {
    let mut it = Numbering::default();
    let inserted = it.insert_before(100).unwrap();
    assert_eq!(it.number(100), Some(inserted + 1));
    assert_eq!(it.insert_before(100), None, "it is on its way already");
    let two = [it.insert_before(103), it.insert_before(103), it.number(103)];
    assert_eq!(two, [Some(inserted + 4), Some(inserted + 5), Some(inserted + 6)]);
    let late = [it.number(101), it.number(102)];
    assert_eq!(late, [Some(inserted + 2), Some(inserted + 3)]);
}

#[test]
fn what_is_older_than_what_is_remembered_is_not_numbered() {
    let mut it = Numbering::default();
    it.number(0);
    for n in 0..MAX_CHANGES as u64 + 1 {
        assert_eq!(it.drop(10 + 2 * n), None);
        it.number(10 + 2 * n + 1).unwrap();
    }
    assert_eq!(it.number(9), None);
    assert_eq!(it.drop(8), None);
    assert_eq!(it.number(11), Some(11 + BEGIN - 1));
}

#[test]
fn a_stream_that_begins_anew_further_back_goes_on_after_a_hole_of_one() {
    let mut it = Numbering::default();
    it.drop(90_000);
    let last = it.number(90_001).unwrap();
    assert_eq!(it.number(5), Some(last + 2));
    assert_eq!(it.insert_before(6), Some(last + 3));
    assert_eq!(it.number(6), Some(last + 4));
    assert_eq!(it.number(4), None, "too old to be known");
}

#[test]
fn no_packet_allocates() {
    let mut it = Numbering::default();
    let allocations = allocations_in(|| {
        for seq in 0..10_000 {
            match seq % 5 {
                0 => it.drop(seq),
                1 => it.insert_before(seq).and_then(|_| it.number(seq)),
                _ => it.number(seq.saturating_sub(seq % 7)),
            };
        }
    });
    assert_eq!(allocations, 0);
}

/// An operation on a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    GoesOn,
    /// Forward it. If it comes in order, insert a packet before it.
    Key,
    IsDropped,
    NeverComes,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        6 => Just(Fate::GoesOn),
        1 => Just(Fate::Key),
        2 => Just(Fate::IsDropped),
        1 => Just(Fate::NeverComes),
    ]
}

proptest! {
    #[test]
    fn numbers_are_in_order_and_only_what_never_came_is_missing(
        begin in 0_u64..100_000,
        packets in prop::collection::vec((fate(), prop_oneof![6 => Just(0_u64), 1 => 0_u64..30]), 1..150),
    ) {
        let mut arrivals: Vec<_> = (begin..).zip(&packets).collect();
        arrivals.sort_by_key(|(seq, (_, delay))| seq + delay);
        let mut it = Numbering::default();
        // Room numbers by sequence number; inserted packets come first.
        let mut numbers = BTreeMap::new();
        let mut open = BTreeSet::new();
        for (seq, (fate, _)) in arrivals {
            let number = match fate {
                Fate::NeverComes => {
                    open.insert(seq);
                    continue;
                }
                Fate::GoesOn => Some(it.number(seq).unwrap()),
                Fate::Key => {
                    let is_newest = numbers.range((seq, 0)..).next().is_none();
                    if let Some(inserted) = it.insert_before(seq) {
                        prop_assert!(is_newest);
                        numbers.insert((seq, 0), inserted);
                    }
                    Some(it.number(seq).unwrap())
                }
                Fate::IsDropped => it.drop(seq),
            };
            if let Some(number) = number {
                numbers.insert((seq, 1), number);
            }
        }
        let all: Vec<_> = numbers.into_iter().collect();
        for pair in all.windows(2) {
            let [((a_seq, _), a), ((b_seq, _), b)] = pair else { unreachable!() };
            let never_came = open.range(a_seq..b_seq).count() as u64;
            prop_assert_eq!(a + 1 + never_came, *b, "{} and {}", a_seq, b_seq);
        }
    }

    #[test]
    fn no_number_breaks_it(calls in prop::collection::vec(any::<(u8, u64)>(), 0..100)) {
        let mut it = Numbering::default();
        for (call, seq) in calls {
            match call % 3 {
                0 => it.number(seq),
                1 => it.drop(seq),
                _ => it.insert_before(seq),
            };
        }
    }
}
