//! The host drops and comes back. For the viewers it stays one broadcast.

use std::time::Duration;

use sfu::{CloseReason, Command, Event, QUIET_AFTER, STALL_AFTER};

use crate::sim::{Host, ROOM, Screen, Sim, good_link};

const SECOND: Duration = Duration::from_secs(1);

/// Numbers that a decoder and a jitter buffer rely on: one SSRC, no sequence number used twice for
/// two things, timestamps and picture ids that only rise.
fn assert_continuous(screen: &Screen, ssrcs: usize) {
    assert_eq!(screen.ssrcs.len(), ssrcs, "the viewer sees the same streams");
    let newest = screen.packets.iter().map(|it| it.0).max().unwrap();
    let oldest = screen.packets.iter().map(|it| it.0).min().unwrap();
    let mut seqs: Vec<u64> = screen.packets.iter().map(|it| it.0).collect();
    seqs.sort_unstable();
    seqs.dedup();
    assert_eq!(seqs.len() as u64, newest - oldest + 1, "no gap and no leap in sequence numbers");
    for pair in screen.timestamps.windows(2) {
        let step = pair[1].wrapping_sub(pair[0]) as i32;
        assert!(step > 0 && step < 90_000 * 60, "timestamps went on by {step}");
    }
    for pair in screen.picture_ids.windows(2) {
        assert_eq!(pair[1].wrapping_sub(pair[0]) & 0x7FFF, 1, "picture ids go on by one");
    }
}

#[test]
fn a_host_that_vanishes_and_returns_continues_for_the_viewers() {
    let mut sim = Sim::new();
    let first = sim.add_host(Host::default(), good_link());
    let viewer = sim.add_viewer(good_link());
    sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    sim.run(5 * SECOND);

    sim.vanish(first);
    let stalled = sim.wait("stalled", 10 * SECOND, |it| {
        it.events.iter().any(|(_, e)| matches!(e, Event::MediaStalled { room } if *room == ROOM))
    });
    // The last packet came up to a frame before.
    assert!(stalled.abs_diff(STALL_AFTER) < Duration::from_millis(100), "{stalled:?}");

    // Another encoder, elsewhere in every number space.
    let again = Host::named(2).starting_at(900, 4_000_000_000);
    sim.add_host(again, good_link());
    let back = sim.wait("picture of the second host", 3 * SECOND, |it| {
        it.screen(viewer).shown.last().is_some_and(|shown| shown.1 == 2)
    });
    println!("a picture {back:?} after the new offer");
    sim.run(5 * SECOND);
    assert_continuous(sim.screen(viewer), 2);
    let closed = sim.events.iter().any(
        |(_, e)| matches!(e, Event::Closed { peer, reason: CloseReason::Replaced } if *peer == first),
    );
    assert!(closed);
    let viewer_closed = |e: &Event| matches!(e, Event::Closed { peer, .. } if *peer == viewer);
    assert!(!sim.events.iter().any(|(_, e)| viewer_closed(e)), "the viewer stayed");
    let flowing = sim.times_of(|e| matches!(e, Event::MediaFlowing { .. }));
    assert!(*flowing.last().unwrap() > Duration::from_secs(10), "told that it flows again");
}

#[test]
fn a_host_that_stops_for_a_moment_is_told_before_viewers_notice_and_not_all_the_time() {
    let mut sim = Sim::new();
    let host = sim.add_host(Host::default(), good_link());
    sim.run(3 * SECOND);
    let flowed = |sim: &Sim| sim.times_of(|e| matches!(e, Event::MediaFlowing { .. })).len();
    let before = flowed(&sim);
    sim.client_mut(host).online = false;
    let quiet = |sim: &Sim| sim.times_of(|e| matches!(e, Event::MediaQuiet { .. }));
    let after = sim.wait("quiet", 2 * SECOND, |it| !quiet(it).is_empty());
    assert!(after.abs_diff(QUIET_AFTER) < Duration::from_millis(100), "{after:?}");
    sim.client_mut(host).online = true;
    sim.run(SECOND);
    assert_eq!(flowed(&sim), before + 1, "it flows again");
    for _ in 0..10 {
        sim.client_mut(host).online = false;
        sim.run(2 * SECOND);
        sim.client_mut(host).online = true;
        sim.run(SECOND);
    }
    assert!(quiet(&sim).len() <= 4, "{:?}", quiet(&sim));
    assert!(sim.times_of(|e| matches!(e, Event::MediaStalled { .. })).is_empty());
}

#[test]
fn twenty_returns_in_a_row_leave_nothing_behind() {
    let mut sim = Sim::new();
    let viewer = sim.add_viewer(good_link());
    for round in 0..20 {
        let host = sim.add_host(Host::named(round), good_link());
        sim.wait("a picture", 5 * SECOND, |it| {
            it.screen(viewer).shown.last().is_some_and(|shown| shown.1 == round)
        });
        sim.run(SECOND);
        if round % 2 == 0 {
            sim.command(Command::Close { peer: host });
        }
        sim.vanish(host);
    }
    assert_continuous(sim.screen(viewer), 2);
    let sizes = sim.sfu.sizes();
    assert_eq!(sizes.peers, 2, "the viewer and the last host");
}

#[test]
fn a_pause_of_the_network_is_only_a_pause() {
    let mut sim = Sim::new();
    let host = sim.add_host(Host::default(), good_link());
    let viewer = sim.add_viewer(good_link());
    sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    sim.run(2 * SECOND);
    sim.client_mut(host).online = false;
    sim.run(10 * SECOND);
    sim.client_mut(host).online = true;
    let shown = sim.screen(viewer).shown.len();
    let back =
        sim.wait("pictures again", 3 * SECOND, |it| it.screen(viewer).shown.len() > shown + 10);
    println!("pictures again {back:?} after the network");
    let closed = |e: &Event| matches!(e, Event::Closed { .. });
    assert!(!sim.events.iter().any(|(_, e)| closed(e)), "nobody was thrown out");
    assert_eq!(sim.times_of(|e| matches!(e, Event::MediaStalled { .. })).len(), 1);
    assert!(sim.times_of(|e| matches!(e, Event::MediaFlowing { .. })).len() >= 2);
}

#[test]
fn sequence_numbers_and_timestamps_wrap_without_a_jump() {
    let mut sim = Sim::with_config(|config| {
        config.first_seq = 32_000;
        config.first_ts = u32::MAX - 90_000 * 20;
    });
    // 5 packets a frame pass 2^16 in 7 minutes; the source wraps as well, earlier.
    let host = Host::default().starting_at(65_000, u32::MAX - 90_000 * 40);
    sim.add_host(host, good_link());
    let viewer = sim.add_viewer(good_link());
    sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    sim.run(Duration::from_secs(8 * 60));
    let screen = sim.screen(viewer);
    assert!(screen.packets.last().unwrap().0 > 66_000, "passed the wrap");
    assert_continuous(screen, 2);
    assert!(screen.longest_freeze() < Duration::from_millis(100), "{:?}", screen.longest_freeze());
}

#[test]
fn a_rehearsal_is_seen_only_when_it_goes_on_air() {
    let mut sim = Sim::new();
    let viewer = sim.add_viewer(good_link());
    let host = sim.add_rehearsing_host(Host::default(), good_link());
    sim.run(5 * SECOND);
    assert!(sim.client_mut(host).connected_at.is_some());
    assert_eq!(sim.screen(viewer).shown.len() + sim.screen(viewer).audio_packets, 0);
    sim.command(Command::GoLive { room: ROOM });
    sim.wait("a picture", 2 * SECOND, |it| !it.screen(viewer).shown.is_empty());
}
