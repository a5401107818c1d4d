//! VP8 in RTP (RFC 7741): a payload descriptor with a picture id of 15 bits, and a part of the frame.

use super::{MAX_PAYLOAD, parts};

const DESCRIPTOR: usize = 4;

pub(super) fn packets(frame: &[u8], picture: u16) -> Vec<Vec<u8>> {
    if frame.is_empty() {
        return Vec::new();
    }
    let [high, low] = picture.to_be_bytes();
    let packet = |(n, part): (usize, &[u8])| {
        let begins = if n == 0 { 0x10 } else { 0 };
        [&[0x80 | begins, 0x80, 0x80 | high, low], part].concat()
    };
    parts(frame, MAX_PAYLOAD - DESCRIPTOR).enumerate().map(packet).collect()
}
