//! The rounds of the fuzz targets, each with a few hundred random inputs.

use proptest::prelude::*;

/// Random bytes, of which most begin or go on as a header that means something here.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop_oneof![
        prop::sample::select(vec![
            "x-forwarded-for:",
            "x-forwarded-proto:",
            "forwarded:",
            "x-real-ip:",
            "via:",
            "host:",
            "origin:",
            "for=",
            "for=\"[",
            "]:80\"",
            "proto=https",
            "192.0.2.7",
            "10.0.0.3",
            "192.168.1.1",
            "2001:db8::7",
            "::ffff:127.0.0.1",
            "localhost",
            "[::1]",
            ":3000",
            "http://",
            "https://studio.example",
            "live.example",
            "null",
            "unknown",
            "sixteen letters!",
            ",",
            ";",
            "\"",
            "\\",
            ".",
            "\n",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..8),
    ];
    prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn forwarding_headers_hold_for_any_bytes(bytes in bytes()) {
        auth::fuzz::forwarded(&bytes);
    }

    #[test]
    fn hosts_hold_for_any_bytes(bytes in bytes()) {
        auth::fuzz::host(&bytes);
    }

    #[test]
    fn origins_hold_for_any_bytes(bytes in bytes()) {
        auth::fuzz::origin(&bytes);
    }

    #[test]
    fn secrets_hold_for_any_bytes(bytes in bytes()) {
        auth::fuzz::secret(&bytes);
    }
}
