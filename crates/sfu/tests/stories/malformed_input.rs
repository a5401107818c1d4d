//! Malformed and forged datagrams. Anybody can send them to a UDP port. None may harm a session, get an
//! answer, or stop the process.

use std::net::SocketAddr;
use std::time::Duration;

use sfu::{Cast, Command, Event, NegotiationError, PeerId, RoomId, Seat};
use str0m::ice::{StunMessage, TransId};
use str0m_netem::{Probability, RandomLoss};

use crate::sim::{self, Host, ROOM, Sim, good_link};

const SECOND: Duration = Duration::from_secs(1);

fn attacker(n: u16) -> SocketAddr {
    SocketAddr::new(sim::STRANGER, 1_000 + n)
}

/// A ClientHello with the null cipher, a fatal alert, and a fragment that claims 16 MB.
fn forged_dtls() -> Vec<Vec<u8>> {
    let mut hello = vec![22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 54];
    hello.extend([1, 0, 0, 42, 0, 0, 0, 0, 0, 0, 0, 42, 0xFE, 0xFD]);
    hello.extend([7; 32]);
    hello.extend([0, 0, 0, 2, 0, 0, 1, 0]);
    let alert = vec![21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 40];
    let garbage = vec![
        22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 1, 0, 12, 2, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0xFF,
        0xFF, 0xFF,
    ];
    vec![hello, alert, garbage]
}

fn random_datagrams(seed: u64, n: usize) -> impl Iterator<Item = Vec<u8>> {
    let mut rng = fastrand::Rng::with_seed(seed);
    (0..n).map(move |_| {
        let mut bytes = vec![0; rng.usize(0..1_500)];
        rng.fill(&mut bytes);
        // Mostly something that looks like STUN, DTLS, RTP or RTCP.
        if let Some(first) = bytes.first_mut() {
            *first = *rng.choice(&[0, 1, 20, 22, 23, 63, 128, 144, 191, 255]).unwrap();
        }
        if bytes.len() > 20 && bytes[0] < 2 {
            let length = (bytes.len() - 20) as u16 & !3;
            bytes.truncate(20 + usize::from(length));
            bytes[2..4].copy_from_slice(&length.to_be_bytes());
            bytes[4..8].copy_from_slice(&[0x21, 0x12, 0xA4, 0x42]);
        }
        bytes
    })
}

/// A connectivity check with the right username and a password of the attacker's.
fn forged_check(username: &str) -> Vec<u8> {
    let message = StunMessage::binding_request(username, TransId::new(), true, 1, 1, true);
    let mut bytes = vec![0; 200];
    let n = message.to_bytes(Some(b"guessed-password"), &mut bytes, |_, _| [0x5A; 20]).unwrap();
    bytes.truncate(n);
    bytes
}

fn ufrag(sdp: &str) -> &str {
    sdp.lines().find_map(|it| it.strip_prefix("a=ice-ufrag:")).unwrap()
}

#[test]
fn a_live_broadcast_survives_everything_that_strangers_send() {
    let mut sim = Sim::new();
    sim.add_host(Host::default(), good_link());
    let viewer = sim.add_viewer(good_link());
    sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    sim.run(SECOND);
    let before = sim.sfu.sizes();
    let events = sim.events.len();

    let mut random = random_datagrams(sim::seed(), 20_000);
    for n in 0..200 {
        sim.run(Duration::from_millis(20));
        for bytes in random.by_ref().take(100).chain(forged_dtls()) {
            sim.inject(attacker(n % 50), &bytes);
        }
    }
    let screen = sim.screen(viewer);
    assert!(screen.longest_freeze() < Duration::from_millis(100), "{:?}", screen.longest_freeze());
    assert_eq!(sim.events.len(), events, "nothing happened: {:?}", sim.events.last());
    let after = sim.sfu.sizes();
    assert_eq!((after.peers, after.routes), (before.peers, before.routes), "nothing was learned");
    assert_eq!(sim.replies_to_strangers, 0, "nothing was answered");
}

#[test]
fn forgeries_from_the_viewers_own_address_do_not_end_it() {
    let mut sim = Sim::new();
    sim.add_host(Host::default(), good_link());
    let viewer = sim.add_viewer(good_link());
    sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    let address = sim.client_mut(viewer).address;
    for bytes in random_datagrams(sim::seed() + 1, 5_000).chain(forged_dtls()) {
        sim.inject(address, &bytes);
    }
    sim.run(40 * SECOND);
    assert!(
        !sim.events.iter().any(|(_, e)| matches!(e, Event::Closed { .. })),
        "{:?}",
        sim.events.last()
    );
    assert!(
        sim.screen(viewer).longest_freeze() < SECOND,
        "{:?}",
        sim.screen(viewer).longest_freeze()
    );
}

#[test]
fn forgeries_from_the_viewers_own_address_do_not_silence_it() {
    let mut sim = Sim::new();
    let host = sim.add_host(Host::default(), good_link());
    let viewer = sim.add_viewer(good_link());
    sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    let loss = RandomLoss::new(Probability::new(0.05));
    sim.set_link(viewer, good_link().loss(loss));
    let address = sim.client_mut(viewer).address;
    let (sent, shown) = (sim.host(host).frames_sent, sim.screen(viewer).shown.len());
    // RTCP that nobody signed, and records that nobody encrypted, more than one is listened to.
    let report = [0x80, 201, 0, 1, 1, 2, 3, 4, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 0x80, 0, 0, 1];
    for _ in 0..1_000 {
        sim.inject(address, &report);
        sim.inject(address, &forged_dtls()[1]);
        sim.run(Duration::from_millis(10));
        sim.inject(address, &report);
        sim.inject(address, &report);
    }
    let sent = (sim.host(host).frames_sent - sent) as usize;
    let shown = sim.screen(viewer).shown.len() - shown;
    println!("{shown} of {sent} frames");
    assert!(shown * 100 >= sent * 98, "what is lost is still asked for");
}

#[test]
fn forged_dtls_during_the_handshake_does_not_prevent_it() {
    let mut sim = Sim::new();
    let viewer = sim.add_viewer(good_link());
    for _ in 0..400 {
        sim.run(Duration::from_millis(1));
        for (n, bytes) in forged_dtls().iter().enumerate() {
            sim.inject(attacker(n as u16), bytes);
        }
    }
    sim.wait("connected", 2 * SECOND, |it| it.client_mut(viewer).connected_at.is_some());
}

#[test]
fn a_connectivity_check_with_a_wrong_password_moves_nothing() {
    let mut sim = Sim::new();
    sim.add_host(Host::default(), good_link());
    let viewer = sim.add_viewer(good_link());
    sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    let offer = sim.events.iter().find_map(|(_, event)| match event {
        Event::Offer { peer, sdp } if *peer == viewer => Some(sdp.clone()),
        _ => None,
    });
    let ufrag = ufrag(offer.as_ref().unwrap()).to_owned();
    let routes = sim.sfu.sizes().routes;
    for n in 0..100 {
        sim.inject(attacker(n), &forged_check(&format!("{ufrag}:whoever")));
        sim.run(Duration::from_millis(10));
    }
    assert_eq!(sim.sfu.sizes().routes, routes, "no address was learned");
    assert_eq!(sim.replies_to_strangers, 0);
    assert!(sim.screen(viewer).longest_freeze() < Duration::from_millis(100));
}

#[test]
fn a_description_that_cannot_be_read_is_refused_with_words_and_leaves_nothing() {
    let mut sim = Sim::new();
    let mut check = |offer: &str, part: &str| {
        let peer = PeerId(900);
        for command in [
            Command::Publish {
                room: ROOM,
                peer,
                seat: Seat::HOST,
                offer: offer.into(),
                on_air: true,
                max_kbps: None,
                via: None,
            },
            Command::WatchOffer { room: ROOM, peer, offer: offer.into(), via: None },
        ] {
            sim.command(command);
            let Some((_, Event::Rejected { error, .. })) = sim.events.last() else {
                panic!("{offer:?} was taken")
            };
            assert!(error.to_string().contains(part), "{error}");
        }
        assert_eq!(sim.sfu.sizes().peers, 0);
        assert_eq!(sim.sfu.sizes().rooms, 0);
    };
    check("", "v=0");
    check("hello", "v=0");
    check(&"v=0\r\n".repeat(30_000), "64 KiB");
    check("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n", "no audio or video");
    check(
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n",
        "",
    );
    check("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n", "");
}

/// Why the offer of a publisher and of a viewer is refused, if it is.
fn refusals(offer: &str) -> [Option<String>; 2] {
    let offer = || offer.replace("\r\n", "\n").replace('\n', "\r\n");
    let (room, peer) = (ROOM, PeerId(1));
    let publish = Command::Publish {
        room,
        peer,
        seat: Seat::HOST,
        offer: offer(),
        on_air: true,
        max_kbps: None,
        via: None,
    };
    let watch = Command::WatchOffer { room, peer, offer: offer(), via: None };
    [publish, watch].map(|command| {
        let mut sim = Sim::new();
        sim.command(command);
        sim.events.iter().find_map(|(_, event)| match event {
            Event::Rejected { error, .. } => Some(error.to_string()),
            _ => None,
        })
    })
}

const OBS: &str = include_str!("fixtures/obs_offer.sdp");

#[test]
fn what_is_wrong_with_a_description_is_told_in_our_words_with_its_line() {
    let lenient = OBS.replace("t=0 0", "t=0 zero").replace("s=-", "s=");
    assert_eq!(refusals(&lenient)[0], None, "what nobody needs is not read");
    let damaged =
        OBS.replace("m=video 9 ", "m=video nine ").replace("a=ice-pwd:", "a=ice-pwd:Secret");
    let line = damaged.lines().position(|it| it.contains("nine")).unwrap() + 1;
    for error in refusals(&damaged) {
        let error = error.unwrap();
        assert!(error.contains(&format!("line {line}: ")), "{error}");
        for no in ["0x", "Pointer", "Secret", "nine", "parse"] {
            assert!(!error.contains(no), "{no} in: {error}");
        }
    }
    let twice =
        OBS.replace("a=rtpmap:96 H264/90000", "a=rtpmap:96 H264/90000\na=rtpmap:96 VP8/90000");
    let line = twice.lines().position(|it| it.contains("VP8")).unwrap() + 1;
    for error in refusals(&twice) {
        let error = error.unwrap();
        assert!(error.contains(&format!("line {line}: ")), "{error}");
    }
}

#[test]
fn a_fingerprint_that_cannot_be_verified_or_can_be_forged_is_refused_at_the_door() {
    let is_fingerprint = |it: &&str| it.starts_with("a=fingerprint:");
    let right = OBS.lines().find(is_fingerprint).unwrap();
    let hex = |n: usize| vec!["AB"; n].join(":");
    assert_eq!(refusals(OBS)[0], None);
    let both =
        format!("a=fingerprint:sha-1 {}\n{right}\na=fingerprint:sha-512 {}", hex(20), hex(64));
    assert_eq!(refusals(&OBS.replace(right, &both))[0], None, "one that is right is enough");
    for strong in [format!("sha-384 {}", hex(48)), format!("sha-512 {}", hex(64))] {
        let offer = OBS.replace(right, &format!("a=fingerprint:{strong}"));
        assert_eq!(refusals(&offer)[0], None, "{strong}");
    }
    for wrong in [
        format!("sha-1 {}", hex(20)),
        format!("md5 {}", hex(16)),
        format!("sha-224 {}", hex(28)),
        format!("sha-512 {}", hex(32)),
        format!("sha-256 {}", hex(31)),
        format!("sha-256 {}", hex(20)),
        "sha-256 AB".into(),
    ] {
        let offer = OBS.replace(right, &format!("a=fingerprint:{wrong}"));
        for error in [
            refusals(&offer)[0].clone(),
            refusals(&offer.replace("sendonly", "recvonly"))[1].clone(),
        ] {
            assert!(
                error.clone().is_some_and(|it| it.contains("fingerprint")),
                "{wrong}: {error:?}"
            );
        }
    }
}

#[test]
fn no_damaged_offer_makes_it_panic() {
    let mut good = Sim::new();
    let mut rtc = str0m::Rtc::builder().build(good.now);
    let offer = Host::default().offer(&mut rtc);
    let mut rng = fastrand::Rng::with_seed(sim::seed());
    for n in 0..2_000 {
        let mut bytes = offer.clone().into_bytes();
        for _ in 0..rng.usize(1..6) {
            let at = rng.usize(0..bytes.len());
            match rng.u8(0..4) {
                0 => bytes[at] = rng.u8(32..127),
                1 => drop(bytes.remove(at)),
                2 => bytes.truncate(at.max(10)),
                _ => bytes.insert(at, rng.u8(9..127)),
            }
        }
        let offer = String::from_utf8_lossy(&bytes).into_owned();
        let (room, peer) = (RoomId(n), PeerId(10_000 + n));
        good.command(match n % 2 {
            0 => Command::Publish {
                room,
                peer,
                seat: Seat::HOST,
                offer,
                on_air: true,
                max_kbps: None,
                via: None,
            },
            _ => Command::WatchOffer { room, peer, offer, via: None },
        });
        good.command(Command::Close { peer });
    }
    assert_eq!(good.sfu.sizes().peers, 0);
    let internal =
        |e: &Event| matches!(e, Event::Closed { reason: sfu::CloseReason::Internal, .. });
    assert!(!good.events.iter().any(|(_, e)| internal(e)));
}

#[test]
fn commands_for_peers_that_do_not_exist_are_answered() {
    let mut sim = Sim::new();
    let peer = PeerId(77);
    sim.command(Command::Answer { peer, sdp: "v=0".into() });
    sim.command(Command::Reoffer { peer, offer: "v=0".into(), via: None });
    sim.command(Command::RestartIce { peer, via: None });
    sim.command(Command::Close { peer });
    sim.command(Command::GoLive { room: RoomId(5) });
    let errors: Vec<_> = sim.events.iter().map(|(_, event)| event.clone()).collect();
    let unknown = Event::Rejected { peer, error: NegotiationError::UnknownPeer };
    assert_eq!(errors, [unknown.clone(), unknown.clone(), unknown]);
}

#[test]
fn one_more_than_the_server_takes_is_told_so() {
    let mut sim = Sim::with_config(|config| config.max_peers = 3);
    sim.add_host(Host::default(), good_link());
    sim.add_viewer(good_link());
    sim.add_viewer(good_link());
    sim.command(Command::Watch {
        room: ROOM,
        peer: PeerId(50),
        cast: Cast::default(),
        publishes: None,
        via: None,
    });
    let full = Event::Rejected { peer: PeerId(50), error: NegotiationError::Full };
    assert_eq!(sim.events.last().unwrap().1, full);
}

const BOTH: &str = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n\
    a=ice-ufrag:abcd\r\na=ice-pwd:abcdabcdabcdabcdabcdabcd\r\n\
    a=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n\
    a=setup:actpass\r\n";

#[test]
fn an_offer_that_its_parser_has_a_fault_with_is_only_refused() {
    // One payload type for sound and picture: the library below panics on it.
    let offer = format!(
        "{BOTH}m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=rtcp-mux\r\na=recvonly\r\n\
         a=rtpmap:111 opus/48000/2\r\nm=video 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:1\r\na=rtcp-mux\r\n\
         a=recvonly\r\na=rtpmap:111 VP8/90000\r\n"
    );
    let mut sim = Sim::new();
    sim.add_host(Host::default(), good_link());
    let viewer = sim.add_viewer(good_link());
    sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    sim.command(Command::WatchOffer {
        room: ROOM,
        peer: PeerId(50),
        offer: offer.clone(),
        via: None,
    });
    assert!(matches!(sim.events.last().unwrap().1, Event::Rejected { .. }));
    let offer = offer.replace("recvonly", "sendrecv");
    sim.command(Command::Publish {
        room: RoomId(9),
        peer: PeerId(51),
        seat: Seat::HOST,
        offer,
        on_air: true,
        max_kbps: None,
        via: None,
    });
    assert!(matches!(sim.events.last().unwrap().1, Event::Rejected { .. }));
    sim.run(SECOND);
    assert_eq!(sim.sfu.sizes().peers, 2);
    assert!(sim.screen(viewer).longest_freeze() < Duration::from_millis(100));
}

#[test]
fn an_offer_that_would_take_seconds_to_read_is_refused_at_once() {
    let mut offer = format!("{BOTH}m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:0\r\na=recvonly\r\n");
    offer.push_str(&"a=rtpmap:96 VP8/90000\r\n".repeat(1_300));
    for _ in 0..29 {
        offer.push_str(&format!("a=fmtp:97 {}\r\n", "apt=96;".repeat(100)));
    }
    let mut sim = Sim::new();
    sim.command(Command::WatchOffer { room: ROOM, peer: PeerId(50), offer, via: None });
    let Event::Rejected { error, .. } = &sim.events.last().unwrap().1 else { panic!("taken") };
    // By its bounds, while it is read.
    assert!(error.to_string().contains("more than 64 formats"), "{error}");
}

#[test]
fn a_packet_too_large_to_pass_on_closes_nobody() {
    let mut sim = Sim::new();
    let host = sim.add_host(Host::default(), good_link());
    let viewer = sim.add_viewer(good_link());
    sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    sim.host(host).extra_payload_bytes = 700;
    sim.run(2 * SECOND);
    sim.host(host).extra_payload_bytes = 0;
    let shown = sim.screen(viewer).shown.len();
    sim.run(3 * SECOND);
    assert!(!sim.events.iter().any(|(_, e)| matches!(e, Event::Closed { .. })));
    assert!(sim.screen(viewer).shown.len() > shown + 50, "and it plays on");
}

#[test]
fn a_peer_that_restarts_ice_and_vanishes_is_noticed() {
    let mut sim = Sim::new();
    sim.add_host(Host::default(), good_link());
    let viewer = sim.add_viewer(good_link());
    sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    sim.client_mut(viewer).online = false;
    sim.restart_ice_of_viewer(viewer);
    let is_closed = |it: &mut Sim| {
        it.events.iter().any(|(_, e)| matches!(e, Event::Closed { peer, .. } if *peer == viewer))
    };
    let noticed = sim.wait("closed", 60 * SECOND, is_closed);
    assert!(noticed <= sfu::CONSENT_TIMEOUT + SECOND, "{noticed:?}");
}
