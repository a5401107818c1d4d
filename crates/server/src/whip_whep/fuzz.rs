//! What must hold for any bytes of an encoder or a player: rounds of the fuzz targets, which `tests/fuzz.rs` runs
//! briefly.

use auth::Secret;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue};
use media_api::LayerRate;
use protocol::{LayerName, LayerSize, LiveState, RoomName, RoomState};

use super::etag::Match;
use sdp::{Credentials, Description, Fragment};

use super::{call, description, etag, events, fragment, layers};

/// The longest error that repeats something of the client's.
const MAX_ERROR_BYTES: usize = 500;

const OFFER: &str = "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\nm=audio 9 x 111\r\na=setup:active\r\n\
    a=ice-ufrag:old1\r\na=ice-pwd:oldoldoldoldoldoldoldold\r\na=sendonly\r\nm=video 9 x 96\r\na=sendonly\r\n";

/// Kind and direction of each media description; none of what is no description.
fn media(text: &str) -> Vec<(String, sdp::Direction)> {
    let Ok(read) = Description::parse(text) else { return Vec::new() };
    read.sections.iter().map(|it| (it.kind.to_owned(), it.direction())).collect()
}

/// Any description is judged, and what is said of rtcp-mux is said once.
pub fn sdp(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let text = format!("v=0\r\n{text}");
    let Ok(read) = Description::parse(&text) else { return };
    let sections = &read.sections;
    match description::check_publish(&read) {
        Ok(()) => {
            let sends = |it: &&sdp::Section<'_>| it.is_audio_or_video() && it.direction().sends();
            assert!(sections.iter().any(|it| sends(&it)));
        }
        Err(why) => assert!(why.len() < MAX_ERROR_BYTES, "{why}"),
    }
    if description::can_play(&read) {
        assert!(sections.iter().any(sdp::Section::is_audio_or_video));
    }
    assert!(
        description::refused(&read, &read).is_none(),
        "what is sent is neither rejected nor inactive"
    );
    assert!(description::video_index(&read).is_none_or(|at| sections[at].kind == "video"));
    _ = description::ufrag(&read);
    let once = description::with_rtcp_mux_only(&text);
    assert_eq!(description::with_rtcp_mux_only(&once), once);
    // It may be beyond a limit now.
    if let Ok(again) = Description::parse(&once) {
        assert_eq!(again.sections.len(), sections.len());
    }
}

/// A fragment is read within its bounds, and what it says becomes no other line of a description.
pub fn fragment(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match fragment::read(text) {
        Err(problem) => assert!(problem.detail.len() < MAX_ERROR_BYTES, "{}", problem.detail),
        Ok(None) => {}
        Ok(Some(credentials)) => {
            let offer = fragment::restarted(OFFER, credentials);
            assert_eq!(media(&offer), media(OFFER));
            assert_eq!(offer.lines().count(), OFFER.lines().count());
            let offer = Description::parse(&offer).expect("it is our own");
            assert_eq!(offer.transport(&offer.sections[0]).credentials(), Ok(credentials));
        }
    }
    let credentials = Credentials { ufrag: "abcd", pwd: "pwdpwdpwdpwdpwdpwdpwdpwd" };
    let text = format!("v=0\r\n{text}");
    // With the same credentials everywhere all is on one transport, where a payload type has one meaning.
    let restarted = media(&fragment::restarted(&text, credentials));
    assert!(restarted.is_empty() || restarted == media(&text));
    if let Ok(ours) = fragment::write(&text) {
        let read = Fragment::parse(&ours).expect("it is our own");
        assert!(read.sections.len() <= 1, "{ours}");
    }
}

/// Only a header that names the tag, or any, holds.
pub fn if_match(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let holds = etag::check(Some(text), "\"0123456789abcdef\"") == Match::Holds;
    assert!(!holds || text.contains("\"0123456789abcdef\"") || text.contains('*'));
}

/// A choice is `auto` or a layer that there is.
pub fn layer(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some(room) = room() else { return };
    match layers::choose(text, &room, Some(1)) {
        Ok(name) => assert!(
            name.as_str() == "auto" || room.layers.iter().any(|it| it == name.as_str()),
            "{name:?}"
        ),
        Err(layers::Refusal::Malformed(why) | layers::Refusal::NoSuchLayer(why)) => {
            assert!(why.len() < MAX_ERROR_BYTES, "{why}");
        }
    }
    let rates = [LayerRate { rid: Some("h".into()), kbps: u32::MAX }];
    let told = layers::describe(&room, &rates, Some(data.len()));
    assert!(serde_json::from_str::<serde_json::Value>(&told).is_ok(), "{told}");
}

/// Three layers, of which one has a size.
fn room() -> Option<RoomState> {
    Some(RoomState {
        live: LiveState::Live,
        codec: Some("VP8".into()),
        layers: ["h", "m", "q"].map(str::to_owned).to_vec(),
        sizes: vec![LayerSize { rid: LayerName::parse("h").ok()?, w: 1280, h: 720 }],
        ..RoomState::empty(RoomName::parse("demo").ok()?)
    })
}

/// A list of events has each that is known once at most.
pub fn events(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match events::read_wanted(text) {
        Ok(wanted) => assert!(wanted.len() <= events::Kind::ALL.len(), "{wanted:?}"),
        Err(why) => assert!(why.len() < MAX_ERROR_BYTES, "{why}"),
    }
}

/// A token is read within its bound and repeated by no error, and a name is safe in an address.
pub fn token_and_name(data: &[u8]) {
    if let Ok(value) = HeaderValue::from_bytes(data) {
        let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
        match call::bearer(&headers) {
            Ok(bearer) => {
                assert!(bearer.secret.is_none_or(|it| it.reveal().len() <= Secret::MAX_BYTES));
                assert!(bearer.text.is_none_or(|it| it.len() <= tokens::MAX_TOKEN_BYTES));
            }
            Err(problem) => assert!(problem.detail.len() < 100, "{}", problem.detail),
        }
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let encoded = crate::http::encode(text);
        let is_safe = |b: u8| b.is_ascii_alphanumeric() || b"-._~%".contains(&b);
        assert!(encoded.bytes().all(is_safe) && encoded.len() <= 3 * text.len());
        assert!(HeaderValue::from_str(&encoded).is_ok());
    }
}
