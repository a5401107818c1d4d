//! One round of each fuzz target: what must hold for any bytes. `crates/rtp/tests/fuzz.rs` runs
//! the same rounds with random bytes in every `cargo test`.

use rtp::header::{Header, HeaderWriter};
use rtp::rtcp::{Packet, packets, write};
use rtp::srtp::{MAX_OVERHEAD, Profile, Role, session};

/// A compound packet is read to its end, and what it says is the same when it is written again.
pub fn rtcp(bytes: &[u8]) {
    let mut out = vec![0; 400_000];
    for packet in packets(bytes) {
        match packet {
            Packet::SenderReport(it) => {
                let len = write::sender_report(&mut out, &it.info).unwrap();
                let Some(Packet::SenderReport(again)) = packets(&out[..len]).next() else {
                    panic!()
                };
                assert_eq!(again.info, it.info);
                assert!(it.reports.count() <= 31);
            }
            Packet::ReceiverReport(it) => {
                let reports: Vec<_> = it.reports.collect();
                let len = write::receiver_report(&mut out, it.ssrc, &reports).unwrap();
                let Some(Packet::ReceiverReport(again)) = packets(&out[..len]).next() else {
                    panic!()
                };
                assert_eq!(again.reports.collect::<Vec<_>>(), reports);
            }
            Packet::Nack(it) => {
                let seqs: Vec<_> = it.seqs().collect();
                let Some(len) = write::nack(&mut out, 1, 2, seqs.iter().copied()) else {
                    assert!(seqs.is_empty());
                    continue;
                };
                let Some(Packet::Nack(again)) = packets(&out[..len]).next() else { panic!() };
                assert!(seqs.iter().all(|seq| again.seqs().any(|it| it == *seq)));
            }
            Packet::TransportFeedback(it) => {
                let deltas = it.statuses().map(|it| it.1);
                assert_eq!(deltas.clone().count(), usize::from(it.status_count));
                let Some(len) = write::transport_feedback(&mut out, &it.info, deltas) else {
                    assert_eq!(it.status_count, 0);
                    continue;
                };
                let Some(Packet::TransportFeedback(again)) = packets(&out[..len]).next() else {
                    panic!()
                };
                assert_eq!(again.info, it.info);
                assert!(again.statuses().eq(it.statuses()));
            }
            Packet::Sdes(it) => assert!(it.items.count() <= bytes.len()),
            Packet::Bye(it) => assert!(it.ssrcs.count() <= 31),
            Packet::Fir(it) => assert!(it.entries.count() <= bytes.len()),
            Packet::Remb(it) => assert!(it.ssrcs.count() <= 255),
            Packet::Pli(_) | Packet::ExtendedReport(_) | Packet::Other { .. } => {}
        }
    }
}

/// A header is read, and what it says is the same when it is written again.
pub fn rtp_header(bytes: &[u8]) {
    let Some(header) = Header::parse(bytes) else { return };
    assert!(header.header_len <= bytes.len());
    if let Some(payload) = header.payload_without_padding(bytes) {
        assert!(header.header_len + payload.len() <= bytes.len());
    }
    let extensions: Vec<_> = header.extensions().collect();
    let Header { marker, payload_type, seq, ts, ssrc, padding, .. } = header;
    let extensions = &extensions[..];
    let writer = HeaderWriter { marker, payload_type, seq, ts, ssrc, padding, extensions };
    let mut out = vec![0; 400_000];
    // What was in one-byte form is at most twice as long in the other, and may be too long.
    let Some(len) = writer.write(&mut out) else { return };
    let again = Header::parse(&out[..len]).unwrap();
    assert_eq!((again.marker, again.payload_type, again.padding), (marker, payload_type, padding));
    assert_eq!((again.seq, again.ts, again.ssrc, again.header_len), (seq, ts, ssrc, len));
    assert!(again.extensions().eq(extensions.iter().copied()));
}

/// What no peer sent is refused, and what is sent comes back.
pub fn srtp(bytes: &[u8]) {
    for profile in [Profile::AeadAes256Gcm, Profile::AeadAes128Gcm, Profile::Aes128CmHmacSha1_80] {
        let material = vec![7; profile.keying_material_len()];
        let (mut sender, _) = session(profile, &material, Role::Server).unwrap();
        let (_, mut receiver) = session(profile, &material, Role::Client).unwrap();
        assert!(receiver.unprotect_rtp(&mut bytes.to_vec()).is_err());
        assert!(receiver.unprotect_rtcp(&mut bytes.to_vec()).is_err());

        let Some(header) = Header::parse(bytes) else { continue };
        let mut stream = sender.stream(header.ssrc).unwrap();
        let mut packet = [bytes, &[0; MAX_OVERHEAD]].concat();
        let (index, len) = (header.seq.into(), bytes.len());
        let result = sender.protect(&mut stream, index, &mut packet, header.header_len, len);
        let Ok(len) = result else { continue };
        let opened = receiver.unprotect_rtp(&mut packet[..len]).unwrap();
        assert_eq!((opened.index, opened.header_len), (index, header.header_len));
        assert_eq!(packet[..opened.header_len + opened.payload_len], *bytes);
    }
}
