//! Links that do not change, with senders that use all of them.

use super::MBIT;
use super::link::Config;
use super::viewer::{Sender, run};

#[test]
fn a_link_is_used_up_without_a_queue() {
    for mbit in [0.6, 1.2, 3.0, 6.0] {
        for seed in 1..=10 {
            let log = run(Config::steady(mbit * MBIT), Sender::Greedy, seed, 70);
            let used = log.arrived(10.0, 70.0) / (mbit * MBIT);
            let queue = log.p95_queue_ms(10.0, 70.0);
            let worst = log.max_queue_ms(10.0, 70.0);
            println!(
                "{mbit} Mbit/s seed {seed}: {used:.3} used, queue p95 {queue:.0} max {worst:.0} ms"
            );
            assert!(used >= 0.9 && queue < 100.0);
        }
    }
}

#[test]
fn a_deep_queue_far_away_does_not_stay_full() {
    for (rtt_us, queue_ms) in [(10_000, 1_000.0), (300_000, 500.0), (300_000, 2_000.0)] {
        for seed in 1..=10 {
            let config = Config { rtt_us, queue_ms, ..Config::steady(3.0 * MBIT) };
            let log = run(config, Sender::Greedy, seed, 60);
            let queue = log.p95_queue_ms(10.0, 60.0);
            let used = log.arrived(10.0, 60.0) / (3.0 * MBIT);
            println!("rtt {rtt_us} seed {seed}: {used:.3} used, queue p95 {queue:.0} ms");
            assert!(used >= 0.9 && queue < 100.0);
        }
    }
}

#[test]
fn a_keyframe_is_no_congestion() {
    for seed in 1..=10 {
        let sender = Sender::Keyframes(3, 6.0);
        let log = run(Config::steady(5.0 * MBIT), sender, seed, 60);
        let start = log.first_after(0.0, |it| it == 2);
        let best = log.share(10.0, 60.0, |it| it == 2);
        println!("seed {seed}: best after {start:.2} s, best layer {best:.2}");
        assert!(start < 5.0 && best == 1.0);
    }
}
