//! Ends of a viewer's connection: the viewer says goodbye, the server does, or a stranger forges a goodbye.

use std::time::Duration;

use sfu::{CloseReason, Command, Event, PeerId};

use crate::sim::{Host, Sim, good_link};

const SECOND: Duration = Duration::from_secs(1);

/// An encrypted alert (RFC 6347, section 4.1): nobody can tell what it says without the keys.
const FORGED: [u8; 39] = {
    let mut record = [0xAA; 39];
    let header = [21, 0xFE, 0xFD, 0, 1, 0, 0, 0, 0, 0, 9, 0, 26];
    let mut at = 0;
    while at < header.len() {
        record[at] = header[at];
        at += 1;
    }
    record
};

fn watching() -> (Sim, PeerId) {
    let mut sim = Sim::new();
    sim.add_host(Host::default(), good_link());
    let viewer = sim.add_viewer(good_link());
    sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    sim.run(5 * SECOND);
    (sim, viewer)
}

fn closed(sim: &Sim) -> Vec<CloseReason> {
    let reason = |it: &Event| match it {
        Event::Closed { reason, .. } => Some(*reason),
        _ => None,
    };
    sim.events.iter().filter_map(|(_, it)| reason(it)).collect()
}

#[test]
fn a_viewer_that_closes_its_page_is_gone_within_seconds() {
    let (mut sim, viewer) = watching();
    sim.leave(viewer);
    let after = sim.wait("it is gone", 5 * SECOND, |it| !closed(it).is_empty());
    assert_eq!(closed(&sim), [CloseReason::Remote]);
    assert!(after < 4 * SECOND, "{after:?}");
}

#[test]
fn a_goodbye_in_somebody_elses_name_ends_nothing() {
    let (mut sim, viewer) = watching();
    let address = sim.client_mut(viewer).address;
    sim.wire = Some(Vec::new());
    for _ in 0..200 {
        sim.inject(address, &FORGED);
        sim.run(Duration::from_millis(50));
    }
    sim.run(5 * SECOND);
    assert_eq!(closed(&sim), []);
    assert!(sim.screen(viewer).longest_freeze() < Duration::from_millis(200));
    // And it is no way to make us send: a question now and then.
    let wire = sim.wire.as_ref().unwrap();
    let questions = wire.iter().filter(|it| !it.is_in && it.contents.starts_with(&[0, 1])).count();
    assert!(questions <= 40, "{questions} checks in 10 s of forgeries");
}

#[test]
fn a_viewer_that_is_closed_is_told() {
    let (mut sim, viewer) = watching();
    sim.wire = Some(Vec::new());
    sim.command(Command::Close { peer: viewer });
    assert_eq!(closed(&sim), [CloseReason::Requested]);
    let wire = sim.wire.as_ref().unwrap();
    let alerts = wire.iter().filter(|it| !it.is_in && it.contents.first() == Some(&21)).count();
    assert_eq!(alerts, 1);
    sim.wait("it heard", SECOND, |it| !it.client_mut(viewer).rtc.is_alive());
}
