//! The layer that a viewer is sent follows the bandwidth of its network.

use std::time::{Duration, Instant};

use sfu::{Event, PeerId};
use str0m::format::Codec;
use str0m_netem::{Bitrate, DataSize, NetemConfig, Probability, RandomLoss};

use crate::sim::{Host, Sim, good_link};

const SECOND: Duration = Duration::from_secs(1);

/// 0.25, 0.5 and 2.2 Mbit/s.
const LAYERS: [(&str, u16); 3] = [("q", 1), ("h", 2), ("f", 9)];

/// A link of this rate with half a second of buffer.
fn link(kbps: u64) -> NetemConfig {
    let buffer = DataSize::bytes(kbps as i64 * 1_000 / 8 / 2);
    good_link().link(Bitrate::kbps(kbps), buffer)
}

/// How late each frame since then was shown, compared to the most punctual one of all.
fn delays(sim: &mut Sim, viewer: PeerId, since: Instant) -> Vec<(Instant, Duration)> {
    let screen = sim.screen(viewer);
    let began = screen.shown[0].0;
    let all: Vec<(Instant, i64)> = screen
        .shown
        .iter()
        .zip(&screen.timestamps)
        .map(|((at, ..), ts)| {
            let media = i64::from(ts.wrapping_sub(screen.timestamps[0])) * 1_000 / 90_000;
            (*at, (*at - began).as_millis() as i64 - media)
        })
        .collect();
    let least = all.iter().map(|it| it.1).min().unwrap();
    let late = |it: &(Instant, i64)| (it.0, Duration::from_millis((it.1 - least) as u64));
    all.iter().filter(|it| it.0 >= since).map(late).collect()
}

/// Packets of the last frame shown: which layer it is of.
fn layer(sim: &mut Sim, viewer: PeerId) -> u16 {
    sim.screen(viewer).packets_per_frame.last().copied().unwrap_or(0)
}

/// Waits until frames of at most this size are shown; keyframes are larger, so several are looked at.
fn wait_for(sim: &mut Sim, viewer: PeerId, what: &str, limit: Duration, size: u16) -> Duration {
    sim.wait(what, limit, |it| {
        let frames = &it.screen(viewer).packets_per_frame;
        frames.len() > 4 && frames[frames.len() - 3..].iter().all(|it| *it == size)
    })
}

fn watching(link: NetemConfig) -> (Sim, PeerId, PeerId) {
    let mut sim = Sim::new();
    let host = sim.add_host(Host::simulcast(&LAYERS), good_link());
    let viewer = sim.add_viewer(link);
    sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    (sim, host, viewer)
}

#[test]
fn a_link_that_narrows_and_widens_is_followed_both_ways() {
    let (mut sim, host, viewer) = watching(link(5_000));
    wait_for(&mut sim, viewer, "the best layer", 10 * SECOND, 9);
    sim.run(10 * SECOND);
    assert_eq!(layer(&mut sim, viewer), 9, "and it stays");

    sim.set_link(viewer, link(800));
    let narrowed = sim.now;
    let down = wait_for(&mut sim, viewer, "a lower layer", 5 * SECOND, 2);
    sim.run(20 * SECOND);
    let settled = delays(&mut sim, viewer, narrowed + 3 * SECOND);
    let longest = settled.iter().map(|it| it.1).max().unwrap();

    sim.set_link(viewer, link(5_000));
    let up = wait_for(&mut sim, viewer, "the best layer again", 15 * SECOND, 9);
    sim.run(10 * SECOND);
    let freeze = sim.screen(viewer).longest_freeze();
    let requests = sim.host(host).keyframe_requests.len();
    println!(
        "down in {down:?}, queue {longest:?}, up in {up:?}, freeze {freeze:?}, {requests} keyframes"
    );
    assert!(down < 2 * SECOND);
    assert!(longest <= Duration::from_millis(300));
    assert!(freeze < Duration::from_millis(350), "what is under way bridges the change");
    assert!(up < 10 * SECOND);
}

#[test]
fn layers_that_are_grouped_and_have_no_names_are_layers_as_others_are() {
    let mut sim = Sim::new();
    sim.add_host(Host::simulcast(&LAYERS).grouped(), good_link());
    let viewer = sim.add_viewer(link(5_000));
    wait_for(&mut sim, viewer, "the best layer", 10 * SECOND, 9);
    sim.run(10 * SECOND);
    assert_eq!(layer(&mut sim, viewer), 9);
    let screen = sim.screen(viewer);
    assert!(screen.longest_freeze() < Duration::from_millis(350), "it is one picture");
    sim.set_link(viewer, link(800));
    wait_for(&mut sim, viewer, "a lower layer", 5 * SECOND, 2);
    sim.run(5 * SECOND);
    assert_eq!(layer(&mut sim, viewer), 2);
    assert!(!sim.events.iter().any(|(_, it)| matches!(it, Event::Findings { .. })), "no fault");
}

#[test]
fn a_link_that_carried_hardly_anything_for_a_while_is_used_again() {
    // Eight seconds in a tunnel: even the sound is too much, and what is above the rate is gone. With fewer
    // frames the picture is not given up there; else the next probe has to find room for it.
    let tunnel = || good_link().link(Bitrate::kbps(50), DataSize::bytes(2_500));
    let temporal = (Host::simulcast(&LAYERS).temporal(), SECOND, 12 * SECOND);
    let whole = (Host::simulcast(&LAYERS), 7 * SECOND, 14 * SECOND);
    for (host, first_within, best_within) in [temporal, whole] {
        let mut sim = Sim::new();
        sim.add_host(host, good_link());
        let viewer = sim.add_viewer(good_link());
        wait_for(&mut sim, viewer, "the best layer", 10 * SECOND, 9);
        sim.run(10 * SECOND);
        sim.set_link(viewer, tunnel());
        sim.run(8 * SECOND);
        sim.set_link(viewer, good_link());
        let shown = |it: &mut Sim| it.screen(viewer).shown.len();
        let before = shown(&mut sim);
        let first = sim.wait("a picture", 20 * SECOND, |it| shown(it) > before + 3);
        let best = first + wait_for(&mut sim, viewer, "the best layer again", 20 * SECOND, 9);
        println!("moves after {first:?}, the best layer after {best:?}");
        assert!(first < first_within, "a picture after {first:?}");
        assert!(best < best_within, "the best layer after {best:?}");
    }
}

#[test]
fn a_link_that_carries_everything_is_sent_the_best_within_seconds() {
    let (mut sim, _, viewer) = watching(good_link());
    let best = wait_for(&mut sim, viewer, "the best layer", 5 * SECOND, 9);
    sim.run(30 * SECOND);
    assert_eq!(layer(&mut sim, viewer), 9);
    println!("best after {best:?}, freeze {:?}", sim.screen(viewer).longest_freeze());
    assert!(sim.screen(viewer).longest_freeze() < Duration::from_millis(200));
}

#[test]
fn loss_by_chance_does_not_cost_the_best_layer() {
    let loss = RandomLoss::new(Probability::new(0.1));
    let (mut sim, _, viewer) = watching(link(5_000).loss(loss));
    sim.run(10 * SECOND);
    let mut best = 0;
    for _ in 0..60 {
        sim.run(SECOND);
        best += u32::from(layer(&mut sim, viewer) >= 9);
    }
    println!("the best layer for {best} of 60 s");
    assert!(best >= 48, "{best} of 60 s");
}

#[test]
fn one_narrow_link_costs_the_others_nothing() {
    let (mut sim, _, good) = watching(good_link());
    let bad = sim.add_viewer(link(600));
    sim.run(20 * SECOND);
    assert_eq!(layer(&mut sim, good), 9);
    assert!(layer(&mut sim, bad) <= 2, "{}", layer(&mut sim, bad));
    assert!(sim.screen(good).longest_freeze() < Duration::from_millis(200));
}

#[test]
fn nothing_freezes_on_a_link_that_drops_instead_of_queueing() {
    // A policer: one frame of the middle layer fits, and what is above the rate is gone at once.
    for kbps in [450, 600, 800] {
        let policed = good_link().link(Bitrate::kbps(kbps), DataSize::bytes(3_000));
        let (mut sim, _, viewer) = watching(policed);
        sim.run(10 * SECOND);
        let began = sim.now;
        sim.run(50 * SECOND);
        let shown = sim.screen(viewer).shown.iter().map(|it| it.0);
        let times: Vec<Instant> = shown.filter(|it| *it >= began).collect();
        let longest = times.windows(2).map(|it| it[1] - it[0]).max().unwrap();
        println!("{kbps} kbit/s: {} frames of 1500, longest {longest:?}", times.len());
        assert!(times.len() >= 1_490 && longest < Duration::from_millis(200));
    }
}

/// What a viewer saw since then.
struct Shown {
    frames: usize,
    longest: Duration,
}

fn shown_since(sim: &mut Sim, viewer: PeerId, since: Instant) -> Shown {
    let shown = sim.screen(viewer).shown.iter().map(|it| it.0);
    let times: Vec<Instant> = shown.filter(|it| *it >= since).collect();
    let longest = times.windows(2).map(|it| it[1] - it[0]).max().unwrap_or(Duration::MAX);
    Shown { frames: times.len(), longest }
}

#[test]
fn a_link_that_does_not_carry_the_only_layer_shows_most_of_it_and_costs_the_others_nothing() {
    // As OBS sends: one layer of 2.5 Mbit/s with its own keyframe every two seconds.
    for (kbps, least) in [(2_400, 1_400), (2_000, 1_100), (1_700, 900)] {
        let mut sim = Sim::new();
        let mut host = Host::encoding(Codec::H264).with_own_keyframes(60);
        (host.packets_per_frame, host.packets_per_keyframe) = (9, 60);
        let host = sim.add_host(host, good_link());
        let (good, bad) = (sim.add_viewer(good_link()), sim.add_viewer(link(kbps)));
        sim.run(15 * SECOND);
        let (began, sound) = (sim.now, sim.screen(bad).audio_packets);
        let asked = sim.host(host).keyframe_requests.len();
        sim.run(60 * SECOND);

        let it = shown_since(&mut sim, bad, began);
        let asked = sim.host(host).keyframe_requests.len() - asked;
        let sound = sim.screen(bad).audio_packets - sound;
        println!(
            "{kbps} kbit/s: {} frames of 1818, {:?}, {sound} of 3000 of sound, {asked} keyframes",
            it.frames, it.longest
        );
        assert!(it.frames >= least, "{} frames", it.frames);
        assert!(it.longest < SECOND, "{:?} in which nothing moves", it.longest);
        assert!(sound >= 2_980, "and the sound");
        assert!(asked <= 3, "no keyframes for one at the cost of all");
        assert!(shown_since(&mut sim, good, began).longest < Duration::from_millis(100));

        sim.set_link(bad, link(5_000));
        sim.run(20 * SECOND);
        let widened = sim.now;
        sim.run(10 * SECOND);
        let it = shown_since(&mut sim, bad, widened);
        assert!(it.frames >= 300 && it.longest < Duration::from_millis(200), "all of it again");
    }
}

#[test]
fn a_browser_that_is_watched_over_a_link_too_narrow_makes_few_keyframes_for_it() {
    // It has none of its own: for this viewer one every three seconds at most is made. How many frames come through
    // depends on the moment at which it joins.
    let mut frames = Vec::new();
    for joins_after in [0, 300, 700, 1_200, 1_600] {
        let mut sim = Sim::new();
        let mut host = Host::default();
        host.packets_per_frame = 9;
        let host = sim.add_host(host, good_link());
        sim.run(Duration::from_millis(joins_after));
        let viewer = sim.add_viewer(link(1_800));
        sim.run(15 * SECOND);
        let (began, asked) = (sim.now, sim.host(host).keyframe_requests.len());
        sim.run(60 * SECOND);
        let it = shown_since(&mut sim, viewer, began);
        let asked = sim.host(host).keyframe_requests.len() - asked;
        println!("{} frames of 1818, {:?}, {asked} keyframes", it.frames, it.longest);
        assert!(it.longest < 4 * SECOND && asked <= 21, "{asked}");
        frames.push(it.frames);
    }
    let mean = frames.iter().sum::<usize>() / frames.len();
    assert!(mean >= 600, "{frames:?}");
}
