//! The rounds of the fuzz targets, each with a few hundred random inputs.

use proptest::prelude::*;

/// Random text, of which most goes on as a session description.
fn sdp() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop_oneof![
        prop::sample::select(vec![
            "o=- 1 2 IN IP4 0.0.0.0\r\n",
            "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n",
            "m=video 0 X 96\n",
            "a=sendrecv\r\n",
            "a=inactive\n",
            "a=msid:s t\r\n",
            "a=rid:h send\r\n",
            "m=",
            "a=",
            "o=",
            "\n",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..8),
    ];
    prop::collection::vec(pieces, 0..16).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn summaries_hold_for_any_bytes(bytes in sdp()) {
        control::fuzz::sdp_summary(&bytes);
        control::fuzz::sdp_summary(&[b"v=0\r\n", bytes.as_slice()].concat());
    }

    #[test]
    fn the_hub_holds_for_any_script(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        control::fuzz::hub(&bytes);
    }
}
