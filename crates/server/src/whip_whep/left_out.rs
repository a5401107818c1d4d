//! What of a broadcast a player is not sent, and why: the header `Left-Out`.

use axum::http::HeaderValue;
use media_api::Codec;
use sdp::{Description, Section};

/// The value of the header, a list of RFC 9651: `video;codec=H264;reason=codec`. None when nothing is left out.
pub(super) fn value(left_out: &[Codec], theirs: &Description<'_>) -> Option<HeaderValue> {
    let item = |codec: &Codec| {
        let kind = codec.kind().as_str();
        format!("{kind};codec={codec};reason={}", reason(*codec, theirs))
    };
    let items: Vec<String> = left_out.iter().map(item).collect();
    HeaderValue::try_from(items.join(", ")).ok().filter(|it| !it.is_empty())
}

/// Why the player's description does not take it, in a word: docs/whip-whep.md has the words.
fn reason(codec: Codec, theirs: &Description<'_>) -> &'static str {
    let kind = codec.kind().as_str();
    let receives =
        |it: &&Section<'_>| it.kind == kind && it.direction().receives() && !it.is_rejected();
    let receiving: Vec<_> = theirs.sections.iter().filter(receives).collect();
    let names = |section: &&Section<'_>| {
        let types = section.payload_types();
        types
            .iter()
            .any(|it| it.encoding.is_some_and(|it| it.name.eq_ignore_ascii_case(codec.as_str())))
    };
    match receiving.iter().any(names) {
        _ if receiving.is_empty() => "not-offered",
        false => "codec",
        // The codec would do, and a viewer has one transport.
        true => "no-bundle",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUDIO: &str =
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=recvonly\r\na=rtpmap:111 opus/48000/2\r\n";
    const VIDEO: &str = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=recvonly\r\na=rtpmap:96 VP8/90000\r\n";

    fn told(left_out: &[Codec], media: &str) -> Option<String> {
        let text = format!("v=0\r\n{media}");
        let value = value(left_out, &Description::parse(&text).unwrap());
        value.map(|it| it.to_str().unwrap().to_owned())
    }

    #[test]
    fn each_is_told_with_its_reason() {
        assert_eq!(told(&[], VIDEO), None);
        let video = told(&[Codec::H264], &format!("{AUDIO}{VIDEO}"));
        assert_eq!(video.as_deref(), Some("video;codec=H264;reason=codec"));
        let both = told(&[Codec::Opus, Codec::Av1], "");
        assert_eq!(
            both.as_deref(),
            Some("audio;codec=opus;reason=not-offered, video;codec=AV1;reason=not-offered")
        );
        let sends = AUDIO.replace("recvonly", "sendonly");
        assert!(told(&[Codec::Opus], &sends).unwrap().ends_with("not-offered"));
        assert!(told(&[Codec::Opus], AUDIO).unwrap().ends_with("no-bundle"));
    }
}
