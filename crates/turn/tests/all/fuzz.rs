//! The rounds of the fuzz targets, with random bytes and with messages that are damaged.

use crate::common::{PUBLIC, addr, channel_data, indication, request, udp};
use proptest::collection::vec;
use proptest::prelude::*;
use stun_types::message::BINDING;
use stun_types::prelude::*;
use turn::fuzz;
use turn_types::attribute::{Data, XorPeerAddress};
use turn_types::message::ALLOCATE;

/// Messages of a stream, as clients send them.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let peer = XorPeerAddress::new(addr(PUBLIC), 7.into());
    prop_oneof![
        Just(request(BINDING, 1.into(), &[], None)),
        Just(request(ALLOCATE, 2.into(), &[&udp()], None)),
        Just(indication(&[&peer, &Data::new(b"hello")], 7.into())),
        (0x3FFF_u16..0x5001, vec(any::<u8>(), 0..40)).prop_map(|(n, data)| channel_data(n, &data)),
        vec(any::<u8>(), 0..40),
    ]
}

/// A method, and attributes of it with values that are nearly right.
fn attributes() -> impl Strategy<Value = Vec<u8>> {
    let kind = prop_oneof![
        prop::sample::select(vec![0x0C, 0x0D, 0x12, 0x13, 0x17, 0x18, 0x19, 0x1A, 0x22, 0x06]),
        any::<u8>(),
    ];
    let value = prop_oneof![
        vec(any::<u8>(), 0..24),
        Just(vec![17, 0, 0, 0]),
        Just(vec![1, 0, 0, 0]),
        Just(vec![0x40, 0, 0, 0]),
        Just(XorPeerAddress::new(addr(PUBLIC), 77.into()).to_raw().to_bytes()[4..].to_vec()),
    ];
    let attribute = (kind, value)
        .prop_map(|(kind, value)| [&[0, kind, value.len() as u8][..], &value].concat());
    (0_u8..16, vec(attribute, 0..6))
        .prop_map(|(method, attributes)| [&[method][..], &attributes.concat()].concat())
}

proptest! {
    #[test]
    fn a_stream_holds_for_any_bytes(bytes in vec(any::<u8>(), 0..300)) {
        fuzz::stream(&bytes);
    }

    #[test]
    fn a_stream_of_messages_does_the_same_wherever_it_is_cut(
        messages in vec(message(), 0..12),
        damage in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
    ) {
        let mut bytes = messages.concat();
        if let Some((at, byte)) = damage && !bytes.is_empty() {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        fuzz::stream(&bytes);
    }

    #[test]
    fn requests_with_credentials_hold_for_any_attributes(bytes in attributes()) {
        fuzz::request(&bytes);
    }

    #[test]
    fn requests_with_credentials_hold_for_any_bytes(bytes in vec(any::<u8>(), 0..200)) {
        fuzz::request(&bytes);
    }
}
