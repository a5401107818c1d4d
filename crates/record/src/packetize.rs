//! Frames as payloads of RTP packets: the way back from [`crate::depacketize`], sans-IO.
//!
//! | file | what |
//! | --- | --- |
//! | `vp8.rs` | RFC 7741 |
//! | `vp9.rs` | RFC 9628, non-flexible mode |
//! | `h264.rs` | RFC 6184, packetization mode 1 |
//! | `av1.rs` | RTP Payload Format For AV1 |
//!
//! Opus has a frame in each packet (RFC 7587).

mod av1;
mod h264;
mod vp8;
mod vp9;

use crate::read::StoredCodec;

/// The longest payload, in bytes: as browsers make them.
pub const MAX_PAYLOAD: usize = 1_150;

/// Makes packets of the frames of one track.
#[derive(Debug)]
pub struct Packetizer {
    kind: Kind,
    /// Of VP8 and VP9: counts pictures in 15 bits.
    picture: u16,
}

#[derive(Debug)]
enum Kind {
    Vp8,
    Vp9,
    H264(h264::Config),
    Av1,
    Opus,
}

impl Packetizer {
    /// For a track of this codec. `config` is the body of avcC of H.264, and nothing of the others. `None`: there is no
    /// payload format for the codec, or avcC cannot be read.
    pub fn new(codec: StoredCodec, config: &[u8]) -> Option<Self> {
        let kind = match codec {
            StoredCodec::Vp8 => Kind::Vp8,
            StoredCodec::Vp9 => Kind::Vp9,
            StoredCodec::H264 => Kind::H264(h264::Config::read(config)?),
            StoredCodec::Av1 => Kind::Av1,
            StoredCodec::Opus => Kind::Opus,
            StoredCodec::Other => return None,
        };
        Some(Self { kind, picture: 0 })
    }

    /// The payloads of a frame, of which the last one has the marker. There are none of a frame that cannot be read.
    pub fn packets(&mut self, frame: &[u8], is_key: bool) -> Vec<Vec<u8>> {
        let picture = self.picture;
        self.picture = (picture + 1) & 0x7FFF;
        match &self.kind {
            Kind::Vp8 => vp8::packets(frame, picture),
            Kind::Vp9 => vp9::packets(frame, picture, is_key),
            Kind::H264(config) => config.packets(frame, is_key),
            Kind::Av1 => av1::packets(frame, is_key),
            Kind::Opus => vec![frame.to_vec()],
        }
    }
}

/// Parts of some bytes that differ in length by one at most, so that no packet is much smaller than others.
fn parts(bytes: &[u8], max: usize) -> impl Iterator<Item = &[u8]> {
    let count = bytes.len().div_ceil(max.max(1)).max(1);
    let (len, longer) = (bytes.len() / count, bytes.len() % count);
    let mut rest = bytes;
    (0..count).filter_map(move |n| {
        let (part, after) = rest.split_at_checked(len + usize::from(n < longer))?;
        rest = after;
        Some(part)
    })
}

#[cfg(test)]
mod tests;
