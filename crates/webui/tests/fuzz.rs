//! The rounds of the fuzz targets, each with a few hundred random inputs.

use proptest::prelude::*;

/// Pieces of a text, in any order and number, with random bytes between them.
fn bytes(pieces: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop_oneof![
        3 => prop::sample::select(pieces).prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(pieces, 0..10).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn accept_encoding_holds_for_any_bytes(
        bytes in bytes(&["br", "gzip", "identity", "*", ";q=", "0", "1", ".", "5", ",", " "])
    ) {
        webui::fuzz::accept_encoding(&bytes);
    }

    #[test]
    fn paths_hold_for_any_bytes(
        bytes in bytes(&["/", "..", ".", "\\", "\0", "index.html", "assets", "r", "%2F", "%2e", "%FF", ".br"])
    ) {
        webui::fuzz::path(&bytes);
    }
}
