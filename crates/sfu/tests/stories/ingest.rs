//! Findings about the media that hosts send. A browser on a bad network never gets the findings that are
//! meant for encoder programs.

use std::time::{Duration, Instant};

use sfu::{CloseReason, Event, Finding, PeerId, RoomId};
use str0m::format::Codec;
use str0m_netem::Probability;

use crate::sim::{Host, ROOM, Sim, good_link, lossy};

const SECOND: Duration = Duration::from_secs(1);

/// Every set of findings that was told of a room, with when.
fn told_of(sim: &Sim, of: RoomId) -> Vec<(Duration, Vec<Finding>)> {
    let findings = sim.events.iter().filter_map(|(at, event)| match event {
        Event::Findings { room, findings } if *room == of => {
            Some((*at - sim.start, findings.clone()))
        }
        _ => None,
    });
    findings.collect()
}

fn told(sim: &Sim) -> Vec<(Duration, Vec<Finding>)> {
    told_of(sim, ROOM)
}

fn last(sim: &Sim) -> Vec<Finding> {
    told(sim).pop().map(|it| it.1).unwrap_or_default()
}

#[test]
fn nothing_is_found_of_a_browser_on_a_bad_network_with_viewers_that_come_and_go() {
    for codec in [Codec::H264, Codec::Vp8] {
        let mut sim = Sim::new();
        let bad = lossy(10.0).jitter(Duration::from_millis(15)).reorder_gap(10);
        let host = sim.add_host(Host::encoding(codec), bad.duplicate(Probability::new(0.02)));
        for _ in 0..12 {
            let viewer = sim.add_viewer(lossy(30.0));
            sim.run(7 * SECOND);
            sim.vanish(viewer);
        }
        // Sound is not sent again, and a tenth of it is lost indeed.
        let is_loss = |it: &Finding| matches!(it, Finding::LossyUplink { .. });
        let mut all = told(&sim).into_iter().flat_map(|it| it.1);
        assert!(all.all(|it| is_loss(&it)), "{codec}: {:?}", told(&sim));
        let asked = sim.host(host).keyframe_requests.len();
        assert!(asked > 8, "it was asked often: {asked}");
    }
}

#[test]
fn nothing_is_found_of_a_browser_that_nobody_watches() {
    let mut sim = Sim::new();
    let host = sim.add_host(Host::simulcast(&[("q", 1), ("h", 2), ("f", 6)]), good_link());
    sim.run(120 * SECOND);
    assert_eq!(told(&sim), []);
    assert!(sim.host(host).keyframe_requests.is_empty(), "and nothing was asked of it");
}

#[test]
fn an_encoder_as_obs_comes_with_is_found_out_with_viewers_and_without() {
    for n_viewers in [0, 3] {
        let mut sim = Sim::new();
        sim.add_host(Host::encoding(Codec::H264).with_own_keyframes(250), good_link());
        for _ in 0..n_viewers {
            sim.add_viewer(lossy(2.0));
        }
        let after = sim.wait("both findings", 50 * SECOND, |it| last(it).len() == 2);
        println!("{n_viewers} viewers: after {after:?}");
        let [Finding::KeyframeInterval { interval }, Finding::IgnoresPli] = last(&sim)[..] else {
            panic!("{:?}", told(&sim))
        };
        assert!(interval.abs_diff(Duration::from_millis(8_250)) < SECOND, "{interval:?}");
        sim.run(60 * SECOND);
        assert!(told(&sim).len() <= 3, "it is not told again and again: {:?}", told(&sim));
    }
}

#[test]
fn keyframes_every_two_seconds_are_fine_also_when_requests_are_ignored() {
    let mut sim = Sim::new();
    sim.add_host(Host::encoding(Codec::H264).with_own_keyframes(60), lossy(1.0));
    for _ in 0..3 {
        sim.add_viewer(lossy(5.0));
    }
    sim.run(120 * SECOND);
    assert_eq!(told(&sim), []);
}

#[test]
fn a_host_without_sound_is_told_until_there_is_some() {
    let mut sim = Sim::new();
    let host = sim.add_host(Host::default().silent(), good_link());
    sim.run(10 * SECOND);
    assert_eq!(last(&sim), [Finding::NoAudio]);
    sim.host(host).has_sound = true;
    sim.run(3 * SECOND);
    assert_eq!(last(&sim), []);
    assert_eq!(told(&sim).len(), 2);
}

#[test]
fn more_than_the_limit_is_told_and_forwarded_all_the_same() {
    let mut sim = Sim::with_config(|it| it.max_publish_kbps = 1_000);
    let host = sim.add_host(Host::default(), good_link());
    let viewer = sim.add_viewer(good_link());
    sim.run(10 * SECOND);
    let [Finding::BitrateOverLimit { kbps, limit_kbps: 1_000 }] = last(&sim)[..] else {
        panic!("{:?}", told(&sim))
    };
    // 5 packets of 1000 bytes, 30 times a second, and sound.
    assert!((1_150..1_350).contains(&kbps), "{kbps}");
    let sent = sim.host(host).frames_sent as usize;
    assert!(sim.screen(viewer).shown.len() + 40 > sent);
    sim.host(host).packets_per_frame = 1;
    sim.run(15 * SECOND);
    assert_eq!(last(&sim), []);
}

/// When a peer was closed, and why.
fn closed(sim: &Sim, of: PeerId) -> Option<(Instant, CloseReason)> {
    sim.events.iter().find_map(|(at, event)| match event {
        Event::Closed { peer, reason } if *peer == of => Some((*at, *reason)),
        _ => None,
    })
}

#[test]
fn a_host_that_floods_is_cut_to_the_ceiling_told_so_and_closed_and_no_other_room_notices() {
    let mut sim = Sim::with_config(|it| it.max_publish_packets = 300);
    let elsewhere = RoomId(2);
    sim.add_host_to(elsewhere, Host::default(), good_link());
    let neighbour = sim.add_viewer_to(elsewhere, good_link());
    let host = sim.add_host(Host::default(), good_link());
    let viewer = sim.add_viewer(good_link());
    sim.run(10 * SECOND);
    assert_eq!(last(&sim), [], "200 packets a second are fine");

    sim.host(host).packets_per_frame = 60;
    let began = sim.now;
    sim.run(3 * SECOND);
    let before = sim.screen(viewer).packets.len();
    sim.run(SECOND);
    let came = sim.screen(viewer).packets.len() - before;
    assert!(came <= 310, "{came} packets a second are forwarded");
    let [Finding::OverCeiling { packets, limit_packets: 300, .. }] = last(&sim)[..] else {
        panic!("{:?}", told(&sim))
    };
    assert!((1_500..2_200).contains(&packets), "{packets} come");
    sim.wait("its end", 3 * SECOND, |it| closed(it, host).is_some());
    let (at, reason) = closed(&sim, host).unwrap();
    assert_eq!(reason, CloseReason::Flooding);
    assert!(at - began >= 5 * SECOND, "not before 5 s: {:?}", at - began);
    assert_eq!(closed(&sim, viewer), None, "the viewers stay");
    assert_eq!((told_of(&sim, elsewhere), closed(&sim, neighbour)), (Vec::new(), None));
    assert!(sim.screen(neighbour).longest_freeze() < Duration::from_millis(100));
}

#[test]
fn a_ceiling_of_bits_is_twice_the_limit_that_is_set_and_a_burst_is_no_flood() {
    let mut sim = Sim::with_config(|it| it.max_publish_kbps = 500);
    let host = sim.add_host(Host::light(), good_link());
    let viewer = sim.add_viewer(good_link());
    sim.run(5 * SECOND);
    // 1.2 Mbit/s, for a second of every four.
    for _ in 0..5 {
        sim.host(host).packets_per_frame = 5;
        sim.run(SECOND);
        sim.host(host).packets_per_frame = 1;
        sim.run(3 * SECOND);
    }
    let is_cut = |it: &Finding| matches!(it, Finding::OverCeiling { .. });
    assert!(!told(&sim).iter().any(|it| it.1.iter().any(is_cut)), "{:?}", told(&sim));
    assert!(sim.screen(viewer).longest_freeze() < Duration::from_millis(100));
    sim.host(host).packets_per_frame = 8;
    sim.wait("its end", 9 * SECOND, |it| closed(it, host).is_some());
    assert_eq!(closed(&sim, host).unwrap().1, CloseReason::Flooding);
    let Some(Finding::OverCeiling { kbps, limit_kbps: 1_000, .. }) =
        last(&sim).into_iter().find(is_cut)
    else {
        panic!("{:?}", told(&sim))
    };
    assert!((1_800..2_100).contains(&kbps), "{kbps}");
}

#[test]
fn it_is_found_once_at_the_rooms_home_wherever_its_viewers_are() {
    let mut sim = Sim::with_workers(2);
    let host = Host::encoding(Codec::H264).with_own_keyframes(250).silent();
    sim.add_host_heard_by(0, ROOM, host, good_link());
    for worker in [0, 1, 1] {
        sim.add_viewer_heard_by(worker, ROOM, lossy(2.0));
    }
    sim.run(60 * SECOND);
    assert_eq!(last(&sim).len(), 3, "{:?}", told(&sim));
    let all = told(&sim);
    assert!(all.windows(2).all(|it| it[0].0 + SECOND <= it[1].0 && it[0].1 != it[1].1), "{all:?}");
}

#[test]
fn a_host_that_takes_over_is_judged_by_what_it_sends_itself() {
    let mut sim = Sim::new();
    sim.add_host(Host::default().silent(), good_link());
    sim.run(10 * SECOND);
    assert_eq!(last(&sim), [Finding::NoAudio]);
    sim.add_host(Host::named(2), good_link());
    sim.run(30 * SECOND);
    assert_eq!(told(&sim).len(), 1, "a new one begins without findings: {:?}", told(&sim));
}

/// What the control plane was told last of the layers' rates.
fn rates(sim: &Sim) -> Vec<(String, u32)> {
    let of = |event: &Event| match event {
        Event::LayerRates { rates, .. } => Some(rates.clone()),
        _ => None,
    };
    let last = sim.events.iter().filter_map(|(_, event)| of(event)).next_back().unwrap_or_default();
    last.into_iter().map(|it| (it.rid.unwrap_or_default(), it.kbps)).collect()
}

#[test]
fn what_each_layer_takes_is_told_and_again_when_it_changes() {
    let mut sim = Sim::new();
    let layers = [("q", 1), ("h", 2), ("f", 9)];
    let host = sim.add_host(Host::simulcast(&layers), good_link());
    sim.add_viewer(good_link());
    sim.run(5 * SECOND);
    let told = rates(&sim);
    println!("{told:?}");
    let names: Vec<&str> = told.iter().map(|it| it.0.as_str()).collect();
    assert_eq!(names, ["f", "h", "q"], "best first");
    let of = |n: usize| f64::from(told[n].1);
    assert!(of(0) > 2.5 * of(1) && of(1) > 1.4 * of(2), "{told:?}");
    let count = |sim: &Sim| {
        sim.events.iter().filter(|(_, it)| matches!(it, Event::LayerRates { .. })).count()
    };
    let before = count(&sim);
    sim.run(20 * SECOND);
    assert!(count(&sim) - before <= 2, "it is told when it changes: {}", count(&sim) - before);
    sim.leave(host);
    let before = count(&sim);
    sim.add_host(Host::simulcast(&layers), good_link());
    sim.run(5 * SECOND);
    assert!(count(&sim) > before, "another host's are news, though they are the same");
}
