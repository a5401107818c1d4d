//! The rounds of the fuzz targets, each with a few hundred random inputs.

use proptest::prelude::*;

/// Random text, of which most begins or goes on as a message that means something here.
fn frame() -> impl Strategy<Value = Vec<u8>> {
    let fixtures: Vec<&str> = include_str!("../fixtures/client.jsonl").lines().collect();
    let pieces = prop_oneof![
        prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "\\",
            "null",
            "1e308",
            "-1",
            "true",
            "\"type\":\"offer\",\"sdp\":\"v=0\"",
            "\"type\":\"hello\",\"v\":1",
            "\"type\":\"layer\",\"video\":\"q\"",
            "\"type\":\"ping\",\"t\":1",
            "\"id\":\"x\"",
            "\"room\":\"demo\"",
            "\"role\":\"host\"",
            "\"name\":\"e\\u200b\\u0301\"",
            "\"caps\":{\"pauses\":true}",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..4),
    ];
    let made = prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat());
    let damaged = (prop::sample::select(fixtures), any::<prop::sample::Index>(), any::<u8>());
    let damaged = damaged.prop_map(|(line, at, byte)| {
        let mut bytes = line.as_bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        bytes
    });
    prop_oneof![made, damaged]
}

/// Text in which letters, marks and invisible characters stand side by side.
fn name() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        prop::sample::select(vec![
            "demo", "直播", "Иван", "е", "e", "\u{301}", "\u{200B}", "\u{3164}", "\u{1160}", "ᄒ",
            "ᅡ", "ﬁ", "\u{FDFA}", "ｄ", " ", "_", "-", "🎉",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(pieces, 0..10).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn frames_hold_for_any_bytes(bytes in frame()) {
        protocol::fuzz::client_frame(&bytes);
    }

    #[test]
    fn names_hold_for_any_text(text in name()) {
        protocol::fuzz::names(text.as_bytes());
    }
}
