//! What we write is what we read.

use super::*;
use crate::media::VideoCodec;
use crate::socket::Transport;

fn local() -> Local {
    Local {
        ufrag: "abcd".into(),
        pwd: "0123456789012345678901".into(),
        fingerprint: ["AB"; 32].join(":"),
        address: "127.0.0.1:4000".parse().unwrap(),
        transport: Transport::Udp,
    }
}

#[test]
fn our_offer_says_all_that_we_read_of_others() {
    let remote = Remote::read(&offer(&local(), VideoCodec::H264)).unwrap();
    assert_eq!((remote.ufrag.as_str(), remote.is_dtls_client), ("abcd", false));
    assert_eq!(remote.fingerprint, [0xAB; 32]);
    assert_eq!(remote.candidates, ["127.0.0.1:4000".parse::<SocketAddr>().unwrap()]);
    assert_eq!(remote.formats[111], Carries::Audio);
    assert_eq!((remote.formats[96], remote.formats[97]), (Carries::Video, Carries::Rtx));
    assert_eq!((remote.twcc, remote.rtx), (Some(3), true));
}

#[test]
fn an_answer_takes_what_is_offered_and_only_receives() {
    let offer = offer(&local(), VideoCodec::Vp8).replace("recvonly", "sendonly");
    let offer = offer + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:2\r\n";
    let answer = answer(&offer, &local()).unwrap();
    assert_eq!(answer.matches("a=recvonly").count(), 2);
    assert_eq!(answer.matches("a=setup:active").count(), 2);
    assert!(answer.contains("a=group:BUNDLE 0 1\r\n"), "{answer}");
    assert!(answer.contains("m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"), "{answer}");
    assert!(answer.contains("a=mid:2\r\na=inactive\r\n"), "{answer}");
    assert_eq!(Remote::read(&answer).unwrap().formats[96], Carries::Video);
    str0m::change::SdpAnswer::from_sdp_string(&answer).unwrap();
}

#[test]
fn candidates_that_may_not_stay_are_taken_out() {
    let offer = offer(&local(), VideoCodec::Vp8);
    assert_eq!(with_candidates(&offer, |it| it.ip().is_loopback()), offer);
    let none = with_candidates(&offer, |_| false);
    assert!(Remote::read(&none).unwrap().candidates.is_empty());
}

#[test]
fn a_restart_changes_nothing_but_credentials_and_candidates() {
    let offer = offer(&local(), VideoCodec::Vp8);
    let candidates = ["candidate:9 1 udp 1 127.0.0.9 9 typ host".to_owned()];
    let after = with_credentials(&offer, "wxyz", "another-password-of-24-x", &candidates);
    let remote = Remote::read(&after).unwrap();
    assert_eq!((remote.ufrag.as_str(), remote.pwd.len()), ("wxyz", 24));
    assert_eq!(remote.candidates, ["127.0.0.9:9".parse::<SocketAddr>().unwrap()]);
    assert_eq!(with_credentials(&offer, "abcd", "0123456789012345678901", &[]), offer);
}

#[test]
fn what_is_no_description_is_refused() {
    let refused = |text: &str| Remote::read(text).unwrap_err();
    assert_eq!(refused("<html>"), "line 1: it does not begin with v=0");
    assert_eq!(refused("v=0\r\n"), "no media");
    let offer = offer(&local(), VideoCodec::Vp8);
    assert_eq!(refused(&offer.replace("sha-256", "sha-1")), "no SHA-256 fingerprint");
    assert!(refused(&offer.replace("a=ice-pwd:", "a=x:")).contains("it needs an a=ice-pwd"));
}

#[test]
fn candidates_that_cannot_be_sent_to_are_passed_over() {
    let offer = offer(&local(), VideoCodec::Vp8);
    let candidate = "1 1 udp 2130706431 127.0.0.1 4000 typ host";
    for other in ["1 1 tcp 5 10.0.0.1 9 typ host tcptype active", "1 1 udp 5 4c1f.local 9 typ host"]
    {
        let remote = Remote::read(&offer.replace(candidate, other)).unwrap();
        assert!(remote.candidates.is_empty(), "{other}");
    }
}

#[test]
fn over_tcp_we_connect_to_candidates_that_wait_for_it() {
    let local = Local { transport: Transport::Tcp, ..local() };
    let ours = offer(&local, VideoCodec::Vp8);
    assert!(ours.contains("tcp 2128609279 127.0.0.1 9 typ host tcptype active\r\n"), "{ours}");
    let active = Remote::read_over(&ours, Transport::Tcp).unwrap();
    assert!(active.candidates.is_empty() && Remote::read(&ours).unwrap().candidates.is_empty());
    let passive = ours
        .replace("127.0.0.1 9 typ host tcptype active", "10.0.0.1 443 typ host tcptype passive");
    let passive = Remote::read_over(&passive, Transport::Tcp).unwrap();
    assert_eq!(passive.candidates, ["10.0.0.1:443".parse::<SocketAddr>().unwrap()]);
}
