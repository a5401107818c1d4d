//! Recorded offers of encoders and players of every known form. Each is answered by the rules of RFC 3264
//! and RFC 8829.

use std::fmt::Write as _;

use sdp::Description;
use sfu::{Codec, Command, Event, PeerId, Seat};

use crate::sim::{ROOM, Sim};

macro_rules! fixtures {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../../sdp/tests/fixtures/", $name, ".sdp")))),*]
    };
}

/// What publishes, with what can flow of it.
fn publishers() -> Vec<(&'static str, &'static str)> {
    fixtures![
        "b_after_mid",
        "codec_order_of_m_line",
        "empty_s",
        "ffmpeg_9_whip_offer",
        "gst_bundle_none_whip_offer",
        "legacy_sim",
        "no_bundle_single_mline",
        "no_ssrc_lines_no_mid_ext",
        "obs_offer",
        "obs_offer_sim",
        "obs_shape_nack_without_rtx",
        "proto_savp",
        "rtpmap_not_in_m_line",
        "session_id_above_u64",
        "sha512_only",
        "sprop_only",
        "two_b_lines",
        "werift_pub_offer",
    ]
    .to_vec()
}

/// What plays.
fn players() -> Vec<(&'static str, &'static str)> {
    fixtures![
        "chromium_156_offer",
        "firefox_153_offer",
        "gst_bundle_none_whep_offer",
        "gstreamer_whepclientsrc_offer",
        "safari_18_offer",
        "werift_watch_offer",
        "whep_audio_only",
        "wrtc_watch_offer",
    ]
    .to_vec()
}

fn answer(offer: &str, publishes: bool) -> Result<(String, Vec<Codec>), String> {
    let mut sim = Sim::new();
    let (room, peer, via) = (ROOM, PeerId(1), None);
    // The files have the line ends of the repository.
    let offer = offer.replace("\r\n", "\n").replace('\n', "\r\n");
    sim.command(if publishes {
        Command::Publish { room, peer, seat: Seat::HOST, offer, on_air: true, max_kbps: None, via }
    } else {
        Command::WatchOffer { room, peer, offer, via }
    });
    match sim.events.pop().unwrap().1 {
        Event::Answer { sdp, codecs, .. } => Ok((sdp, codecs)),
        Event::Rejected { error, .. } => Err(error.to_string()),
        other => panic!("{other:?}"),
    }
}

/// What an answer must be, whatever was offered.
fn faults(offer: &str, answer: &str) -> Vec<String> {
    let (offer, answer) = (Description::parse(offer).unwrap(), Description::parse(answer).unwrap());
    let mut faults = Vec::new();
    let mut check = |is_right: bool, what: String| faults.extend((!is_right).then_some(what));
    let (n, m) = (offer.sections.len(), answer.sections.len());
    check(n == m, format!("{n} m-lines were offered, {m} are answered"));
    for (theirs, ours) in offer.sections.iter().zip(&answer.sections) {
        let mid = theirs.mid();
        check(theirs.kind == ours.kind && mid == ours.mid(), format!("{mid:?} is another"));
        check(theirs.proto == ours.proto, format!("{mid:?}: protocol {}", ours.proto));
        if ours.is_rejected() {
            continue;
        }
        let offered: Vec<u8> = theirs.payload_type_numbers().collect();
        let answered: Vec<u8> = ours.payload_type_numbers().collect();
        let mut rest = offered.iter();
        // RTX stands behind what it repeats, wherever it was offered.
        let media: Vec<u8> = answered
            .iter()
            .copied()
            .filter(|it| ours.payload_types().get(*it).is_some_and(|it| it.repeats().is_none()))
            .collect();
        let in_order = media.iter().all(|it| rest.any(|of| of == it));
        check(in_order, format!("{mid:?}: {answered:?} is not in the order of {offered:?}"));
        let known = answered.iter().all(|it| offered.contains(it));
        check(known, format!("{mid:?}: {answered:?} has what was not offered"));
        for (id, uri) in ours.attributes.extmaps().map(|it| (it.id, it.uri)) {
            let is_theirs = theirs.attributes.extmaps().any(|it| (it.id, it.uri) == (id, uri));
            check(is_theirs, format!("{mid:?}: {uri} has another id"));
        }
        let (from, to) = (theirs.direction(), ours.direction());
        let fits = (!to.sends() || from.receives()) && (!to.receives() || from.sends());
        check(fits, format!("{mid:?}: {from:?} is answered {to:?}"));
        let transport = answer.transport(ours);
        check(transport.credentials().is_ok(), format!("{mid:?}: no ICE credentials"));
        check(transport.fingerprint().is_ok(), format!("{mid:?}: no fingerprint"));
    }
    faults
}

#[test]
fn every_publisher_is_answered_by_the_rules() {
    let mut all = String::new();
    for (name, offer) in publishers() {
        match answer(offer, true) {
            Ok((answer, codecs)) => {
                for fault in faults(offer, &answer) {
                    writeln!(all, "{name}: {fault}\n{answer}").unwrap();
                }
                let receives = answer.matches("a=recvonly\r\n").count();
                if receives == 0 || codecs.is_empty() {
                    writeln!(all, "{name}: nothing flows").unwrap();
                }
            }
            Err(error) => writeln!(all, "{name}: {error}").unwrap(),
        }
    }
    assert!(all.is_empty(), "{all}");
}

#[test]
fn every_player_is_answered_by_the_rules() {
    let mut all = String::new();
    for (name, offer) in players() {
        match answer(offer, false) {
            Ok((answer, _)) => {
                for fault in faults(offer, &answer) {
                    writeln!(all, "{name}: {fault}\n{answer}").unwrap();
                }
            }
            Err(error) => writeln!(all, "{name}: {error}").unwrap(),
        }
    }
    assert!(all.is_empty(), "{all}");
}

#[test]
fn what_is_no_sound_or_picture_is_left_out_and_the_rest_is_taken() {
    let (_, obs) = publishers().into_iter().find(|it| it.0 == "obs_offer").unwrap();
    let data = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\na=mid:2\na=sctp-port:5000\n";
    let (sdp, _) = answer(&format!("{obs}{data}"), true).unwrap();
    assert!(sdp.contains("m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"), "{sdp}");
    assert_eq!(sdp.matches("a=recvonly\r\n").count(), 2, "{sdp}");
    let idle = obs.replacen("a=sendonly", "a=inactive", 1);
    let (sdp, codecs) = answer(&idle, true).unwrap();
    assert_eq!(
        (sdp.matches("a=recvonly\r\n").count(), sdp.matches("a=inactive\r\n").count()),
        (1, 1)
    );
    assert_eq!(codecs.len(), 1, "{codecs:?}");
}

#[test]
fn media_without_a_bundle_have_a_transport_each() {
    let (_, offer) =
        publishers().into_iter().find(|it| it.0 == "gst_bundle_none_whip_offer").unwrap();
    let (sdp, codecs) = answer(offer, true).unwrap();
    assert!(!sdp.contains("a=group:BUNDLE"), "{sdp}");
    let ufrags: Vec<&str> = sdp.lines().filter(|it| it.starts_with("a=ice-ufrag:")).collect();
    assert!(ufrags.len() == 2 && ufrags[0] != ufrags[1], "{sdp}");
    assert_eq!(sdp.matches("a=end-of-candidates\r\n").count(), 2, "{sdp}");
    assert_eq!(codecs, [Codec::Opus, Codec::H264]);
}

#[test]
fn layers_that_are_named_are_taken_by_their_names() {
    let (_, offer) = publishers().into_iter().find(|it| it.0 == "obs_offer_sim").unwrap();
    let (sdp, _) = answer(offer, true).unwrap();
    assert!(sdp.contains("a=rid:2 recv\r\na=rid:1 recv\r\na=rid:0 recv\r\n"), "{sdp}");
    assert!(sdp.contains("a=simulcast:recv 2;1;0\r\n"), "{sdp}");
}

#[test]
fn nobody_can_name_an_address_that_the_server_should_send_to() {
    let candidate = "a=candidate:1 1 udp 2113937151 169.254.169.254 80 typ host\r\n";
    for publishes in [true, false] {
        let direction = if publishes { "a=sendonly" } else { "a=recvonly" };
        let (_, offer) = players().into_iter().find(|it| it.0 == "chromium_156_offer").unwrap();
        let offer = offer.replace("a=recvonly\n", &format!("{direction}\n{candidate}"));
        let (room, peer, via) = (ROOM, PeerId(1), None);
        let offer = offer.replace("\r\n", "\n").replace('\n', "\r\n");
        let mut sim = Sim::new();
        sim.wire = Some(Vec::new());
        sim.command(if publishes {
            Command::Publish {
                room,
                peer,
                seat: Seat::HOST,
                offer,
                on_air: true,
                max_kbps: None,
                via,
            }
        } else {
            Command::WatchOffer { room, peer, offer, via }
        });
        assert!(matches!(sim.events.pop().unwrap().1, Event::Answer { .. }));
        sim.run(std::time::Duration::from_secs(12));
        let sent = sim.wire.unwrap().iter().filter(|it| !it.is_in).count();
        assert_eq!(sent, 0, "nothing is sent before a check came");
    }
}
