//! Limits of the overhead that a viewer is sent beyond the broadcast: retransmissions and probes.

use std::time::Duration;

use sfu::{Event, PeerId};

use crate::sim::{Host, Sim, good_link, lossy};

const SECOND: Duration = Duration::from_secs(1);

/// A viewer of a broadcast of one layer.
struct Watch {
    packets_per_frame: u16,
    /// How often it reads what came; at once without.
    reads_every: Option<Duration>,
    /// Of a hundred packets, on each way, once it has settled.
    lost: f32,
}

/// The share of bytes that repeat the picture or fill probes, from the viewer's first, or once it has settled
/// where its link loses packets.
fn beyond(watch: &Watch, lasts: Duration) -> f64 {
    let mut sim = Sim::new();
    let mut host = Host::default();
    host.packets_per_frame = watch.packets_per_frame;
    sim.add_host(host, good_link());
    sim.run(2 * SECOND);
    sim.wire = Some(Vec::new());
    let viewer = sim.add_viewer(good_link());
    sim.client_mut(viewer).reads_every = watch.reads_every;
    if watch.lost > 0.0 {
        sim.run(3 * SECOND);
        sim.set_link(viewer, lossy(watch.lost));
        sim.wire = Some(Vec::new());
    }
    sim.run(lasts);
    let rtx = rtx_ssrc(&sim, viewer);
    let to = sim.client_mut(viewer).public();
    let wire = sim.wire.as_ref().unwrap();
    let is_rtp =
        |it: &&[u8]| it.len() > 12 && (128..192).contains(&it[0]) && !(192..224).contains(&it[1]);
    let sent = wire.iter().filter(|it| !it.is_in && it.other == to).map(|it| &*it.contents);
    let (mut of_rtx, mut all) = (0, 0);
    for packet in sent.filter(is_rtp) {
        all += packet.len();
        if packet[8..12] == rtx.to_be_bytes() {
            of_rtx += packet.len();
        }
    }
    assert!(all > 1_000_000, "{all} bytes are no broadcast");
    of_rtx as f64 / all as f64
}

/// The SSRC of repetitions (RFC 5576, section 4.2), as offered.
fn rtx_ssrc(sim: &Sim, viewer: PeerId) -> u32 {
    let offer = sim.events.iter().find_map(|(_, it)| match it {
        Event::Offer { peer, sdp } if *peer == viewer => Some(sdp),
        _ => None,
    });
    let group = offer.unwrap().lines().find_map(|it| it.strip_prefix("a=ssrc-group:FID "));
    group.unwrap().split(' ').nth(1).unwrap().parse().unwrap()
}

/// Packets a frame: of 1.2, 2.9 and 7.2 Mbit/s, below and above what is known of a link at first.
const FRAMES: [u16; 3] = [5, 12, 30];

#[test]
fn a_viewer_with_nothing_to_gain_is_hardly_sent_anything_twice() {
    for packets_per_frame in FRAMES {
        let watch = Watch { packets_per_frame, reads_every: None, lost: 0.0 };
        let beyond = beyond(&watch, 10 * SECOND);
        assert!(beyond < 0.005, "{packets_per_frame}: {beyond}");
    }
}

#[test]
fn a_viewer_that_is_late_and_loses_nothing_is_hardly_sent_anything_twice() {
    for (packets_per_frame, ms) in
        FRAMES.into_iter().flat_map(|it| [(it, 30), (it, 100), (it, 250)])
    {
        let reads_every = Some(Duration::from_millis(ms));
        let watch = Watch { packets_per_frame, reads_every, lost: 0.0 };
        let beyond = beyond(&watch, 10 * SECOND);
        assert!(beyond < 0.005, "{packets_per_frame}, {ms}: {beyond}");
    }
}

#[test]
fn what_a_viewer_lost_is_sent_once_more_though_it_is_late_to_read_it() {
    for (packets_per_frame, ms) in [(5, 0), (12, 0), (5, 100), (12, 100), (30, 100), (12, 250)] {
        let reads_every = Some(Duration::from_millis(ms)).filter(|it| !it.is_zero());
        let watch = Watch { packets_per_frame, reads_every, lost: 1.0 };
        let beyond = beyond(&watch, 30 * SECOND);
        assert!((0.005..0.016).contains(&beyond), "{packets_per_frame}, {ms}: {beyond}");
    }
}
