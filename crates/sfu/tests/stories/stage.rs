//! Guests on stage: whom they are forwarded to, and what a viewer's link carries of them.

use std::time::Duration;

use sfu::{Cast, Command, Event, PeerId, Preference, Seat, Shown, home_of};
use str0m_netem::{Bitrate, DataSize, NetemConfig};

use crate::sim::{Host, ROOM, Screen, Sim, good_link, lossy};

const SECOND: Duration = Duration::from_secs(1);

/// 0.25, 0.5 and 2.2 Mbit/s.
const LAYERS: [(&str, u16); 3] = [("q", 1), ("h", 2), ("f", 9)];

fn seat(n: u8) -> Seat {
    Seat::guest(n).unwrap()
}

fn shown(n: u8) -> Shown {
    Shown { seat: seat(n), stream: format!("g{n}") }
}

/// The host and these guests.
fn cast(guests: &[u8]) -> Cast {
    let guests = guests.iter().map(|n| shown(*n)).collect();
    Cast { has_host: true, guests, may_change: true }
}

/// A link of this rate with half a second of buffer.
fn link(kbps: u64) -> NetemConfig {
    let buffer = DataSize::bytes(kbps as i64 * 1_000 / 8 / 2);
    good_link().link(Bitrate::kbps(kbps), buffer)
}

fn sees_guest(sim: &mut Sim, viewer: PeerId, stream: &str) -> bool {
    sim.client_mut(viewer).viewer().guests.get(stream).is_some_and(|it| !it.shown.is_empty())
}

fn guest(sim: &mut Sim, viewer: PeerId, stream: &str) -> &Screen {
    &sim.client_mut(viewer).viewer().guests[stream]
}

/// Numbers without a gap or a leap.
fn assert_continuous(screen: &Screen) {
    let mut seqs: Vec<u64> = screen.packets.iter().map(|it| it.0).collect();
    seqs.sort_unstable();
    seqs.dedup();
    assert_eq!(seqs.len(), screen.packets.len(), "a number for one packet only");
    assert_eq!(seqs[seqs.len() - 1] - seqs[0] + 1, seqs.len() as u64, "no gap and no leap");
}

#[test]
fn a_viewer_is_shown_host_and_guest_and_the_guest_is_not_shown_itself() {
    let mut sim = Sim::new();
    sim.add_host(Host::default(), good_link());
    let fan = sim.add_viewer_of(cast(&[]), good_link());
    let player = sim.add_viewer(good_link());
    sim.wait("a picture", 5 * SECOND, |it| !it.screen(fan).shown.is_empty());
    sim.add_guest(seat(0), Host::named(2), good_link());
    // The guest's own viewer, and that of a page that comes later.
    let own = sim.add_viewer_of(cast(&[]), good_link());
    let late = sim.add_viewer_of(cast(&[0]), good_link());
    let before = sim.screen(fan).shown.len();
    sim.recast(fan, cast(&[0]));
    for viewer in [fan, late] {
        sim.wait("the guest", 3 * SECOND, |it| sees_guest(it, viewer, "g0"));
    }
    sim.run(5 * SECOND);
    for viewer in [fan, late] {
        let of_guest = guest(&mut sim, viewer, "g0");
        assert!(of_guest.shown.iter().all(|it| it.1 == 2) && of_guest.shown.len() > 120);
        assert!(of_guest.audio_packets > 200, "{} packets of sound", of_guest.audio_packets);
        assert_continuous(of_guest);
        assert!(sim.screen(viewer).shown.iter().all(|it| it.1 == 1), "the host is the host");
    }
    let screen = sim.screen(fan);
    assert!(screen.shown.len() > before + 120);
    assert!(screen.longest_freeze() < Duration::from_millis(100), "the host was not disturbed");
    assert_continuous(screen);
    for viewer in [own, player] {
        assert!(sim.client_mut(viewer).viewer().guests.is_empty());
        assert!(sim.screen(viewer).shown.iter().all(|it| it.1 == 1));
    }
    let flows = |it: &Event| matches!(it, Event::GuestFlowing { is_flowing: true, .. });
    assert_eq!(sim.times_of(flows).len(), 1);
}

#[test]
fn a_guest_leaves_and_the_next_takes_its_seat() {
    let mut sim = Sim::new();
    sim.add_host(Host::default(), good_link());
    let first = sim.add_guest(seat(0), Host::named(2), good_link());
    let other = sim.add_guest(seat(1), Host::named(3), good_link());
    let fan = sim.add_viewer_of(cast(&[0, 1]), good_link());
    sim.wait("the guests", 5 * SECOND, |it| sees_guest(it, fan, "g0") && sees_guest(it, fan, "g1"));
    sim.command(Command::Close { peer: first });
    sim.vanish(first);
    let stopped = |it: &Event| matches!(it, Event::GuestFlowing { is_flowing: false, .. });
    assert_eq!(sim.times_of(stopped).len(), 1);
    sim.recast(fan, cast(&[1]));
    let gone = guest(&mut sim, fan, "g0").shown.len();
    sim.run(2 * SECOND);
    assert_eq!(guest(&mut sim, fan, "g0").shown.len(), gone);
    sim.add_guest(seat(0), Host::named(4), good_link());
    let next = Shown { seat: seat(0), stream: "next".into() };
    let both = Cast { guests: vec![shown(1), next], ..cast(&[]) };
    sim.recast(fan, both);
    sim.wait("the next guest", 3 * SECOND, |it| sees_guest(it, fan, "next"));
    sim.run(2 * SECOND);
    assert!(guest(&mut sim, fan, "next").shown.iter().all(|it| it.1 == 4));
    for stream in ["next", "g1"] {
        assert_continuous(guest(&mut sim, fan, stream));
    }
    for screen in [sim.screen(fan).longest_freeze(), guest(&mut sim, fan, "g1").longest_freeze()] {
        assert!(screen < Duration::from_millis(100), "nobody else lost anything: {screen:?}");
    }
    assert!(sim.client_mut(other).connected_at.is_some());
}

#[test]
fn a_guest_that_returns_goes_on_without_a_new_offer() {
    let mut sim = Sim::new();
    sim.add_host(Host::default(), good_link());
    let first = sim.add_guest(seat(0), Host::named(2), good_link());
    let fan = sim.add_viewer_of(cast(&[0]), good_link());
    sim.wait("the guest", 5 * SECOND, |it| sees_guest(it, fan, "g0"));
    sim.vanish(first);
    sim.run(2 * SECOND);
    sim.add_guest(seat(0), Host::named(3).starting_at(900, 4_000_000_000), good_link());
    sim.wait("the guest again", 3 * SECOND, |it| {
        guest(it, fan, "g0").shown.last().is_some_and(|it| it.1 == 3)
    });
    sim.run(SECOND);
    assert_continuous(guest(&mut sim, fan, "g0"));
    assert_eq!(sim.times_of(|it| matches!(it, Event::Offer { .. })).len(), 1);
}

#[test]
fn the_host_returns_while_the_guests_stay() {
    let mut sim = Sim::new();
    let host = sim.add_host(Host::default(), good_link());
    sim.add_guest(seat(0), Host::named(2), good_link());
    let fan = sim.add_viewer_of(cast(&[0]), good_link());
    let alone = Cast { has_host: false, ..cast(&[0]) };
    let at_host = sim.add_viewer_of(alone, good_link());
    for viewer in [fan, at_host] {
        sim.wait("the guest", 5 * SECOND, |it| sees_guest(it, viewer, "g0"));
    }
    sim.command(Command::Close { peer: host });
    sim.vanish(host);
    sim.run(3 * SECOND);
    sim.add_host(Host::named(5).starting_at(700, 90), good_link());
    sim.wait("the host again", 3 * SECOND, |it| {
        it.screen(fan).shown.last().is_some_and(|it| it.1 == 5)
    });
    for viewer in [fan, at_host] {
        let of_guest = guest(&mut sim, viewer, "g0");
        assert!(of_guest.longest_freeze() < Duration::from_millis(100), "the guest stood still");
        assert_continuous(of_guest);
    }
    assert!(sim.screen(at_host).shown.is_empty(), "the host is not shown itself");
}

#[test]
fn a_muted_guest_is_seen_and_not_heard() {
    let mut sim = Sim::new();
    sim.add_host(Host::default(), good_link());
    sim.add_guest(seat(0), Host::named(2), good_link());
    let fan = sim.add_viewer_of(cast(&[0]), good_link());
    sim.wait("the guest", 5 * SECOND, |it| sees_guest(it, fan, "g0"));
    sim.command(Command::Mute { room: ROOM, seat: seat(0), is_muted: true });
    sim.run(SECOND);
    let heard = guest(&mut sim, fan, "g0").audio_packets;
    let seen = guest(&mut sim, fan, "g0").shown.len();
    sim.run(2 * SECOND);
    assert_eq!(guest(&mut sim, fan, "g0").audio_packets, heard);
    assert!(guest(&mut sim, fan, "g0").shown.len() > seen + 50);
    sim.command(Command::Mute { room: ROOM, seat: seat(0), is_muted: false });
    sim.run(SECOND);
    assert!(guest(&mut sim, fan, "g0").audio_packets > heard + 40);
}

#[test]
fn who_wants_no_picture_is_sent_none_of_anybody() {
    let mut sim = Sim::new();
    sim.add_host(Host::default(), good_link());
    sim.add_guest(seat(0), Host::named(2), good_link());
    let fan = sim.add_viewer_of(cast(&[0]), good_link());
    sim.wait("the guest", 5 * SECOND, |it| sees_guest(it, fan, "g0"));
    let hidden = Preference { is_hidden: true, ..Preference::default() };
    sim.command(Command::Prefer { peer: fan, preference: hidden });
    sim.run(SECOND);
    let (seen, heard) =
        (guest(&mut sim, fan, "g0").shown.len(), guest(&mut sim, fan, "g0").audio_packets);
    sim.run(2 * SECOND);
    assert_eq!(guest(&mut sim, fan, "g0").shown.len(), seen);
    assert!(guest(&mut sim, fan, "g0").audio_packets > heard + 80);
    sim.command(Command::Prefer { peer: fan, preference: Preference::default() });
    sim.run(2 * SECOND);
    assert!(guest(&mut sim, fan, "g0").shown.len() > seen + 30);
}

#[test]
fn a_narrow_link_has_the_host_first_and_a_low_picture_of_every_guest() {
    let mut sim = Sim::new();
    sim.add_host(Host::simulcast(&LAYERS), good_link());
    for n in 0..2 {
        let guest = Host { id: 2 + n, ..Host::simulcast(&LAYERS) };
        sim.add_guest(seat(n), guest, good_link());
    }
    let fan = sim.add_viewer_of(cast(&[0, 1]), link(1_600));
    sim.wait("the guests", 8 * SECOND, |it| sees_guest(it, fan, "g0") && sees_guest(it, fan, "g1"));
    sim.run(20 * SECOND);
    let sizes = |screen: &Screen| screen.packets_per_frame.last().copied().unwrap_or(0);
    let of_host = sizes(sim.screen(fan));
    assert_eq!(of_host, 2, "0.5 Mbit/s of the host");
    for stream in ["g0", "g1"] {
        let screen = guest(&mut sim, fan, stream);
        assert!(sizes(screen) <= 2, "{stream} has what is left");
        let late = screen.shown.last().unwrap().0;
        assert!(sim.now - late < Duration::from_millis(500), "{stream} is still shown");
    }
    // A wide link has the best of all.
    sim.set_link(fan, link(20_000));
    sim.wait("the best of all", 60 * SECOND, |it| {
        sizes(it.screen(fan)) == 9
            && sizes(guest(it, fan, "g0")) == 9
            && sizes(guest(it, fan, "g1")) == 9
    });
}

#[test]
fn who_speaks_is_told_and_a_room_without_guests_tells_nothing() {
    let mut sim = Sim::new();
    let quiet = |id| Host { level: Some(-90), id, ..Host::default() };
    sim.add_host(Host { level: Some(-20), ..Host::default() }, good_link());
    sim.run(3 * SECOND);
    let is_speaker = |it: &Event| matches!(it, Event::Speaker { .. });
    assert_eq!(sim.times_of(is_speaker).len(), 0);
    let one = sim.add_guest(seat(0), quiet(2), good_link());
    sim.add_guest(seat(1), quiet(3), good_link());
    sim.run(2 * SECOND);
    sim.host(one).level = Some(-10);
    sim.run(2 * SECOND);
    let told: Vec<_> = sim
        .events
        .iter()
        .filter_map(|(_, it)| match it {
            Event::Speaker { seat, .. } => Some(*seat),
            _ => None,
        })
        .collect();
    assert_eq!(told, [Some(Seat::HOST), Some(seat(0))]);
}

#[test]
fn guests_reach_viewers_at_other_workers() {
    let mut sim = Sim::with_workers(2);
    let home = usize::from(home_of(ROOM, 2));
    sim.add_host(Host::default(), good_link());
    let one = sim.add_guest(seat(0), Host::named(2), good_link());
    let fans: Vec<PeerId> = (0..4).map(|_| sim.add_viewer_of(cast(&[0]), good_link())).collect();
    for (n, fan) in fans.iter().enumerate() {
        sim.client_mut(*fan).nat = None;
        sim.rebind(*fan, (home + n) % 2);
        sim.wait("the guest", 12 * SECOND, |it| sees_guest(it, *fan, "g0"));
    }
    sim.run(2 * SECOND);
    for fan in &fans {
        assert_continuous(guest(&mut sim, *fan, "g0"));
    }
    sim.command(Command::Close { peer: one });
    sim.vanish(one);
    sim.run(SECOND);
    sim.add_guest(seat(0), Host::named(3).starting_at(77, 5), good_link());
    for fan in &fans {
        sim.wait("another in the seat", 5 * SECOND, |it| {
            guest(it, *fan, "g0").shown.last().is_some_and(|it| it.1 == 3)
        });
    }
    let told = sim.times_of(|it| matches!(it, Event::GuestFlowing { .. }));
    assert_eq!(told.len(), 3, "told by the home alone: {told:?}");
}

#[test]
fn nothing_is_left_of_a_stage_that_is_empty() {
    let mut sim = Sim::new();
    let host = sim.add_host(Host::default(), good_link());
    let one = sim.add_guest(seat(0), Host::named(2), good_link());
    let fan = sim.add_viewer_of(cast(&[0]), good_link());
    sim.wait("the guest", 5 * SECOND, |it| sees_guest(it, fan, "g0"));
    for peer in [host, one, fan] {
        sim.command(Command::Close { peer });
        sim.vanish(peer);
    }
    sim.run(60 * SECOND);
    let sizes = sim.sfu.sizes();
    assert_eq!((sizes.rooms, sizes.peers, sizes.timers, sizes.ring_bytes), (0, 0, 0, 0));
}

#[test]
fn a_guest_that_answers_publishes_and_watches_on_one_connection() {
    for workers in [1, 2] {
        let mut sim = Sim::with_workers(workers);
        sim.add_host(Host::default(), good_link());
        let fan = sim.add_viewer_of(cast(&[0]), good_link());
        let one = sim.add_guest_for_both_ways(seat(0), Host::named(2), lossy(2.0));
        for worker in 0..workers {
            sim.rebind(one, worker.into());
            sim.wait("the guest", 12 * SECOND, |it| sees_guest(it, fan, "g0"));
            let (seen, got) = (guest(&mut sim, fan, "g0").shown.len(), sim.host(one).received);
            sim.wait("more of it", 12 * SECOND, |it| {
                guest(it, fan, "g0").shown.len() > seen + 90 && it.host(one).received > got + 500
            });
        }
        let screen = guest(&mut sim, fan, "g0");
        assert!(screen.shown.iter().all(|it| it.1 == 2));
        assert_continuous(screen);
        assert!(screen.audio_packets > 100);
        sim.command(Command::Close { peer: one });
        sim.vanish(one);
        let told = sim.times_of(|it| matches!(it, Event::GuestFlowing { is_flowing: false, .. }));
        assert_eq!(told.len(), 1);
        // The seat is free for a page.
        sim.add_guest(seat(0), Host::named(7), good_link());
        sim.wait("the next", 3 * SECOND, |it| {
            guest(it, fan, "g0").shown.last().is_some_and(|it| it.1 == 7)
        });
    }
}

#[test]
fn an_answer_that_publishes_nothing_is_refused() {
    let mut sim = Sim::new();
    sim.add_host(Host::default(), good_link());
    let peer = PeerId(900);
    let (room, cast, publishes) = (ROOM, Cast::default(), Some(seat(0)));
    sim.command(Command::Watch { room, peer, cast, publishes, via: None });
    sim.command(Command::Answer { peer, sdp: "v=0".into() });
    let refused = |it: &Event| matches!(it, Event::Rejected { peer: PeerId(900), .. });
    assert_eq!(sim.times_of(refused).len(), 1);
}

#[test]
fn a_screen_beside_the_camera_is_a_picture_of_its_own_and_one_of_two_in_turn_is_not() {
    let mut sim = Sim::new();
    let host = sim.add_host(Host { has_second: true, ..Host::default() }, good_link());
    let screen = Shown { seat: Seat::SECOND, stream: "kaibo-2".into() };
    let both = Cast { guests: vec![screen], ..cast(&[]) };
    let fan = sim.add_viewer_of(both, good_link());
    let player = sim.add_viewer(good_link());
    let flows =
        |it: &Event| matches!(it, Event::GuestFlowing { seat: Seat::SECOND, is_flowing: true, .. });
    sim.wait("the screen", 5 * SECOND, |it| sees_guest(it, fan, "kaibo-2"));
    assert!(sim.times_of(flows)[0] > 2 * SECOND, "it may have been switching");
    sim.run(3 * SECOND);
    let of_screen = guest(&mut sim, fan, "kaibo-2");
    assert!(of_screen.shown.len() > 80 && of_screen.shown.iter().all(|it| it.1 == 51));
    assert_continuous(of_screen);
    for viewer in [fan, player] {
        assert!(sim.screen(viewer).shown.iter().all(|it| it.1 == 1), "the camera is the camera");
        assert!(sim.screen(viewer).longest_freeze() < Duration::from_millis(100));
    }
    sim.host(host).has_second = false;
    sim.run(6 * SECOND);
    let stopped = |it: &Event| {
        matches!(it, Event::GuestFlowing { seat: Seat::SECOND, is_flowing: false, .. })
    };
    assert_eq!(sim.times_of(stopped).len(), 1);
}
