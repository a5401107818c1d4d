//! The tap of a room: what recorders and packagers are given.

use std::collections::BTreeMap;
use std::time::Duration;

use sfu::{Codec, Command, Seat, Tap};

use crate::sim::{Host, Pauses, ROOM, Sim, good_link, lossy};

const SECOND: Duration = Duration::from_secs(1);

fn open(sim: &mut Sim, tap: Tap) {
    sim.command(Command::Tap { room: ROOM, tap: Some(tap) });
}

/// The sequence numbers that each stream of the picture was given with.
fn numbers(sim: &Sim) -> BTreeMap<String, Vec<u64>> {
    let mut numbers: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for it in sim.tapped.iter().filter(|it| it.codec.is_video()) {
        let rid = it.rid.map(|rid| rid.to_string()).unwrap_or_default();
        numbers.entry(rid).or_default().push(it.seq);
    }
    numbers
}

#[test]
fn a_tap_is_given_every_packet_once_though_some_were_lost_on_the_way_and_sent_again() {
    let mut sim = Sim::new();
    sim.add_host(Host::default(), lossy(2.0));
    sim.run(2 * SECOND);
    open(&mut sim, Tap::Best);
    sim.run(10 * SECOND);
    let mut video = numbers(&sim).remove("").unwrap();
    assert!(!video.is_sorted(), "what was sent again comes late");
    video.sort_unstable();
    let last = video.pop().unwrap();
    let expected = (last - video[0]) as usize;
    assert!(video.len() > expected * 999 / 1000, "{} of {expected}", video.len());
    video.dedup();
    assert!(video.len() <= expected);
    let first = sim.tapped.iter().find(|it| it.is_keyframe).unwrap();
    assert!(first.arrived < sim.start + 2 * SECOND, "the room had it");
    assert!(sim.tapped.iter().any(|it| it.codec == Codec::Opus));
}

#[test]
fn of_a_rehearsal_a_tap_is_given_nothing() {
    let mut sim = Sim::new();
    sim.add_rehearsing_host(Host::default(), good_link());
    open(&mut sim, Tap::All);
    sim.run(2 * SECOND);
    assert!(sim.tapped.is_empty());
    sim.command(Command::GoLive { room: ROOM });
    sim.run(SECOND);
    assert!(!sim.tapped.is_empty());
}

#[test]
fn a_tap_that_is_opened_after_a_rehearsal_begins_with_the_broadcast_and_a_keyframe_comes_at_once() {
    let mut sim = Sim::new();
    sim.add_rehearsing_host(Host::default(), good_link());
    sim.run(10 * SECOND);
    sim.command(Command::GoLive { room: ROOM });
    let live_at = sim.now;
    sim.run(SECOND / 10);
    open(&mut sim, Tap::Best);
    sim.run(SECOND / 2);
    let before = sim.tapped.iter().filter(|it| it.arrived < live_at).count();
    assert_eq!(before, 0, "packets of the rehearsal");
    let first_sound = sim.tapped.iter().find(|it| it.codec == Codec::Opus).unwrap();
    assert!(first_sound.arrived < live_at + SECOND / 20);
    assert!(sim.tapped.iter().any(|it| it.is_keyframe), "the publisher was asked for one");
}

#[test]
fn the_best_layer_comes_for_the_tap_though_nobody_watches_it() {
    for (tap, comes) in [(Tap::Best, "h"), (Tap::All, "hl"), (Tap::Passing, "l")] {
        let mut sim = Sim::new();
        let mut host = Host::simulcast(&[("h", 12), ("l", 3)]);
        host.pauses = Pauses::Yes;
        sim.add_host(host, good_link());
        sim.run(12 * SECOND);
        open(&mut sim, tap);
        sim.run(8 * SECOND);
        sim.tapped.clear();
        sim.run(2 * SECOND);
        let layers: String = numbers(&sim).into_keys().collect();
        assert!(comes.chars().all(|it| layers.contains(it)), "{tap:?}: {layers}");
        assert_eq!(layers.contains('h'), tap != Tap::Passing, "{tap:?}: {layers}");
    }
}

#[test]
fn a_keyframe_comes_when_the_tap_asks_for_one() {
    let mut sim = Sim::new();
    sim.add_host(Host::default(), good_link());
    sim.run(5 * SECOND);
    open(&mut sim, Tap::Best);
    sim.run(SECOND);
    let ssrc = sim.tapped.iter().find(|it| it.codec.is_video()).unwrap().ssrc;
    sim.tapped.clear();
    sim.run(3 * SECOND);
    assert!(!sim.tapped.iter().any(|it| it.is_keyframe), "nobody asks");
    sim.command(Command::TapKeyframe { room: ROOM, seat: Seat::HOST, ssrc });
    sim.run(SECOND);
    assert!(sim.tapped.iter().any(|it| it.is_keyframe));
}

#[test]
fn keyframes_for_a_tap_of_what_passes_keep_no_layer_that_nobody_watches() {
    let mut sim = Sim::new();
    let mut host = Host::simulcast(&[("h", 12), ("l", 3)]);
    host.pauses = Pauses::Yes;
    sim.add_host(host, good_link());
    open(&mut sim, Tap::Passing);
    sim.run(SECOND);
    let is_high = |it: &sfu::TapPacket| it.rid.is_some_and(|rid| rid.to_string() == "h");
    let high = sim.tapped.iter().find(|it| is_high(it)).unwrap().ssrc;
    for _ in 0..12 {
        sim.command(Command::TapKeyframe { room: ROOM, seat: Seat::HOST, ssrc: high });
        sim.run(SECOND);
    }
    sim.tapped.clear();
    sim.run(2 * SECOND);
    assert_eq!(numbers(&sim).into_keys().collect::<String>(), "l");
}

#[test]
fn a_tapped_room_stays_while_its_host_is_away_and_goes_when_the_tap_is_closed() {
    for workers in [1, 2] {
        let mut sim = Sim::with_workers(workers);
        let host = sim.add_host(Host::default(), good_link());
        open(&mut sim, Tap::Best);
        sim.run(2 * SECOND);
        sim.vanish(host);
        sim.command(Command::Close { peer: host });
        sim.run(SECOND);
        sim.tapped.clear();
        let next = sim.add_host(Host::default(), good_link());
        sim.run(2 * SECOND);
        assert!(!sim.tapped.is_empty(), "the next host is recorded as well");
        let n = sim.tapped.len();
        sim.command(Command::Tap { room: ROOM, tap: None });
        sim.run(SECOND);
        assert!(sim.tapped.len() < n + 20, "nothing more comes");
        sim.vanish(next);
        sim.command(Command::Close { peer: next });
        sim.run(SECOND);
        let rooms: usize = (0..sim.n_workers()).map(|n| sim.worker(n).sizes().rooms).sum();
        assert_eq!(rooms, 0);
    }
}
