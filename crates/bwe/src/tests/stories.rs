//! Links that change, and links with loss.

use super::MBIT;
use super::link::{Bucket, Config};
use super::viewer::{Sender, run};

const ALL: Sender = Sender::Layers(3);

/// The seeds of all stories.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=10;

#[test]
fn a_link_that_falls_to_a_sixth_and_returns() {
    for rtt_us in [10_000, 50_000, 150_000, 300_000] {
        for seed in SEEDS {
            let capacity =
                vec![(0, 5.0 * MBIT), (10_000_000, 0.8 * MBIT), (20_000_000, 5.0 * MBIT)];
            let log = run(Config { capacity, rtt_us, ..Config::steady(0.0) }, ALL, seed, 35);
            let start = log.first_after(0.0, |it| it == 2);
            let down = log.settled_after(10.0, 20.0, |it| it < 2);
            let queue = log.max_queue_ms(12.0, 20.0);
            let up = log.first_after(20.0, |it| it == 2);
            let stays = log.share(20.0 + up, 35.0, |it| it == 2);
            let middle = log.share(12.0, 20.0, |it| it == 1);
            println!(
                "rtt {rtt_us} seed {seed}: best after {start:.2} s, down in {down:.2} s, queue then \
                 {queue:.0} ms, middle {middle:.2}, up in {up:.2} s, stays {stays:.2}"
            );
            assert!(start < 3.0 && down < 2.0 && queue < 300.0 && up < 10.0);
            assert!(log.share(5.0, 10.0, |it| it == 2) == 1.0 && stays == 1.0);
            assert!(middle > 0.8);
        }
    }
}

#[test]
fn packets_lost_by_chance_cost_no_layer() {
    for (loss, least) in [(0.02, 2), (0.05, 2), (0.1, 2), (0.2, 1)] {
        for seed in SEEDS {
            let log = run(Config { loss, ..Config::steady(5.0 * MBIT) }, ALL, seed, 60);
            let start = log.first_after(0.0, |it| it == 2);
            let low = log.min_estimate(15.0, 60.0);
            let best = log.share(15.0, 60.0, |it| it == 2);
            println!(
                "loss {loss} seed {seed}: best after {start:.2} s, estimate at least {low:.0}, \
                 best layer {best:.2}"
            );
            assert_eq!(log.share(15.0, 60.0, |it| it >= least), 1.0);
            assert!(least < 2 || low >= 2.5 * MBIT);
        }
    }
}

#[test]
fn loss_that_begins_later_is_forgiven_as_well() {
    for loss in [0.08, 0.15] {
        for seed in SEEDS {
            let config = Config { loss, loss_from_us: 20_000_000, ..Config::steady(5.0 * MBIT) };
            let log = run(config, ALL, seed, 60);
            let settled = log.settled_after(20.0, 60.0, |it| it == 2);
            let best = log.share(20.0, 60.0, |it| it == 2);
            println!("loss {loss} seed {seed}: settled after {settled:.2} s, best layer {best:.2}");
            assert!(log.share(20.0, 60.0, |it| it >= 1) == 1.0 && best > 0.75);
        }
    }
}

#[test]
fn feedback_that_is_lost_costs_no_layer() {
    for seed in SEEDS {
        let config = Config { feedback_loss: 0.3, loss: 0.02, ..Config::steady(5.0 * MBIT) };
        let log = run(config, ALL, seed, 60);
        assert_eq!(log.share(15.0, 60.0, |it| it == 2), 1.0, "seed {seed}");
    }
}

#[test]
fn loss_and_jitter_together_cost_no_layer() {
    for seed in SEEDS {
        let config = Config { loss: 0.05, jitter_us: 20_000, ..Config::steady(5.0 * MBIT) };
        let log = run(config, ALL, seed, 60);
        assert_eq!(log.share(15.0, 60.0, |it| it == 2), 1.0, "seed {seed}");
    }
}

#[test]
fn a_policed_link_is_not_overrun() {
    let queue = Config { queue_ms: 20.0, ..Config::steady(1.0 * MBIT) };
    let bucket = |kb: f64| Config {
        bucket: Some(Bucket { bps: 1.0 * MBIT, depth_bytes: kb * 1e3 }),
        ..Config::steady(50.0 * MBIT)
    };
    for (name, config) in [("queue", queue), ("3 kB", bucket(3.0)), ("12 kB", bucket(12.0))] {
        for seed in SEEDS {
            let log = run(config.clone(), ALL, seed, 60);
            let middle = log.share(10.0, 60.0, |it| it == 1);
            let loss = log.loss(10.0, 60.0);
            println!("{name} seed {seed}: middle layer {middle:.2}, loss {loss:.3}");
            assert!(middle > 0.9 && loss < 0.05);
        }
    }
}

#[test]
fn a_burst_that_passes_is_not_taken_for_a_wide_link() {
    let sender = Sender::Keyframes(3, 6.0);
    // The last burst is what the link carries in 0.27 s: as much as a small keyframe.
    for (mbit, kb) in [(1.2, 6.0), (1.2, 12.0), (1.2, 24.0), (0.35, 6.0), (0.35, 12.0)] {
        for seed in SEEDS {
            let capacity = vec![(0, 5.0 * MBIT), (10_000_000, mbit * MBIT)];
            let (burst_bytes, queue_ms) = (kb * 1e3, 100.0);
            let config = Config { capacity, burst_bytes, queue_ms, ..Config::steady(0.0) };
            let log = run(config, sender, seed, 70);
            let fits = usize::from(mbit > 0.5);
            let too_much = log.share(13.0, 70.0, |it| it > fits);
            let too_little = log.share(13.0, 70.0, |it| it < fits);
            let loss = log.loss(13.0, 70.0);
            let padding = log.padding_bytes as f64 / log.sent_bytes as f64;
            println!(
                "{mbit} Mbit/s after {kb} kB, seed {seed}: too much for {too_much:.3} of the time, too \
                 little for {too_little:.3}, loss {loss:.4}, padding {padding:.3}"
            );
            assert!(too_much + too_little == 0.0 && loss < 0.01 && padding < 0.06);
        }
    }
}

#[test]
fn a_policed_link_is_used_up() {
    let queue = Config { queue_ms: 20.0, ..Config::steady(1.0 * MBIT) };
    let bucket = Config {
        bucket: Some(Bucket { bps: 1.0 * MBIT, depth_bytes: 3e3 }),
        ..Config::steady(50.0 * MBIT)
    };
    for (name, config) in [("queue", queue), ("bucket", bucket)] {
        for seed in SEEDS {
            let log = run(config.clone(), Sender::Greedy, seed, 60);
            let rate = log.arrived(10.0, 60.0) / MBIT;
            let loss = log.loss(10.0, 60.0);
            println!("{name} seed {seed}: {rate:.2} Mbit/s arrive, loss {loss:.3}");
            assert!(rate > 0.9 && loss < 0.05);
        }
    }
}

#[test]
fn jitter_is_no_congestion() {
    for jitter_us in [10_000, 20_000, 40_000] {
        for seed in SEEDS {
            let log = run(Config { jitter_us, ..Config::steady(5.0 * MBIT) }, ALL, seed, 60);
            let start = log.first_after(0.0, |it| it == 2);
            let low = log.min_estimate(15.0, 60.0);
            println!("jitter {jitter_us} seed {seed}: best after {start:.2} s, at least {low:.0}");
            assert!(low >= 2.5 * MBIT);
        }
    }
}

#[test]
fn a_little_that_is_all_there_is_does_not_shrink_the_estimate() {
    for seed in SEEDS {
        let log = run(Config::steady(5.0 * MBIT), Sender::Layers(1), seed, 60);
        let low = log.min_estimate(0.0, 60.0);
        let padding = log.padding_bytes as f64 / log.sent_bytes as f64;
        let n = log.probes.len();
        println!("seed {seed}: estimate at least {low:.0}, {n} probes, padding {padding:.3}");
        assert!(low > 250e3 && padding < 0.05 && n <= 4);
    }
}

#[test]
fn from_the_lowest_layer_to_the_best_one() {
    for seed in SEEDS {
        let capacity = vec![(0, 5.0 * MBIT), (10_000_000, 0.3 * MBIT), (40_000_000, 5.0 * MBIT)];
        let log = run(Config { capacity, ..Config::steady(0.0) }, ALL, seed, 70);
        let down = log.settled_after(10.0, 40.0, |it| it == 0);
        let queue = log.max_queue_ms(13.0, 40.0);
        let up = log.first_after(40.0, |it| it == 2);
        println!("seed {seed}: down in {down:.2} s, queue then {queue:.0} ms, up in {up:.2} s");
        assert!(down < 2.0 && queue < 150.0 && up < 20.0);
    }
}

#[test]
fn another_flow_comes_and_goes() {
    for seed in SEEDS {
        let capacity = vec![(0, 5.0 * MBIT), (15_000_000, 2.5 * MBIT), (20_000_000, 5.0 * MBIT)];
        let log = run(Config { capacity, ..Config::steady(0.0) }, ALL, seed, 40);
        let queue = log.max_queue_ms(15.0, 20.0);
        let up = log.settled_after(20.0, 40.0, |it| it == 2);
        println!("seed {seed}: queue {queue:.0} ms, back for good in {up:.2} s");
        assert!(queue < 300.0 && up < 10.0);
    }
}

#[test]
fn three_seconds_of_nothing() {
    for seed in SEEDS {
        let capacity = vec![(0, 5.0 * MBIT), (15_000_000, 0.0), (18_000_000, 5.0 * MBIT)];
        let log = run(Config { capacity, ..Config::steady(0.0) }, ALL, seed, 35);
        let up = log.settled_after(18.0, 35.0, |it| it == 2);
        println!("seed {seed}: back for good in {up:.2} s");
        assert!(up < 5.0);
    }
}
