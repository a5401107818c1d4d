//! What is counted for the operator.

use std::time::Duration;

use sfu::{Egress, Ingress, PeerId};

use crate::sim::{Host, ROOM, Sim, good_link, lossy};

const SECOND: Duration = Duration::from_secs(1);

/// What all workers counted, in sum.
fn counted(sim: &mut Sim) -> (Ingress, Egress) {
    let (mut ingress, mut egress) = (Ingress::default(), Egress::default());
    for n in 0..sim.n_workers() {
        let figures = sim.worker(n).figures(None);
        ingress += figures.ingress;
        egress += figures.egress;
    }
    (ingress, egress)
}

/// The same of the room alone.
fn counted_of_room(sim: &mut Sim) -> (Ingress, Egress) {
    let (mut ingress, mut egress) = (Ingress::default(), Egress::default());
    for n in 0..sim.n_workers() {
        for room in sim.worker(n).figures(Some(ROOM)).rooms {
            ingress += room.ingress;
            egress += room.egress;
        }
    }
    (ingress, egress)
}

fn percent(part: u64, of: u64) -> f64 {
    part as f64 * 100.0 / of as f64
}

#[test]
fn loss_is_counted_before_and_after_repair_on_both_ways() {
    let mut sim = Sim::new();
    let host = sim.add_host(Host::default(), good_link());
    let viewer = sim.add_viewer(good_link());
    sim.run(2 * SECOND);
    sim.set_link(host, lossy(5.0));
    sim.set_link(viewer, lossy(5.0));
    sim.run(60 * SECOND);
    let (ingress, egress) = counted(&mut sim);
    let Ingress { expected, received, repaired, .. } = ingress;
    let (before, after) =
        (percent(expected + repaired - received, expected), percent(expected - received, expected));
    assert!((3.0..7.0).contains(&before), "{before} % of the host's packets: {ingress:?}");
    // Lost sound is not requested again: a fifth of these packets are sound.
    assert!(after < 1.5, "{after} % after repair: {ingress:?}");
    assert!(ingress.nacks >= repaired && ingress.packets > received - repaired, "{ingress:?}");
    let lost = percent(egress.lost, egress.reported);
    assert!((3.0..7.0).contains(&lost), "{lost} % of the viewer's packets: {egress:?}");
    assert!(egress.repaired * 2 > egress.lost, "most of the picture was repaired: {egress:?}");
    assert!(egress.bytes > 0 && egress.packets > egress.repeats && egress.repeats > 0);
}

#[test]
fn a_counter_never_falls_whoever_comes_moves_and_leaves() {
    let mut sim = Sim::with_workers(2);
    sim.add_host(Host::default(), good_link());
    sim.run(SECOND);
    let mut viewers: Vec<PeerId> = Vec::new();
    let mut before = counted(&mut sim);
    for n in 0..24 {
        match n % 3 {
            0 => viewers.push(sim.add_viewer_heard_by(n % 2, ROOM, good_link())),
            1 => sim.rebind(viewers[0], n % 2),
            _ if viewers.len() > 3 => sim.leave(viewers.remove(1)),
            _ => {}
        }
        sim.run(SECOND);
        let now = counted(&mut sim);
        assert!(now.0.packets > before.0.packets && now.1.packets > before.1.packets, "second {n}");
        assert!(now.1.bytes > before.1.bytes && now.1.reported >= before.1.reported);
        assert_eq!(now, counted_of_room(&mut sim), "there is one room");
        before = now;
    }
    for viewer in viewers {
        sim.leave(viewer);
    }
    sim.run(SECOND);
    let after = counted(&mut sim);
    assert!(after.1.packets >= before.1.packets, "{after:?}");
}

#[test]
fn a_viewer_without_a_network_for_two_seconds_froze_once_and_others_did_not() {
    let mut sim = Sim::new();
    sim.add_host(Host::default(), good_link());
    let (unlucky, _other) = (sim.add_viewer(good_link()), sim.add_viewer(good_link()));
    sim.run(10 * SECOND);
    let (_, before) = counted(&mut sim);
    assert_eq!((before.freezes, before.frozen_ms), (0, 0));
    sim.set_link(unlucky, lossy(100.0));
    sim.run(2 * SECOND);
    sim.set_link(unlucky, good_link());
    sim.run(10 * SECOND);
    let (_, after) = counted(&mut sim);
    assert!(after.freezes <= 2, "{after:?}");
    let figures = sim.worker(0).figures(Some(ROOM));
    let peers = &figures.rooms[0].peers;
    let froze: Vec<bool> = peers.iter().map(|it| it.egress.freezes > 0).collect();
    assert!(froze.iter().filter(|it| **it).count() <= 1, "{peers:?}");
    assert!(peers.iter().all(|it| it.is_connected));
}

#[test]
fn a_host_that_stops_for_two_seconds_is_counted_as_such_and_not_as_its_viewers_freezes() {
    let mut sim = Sim::new();
    let host = sim.add_host(Host::default(), good_link());
    sim.add_viewer(good_link());
    sim.run(5 * SECOND);
    sim.set_link(host, lossy(100.0));
    sim.run(2 * SECOND);
    sim.set_link(host, good_link());
    sim.run(5 * SECOND);
    let (ingress, _) = counted(&mut sim);
    assert_eq!(ingress.freezes, 1, "{ingress:?}");
    assert!((1_500..3_000).contains(&ingress.frozen_ms), "{ingress:?}");
}
