//! The rounds of the fuzz targets, each with a few hundred random inputs.

use proptest::prelude::*;

/// Pieces of a text, in any order and number, with random bytes between them.
fn bytes(pieces: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop_oneof![
        4 => prop::sample::select(pieces).prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ];
    prop::collection::vec(pieces, 0..16).prop_map(|pieces| pieces.concat())
}

const SDP: &[&str] = &[
    "v=0\r\n",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n",
    "m=video 0 X 96\n",
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n",
    "a=sendonly\r\n",
    "a=recvonly\n",
    "a=inactive\r\n",
    "a=bundle-only\r\n",
    "a=rtcp-mux\r\n",
    "a=rtcp-mux-only\r\n",
    "a=msid:s t\r\n",
    "a=msid:- t\r\n",
    "a=ice-ufrag:abcd\r\n",
    "a=ice-pwd:pwdpwdpwdpwdpwdpwdpwdpwd\r\n",
    "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n",
    "a=end-of-candidates\r\n",
    "a=setup:active\r\n",
    "m=",
    "a=",
    "\r",
    "\n",
];

const JSON: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\"rid\":\"h\"",
    "\"mediaId\":\"1\"",
    "\"maxWidth\":",
    "99999999999",
    "-1",
    "\"spatialLayerId\":",
    "\"active\"",
    "\"layers\"",
    "\"viewercount\"",
    "null",
];

const HTTP: &[&str] = &[
    "GET ",
    "POST ",
    "PATCH ",
    "DELETE ",
    "OPTIONS ",
    "/",
    "ws",
    "whip",
    "whep",
    "api",
    "rooms",
    "events",
    "layer",
    "demo",
    "%E7%9B%B4",
    "0123456789abcdef0123456789abcdef",
    "?room=demo",
    "&role=host",
    "\n",
    ": ",
    "Authorization: Bearer x",
    "Content-Type: application/sdp",
    "Content-Type: application/json",
    "If-Match: *",
    "X-Forwarded-For: 127.0.0.1",
    "Origin: http://localhost:3000",
    "Host: localhost:3000",
    "Upgrade: websocket",
    "Connection: upgrade",
    "Accept-Encoding: br",
    "Content-Length: 99999999",
    "v=0\r\nm=audio 9 x 111\r\na=sendonly\r\na=msid:s t\r\n",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn descriptions_hold_for_any_bytes(bytes in bytes(SDP)) {
        server::fuzz::sdp(&bytes);
    }

    #[test]
    fn fragments_hold_for_any_bytes(bytes in bytes(SDP)) {
        server::fuzz::fragment(&bytes);
    }

    #[test]
    fn if_match_holds_for_any_bytes(bytes in bytes(&["\"0123456789abcdef\"", "W/", "*", "\"", ",", " "])) {
        server::fuzz::if_match(&bytes);
    }

    #[test]
    fn choices_of_layers_hold_for_any_bytes(bytes in bytes(JSON)) {
        server::fuzz::layer(&bytes);
    }

    #[test]
    fn lists_of_events_hold_for_any_bytes(bytes in bytes(JSON)) {
        server::fuzz::events(&bytes);
    }

    #[test]
    fn tokens_and_names_hold_for_any_bytes(bytes in bytes(&["Bearer ", "bearer", "Basic ", "x", "直播", "/", "\""])) {
        server::fuzz::token_and_name(&bytes);
    }

    #[test]
    fn urls_of_websockets_hold_for_any_bytes(
        bytes in bytes(&["room=", "role=", "key=", "host", "fan", "demo", "%E7%9B%B4", "%00", "&", "=", "+"])
    ) {
        server::fuzz::query(&bytes);
    }

    #[test]
    fn requests_of_strangers_hold_for_any_bytes(bytes in bytes(HTTP)) {
        server::fuzz::request(&bytes);
    }
}
