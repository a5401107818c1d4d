use proptest::prelude::*;

use super::*;
use crate::header::{Extension, HeaderWriter};

const PROFILES: [Profile; 3] =
    [Profile::AeadAes256Gcm, Profile::AeadAes128Gcm, Profile::Aes128CmHmacSha1_80];

const SSRC: u32 = 0x1234_5678;

/// Two peers that share the keying material of one handshake.
struct Peers {
    server: (Sender, Receiver),
    client: (Sender, Receiver),
}

fn peers(profile: Profile) -> Peers {
    let material: Vec<u8> = (0..profile.keying_material_len()).map(|it| it as u8).collect();
    Peers {
        server: session(profile, &material, Role::Server).unwrap(),
        client: session(profile, &material, Role::Client).unwrap(),
    }
}

/// A packet in a buffer with room for the tag: the buffer, its header's length, its length.
fn packet(ssrc: u32, seq: u16, payload: &[u8]) -> (Vec<u8>, usize, usize) {
    let extensions = [Extension { id: 3, data: &[1, 2] }];
    let writer = HeaderWriter { ssrc, seq, extensions: &extensions, ..Default::default() };
    let mut packet = vec![0; 100 + payload.len()];
    let header_len = writer.write(&mut packet).unwrap();
    let plain_len = header_len + payload.len();
    packet[header_len..plain_len].copy_from_slice(payload);
    packet.truncate(plain_len + MAX_OVERHEAD);
    (packet, header_len, plain_len)
}

/// A protected packet as it is on the wire.
fn sent(sender: &Sender, stream: &mut Stream, index: u64, payload: &[u8]) -> Vec<u8> {
    let (mut packet, header_len, plain_len) = packet(stream.ssrc(), index as u16, payload);
    let len = sender.protect(stream, index, &mut packet, header_len, plain_len).unwrap();
    packet.truncate(len);
    packet
}

#[test]
fn the_ids_of_profiles_are_those_of_dtls() {
    for profile in PROFILES {
        assert_eq!(Profile::from_id(profile.id()), Some(profile));
    }
    assert_eq!(Profile::from_id(0x0002), None, "32 bits of tag are too few");
    assert_eq!(Profile::AeadAes128Gcm.to_string(), "SRTP_AEAD_AES_128_GCM");
    assert_eq!(PROFILES.map(Profile::keying_material_len), [88, 56, 60]);
}

#[test]
fn both_directions_are_understood_and_differ() {
    for profile in PROFILES {
        let mut peers = peers(profile);
        for index in [40_000, 40_001] {
            let (from, to) = (&mut peers.server, &mut peers.client);
            let mut stream = from.0.stream(SSRC).unwrap();
            let mut packet = sent(&from.0, &mut stream, index, b"a frame");
            assert_ne!(packet[20..27], *b"a frame");
            let own = from.1.unprotect_rtp(&mut packet.clone());
            assert_eq!(own, Err(UnprotectError::NotAuthentic));
            let opened = to.1.unprotect_rtp(&mut packet).unwrap();
            assert_eq!(opened, Unprotected { header_len: 20, payload_len: 7, index });
            assert_eq!(packet[20..27], *b"a frame");
            std::mem::swap(&mut peers.server, &mut peers.client);
        }
    }
}

#[test]
fn a_packet_without_payload_is_authenticated_too() {
    for profile in PROFILES {
        let mut peers = peers(profile);
        let mut stream = peers.server.0.stream(SSRC).unwrap();
        let mut packet = sent(&peers.server.0, &mut stream, 1, b"");
        assert_eq!(packet.len(), 20 + profile.overhead());
        assert_eq!(peers.client.1.unprotect_rtp(&mut packet).unwrap().payload_len, 0);
    }
}

#[test]
fn the_sequence_number_wraps_and_the_receiver_follows() {
    for profile in PROFILES {
        let mut peers = peers(profile);
        let mut stream = peers.server.0.stream(SSRC).unwrap();
        let mut late = Vec::new();
        for index in (65_000..200_000_u64).step_by(100) {
            let mut packet = sent(&peers.server.0, &mut stream, index, &index.to_be_bytes());
            // One around the wrap is late, by less than the window.
            if index == 65_500 {
                late = packet;
                continue;
            }
            assert_eq!(peers.client.1.unprotect_rtp(&mut packet).unwrap().index, index);
            if index == 65_800 {
                assert_eq!(peers.client.1.unprotect_rtp(&mut late).unwrap().index, 65_500);
            }
        }
    }
}

#[test]
fn a_nonce_is_used_once_whatever_the_order() {
    for profile in PROFILES {
        let mut peers = peers(profile);
        let sender = &mut peers.server.0;
        let mut stream = sender.stream(SSRC).unwrap();
        let mut protect = |index: u64| {
            let (mut packet, header_len, plain_len) = packet(SSRC, index as u16, b"a frame");
            let before = packet.clone();
            let result = sender.protect(&mut stream, index, &mut packet, header_len, plain_len);
            assert_eq!(result.is_err(), packet == before, "refused, or changed");
            result
        };
        for index in [70_000, 70_002, 70_001] {
            assert!(protect(index).is_ok());
            assert_eq!(protect(index), Err(ProtectError::Reused));
        }
        assert_eq!(protect(70_002), Err(ProtectError::Reused));
        assert!(protect(70_002 - 1_023).is_ok(), "the oldest that is known");
        assert_eq!(protect(70_002 - 1_024), Err(ProtectError::Reused), "older than is known");
        assert!(protect(70_000 + 65_536).is_ok(), "the same number, a cycle later");
        assert_eq!(protect(70_000), Err(ProtectError::Reused));
        assert!(protect((1 << 48) - 1).is_ok());
        assert_eq!(protect(1 << 48), Err(ProtectError::Exhausted));
    }
}

#[test]
fn an_ssrc_has_one_stream_ever() {
    let mut sender = peers(Profile::AeadAes128Gcm).server.0;
    let stream = sender.stream(SSRC).unwrap();
    assert!(sender.stream(SSRC).is_none());
    drop(stream);
    assert!(sender.stream(SSRC).is_none(), "what it had used is forgotten");
    assert_eq!((1..=100).filter(|it| sender.stream(*it).is_some()).count(), 63);
}

#[test]
fn a_stream_of_another_session_is_refused() {
    let mut ours = peers(Profile::AeadAes128Gcm).server.0;
    let mut others = peers(Profile::AeadAes128Gcm).server.0;
    let mut foreign = others.stream(SSRC).unwrap();
    let (mut packet, header_len, len) = packet(SSRC, 1, b"a frame");
    let result = ours.protect(&mut foreign, 1, &mut packet, header_len, len);
    assert_eq!(result, Err(ProtectError::Mismatch));
    let mut stream = ours.stream(SSRC).unwrap();
    assert!(ours.protect(&mut stream, 1, &mut packet, header_len, len).is_ok());
}

#[test]
fn a_header_that_says_something_else_is_refused() {
    let mut sender = peers(Profile::AeadAes128Gcm).server.0;
    let mut stream = sender.stream(SSRC).unwrap();
    let (mut packet, header_len, len) = packet(SSRC, 7, b"a frame");
    let mut protect = |index, packet: &mut [u8], header_len, len| {
        sender.protect(&mut stream, index, packet, header_len, len)
    };
    let mismatch = Err(ProtectError::Mismatch);
    assert_eq!(protect(8, &mut packet, header_len, len), mismatch, "another number");
    assert_eq!(protect(7, &mut packet, 11, len), mismatch, "no header is so short");
    assert_eq!(protect(7, &mut packet, len + 1, len), mismatch, "a header beyond the packet");
    assert_eq!(protect(7, &mut packet[..11], 11, 11), mismatch);
    packet[11] ^= 1;
    assert_eq!(protect(7, &mut packet, header_len, len), mismatch, "another SSRC");
    packet[11] ^= 1;
    let all = packet.len();
    let no_space = Err(ProtectError::NoSpace);
    assert_eq!(protect(7, &mut packet[..all - 1], header_len, len), no_space);
    assert_eq!(protect(7, &mut packet, header_len, 65_536), Err(ProtectError::TooLong));
    assert_eq!(protect(7, &mut packet, header_len, usize::MAX), Err(ProtectError::TooLong));
    assert_eq!(protect(7, &mut packet, header_len, len), Ok(len + 16), "none of it was used");
}

#[test]
fn what_came_is_not_taken_again() {
    for profile in PROFILES {
        let mut peers = peers(profile);
        let (sender, receiver) = (&mut peers.server.0, &mut peers.client.1);
        let mut stream = sender.stream(SSRC).unwrap();
        let first = sent(sender, &mut stream, 5, b"a frame");
        let second = sent(sender, &mut stream, 6, b"a frame");
        assert!(receiver.unprotect_rtp(&mut second.clone()).is_ok());
        assert!(receiver.unprotect_rtp(&mut first.clone()).is_ok(), "late is not too late");
        for packet in [first, second] {
            let again = receiver.unprotect_rtp(&mut packet.clone());
            assert_eq!(again, Err(UnprotectError::Replayed));
        }
        let mut report = rtcp_sent(sender);
        assert!(receiver.unprotect_rtcp(&mut report.clone()).is_ok());
        assert_eq!(receiver.unprotect_rtcp(&mut report), Err(UnprotectError::Replayed));
    }
}

/// A receiver report, protected.
fn rtcp_sent(sender: &mut Sender) -> Vec<u8> {
    let mut packet = vec![0x80, 201, 0, 1, 0, 0, 0, 9];
    packet.extend([0; MAX_RTCP_OVERHEAD]);
    let len = sender.protect_rtcp(&mut packet, 8).unwrap();
    packet.truncate(len);
    packet
}

#[test]
fn one_bit_changed_anywhere_is_noticed_and_changes_nothing() {
    for profile in PROFILES {
        let mut peers = peers(profile);
        let (sender, receiver) = (&mut peers.server.0, &mut peers.client.1);
        let mut stream = sender.stream(SSRC).unwrap();
        let packet = sent(sender, &mut stream, 5, b"a frame");
        let report = rtcp_sent(sender);
        for bit in 0..8 * packet.len() {
            let mut changed = packet.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(receiver.unprotect_rtp(&mut changed).is_err(), "bit {bit} of RTP");
        }
        for bit in 0..8 * report.len() {
            let mut changed = report.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(receiver.unprotect_rtcp(&mut changed).is_err(), "bit {bit} of RTCP");
        }
        assert!(receiver.unprotect_rtp(&mut packet.clone()).is_ok());
        assert!(receiver.unprotect_rtcp(&mut report.clone()).is_ok());
    }
}

#[test]
fn what_is_cut_off_is_refused() {
    for profile in PROFILES {
        let mut peers = peers(profile);
        let mut stream = peers.server.0.stream(SSRC).unwrap();
        let packet = sent(&peers.server.0, &mut stream, 5, b"a frame");
        let report = rtcp_sent(&mut peers.server.0);
        for len in 0..packet.len() {
            assert!(peers.client.1.unprotect_rtp(&mut packet[..len].to_vec()).is_err());
        }
        for len in 0..report.len() {
            assert!(peers.client.1.unprotect_rtcp(&mut report[..len].to_vec()).is_err());
        }
    }
}

#[test]
fn a_peer_with_ever_new_ssrcs_is_bounded() {
    let material = [7; 56];
    let receiver = || session(Profile::AeadAes128Gcm, &material, Role::Client).unwrap().1;
    let sender = || session(Profile::AeadAes128Gcm, &material, Role::Server).unwrap().0;
    let mut receiver = receiver();
    for ssrc in 0..40 {
        let mut sender = sender();
        let mut stream = sender.stream(ssrc).unwrap();
        let result = receiver.unprotect_rtp(&mut sent(&sender, &mut stream, 1, b"a frame"));
        let expected = ssrc >= 32;
        assert_eq!(result == Err(UnprotectError::TooManySources), expected, "SSRC {ssrc}");
        let mut report = vec![0x80, 201, 0, 1, 0, 0, 0, ssrc as u8];
        report.extend([0; MAX_RTCP_OVERHEAD]);
        sender.protect_rtcp(&mut report, 8).unwrap();
        let result = receiver.unprotect_rtcp(&mut report);
        assert_eq!(result == Err(UnprotectError::TooManySources), ssrc >= 16, "SSRC {ssrc}");
    }
}

#[test]
fn a_key_is_used_up_after_two_billion_reports() {
    for profile in PROFILES {
        let mut peers = peers(profile);
        peers.server.0.set_next_rtcp_index((1 << 31) - 1);
        let mut last = rtcp_sent(&mut peers.server.0);
        assert!(peers.client.1.unprotect_rtcp(&mut last).is_ok());
        let result = peers.server.0.protect_rtcp(&mut [0; 64], 8);
        assert_eq!(result, Err(ProtectError::Exhausted));
    }
}

#[test]
fn a_report_that_cannot_be_protected_is_refused() {
    let mut sender = peers(Profile::AeadAes128Gcm).server.0;
    assert_eq!(sender.protect_rtcp(&mut [0; 7], 7), Err(ProtectError::Mismatch));
    assert_eq!(sender.protect_rtcp(&mut [0; 64], 7), Err(ProtectError::Mismatch));
    assert_eq!(sender.protect_rtcp(&mut [0; 27], 8), Err(ProtectError::NoSpace));
    assert_eq!(sender.protect_rtcp(&mut [0; 27], usize::MAX), Err(ProtectError::TooLong));
    assert_eq!(sender.protect_rtcp(&mut [0; 28], 8), Ok(28));
}

#[test]
fn keying_material_of_another_length_is_refused() {
    for profile in PROFILES {
        for len in [0, profile.keying_material_len() - 1, profile.keying_material_len() + 1] {
            let result = session(profile, &vec![0; len], Role::Server);
            assert_eq!(result.unwrap_err(), BadKeyingMaterial { profile, len });
        }
    }
    let text = BadKeyingMaterial { profile: Profile::AeadAes128Gcm, len: 3 }.to_string();
    assert_eq!(text, "SRTP_AEAD_AES_128_GCM takes 56 bytes of keying material, not 3");
}

#[test]
fn keys_are_not_in_the_log() {
    let material = [0xAB; 56];
    let ends = session(Profile::AeadAes128Gcm, &material, Role::Server).unwrap();
    let text = format!("{ends:?}").to_lowercase();
    assert!(!text.contains("171") && !text.contains("abab"), "{text}");
}

#[test]
fn a_session_can_move_to_another_thread() {
    fn check<T: Send + Sync + 'static>() {}
    check::<(Sender, Stream, Receiver)>();
}

proptest! {
    #[test]
    fn any_bytes_are_refused(bytes: Vec<u8>) {
        for profile in PROFILES {
            let mut receiver = peers(profile).server.1;
            prop_assert!(receiver.unprotect_rtp(&mut bytes.clone()).is_err());
            prop_assert!(receiver.unprotect_rtcp(&mut bytes.clone()).is_err());
        }
    }

    #[test]
    fn any_bytes_that_look_like_a_packet_are_refused(rest: Vec<u8>) {
        for profile in PROFILES {
            let mut receiver = peers(profile).server.1;
            let mut bytes = [&[0x90, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0xBE, 0xDE, 0, 1], &rest[..]].concat();
            prop_assert!(receiver.unprotect_rtp(&mut bytes).is_err());
            let mut bytes = [&[0x80, 201, 0, 1, 0, 0, 0, 9], &rest[..]].concat();
            prop_assert!(receiver.unprotect_rtcp(&mut bytes).is_err());
        }
    }

    #[test]
    fn any_arguments_are_protected_or_refused(
        mut bytes: Vec<u8>, index: u64, header_len in 0..300_usize, plain_len in 0..300_usize,
    ) {
        let index = index >> 15;
        for profile in PROFILES {
            let mut sender = peers(profile).server.0;
            let mut stream = sender.stream(SSRC).unwrap();
            if let Some(ssrc) = bytes.get_mut(8..12) {
                ssrc.copy_from_slice(&SSRC.to_be_bytes());
            }
            if let Some(seq) = bytes.get_mut(2..4) {
                seq.copy_from_slice(&(index as u16).to_be_bytes());
            }
            let _ = sender.protect(&mut stream, index, &mut bytes, header_len, plain_len);
            let _ = sender.protect_rtcp(&mut bytes, plain_len);
        }
    }
}
