//! VP8 in RTP (RFC 7741): frames, and the size of a picture (RFC 6386, section 9.1).

use super::Coded;
use crate::frame::VideoCodec;

/// The payload of a packet behind its descriptor (section 4.2).
fn payload(packet: &[u8]) -> Option<&[u8]> {
    let (&first, mut rest) = packet.split_first()?;
    if first & 0x80 == 0 {
        return Some(rest);
    }
    let (&extensions, after) = rest.split_first()?;
    rest = after;
    if extensions & 0x80 != 0 {
        // M: the picture id has 15 bits.
        let is_long = rest.first()? & 0x80 != 0;
        rest = rest.get(if is_long { 2 } else { 1 }..)?;
    }
    // TL0PICIDX; then TID, Y and KEYIDX, which share a byte.
    let n = usize::from(extensions & 0x40 != 0) + usize::from(extensions & 0x30 != 0);
    rest.get(n..)
}

/// Adds a packet to its frame. Returns whether it could be read.
pub(super) fn push(frame: &mut Vec<u8>, packet: &[u8]) -> bool {
    let payload = payload(packet);
    frame.extend_from_slice(payload.unwrap_or_default());
    payload.is_some()
}

/// A whole frame.
pub(super) fn finish(data: Vec<u8>) -> Option<Coded> {
    let is_key = data.first()? & 1 == 0;
    if !is_key {
        return Some(Coded { data, is_key, video: None });
    }
    let [0x9D, 0x01, 0x2A, w0, w1, h0, h1] = *data.get(3..10)? else { return None };
    // The upper two bits scale the picture, which nobody does.
    let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3FFF);
    let video = super::video(VideoCodec::Vp8, side(w0, w1), side(h0, h1), Vec::new());
    Some(Coded { data, is_key, video: Some(video) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_of_every_length_are_taken_off() {
        for (descriptor, name) in [
            (&[0x10][..], "none"),
            (&[0x90, 0x80, 0x11], "a short id"),
            (&[0x90, 0x80, 0x91, 0x22], "a long id"),
            (&[0x90, 0xE0, 0x91, 0x22, 7, 0x20], "id, TL0PICIDX and TID"),
            (&[0x90, 0x10, 3], "KEYIDX alone"),
        ] {
            assert_eq!(payload(&[descriptor, b"frame"].concat()), Some(&b"frame"[..]), "{name}");
            assert_eq!(payload(&descriptor[..descriptor.len() - 1]).unwrap_or_default(), b"");
        }
    }

    #[test]
    fn a_keyframe_tells_its_size() {
        let key = [0x10, 0, 0, 0x9D, 1, 0x2A, 0x80, 0x02, 0xE0, 0x01, 0];
        let coded = finish(key.to_vec()).unwrap();
        let video = coded.video.unwrap();
        assert!(coded.is_key);
        assert_eq!((video.width, video.height), (640, 480));
        let delta = finish(vec![0x11, 0, 0]).unwrap();
        assert!(!delta.is_key && delta.video.is_none());
        assert!(finish(key[..9].to_vec()).is_none() && finish(Vec::new()).is_none());
    }
}
