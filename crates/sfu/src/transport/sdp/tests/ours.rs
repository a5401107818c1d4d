//! Our own descriptions.

use super::*;
use media_api::MediaKind;

#[test]
fn our_offer_is_this() {
    let addresses = addresses();
    let offer = offer(&local(&addresses), Layout::ours());
    assert!(offer.lines().eq(OUR_OFFER.lines()), "{offer}");
    assert_eq!(offer.matches('\n').count(), offer.matches("\r\n").count());
    ::sdp::Description::parse(&offer).unwrap();
}

#[test]
fn our_answer_is_this() {
    let theirs = "v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE a v data
a=extmap-allow-mixed
a=ice-ufrag:their
a=ice-pwd:TheirPasswordOf26Characters
a=fingerprint:sha-256 DE:AD:BE:EF:00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B
a=setup:actpass
m=audio 9 UDP/TLS/RTP/SAVPF 109 0
a=mid:a
a=recvonly
a=rtcp-mux
a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid
a=rtpmap:109 opus/48000/2
a=fmtp:109 stereo=1;useinbandfec=1
m=video 9 UDP/TLS/RTP/SAVPF 100 101 98 99
a=mid:v
a=sendrecv
a=rtcp-mux
a=rtcp-rsize
a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid
a=extmap:20 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
a=rtpmap:98 VP8/90000
a=rtpmap:99 rtx/90000
a=rtpmap:100 h264/90000
a=rtpmap:101 rtx/90000
a=rtcp-fb:* nack
a=rtcp-fb:98 nack pli
a=rtcp-fb:98 transport-cc
a=fmtp:99 apt=98
a=fmtp:100 profile-level-id=640c1f;level-asymmetry-allowed=1;packetization-mode=1
a=fmtp:101 rtx-time=3000;apt=100
m=video 9 UDP/TLS/RTP/SAVPF 98
a=mid:second
a=recvonly
a=rtpmap:98 VP8/90000
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
a=mid:data
";
    let ours = "v=0
o=- 4217 1 IN IP4 0.0.0.0
s=-
t=0 0
a=group:BUNDLE a v
a=extmap-allow-mixed
a=msid-semantic: WMS kaibo
a=ice-lite
m=audio 9 UDP/TLS/RTP/SAVPF 109
c=IN IP4 0.0.0.0
a=candidate:1 1 udp 2122317823 192.0.2.1 3000 typ host
a=candidate:2 1 udp 2130706175 2001:db8::1 3000 typ host
a=end-of-candidates
a=ice-ufrag:OurUfrag
a=ice-pwd:OurPasswordOf24Character
a=ice-options:trickle
a=fingerprint:sha-256 DE:AD:BE:EF:00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B
a=setup:passive
a=mid:a
a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid
a=sendonly
a=msid:kaibo audio
a=rtcp-mux
a=rtpmap:109 opus/48000/2
a=fmtp:109 stereo=1;useinbandfec=1
a=ssrc:1001 cname:kaibo
a=ssrc:1001 msid:kaibo audio
m=video 9 UDP/TLS/RTP/SAVPF 100 101 98 99
c=IN IP4 0.0.0.0
a=ice-ufrag:OurUfrag
a=ice-pwd:OurPasswordOf24Character
a=ice-options:trickle
a=fingerprint:sha-256 DE:AD:BE:EF:00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B
a=setup:passive
a=mid:v
a=extmap:20 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid
a=sendonly
a=msid:kaibo video
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:100 H264/90000
a=rtcp-fb:100 nack
a=fmtp:100 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=640c1f
a=rtpmap:101 rtx/90000
a=fmtp:101 apt=100
a=rtpmap:98 VP8/90000
a=rtcp-fb:98 transport-cc
a=rtcp-fb:98 nack
a=rtcp-fb:98 nack pli
a=rtpmap:99 rtx/90000
a=fmtp:99 apt=98
a=ssrc:1002 cname:kaibo
a=ssrc:1002 msid:kaibo video
a=ssrc:1003 cname:kaibo
a=ssrc:1003 msid:kaibo video
a=ssrc-group:FID 1002 1003
m=video 0 UDP/TLS/RTP/SAVPF 98
c=IN IP4 0.0.0.0
a=mid:second
a=inactive
m=application 0 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=mid:data
a=inactive
";
    let addresses = addresses();
    let remote = read_offer(theirs).unwrap();
    let answer = answer(&local(&addresses), &remote);
    assert!(answer.lines().eq(ours.lines()), "{answer}");
}

/// The part of a description that is the same on both sides, without names and numbers.
#[test]
fn ice_restarts_with_the_same_media() {
    let first = offer(&local(&[]), Layout::ours());
    let remote = read_answer(CHROMIUM_ANSWER, Layout::ours()).unwrap();
    let again = Local { transports: &[ANOTHER], version: 2, ..local(&[]) };
    let second = offer(&again, &remote.layout);
    let changed: Vec<&str> = second
        .lines()
        .filter(|it| !first.contains(&format!("{it}\r\n")))
        .filter(|it| !it.starts_with("m=video"))
        .collect();
    let expected = [
        "o=- 4217 2 IN IP4 0.0.0.0",
        "a=ice-ufrag:Another",
        "a=ice-pwd:AnotherPasswordOf24Chars",
        "a=ice-ufrag:Another",
        "a=ice-pwd:AnotherPasswordOf24Chars",
        // As Chromium wrote it.
        "a=fmtp:45 profile=0;level-idx=5;tier=0",
    ];
    assert_eq!(changed, expected);
}

#[test]
fn who_does_not_receive_for_now_may_later() {
    let paused = CHROMIUM_OFFER.replacen("a=recvonly", "a=inactive", 1);
    let remote = read_offer(&paused).unwrap();
    assert!(remote.media(MediaKind::Audio).is_none());
    assert!(!codecs(&remote).contains(&Codec::Opus));
    let answer = answer(&local(&[]), &remote);
    let audio = &sections(&answer)[1];
    assert!(audio[0].starts_with("m=audio 9 ") && has(audio, "a=inactive"), "{answer}");
    assert!(!audio.iter().any(|it| it.starts_with("a=ssrc") || it.starts_with("a=msid")));
    assert!(has(&sections(&answer)[0], "a=group:BUNDLE 0 1"), "{answer}");
}

#[test]
fn who_waits_for_the_handshake_is_answered_by_one() {
    let waiting = CHROMIUM_OFFER.replace("a=setup:actpass", "a=setup:passive");
    let remote = read_offer(&waiting).unwrap();
    assert_eq!(remote.transport.role, DtlsRole::Client);
    assert_eq!(answer(&local(&[]), &remote).matches("a=setup:active").count(), 2);
}
