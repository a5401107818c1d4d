//! The viewer's choice of a layer, the media that a hidden page is sent, and the layers that the host need
//! not send.

use std::time::{Duration, Instant};

use sfu::{Cap, Command, Event, PeerId, Preference, Reason, home_of};
use str0m::format::Codec;
use str0m_netem::{Bitrate, DataSize, NetemConfig};

use crate::sim::{Host, Pauses, ROOM, Sim, good_link};

const SECOND: Duration = Duration::from_secs(1);

/// 0.25, 0.5 and 2.2 Mbit/s.
const LAYERS: [(&str, u16); 3] = [("q", 1), ("h", 2), ("f", 9)];

fn link(kbps: u64) -> NetemConfig {
    good_link().link(Bitrate::kbps(kbps), DataSize::bytes(kbps as i64 * 1_000 / 8 / 2))
}

fn pausing() -> Host {
    Host::simulcast(&LAYERS).which(Pauses::Yes)
}

fn up_to(layer: &str) -> Preference {
    Preference { cap: Cap::Layer(layer.into()), is_hidden: false }
}

fn anything() -> Preference {
    Preference::default()
}

fn hidden() -> Preference {
    Preference { is_hidden: true, ..Preference::default() }
}

fn prefer(sim: &mut Sim, peer: PeerId, preference: Preference) {
    sim.command(Command::Prefer { peer, preference });
}

/// Packets of the last frame shown: which layer it is of.
fn layer(sim: &mut Sim, viewer: PeerId) -> u16 {
    sim.screen(viewer).packets_per_frame.last().copied().unwrap_or(0)
}

/// Waits until a frame of this layer is shown.
fn wait_for(sim: &mut Sim, viewer: PeerId, what: &str, limit: Duration, size: u16) -> Duration {
    sim.wait(what, limit, |it| layer(it, viewer) == size)
}

/// The longest that the picture stood still since then, until now.
fn freeze_since(sim: &mut Sim, viewer: PeerId, since: Instant) -> Duration {
    let now = sim.now;
    let times = sim.screen(viewer).shown.iter().map(|it| it.0).filter(|it| *it >= since);
    let times: Vec<Instant> = [since].into_iter().chain(times).chain([now]).collect();
    times.windows(2).map(|it| it[1] - it[0]).max().unwrap()
}

/// What the control plane was told that a viewer is sent.
fn told(sim: &Sim, viewer: PeerId) -> Vec<(String, Reason)> {
    let of = |event: &Event| match event {
        Event::LayerSent { peer, layer, reason, .. } if *peer == viewer => {
            Some((layer.clone().unwrap_or_default(), *reason))
        }
        _ => None,
    };
    sim.events.iter().filter_map(|(_, event)| of(event)).collect()
}

/// What the control plane was told that the host need not send, in order.
fn unwanted(sim: &Sim) -> Vec<String> {
    let of = |event: &Event| match event {
        Event::LayersUnwanted { layers, .. } => {
            let mut layers = layers.clone();
            layers.sort_unstable();
            Some(layers.join(""))
        }
        _ => None,
    };
    sim.events.iter().filter_map(|(_, event)| of(event)).collect()
}

fn watching(host: Host, link: NetemConfig) -> (Sim, PeerId, PeerId) {
    let mut sim = Sim::new();
    let host = sim.add_host(host, good_link());
    let viewer = sim.add_viewer(link);
    wait_for(&mut sim, viewer, "the best layer", 10 * SECOND, 9);
    (sim, host, viewer)
}

#[test]
fn a_viewer_is_sent_what_it_chose_and_less_only_where_its_network_carries_less() {
    let (mut sim, _, viewer) = watching(Host::simulcast(&LAYERS), link(5_000));
    sim.run(SECOND);
    let chosen = sim.now;
    prefer(&mut sim, viewer, up_to("h"));
    let after = wait_for(&mut sim, viewer, "what was chosen", SECOND, 2);
    sim.run(10 * SECOND);
    assert_eq!(layer(&mut sim, viewer), 2, "and no better one");
    let freeze = freeze_since(&mut sim, viewer, chosen);
    println!("chosen after {after:?}, freeze {freeze:?}");
    assert!(freeze < Duration::from_millis(120), "the old one is seen until then: {freeze:?}");

    sim.wire = Some(Vec::new());
    sim.run(10 * SECOND);
    let to = sim.client_mut(viewer).public();
    let wire = sim.wire.take().unwrap();
    let bytes: usize =
        wire.iter().filter(|it| !it.is_in && it.other == to).map(|it| it.contents.len()).sum();
    assert!(bytes * 8 / 10 < 650_000, "no probe for what is not wanted: {} bit/s", bytes * 8 / 10);

    sim.set_link(viewer, link(400));
    wait_for(&mut sim, viewer, "what the link carries", 5 * SECOND, 1);
    sim.run(10 * SECOND);
    sim.set_link(viewer, link(5_000));
    wait_for(&mut sim, viewer, "what was chosen again", 15 * SECOND, 2);
    sim.run(10 * SECOND);
    assert_eq!(layer(&mut sim, viewer), 2);
    prefer(&mut sim, viewer, anything());
    wait_for(&mut sim, viewer, "the best", 15 * SECOND, 9);
    sim.run(SECOND);
    let told = told(&sim, viewer);
    let is = |layer: &str, reason| (layer.to_owned(), reason);
    let choices = told.iter().filter(|it| it.1 != Reason::Link).cloned().collect::<Vec<_>>();
    assert_eq!(
        choices,
        [
            is("f", Reason::Publisher),
            is("h", Reason::Viewer),
            is("h", Reason::Viewer),
            is("f", Reason::Publisher)
        ]
    );
    assert!(told.contains(&is("q", Reason::Link)), "{told:?}");
}

#[test]
fn who_wants_sound_only_gets_sound_only_and_a_picture_again() {
    let (mut sim, _, viewer) = watching(Host::simulcast(&LAYERS), good_link());
    prefer(&mut sim, viewer, Preference { cap: Cap::SoundOnly, is_hidden: false });
    sim.run(Duration::from_millis(100));
    let (packets, heard) = (sim.screen(viewer).packets.len(), sim.screen(viewer).audio_packets);
    sim.run(5 * SECOND);
    assert_eq!(sim.screen(viewer).packets.len(), packets, "not a packet of the picture");
    assert!(sim.screen(viewer).audio_packets >= heard + 245, "all of the sound");
    assert_eq!(told(&sim, viewer).last(), Some(&(String::new(), Reason::Viewer)));
    prefer(&mut sim, viewer, anything());
    let again = sim.wait("a picture", SECOND, |it| it.screen(viewer).packets.len() > packets);
    assert!(again < Duration::from_millis(150), "a round trip to the host, at most: {again:?}");
}

#[test]
fn a_page_that_is_shown_again_sees_within_a_frame_or_two() {
    let (mut sim, host, viewer) = watching(Host::simulcast(&LAYERS), good_link());
    prefer(&mut sim, viewer, hidden());
    sim.run(Duration::from_millis(100));
    let (packets, heard) = (sim.screen(viewer).packets.len(), sim.screen(viewer).audio_packets);
    sim.run(60 * SECOND);
    assert_eq!(sim.screen(viewer).packets.len(), packets, "nothing is sent to be seen");
    assert!(sim.screen(viewer).audio_packets >= heard + 2_990);
    // Somebody comes, and a keyframe with them.
    sim.add_viewer(good_link());
    sim.run(SECOND);
    let asked = sim.host(host).keyframe_requests.len();
    let shown = sim.screen(viewer).shown.len();
    prefer(&mut sim, viewer, anything());
    let again = sim.wait("a picture", SECOND, |it| it.screen(viewer).shown.len() > shown);
    println!("seen again after {again:?}");
    assert!(again <= Duration::from_millis(20 + 40), "the way there and a frame: {again:?}");
    sim.run(Duration::from_millis(100));
    assert!(sim.host(host).keyframe_requests.len() <= asked + 1);
    let newest = sim.host(host).frames_sent;
    let behind = newest - sim.screen(viewer).shown.last().unwrap().2;
    assert!(behind <= 3, "and what is now: {behind} frames behind");
    assert_eq!(sim.screen(viewer).ssrcs.len(), 2);
}

#[test]
fn a_choice_is_kept_before_the_connection_at_another_worker_and_for_the_next_host() {
    let home = usize::from(home_of(ROOM, 2));
    let mut sim = Sim::with_workers(2);
    let first = sim.add_host_heard_by(home, ROOM, Host::simulcast(&LAYERS), good_link());
    sim.run(2 * SECOND);
    let viewer = sim.add_viewer_heard_by(1 - home, ROOM, good_link());
    prefer(&mut sim, viewer, up_to("h"));
    assert!(sim.client_mut(viewer).connected_at.is_none());
    wait_for(&mut sim, viewer, "what was chosen", 5 * SECOND, 2);
    sim.run(10 * SECOND);
    assert!(sim.screen(viewer).packets_per_frame.iter().all(|it| *it <= 2), "never more");
    for worker in [home, 1 - home] {
        sim.rebind(viewer, worker);
        sim.run(12 * SECOND);
        assert!(sim.worker_has(worker, viewer));
        assert_eq!(layer(&mut sim, viewer), 2);
    }
    sim.vanish(first);
    sim.command(Command::Close { peer: first });
    let other = [("low", 1), ("middle", 3), ("high", 9)];
    let second = Host::simulcast(&other).with_id(2);
    let second = sim.add_host_heard_by(home, ROOM, second, good_link());
    wait_for(&mut sim, viewer, "the nearest", 5 * SECOND, 3);
    sim.run(5 * SECOND);
    assert_eq!(layer(&mut sim, viewer), 3);
    assert!(sim.screen(viewer).packets_per_frame.iter().all(|it| *it <= 3));
    sim.vanish(second);
    sim.command(Command::Close { peer: second });
    let third = Host::simulcast(&LAYERS).with_id(3);
    sim.add_host_heard_by(home, ROOM, third, good_link());
    wait_for(&mut sim, viewer, "the very one", 5 * SECOND, 2);
    sim.run(5 * SECOND);
    assert_eq!(layer(&mut sim, viewer), 2);
}

#[test]
fn the_host_rests_from_what_nobody_watches_at_any_worker() {
    let home = usize::from(home_of(ROOM, 2));
    let mut sim = Sim::with_workers(2);
    let host = sim.add_host_heard_by(home, ROOM, pausing(), good_link());
    let here = sim.add_viewer_heard_by(home, ROOM, good_link());
    let there = sim.add_viewer_heard_by(1 - home, ROOM, good_link());
    for viewer in [here, there] {
        wait_for(&mut sim, viewer, "the best layer", 10 * SECOND, 9);
    }
    sim.run(10 * SECOND);
    assert_eq!(unwanted(&sim), ["h"], "the lowest goes on, for links that narrow");
    prefer(&mut sim, here, up_to("q"));
    sim.run(10 * SECOND);
    assert_eq!(unwanted(&sim), ["h"], "somebody at the other worker watches it");
    prefer(&mut sim, there, up_to("h"));
    wait_for(&mut sim, there, "what was paused", SECOND, 2);
    sim.run(4 * SECOND);
    assert_eq!(unwanted(&sim), ["h", ""], "not yet");
    sim.run(3 * SECOND);
    assert_eq!(unwanted(&sim), ["h", "", "f"]);
    assert_eq!(sim.host(host).paused, ["f"]);

    let since = sim.now;
    prefer(&mut sim, there, anything());
    assert_eq!(unwanted(&sim).last().unwrap(), "", "at once");
    let back = wait_for(&mut sim, there, "the best again", 2 * SECOND, 9);
    let freeze = freeze_since(&mut sim, there, since);
    println!("back after {back:?}, freeze {freeze:?}");
    assert!(freeze < Duration::from_millis(150), "it saw on meanwhile: {freeze:?}");
    prefer(&mut sim, there, hidden());
    sim.run(8 * SECOND);
    assert_eq!(unwanted(&sim).last().unwrap(), "fh");
    for viewer in [here, there] {
        sim.command(Command::Close { peer: viewer });
    }
    sim.run(10 * SECOND);
    assert_eq!(unwanted(&sim).last().unwrap(), "fh", "for whoever comes there is a picture");

    let late = sim.add_viewer_heard_by(1 - home, ROOM, good_link());
    sim.wait("connected", 5 * SECOND, |it| it.client_mut(late).connected_at.is_some());
    let first = sim.wait("a picture", SECOND, |it| !it.screen(late).shown.is_empty());
    let best = wait_for(&mut sim, late, "the best layer", 5 * SECOND, 9);
    println!("a late viewer sees after {first:?}, the best after {best:?}");
    assert!(first < Duration::from_millis(150), "{first:?}");
    assert!(best < 3 * SECOND, "{best:?}");
}

#[test]
fn a_link_that_narrows_does_not_wait_for_a_paused_layer() {
    let (mut sim, _, viewer) = watching(pausing(), link(5_000));
    sim.run(10 * SECOND);
    assert_eq!(unwanted(&sim), ["h"]);
    let since = sim.now;
    sim.set_link(viewer, link(800));
    let down = wait_for(&mut sim, viewer, "the lowest", 3 * SECOND, 1);
    let up = wait_for(&mut sim, viewer, "what the link carries", 15 * SECOND, 2);
    let freeze = freeze_since(&mut sim, viewer, since);
    println!("down in {down:?}, up in {up:?}, freeze {freeze:?}");
    assert!(down < 2 * SECOND);
    assert!(freeze < Duration::from_millis(400), "{freeze:?}");
}

#[test]
fn a_host_that_goes_on_sending_what_nobody_watches_breaks_nothing() {
    let (mut sim, host, viewer) = watching(Host::simulcast(&LAYERS), good_link());
    prefer(&mut sim, viewer, up_to("q"));
    sim.run(20 * SECOND);
    assert_eq!(unwanted(&sim).last().unwrap(), "fh");
    assert!(sim.host(host).paused.is_empty());
    let since = sim.now;
    prefer(&mut sim, viewer, anything());
    wait_for(&mut sim, viewer, "the best", 5 * SECOND, 9);
    assert!(freeze_since(&mut sim, viewer, since) < Duration::from_millis(120));
}

#[test]
fn a_host_that_does_not_resume_a_layer_costs_its_viewers_that_layer_and_nothing_else() {
    let host = Host::simulcast(&LAYERS).which(Pauses::ForGood);
    let (mut sim, _, viewer) = watching(host, good_link());
    prefer(&mut sim, viewer, up_to("h"));
    sim.run(10 * SECOND);
    assert_eq!(unwanted(&sim).last().unwrap(), "f");
    let since = sim.now;
    prefer(&mut sim, viewer, anything());
    sim.run(30 * SECOND);
    assert_eq!(layer(&mut sim, viewer), 2, "the best there is");
    assert!(freeze_since(&mut sim, viewer, since) < Duration::from_millis(120));
    assert_eq!(told(&sim, viewer).last(), Some(&("h".to_owned(), Reason::Publisher)));
}

#[test]
fn layers_of_a_new_encoder_are_all_wanted() {
    let (mut sim, host, viewer) = watching(pausing(), good_link());
    prefer(&mut sim, viewer, up_to("q"));
    sim.run(10 * SECOND);
    assert_eq!(sim.host(host).paused.len(), 2);
    sim.host(host).switch_codec(Codec::Vp9);
    sim.run(2 * SECOND);
    assert!(sim.host(host).paused.is_empty(), "what nobody knows of, nobody can want");
    prefer(&mut sim, viewer, anything());
    wait_for(&mut sim, viewer, "the best", 5 * SECOND, 9);
}

#[test]
fn a_rehearsal_is_sent_whole_and_a_picture_without_layers_is_never_paused() {
    let mut sim = Sim::new();
    sim.add_rehearsing_host(pausing(), good_link());
    sim.run(20 * SECOND);
    assert!(unwanted(&sim).is_empty(), "its fans are to find all of it");
    sim.command(Command::GoLive { room: ROOM });
    sim.run(3 * SECOND);
    assert!(unwanted(&sim).is_empty(), "the first of them come now");
    let mut sim = Sim::new();
    sim.add_host(Host::default().which(Pauses::Yes), good_link());
    let viewer = sim.add_viewer(good_link());
    sim.run(5 * SECOND);
    prefer(&mut sim, viewer, hidden());
    sim.run(20 * SECOND);
    assert!(unwanted(&sim).is_empty());
    prefer(&mut sim, viewer, up_to("h"));
    let shown = sim.screen(viewer).shown.len();
    sim.run(SECOND);
    assert!(sim.screen(viewer).shown.len() > shown + 20, "a name that is not there bounds nothing");
}

#[test]
fn a_page_that_cannot_make_up_its_mind_does_not_flood_the_control_plane() {
    let (mut sim, host, viewer) = watching(Host::simulcast(&LAYERS), good_link());
    sim.run(2 * SECOND);
    let (told_before, asked) = (told(&sim, viewer).len(), sim.host(host).keyframe_requests.len());
    for n in 0..100 {
        prefer(&mut sim, viewer, if n % 2 == 0 { hidden() } else { anything() });
        sim.run(Duration::from_millis(50));
    }
    let n = told(&sim, viewer).len() - told_before;
    let asked = sim.host(host).keyframe_requests.len() - asked;
    assert!(n <= 11, "{n} events in 5 s");
    assert!(asked <= 6 * 3, "{asked} keyframe requests in 5 s, of three layers");
    sim.run(2 * SECOND);
    assert_eq!(told(&sim, viewer).last(), Some(&("f".to_owned(), Reason::Publisher)));
}
