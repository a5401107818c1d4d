//! Streams of encoders that differ from a browser's: padding, clocks that jump, SSRCs that no description
//! names, and parameter sets that are sent only once.

use std::time::{Duration, Instant};

use sfu::{Event, Finding, PeerId};

use crate::sim::{Host, Sim, good_link, lossy};

const SECOND: Duration = Duration::from_secs(1);

/// A host that is watched for a second.
fn watched(host: Host) -> (Sim, PeerId, PeerId) {
    let mut sim = Sim::new();
    let host = sim.add_host(host, good_link());
    let viewer = sim.add_viewer(good_link());
    sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    sim.run(SECOND);
    (sim, host, viewer)
}

#[test]
fn padding_in_a_stream_leaves_no_hole() {
    for link in [good_link(), lossy(2.0)] {
        let mut sim = Sim::new();
        let host = sim.add_host(Host::padding(), link);
        let viewer = sim.add_viewer(good_link());
        sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
        sim.run(10 * SECOND);
        let asked = sim.host(host).keyframe_requests.len();
        let screen = sim.screen(viewer);
        assert!(
            screen.longest_freeze() < Duration::from_millis(300),
            "{:?}",
            screen.longest_freeze()
        );
        assert!(screen.shown.len() > 290, "{} of 300 frames", screen.shown.len());
        assert!(asked <= 2, "{asked} keyframes were asked for");
    }
}

#[test]
fn padding_that_is_lost_among_padding_is_not_asked_for() {
    let mut sim = Sim::new();
    sim.has_stats = true;
    let mut host = Host::padding();
    (host.pads, host.repeats_padding) = (20, false);
    let host = sim.add_host(host, lossy(5.0));
    sim.run(20 * SECOND);
    let asked: u64 = sim.host(host).nacks.values().sum();
    println!("{asked} requests");
    // Some 150 packets of the picture are lost, and 600 of padding, each of which was asked for ten times.
    assert!((100..1_000).contains(&asked), "{asked} requests");
}

/// What was found last of the host.
fn findings(sim: &Sim) -> Vec<Finding> {
    let of = |(_, event): &(Instant, Event)| match event {
        Event::Findings { findings, .. } => Some(findings.clone()),
        _ => None,
    };
    sim.events.iter().rev().find_map(of).unwrap_or_default()
}

/// How far the clock that a viewer gets is from that on the wall, between the first and the last frame.
fn drift(sim: &mut Sim, viewer: PeerId) -> Duration {
    let screen = sim.screen(viewer);
    let (Some(first), Some(last)) = (screen.shown.first(), screen.shown.last()) else { panic!() };
    let ticks = screen.timestamps.last().unwrap().wrapping_sub(screen.timestamps[0]);
    let told = Duration::from_secs_f64(f64::from(ticks) / 90_000.0);
    let took = last.0 - first.0;
    told.max(took) - told.min(took)
}

#[test]
fn a_clock_that_jumps_or_goes_back_is_not_seen() {
    const HOUR: u32 = 3_600 * 90_000;
    for jump in [HOUR, 0_u32.wrapping_sub(HOUR), 0_u32.wrapping_sub(3 * 90_000), 10 * 90_000] {
        let (mut sim, host, viewer) = watched(Host::default());
        let first_ts = sim.host(host).first_ts;
        sim.host(host).first_ts = first_ts.wrapping_add(jump);
        sim.run(5 * SECOND);
        let freeze = sim.screen(viewer).longest_freeze();
        assert!(freeze < Duration::from_millis(200), "{jump}: {freeze:?}");
        assert!(drift(&mut sim, viewer) < Duration::from_millis(300), "{jump}");
    }
}

#[test]
fn media_that_only_their_payload_types_tell_apart_are_taken() {
    let bare = |offer: String| -> String {
        let is_kept =
            |it: &&str| !["a=ssrc", "a=extmap", "a=msid"].iter().any(|name| it.starts_with(name));
        offer.lines().filter(is_kept).map(|it| format!("{it}\r\n")).collect()
    };
    let (mut sim, _, viewer) = watched(Host::saying(bare));
    sim.run(5 * SECOND);
    let screen = sim.screen(viewer);
    assert!(screen.longest_freeze() < Duration::from_millis(200), "{:?}", screen.longest_freeze());
    assert!(screen.audio_packets > 200, "{} packets of sound", screen.audio_packets);
}

#[test]
fn parameter_sets_that_only_the_offer_has_are_put_before_each_keyframe() {
    let with_sets = |offer: String| -> String {
        offer.replace(
            "packetization-mode=",
            "sprop-parameter-sets=Z0LAH9oBQBbo,aM48gA==;packetization-mode=",
        )
    };
    let host = Host::saying(with_sets).without_parameter_sets();
    let (mut sim, _, first) = watched(host.with_own_keyframes(60));
    let late = sim.add_viewer(good_link());
    sim.wait("a picture", SECOND, |it| !it.screen(late).shown.is_empty());
    sim.run(5 * SECOND);
    for viewer in [first, late] {
        let screen = sim.screen(viewer);
        assert!(screen.parameter_sets >= 2, "{} sets", screen.parameter_sets);
        assert!(
            screen.longest_freeze() < Duration::from_millis(200),
            "{:?}",
            screen.longest_freeze()
        );
    }
}

#[test]
fn an_encoder_without_parameter_sets_has_no_start() {
    let host = Host::default().without_parameter_sets();
    let mut sim = Sim::new();
    sim.add_host(host.with_own_keyframes(60), good_link());
    let viewer = sim.add_viewer(good_link());
    sim.run(8 * SECOND);
    assert_eq!(sim.screen(viewer).shown.len(), 0, "no decoder could begin");
}

#[test]
fn an_encoder_without_parameter_sets_is_told_until_it_sends_some() {
    for n_viewers in [0, 2] {
        let mut sim = Sim::new();
        let encoder = Host::default().without_parameter_sets().with_own_keyframes(60);
        let host = sim.add_host(encoder, lossy(1.0));
        for _ in 0..n_viewers {
            sim.add_viewer(good_link());
        }
        sim.run(2 * SECOND);
        assert_eq!(findings(&sim), []);
        sim.run(20 * SECOND);
        assert_eq!(
            findings(&sim),
            [Finding::NoParameterSets],
            "and that it makes no keyframes is not said"
        );
        sim.host(host).hides_parameter_sets = false;
        sim.run(4 * SECOND);
        assert_eq!(findings(&sim), []);
    }
}

#[test]
fn a_layer_that_the_offer_does_not_name_is_told_and_harms_nothing() {
    let (mut sim, host, viewer) = watched(Host::simulcast(&[("q", 1), ("h", 2)]).straying());
    sim.run(5 * SECOND);
    assert_eq!(findings(&sim), [Finding::UnknownMedia]);
    sim.host(host).strays = false;
    sim.run(5 * SECOND);
    assert_eq!(findings(&sim), []);
    let screen = sim.screen(viewer);
    assert!(screen.longest_freeze() < Duration::from_millis(200), "{:?}", screen.longest_freeze());
}

#[test]
fn a_host_of_which_nothing_fits_its_offer_is_told_too() {
    // Layers are offered by name, and no header extension carries the names.
    let nameless = |offer: String| -> String {
        let is_kept = |it: &&str| !it.starts_with("a=extmap");
        offer.lines().filter(is_kept).map(|it| format!("{it}\r\n")).collect()
    };
    let mut host = Host::simulcast(&[("q", 1), ("h", 2)]);
    host.saying = nameless;
    let mut sim = Sim::new();
    sim.add_host(host.silent(), good_link());
    sim.run(5 * SECOND);
    assert_eq!(findings(&sim), [Finding::UnknownMedia]);
}

#[test]
fn an_uplink_that_loses_more_than_repair_brings_back_is_told_with_its_share() {
    // It repeats nothing.
    let deaf = |offer: String| offer.replace("a=rtcp-fb", "a=x-rtcp-fb");
    let (mut sim, host, _) = watched(Host::saying(deaf).with_own_keyframes(30));
    sim.set_link(host, lossy(6.0));
    sim.wait("the finding", 6 * SECOND, |it| !findings(it).is_empty());
    sim.run(5 * SECOND);
    let [Finding::LossyUplink { percent }] = findings(&sim)[..] else {
        panic!("{:?}", findings(&sim))
    };
    assert!((4..=8).contains(&percent), "{percent} %");
    sim.set_link(host, good_link());
    sim.run(12 * SECOND);
    assert_eq!(findings(&sim), []);
}

#[test]
fn a_loss_that_is_repaired_is_not_told() {
    let (mut sim, host, _) = watched(Host::default().silent());
    sim.set_link(host, lossy(8.0));
    sim.run(30 * SECOND);
    let is_lossy = |it: &Finding| matches!(it, Finding::LossyUplink { .. });
    assert!(!findings(&sim).iter().any(is_lossy), "{:?}", findings(&sim));
}

#[test]
fn who_is_told_its_bandwidth_by_remb_alone_is_told_what_comes_and_what_is_lost() {
    let bare = |offer: String| -> String {
        let is_kept = |it: &&str| !it.contains("transport-cc") && !it.contains("transport-wide-cc");
        offer.lines().filter(is_kept).map(|it| format!("{it}\r\n")).collect()
    };
    let (mut sim, host, _) = watched(Host::saying(bare));
    sim.run(10 * SECOND);
    let before = *sim.host(host).rembs.last().expect("it is told");
    assert!(before >= 2_000_000, "{before}");
    sim.set_link(host, lossy(25.0));
    sim.run(10 * SECOND);
    let after = *sim.host(host).rembs.last().unwrap();
    assert!(after < before * 2 / 3, "{after} after {before}");
    let (mut sim, host, _) = watched(Host::default());
    sim.run(5 * SECOND);
    assert!(sim.host(host).rembs.is_empty(), "a browser is told more by transport-wide feedback");
}
