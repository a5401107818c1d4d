//! AV1 in RTP (RTP Payload Format For AV1): temporal units as OBUs with their sizes, and what a decoder has to know of
//! them.

use super::Coded;
use super::bits::Bits;
use crate::frame::{VideoCodec, VideoTrack};

// Types of OBUs (AV1 bitstream specification, section 6.2.2).
const SEQUENCE_HEADER: u8 = 1;
const TEMPORAL_DELIMITER: u8 = 2;
const TILE_LIST: u8 = 8;
const PADDING: u8 = 15;

/// A temporal unit that is put together.
#[derive(Debug, Default)]
pub(super) struct TemporalUnit {
    data: Vec<u8>,
    /// The OBU whose fragments come.
    fragment: Option<Vec<u8>>,
    /// The sequence header in this unit.
    sequence: Option<Vec<u8>>,
}

impl TemporalUnit {
    /// Adds a packet. Returns whether it could be read.
    pub(super) fn push(&mut self, packet: &[u8]) -> bool {
        self.try_push(packet).is_some()
    }

    fn try_push(&mut self, packet: &[u8]) -> Option<()> {
        let (&header, mut rest) = packet.split_first()?;
        let (continues, goes_on) = (header & 0x80 != 0, header & 0x40 != 0);
        let count = header >> 4 & 0x03;
        let mut n = 0;
        while !rest.is_empty() {
            n += 1;
            let is_last_without_size = count != 0 && n == count;
            let size = if is_last_without_size {
                rest.len()
            } else {
                let (size, after) = leb128(rest)?;
                rest = after;
                size
            };
            let (element, after) = rest.split_at_checked(size)?;
            rest = after;
            let mut obu = match (n, continues) {
                (1, true) => self.fragment.take()?,
                _ => Vec::new(),
            };
            obu.extend_from_slice(element);
            if rest.is_empty() && goes_on {
                self.fragment = Some(obu);
            } else {
                self.push_obu(&obu)?;
            }
        }
        Some(())
    }

    fn push_obu(&mut self, obu: &[u8]) -> Option<()> {
        let (&header, mut rest) = obu.split_first()?;
        let obu_type = header >> 3 & 0x0F;
        if matches!(obu_type, TEMPORAL_DELIMITER | TILE_LIST | PADDING) {
            return Some(());
        }
        let mut whole = vec![header | 0x02];
        if header & 0x04 != 0 {
            let (&extension, after) = rest.split_first()?;
            whole.push(extension);
            rest = after;
        }
        if header & 0x02 != 0 {
            let (size, after) = leb128(rest)?;
            rest = after.get(..size)?;
        }
        put_leb128(rest.len(), &mut whole);
        whole.extend_from_slice(rest);
        self.data.extend_from_slice(&whole);
        if obu_type == SEQUENCE_HEADER {
            self.sequence = Some(whole);
        }
        Some(())
    }

    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        self.data.is_empty() && self.fragment.is_none()
    }

    /// The whole temporal unit, if there is anything in it.
    pub(super) fn finish(self) -> Option<Coded> {
        if self.data.is_empty() {
            return None;
        }
        let video = match &self.sequence {
            Some(obu) => Some(Sequence::parse(obu)?.video(obu)),
            None => None,
        };
        Some(Coded { data: self.data, is_key: video.is_some(), video })
    }
}

/// A number of seven bits in each byte, the lowest first (section 4.10.5), and what follows it.
fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value: u64 = 0;
    for (n, byte) in bytes.iter().enumerate().take(8) {
        value |= u64::from(byte & 0x7F) << (7 * n);
        if byte & 0x80 == 0 {
            return Some((usize::try_from(value).ok()?, bytes.get(n + 1..)?));
        }
    }
    None
}

fn put_leb128(mut value: usize, to: &mut Vec<u8>) {
    while value > 0x7F {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

/// A sequence header (section 5.5), as far as `av1C` repeats it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sequence {
    profile: u8,
    level: u8,
    tier: bool,
    is_deep: bool,
    is_twelve: bool,
    is_mono: bool,
    /// Whether chroma has half the columns, and half the rows.
    subsampling: (bool, bool),
    sample_position: u8,
    width: u32,
    height: u32,
}

impl Sequence {
    fn parse(obu: &[u8]) -> Option<Self> {
        let has_extension = obu.first()? & 0x04 != 0;
        let (_, payload) = leb128(obu.get(if has_extension { 2 } else { 1 }..)?)?;
        let mut bits = Bits::of(payload);
        let mut it = Self { profile: bits.read(3)? as u8, ..Self::default() };
        bits.skip(1)?;
        let is_reduced = bits.flag()?;
        if is_reduced {
            it.level = bits.read(5)? as u8;
        } else {
            it.read_operating_points(&mut bits)?;
        }
        let (width_bits, height_bits) = (bits.read(4)? + 1, bits.read(4)? + 1);
        it.width = bits.read(width_bits)? + 1;
        it.height = bits.read(height_bits)? + 1;
        if !is_reduced && bits.flag()? {
            bits.skip(7)?;
        }
        // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter.
        bits.skip(3)?;
        if !is_reduced {
            skip_tools(&mut bits)?;
        }
        // enable_superres, enable_cdef, enable_restoration.
        bits.skip(3)?;
        it.read_colours(&mut bits)?;
        Some(it)
    }

    fn read_operating_points(&mut self, bits: &mut Bits<'_>) -> Option<()> {
        let mut delay_bits = None;
        if bits.flag()? {
            // num_units_in_display_tick, time_scale.
            bits.skip(64)?;
            if bits.flag()? {
                skip_uvlc(bits)?;
            }
            if bits.flag()? {
                delay_bits = Some(bits.read(5)? + 1);
                bits.skip(32 + 5 + 5)?;
            }
        }
        let has_delays = bits.flag()?;
        for n in 0..=bits.read(5)? {
            bits.skip(12)?;
            let level = bits.read(5)? as u8;
            let tier = level > 7 && bits.flag()?;
            if n == 0 {
                (self.level, self.tier) = (level, tier);
            }
            if let Some(delay_bits) = delay_bits
                && bits.flag()?
            {
                bits.skip(2 * delay_bits + 1)?;
            }
            if has_delays && bits.flag()? {
                bits.skip(4)?;
            }
        }
        Some(())
    }

    fn read_colours(&mut self, bits: &mut Bits<'_>) -> Option<()> {
        self.is_deep = bits.flag()?;
        self.is_twelve = self.profile == 2 && self.is_deep && bits.flag()?;
        self.is_mono = self.profile != 1 && bits.flag()?;
        let mut is_rgb = false;
        if bits.flag()? {
            let colours = (bits.read(8)?, bits.read(8)?, bits.read(8)?);
            is_rgb = colours == (1, 13, 0);
        }
        self.subsampling = match self.profile {
            _ if self.is_mono => (true, true),
            _ if is_rgb => (false, false),
            0 => (true, true),
            1 => (false, false),
            _ if !self.is_twelve => (true, false),
            _ => {
                bits.skip(1)?;
                let columns = bits.flag()?;
                (columns, columns && bits.flag()?)
            }
        };
        if !self.is_mono && !is_rgb {
            if !(self.profile == 2 && self.is_twelve) {
                bits.skip(1)?;
            }
            if self.subsampling == (true, true) {
                self.sample_position = bits.read(2)? as u8;
            }
        }
        Some(())
    }

    /// The track, with the body of its `av1C` (AV1 codec ISO media file format binding, section 2.3).
    fn video(&self, obu: &[u8]) -> VideoTrack {
        let (columns, rows) = self.subsampling;
        let bit = |is_set: bool, at: u32| u8::from(is_set) << at;
        let mut config = vec![
            0x81,
            self.profile << 5 | self.level,
            bit(self.tier, 7)
                | bit(self.is_deep, 6)
                | bit(self.is_twelve, 5)
                | bit(self.is_mono, 4)
                | bit(columns, 3)
                | bit(rows, 2)
                | self.sample_position,
            0,
        ];
        config.extend_from_slice(obu);
        super::video(VideoCodec::Av1, self.width, self.height, config)
    }
}

/// `uvlc()` (section 4.10.3).
fn skip_uvlc(bits: &mut Bits<'_>) -> Option<()> {
    let mut zeros = 0;
    while !bits.flag()? {
        zeros += 1;
    }
    if zeros < 32 { bits.skip(zeros) } else { Some(()) }
}

/// The coding tools of a sequence that is not reduced.
fn skip_tools(bits: &mut Bits<'_>) -> Option<()> {
    // enable_interintra_compound, enable_masked_compound, enable_warped_motion, enable_dual_filter.
    bits.skip(4)?;
    let has_order_hint = bits.flag()?;
    if has_order_hint {
        bits.skip(2)?;
    }
    // seq_choose_screen_content_tools, else seq_force_screen_content_tools.
    let may_be_screen = bits.flag()? || bits.flag()?;
    if may_be_screen && !bits.flag()? {
        bits.skip(1)?;
    }
    if has_order_hint {
        bits.skip(3)?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As libaom writes it for 640 by 360: a sequence header with its size.
    const HEADER: [u8; 13] =
        [0x0A, 0x0B, 0x00, 0x00, 0x00, 0x0C, 0xC4, 0xFF, 0x67, 0x36, 0xBE, 0x40, 0x10];

    /// As SVT-AV1 writes it for 640 by 480.
    const OF_SVT: [u8; 14] =
        [0x0A, 0x0C, 0x02, 0x00, 0x00, 0x25, 0x66, 0x27, 0xFE, 0xF8, 0xD5, 0xF3, 0x00, 0x80];

    #[test]
    fn a_sequence_header_tells_its_size_and_how_it_is_coded() {
        for (header, sides, config) in [
            (&HEADER[..], (640, 360), [0x81, 0x01, 0x0C, 0]),
            (&OF_SVT[..], (640, 480), [0x81, 0x04, 0x0C, 0]),
        ] {
            let video = Sequence::parse(header).unwrap().video(header);
            assert_eq!((video.width, video.height), sides);
            assert_eq!(video.config[..4], config);
            assert_eq!(video.config[4..], *header);
        }
        for end in 0..HEADER.len() - 1 {
            _ = Sequence::parse(&HEADER[..end]);
        }
    }

    #[test]
    fn obus_come_with_their_sizes_however_they_were_packed() {
        let frame = [0x32, 1, 2, 3, 4];
        let without_size = [0x30, 1, 2, 3, 4];
        for packets in [
            // Each with its length.
            vec![[&[0x08, 12, 0x08][..], &HEADER[2..], &[5], &without_size].concat()],
            // Two, of which the last has none; with their own sizes.
            vec![[&[0x28, 13][..], &HEADER, &[0x32, 4, 1, 2, 3, 4]].concat()],
            // The second in two packets.
            vec![
                [&[0x68, 13][..], &HEADER, &without_size[..2]].concat(),
                [&[0x90][..], &without_size[2..]].concat(),
            ],
        ] {
            let mut unit = TemporalUnit::default();
            assert!(unit.push(&[0x10, 0x12, 0x00]), "a temporal delimiter, which is left out");
            assert!(packets.iter().all(|it| unit.push(it)), "{packets:?}");
            let coded = unit.finish().unwrap();
            let expected = [&HEADER[..], &frame[..1], &[4], &frame[1..]].concat();
            assert_eq!(coded.data, expected);
            assert!(coded.is_key);
        }
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        for wrong in [&[][..], &[0x80, 1, 2], &[0x00, 9, 1], &[0x10, 0x32, 9, 1], &[0x00, 0xFF]] {
            assert!(!TemporalUnit::default().push(wrong), "{wrong:?}");
        }
        assert!(TemporalUnit::default().finish().is_none());
    }
}
