//! Publishing programs that behave differently from browsers: ffmpeg, GStreamer, OBS.

use std::time::Duration;

use sfu::{Cap, CloseReason, Codec, Command, Event, PeerId, Preference, Seat};
use str0m::format::Codec as Theirs;

use crate::sim::{Host, ROOM, Sim, good_link, lossy};

const SECOND: Duration = Duration::from_secs(1);

/// The WHIP muxer of ffmpeg 9: no candidates, `setup:passive`, and a retransmission stream that is named
/// in its group alone.
const FFMPEG: &str = include_str!("fixtures/ffmpeg9_offer.sdp");

/// OBS: H264 with `nack` and without RTX, no header extensions, one SSRC a track.
const OBS: &str = include_str!("fixtures/obs_offer.sdp");

/// The answer to a publisher's offer, and what can flow by it; or why there is none.
fn publish(offer: &str) -> Result<(String, Vec<Codec>), String> {
    let mut sim = Sim::new();
    sim.command(Command::Publish {
        room: ROOM,
        peer: PeerId(1),
        seat: Seat::HOST,
        // The file has the line ends of the repository.
        offer: offer.replace('\n', "\r\n"),
        on_air: true,
        max_kbps: None,
        via: None,
    });
    match sim.events.pop().unwrap().1 {
        Event::Answer { sdp, codecs, .. } => Ok((sdp, codecs)),
        Event::Rejected { error, .. } => Err(error.to_string()),
        other => panic!("{other:?}"),
    }
}

fn fmtp_of<'a>(sdp: &'a str, pt: &str) -> &'a str {
    let prefix = format!("a=fmtp:{pt} ");
    sdp.lines().find_map(|it| it.strip_prefix(&prefix)).unwrap_or_default()
}

/// The parameter of an `a=fmtp` line.
fn parameter<'a>(fmtp: &'a str, name: &str) -> Option<&'a str> {
    fmtp.split(';').find_map(|it| it.trim().strip_prefix(name)?.strip_prefix('='))
}

#[test]
fn ffmpegs_offer_is_answered_so_that_we_begin_the_handshake_and_it_can_repeat() {
    let (sdp, codecs) = publish(FFMPEG).unwrap();
    assert_eq!(codecs, [Codec::Opus, Codec::H264]);
    assert_eq!(sdp.matches("a=setup:active\r\n").count(), 2, "{sdp}");
    assert_eq!(sdp.matches("a=recvonly\r\n").count(), 2, "{sdp}");
    assert!(sdp.contains("m=video 9 UDP/TLS/RTP/SAVPF 106 105\r\n"), "{sdp}");
    assert_eq!(fmtp_of(&sdp, "105"), "apt=106");
    assert!(sdp.contains(" typ host"), "it sends the first check, to a candidate of ours: {sdp}");
}

#[test]
fn obs_is_answered_that_it_will_be_asked_for_what_is_lost() {
    let (sdp, codecs) = publish(OBS).unwrap();
    assert_eq!(codecs, [Codec::Opus, Codec::H264]);
    assert!(sdp.contains("m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"), "no RTX: {sdp}");
    assert!(sdp.contains("a=rtcp-fb:96 nack\r\n"), "{sdp}");
}

/// What programs offer, with their own idea of the constraint flags and of the level.
#[test]
fn every_profile_and_level_that_an_encoder_offers_is_answered_as_its_own() {
    let offered = [
        (
            "Constrained Baseline, from Chromium, ffmpeg and others",
            "42e01f 42401f 42c01f 42e02a 42e033",
        ),
        ("Baseline", "42001f 420028"),
        ("Main", "4d001f 4d0028 4d401f"),
        ("High", "64001f 640028 640033"),
        ("Constrained High, from GStreamer", "640c1f 640c2a"),
        ("a level that no browser knows", "42e03c 64003e"),
        (
            "what browsers do not play: taken, so that the host can be told",
            "6e001f 7a0028 f4001f f40028",
        ),
    ];
    let mut refused = Vec::new();
    for id in offered.into_iter().flat_map(|(_, ids)| ids.split(' ')) {
        match publish(&FFMPEG.replace("42401f", id)) {
            Err(error) => refused.push(format!("{id}: {error}")),
            Ok((sdp, codecs)) => {
                assert!(codecs.contains(&Codec::H264), "{id}: {sdp}");
                let fmtp = fmtp_of(&sdp, "106");
                assert_eq!(parameter(fmtp, "packetization-mode"), Some("1"), "{id}: {fmtp}");
                assert_eq!(parameter(fmtp, "level-asymmetry-allowed"), Some("1"), "{id}: {fmtp}");
                let answered = parameter(fmtp, "profile-level-id").unwrap();
                assert_eq!(answered, id, "another one is a limit, or is refused: {fmtp}");
            }
        }
    }
    assert_eq!(refused, [""; 0]);
}

#[test]
fn a_viewer_that_lists_one_h264_format_plays_any_that_its_decoder_does() {
    for theirs in ["42e01f", "42001f", "4d001f", "64001f", "640c1f", "42e034"] {
        let mut sim = Sim::new();
        sim.add_host(Host::encoding(Theirs::H264), good_link());
        sim.run(SECOND);
        let viewer = sim.add_offering_viewer_saying(good_link(), |offer| {
            // Its first H264 format alone, with another profile or level.
            let mut is_first = true;
            let lines = offer.lines().map(|line| match line.split_once("profile-level-id=") {
                Some((head, _)) if std::mem::take(&mut is_first) => {
                    format!("{head}profile-level-id={theirs}\r\n")
                }
                Some((head, _)) => {
                    let pt = head["a=fmtp:".len()..].split(' ').next().unwrap();
                    format!("a=x-none:{pt}\r\n")
                }
                None => format!("{line}\r\n"),
            });
            lines.collect()
        });
        sim.wait(theirs, 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
        let answer = sim.events.iter().rev().find_map(|(_, event)| match event {
            Event::Answer { peer, sdp, .. } if *peer == viewer => Some(sdp.clone()),
            _ => None,
        });
        let answer = answer.unwrap();
        let fmtp = answer.lines().find(|it| it.contains("profile-level-id")).unwrap();
        assert_eq!(parameter(fmtp, "profile-level-id"), Some(theirs), "as it offered: {fmtp}");
        assert!(fmtp.contains("level-asymmetry-allowed=1"), "{fmtp}");
    }
}

#[test]
fn replies_to_checks_without_integrity_are_dropped_and_the_session_lives() {
    let mut sim = Sim::new();
    let host = sim.add_host(Host::default(), good_link());
    let viewer = sim.add_viewer(good_link());
    sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    for n in 0..60_u8 {
        // A binding success and an error response with no attribute but XOR-MAPPED-ADDRESS (RFC 8489,
        // section 14.2), as ffmpeg sends them; and a request without credentials.
        for kind in [[1, 1], [1, 0x11], [0, 1]] {
            let mut reply = vec![kind[0], kind[1], 0, 12, 0x21, 0x12, 0xA4, 0x42];
            reply.extend([n; 12]);
            reply.extend([0, 0x20, 0, 8, 0, 1, 0x11, 0x11, 0x22, 0x22, 0x33, 0x33]);
            for peer in [host, viewer] {
                let address = sim.client_mut(peer).address;
                sim.inject(address, &reply);
            }
        }
        sim.run(SECOND);
    }
    assert!(!sim.events.iter().any(|(_, it)| matches!(it, Event::Closed { .. })));
    assert!(sim.screen(viewer).longest_freeze() < Duration::from_millis(100));
}

#[test]
fn who_names_no_candidates_is_found_by_its_checks() {
    let mut sim = Sim::new();
    let without = |sdp: String| -> String {
        let lines = sdp.split("\r\n").filter(|it| !it.starts_with("a=candidate"));
        lines.collect::<Vec<_>>().join("\r\n")
    };
    sim.add_host(Host::default(), good_link());
    let answers = sim.add_viewer_saying(ROOM, good_link(), without);
    let offers = sim.add_offering_viewer_saying(good_link(), without);
    for viewer in [answers, offers] {
        sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    }
}

/// A minute of OBS 32 with three layers on a link that loses 2 %: it repeats the best one only. Returns how
/// many frames of the lowest layer were sent and shown, the longest freeze, the requests for keyframes and
/// those for repetition of the lowest.
fn a_minute_of_simulcast(mut host: Host) -> (usize, usize, Duration, usize, u64) {
    let mut sim = Sim::new();
    sim.has_stats = true;
    host.repeats_best_only = true;
    let host = sim.add_host(host, good_link());
    let viewer = sim.add_viewer(good_link());
    let preference = Preference { cap: Cap::Layer("q".into()), is_hidden: false };
    sim.command(Command::Prefer { peer: viewer, preference });
    let shows_lowest =
        |it: &mut Sim| it.screen(viewer).packets_per_frame.last().is_some_and(|it| *it == 1);
    sim.wait("the lowest layer", 10 * SECOND, shows_lowest);
    sim.set_link(host, lossy(2.0));
    let (sent, shown) = (sim.host(host).frames_sent, sim.screen(viewer).shown.len());
    let requests = sim.host(host).keyframe_requests.len();
    sim.run(60 * SECOND);
    let screen = sim.screen(viewer);
    let (shown, freeze) = (screen.shown.len() - shown, screen.longest_freeze());
    let host = sim.host(host);
    let requests = host.keyframe_requests.len() - requests;
    let (sent, nacks) = (host.frames_sent - sent, host.nacks["q"]);
    println!("{shown} of {sent}, freeze {freeze:?}, {requests} requests, {nacks} nacks");
    (sent as usize, shown, freeze, requests, nacks)
}

const LAYERS: [(&str, u16); 3] = [("q", 1), ("h", 3), ("f", 9)];

#[test]
fn a_layer_that_is_never_repaired_goes_on_with_a_keyframe_on_request() {
    let (sent, shown, freeze, requests, nacks) = a_minute_of_simulcast(Host::simulcast(&LAYERS));
    assert!(freeze < 3 * SECOND, "{freeze:?}");
    assert!(shown * 2 > sent, "{shown} of {sent}");
    assert!(requests <= 65, "at most one a second: {requests}");
    assert!(nacks <= 5 * 60, "each lost packet is asked for five times at most: {nacks}");
}

#[test]
fn or_with_the_next_one_that_comes_by_itself() {
    let host = Host::simulcast(&LAYERS).with_own_keyframes(30);
    let (sent, shown, freeze, _, nacks) = a_minute_of_simulcast(host);
    assert!(freeze < 3 * SECOND, "{freeze:?}");
    assert!(shown * 2 > sent, "{shown} of {sent}");
    assert!(nacks <= 5 * 60, "{nacks}");
}

#[test]
fn a_handshake_that_fails_ends_its_own_session_and_no_other() {
    let mut sim = Sim::new();
    sim.add_host(Host::default(), good_link());
    let viewer = sim.add_viewer(good_link());
    sim.wait("a picture", 5 * SECOND, |it| !it.screen(viewer).shown.is_empty());
    // Its certificate is not the one that it announced.
    let stranger = sim.add_viewer_saying(ROOM, good_link(), |answer| {
        let other = |line: &str| {
            let is_fingerprint = line.starts_with("a=fingerprint:");
            if is_fingerprint {
                format!("a=fingerprint:sha-256 {}", ["AB"; 32].join(":"))
            } else {
                line.into()
            }
        };
        answer.lines().map(other).flat_map(|line| [line, "\r\n".into()]).collect()
    });
    let reason = |sim: &Sim| {
        sim.events.iter().find_map(|(_, event)| match event {
            Event::Closed { peer, reason } if *peer == stranger => Some(*reason),
            _ => None,
        })
    };
    sim.wait("the end of the stranger's session", 20 * SECOND, |it| reason(it).is_some());
    assert_eq!(reason(&sim), Some(CloseReason::Dtls));
    assert!(sim.screen(stranger).shown.is_empty(), "it is sent nothing");
    let before = sim.screen(viewer).shown.len();
    sim.run(2 * SECOND);
    assert!(sim.screen(viewer).shown.len() > before + 55, "the other goes on");
}
