use proptest::prelude::*;

use super::*;

/// RFC 8285, section 4.2: the figure with three elements and padding between them.
const ONE_BYTE_PACKET: [u8; 28] = [
    0x90, 0xE0, 0x12, 0x34, 0, 0, 0x03, 0xE8, 0xCA, 0xFE, 0xBA, 0xBE, // Fixed part.
    0xBE, 0xDE, 0, 3, 0x10, 0xAA, 0x21, 0xB0, 0xB1, 0, 0, 0x33, 0xC0, 0xC1, 0xC2, 0xC3,
];

/// RFC 8285, section 4.3: the figure, one element of it without data.
const TWO_BYTE_PACKET: [u8; 28] = [
    0x90, 0x60, 0x12, 0x34, 0, 0, 0x03, 0xE8, 0xCA, 0xFE, 0xBA, 0xBE, // Fixed part.
    0x10, 0x00, 0, 3, 0x10, 0, 0x21, 1, 0xB0, 0, 0x33, 4, 0xC0, 0xC1, 0xC2, 0xC3,
];

fn elements(packet: &[u8]) -> Vec<(u8, Vec<u8>)> {
    Header::parse(packet).unwrap().extensions().map(|it| (it.id, it.data.to_vec())).collect()
}

#[test]
fn a_packet_is_read_to_where_its_payload_begins() {
    let packet = [&ONE_BYTE_PACKET[..], &[1, 2, 3]].concat();
    let header = Header::parse(&packet).unwrap();
    assert_eq!((header.payload_type, header.marker, header.padding), (0x60, true, false));
    assert_eq!((header.seq, header.ts, header.ssrc), (0x1234, 1000, 0xCAFE_BABE));
    assert_eq!(header.header_len, 28);
    assert_eq!(header.payload_without_padding(&packet), Some(&[1, 2, 3][..]));
}

#[test]
fn contributing_sources_are_passed_over() {
    let mut packet = vec![0x82, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9];
    packet.extend([0xAB; 9]);
    assert_eq!(Header::parse(&packet).unwrap().header_len, 20);
    assert!(Header::parse(&packet[..19]).is_none(), "the second source is cut off");
}

#[test]
fn extension_elements_are_read_in_both_forms() {
    let expected = vec![(1, vec![0xAA]), (2, vec![0xB0, 0xB1]), (3, vec![0xC0, 0xC1, 0xC2, 0xC3])];
    assert_eq!(elements(&ONE_BYTE_PACKET), expected);
    let expected = vec![(0x10, vec![]), (0x21, vec![0xB0]), (0x33, vec![0xC0, 0xC1, 0xC2, 0xC3])];
    assert_eq!(elements(&TWO_BYTE_PACKET), expected);
    let header = Header::parse(&TWO_BYTE_PACKET).unwrap();
    assert_eq!(header.extension(0x10), Some(&[][..]));
    assert_eq!(header.extension(1), None);
}

#[test]
fn elements_end_where_the_form_says_so_or_is_broken() {
    let mut packet = ONE_BYTE_PACKET;
    packet[18] = 0xF0;
    assert_eq!(elements(&packet), vec![(1, vec![0xAA])], "15 is reserved");
    packet[18] = 0x02;
    assert_eq!(elements(&packet), vec![(1, vec![0xAA])], "0 has no length");
    packet[18] = 0x2F;
    assert_eq!(elements(&packet), vec![(1, vec![0xAA])], "longer than what is left");
    packet[12] = 0x55;
    assert_eq!(elements(&packet), vec![], "another profile");
}

#[test]
fn what_is_no_rtp_is_no_header() {
    assert!(Header::parse(&[]).is_none());
    assert!(Header::parse(&ONE_BYTE_PACKET[..27]).is_none(), "the extension is cut off");
    assert!(Header::parse(&[0x40; 40]).is_none(), "version 1");
}

#[test]
fn padding_that_cannot_be_is_refused() {
    let packet = |payload: &[u8]| [&[0xA0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9], payload].concat();
    let read = |packet: Vec<u8>| {
        let header = Header::parse(&packet).unwrap();
        header.payload_without_padding(&packet).map(<[u8]>::to_vec)
    };
    assert_eq!(read(packet(&[7, 8, 0, 2])), Some(vec![7, 8]));
    assert_eq!(read(packet(&[0, 0, 3])), Some(vec![]), "a probe is nothing but padding");
    assert_eq!(read(packet(&[7, 8, 0, 5])), None);
    assert_eq!(read(packet(&[7, 8, 0, 0])), None);
    assert_eq!(read(packet(&[])), None);
}

#[test]
fn the_elements_of_a_usual_packet_take_one_byte_each() {
    let extensions = [
        Extension { id: 1, data: &[1, 2, 3] },
        Extension { id: 0, data: &[9; 9] },
        Extension { id: 14, data: &[0xAB; 16] },
    ];
    let writer = HeaderWriter {
        marker: true,
        payload_type: 96,
        seq: 0xFFFF,
        ts: u32::MAX,
        ssrc: 7,
        padding: true,
        extensions: &extensions,
    };
    let mut packet = [0xEE; 64];
    let len = writer.write(&mut packet).unwrap();
    assert_eq!(len, 12 + 4 + 24, "4 and 17 bytes, padded");
    let header = Header::parse(&packet[..len]).unwrap();
    assert_eq!((header.marker, header.payload_type, header.padding), (true, 96, true));
    assert_eq!((header.seq, header.ts, header.ssrc), (0xFFFF, u32::MAX, 7));
    assert_eq!(header.header_len, len);
    assert_eq!(elements(&packet[..len]), vec![(1, vec![1, 2, 3]), (14, vec![0xAB; 16])]);
    assert_eq!(packet[12..14], [0xBE, 0xDE]);
    assert_eq!(packet[len], 0xEE, "what follows is not touched");
}

#[test]
fn one_long_element_makes_all_take_the_two_byte_form() {
    for (id, len) in [(15, 3), (3, 0), (3, 17), (3, 255)] {
        let long = vec![0xDD; len];
        let extensions = [Extension { id: 1, data: &[1, 2, 3] }, Extension { id, data: &long }];
        let mut packet = [0; 320];
        let len = HeaderWriter { extensions: &extensions, ..Default::default() }
            .write(&mut packet)
            .unwrap();
        assert_eq!(packet[12..14], [0x10, 0x00]);
        assert_eq!(elements(&packet[..len]), vec![(1, vec![1, 2, 3]), (id, long)]);
    }
}

#[test]
fn without_elements_there_is_no_extension() {
    let mut packet = [0; 12];
    assert_eq!(HeaderWriter::default().write(&mut packet), Some(12));
    assert_eq!(packet[0], 0x80);
}

#[test]
fn what_does_not_fit_is_not_written() {
    let extensions = [Extension { id: 1, data: &[1, 2, 3] }];
    let writer = HeaderWriter { extensions: &extensions, ..Default::default() };
    let mut packet = [0; 19];
    assert_eq!(writer.write(&mut packet), None);
    assert_eq!(packet, [0; 19]);
    let extensions = [Extension { id: 1, data: &[0; 256] }];
    let writer = HeaderWriter { extensions: &extensions, ..Default::default() };
    assert_eq!(writer.write(&mut [0; 400]), None, "longer than its length can say");
}

proptest! {
    #[test]
    fn any_bytes_are_a_header_or_none(mut packet: Vec<u8>, is_two_byte: bool) {
        // Most of what is random is refused at once: let some of it look like a header.
        if let Some(flags) = packet.first_mut() {
            *flags = 0x90 | *flags & 0x2F;
        }
        if let Some(profile) = packet.get_mut(12..15) {
            profile.copy_from_slice(if is_two_byte { &[0x10, 0, 0] } else { &[0xBE, 0xDE, 0] });
        }
        if let Some(header) = Header::parse(&packet) {
            prop_assert!(header.header_len <= packet.len());
            header.payload_without_padding(&packet);
            prop_assert!(header.extensions().count() <= packet.len());
        }
    }

    #[test]
    fn what_is_written_is_read(
        numbers: (bool, u8, u16, u32, u32, bool),
        list in prop::collection::vec((1_u8.., prop::collection::vec(any::<u8>(), 0..40)), 0..8),
    ) {
        let (marker, payload_type, seq, ts, ssrc, padding) = numbers;
        let payload_type = payload_type & 0x7F;
        let extensions: Vec<_> = list.iter().map(|it| Extension { id: it.0, data: &it.1 }).collect();
        let extensions = &extensions[..];
        let writer =
            HeaderWriter { marker, payload_type, seq, ts, ssrc, padding, extensions };
        let mut packet = [0xEE; 512];
        let len = writer.write(&mut packet).unwrap();
        let header = Header::parse(&packet).unwrap();
        prop_assert_eq!(header.header_len, len);
        prop_assert_eq!((header.marker, header.payload_type), (marker, payload_type));
        prop_assert_eq!((header.seq, header.ts, header.ssrc), (seq, ts, ssrc));
        prop_assert_eq!(header.padding, padding);
        prop_assert_eq!(header.extensions().collect::<Vec<_>>(), extensions);
    }
}
