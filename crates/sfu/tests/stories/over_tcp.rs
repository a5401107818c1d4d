//! Media over a TCP connection, for networks that let no UDP through (RFC 6544).

use std::time::Duration;

use sfu::Event;

use crate::sim::{Host, Sim, good_link};

const SECOND: Duration = Duration::from_secs(1);

/// 0.25, 0.5 and 2.2 Mbit/s.
const LAYERS: [(&str, u16); 3] = [("q", 1), ("h", 2), ("f", 9)];

/// A rate that carries everything.
const WIDE: u64 = 50_000_000;

#[test]
fn a_host_and_a_fan_on_tcp_have_picture_and_sound() {
    let mut sim = Sim::new();
    let host = sim.add_host(Host::default(), good_link());
    sim.use_tcp(host, 0, WIDE);
    let viewer = sim.add_viewer(good_link());
    sim.use_tcp(viewer, 0, WIDE);
    sim.wait("a picture", 3 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    sim.run(10 * SECOND);
    let n_shown = sim.screen(viewer).shown.len();
    assert!(n_shown > 280, "{n_shown} of 300 frames");
    assert!(sim.times_of(|it| matches!(it, Event::Closed { .. })).is_empty());
}

#[test]
fn a_connection_that_is_too_slow_gets_whole_frames_that_are_not_late_and_others_get_all() {
    let mut sim = Sim::new();
    sim.add_host(Host::simulcast(&LAYERS), good_link());
    let slow = sim.add_viewer(good_link());
    sim.use_tcp(slow, 0, WIDE);
    let other = sim.add_viewer(good_link());
    sim.wait("a picture", 5 * SECOND, |it| !it.screen(slow).shown.is_empty());
    sim.run(3 * SECOND);
    sim.client_mut(slow).tcp.as_mut().unwrap().bps = 800_000;
    sim.run(4 * SECOND);
    let before = (sim.screen(slow).shown.len(), sim.screen(other).shown.len());
    sim.run(10 * SECOND);
    let n_slow = sim.screen(slow).shown.len() - before.0;
    let n_other = sim.screen(other).shown.len() - before.1;
    assert!(n_other >= 295, "the other fan lost nothing: {n_other} of 300 frames");
    assert!(n_slow >= 270, "a layer that fits is shown: {n_slow} of 300 frames");
    let tcp = sim.client_mut(slow).tcp.as_mut().unwrap();
    assert!(tcp.most_bytes < 256 * 1024, "{} bytes waited", tcp.most_bytes);
    // The link is wide again, and so is the picture.
    sim.client_mut(slow).tcp.as_mut().unwrap().bps = WIDE;
    sim.wait("the best layer", 15 * SECOND, |it| {
        it.screen(slow).packets_per_frame.last().is_some_and(|it| *it >= 9)
    });
}

#[test]
fn a_connection_below_the_lowest_layer_shows_whole_frames_with_little_delay() {
    let mut sim = Sim::new();
    sim.add_host(Host::default(), good_link());
    let slow = sim.add_viewer(good_link());
    sim.use_tcp(slow, 0, WIDE);
    sim.wait("a picture", 5 * SECOND, |it| !it.screen(slow).shown.is_empty());
    sim.client_mut(slow).tcp.as_mut().unwrap().bps = 700_000;
    sim.run(20 * SECOND);
    let since = sim.now - 10 * SECOND;
    let n_shown = sim.screen(slow).shown.iter().filter(|it| it.0 >= since).count();
    assert!(n_shown >= 10, "{n_shown} frames in 10 s");
    sim.client_mut(slow).tcp.as_mut().unwrap().bps = WIDE;
    let wide_at = sim.now;
    sim.run(5 * SECOND);
    let n_shown = sim.screen(slow).shown.iter().filter(|it| it.0 >= wide_at + 2 * SECOND).count();
    assert!(n_shown >= 85, "{n_shown} of 90 frames once the link is wide");
}

#[test]
fn a_fan_whose_udp_ends_goes_on_over_tcp() {
    let mut sim = Sim::with_workers(2);
    sim.add_host(Host::default(), good_link());
    let viewer = sim.add_viewer(good_link());
    sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    sim.use_tcp(viewer, 0, WIDE);
    sim.run(5 * SECOND);
    let since = sim.now;
    sim.run(5 * SECOND);
    let n_shown = sim.screen(viewer).shown.iter().filter(|it| it.0 >= since).count();
    assert!(n_shown >= 140, "{n_shown} of 150 frames");
}
