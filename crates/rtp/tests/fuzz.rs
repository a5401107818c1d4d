//! The rounds of the fuzz targets, each with a few hundred random inputs.

#![allow(clippy::unwrap_used, unreachable_pub, reason = "an unwrap in a test is an assertion")]

#[path = "../../../fuzz/src/lib.rs"]
mod rounds;

use proptest::prelude::*;

/// Random bytes, of which most begin as a packet of ours could.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let begins = prop_oneof![
        Just(vec![]),
        Just(vec![0x90, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xBE, 0xDE, 0, 4]),
        Just(vec![0xB0, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0x10, 0x00, 0, 4]),
        Just(vec![0x8F, 205, 0, 9, 0, 0, 0, 1, 0, 0, 0, 2, 0, 3, 0, 40]),
        Just(vec![0x81, 205, 0, 9]),
        Just(vec![0x84, 206, 0, 9]),
        Just(vec![0x81, 200, 0, 12]),
        Just(vec![0x81, 202, 0, 9]),
    ];
    (begins, prop::collection::vec(any::<u8>(), 0..120))
        .prop_map(|(begin, rest)| [begin, rest].concat())
}

proptest! {
    #[test]
    fn rtcp_holds_for_any_bytes(bytes in bytes()) {
        rounds::rtcp(&bytes);
    }

    #[test]
    fn rtp_header_holds_for_any_bytes(bytes in bytes()) {
        rounds::rtp_header(&bytes);
    }

    #[test]
    fn srtp_holds_for_any_bytes(bytes in bytes()) {
        rounds::srtp(&bytes);
    }
}
