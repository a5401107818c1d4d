//! Descriptions of browsers and players.

use super::*;
use media_api::MediaKind;

const HIGH: &str = "packetization-mode=1;profile-level-id=64001f";
const BASELINE: &str = "packetization-mode=1;profile-level-id=42e01f";

#[test]
fn chromiums_answer_is_understood() {
    let remote = read_answer(CHROMIUM_ANSWER, Layout::ours()).unwrap();
    assert_eq!(
        (remote.transport.ufrag.as_str(), remote.transport.pwd.as_str()),
        ("ERqn", "pITgY+sDFLov7QQZRG8+0C/A")
    );
    assert_eq!(remote.transport.role, DtlsRole::Server);
    let fingerprint = remote.transport.fingerprint.to_string();
    assert!(CHROMIUM_ANSWER.contains(&format!("a=fingerprint:{fingerprint}\n")));
    assert_eq!(codecs(&remote), [Codec::Opus, Codec::Vp8, Codec::H264, Codec::Vp9, Codec::Av1]);

    let audio = remote.media(MediaKind::Audio).unwrap();
    assert_eq!(audio.mid, "0");
    let expected = ExtensionIds {
        audio_level: Some(1),
        abs_send_time: Some(2),
        transport_cc: Some(3),
        mid: Some(4),
        abs_capture_time: Some(5),
        ..ExtensionIds::default()
    };
    assert_eq!(audio.extensions, expected);
    let opus = audio.formats[0];
    assert!(opus.transport_cc && !opus.nack && !opus.pli && opus.rtx.is_none());

    let video = remote.media(MediaKind::Video).unwrap();
    assert_eq!(video.formats.len(), 10);
    let all = |it: &Offered| it.nack && it.pli && it.fir && it.transport_cc && it.remb;
    assert!(video.formats.iter().all(all));
    assert_eq!(video.extensions.dependency_descriptor, Some(8));
    assert_eq!(video.extensions.video_orientation, Some(13));
    assert!(video.allow_mixed && video.rtcp_rsize);

    assert_eq!(pts(&remote, Codec::Opus, ""), Some((111, None)));
    assert_eq!(pts(&remote, Codec::Vp8, ""), Some((96, Some(97))));
    assert_eq!(pts(&remote, Codec::H264, BASELINE), Some((127, Some(121))), "baseline, the first");
    assert_eq!(pts(&remote, Codec::H264, HIGH), Some((127, Some(121))), "it has no high profile");
    assert_eq!(pts(&remote, Codec::Vp9, "profile-id=2"), Some((100, Some(101))));
    assert_eq!(pts(&remote, Codec::Vp9, "profile-id=1"), None);
    assert_eq!(pts(&remote, Codec::Av1, ""), Some((45, Some(46))));
}

#[test]
fn firefoxes_answer_is_understood() {
    let remote = read_answer(FIREFOX_ANSWER, Layout::ours()).unwrap();
    assert_eq!(remote.transport.ufrag, "9952850e");
    let of_session = remote.transport.fingerprint.to_string();
    assert!(of_session.starts_with("sha-256 AA:83:9D"), "it stands above the media: {of_session}");
    assert_eq!(codecs(&remote), [Codec::Opus, Codec::Vp8, Codec::Vp9, Codec::Av1]);
    assert_eq!(pts(&remote, Codec::H264, BASELINE), None, "it was recorded without H264");
    let video = remote.media(MediaKind::Video).unwrap();
    assert_eq!(video.extensions.playout_delay, Some(6), "from a=extmap:6/recvonly");
    let stereo = remote.media(MediaKind::Audio).unwrap().formats[0].format.params.stereo;
    assert_eq!(stereo, Some(true));
}

#[test]
fn safaris_answer_is_understood() {
    let remote = read_answer(SAFARI_ANSWER, Layout::ours()).unwrap();
    assert_eq!(remote.transport.ufrag, "oP/Y");
    assert_eq!(codecs(&remote), [Codec::Opus, Codec::Vp8, Codec::H264, Codec::Vp9]);
    assert_eq!(pts(&remote, Codec::H264, HIGH), Some((114, Some(115))));
    assert_eq!(pts(&remote, Codec::Av1, ""), None);
}

#[test]
fn each_browsers_offer_is_answered_by_its_own_numbers() {
    let addresses = addresses();
    for (browser, video, mid) in [
        (CHROMIUM_OFFER, (96, Some(97)), 4),
        (FIREFOX_OFFER, (120, Some(124)), 3),
        (SAFARI_OFFER, (106, Some(107)), 4),
    ] {
        let remote = read_offer(browser).unwrap();
        assert_eq!(remote.transport.role, DtlsRole::Server);
        assert_eq!(pts(&remote, Codec::Vp8, ""), Some(video));
        assert_eq!(remote.media(MediaKind::Video).unwrap().extensions.mid, Some(mid));
        let answer = answer(&local(&addresses), &remote);
        let (theirs, ours) = (sections(browser), sections(&answer));
        assert_eq!(theirs.len(), ours.len(), "{answer}");
        for (theirs, ours) in theirs.iter().zip(&ours).skip(1) {
            let mid = theirs.iter().find(|it| it.starts_with("a=mid:")).unwrap();
            assert!(has(ours, mid), "{answer}");
            let is_data = theirs[0].starts_with("m=application");
            assert_eq!(has(ours, "a=inactive"), is_data, "{answer}");
            assert_eq!(has(ours, "a=sendonly"), !is_data, "{answer}");
            assert_eq!(has(ours, "a=setup:passive"), !is_data, "{answer}");
            let port = ours[0].split(' ').nth(1).unwrap();
            assert_eq!(port, if is_data { "0" } else { "9" }, "{answer}");
        }
        let ids = |lines: &[Vec<&str>]| -> Vec<String> {
            let ids = lines.iter().flatten().filter(|it| it.starts_with("a=extmap:"));
            ids.map(|it| it.replace("/sendonly", "").replace("/recvonly", "")).collect()
        };
        let offered = ids(&theirs);
        assert!(ids(&ours).iter().all(|it| offered.contains(it)), "{answer}");
    }
}

#[test]
fn gstreamers_player_is_answered_with_sound_and_picture() {
    // It leaves out the channels of Opus, and rejects an answer without its audio.
    let remote = read_offer(GSTREAMER_OFFER).unwrap();
    assert_eq!(pts(&remote, Codec::Opus, ""), Some((101, None)));
    assert_eq!(pts(&remote, Codec::H264, BASELINE), Some((97, None)));
    let answer = answer(&local(&addresses()), &remote);
    for section in sections(&answer).iter().skip(1) {
        assert!(section[0].contains(" 9 ") && has(section, "a=sendonly"), "{answer}");
    }
}

#[test]
fn safaris_data_channel_that_comes_first_leaves_the_bundle() {
    let remote = read_offer(SAFARI_OFFER).unwrap();
    let addresses = addresses();
    let answer = answer(&local(&addresses), &remote);
    let sections = sections(&answer);
    assert!(has(&sections[0], "a=group:BUNDLE 1 2"), "{answer}");
    let rejected = [
        "m=application 0 UDP/DTLS/SCTP webrtc-datachannel",
        "c=IN IP4 0.0.0.0",
        "a=mid:0",
        "a=inactive",
    ];
    assert_eq!(sections[1], rejected);
    let ends = |lines: &[&str]| has(lines, "a=end-of-candidates");
    assert!(
        ends(&sections[2]) && !ends(&sections[3]),
        "candidates are with what is left: {answer}"
    );
    assert_eq!(pts(&remote, Codec::H264, HIGH), Some((96, Some(97))), "high comes first");
    assert_eq!(pts(&remote, Codec::H264, BASELINE), Some((98, Some(99))));
}

#[test]
fn what_firefox_takes_in_one_direction_is_answered_in_the_other() {
    let remote = read_offer(FIREFOX_OFFER).unwrap();
    let answer = answer(&local(&[]), &remote);
    let uri = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay";
    assert!(answer.contains(&format!("a=extmap:6/sendonly {uri}\r\n")), "{answer}");
    assert!(!answer.contains("csrc-audio-level"), "{answer}");
    let sections = sections(&answer);
    assert!(!has(&sections[0], "a=extmap-allow-mixed"), "it offers it for each media: {answer}");
    assert!(has(&sections[1], "a=extmap-allow-mixed") && has(&sections[2], "a=extmap-allow-mixed"));
    assert!(!has(&sections[1], "a=rtcp-rsize") && has(&sections[2], "a=rtcp-rsize"), "{answer}");
}

#[test]
fn line_ends_do_not_matter() {
    for offer in OFFERS {
        let crlf = offer.replace('\n', "\r\n");
        assert_eq!(read_offer(&crlf).unwrap(), read_offer(offer).unwrap());
    }
    for answer in ANSWERS {
        let crlf = answer.replace('\n', "\r\n");
        assert_eq!(read_answer(&crlf, Layout::ours()), read_answer(answer, Layout::ours()));
    }
}

#[test]
fn after_an_offer_of_the_viewers_ours_has_its_m_lines() {
    for theirs in OFFERS {
        let remote = read_offer(theirs).unwrap();
        let again = Local { transports: &[ANOTHER], version: 2, ..local(&[]) };
        let offer = offer(&again, &remote.layout);
        let mids = |text: &str| -> Vec<String> {
            text.lines().filter(|it| it.starts_with("a=mid:")).map(str::to_owned).collect()
        };
        assert_eq!(mids(&offer), mids(theirs));
        assert_eq!(offer.matches("a=setup:actpass").count(), 2, "{offer}");
        assert!(offer.contains("a=ice-ufrag:Another\r\n") && offer.contains("o=- 4217 2 IN"));
        // The browser's answer to it has the same shape as its offer had.
        let answer =
            theirs.replace("a=setup:actpass", "a=setup:active").replace("video 0", "video 9");
        assert_eq!(read_answer(&answer, &remote.layout).unwrap().layout.video, remote.layout.video);
        assert!(read_answer(&answer, Layout::ours()).is_err());
    }
}
