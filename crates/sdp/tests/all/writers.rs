//! What browsers, encoders, players and libraries write is read as they mean it.

use crate::common::{FIXTURES, fixture};
use sdp::{
    Address, Description, Direction, Feedback, Fragment, Hash, Level, Profile, ProfileLevelId,
    RidDirection, Section, Setup, SourceGroup,
};

fn read(name: &str) -> Description<'static> {
    Description::parse(fixture(name)).unwrap()
}

/// The payload type of a codec with that of its retransmissions.
fn numbers(section: &Section<'_>, name: &str) -> Option<(u8, Option<u8>)> {
    let all = section.payload_types();
    let found = all.iter().find(|it| it.is(name, 90_000))?;
    Some((found.number, all.rtx_of(found.number)))
}

#[test]
fn all_are_read_whatever_their_line_ends() {
    for (name, text) in FIXTURES {
        let read = Description::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let crlf = text.replace('\n', "\r\n");
        let other = Description::parse(&crlf).unwrap();
        assert_eq!(read.sections, other.sections, "{name}");
        assert_eq!((read.origin, &read.session), (other.origin, &other.session), "{name}");
        for section in &read.sections {
            let line = text.lines().nth(section.line as usize - 1).unwrap();
            assert!(line.starts_with(&format!("m={}", section.kind)), "{name}: {line}");
        }
    }
}

#[test]
fn all_name_credentials_a_certificate_and_who_begins_the_handshake() {
    for (name, _) in FIXTURES {
        let description = read(name);
        for section in &description.sections {
            let transport = description.transport(section);
            let credentials = transport.credentials().unwrap();
            assert!(credentials.ufrag.len() >= 4, "{name}");
            let hash = if name == "sha512_only" { Hash::Sha512 } else { Hash::Sha256 };
            assert_eq!(transport.fingerprint().unwrap().hash(), hash, "{name}");
            let setup = transport.setup().unwrap().unwrap();
            let is_answer = name.ends_with("answer");
            let expected = match name {
                "ffmpeg_9_whip_offer" => Setup::Passive,
                _ if is_answer => Setup::Active,
                _ => Setup::ActPass,
            };
            assert_eq!(setup, expected, "{name}");
        }
    }
}

#[test]
fn chromiums_offer_is_read() {
    let it = read("chromium_156_offer");
    let kinds: Vec<_> = it.sections.iter().map(|it| (it.kind, it.mid().unwrap())).collect();
    assert_eq!(kinds, [("audio", "0"), ("video", "1"), ("application", "2")]);
    assert_eq!(it.bundle().unwrap().mids().collect::<Vec<_>>(), ["0", "1", "2"]);
    assert!(it.session.has("extmap-allow-mixed") && !it.is_ice_lite());
    let (audio, video, data) = (&it.sections[0], &it.sections[1], &it.sections[2]);
    assert_eq!((audio.direction(), video.direction()), (Direction::RecvOnly, Direction::RecvOnly));
    assert!(audio.has_rtcp_mux() && audio.is_audio_or_video() && !data.is_audio_or_video());
    assert_eq!(data.proto, "UDP/DTLS/SCTP");
    assert_eq!(data.formats().collect::<Vec<_>>(), ["webrtc-datachannel"]);

    let sound = audio.payload_types();
    let opus = sound.iter().next().unwrap();
    assert!(opus.number == 111 && opus.is("opus", 48_000));
    assert_eq!(opus.encoding.unwrap().channels, Some(2));
    assert_eq!(opus.fmtp.get("useinbandfec"), Some("1"));
    assert!(opus.feedback.transport_cc && !opus.feedback.nack);
    let red = sound.iter().find(|it| it.is("red", 48_000)).unwrap();
    assert_eq!(red.fmtp.parameters().collect::<Vec<_>>(), [("111/111", "")]);

    let picture = video.payload_types();
    let all =
        Feedback { nack: true, nack_pli: true, ccm_fir: true, transport_cc: true, goog_remb: true };
    assert_eq!(picture.get(96).unwrap().feedback, all);
    assert_eq!(numbers(video, "vp8"), Some((96, Some(97))));
    let mid = video.attributes.extmaps().find(|it| it.uri.ends_with("sdes:mid")).unwrap();
    assert_eq!((mid.id, mid.direction), (4, None));
}

#[test]
fn firefoxes_descriptions_are_read() {
    let it = read("firefox_153_answer");
    assert!(it.session.has("fingerprint"), "it stands above all media");
    let video = it.sections.iter().find(|it| it.kind == "video").unwrap();
    assert!(!video.attributes.has("fingerprint"));
    assert!(it.transport(video).fingerprint().unwrap().to_string().starts_with("sha-256 AA:83:9D"));
    let one_way = video.attributes.extmaps().find(|it| it.uri.ends_with("playout-delay")).unwrap();
    assert_eq!((one_way.id, one_way.direction), (6, Some(Direction::RecvOnly)));
    assert_eq!(numbers(&read("firefox_153_offer").sections[1], "VP8"), Some((120, Some(124))));
}

#[test]
fn safaris_data_channel_stands_for_the_bundle() {
    let it = read("safari_18_offer");
    assert_eq!(it.sections[0].kind, "application");
    assert_eq!(it.bundle().unwrap().mids().next(), it.sections[0].mid());
    let h264 = it.sections.iter().find(|it| it.kind == "video").unwrap().payload_types();
    let ids = h264.iter().filter(|it| it.is("H264", 90_000));
    let ids = ids.filter_map(|it| ProfileLevelId::parse(it.fmtp.get("profile-level-id")?));
    let profiles: Vec<_> = ids.map(|it| it.profile).collect();
    assert_eq!(profiles[..2], [Profile::ConstrainedHigh, Profile::ConstrainedBaseline]);
}

#[test]
fn an_encoder_that_sends_two_layers_names_them() {
    let it = read("obs_offer_sim");
    let origin = it.origin.unwrap();
    assert_eq!((origin.username, origin.session_id), ("rtc", "322544440"));
    let groups: Vec<_> = it.groups().map(|it| it.semantics).collect();
    assert_eq!(groups, ["BUNDLE", "LS"]);
    let video = &it.sections[1];
    let rids: Vec<_> = video.attributes.rids().map(|it| (it.id, it.direction)).collect();
    assert_eq!(rids, ["2", "1", "0"].map(|id| (id, RidDirection::Send)));
    let simulcast = video.attributes.simulcast().unwrap();
    let sent: Vec<_> = simulcast.send().flat_map(|it| it.alternatives()).map(|it| it.id).collect();
    assert_eq!(sent, ["2", "1", "0"]);
    assert_eq!(simulcast.recv().count(), 0);
    let options: Vec<_> = it.transport(video).ice_options().collect();
    assert_eq!(options, ["ice2", "trickle"], "with a comma between them");
    assert_eq!(video.msid(), Some(("9akk1iky87rei66w", "9akk1iky87rei66w-video")));
}

#[test]
fn layers_without_names_are_a_group_of_sources() {
    let it = read("legacy_sim");
    let group = it.sections[0].attributes.source_groups().next().unwrap();
    assert_eq!(group.semantics, SourceGroup::SIM);
    assert_eq!(group.ssrcs().collect::<Vec<_>>(), [2222, 2223, 2224]);
    let sources = it.sections[0].attributes.sources();
    assert!(sources.iter().all(|it| it.cname == Some("c")) && sources.len() == 3);
}

#[test]
fn ffmpegs_offer_is_read() {
    let it = read("ffmpeg_9_whip_offer");
    let video = &it.sections[1];
    assert_eq!(numbers(video, "H264"), Some((106, Some(105))));
    let all = video.payload_types();
    let id = all.get(106).unwrap().fmtp.get("profile-level-id").unwrap();
    let id = ProfileLevelId::parse(id).unwrap();
    assert_eq!((id.profile, id.level.idc()), (Profile::ConstrainedBaseline, 31));
    assert!(id.level > Level::L1B);
    assert_eq!(video.attributes.rtx_source(2_804_521_509), Some(2_804_521_510));
    assert_eq!(video.attributes.sources().len(), 1, "that of retransmissions is in the group only");
}

#[test]
fn gstreamer_may_bundle_nothing() {
    let it = read("gst_bundle_none_whip_offer");
    assert!(it.bundle().is_none());
    let ufrags: Vec<_> =
        it.sections.iter().map(|section| it.transport(section).ice_ufrag().unwrap()).collect();
    assert_ne!(ufrags[0], ufrags[1], "each has a transport of its own");
    let all = it.sections[0].payload_types();
    let sets = all.get(96).unwrap().fmtp.get("sprop-parameter-sets").unwrap();
    assert_eq!(sets, "Z0LAHtoCgL/lwFqDAwNSgAAAAwCAAAAeR4sXUA==,aM48gA==");
    let candidates: Vec<_> = it.sections[0].attributes.candidates().collect();
    assert_eq!(candidates.len(), 3);
    assert!(candidates[0].is_udp() && !candidates[1].is_udp());
    assert_eq!(candidates[2].extension("tcptype"), Some("passive"));
}

#[test]
fn a_player_of_gstreamer_offers_its_sound_in_the_bundle_alone() {
    let it = read("gstreamer_whepclientsrc_offer");
    let audio = &it.sections[1];
    assert!(audio.port == 0 && audio.is_bundle_only() && !audio.is_rejected());
    let opus = &audio.payload_types();
    let opus = opus.get(101).unwrap();
    assert!(opus.is("opus", 48_000), "in capitals, and without channels");
    assert_eq!(opus.encoding.unwrap().channels, None);
}

#[test]
fn libraries_are_read() {
    let it = read("werift_pub_offer");
    let candidates: Vec<_> = it.sections[1].attributes.candidates().collect();
    assert_eq!(candidates[2].address, Address::Ip("2001:db8::9".parse().unwrap()));
    assert_eq!(candidates[0].extension("ufrag"), Some("62df"));
    assert!(it.sections[1].attributes.has_end_of_candidates());
    let it = read("wrtc_watch_offer");
    assert_eq!(it.sections[0].port, 54_535);
    assert_eq!(it.sections[0].attributes.candidates().count(), 8);
    assert_eq!(numbers(&it.sections[1], "AV1"), Some((39, Some(40))));
}

#[test]
fn what_differs_in_one_thing_means_the_same() {
    let plain = read("no_bundle_single_mline").sections[0].clone();
    assert_eq!((plain.mid(), plain.direction()), (Some("0"), Direction::SendOnly));
    for name in ["two_b_lines", "b_after_mid", "empty_s", "session_id_above_u64", "proto_savp"] {
        let other = read(name).sections[0].clone();
        assert_eq!(other.attributes, plain.attributes, "{name}");
        assert_eq!(other.payload_types(), plain.payload_types(), "{name}");
    }
    let id = read("session_id_above_u64").origin.unwrap().session_id;
    assert_eq!(id, "99999999999999999999");
    assert_eq!(read("proto_savp").sections[0].proto, "UDP/TLS/RTP/SAVP");
    let order = read("codec_order_of_m_line").sections[0].payload_types();
    let order: Vec<_> = order.iter().map(|it| it.encoding.unwrap().name).collect();
    assert_eq!(order, ["H264", "VP8"]);
    let listed = read("rtpmap_not_in_m_line").sections[0].payload_types();
    assert_eq!(listed.iter().map(|it| it.number).collect::<Vec<_>>(), [96]);
}

#[test]
fn our_own_offer_becomes_the_fragment_of_a_restart() {
    let it = read("kaibo_offer");
    assert!(it.is_ice_lite());
    let text = Fragment::of(&it).to_string();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[..2], ["a=group:BUNDLE 0 1", "a=ice-lite"]);
    assert!(lines[2].starts_with("m=audio 9 UDP/TLS/RTP/SAVPF 111"), "{text}");
    assert_eq!(lines[3..5], ["a=mid:0", "a=ice-ufrag:OurUfrag"]);
    assert_eq!(text.matches("a=candidate:").count(), 2);
    assert_eq!(lines.last(), Some(&"a=end-of-candidates"));
}
