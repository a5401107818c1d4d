//! VP9 in RTP (RFC 9628): pictures, which may be of several spatial layers, and what a decoder has to know of them.

use super::Coded;
use super::bits::Bits;
use crate::frame::{VideoCodec, VideoTrack};

/// The most spatial layers: their number has three bits.
const MAX_LAYERS: usize = 8;

/// What is behind the payload descriptor (section 4.2).
struct Payload<'a> {
    /// A layer's frame begins.
    begins: bool,
    /// The sides of the highest layer, where the descriptor has them.
    sides: Option<(u32, u32)>,
    data: &'a [u8],
}

fn payload(packet: &[u8]) -> Option<Payload<'_>> {
    let (&first, mut rest) = packet.split_first()?;
    let has = |bit: u8| first & bit != 0;
    let mut take = |n: usize| {
        let (taken, after) = rest.split_at_checked(n)?;
        rest = after;
        Some(taken)
    };
    if has(0x80) && take(1)?.first()? & 0x80 != 0 {
        take(1)?;
    }
    let is_flexible = has(0x10);
    if has(0x20) {
        // TID, U, SID, D; TL0PICIDX only in non-flexible mode.
        take(if is_flexible { 1 } else { 2 })?;
    }
    if has(0x40) && is_flexible {
        // The pictures that it is predicted from: three at most, N says that one more follows.
        for _ in 0..3 {
            if take(1)?.first()? & 1 == 0 {
                break;
            }
        }
    }
    let mut sides = None;
    if has(0x02) {
        let structure = *take(1)?.first()?;
        if structure & 0x10 != 0 {
            for _ in 0..=structure >> 5 {
                let [w0, w1, h0, h1] = *take(4)? else { return None };
                sides = Some((
                    u16::from_be_bytes([w0, w1]).into(),
                    u16::from_be_bytes([h0, h1]).into(),
                ));
            }
        }
        if structure & 0x08 != 0 {
            let pictures = *take(1)?.first()?;
            for _ in 0..pictures {
                let references = take(1)?.first()? >> 2 & 0x03;
                take(references.into())?;
            }
        }
    }
    Some(Payload { begins: has(0x08), sides, data: rest })
}

/// A picture that is put together.
#[derive(Debug, Default)]
pub(super) struct Picture {
    data: Vec<u8>,
    /// Where the frame of each layer begins.
    starts: Vec<usize>,
    sides: Option<(u32, u32)>,
}

impl Picture {
    /// Adds a packet. Returns whether it could be read.
    pub(super) fn push(&mut self, packet: &[u8]) -> bool {
        let Some(Payload { begins, sides, data }) = payload(packet) else { return false };
        if begins && self.starts.len() < MAX_LAYERS {
            self.starts.push(self.data.len());
        }
        self.sides = sides.or(self.sides);
        self.data.extend_from_slice(data);
        true
    }

    /// The whole picture. The frames of several layers are a superframe (VP9 bitstream specification, annex B).
    pub(super) fn finish(self) -> Option<Coded> {
        let Self { mut data, starts, sides } = self;
        if starts.first() != Some(&0) {
            return None;
        }
        let header = Header::parse(&data)?;
        let video = header.key.map(|key| key.video(sides));
        if starts.len() > 1 {
            let ends = starts.iter().skip(1).copied().chain([data.len()]);
            let sizes: Vec<u32> =
                starts.iter().zip(ends).map(|(from, to)| (to - from) as u32).collect();
            // The marker: four bytes for each size, and how many there are.
            let marker = 0xC0 | 3 << 3 | (sizes.len() - 1) as u8;
            data.push(marker);
            sizes.iter().for_each(|it| data.extend_from_slice(&it.to_le_bytes()));
            data.push(marker);
        }
        Some(Coded { data, is_key: video.is_some(), video })
    }
}

/// The uncompressed header (section 6.2 of the bitstream specification), as far as it is needed.
struct Header {
    key: Option<Key>,
}

/// What a keyframe says.
struct Key {
    profile: u8,
    bit_depth: u8,
    /// 1: 4:2:0, the chroma beside the luma; 2: 4:2:2; 3: 4:4:4.
    chroma: u8,
    is_full_range: bool,
    width: u32,
    height: u32,
}

impl Header {
    fn parse(frame: &[u8]) -> Option<Self> {
        let mut bits = Bits::of(frame);
        if bits.read(2)? != 2 {
            return None;
        }
        let profile = u8::from(bits.flag()?) | u8::from(bits.flag()?) << 1;
        if profile == 3 {
            bits.skip(1)?;
        }
        let shows_existing = bits.flag()?;
        if shows_existing || bits.flag()? {
            return Some(Self { key: None });
        }
        // show_frame, error_resilient_mode.
        bits.skip(2)?;
        if bits.read(24)? != 0x49_83_42 {
            return None;
        }
        let is_deep = profile >= 2;
        let bit_depth = if is_deep { 10 + 2 * u8::from(bits.flag()?) } else { 8 };
        let is_rgb = bits.read(3)? == 7;
        let (mut chroma, mut is_full_range) = (1, true);
        if !is_rgb {
            is_full_range = bits.flag()?;
        }
        if profile & 1 != 0 {
            chroma = if is_rgb {
                3
            } else {
                match (bits.flag()?, bits.flag()?) {
                    (true, false) => 2,
                    (false, false) => 3,
                    _ => 1,
                }
            };
            bits.skip(1)?;
        }
        let (width, height) = (bits.read(16)? + 1, bits.read(16)? + 1);
        Some(Self { key: Some(Key { profile, bit_depth, chroma, is_full_range, width, height }) })
    }
}

impl Key {
    /// The track, with the body of its `vpcC` (VP codec ISO media file format binding, section 2.2).
    fn video(&self, sides: Option<(u32, u32)>) -> VideoTrack {
        let (width, height) = sides.unwrap_or((self.width, self.height));
        let depth = self.bit_depth << 4 | self.chroma << 1 | u8::from(self.is_full_range);
        // Version 1 and no flags; colours as they are not told (2); no initialization data.
        let config = vec![1, 0, 0, 0, self.profile, level(width, height), depth, 2, 2, 2, 0, 0];
        super::video(VideoCodec::Vp9, width, height, config)
    }
}

/// The lowest level whose pictures are as large, ten times its number.
fn level(width: u32, height: u32) -> u8 {
    let size = width.saturating_mul(height);
    let levels = [
        (36_864, 10),
        (73_728, 11),
        (122_880, 20),
        (245_760, 21),
        (552_960, 30),
        (983_040, 31),
        (2_228_224, 40),
        (8_912_896, 50),
    ];
    levels.into_iter().find(|(most, _)| size <= *most).map_or(60, |(_, level)| level)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A keyframe of profile 0, 640 by 360.
    const KEY: [u8; 10] = [0x82, 0x49, 0x83, 0x42, 0x20, 0x27, 0xF0, 0x16, 0x70, 0x00];

    #[test]
    fn descriptors_of_either_mode_are_taken_off() {
        for (descriptor, name) in [
            (&[0x08][..], "none"),
            (&[0x88, 0x11], "a short id"),
            (&[0xA8, 0x81, 0x22, 0x00, 9], "a long id and layers"),
            (&[0xF8, 0x11, 0x00, 0x03, 0x02], "flexible, two references"),
            (&[0x0A, 0x18, 2, 128, 1, 104, 1, 0x04, 1], "a structure of one layer and one picture"),
        ] {
            let it = payload(&[descriptor, b"frame"].concat()).map(|it| it.data.to_vec());
            assert_eq!(it.as_deref(), Some(&b"frame"[..]), "{name}");
        }
        assert!(payload(&[0x88]).is_none() && payload(&[]).is_none());
    }

    #[test]
    fn a_keyframe_tells_its_size_and_how_it_is_coded() {
        let mut picture = Picture::default();
        assert!(picture.push(&[&[0x08][..], &KEY].concat()));
        let coded = picture.finish().unwrap();
        let video = coded.video.unwrap();
        assert_eq!((video.width, video.height), (640, 360));
        assert_eq!(video.config, [1, 0, 0, 0, 0, 21, 0x82, 2, 2, 2, 0, 0]);
        assert_eq!(coded.data, KEY);
    }

    #[test]
    fn layers_of_one_picture_are_a_superframe() {
        let mut picture = Picture::default();
        picture.push(&[&[0x2A, 0x00, 0, 0x30, 2, 128, 1, 104, 5, 0, 2, 208][..], &KEY].concat());
        picture.push(&[0x28, 0x02, 0, 1, 2, 3]);
        let coded = picture.finish().unwrap();
        assert_eq!(coded.data.len(), 10 + 3 + 1 + 8 + 1);
        assert_eq!(coded.data[13..], [0xD9, 10, 0, 0, 0, 3, 0, 0, 0, 0xD9]);
        let video = coded.video.unwrap();
        assert_eq!((video.width, video.height), (1280, 720), "the highest layer's");
    }

    #[test]
    fn a_picture_without_its_first_packet_is_none() {
        let mut picture = Picture::default();
        picture.push(&[0x00, 1, 2, 3]);
        assert!(picture.finish().is_none());
    }
}
