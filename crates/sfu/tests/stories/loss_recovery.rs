//! Bad networks: lost packets are retransmitted, and reordered packets are put in order.

use std::collections::BTreeMap;
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

/// How many video packets arrive at a viewer behind one with a higher sequence number, of how many.
fn out_of_order(host: Host) -> (usize, usize) {
    let mut sim = Sim::new();
    sim.add_host(host, lossy(5.0));
    let viewer = sim.add_viewer(good_link());
    sim.run(5 * SECOND);
    sim.wire = Some(Vec::new());
    sim.run(20 * SECOND);
    let to = sim.client_mut(viewer).public();
    let wire = sim.wire.as_ref().unwrap();
    // The stream with the most packets is the picture.
    let mut streams: BTreeMap<&[u8], Vec<u16>> = BTreeMap::new();
    for it in wire.iter().filter(|it| !it.is_in && it.other == to && it.contents.len() > 12) {
        if (128..192).contains(&it.contents[0]) && !(192..224).contains(&it.contents[1]) {
            let seq = u16::from_be_bytes([it.contents[2], it.contents[3]]);
            streams.entry(&it.contents[8..12]).or_default().push(seq);
        }
    }
    let picture = streams.into_values().max_by_key(Vec::len).unwrap();
    let is_behind = |it: &&[u16]| it[1].wrapping_sub(it[0]) > u16::MAX / 2;
    (picture.windows(2).filter(is_behind).count(), picture.len())
}

#[test]
fn packets_that_a_host_sent_again_come_to_viewers_in_order() {
    for host in [Host::default(), Host::obs()] {
        let (behind, all) = out_of_order(host);
        println!("{behind} of {all}");
        // A twentieth was lost, and all of it was behind others.
        assert!(all > 2_500 && behind * 200 < all, "{behind} of {all}");
    }
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
