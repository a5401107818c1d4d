//! Writes our answer and our offer.

use sdp::{Description, Writer};

use super::{Local, TWCC};
use crate::media::SentVideo;
use crate::socket::Transport;

/// The attributes of an offered media description that the answer repeats.
const ECHOED: [&str; 8] =
    ["mid", "extmap", "rtpmap", "fmtp", "rtcp-fb", "rtcp-mux", "rtcp-mux-only", "rtcp-rsize"];

/// The answer to a server's offer: accepts all codecs, receives only.
pub fn answer(offer: &str, local: &Local) -> Result<String, String> {
    let offer = Description::parse(offer).map_err(|it| it.to_string())?;
    let mut out = session(local);
    if let Some(bundle) = offer.bundle() {
        let takes = |mid: &&str| offer.section(mid).is_some_and(|it| it.is_audio_or_video());
        let taken: Vec<&str> = bundle.mids().filter(takes).collect();
        out.attribute("group", format_args!("BUNDLE {}", taken.join(" ")));
    }
    for section in &offer.sections {
        let takes = section.is_audio_or_video();
        let formats: Vec<&str> = section.formats().collect();
        let (kind, port, proto) = (section.kind, if takes { 9 } else { 0 }, section.proto);
        out.line(format_args!("m={kind} {port} {proto} {}", formats.join(" ")));
        out.line("c=IN IP4 0.0.0.0");
        if !takes {
            section.mid().into_iter().for_each(|mid| out.attribute("mid", mid));
            out.flag("inactive");
            continue;
        }
        transport(&mut out, local, "active");
        out.flag("recvonly");
        for (name, value) in section.attributes.iter().filter(|it| ECHOED.contains(&it.0)) {
            if value.is_empty() { out.flag(name) } else { out.attribute(name, value) }
        }
    }
    Ok(out.into_text())
}

/// An offer to watch, for servers that want one.
pub fn offer(local: &Local, codec: impl Into<SentVideo>) -> String {
    let mut out = session(local);
    out.line("a=group:BUNDLE 0 1");
    let mut section = |head: &str, mid: &str, lines: &[&str]| {
        out.line(head);
        out.line("c=IN IP4 0.0.0.0");
        out.attribute("mid", mid);
        transport(&mut out, local, "actpass");
        out.line("a=recvonly");
        out.line("a=rtcp-mux");
        out.line("a=rtcp-rsize");
        out.line("a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid");
        out.attribute("extmap", format_args!("3 {TWCC}"));
        lines.iter().for_each(|it| out.line(it));
    };
    section(
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "0",
        &[
            "a=rtpmap:111 opus/48000/2",
            "a=fmtp:111 minptime=10;useinbandfec=1",
            "a=rtcp-fb:111 transport-cc",
        ],
    );
    let h264 = |profile_level: &str| {
        format!(
            "a=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id={profile_level}"
        )
    };
    let (map, params) = match codec.into() {
        SentVideo::Vp8 => ("a=rtpmap:96 VP8/90000", None),
        SentVideo::Vp9 => ("a=rtpmap:96 VP9/90000", Some("a=fmtp:96 profile-id=0".to_owned())),
        SentVideo::Av1 => ("a=rtpmap:96 AV1/90000", None),
        // Constrained Baseline.
        SentVideo::H264 { profile: 0x42 } => ("a=rtpmap:96 H264/90000", Some(h264("42e01f"))),
        SentVideo::H264 { profile } => {
            ("a=rtpmap:96 H264/90000", Some(h264(&format!("{profile:02x}001f"))))
        }
    };
    let mut lines = vec![map];
    lines.extend(params.as_deref());
    lines.extend([
        "a=rtcp-fb:96 transport-cc",
        "a=rtcp-fb:96 ccm fir",
        "a=rtcp-fb:96 nack",
        "a=rtcp-fb:96 nack pli",
        "a=rtpmap:97 rtx/90000",
        "a=fmtp:97 apt=96",
    ]);
    section("m=video 9 UDP/TLS/RTP/SAVPF 96 97", "1", &lines);
    out.into_text()
}

fn session(local: &Local) -> Writer {
    let mut out = Writer::with_capacity(4_096);
    out.line("v=0");
    out.line(format_args!("o=- {} 2 IN IP4 127.0.0.1", u32::from(local.address.port()) + 1));
    out.line("s=-");
    out.line("t=0 0");
    out
}

fn transport(out: &mut Writer, local: &Local, setup: &str) {
    out.attribute("ice-ufrag", &local.ufrag);
    out.attribute("ice-pwd", &local.pwd);
    out.attribute("fingerprint", format_args!("sha-256 {}", local.fingerprint));
    out.attribute("setup", setup);
    let (ip, port) = (local.address.ip(), local.address.port());
    match local.transport {
        Transport::Udp => {
            out.attribute("candidate", format_args!("1 1 udp 2130706431 {ip} {port} typ host"));
        }
        // Port 9 and the priority of RFC 6544, sections 4.1 and 4.2.
        Transport::Tcp => out.attribute(
            "candidate",
            format_args!("1 1 tcp 2128609279 {ip} 9 typ host tcptype active"),
        ),
    }
    out.flag("end-of-candidates");
}
