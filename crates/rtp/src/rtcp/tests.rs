use proptest::prelude::*;

use super::*;

/// What one function writes.
fn written(write: impl Fn(&mut [u8]) -> Option<usize>) -> Vec<u8> {
    let mut out = [0xEE; 1500];
    let len = write(&mut out).unwrap();
    assert_eq!(len % 4, 0);
    for short in 0..len {
        assert_eq!(write(&mut vec![0; short]), None, "{short} of {len} bytes are too few");
    }
    out[..len].to_vec()
}

/// The only packet of some bytes.
fn read(bytes: &[u8]) -> Packet<'_> {
    let mut all = packets(bytes);
    let packet = all.next().unwrap();
    assert!(all.next().is_none());
    packet
}

macro_rules! read_as {
    ($kind:ident, $bytes:expr) => {
        match read($bytes) {
            Packet::$kind(packet) => packet,
            other => panic!("{other:?}"),
        }
    };
}

const BLOCK: ReportBlock = ReportBlock {
    ssrc: 0x0102_0304,
    fraction_lost: 0x55,
    cumulative_lost: 0x0066_7788,
    highest_seq: 0x1112_1314,
    jitter: 0x2122_2324,
    last_sr: 0x3132_3334,
    delay_since_last_sr: 0x4142_4344,
};

#[test]
fn a_sender_report_comes_back() {
    let info = SenderInfo {
        ssrc: 1,
        ntp: 0x0102_0304_0506_0708,
        rtp_ts: 90_000,
        packets: u32::MAX,
        octets: 1 << 31,
    };
    let bytes = written(|out| write::sender_report(out, &info));
    assert_eq!(bytes[..4], [0x80, 200, 0, 6]);
    let report = read_as!(SenderReport, &bytes);
    assert_eq!((report.info, report.reports.count()), (info, 0));
}

#[test]
fn a_sender_report_with_blocks_and_an_extension_is_read() {
    let mut bytes = written(|out| write::sender_report(out, &SenderInfo::default()));
    let blocks = written(|out| write::receiver_report(out, 0, &[BLOCK; 2]));
    bytes.extend(&blocks[8..]);
    bytes.extend([0xAB; 4]);
    bytes[0] |= 2;
    bytes[3] = (bytes.len() / 4 - 1) as u8;
    let report = read_as!(SenderReport, &bytes);
    assert_eq!(report.reports.collect::<Vec<_>>(), [BLOCK; 2]);
}

/// RFC 3550, section 6.4.1: the order of the fields.
#[test]
fn a_receiver_report_comes_back() {
    let bytes = written(|out| write::receiver_report(out, 0x9ABC_DEF0, &[BLOCK]));
    let expected = [
        0x81, 201, 0, 7, 0x9A, 0xBC, 0xDE, 0xF0, 1, 2, 3, 4, 0x55, 0x66, 0x77, 0x88, 0x11, 0x12,
        0x13, 0x14, 0x21, 0x22, 0x23, 0x24, 0x31, 0x32, 0x33, 0x34, 0x41, 0x42, 0x43, 0x44,
    ];
    assert_eq!(bytes, expected);
    let report = read_as!(ReceiverReport, &bytes);
    assert_eq!(report.ssrc, 0x9ABC_DEF0);
    assert_eq!(report.reports.collect::<Vec<_>>(), [BLOCK]);
    assert_eq!(write::receiver_report(&mut [0; 1500], 0, &[BLOCK; 32]), None, "five bits of count");
}

#[test]
fn more_duplicates_than_losses_are_a_negative_loss() {
    for (lost, expected) in
        [(-1, -1), (0, 0), (-(1 << 23), -(1 << 23)), (i32::MIN, -(1 << 23)), (1 << 23, 0x7F_FFFF)]
    {
        let block = ReportBlock { cumulative_lost: lost, ..BLOCK };
        let bytes = written(|out| write::receiver_report(out, 0, &[block]));
        let read = read_as!(ReceiverReport, &bytes).reports.next().unwrap();
        assert_eq!(read, ReportBlock { cumulative_lost: expected, ..BLOCK });
    }
}

#[test]
fn a_name_of_any_length_is_padded_and_comes_back() {
    for len in 0..9 {
        let name = "kaibo-cname"[..len].to_owned();
        let bytes = written(|out| write::cname(out, 7, &name));
        let items: Vec<_> = read_as!(Sdes, &bytes).items.collect();
        assert_eq!(items, [SdesItem { ssrc: 7, kind: CNAME, text: name.as_bytes() }]);
        assert_eq!(bytes.last(), Some(&0), "the items are ended");
    }
    assert_eq!(write::cname(&mut [0; 1500], 7, &"a".repeat(256)), None);
}

#[test]
fn several_sources_are_described_in_one_packet() {
    let bytes = [
        0x82, 202, 0, 5, 0, 0, 0, 1, CNAME, 2, b'a', b'b', 2, 0, 0,
        0, // Two items, two zeros.
        0, 0, 0, 2, CNAME, 1, b'c', 0,
    ];
    let items: Vec<_> =
        read_as!(Sdes, &bytes).items.map(|it| (it.ssrc, it.kind, it.text)).collect();
    assert_eq!(items, [(1, CNAME, &b"ab"[..]), (1, 2, b""), (2, CNAME, b"c")]);
}

#[test]
fn a_goodbye_comes_back_with_or_without_a_reason() {
    let mut bytes = written(|out| write::bye(out, &[1, 2, 3]));
    assert_eq!(read_as!(Bye, &bytes).ssrcs.collect::<Vec<_>>(), [1, 2, 3]);
    bytes.extend([3, b'e', b'n', b'd']);
    bytes[3] += 1;
    assert_eq!(read_as!(Bye, &bytes).ssrcs.collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(write::bye(&mut [0; 1500], &[0; 32]), None);
}

/// RFC 4585, section 6.2.1: a packet id and a bitmask of the sixteen that follow.
#[test]
fn missing_packets_are_listed_in_as_few_words_as_possible() {
    let seqs = [65_530, 65_531, 10, 11, 28];
    let bytes = written(|out| write::nack(out, 1, 2, seqs));
    // 16 after 65530 is 10; 17 after 11 is 28.
    let expected = [0xFF, 0xFA, 0x80, 0x01, 0, 11, 0, 0, 0, 28, 0, 0];
    assert_eq!(bytes[..12], [0x81, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2]);
    assert_eq!(bytes[12..], expected);
}

#[test]
fn missing_packets_are_found_in_the_bitmask() {
    let bytes = [0x81, 205, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, 0xFF, 0xFE, 0x80, 0x05, 0, 9, 0, 0];
    let nack = read_as!(Nack, &bytes);
    assert_eq!((nack.sender_ssrc, nack.media_ssrc), (1, 2));
    assert_eq!(nack.seqs().collect::<Vec<_>>(), [65_534, 65_535, 1, 14, 9]);
    assert_eq!(write::nack(&mut [0; 64], 1, 2, []), None, "nothing is missing");
}

#[test]
fn keyframes_are_asked_for() {
    let bytes = written(|out| write::pli(out, 1, 2));
    assert_eq!(bytes, [0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2]);
    assert_eq!(read_as!(Pli, &bytes), Pli { sender_ssrc: 1, media_ssrc: 2 });

    let entries = [FirEntry { ssrc: 5, seq: 255 }, FirEntry { ssrc: 6, seq: 0 }];
    let bytes = written(|out| write::fir(out, 1, &entries));
    let expected = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5, 255, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0];
    assert_eq!((&bytes[..4], &bytes[4..]), (&[0x84, 206, 0, 6][..], &expected[..]));
    let fir = read_as!(Fir, &bytes);
    assert_eq!((fir.sender_ssrc, fir.entries.collect::<Vec<_>>()), (1, entries.to_vec()));
}

/// draft-alvestrand-rmcat-remb-03, section 2.2: an exponent of 6 bits, a mantissa of 18.
#[test]
fn an_estimate_keeps_eighteen_bits() {
    let bytes = [
        0x8F, 206, 0, 6, 0, 0, 0, 1, 0, 0, 0, 0, b'R', b'E', b'M', b'B', 2, 0x13, 0xF7,
        0xA0, //
        0, 0, 0, 5, 0, 0, 0, 6,
    ];
    let remb = read_as!(Remb, &bytes);
    assert_eq!((remb.sender_ssrc, remb.bitrate), (1, 0x3_F7A0 << 4));
    assert_eq!(remb.ssrcs.collect::<Vec<_>>(), [5, 6]);
    assert_eq!(written(|out| write::remb(out, 1, 0x3_F7A0 << 4, &[5, 6])), bytes);

    for bitrate in [0, 1, 0x3_FFFF, 0x4_0000, 1_234_567_890, u64::MAX] {
        let bytes = written(|out| write::remb(out, 1, bitrate, &[]));
        let read = read_as!(Remb, &bytes).bitrate;
        assert!(read <= bitrate && bitrate - read <= bitrate >> 17, "{bitrate} became {read}");
    }
    let mut bytes = bytes;
    bytes[17] |= 0xFC;
    assert_eq!(read_as!(Remb, &bytes).bitrate, u64::MAX, "more than there can be");
}

#[test]
fn what_is_not_known_is_passed_over() {
    let mut bytes = vec![0x80, 207, 0, 1, 0, 0, 0, 1, 0x8F, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2];
    bytes.extend(written(|out| write::pli(out, 1, 2)));
    let kinds: Vec<_> = packets(&bytes).collect();
    assert!(matches!(kinds[0], Packet::ExtendedReport(it) if it.reference_time.is_none()));
    assert!(matches!(kinds[1], Packet::Other { packet_type: 206, format: 15 }), "not REMB");
    assert!(matches!(kinds[2], Packet::Pli(_)));
}

#[test]
fn a_compound_packet_is_read_up_to_what_is_malformed() {
    let pli = written(|out| write::pli(out, 1, 2));
    let count = |bytes: &[u8]| packets(bytes).count();
    assert_eq!(count(&[&pli[..], &pli].concat()), 2);
    for (at, value) in [(12, 0x41), (12, 0xA1), (14, 0xFF), (15, 3), (15, 1)] {
        let mut bytes = [&pli[..], &pli, &pli].concat();
        bytes[at] = value;
        // What the last two make longer or padded is cut off, or ends with a padding too long.
        assert_eq!(count(&bytes), if (at, value) == (15, 3) { 2 } else { 1 }, "{value:#x} at {at}");
    }
    assert_eq!(count(&[0x81, 200, 0, 1, 0, 0, 0, 1]), 0, "a sender report without its numbers");
    assert_eq!(count(&[0x81, 201, 0, 1, 0, 0, 0, 1]), 0, "a block that is not there");
    assert_eq!(count(&[0x81, 203, 0, 0]), 0, "a goodbye of nobody");
    assert_eq!(count(&[0x81, 206, 0, 1, 0, 0, 0, 1]), 0, "PLI without a source");
}

#[test]
fn padding_is_taken_off() {
    let bytes = [0xA1, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 4];
    assert_eq!(read_as!(Pli, &bytes), Pli { sender_ssrc: 1, media_ssrc: 2 });
    for padding in [0, 5, 13, 255] {
        let mut bytes = bytes;
        bytes[15] = padding;
        assert!(packets(&bytes).next().is_none(), "{padding} bytes");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_to_their_end(bytes: Vec<u8>) {
        read_all(&bytes);
    }

    #[test]
    fn any_body_of_any_kind_is_read_to_its_end(
        parts in prop::collection::vec((0_u8..64, 199_u8..209, prop::collection::vec(any::<u32>(), 0..40)), 1..4),
    ) {
        let mut bytes = Vec::new();
        for (format, packet_type, words) in parts {
            bytes.extend([0x80 | format, packet_type, 0, words.len() as u8]);
            bytes.extend(words.iter().flat_map(|it| it.to_be_bytes()));
        }
        read_all(&bytes);
    }

    #[test]
    fn any_missing_packets_come_back(mut seqs in prop::collection::btree_set(any::<u16>(), 1..200)) {
        let bytes = written_once(|out| write::nack(out, 1, 2, seqs.iter().copied()));
        for seq in read_as!(Nack, &bytes).seqs() {
            prop_assert!(seqs.remove(&seq), "{} was not missing", seq);
        }
        prop_assert!(seqs.is_empty());
    }
}

/// What one function writes, without trying all buffers that are too short.
fn written_once(write: impl Fn(&mut [u8]) -> Option<usize>) -> Vec<u8> {
    let mut out = vec![0xEE; 4_000];
    let len = write(&mut out).unwrap();
    out.truncate(len);
    out
}

/// Goes through all that there is to go through. No list is longer than its bytes allow.
fn read_all(bytes: &[u8]) {
    for packet in packets(bytes) {
        let (count, bound) = match packet {
            Packet::SenderReport(it) => (it.reports.count(), 31),
            Packet::ReceiverReport(it) => (it.reports.count(), 31),
            Packet::Sdes(it) => (it.items.count(), bytes.len() / 2),
            Packet::Bye(it) => (it.ssrcs.count(), 31),
            Packet::Nack(it) => (it.seqs().count(), 17 * bytes.len() / 4),
            Packet::Fir(it) => (it.entries.count(), bytes.len() / 8),
            Packet::TransportFeedback(it) => (it.statuses().count(), it.status_count.into()),
            Packet::Remb(it) => (it.ssrcs.count(), 255),
            Packet::Pli(_) | Packet::ExtendedReport(_) | Packet::Other { .. } => (0, 0),
        };
        assert!(count <= bound);
    }
}

#[test]
fn a_receiver_learns_its_round_trip_by_its_own_clock() {
    // RFC 3611, section 4.4: a reference time, behind a block of another kind.
    let report =
        [0x80, 207, 0, 6, 0, 0, 0, 9, 1, 0, 0, 1, 1, 2, 3, 4, 4, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8];
    let Some(Packet::ExtendedReport(it)) = packets(&report).next() else { panic!() };
    assert_eq!((it.ssrc, it.reference_time), (9, Some(0x0102_0304_0506_0708)));

    let mut out = [0; 64];
    let len = write::delay_since_last_rr(&mut out, 7, 9, 0x0304_0506, 0x1_0000).unwrap();
    let expected = [0x80, 207, 0, 5, 0, 0, 0, 7, 5, 0, 0, 3, 0, 0, 0, 9, 3, 4, 5, 6, 0, 1, 0, 0];
    assert_eq!(out[..len], expected);
}
