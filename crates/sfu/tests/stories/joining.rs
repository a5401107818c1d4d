//! Joins on bad networks. The goal, R23 in test names: with 20 % loss, 95 % of the handshakes take less
//! than 3 s.

use std::net::SocketAddr;
use std::time::Duration;

use sfu::{Event, PeerId};

use crate::sim::{Host, OnWire, Sim, good_link, lossy};

const SECOND: Duration = Duration::from_secs(1);

/// Lets that many viewers join, one after the other; returns how long each took to connect, in order.
fn joins(n: usize, join: impl Fn(&mut Sim) -> PeerId) -> Vec<Duration> {
    let mut sim = Sim::new();
    sim.add_host(Host::default(), good_link());
    sim.run(2 * SECOND);
    let mut took = Vec::new();
    for _ in 0..n {
        let viewer = join(&mut sim);
        took.push(
            sim.wait("a connection", 29 * SECOND, |it| {
                it.client_mut(viewer).connected_at.is_some()
            }),
        );
        sim.vanish(viewer);
    }
    took.sort();
    took
}

fn at(percent: usize, of: &[Duration]) -> Duration {
    of[(of.len() * percent / 100).min(of.len() - 1)]
}

#[test]
fn a_handshake_that_is_begun_from_one_address_goes_on_from_another() {
    let mut sim = Sim::new();
    sim.add_host(Host::default(), good_link());
    sim.run(2 * SECOND);
    let viewer = sim.add_viewer_of_two_addresses(good_link());
    let took = sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    println!("{took:?}");
    assert!(took < Duration::from_millis(500), "{took:?}");
}

#[test]
fn checks_that_overtake_the_answer_cost_no_time() {
    let mut sim = Sim::new();
    sim.add_host(Host::default(), good_link());
    sim.run(2 * SECOND);
    let mut join = |answer_takes| {
        let viewer = sim.add_viewer_with_slow_signalling(0, good_link(), answer_takes);
        sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty())
    };
    // From the answer on: the check is there already, which saves its way.
    let (with, before) = (join(Duration::ZERO), join(Duration::from_millis(60)));
    println!("{with:?} with the answer, {before:?} before it");
    assert!(before < with, "{before:?}, not less than {with:?}");
}

/// The SSRCs of the picture and of its retransmissions, of the last offer to a viewer.
fn ssrcs(sim: &Sim, of: PeerId) -> [[u8; 4]; 2] {
    let offer = sim.events.iter().rev().find_map(|(_, event)| match event {
        Event::Offer { peer, sdp } if *peer == of => Some(sdp.clone()),
        _ => None,
    });
    let offer = offer.unwrap();
    let group = offer.lines().find_map(|it| it.strip_prefix("a=ssrc-group:FID "));
    let (video, rtx) = group.unwrap().split_once(' ').unwrap();
    [video, rtx].map(|it| it.parse::<u32>().unwrap().to_be_bytes())
}

#[test]
fn until_a_viewer_is_known_to_read_the_picture_its_link_is_probed_with_padding_alone() {
    let mut sim = Sim::new();
    // More than a link is thought to carry at first.
    let mut host = Host::default();
    host.packets_per_frame = 20;
    sim.add_host(host, good_link());
    // Not so long that what is kept no longer begins with a keyframe.
    sim.run(SECOND / 5);
    sim.wire = Some(Vec::new());
    let one_way = Duration::from_millis(150);
    let viewer = sim.add_viewer(good_link().latency(one_way));
    sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    sim.run(SECOND);
    let [video, rtx] = ssrcs(&sim, viewer);
    let address = sim.client_mut(viewer).address;
    let wire = sim.wire.take().unwrap();
    let is_rtp = |it: &&OnWire| !it.is_in && it.other == address && !it.is_stun();
    let of = |ssrc: [u8; 4]| {
        wire.iter().filter(is_rtp).filter(move |it| it.contents.get(8..12) == Some(&ssrc))
    };
    let began = of(video).next().unwrap().at;
    // What tells of the picture takes a round trip.
    let first: Vec<&OnWire> = of(rtx).filter(|it| it.at < began + 2 * one_way).collect();
    assert!(first.len() > 10, "it is probed: {}", first.len());
    let is_padding = |it: &&OnWire| it.contents[0] & 0x20 != 0 && it.contents.len() < 350;
    let n_other = first.iter().filter(|it| !is_padding(it)).count();
    assert_eq!(n_other, 0, "of {}", first.len());
}

/// What Chromium says first, in datagrams.
fn hello() -> Vec<Vec<u8>> {
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    let lines = include_str!("../../src/transport/dtls/fixtures/chromium.hex").lines();
    lines.map(|it| it.as_bytes().chunks(2).map(byte).collect()).collect()
}

/// Somebody forges the address of a peer that joins, once the first datagram of that kind came from there.
fn forge_when(sim: &mut Sim, address: SocketAddr, is_stun: bool, n_hellos: u16) {
    sim.wire = Some(Vec::new());
    let came = |it: &OnWire| it.is_in && it.other == address && it.is_stun() == is_stun;
    sim.wait("it to begin", 5 * SECOND, |it| it.wire.as_ref().unwrap().iter().any(came));
    for n in 0..n_hellos {
        for mut part in hello() {
            if let Some(random) = part.get_mut(30..32) {
                random.copy_from_slice(&n.to_be_bytes());
            }
            sim.inject(address, &part);
        }
    }
}

/// How long a peer takes to connect when so many hellos are forged from its address, before its own or after.
fn joins_beside(is_host: bool, is_after_its_own: bool, n_hellos: u16) -> Duration {
    let mut sim = Sim::new();
    let peer = if is_host {
        sim.add_host(Host::default(), good_link())
    } else {
        sim.add_offering_viewer(good_link())
    };
    let address = sim.client_mut(peer).address;
    forge_when(&mut sim, address, !is_after_its_own, n_hellos);
    let what = format!("host: {is_host}, after: {is_after_its_own}, {n_hellos} hellos");
    let is_connected = |it: &Event| matches!(it, Event::Connected { peer: of } if *of == peer);
    let took = sim.wait(&what, 5 * SECOND, |it| it.events.iter().any(|it| is_connected(&it.1)));
    println!("{what}: {took:?}");
    took
}

#[test]
fn a_hello_that_is_forged_from_the_peers_own_address_does_not_break_its_handshake() {
    for n_hellos in [1, 200] {
        assert!(joins_beside(true, false, n_hellos) < SECOND);
        assert!(joins_beside(true, true, n_hellos) < SECOND);
        // A viewer's is answered before it nominates a path, which shows its picture sooner: the answer to a
        // hello that is forged just before its own still reaches it.
        assert!(joins_beside(false, true, n_hellos) < SECOND);
    }
}

#[test]
fn hellos_that_no_handshake_can_come_of_use_nothing_up() {
    let mut sim = Sim::new();
    sim.add_host(Host::default(), good_link());
    let viewer = sim.add_offering_viewer(good_link());
    let address = sim.client_mut(viewer).address;
    forge_when(&mut sim, address, true, 0);
    // It offers TLS_NULL_WITH_NULL_NULL alone.
    let body = [&[0xFE, 0xFD][..], &[7; 32], &[0, 0, 0, 2, 0, 0, 1, 0, 0, 0]].concat();
    let len = body.len() as u8;
    let message = [&[1, 0, 0, len, 0, 0, 0, 0, 0, 0, 0, len][..], &body].concat();
    let record = [&[22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, message.len() as u8][..], &message];
    for _ in 0..2_000 {
        sim.inject(address, &record.concat());
    }
    let connected = |it: &mut Sim| it.client_mut(viewer).connected_at.is_some();
    let took = sim.wait("a connection", 5 * SECOND, connected);
    assert!(took < SECOND, "{took:?}");
}

fn check(what: &str, took: &[Duration]) {
    let (p50, p95, max) = (at(50, took), at(95, took), at(100, took));
    println!("R23 {what}: p50 {p50:?}, p95 {p95:?}, max {max:?}");
    assert!(p95 < 3 * SECOND, "{p95:?}");
    // Each try of either side gets no answer in one of three cases, so that seven in a row, or 12 s,
    // happen in one of a thousand joins. Timers have a part by chance that no seed repeats.
    let n_slow = took.iter().filter(|it| **it > 10 * SECOND).count();
    assert!(n_slow <= 2, "{n_slow} hang");
}

#[test]
fn r23_at_twenty_percent_of_loss_a_handshake_takes_less_than_three_seconds() {
    check("20 %", &joins(200, |sim| sim.add_viewer(lossy(20.0))));
}

#[test]
fn r23_and_no_more_when_it_goes_on_from_another_address() {
    let took = joins(200, |sim| sim.add_viewer_of_two_addresses(lossy(20.0)));
    check("20 %, two addresses", &took);
}
