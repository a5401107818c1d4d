//! Arbitrary input: no panic, and an estimate within its bounds.

use super::super::{Estimator, PacketResult};
use super::SECOND;

const MIN: u64 = 30_000;
const MAX: u64 = 8_000_000;

fn estimator() -> Estimator {
    Estimator::new(0, 300_000, MIN, MAX)
}

/// Feedback every 50 ms for 10 packets that arrive as `received` says.
fn feed(estimator: &mut Estimator, from: u64, until: u64, received: impl Fn(u64) -> Option<i64>) {
    for at in (from..until).step_by(50_000) {
        let results = (0..10).map(|n| {
            let sent_us = at + n * 5_000;
            PacketResult { sent_us, received_us: received(sent_us), bytes: 1_000, probe: None }
        });
        estimator.on_sent(at);
        estimator.on_feedback(at + 100_000, results);
    }
}

fn is_sane(estimator: &Estimator) -> bool {
    (MIN..=MAX).contains(&estimator.estimate_bps())
}

#[test]
fn an_estimator_is_small() {
    let size = size_of::<Estimator>();
    println!("{size} bytes");
    assert!(size <= 2_048);
}

#[test]
fn an_estimator_holds_no_heap_memory() {
    // A `Copy` type owns nothing; the others here have no destructor either.
    assert!(!std::mem::needs_drop::<Estimator>());
}

#[test]
fn noise_as_input_is_borne() {
    let numbers = [0, 1, 1_000, 50_000, 1 << 32, u64::MAX / 2, u64::MAX - 1, u64::MAX];
    for seed in 0..200 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut estimator = estimator();
        let mut now = 0_u64;
        for _ in 0..300 {
            now = now.saturating_add(rng.u64(0..200_000));
            let n = rng.usize(0..30);
            let mut results = Vec::new();
            for _ in 0..n {
                let odd = rng.u8(..) < 20;
                let sent_us =
                    if odd { numbers[rng.usize(..8)] } else { now - rng.u64(..=now.min(200_000)) };
                let received = if odd { rng.i64(..) } else { now as i64 - rng.i64(0..90_000) };
                results.push(PacketResult {
                    sent_us,
                    received_us: (rng.u8(..) > 30).then_some(received),
                    bytes: if odd { rng.u32(..) } else { rng.u32(0..1_500) },
                    probe: rng.bool().then(|| rng.u8(0..4)),
                });
            }
            match rng.u8(..10) {
                0 => estimator.on_rtt(numbers[rng.usize(..8)]),
                1 => estimator.on_remb(now, numbers[rng.usize(..8)]),
                2 => estimator.on_receiver_report(now, rng.u8(..)),
                3 => estimator.set_demand(numbers[rng.usize(..8)], numbers[rng.usize(..8)]),
                4 => estimator.handle_timeout(now),
                _ => estimator.on_feedback(now, results.into_iter()),
            }
            estimator.on_sent(now);
            let _ = (estimator.poll_probe(now), estimator.next_timeout_us());
            assert!(is_sane(&estimator), "seed {seed}: {}", estimator.estimate_bps());
        }
    }
}

#[test]
fn bounds_that_make_no_sense_are_made_to() {
    let estimator = Estimator::new(0, 0, 0, 0);
    assert_eq!(estimator.estimate_bps(), 1);
    let estimator = Estimator::new(u64::MAX, u64::MAX, u64::MAX, 5);
    assert_eq!(estimator.estimate_bps(), u64::MAX);
}

#[test]
fn a_receiver_that_sets_its_clock_is_no_congestion() {
    for jump in [-10_000_000_000, -5_000_000, 5_000_000, 10_000_000_000] {
        let mut estimator = estimator();
        feed(&mut estimator, 0, 5 * SECOND, |at| Some(at as i64 + 20_000));
        let before = estimator.estimate_bps();
        feed(&mut estimator, 5 * SECOND, 10 * SECOND, |at| Some(at as i64 + 20_000 + jump));
        assert!(estimator.estimate_bps() >= before, "{jump} µs");
    }
}

#[test]
fn a_delay_that_grows_lowers_the_estimate_and_one_that_stays_does_not() {
    let mut estimator = Estimator::new(0, 2_000_000, MIN, MAX);
    feed(&mut estimator, 0, 3 * SECOND, |at| Some(at as i64));
    let before = estimator.estimate_bps();
    assert!(before > 2_000_000 && !estimator.is_overusing());
    feed(&mut estimator, 3 * SECOND, 4 * SECOND, |at| {
        Some(at as i64 + (at as i64 - 3_000_000) / 4)
    });
    assert!(estimator.is_overusing());
    assert!(estimator.estimate_bps() < before);
}

#[test]
fn feedback_that_is_told_twice_or_late_changes_little() {
    let mut estimator = estimator();
    for at in (0..10 * SECOND).step_by(50_000) {
        let packets = |lost: bool| {
            (0..10).map(move |n| {
                let sent_us = at + n * 5_000;
                let received_us = (!(lost && n == 3)).then_some(sent_us as i64 + 20_000);
                PacketResult { sent_us, received_us, bytes: 1_000, probe: None }
            })
        };
        estimator.on_feedback(at + 100_000, packets(true));
        estimator.on_feedback(at + 120_000, packets(false));
    }
    assert!(estimator.estimate_bps() > 300_000);
}

#[test]
fn silence_lowers_the_estimate_to_its_floor_and_no_further() {
    let mut estimator = estimator();
    feed(&mut estimator, 0, 2 * SECOND, |at| Some(at as i64));
    estimator.on_sent(2 * SECOND);
    let mut timeouts = 0;
    while let Some(at) = estimator.next_timeout_us() {
        estimator.handle_timeout(at);
        let _ = estimator.poll_probe(at);
        timeouts += 1;
        assert!(timeouts < 100, "timeouts do not end");
    }
    assert_eq!(estimator.estimate_bps(), MIN);
}

#[test]
fn a_viewer_without_feedback_is_estimated_by_its_reports() {
    let mut estimator = estimator();
    for second in 1..=10 {
        estimator.on_receiver_report(second * SECOND, 0);
    }
    let grown = estimator.estimate_bps();
    assert!((500_000..700_000).contains(&grown), "{grown}");
    for second in 11..=20 {
        estimator.on_receiver_report(second * SECOND, 26);
    }
    assert_eq!(estimator.estimate_bps(), grown, "loss of a tenth must not lower the estimate");
    estimator.on_receiver_report(21 * SECOND, 128);
    assert!(estimator.estimate_bps() < grown * 4 / 5);
}

#[test]
fn a_receivers_own_estimate_is_taken() {
    let mut estimator = estimator();
    estimator.on_remb(SECOND, 1_200_000);
    assert_eq!(estimator.estimate_bps(), 1_200_000);
    estimator.on_remb(2 * SECOND, 50);
    assert_eq!(estimator.estimate_bps(), MIN);
}
