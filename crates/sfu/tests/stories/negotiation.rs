//! Offers and answers of the server, and that the negotiated media flow.

use std::net::SocketAddr;
use std::time::Duration;

use sfu::{Cast, Codec, Command, Event, PeerId, RoomId};
use str0m::format::Codec as Theirs;

use crate::sim::{Host, ROOM, SERVER, Sim, good_link};

const SECOND: Duration = Duration::from_secs(1);

fn answer_to(sim: &Sim, peer: PeerId) -> (String, Vec<Codec>) {
    let answer = sim.events.iter().rev().find_map(|(_, event)| match event {
        Event::Answer { peer: of, sdp, codecs } if *of == peer => {
            Some((sdp.clone(), codecs.clone()))
        }
        _ => None,
    });
    answer.expect("an answer")
}

fn count(text: &str, line: &str) -> usize {
    text.lines().filter(|it| *it == line).count()
}

#[test]
fn an_offer_of_add_track_is_answered_recvonly_with_everything_inside() {
    let mut sim = Sim::new();
    let host = sim.add_host(Host::default(), good_link());
    let (sdp, codecs) = answer_to(&sim, host);
    assert_eq!(count(&sdp, "a=recvonly"), 2, "{sdp}");
    assert_eq!(count(&sdp, "a=setup:passive"), 2, "{sdp}");
    assert_eq!(count(&sdp, "a=ice-lite"), 1, "{sdp}");
    assert_eq!(count(&sdp, "a=end-of-candidates"), 1, "{sdp}");
    let (ip, port) = SERVER.split_once(':').unwrap();
    assert!(sdp.contains(&format!(" {ip} {port} typ host")), "{sdp}");
    assert!(
        sdp.contains("nack pli") && sdp.contains("transport-cc") && sdp.contains("rtx"),
        "{sdp}"
    );
    for codec in [Codec::Opus, Codec::Vp8, Codec::H264, Codec::Vp9, Codec::Av1] {
        assert!(codecs.contains(&codec), "{codec} in {codecs:?}");
    }
}

#[test]
fn sound_and_picture_are_one_stream_for_a_viewer() {
    let mut sim = Sim::new();
    let viewer = sim.add_viewer(good_link());
    let offer = sim.events.iter().find_map(|(_, event)| match event {
        Event::Offer { peer, sdp } if *peer == viewer => Some(sdp.clone()),
        _ => None,
    });
    let offer = offer.unwrap();
    let streams: Vec<&str> = offer.lines().filter(|it| it.starts_with("a=msid:")).collect();
    assert_eq!(streams, ["a=msid:kaibo audio", "a=msid:kaibo video"], "{offer}");
    assert_eq!(count(&offer, "a=sendonly"), 2);
    assert_eq!(count(&offer, "a=setup:actpass"), 2);
    assert_eq!(count(&offer, "a=end-of-candidates"), 1);
    assert!(matches!(sim.events.last().unwrap().1, Event::Negotiated { .. }));
}

#[test]
fn the_address_that_a_request_came_in_by_is_the_first_candidate() {
    const PUBLIC: &str = "203.0.113.9";
    const OWN: &str = "192.0.2.77";
    const V6: &str = "2001:db8::9";
    let mut sim = Sim::with_config(|it| {
        let others = [PUBLIC, OWN, V6].map(|ip| SocketAddr::new(ip.parse().unwrap(), 3000));
        it.candidates = others.into_iter().chain(it.candidates.drain(..)).collect();
    });
    let candidates = |sim: &Sim| -> Vec<String> {
        let is_description = |event: &Event| match event {
            Event::Answer { sdp, .. } | Event::Offer { sdp, .. } => Some(sdp.clone()),
            _ => None,
        };
        let sdp = sim.events.iter().rev().find_map(|it| is_description(&it.1)).unwrap();
        let candidates = sdp.lines().filter(|it| it.starts_with("a=candidate:"));
        // Some are followed by whose they are, which an ICE restart changes.
        candidates.filter_map(|it| it.split(" ufrag ").next()).map(str::to_owned).collect()
    };
    let sorted = |mut lines: Vec<String>| {
        lines.sort();
        lines
    };
    let host = sim.add_host(Host::default(), good_link());
    let of_host = candidates(&sim);
    let viewer = sim.add_viewer(good_link());
    let of_viewer = candidates(&sim);
    assert!(of_host[0].contains(PUBLIC) && of_viewer[0].contains(PUBLIC), "as configured");

    sim.run(SECOND);
    for (via, first) in [(format!("::ffff:{OWN}"), OWN), (OWN.into(), OWN), (V6.into(), V6)] {
        sim.via = Some(via.parse().unwrap());
        let mut check = |what: &str, before: &[String], act: &dyn Fn(&mut Sim)| {
            act(&mut sim);
            let now = candidates(&sim);
            assert!(now[0].contains(first), "{what} by {via}: {now:#?}");
            assert_eq!(sorted(now), sorted(before.to_vec()), "{what}: and no priority is another");
        };
        check("an offer", &of_viewer, &|it| {
            it.add_viewer(good_link());
        });
        check("an answer to a viewer", &of_viewer, &|it| {
            it.add_offering_viewer(good_link());
        });
        check("an ICE restart of ours", &of_viewer, &|it| it.restart_ice_of_viewer(viewer));
        check("an ICE restart of the host", &of_host, &|it| it.restart_ice_of_host(host));
        check("an answer to a host", &of_host, &|it| {
            it.add_host_to(RoomId(2), Host::default(), good_link());
        });
    }
    // What is nobody's changes nothing.
    sim.via = Some("198.51.100.1".parse().unwrap());
    sim.add_viewer(good_link());
    assert_eq!(candidates(&sim), of_viewer);
}

#[test]
fn a_viewer_that_offers_itself_sees_pictures_in_one_stream() {
    let mut sim = Sim::new();
    sim.add_host(Host::default(), good_link());
    let viewer = sim.add_offering_viewer(good_link());
    let (sdp, _) = answer_to(&sim, viewer);
    let streams: Vec<&str> = sdp
        .lines()
        .filter_map(|it| it.strip_prefix("a=msid:"))
        .filter_map(|it| it.split(' ').next())
        .collect();
    assert_eq!(streams, ["kaibo", "kaibo"], "{sdp}");
    assert_eq!(count(&sdp, "a=sendonly"), 2, "{sdp}");
    sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    sim.run(2 * SECOND);
    assert!(sim.screen(viewer).audio_packets > 50);
}

#[test]
fn every_codec_is_forwarded_untouched() {
    for (codec, name) in [
        (Theirs::Vp8, Codec::Vp8),
        (Theirs::H264, Codec::H264),
        (Theirs::Vp9, Codec::Vp9),
        (Theirs::Av1, Codec::Av1),
    ] {
        let mut sim = Sim::new();
        let host = sim.add_host(Host::encoding(codec), good_link());
        let viewer = sim.add_viewer(good_link());
        sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
        sim.run(5 * SECOND);
        let sent = sim.host(host).frames_sent as usize;
        let shown = sim.screen(viewer).shown.len();
        assert!(shown + 40 > sent, "{name}: {shown} of {sent}");
        let flows = sim.events.iter().any(|(_, event)| {
            matches!(event, Event::MediaFlowing { media, .. } if media.video == Some(name))
        });
        assert!(flows, "{name} is reported");
        // A late one proves that keyframes of this codec are recognized.
        let late = sim.add_viewer(good_link());
        sim.wait("a picture", 5 * SECOND, |it| !it.screen(late).shown.is_empty());
    }
}

#[test]
fn a_host_that_changes_its_codec_is_followed() {
    let mut sim = Sim::new();
    let host = sim.add_host(Host::default(), good_link());
    let viewer = sim.add_viewer(good_link());
    sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    sim.host(host).switch_codec(Theirs::H264);
    sim.run(SECOND);
    let number = sim.host(host).frames_sent;
    sim.wait("a picture after it", 2 * SECOND, |it| {
        it.screen(viewer).shown.last().is_some_and(|shown| shown.2 > number)
    });
    assert!(sim.screen(viewer).longest_freeze() < SECOND);
}

#[test]
fn the_best_simulcast_layer_is_forwarded_and_the_next_when_it_stops() {
    let mut sim = Sim::new();
    let host = sim.add_host(Host::simulcast(&[("q", 1), ("h", 2), ("f", 6)]), good_link());
    let viewer = sim.add_viewer(good_link());
    sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    sim.run(5 * SECOND);
    let counts = |sim: &mut Sim| sim.screen(viewer).packets_per_frame.last().copied();
    assert_eq!(counts(&mut sim), Some(6), "the best one");
    let layers = sim.events.iter().rev().find_map(|(_, event)| match event {
        Event::MediaFlowing { media, .. } => Some(media.layers.len()),
        _ => None,
    });
    assert_eq!(layers, Some(3));

    sim.host(host).layers.pop();
    sim.run(4 * SECOND);
    assert_eq!(counts(&mut sim), Some(2), "the next best one");
    let freeze = sim.screen(viewer).longest_freeze();
    assert!(freeze < Duration::from_millis(900), "{freeze:?}");
    let requests = sim.host(host).keyframe_requests.len();
    assert!(requests < 20, "{requests} requests for keyframes of three layers in 10 s");
}

#[test]
fn ice_restarts_on_either_side_while_media_flows() {
    let mut sim = Sim::new();
    let host = sim.add_host(Host::default(), good_link());
    let viewer = sim.add_viewer(good_link());
    sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    sim.run(SECOND);
    let before = answer_to(&sim, host).0;

    sim.restart_ice_of_host(host);
    let after = answer_to(&sim, host).0;
    let ufrag = |sdp: &str| sdp.lines().find(|it| it.starts_with("a=ice-ufrag")).map(str::to_owned);
    assert_ne!(ufrag(&before), ufrag(&after), "new credentials on both sides");
    sim.run(5 * SECOND);

    sim.restart_ice_of_viewer(viewer);
    sim.run(30 * SECOND);
    let screen = sim.screen(viewer);
    assert!(screen.longest_freeze() < Duration::from_millis(500), "{:?}", screen.longest_freeze());
    assert!(screen.shown.len() > 1_000);
    assert!(!sim.events.iter().any(|(_, e)| matches!(e, Event::Closed { .. })));
}

#[test]
fn an_answer_to_nothing_is_refused() {
    let mut sim = Sim::new();
    let host = sim.add_host(Host::default(), good_link());
    let viewer = sim.add_viewer(good_link());
    sim.run(SECOND);
    let sdp = answer_to(&sim, host).0;
    for peer in [host, viewer] {
        sim.command(Command::Answer { peer, sdp: sdp.clone() });
        assert!(matches!(sim.events.last().unwrap().1, Event::Rejected { .. }));
    }
    sim.run(SECOND);
    assert_eq!(sim.sfu.sizes().peers, 2, "and both are as they were");
}

#[test]
fn who_never_connects_is_given_up() {
    let mut sim = Sim::new();
    let viewer = sim.add_viewer(good_link());
    sim.vanish(viewer);
    sim.command(Command::Watch {
        room: ROOM,
        peer: PeerId(70),
        cast: Cast::default(),
        publishes: None,
        via: None,
    });
    sim.run(Duration::from_secs(90));
    let closed = sim.times_of(|it| matches!(it, Event::Closed { .. }));
    assert_eq!(closed.len(), 2, "the one that answered and the one that never did");
    assert_eq!(sim.sfu.sizes().timers, 0);
}

#[test]
fn who_is_gone_without_a_word_is_noticed_by_its_silence() {
    let mut sim = Sim::new();
    sim.add_host(Host::default(), good_link());
    let viewer = sim.add_viewer(good_link());
    sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    sim.vanish(viewer);
    let noticed = sim.wait("closed", 60 * SECOND, |it| {
        it.events.iter().any(|(_, e)| matches!(e, Event::Closed { peer, .. } if *peer == viewer))
    });
    assert!(noticed.abs_diff(sfu::CONSENT_TIMEOUT) < 5 * SECOND, "{noticed:?}");
}

#[test]
fn a_description_announces_the_addresses_that_the_server_has_now_and_tcp_after_udp() {
    let mut sim = Sim::new();
    sim.add_host(Host::default(), good_link());
    let address = |text: &str| text.parse().unwrap();
    let (udp, tcp) = (address("192.0.2.9:3000"), address("192.0.2.9:443"));
    sim.sfu.set_candidates(vec![udp], vec![tcp]);
    let peer = PeerId(80);
    sim.command(Command::Watch {
        room: ROOM,
        peer,
        cast: Cast::default(),
        publishes: None,
        via: None,
    });
    let offer = sim.last_sdp(peer);
    let candidates: Vec<Vec<&str>> = offer
        .lines()
        .filter_map(|line| line.strip_prefix("a=candidate:"))
        .map(|line| line.split(' ').collect())
        .collect();
    assert_eq!(candidates.len(), 2, "{offer}");
    assert_eq!(candidates[0][2..6], ["udp", candidates[0][3], "192.0.2.9", "3000"]);
    assert_eq!(candidates[1][2..6], ["tcp", candidates[1][3], "192.0.2.9", "443"]);
    assert_eq!(candidates[1][6..], ["typ", "host", "tcptype", "passive"]);
    let priority = |n: usize| candidates[n][3].parse::<u32>().unwrap();
    assert!(priority(0) > priority(1));
}
