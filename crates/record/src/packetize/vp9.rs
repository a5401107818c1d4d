//! VP9 in RTP (RFC 9628, section 4.2): one layer, a picture id of 15 bits, and a part of the frame.

use super::{MAX_PAYLOAD, parts};

const DESCRIPTOR: usize = 3;

// I: a picture id follows. P: predicted from other pictures. B, E: begin and end of a frame.
const I: u8 = 0x80;
const P: u8 = 0x40;
const B: u8 = 0x08;
const E: u8 = 0x04;

pub(super) fn packets(frame: &[u8], picture: u16, is_key: bool) -> Vec<Vec<u8>> {
    if frame.is_empty() {
        return Vec::new();
    }
    let [high, low] = picture.to_be_bytes();
    let predicted = if is_key { 0 } else { P };
    let parts: Vec<&[u8]> = parts(frame, MAX_PAYLOAD - DESCRIPTOR).collect();
    let last = parts.len() - 1;
    let packet = |(n, part): (usize, &&[u8])| {
        let begins = if n == 0 { B } else { 0 };
        let ends = if n == last { E } else { 0 };
        [&[I | predicted | begins | ends, 0x80 | high, low], *part].concat()
    };
    parts.iter().enumerate().map(packet).collect()
}
