//! A viewer opens the page while a broadcast runs.

use std::time::Duration;

use sfu::Event;

use crate::sim::{Host, Sim, good_link};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn sees_moving_pictures_and_hears_sound() {
    let mut sim = Sim::new();
    let host = sim.add_host(Host::default(), good_link());
    let viewer = sim.add_viewer(good_link());
    sim.wait("connected", 5 * SECOND, |it| it.client_mut(viewer).connected_at.is_some());
    sim.run(10 * SECOND);
    let sent = sim.host(host).frames_sent as usize;
    let screen = sim.screen(viewer);
    assert!(screen.shown.len() > sent - 40, "{} of {sent} frames", screen.shown.len());
    assert!(screen.audio_packets > 450, "{} packets of sound", screen.audio_packets);
    assert!(screen.longest_freeze() < Duration::from_millis(100));
}

#[test]
fn is_shown_a_young_keyframe_at_once_and_is_at_the_live_edge() {
    let mut sim = Sim::new();
    let host = sim.add_host(Host::default(), good_link());
    let first = sim.add_viewer(good_link());
    sim.wait("first picture", 5 * SECOND, |it| !it.screen(first).shown.is_empty());
    sim.run(SECOND);
    let asked = sim.host(host).keyframe_requests.len();

    let late = sim.add_viewer(good_link());
    sim.wait("connected", 5 * SECOND, |it| it.client_mut(late).connected_at.is_some());
    let waited = sim.wait("a picture", SECOND, |it| !it.screen(late).shown.is_empty());
    assert!(waited < Duration::from_millis(100), "{waited:?} from connected to a picture");
    sim.run(Duration::from_millis(400));
    assert_eq!(sim.host(host).keyframe_requests.len(), asked, "the host was not troubled");

    // Caught up: the newest frame on both screens is the same.
    let newest = |sim: &mut Sim, peer| sim.screen(peer).shown.last().unwrap().2;
    assert_eq!(newest(&mut sim, late), newest(&mut sim, first));
    let timestamps = sim.screen(late).timestamps.clone();
    assert!(timestamps.windows(2).all(|it| it[1].wrapping_sub(it[0]) as i32 > 0));
    let span = timestamps.last().unwrap().wrapping_sub(timestamps[0]);
    assert!(span < 90_000, "a second of the past came out as {span} ticks");
}

#[test]
fn gets_the_next_keyframe_when_the_last_is_too_old() {
    let mut sim = Sim::new();
    let host = sim.add_host(Host::default(), good_link());
    sim.run(20 * SECOND);
    let late = sim.add_viewer(good_link());
    sim.wait("connected", 5 * SECOND, |it| it.client_mut(late).connected_at.is_some());
    let waited = sim.wait("a picture", 2 * SECOND, |it| !it.screen(late).shown.is_empty());
    assert!(waited < Duration::from_millis(250), "{waited:?} from connected to a picture");
    assert_eq!(sim.host(host).keyframe_requests.len(), 1);
}

#[test]
fn two_hundred_at_once_cost_the_host_one_keyframe_a_second() {
    let mut sim = Sim::new();
    let host = sim.add_host(Host::light(), good_link());
    sim.run(10 * SECOND);
    let viewers: Vec<_> = (0..200)
        .map(|_| {
            sim.run(Duration::from_millis(15));
            sim.add_viewer(good_link())
        })
        .collect();
    sim.run(2 * SECOND);
    for viewer in viewers {
        assert!(!sim.screen(viewer).shown.is_empty(), "{viewer} sees nothing");
    }
    let requests = sim.host(host).keyframe_requests.clone();
    assert!(!requests.is_empty());
    for pair in requests.windows(2) {
        assert!(pair[1] - pair[0] >= SECOND - Duration::from_millis(50), "{:?}", pair[1] - pair[0]);
    }
}

#[test]
fn who_comes_before_the_host_sees_the_first_picture() {
    let mut sim = Sim::new();
    let early = sim.add_viewer(good_link());
    sim.run(3 * SECOND);
    assert!(sim.client_mut(early).connected_at.is_some(), "connected while nobody is live");
    sim.add_host(Host::default(), good_link());
    sim.wait("a picture", 2 * SECOND, |it| !it.screen(early).shown.is_empty());
    assert_eq!(sim.screen(early).shown[0].2, 0, "from the very first frame");
    let flowing = sim.times_of(|it| matches!(it, Event::MediaFlowing { .. }));
    assert!(!flowing.is_empty());
}
