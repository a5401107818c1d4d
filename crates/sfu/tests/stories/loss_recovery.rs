//! Bad networks: lost packets are retransmitted, and reordered packets are put in order.

use std::time::Duration;

use str0m_netem::{NetemConfig, Probability};

use crate::sim::{Host, Sim, good_link, lossy};

const SECOND: Duration = Duration::from_secs(1);

/// What a player keeps in its jitter buffer on a bad network.
const BUFFER: Duration = Duration::from_millis(250);

struct Minute {
    shown: usize,
    sent: usize,
    longest_freeze: Duration,
    /// Frames that came too late for the player's buffer.
    late_percent: f64,
}

/// A minute of a broadcast with these links.
fn a_minute(host_link: NetemConfig, viewer_link: NetemConfig) -> Minute {
    a_minute_of(Host::default(), host_link, viewer_link)
}

fn a_minute_of(host: Host, host_link: NetemConfig, viewer_link: NetemConfig) -> Minute {
    let mut sim = Sim::new();
    let host = sim.add_host(host, good_link());
    let viewer = sim.add_viewer(good_link());
    sim.wait("a picture", 10 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    // It gets bad once they are there: how long a handshake takes is another story.
    sim.set_link(host, host_link);
    sim.set_link(viewer, viewer_link);
    let before = sim.host(host).frames_sent;
    let shown_before = sim.screen(viewer).shown.len();
    sim.run(60 * SECOND);
    let sent = (sim.host(host).frames_sent - before) as usize;
    let screen = sim.screen(viewer);
    let numbers: Vec<u32> = screen.shown.iter().map(|it| it.2).collect();
    assert!(numbers.windows(2).all(|it| it[0] < it[1]), "a frame was shown twice or too late");
    let shown = screen.shown.len() - shown_before;
    let (longest_freeze, late_percent) = (screen.longest_freeze(), screen.late_percent(BUFFER));
    println!("{shown} of {sent} frames, {late_percent:.1} % late, freeze of {longest_freeze:?}");
    Minute { shown, sent, longest_freeze, late_percent }
}

#[test]
fn five_percent_loss_to_the_viewer_is_not_seen() {
    let it = a_minute(good_link(), lossy(5.0));
    assert!(it.shown * 100 >= it.sent * 98);
    assert!(it.longest_freeze < Duration::from_millis(800));
    assert!(it.late_percent < 0.5);
}

#[test]
fn fifteen_percent_loss_to_the_viewer_still_plays() {
    let it = a_minute(good_link(), lossy(15.0));
    assert!(it.shown * 100 >= it.sent * 95);
    assert!(it.longest_freeze < Duration::from_millis(1_500));
    assert!(it.late_percent < 5.0);
}

#[test]
fn five_percent_loss_from_the_host_is_not_seen() {
    let it = a_minute(lossy(5.0), good_link());
    assert!(it.shown * 100 >= it.sent * 98);
    assert!(it.longest_freeze < Duration::from_millis(800));
    assert!(it.late_percent < 0.5);
}

#[test]
fn five_percent_loss_from_obs_which_repeats_on_the_same_stream_is_not_seen() {
    let it = a_minute_of(Host::obs(), lossy(5.0), good_link());
    assert!(it.shown * 100 >= it.sent * 98);
    assert!(it.longest_freeze < Duration::from_millis(800));
    assert!(it.late_percent < 0.5);
}

#[test]
fn fifteen_percent_loss_on_both_ways_still_plays() {
    // More than a quarter of all packets is lost on the way. A frame that is not repeated in time is
    // skipped at the next keyframe, which is lost as easily: freezes of 1 to 3 s were seen.
    let it = a_minute(lossy(15.0), lossy(15.0));
    assert!(it.shown * 100 >= it.sent * 80);
    assert!(it.longest_freeze < 6 * SECOND);
    assert!(it.late_percent < 15.0);
}

#[test]
fn reordering_duplicates_and_jitter_lose_no_frame() {
    let bad = good_link()
        .jitter(Duration::from_millis(15))
        .reorder_gap(10)
        .duplicate(Probability::new(0.02));
    let it = a_minute(bad, bad);
    assert!(it.shown + 5 >= it.sent);
    assert!(it.longest_freeze < Duration::from_millis(200));
}

#[test]
fn one_bad_viewer_costs_the_others_nothing() {
    let mut sim = Sim::new();
    let host = sim.add_host(Host::default(), good_link());
    let good = sim.add_viewer(good_link());
    let bad = sim.add_viewer(good_link());
    sim.wait("pictures", 5 * SECOND, |it| {
        !it.screen(good).shown.is_empty() && !it.screen(bad).shown.is_empty()
    });
    sim.set_link(bad, lossy(30.0));
    let shown = sim.screen(bad).shown.len();
    sim.run(30 * SECOND);
    assert!(sim.screen(good).longest_freeze() < Duration::from_millis(100));
    let requests = sim.host(host).keyframe_requests.clone();
    for pair in requests.windows(2) {
        assert!(pair[1] - pair[0] >= SECOND - Duration::from_millis(50));
    }
    assert!(sim.screen(bad).shown.len() > shown + 100, "and even it sees something");
}
