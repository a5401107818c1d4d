//! Descriptions that are rejected, and unusual ones that are accepted.

use proptest::prelude::*;

use super::*;
use crate::NegotiationError;
use media_api::MediaKind;

fn refused(text: &str) -> String {
    read_offer(text).unwrap_err().to_string()
}

/// Chromium's offer without the lines that begin with `prefix`.
fn without(prefix: &str) -> String {
    let lines = CHROMIUM_OFFER.lines().filter(|it| !it.starts_with(prefix));
    lines.map(|it| it.to_owned() + "\n").collect()
}

#[test]
fn what_cannot_be_used_is_refused_with_what_to_do() {
    let check = |text: &str, part: &str| {
        let error = refused(text);
        assert!(error.contains(part), "{error}");
    };
    check("hello", "v=0");
    check(&without("a=ice-ufrag"), "a=ice-ufrag of 4 to 256 characters");
    check(&without("a=ice-pwd"), "a=ice-pwd of 22 to 256 characters");
    check(&CHROMIUM_OFFER.replace("wG3i", "abc"), "a=ice-ufrag of 4");
    check(&CHROMIUM_OFFER.replace("wG3i", "a:bc"), "a=ice-ufrag of 4");
    check(&CHROMIUM_OFFER.replace("wG3i", &"x".repeat(257)), "a=ice-ufrag of 4");
    check(&CHROMIUM_OFFER.replace("430GSi2C+ldqZ4cjuNeJcd/8", "short"), "a=ice-pwd of 22");
    check(&without("a=fingerprint"), "a=fingerprint with sha-256");
    check(&CHROMIUM_OFFER.replace("sha-256", "sha-1"), "sha-256, sha-384 or sha-512 is needed");
    check(&CHROMIUM_OFFER.replace("sha-256 B5:", "sha-256 "), "32 bytes");
    check(&CHROMIUM_OFFER.replace("sha-256 B5:", "sha-256 B5:00:"), "32 bytes");
    check(&CHROMIUM_OFFER.replace("sha-256 B5:", "sha-256 +5:"), "32 bytes");
    check(&CHROMIUM_OFFER.replace("actpass", "holdconn"), "a=setup");
    check(&CHROMIUM_OFFER.replace("a=mid:1", "a=mid:0"), "two m-lines with one a=mid");
    check(&CHROMIUM_OFFER.replace("a=mid:1", "a=mid:12345678901234567"), "at most 16");
    check(&CHROMIUM_OFFER.replace("a=mid:1", "a=mid:\"1\""), "a token");
    check(&CHROMIUM_OFFER.replace("t=0 0\n", "t=0 0\na=ice-lite\n"), "ICE-lite");
    check(&CHROMIUM_OFFER.replace("BUNDLE 0 1 2", "BUNDLE a b c"), "a=group:BUNDLE");
    check("v=0\nm=audio 9\n", "cut short");
    check("v=0\nm=audio 9 \u{1b}[2J 111\n", "strange characters");
    let nothing = CHROMIUM_OFFER.replace("a=recvonly", "a=sendonly");
    assert_eq!(read_offer(&nothing), Err(NegotiationError::NoMedia("to receive")));
    let others = CHROMIUM_OFFER.replace("opus/", "speex/").replace("/90000", "/8000");
    assert_eq!(read_offer(&others), Err(NegotiationError::NoCodec));
}

#[test]
fn an_answer_has_the_m_lines_of_the_offer() {
    let ours = Layout::ours();
    let audio_alone = CHROMIUM_ANSWER.split("m=video").next().unwrap();
    for wrong in [
        audio_alone,
        &format!("{CHROMIUM_ANSWER}m=audio 9 UDP/TLS/RTP/SAVPF 111\na=mid:2\n"),
        &CHROMIUM_ANSWER.replace("a=mid:1", "a=mid:x"),
        &CHROMIUM_ANSWER.replace("m=video", "m=text"),
        CHROMIUM_OFFER,
    ] {
        let error = read_answer(wrong, ours).unwrap_err().to_string();
        assert!(error.contains("the m-lines of its offer"), "{error}");
    }
}

#[test]
fn who_wants_no_picture_hears() {
    let rejected =
        CHROMIUM_ANSWER.replace("m=video 9", "m=video 0").replace("BUNDLE 0 1", "BUNDLE 0");
    let remote = read_answer(&rejected, Layout::ours()).unwrap();
    assert_eq!(codecs(&remote), [Codec::Opus]);
    let error = read_answer(&rejected.replace("m=audio 9", "m=audio 0"), Layout::ours());
    assert_eq!(error, Err(NegotiationError::NoMedia("to receive")));
}

#[test]
fn a_transport_is_said_once_for_all_media() {
    let text = without("a=group");
    let remote = read_offer(&text).unwrap();
    let said = answer(&local(&[]), &remote);
    assert!(!said.contains("BUNDLE") && said.matches("a=sendonly").count() == 2, "{said}");
    // Media on another transport is rejected, and video is kept.
    let other = text.replacen("a=ice-ufrag:wG3i", "a=ice-ufrag:other", 1);
    let no_mux: String =
        text.lines().filter(|it| *it != "a=rtcp-mux").map(|it| it.to_owned() + "\n").collect();
    for text in [other, no_mux] {
        let remote = read_offer(&text).unwrap();
        assert!(
            remote.media(MediaKind::Audio).is_none() && remote.media(MediaKind::Video).is_some()
        );
        let said = answer(&local(&[]), &remote);
        assert!(said.contains("m=audio 0 ") && said.matches("a=sendonly").count() == 1, "{said}");
        assert_eq!(remote.transport.ufrag, "wG3i");
    }
    // A single media description needs no name.
    let alone = text.split("m=video").next().unwrap().replace("a=mid:0\n", "");
    let remote = read_offer(&alone).unwrap();
    assert_eq!(remote.media(MediaKind::Audio).unwrap().extensions.mid, None, "{remote:?}");
    assert!(!answer(&local(&[]), &remote).contains("a=mid"));
}

#[test]
fn what_is_said_above_all_media_holds_for_each() {
    let bare: String = CHROMIUM_OFFER
        .lines()
        .filter(|it| {
            !["a=ice-", "a=fingerprint", "a=setup"].iter().any(|name| it.starts_with(name))
        })
        .map(|it| it.to_owned() + "\n")
        .collect();
    let session = format!(
        "t=0 0\na=fingerprint:sha-1 AB:CD\na=fingerprint:SHA-256 {}\na=ice-ufrag:above\n\
         a=ice-pwd:ThePasswordAboveAllMedia\na=setup:passive\n",
        FINGERPRINT.to_lowercase()
    );
    let remote = read_offer(&bare.replace("t=0 0\n", &session)).unwrap();
    assert_eq!(
        (remote.transport.ufrag.as_str(), remote.transport.role),
        ("above", DtlsRole::Client)
    );
    assert_eq!(remote.transport.fingerprint.to_string(), format!("sha-256 {FINGERPRINT}"));
}

#[test]
fn strange_formats_and_extensions_are_passed_over() {
    let text = "v=0\nm=video 9 UDP/TLS/RTP/SAVPF 96 96 300 x 72 97 98 99 100\na=mid:0\n\
                a=ice-ufrag:their\na=ice-pwd:TheirPasswordOf26Characters\na=rtcp-mux\n\
                a=fingerprint:sha-256 "
        .to_owned()
        + FINGERPRINT
        + "\na=rtpmap:96 vp8/90000\na=rtpmap:72 VP8/90000\na=rtpmap:97 rtx/90000\n\
           a=rtpmap:98 rtx/90000\na=rtpmap:99 rtx/90000\na=rtpmap:100 opus/48000/2\n\
           a=rtpmap:101 VP9/90000\na=fmtp:97 apt=55\na=fmtp:98 apt=96\na=fmtp:99 apt=96\n\
           a=extmap:0 urn:3gpp:video-orientation\na=extmap:15 urn:3gpp:video-orientation\n\
           a=extmap:256 urn:3gpp:video-orientation\na=extmap:3/sendonly urn:3gpp:video-orientation\n\
           a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid\na=extmap:4 urn:3gpp:video-orientation\n\
           a=extmap:5 urn:3gpp:video-orientation\na=extmap:6 urn:ietf:params:rtp-hdrext:ssrc-audio-level\n";
    let remote = read_offer(&text).unwrap();
    let video = remote.media(MediaKind::Video).unwrap();
    let formats: Vec<_> = video.formats.iter().map(|it| (it.pt, it.rtx)).collect();
    assert_eq!(formats, [(96, Some(98))]);
    let expected = ExtensionIds { video_orientation: Some(4), ..ExtensionIds::default() };
    assert_eq!(video.extensions, expected);
}

/// Every description that is accepted can be answered and offered again, with the same number of m-lines.
fn read_and_answered(text: &str) {
    let _ = read_answer(text, Layout::ours());
    let Ok(remote) = read_offer(text) else { return };
    let addresses = addresses();
    let n = sections(text).len();
    let flowing =
        remote.media(MediaKind::Audio).is_some() || remote.media(MediaKind::Video).is_some();
    assert!(flowing && !codecs(&remote).is_empty());
    for said in [answer(&local(&addresses), &remote), offer(&local(&addresses), &remote.layout)] {
        assert_eq!(sections(&said).len(), n, "{text}\n{said}");
        assert_eq!(said.matches("a=end-of-candidates").count(), 1, "{text}\n{said}");
    }
}

#[test]
fn a_description_that_breaks_off_anywhere_is_no_fault() {
    for text in ANSWERS.into_iter().chain(OFFERS).chain([OUR_OFFER]) {
        for n in 0..=text.len() {
            read_and_answered(&text[..n]);
        }
    }
}

/// A change of one line of a description.
#[derive(Debug, Clone)]
enum Change {
    Remove,
    Twice,
    Swap(usize),
    Cut(usize),
    Put(usize, String),
    Replace(String),
}

fn change() -> impl Strategy<Value = Change> {
    let word = prop_oneof![
        "[ -~]{0,12}",
        "\\PC{0,4}",
        Just("BUNDLE".to_owned()),
        Just("bundle-only".to_owned()),
        Just(" 0 ".to_owned()),
        Just("rtx/90000".to_owned()),
        Just("4294967296".to_owned()),
    ];
    let line = prop_oneof![
        "(a|m|c|z)=[ -~]{0,40}",
        "a=(extmap|rtpmap|fmtp|rtcp-fb|mid|group|setup|ssrc):[0-9]{1,3}[ /:][ -~]{0,20}",
        "m=(audio|video|application) [0-9]{1,2} UDP/TLS/RTP/SAVPF( [0-9]{1,3}){0,5}",
        "a=(sendrecv|sendonly|recvonly|inactive|bundle-only|rtcp-mux|ice-lite)",
    ];
    prop_oneof![
        Just(Change::Remove),
        Just(Change::Twice),
        any::<usize>().prop_map(Change::Swap),
        any::<usize>().prop_map(Change::Cut),
        (any::<usize>(), word).prop_map(|(at, word)| Change::Put(at, word)),
        line.prop_map(Change::Replace),
    ]
}

fn changed(text: &str, changes: &[(usize, Change)]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (n, change) in changes {
        if lines.is_empty() {
            break;
        }
        let n = n % lines.len();
        let place = |at: &usize| {
            let chars: Vec<usize> = lines[n].char_indices().map(|it| it.0).collect();
            if chars.is_empty() { 0 } else { chars[at % chars.len()] }
        };
        match change {
            Change::Remove => drop(lines.remove(n)),
            Change::Twice => lines.insert(n, lines[n].clone()),
            Change::Swap(other) => {
                let other = other % lines.len();
                lines.swap(n, other);
            }
            Change::Cut(at) => {
                let at = place(at);
                lines[n].truncate(at);
            }
            Change::Put(at, word) => {
                let at = place(at);
                lines[n].insert_str(at, word);
            }
            Change::Replace(line) => lines[n].clone_from(line),
        }
    }
    lines.join("\r\n") + "\r\n"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn nothing_said_is_a_fault(
        which in 0..6_usize,
        changes in prop::collection::vec((any::<usize>(), change()), 1..8),
    ) {
        let text = ANSWERS.into_iter().chain(OFFERS).nth(which).unwrap();
        read_and_answered(&changed(text, &changes));
    }
}
