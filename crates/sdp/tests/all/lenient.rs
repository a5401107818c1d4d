//! What is unusual but can be understood is taken, as browsers take it.

use sdp::{Description, Direction, Setup};

const PWD: &str = "0123456789abcdefghijkl";

#[test]
fn lines_may_be_missing_doubled_unknown_or_empty() {
    let text = "v=0\ns=\n\nb=AS:1\nx=?\nhello\n=\nm=audio 9 UDP/TLS/RTP/SAVPF 111\nb=AS:1\nb=TIAS:2\n\
                a=unknown:x\na=\na=mid:a\nc=IN IP4 0.0.0.0\nb=RS:0";
    let it = Description::parse(text).unwrap();
    assert_eq!((it.origin, it.sections.len()), (None, 1));
    assert_eq!(it.sections[0].mid(), Some("a"));
    assert_eq!(it.sections[0].attributes.get("unknown"), Some("x"));
}

#[test]
fn a_description_may_have_no_media() {
    assert!(Description::parse("v=0").unwrap().sections.is_empty());
    assert!(Description::parse("v=0 \r\no=-\r\n").unwrap().sections.is_empty());
}

#[test]
fn white_space_around_words_means_nothing() {
    let text = "v=0\t\r\no=-  7  1 IN IP4 0.0.0.0 \r\na=group:BUNDLE  a\tb \r\n\
                m=audio 9 UDP/TLS/RTP/SAVPF 111\t0 \r\na=mid:a \t\r\na=rtpmap:111\topus/48000/2 \r\n\
                a=sendonly \r\na=fmtp:111  minptime=10; useinbandfec=1 \r\na=rtcp-mux \r\n\
                m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid: b\r\n";
    let it = Description::parse(text).unwrap();
    assert_eq!(it.origin.unwrap().session_id, "7");
    assert_eq!(it.bundle().unwrap().mids().collect::<Vec<_>>(), ["a", "b"]);
    let audio = &it.sections[0];
    assert_eq!((audio.mid(), audio.direction()), (Some("a"), Direction::SendOnly));
    assert!(audio.has_rtcp_mux());
    let all = audio.payload_types();
    assert!(all.get(111).unwrap().is("opus", 48_000) && all.get(0).unwrap().is("PCMU", 8_000));
    assert_eq!(all.get(111).unwrap().fmtp.get("useinbandfec"), Some("1"));
    assert_eq!(it.sections[1].mid(), Some("b"));
}

#[test]
fn the_protocol_is_the_callers_business() {
    for proto in
        ["UDP/TLS/RTP/SAVP", "RTP/SAVPF", "RTP/SAVP", "UDP/TLS/RTP/SAVPF", "TCP/DTLS/RTP/SAVPF"]
    {
        let text = format!("v=0\nm=video 9 {proto} 96\n");
        assert_eq!(Description::parse(&text).unwrap().sections[0].proto, proto);
    }
    let old = Description::parse("v=0\nm=application 9 DTLS/SCTP 5000\n").unwrap();
    assert_eq!(old.sections[0].proto, "DTLS/SCTP");
}

#[test]
fn a_direction_of_the_session_holds_for_media_without_one_and_the_last_counts() {
    let text =
        "v=0\na=sendonly\na=recvonly\nm=audio 9 X 0\nm=video 9 X 96\na=inactive\na=sendonly\n";
    let it = Description::parse(text).unwrap();
    let directions: Vec<_> = it.sections.iter().map(|it| it.direction()).collect();
    assert_eq!(directions, [Direction::RecvOnly, Direction::SendOnly]);
    let none = Description::parse("v=0\nm=audio 9 X 0\n").unwrap();
    assert_eq!(none.sections[0].direction(), Direction::SendRecv);
}

#[test]
fn one_meaning_may_be_told_twice_but_two_may_not() {
    let with = |lines: &str| format!("v=0\nm=video 9 X 96\na=rtpmap:96 VP8/90000\n{lines}");
    assert!(Description::parse(&with("a=rtpmap:96 VP8/90000\n")).is_ok());
    assert!(Description::parse(&with("a=rtpmap:96 vp8/90000\na=rtpmap:96 ???\n")).is_ok());
    let error = Description::parse(&with("a=rtpmap:96 H264/90000\n")).unwrap_err();
    assert_eq!(error.to_string(), "line 4: a payload type stands for two things");
}

#[test]
fn a_payload_type_has_one_meaning_on_a_transport() {
    let text = |session: &str, one: &str, other: &str| {
        format!(
            "v=0\n{session}m=video 9 X 96\na=mid:0\n{one}a=rtpmap:96 VP8/90000\n\
             m=audio 9 X 96\na=mid:1\n{other}a=rtpmap:96 opus/48000/2\n"
        )
    };
    let bundled = text("a=group:BUNDLE 1 0\n", "a=ice-ufrag:abcd\n", "a=ice-ufrag:efgh\n");
    let error = Description::parse(&bundled).unwrap_err();
    assert_eq!((error.line(), error.is_too_large()), (Some(10), false));
    assert!(Description::parse(&text("a=ice-ufrag:abcd\n", "", "")).is_err());
    assert!(Description::parse(&text("", "a=ice-ufrag:abcd\n", "a=ice-ufrag:efgh\n")).is_ok());
    let two_bundles = text("a=group:BUNDLE 0\na=group:BUNDLE 1\n", "a=ice-ufrag:abcd\n", "");
    assert!(Description::parse(&two_bundles).is_ok());
    // The second media description says nothing that the first one does not, and the third differs from both.
    let third = "m=video 9 X 96\na=mid:2\na=ice-ufrag:abcd\na=rtpmap:96 AV1/90000\n";
    let three = text("", "a=ice-ufrag:abcd\n", "a=ice-ufrag:efgh\n") + third;
    assert_eq!(Description::parse(&three).unwrap_err().line(), Some(13));
}

#[test]
fn transport_attributes_are_looked_for_where_the_bundle_has_them() {
    let text = format!(
        "v=0\na=group:LS a b\na=group:BUNDLE b a\na=ice-ufrag:session\na=setup:passive\n\
         m=audio 9 X 0\na=mid:a\na=ice-ufrag:ofA1\na=ice-pwd:{PWD}\na=setup:actpass\n\
         m=video 0 X 96\na=mid:b\na=bundle-only\na=ice-ufrag:ofB1\n\
         m=video 9 X 97\na=mid:c\na=ice-ufrag:ofC1\n"
    );
    let it = Description::parse(&text).unwrap();
    let [a, b, c] = [0, 1, 2].map(|n| it.transport(&it.sections[n]));
    assert_eq!((a.ice_ufrag(), b.ice_ufrag()), (Ok("ofB1"), Ok("ofB1")), "b stands for the bundle");
    assert_eq!(a.setup(), Ok(Some(Setup::Passive)), "the session comes before the rest");
    assert_eq!(b.ice_pwd(), Ok(PWD), "the rest comes last");
    assert_eq!((c.ice_ufrag(), c.ice_pwd().is_err()), (Ok("ofC1"), true));
    let own = it.transport_of([&it.sections[2], &it.sections[0]]);
    assert_eq!((own.ice_ufrag(), own.ice_pwd()), (Ok("ofC1"), Ok(PWD)));
}

#[test]
fn several_groups_may_name_media_in_any_order() {
    let text = "v=0\na=group:BUNDLE 2 0\na=group:BUNDLE 1 3\na=group:BUNDLE\n\
                m=audio 9 X 0\na=mid:0\nm=audio 9 X 0\na=mid:1\na=ice-ufrag:ofB1\n\
                m=audio 9 X 0\na=mid:2\na=ice-ufrag:ofA1\nm=audio 9 X 0\na=mid:3\n";
    let it = Description::parse(text).unwrap();
    let ufrags: Vec<_> =
        it.sections.iter().map(|section| it.transport(section).ice_ufrag().unwrap()).collect();
    assert_eq!(ufrags, ["ofA1", "ofB1", "ofA1", "ofB1"]);
    assert_eq!(it.groups().filter(|it| it.is_bundle()).count(), 3);
}

#[test]
fn a_certificate_may_have_several_fingerprints() {
    let of = |n: usize| vec!["ab"; n].join(":");
    let with = |lines: &str| format!("v=0\n{lines}m=audio 9 X 0\n");
    let fingerprint = |lines: &str| {
        let text = with(lines);
        let it = Description::parse(&text).unwrap();
        let found = it.transport(&it.sections[0]).fingerprint();
        found.map(|it| it.hash().name()).map_err(|it| it.to_string())
    };
    let weak = format!("a=fingerprint:SHA-1 {}\n", of(20));
    let strong = format!("a=fingerprint:sha-384 {}\n", of(48));
    let unknown = "a=fingerprint:sha3-256 ab\n";
    assert_eq!(fingerprint(&format!("{weak}{unknown}{strong}")), Ok("sha-384"));
    assert!(fingerprint(&weak).unwrap_err().contains("line 2: its a=fingerprint has a weak hash"));
    assert!(fingerprint(unknown).unwrap_err().contains("it needs an a=fingerprint"));
    assert!(fingerprint(&strong.replace(":ab", "")).unwrap_err().contains("line 2: "));
}
