//! Streams with spatial or temporal layers. A viewer whose network carries less than the whole stream is
//! sent some of its layers, and sees fewer frames or a smaller picture, but no other effect.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use sfu::PeerId;
use str0m::format::Codec;
use str0m_netem::{Bitrate, DataSize, NetemConfig, Probability, RandomLoss};

use crate::sim::{Host, ROOM, Screen, Sim, good_link};

const SECOND: Duration = Duration::from_secs(1);

/// 0.25, 0.5 and 2.2 Mbit/s.
const LAYERS: [(&str, u16); 3] = [("q", 1), ("h", 2), ("f", 9)];

/// A link of this rate with half a second of buffer.
fn link(kbps: u64) -> NetemConfig {
    let buffer = DataSize::bytes(kbps as i64 * 1_000 / 8 / 2);
    good_link().link(Bitrate::kbps(kbps), buffer)
}

fn watching(host: Host, network: NetemConfig) -> (Sim, PeerId, PeerId) {
    let mut sim = Sim::new();
    let host = sim.add_host(host, good_link());
    let viewer = sim.add_viewer(network);
    sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    (sim, host, viewer)
}

/// What was shown from one time to another.
struct Seen {
    fps: f64,
    freeze: Duration,
    highest: (u8, u8),
    /// The share of pictures that were of the largest size of three.
    largest: f64,
}

fn seen(screen: &Screen, from: Instant, to: Instant) -> Seen {
    let at = |it: &&(Instant, u8, u32)| it.0 >= from && it.0 < to;
    let times: Vec<Instant> = screen.shown.iter().filter(at).map(|it| it.0).collect();
    let gaps = times.windows(2).map(|it| it[1] - it[0]);
    let layers = screen.shown.iter().zip(&screen.layers).filter(|it| at(&it.0)).map(|it| *it.1);
    let layers: Vec<(u8, u8)> = layers.collect();
    let n_largest = layers.iter().filter(|it| it.0 == 2).count();
    Seen {
        largest: n_largest as f64 / layers.len().max(1) as f64,
        fps: times.len() as f64 / (to - from).as_secs_f64(),
        freeze: gaps.max().unwrap_or(to - from),
        highest: layers.iter().fold((0, 0), |a, b| (a.0.max(b.0), a.1.max(b.1))),
    }
}

/// Lets the time pass and says what was shown in it.
fn see(sim: &mut Sim, viewer: PeerId, time: Duration) -> Seen {
    let from = sim.now;
    sim.run(time);
    let to = sim.now;
    seen(sim.screen(viewer), from, to)
}

/// The highest number of the picture's stream that came so far.
fn newest(screen: &Screen) -> u64 {
    screen.packets.iter().map(|it| it.0).max().unwrap()
}

/// Numbers of the picture's stream that never came, from this one on and up to half a second ago.
fn missing(screen: &Screen, from: u64) -> usize {
    let came: BTreeSet<u64> = screen
        .packets
        .iter()
        .map(|it| it.0)
        .chain(screen.without_content.iter().copied())
        .collect();
    (from..newest(screen) - 100).filter(|it| !came.contains(it)).count()
}

/// A moment in what a viewer saw: its newest number, and the pictures without an end up to there. A link
/// that turns out narrow loses some before the estimate says so.
#[derive(Clone, Copy)]
struct Moment {
    seq: u64,
    unended: usize,
}

fn moment(screen: &Screen) -> Moment {
    Moment { seq: newest(screen), unended: screen.unended }
}

/// Every frame could be decoded, and from this moment on every picture was whole and no number is
/// waited for.
fn assert_whole(screen: &Screen, from: Moment) {
    assert_eq!((screen.undecodable, screen.unended), (0, from.unended));
    assert_eq!(missing(screen, from.seq), 0, "numbers that a viewer waits for in vain");
}

#[test]
fn a_link_that_carries_two_thirds_of_the_lowest_layer_gets_it_with_fewer_frames() {
    let host = Host::simulcast(&LAYERS).temporal();
    let (mut sim, _, viewer) = watching(host, link(240));
    sim.run(15 * SECOND);
    let from = moment(sim.screen(viewer));
    let it = see(&mut sim, viewer, 60 * SECOND);
    println!("{:.1} frames a second, freeze {:?}", it.fps, it.freeze);
    assert!((7.0..=20.0).contains(&it.fps), "{:.1} frames a second", it.fps);
    assert!(it.freeze <= Duration::from_millis(200), "{:?}", it.freeze);
    let screen = sim.screen(viewer);
    assert_whole(screen, from);
    let settled = &screen.picture_ids[screen.picture_ids.len() - 400..];
    let is_next = |it: &[u16]| it[1].wrapping_sub(it[0]) & 0x7FFF == 1;
    assert!(settled.windows(2).all(is_next), "picture ids show no gap");
}

#[test]
fn all_frames_come_back_without_a_keyframe() {
    let host = Host::simulcast(&LAYERS[..1]).temporal();
    let (mut sim, host, viewer) = watching(host, link(5_000));
    sim.run(10 * SECOND);
    assert!(see(&mut sim, viewer, 5 * SECOND).fps > 29.0);
    sim.set_link(viewer, link(240));
    sim.run(10 * SECOND);
    let from = moment(sim.screen(viewer));
    let thin = see(&mut sim, viewer, 10 * SECOND);
    assert!(thin.fps < 20.0 && thin.freeze <= Duration::from_millis(200), "{:.1}", thin.fps);
    let asked = sim.host(host).keyframe_requests.len();
    sim.set_link(viewer, link(5_000));
    let began = sim.now;
    sim.run(20 * SECOND);
    let whole = see(&mut sim, viewer, 5 * SECOND);
    assert!(whole.fps > 29.0, "{:.1} frames a second", whole.fps);
    let now = sim.now;
    let freeze = seen(sim.screen(viewer), began, now).freeze;
    println!("thinned to {:.1} frames, freeze {freeze:?} on the way up", thin.fps);
    assert!(freeze <= Duration::from_millis(200), "{freeze:?}");
    assert_eq!(sim.host(host).keyframe_requests.len(), asked, "the host was not asked");
    assert_whole(sim.screen(viewer), from);
}

#[test]
fn loss_and_reordering_from_the_host_leave_no_number_to_wait_for() {
    let host = Host::simulcast(&LAYERS[..1]).temporal();
    let (mut sim, host, viewer) = watching(host, link(240));
    sim.run(10 * SECOND);
    let from = moment(sim.screen(viewer));
    let bad = good_link()
        .loss(RandomLoss::new(Probability::new(0.2)))
        .jitter(Duration::from_millis(15))
        .reorder_gap(10)
        .duplicate(Probability::new(0.02));
    sim.set_link(host, bad);
    let it = see(&mut sim, viewer, 60 * SECOND);
    let asked = sim.host(host).keyframe_requests.len();
    let screen = sim.screen(viewer);
    let filled = screen.without_content.len();
    println!(
        "{:.1} frames, freeze {:?}, {filled} numbers filled, {asked} keyframes",
        it.fps, it.freeze
    );
    assert!(filled > 10, "{filled}");
    assert_eq!(missing(screen, from.seq), 0);
    assert!(it.freeze <= Duration::from_millis(600), "{:?}", it.freeze);
}

#[test]
fn what_is_sent_again_of_a_thinned_stream_decodes() {
    let host = Host::simulcast(&LAYERS[..1]).temporal();
    let lossy = link(260).loss(RandomLoss::new(Probability::new(0.05)));
    let (mut sim, _, viewer) = watching(host, lossy);
    sim.run(10 * SECOND);
    let it = see(&mut sim, viewer, 60 * SECOND);
    println!("{:.1} frames, freeze {:?}", it.fps, it.freeze);
    assert!(it.fps < 25.0, "{:.1} frames a second", it.fps);
    let screen = sim.screen(viewer);
    assert_eq!((screen.undecodable, screen.unended), (0, 0));
    let is_next = |it: &[u16]| it[1].wrapping_sub(it[0]) & 0x7FFF == 1;
    let settled = &screen.picture_ids[screen.picture_ids.len() - 300..];
    let skips = settled.windows(2).filter(|it| !is_next(it)).count();
    assert!(skips <= 2, "{skips} pictures were not repaired");
}

fn svc(n_spatial: u8) -> Host {
    Host::scalable(Codec::Vp9, n_spatial, 1)
}

#[test]
fn a_narrow_link_gets_a_smaller_picture_of_an_svc_stream_and_a_wide_one_the_largest() {
    // 0.25, 0.75 and 1.75 Mbit/s.
    let (mut sim, _, viewer) = watching(svc(3), link(5_000));
    sim.run(10 * SECOND);
    assert_eq!(see(&mut sim, viewer, 5 * SECOND).highest, (2, 2));
    let narrowed = sim.now;
    sim.set_link(viewer, link(800));
    sim.run(10 * SECOND);
    let settled = sim.now;
    let from = moment(sim.screen(viewer));
    let small = see(&mut sim, viewer, 20 * SECOND);
    println!(
        "{:.1} frames, {:.2} of the largest, freeze {:?}",
        small.fps, small.largest, small.freeze
    );
    // An estimate can be too high for a moment.
    assert!(small.largest < 0.1, "{:.2}", small.largest);
    assert!(small.fps > 12.0 && small.freeze <= Duration::from_millis(200));
    let down = seen(sim.screen(viewer), narrowed, settled).freeze;
    println!("freeze {down:?} on the way down");
    assert!(down <= Duration::from_millis(350), "{down:?}");

    sim.set_link(viewer, link(5_000));
    let up = sim.wait("the largest again", 20 * SECOND, |it| {
        let layers = &it.screen(viewer).layers;
        layers[layers.len() - 40..].iter().all(|it| it.0 == 2)
    });
    println!("the largest again after {up:?}");
    let large = see(&mut sim, viewer, 5 * SECOND);
    assert_eq!(large.highest, (2, 2));
    assert!(large.fps > 29.0);
    assert_whole(sim.screen(viewer), from);
}

#[test]
fn one_viewers_part_costs_the_others_nothing() {
    let (mut sim, _, good) = watching(svc(2), good_link());
    let bad = sim.add_viewer(link(300));
    sim.run(20 * SECOND);
    let (from, from_good) = (moment(sim.screen(bad)), moment(sim.screen(good)));
    let it = see(&mut sim, good, 20 * SECOND);
    assert!(it.fps > 29.0 && it.freeze < Duration::from_millis(100));
    let now = sim.now;
    assert_eq!(seen(sim.screen(bad), now - 10 * SECOND, now).highest.0, 0);
    assert_whole(sim.screen(good), from_good);
    assert_whole(sim.screen(bad), from);
}

#[test]
fn the_dependency_descriptor_reaches_viewers_byte_for_byte_and_its_layers_are_obeyed() {
    let (mut sim, host, viewer) = watching(Host::scalable(Codec::Av1, 1, 2), link(5_000));
    sim.run(10 * SECOND);
    sim.set_link(viewer, link(420));
    sim.run(10 * SECOND);
    let from = moment(sim.screen(viewer));
    let it = see(&mut sim, viewer, 20 * SECOND);
    println!("{:.1} frames, freeze {:?}", it.fps, it.freeze);
    assert!(it.fps < 20.0 && it.freeze <= Duration::from_millis(200), "{:.1}", it.fps);
    let asked = sim.host(host).keyframe_requests.len();
    sim.set_link(viewer, link(5_000));
    sim.run(15 * SECOND);
    assert!(see(&mut sim, viewer, 5 * SECOND).fps > 29.0);
    assert_eq!(sim.host(host).keyframe_requests.len(), asked);
    let sent = sim.host(host).descriptors.clone();
    let screen = sim.screen(viewer);
    assert!(screen.descriptors.len() > 1_000);
    assert!(screen.descriptors.iter().any(|it| it.2.len() > 16), "with the keyframe's structure");
    assert!(screen.descriptors.iter().all(|it| sent.contains(it)), "a byte is another");
    assert_eq!(screen.descriptors.len(), screen.packets.len(), "every packet has it");
    assert_whole(screen, from);
}

#[test]
fn frame_numbers_go_on_when_the_host_comes_back() {
    let av1 = |id| {
        let mut host = Host::scalable(Codec::Av1, 1, 2);
        host.id = id;
        host
    };
    let (mut sim, first, viewer) = watching(av1(1), good_link());
    sim.run(5 * SECOND);
    sim.vanish(first);
    sim.run(SECOND);
    sim.add_host(av1(2), good_link());
    sim.wait("the new host", 10 * SECOND, |it| it.screen(viewer).shown.last().unwrap().1 == 2);
    sim.run(2 * SECOND);
    let screen = sim.screen(viewer);
    let number = |it: &(u32, u16, Vec<u8>)| u16::from_be_bytes([it.2[1], it.2[2]]);
    let numbers: Vec<u16> = screen.descriptors.iter().map(number).collect();
    let steps = numbers.windows(2).map(|it| it[1].wrapping_sub(it[0]));
    assert!(steps.clone().all(|it| it <= 1), "{:?}", steps.max());
}

#[test]
fn who_takes_only_one_form_of_header_extensions_is_spared_the_descriptor_and_sees_the_picture() {
    let mut sim = Sim::new();
    sim.add_host(Host::scalable(Codec::Av1, 1, 2), good_link());
    let viewer = sim.add_viewer_saying(ROOM, good_link(), |answer| {
        assert!(answer.contains("a=extmap-allow-mixed"));
        answer.replace("a=extmap-allow-mixed\r\n", "")
    });
    sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    sim.run(5 * SECOND);
    let from = moment(sim.screen(viewer));
    assert!(see(&mut sim, viewer, 5 * SECOND).fps > 29.0);
    let screen = sim.screen(viewer);
    assert!(screen.descriptors.is_empty());
    assert_whole(screen, from);
}
