//! Shown frames and freezes of a viewer on a bad network. The goals, R1 to R4 in test names, are for
//! random loss, bursts of loss, outages, and jitter with reordering. Time is virtual, and each test has a
//! fixed seed.

use std::time::{Duration, Instant};

use sfu::{Event, PeerId};
use str0m_netem::{GilbertElliot, NetemConfig, Probability};

use crate::sim::{Host, Sim, good_link, lossy};

const SECOND: Duration = Duration::from_secs(1);

/// What a person calls a freeze.
const FREEZE: Duration = Duration::from_millis(200);

/// 0.25, 0.5 and 2.2 Mbit/s.
const LAYERS: [(&str, u16); 3] = [("q", 1), ("h", 2), ("f", 9)];

fn watching() -> (Sim, PeerId, PeerId) {
    let mut sim = Sim::new();
    let host = sim.add_host(Host::simulcast(&LAYERS), good_link());
    let viewer = sim.add_viewer(good_link());
    sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    sim.run(5 * SECOND);
    (sim, host, viewer)
}

fn is_left(sim: &Sim) -> bool {
    sim.events.iter().any(|(_, it)| matches!(it, Event::Closed { .. }))
}

/// What a player holds back, so that what comes late is in time: browsers hold a round trip and more
/// once packets were sent again.
const BUFFER: Duration = Duration::from_millis(100);

/// What was seen in a time, by a person in front of a player.
#[derive(Debug)]
#[allow(dead_code, reason = "all of it is printed")]
struct Seen {
    /// Of the frames sent, in percent.
    shown: f64,
    freezes: usize,
    /// The sum of all of them.
    frozen: Duration,
    longest: Duration,
    /// The longest time between two frames without the player's buffer.
    raw: Duration,
    /// Packets of sound, of those sent, in percent.
    sound: f64,
}

fn seen(sim: &mut Sim, host: PeerId, viewer: PeerId, duration: Duration) -> Seen {
    let began = sim.now;
    let sent = sim.host(host).frames_sent;
    let sound = sim.screen(viewer).audio_packets;
    let n_shown = sim.screen(viewer).shown.len();
    sim.run(duration);
    let end = sim.now;
    let sent = sim.host(host).frames_sent - sent;
    let screen = sim.screen(viewer);
    let numbers: Vec<u32> = screen.shown.iter().map(|it| it.2).collect();
    // What another layer catches up with is replaced by the next frame at once, and not seen.
    let stays = |at: usize| {
        let next = screen.timestamps.get(at + 1).copied().unwrap_or(u32::MAX);
        next.wrapping_sub(screen.timestamps[at]) > 90 * 10
    };
    let seen = numbers.iter().enumerate().filter(|it| stays(it.0)).map(|it| *it.1);
    assert!(seen.is_sorted(), "a frame of before was shown");
    // When a player shows them: late as the most punctual one and its buffer, or as they come.
    let media = |at: usize| {
        let ticks = screen.timestamps[at].wrapping_sub(screen.timestamps[0]);
        Duration::from_millis(u64::from(ticks) / 90)
    };
    let range = n_shown.saturating_sub(1)..screen.shown.len();
    let zero = screen.shown[0].0;
    let delay = |at: usize| (screen.shown[at].0 - zero).as_secs_f64() - media(at).as_secs_f64();
    let least = (0..screen.shown.len()).map(delay).fold(f64::MAX, f64::min);
    let due = |at: usize| (least + media(at).as_secs_f64()).max(0.0);
    let plays =
        |at: usize| screen.shown[at].0.max(zero + Duration::from_secs_f64(due(at)) + BUFFER);
    let mut times: Vec<Instant> = range.clone().map(plays).collect();
    times.push((end + BUFFER).max(times.last().copied().unwrap_or(end)));
    let gaps = times.windows(2).map(|it| it[1].saturating_duration_since(it[0]));
    let freezes: Vec<Duration> = gaps.clone().filter(|it| *it > FREEZE).collect();
    let raw = range.skip(1).map(|at| screen.shown[at].0 - screen.shown[at - 1].0).max();
    let n_sound = duration.as_millis() as f64 / 20.0;
    Seen {
        shown: (screen.shown.len() - n_shown) as f64 * 100.0 / f64::from(sent),
        freezes: freezes.len(),
        frozen: freezes.iter().sum(),
        longest: gaps.max().unwrap_or_default(),
        raw: raw.unwrap_or(end - began),
        sound: (screen.audio_packets - sound) as f64 * 100.0 / n_sound,
    }
}

fn a_minute_of_loss(percent: f32) -> Seen {
    minutes_of_loss(1, percent)
}

fn minutes_of_loss(n: u32, percent: f32) -> Seen {
    let (mut sim, host, viewer) = watching();
    sim.set_link(viewer, lossy(percent));
    let seen = seen(&mut sim, host, viewer, n * 60 * SECOND);
    println!("R1 {percent} %: {seen:?}");
    assert!(!is_left(&sim));
    seen
}

// Loss is on both ways, so a repetition fails for its request as often as for itself, and the client
// asks every 33 ms and a round trip later again; what its other feedback tells to be missing is sent again
// unasked. A person's player hides 100 ms of the wait, see BUFFER. Figures are of forty seeds.

#[test]
fn r1_five_percent_of_loss_is_not_seen() {
    // None in forty minutes; six of 0.204 s without what is sent again unasked.
    let it = a_minute_of_loss(5.0);
    assert!(it.shown >= 99.0);
    assert_eq!(it.freezes, 0);
}

#[test]
fn r1_ten_percent_of_loss_is_hardly_seen() {
    // The goal is 2 % of the time: two freezes of 0.204 s in forty minutes.
    let it = a_minute_of_loss(10.0);
    assert!(it.shown >= 99.0);
    assert!(it.freezes <= 1 && it.longest < Duration::from_millis(300));
}

#[test]
fn r1_at_twenty_percent_of_loss_it_still_plays() {
    // Sound is not repeated: as much comes as the link lets through, which is the goal of 80 % or by
    // chance a little less: of four minutes by half a percent. The picture stands for 2 % of the time.
    let it = minutes_of_loss(4, 20.0);
    assert!(it.shown >= 97.0);
    assert!(it.frozen < 4 * Duration::from_millis(4_500));
    assert!(it.longest < 2 * SECOND);
    assert!(it.sound >= 79.0);
}

#[test]
fn r2_five_seconds_of_heavy_loss_are_over_when_they_are_over() {
    // 0.4 s frozen, and below the goal in 39 of the seeds: half of all requests and answers are lost.
    let (mut sim, host, viewer) = watching();
    sim.set_link(viewer, lossy(30.0));
    let burst = seen(&mut sim, host, viewer, 5 * SECOND);
    sim.set_link(viewer, good_link());
    let after = seen(&mut sim, host, viewer, 3 * SECOND);
    let later = seen(&mut sim, host, viewer, 7 * SECOND);
    println!("R2 burst: {burst:?}\n   3 s after: {after:?}\n   then: {later:?}");
    // The goal.
    assert!(burst.frozen < Duration::from_millis(1_500));
    assert_eq!(later.freezes, 0);
    assert!(later.shown > 99.0);
    let layers = &sim.screen(viewer).packets_per_frame;
    assert!(layers[layers.len() - 5..].iter().all(|it| *it == 9), "full rate");
}

#[test]
fn r2_a_minute_of_bursts_disconnects_nobody() {
    let (mut sim, host, viewer) = watching();
    // 3 of 10 packets, four in a row.
    let bursts = GilbertElliot::new().good_duration(9.3).bad_duration(4.0);
    sim.set_link(viewer, good_link().loss(bursts));
    let bad = seen(&mut sim, host, viewer, 60 * SECOND);
    sim.set_link(viewer, good_link());
    let good = seen(&mut sim, host, viewer, 5 * SECOND);
    println!("R2 bursts: {bad:?}\n   after: {good:?}");
    assert!(!is_left(&sim));
    assert!(bad.shown > 20.0 && good.shown > 80.0);
}

/// After this long without a frame Chromium requests a keyframe, and again after as long.
const CHROMIUM_PATIENCE: Duration = Duration::from_secs(3);

fn outage(seconds: u32, limit: Duration) {
    let (mut sim, host, viewer) = watching();
    sim.client_mut(viewer).viewer().patience = Some(CHROMIUM_PATIENCE);
    sim.client_mut(viewer).online = false;
    sim.run(seconds * SECOND);
    let shown = sim.screen(viewer).shown.len();
    sim.client_mut(viewer).online = true;
    let back =
        sim.wait("the picture again", 10 * SECOND, |it| it.screen(viewer).shown.len() > shown);
    let full = sim.wait("the best layer", 60 * SECOND, |it| {
        it.screen(viewer).packets_per_frame.last() == Some(&9)
    });
    let after = seen(&mut sim, host, viewer, 10 * SECOND);
    println!("R3 {seconds} s: back in {back:?}, best in {full:?} more, then {after:?}");
    assert!(back < limit, "{back:?}");
    assert!(!is_left(&sim), "nobody reconnects: {:?}", sim.events.last());
}

#[test]
fn r3_an_outage_of_three_seconds() {
    outage(3, SECOND);
}

#[test]
fn r3_an_outage_of_ten_seconds() {
    outage(10, Duration::from_millis(1_500));
}

#[test]
fn r3_an_outage_of_twenty_five_seconds() {
    outage(25, 2 * SECOND);
}

#[test]
fn r8_an_outage_of_the_host_ends_for_viewers_when_it_ends() {
    for tenths in [10, 20, 29, 32, 40] {
        let (mut sim, host, viewer) = watching();
        sim.client_mut(viewer).viewer().patience = Some(CHROMIUM_PATIENCE);
        sim.client_mut(host).online = false;
        sim.run(tenths * SECOND / 10);
        let shown = sim.screen(viewer).shown.len();
        let asked = sim.host(host).keyframe_requests.len();
        sim.client_mut(host).online = true;
        let back =
            sim.wait("the picture again", 5 * SECOND, |it| it.screen(viewer).shown.len() > shown);
        assert!(back < SECOND / 2, "after {tenths} tenths of a second: {back:?}");
        sim.run(5 * SECOND);
        let asked = sim.host(host).keyframe_requests.len() - asked;
        assert!((1..=4).contains(&asked), "one for each layer and no storm: {asked}");
        assert!(!is_left(&sim));
    }
}

#[test]
fn r4_jitter_reordering_and_duplicates_are_not_seen() {
    let (mut sim, host, viewer) = watching();
    let jitter = NetemConfig::new()
        .latency(Duration::from_millis(60))
        .jitter(Duration::from_millis(40))
        .reorder_gap(20)
        .duplicate(Probability::new(0.02));
    sim.set_link(viewer, jitter);
    let seen = seen(&mut sim, host, viewer, 60 * SECOND);
    println!("R4: {seen:?}");
    assert_eq!(seen.freezes, 0);
    assert!(seen.shown >= 99.0);
}
