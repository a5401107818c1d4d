//! A viewer's address changes without an ICE restart, since a NAT forgot it or a phone left the Wi-Fi. The
//! media follow the viewer, and no stranger can redirect them.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use sfu::{Event, PeerId};
use str0m_netem::{NetemConfig, Probability, RandomLoss};

use crate::sim::{self, Host, Sim, good_link};

const SECOND: Duration = Duration::from_secs(1);

fn elsewhere(n: u16) -> SocketAddr {
    SocketAddr::from(([198, 51, 100, 200], 50_000 + n))
}

fn stranger(n: u16) -> SocketAddr {
    SocketAddr::new(sim::STRANGER, 1_000 + n)
}

fn watching(link: NetemConfig) -> (Sim, PeerId, PeerId) {
    let mut sim = Sim::new();
    let host = sim.add_host(Host::default(), good_link());
    let viewer = sim.add_viewer(good_link());
    sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    sim.set_link(viewer, link);
    sim.run(5 * SECOND);
    (sim, host, viewer)
}

fn nobody_left(sim: &Sim) -> bool {
    !sim.events.iter().any(|(_, it)| matches!(it, Event::Closed { .. }))
}

/// The times at which anything but STUN went to an address.
fn media_to(sim: &Sim, address: impl Fn(SocketAddr) -> bool) -> Vec<Instant> {
    let wire = sim.wire.as_ref().unwrap();
    let sent = wire.iter().filter(|it| !it.is_in && !it.is_stun() && address(it.other));
    sent.map(|it| it.at).collect()
}

/// The NAT gives the viewer another address; returns how long the picture stood.
fn rebound(sim: &mut Sim, viewer: PeerId, to: SocketAddr, limit: Duration) -> Duration {
    let from = sim.client_mut(viewer).public();
    sim.wire = Some(Vec::new());
    sim.client_mut(viewer).nat = Some(to);
    // What was under way still arrives.
    sim.run(Duration::from_millis(40));
    let shown = sim.screen(viewer).shown.len();
    let stood = sim.wait("the picture again", limit, |it| it.screen(viewer).shown.len() > shown);
    // An answer to a check of ours is what proves the address.
    let wire = sim.wire.as_ref().unwrap();
    let is_answer =
        |it: &&sim::OnWire| it.is_in && it.other == to && it.contents.starts_with(&[1, 1]);
    let proven = wire.iter().find(is_answer).map(|it| it.at).expect("it answered a check");
    let media = media_to(sim, |it| it == to);
    assert!(media.iter().all(|at| *at >= proven), "nothing but STUN before it is proven");
    let moved = media[0];
    let late = media_to(sim, |it| it == from).into_iter().filter(|at| *at > moved).count();
    assert_eq!(late, 0, "and nothing goes to where it was");
    stood + Duration::from_millis(40)
}

#[test]
fn a_viewer_behind_a_nat_that_forgot_it_sees_the_picture_again_at_its_next_check() {
    let (mut sim, host, viewer) = watching(good_link());
    let mut longest = Duration::ZERO;
    for n in 0..8 {
        // At any moment between two checks.
        sim.run(10 * SECOND + Duration::from_millis(u64::from(n) * 390));
        let (asked, events) = (sim.host(host).keyframe_requests.len(), sim.events.len());
        let stood = rebound(&mut sim, viewer, elsewhere(n), 5 * SECOND);
        let asked = sim.host(host).keyframe_requests.len() - asked;
        println!("back in {stood:?} with {asked} keyframes");
        assert!(asked <= 1, "one keyframe brings it back");
        assert_eq!(sim.events.len(), events, "no new session: {:?}", sim.events.last());
        longest = longest.max(stood);
    }
    assert!(longest < 3 * SECOND, "{longest:?}");
    sim.run(60 * SECOND);
    assert!(nobody_left(&sim));
}

#[test]
fn a_nat_that_forgets_on_a_bad_network_is_survived_as_well() {
    let loss = RandomLoss::new(Probability::new(0.15));
    let (mut sim, _, viewer) = watching(good_link().loss(loss));
    let mut longest = Duration::ZERO;
    for n in 0..8 {
        sim.run(10 * SECOND + Duration::from_millis(u64::from(n) * 390));
        longest = longest.max(rebound(&mut sim, viewer, elsewhere(n), 10 * SECOND));
    }
    println!("back in {longest:?} at the latest");
    // Each check of the client's that is lost costs as long as it takes to the next: 3 s.
    assert!(longest < 9 * SECOND, "{longest:?}");
    assert!(nobody_left(&sim));
}

#[test]
fn checks_that_were_overheard_move_nothing_and_are_hardly_answered() {
    let (mut sim, _, viewer) = watching(good_link());
    sim.wire = Some(Vec::new());
    // More of them than are remembered.
    sim.run(120 * SECOND);
    let overheard: Vec<Vec<u8>> = sim
        .wire
        .take()
        .unwrap()
        .into_iter()
        .filter(|it| {
            it.is_in && it.contents.starts_with(&[0, 1]) && it.other == sim.clients[1].address
        })
        .map(|it| it.contents)
        .collect();
    assert!(overheard.len() > 20, "{}", overheard.len());
    sim.wire = Some(Vec::new());
    let began = sim.now;
    for n in 0..1_000 {
        sim.inject(stranger(0), &overheard[n % overheard.len()]);
        sim.run(Duration::from_millis(10));
    }
    let wire = sim.wire.as_ref().unwrap();
    let sent: Vec<_> = wire.iter().filter(|it| !it.is_in && it.other == stranger(0)).collect();
    println!("{} datagrams in 10 s to a stranger who sent 1000", sent.len());
    assert!(sent.iter().all(|it| it.is_stun() && it.contents.len() < 150));
    let tenths = (sim.now - began).as_millis() as usize / 100;
    assert!(sent.len() <= 2 * tenths, "a reply and a check in 100 ms: {}", sent.len());
    assert!(sim.screen(viewer).longest_freeze() < Duration::from_millis(200));
    // And it costs the viewer nothing when it does move.
    let stood = rebound(&mut sim, viewer, elsewhere(1), 5 * SECOND);
    assert!(stood < 3 * SECOND, "{stood:?}");
    assert!(nobody_left(&sim));
}

/// Somebody in the same Wi-Fi hears all that the viewer sends, and sends copies of it that arrive
/// before the originals.
#[test]
fn copies_that_overtake_the_originals_move_nothing() {
    let (mut sim, _, viewer) = watching(good_link());
    sim.wire = Some(Vec::new());
    sim.client_mut(viewer).shadow = Some(stranger(0));
    sim.run(20 * SECOND);
    let media = media_to(&sim, |it| it == stranger(0));
    assert_eq!(media.len(), 0, "media went to somebody else");
    assert!(sim.screen(viewer).longest_freeze() < Duration::from_millis(200));
    assert!(nobody_left(&sim));
}

#[test]
fn a_session_is_not_kept_alive_by_what_was_overheard() {
    let (mut sim, _, viewer) = watching(good_link());
    sim.wire = Some(Vec::new());
    sim.run(10 * SECOND);
    let address = sim.client_mut(viewer).address;
    let overheard = sim
        .wire
        .take()
        .unwrap()
        .into_iter()
        .rev()
        .find(|it| it.is_in && it.contents.starts_with(&[0, 1]) && it.other == address)
        .unwrap();
    sim.vanish(viewer);
    let vanished = sim.now;
    for n in 0..40 {
        sim.inject(if n % 2 == 0 { address } else { stranger(0) }, &overheard.contents);
        sim.run(SECOND);
    }
    let closed: Vec<_> = sim
        .events
        .iter()
        .filter_map(|(at, it)| match it {
            Event::Closed { reason, .. } => Some((*at, *reason)),
            _ => None,
        })
        .collect();
    let [(at, reason)] = closed[..] else { panic!("{closed:?}") };
    let after = at - vanished;
    assert_eq!(reason, sfu::CloseReason::ConsentExpired);
    assert!(after <= 30 * SECOND && after > 25 * SECOND, "{after:?}");
}

/// The tie-breakers of the checks that the server sent since it was last asked (RFC 8445, section 16.1).
fn tie_breakers(sim: &mut Sim) -> Vec<u64> {
    let wire = sim.wire.replace(Vec::new()).unwrap();
    let checks = wire.iter().filter(|it| !it.is_in && it.contents.starts_with(&[0, 1]));
    let tie_breaker = |check: &sim::OnWire| {
        let mut rest = &check.contents[20..];
        while let [a, b, c, d, value @ ..] = rest {
            if [*a, *b] == [0x80, 0x29] {
                return u64::from_be_bytes(value[..8].try_into().unwrap());
            }
            rest = &value[usize::from(u16::from_be_bytes([*c, *d])).next_multiple_of(4)..];
        }
        panic!("a check without ICE-CONTROLLED");
    };
    checks.map(tie_breaker).collect()
}

#[test]
fn a_player_on_libjuice_which_takes_tie_breaker_0_for_none_can_answer_our_checks() {
    let mut of_sessions = Vec::new();
    for n in 0..2 {
        let (mut sim, _, viewer) = watching(good_link());
        sim.wire = Some(Vec::new());
        let mut found = Vec::new();
        for at in 0..2 {
            sim.client_mut(viewer).nat = Some(elsewhere(10 * n + at));
            sim.run(5 * SECOND);
            let seen = tie_breakers(&mut sim);
            assert!(!seen.is_empty(), "the new address is checked");
            found.extend(seen);
            sim.restart_ice_of_viewer(viewer);
            sim.run(SECOND);
            found.extend(tie_breakers(&mut sim));
        }
        assert!(found.iter().all(|it| *it == found[0] && *it != 0), "one a session: {found:x?}");
        of_sessions.push(found[0]);
    }
    assert_ne!(of_sessions[0], of_sessions[1], "and random");
}

/// A publisher whose NAT gives it a new address, at any time between two of its checks.
#[test]
fn a_publisher_behind_a_nat_that_forgot_it_is_seen_again_within_a_second() {
    for n in 0..8 {
        let mut sim = Sim::new();
        let host = sim.add_host(Host::default(), good_link());
        let viewer = sim.add_viewer(good_link());
        sim.run(10 * SECOND + Duration::from_millis(u64::from(n) * 390));
        sim.client_mut(host).nat = Some(elsewhere(n));
        // What was under way is shown.
        sim.run(Duration::from_millis(60));
        let (began, shown) = (sim.now, sim.screen(viewer).shown.len());
        sim.wait("the picture again", 3 * SECOND, |it| it.screen(viewer).shown.len() > shown + 3);
        assert!(sim.now - began < SECOND, "{n}: {:?}", sim.now - began);
        // It hears us there: a keyframe that a late viewer needs comes at once.
        let asked = sim.host(host).keyframe_requests.len();
        sim.run(4 * SECOND);
        sim.add_viewer(good_link());
        sim.wait("a request", 2 * SECOND, |it| it.host(host).keyframe_requests.len() > asked);
    }
}

#[test]
fn a_publisher_that_answers_no_check_is_heard_and_told_at_its_new_address_all_the_same() {
    for n in 0..8 {
        let mut sim = Sim::new();
        let host = sim.add_host(Host::default(), good_link());
        sim.add_viewer(good_link());
        sim.run(10 * SECOND + Duration::from_millis(u64::from(n) * 390));
        sim.wire = Some(Vec::new());
        sim.client_mut(host).nat = Some(elsewhere(n));
        sim.client_mut(host).is_deaf = true;
        let rebound = sim.now;
        sim.run(5 * SECOND);
        let told = media_to(&sim, |it| it == elsewhere(n));
        let after = *told.first().expect("RTCP goes there") - rebound;
        assert!(after < Duration::from_millis(1_500), "{n}: {after:?}");
        sim.run(40 * SECOND);
        assert!(nobody_left(&sim), "{n}");
    }
}

#[test]
fn copies_of_what_a_publisher_sends_that_overtake_the_originals_move_nothing() {
    for is_deaf in [false, true] {
        let mut sim = Sim::new();
        let host = sim.add_host(Host::default(), good_link());
        sim.add_viewer(good_link());
        sim.run(5 * SECOND);
        sim.client_mut(host).is_deaf = is_deaf;
        sim.client_mut(host).shadow = Some(stranger(7));
        sim.wire = Some(Vec::new());
        sim.run(20 * SECOND);
        assert!(media_to(&sim, |it| it == stranger(7)).is_empty(), "{is_deaf}");
        assert!(nobody_left(&sim));
    }
}

#[test]
fn a_viewer_that_only_reports_from_its_new_address_is_followed_before_its_next_check() {
    let mut took = Vec::new();
    for n in 0..8 {
        let (mut sim, _, viewer) = watching(good_link());
        sim.run(Duration::from_millis(u64::from(n) * 390));
        took.push(rebound(&mut sim, viewer, elsewhere(n), 5 * SECOND));
    }
    took.sort();
    println!("{took:?}");
    assert!(took[7] < Duration::from_millis(1_500), "{took:?}");
}

/// Browsers that receive alone all report under the same SSRC.
#[test]
fn of_several_that_report_alike_the_one_with_a_new_address_is_followed_as_soon() {
    let mut sim = Sim::new();
    sim.add_host(Host::default(), good_link());
    let viewers: Vec<PeerId> = (0..5).map(|_| sim.add_viewer(good_link())).collect();
    for viewer in &viewers {
        let mut api = sim.client_mut(*viewer).rtc.direct_api();
        api.declare_stream_tx(1.into(), None, "1".into(), None);
    }
    sim.run(5 * SECOND);
    sim.wire = Some(Vec::new());
    sim.run(SECOND);
    let wire = sim.wire.as_ref().unwrap();
    let reports = wire.iter().filter(|it| it.is_in && (192..224).contains(&it.contents[1]));
    let alike = reports.filter(|it| it.contents[4..8] == [0, 0, 0, 1]).count();
    assert!(alike > 20, "{alike} reports under one SSRC");
    for (n, viewer) in (0..).zip(&viewers) {
        sim.run(SECOND);
        let took = rebound(&mut sim, *viewer, elsewhere(n), 5 * SECOND);
        assert!(took < Duration::from_millis(1_500), "{n}: {took:?}");
    }
}
