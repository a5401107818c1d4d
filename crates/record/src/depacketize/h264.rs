//! H264 in RTP (RFC 6184, packetization modes 0 and 1): access units with the lengths of their NAL units in front, and
//! the parameter sets apart from them.

use h264_reader::nal::sps::SeqParameterSet;
use h264_reader::rbsp::{BitReader, decode_nal};

use super::Coded;
use crate::frame::{VideoCodec, VideoTrack};

// NAL unit types (ITU-T H.264, table 7-1; RFC 6184, table 1).
const IDR: u8 = 5;
const SPS: u8 = 7;
const PPS: u8 = 8;
const DELIMITER: u8 = 9;
const FILLER: u8 = 12;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;

/// The most picture parameter sets that are kept; encoders have one.
const MAX_PPS: usize = 16;

/// The most bytes of a parameter set: it is told in 16 bits.
const MAX_SET: usize = 0xFFFF;

/// An access unit that is put together, and the parameter sets of the stream.
#[derive(Debug, Default)]
pub(super) struct AccessUnit {
    data: Vec<u8>,
    is_key: bool,
    /// The unit whose fragments come.
    fragments: Option<Vec<u8>>,
    sps: Vec<u8>,
    pps: Vec<Vec<u8>>,
}

impl AccessUnit {
    /// Adds a packet. Returns whether it could be read.
    pub(super) fn push(&mut self, packet: &[u8]) -> bool {
        match packet {
            [indicator, header, body @ ..] if indicator & 0x1F == FU_A => {
                self.push_fragment(*indicator, *header, body)
            }
            [indicator, units @ ..] if indicator & 0x1F == STAP_A => {
                let mut units = units;
                while !units.is_empty() {
                    let Some((size, rest)) = units.split_first_chunk() else { return false };
                    let size = usize::from(u16::from_be_bytes(*size));
                    let Some((unit, rest)) = rest.split_at_checked(size) else { return false };
                    self.push_unit(unit);
                    units = rest;
                }
                true
            }
            // Other aggregations and fragments are of the interleaved mode, which nobody offers.
            [header, ..] if header & 0x1F < STAP_A => {
                self.push_unit(packet);
                true
            }
            _ => false,
        }
    }

    fn push_fragment(&mut self, indicator: u8, header: u8, body: &[u8]) -> bool {
        if header & 0x80 != 0 {
            self.fragments = Some(vec![indicator & 0xE0 | header & 0x1F]);
        }
        let Some(unit) = &mut self.fragments else { return false };
        unit.extend_from_slice(body);
        if header & 0x40 != 0
            && let Some(unit) = self.fragments.take()
        {
            self.push_unit(&unit);
        }
        true
    }

    fn push_unit(&mut self, unit: &[u8]) {
        let Some(header) = unit.first() else { return };
        match header & 0x1F {
            SPS if unit.len() <= MAX_SET => {
                if self.sps != unit {
                    self.sps = unit.to_vec();
                    self.pps.clear();
                }
            }
            PPS if unit.len() <= MAX_SET => {
                if self.pps.len() < MAX_PPS && !self.pps.iter().any(|it| it == unit) {
                    self.pps.push(unit.to_vec());
                }
            }
            SPS | PPS | DELIMITER | FILLER => {}
            unit_type => {
                self.is_key |= unit_type == IDR;
                self.data.extend_from_slice(&(unit.len() as u32).to_be_bytes());
                self.data.extend_from_slice(unit);
            }
        }
    }

    /// Whether there is no picture in it.
    pub(super) fn is_empty(&self) -> bool {
        self.data.is_empty() && self.fragments.is_none()
    }

    /// The whole access unit, if there is anything in it; what follows is another.
    pub(super) fn finish(&mut self) -> Option<Coded> {
        self.fragments = None;
        let data = std::mem::take(&mut self.data);
        let is_key = std::mem::take(&mut self.is_key);
        if data.is_empty() {
            return None;
        }
        let video = if is_key { Some(self.video()?) } else { None };
        Some(Coded { data, is_key, video })
    }

    /// The track, with the body of its `avcC` (ISO/IEC 14496-15, section 5.3.3.1); `None` without parameter sets.
    fn video(&self) -> Option<VideoTrack> {
        let [_, profile, compatibility, level, ..] = *self.sps.as_slice() else { return None };
        let bytes = decode_nal(&self.sps).ok()?;
        let sps = SeqParameterSet::from_bits(BitReader::new(&*bytes)).ok()?;
        let (width, height) = sps.pixel_dimensions().ok()?;
        if self.pps.is_empty() {
            return None;
        }
        // Lengths of four bytes; one sequence parameter set.
        let mut config = vec![1, profile, compatibility, level, 0xFF, 0xE1];
        let put = |config: &mut Vec<u8>, set: &[u8]| {
            config.extend_from_slice(&(set.len() as u16).to_be_bytes());
            config.extend_from_slice(set);
        };
        put(&mut config, &self.sps);
        config.push(self.pps.len() as u8);
        self.pps.iter().for_each(|it| put(&mut config, it));
        if matches!(profile, 100 | 110 | 122 | 144) {
            let chroma = &sps.chroma_info;
            config.extend_from_slice(&[
                0xFC | chroma.chroma_array_type(),
                0xF8 | chroma.bit_depth_luma_minus8,
                0xF8 | chroma.bit_depth_chroma_minus8,
                0,
            ]);
        }
        Some(super::video(VideoCodec::H264, width, height, config))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// As x264 writes it: constrained baseline, 640 by 360.
    pub(crate) const SET: [u8; 25] = [
        0x67, 0x42, 0xC0, 0x1E, 0xD9, 0x00, 0xA0, 0x2F, 0xF9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x00,
        0x01, 0x00, 0x00, 0x03, 0x00, 0x3C, 0x0F, 0x16, 0x2E, 0x48,
    ];
    pub(crate) const PICTURE_SET: [u8; 5] = [0x68, 0xCB, 0x83, 0xCB, 0x20];

    fn aggregated(units: &[&[u8]]) -> Vec<u8> {
        let mut packet = vec![0x78];
        for unit in units {
            packet.extend_from_slice(&(unit.len() as u16).to_be_bytes());
            packet.extend_from_slice(unit);
        }
        packet
    }

    #[test]
    fn parameter_sets_are_apart_from_pictures_and_say_their_size() {
        let mut unit = AccessUnit::default();
        assert!(unit.push(&[0x09, 0xF0]));
        assert!(unit.push(&aggregated(&[&SET, &PICTURE_SET])));
        assert!(unit.push(&[0x7C, 0x85, 1, 2]));
        assert!(unit.push(&[0x7C, 0x05, 3]));
        assert!(unit.push(&[0x7C, 0x45, 4, 5]));
        let coded = unit.finish().unwrap();
        assert_eq!(coded.data, [0, 0, 0, 6, 0x65, 1, 2, 3, 4, 5]);
        let video = coded.video.unwrap();
        assert_eq!((video.width, video.height), (640, 360));
        assert_eq!(video.config[..6], [1, 0x42, 0xC0, 0x1E, 0xFF, 0xE1]);
        assert_eq!(video.config.len(), 6 + 2 + SET.len() + 1 + 2 + PICTURE_SET.len());

        assert!(unit.push(&[0x41, 9]));
        let coded = unit.finish().unwrap();
        assert_eq!((coded.data, coded.is_key), (vec![0, 0, 0, 2, 0x41, 9], false));
        assert!(unit.finish().is_none(), "nothing came since");
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        let mut unit = AccessUnit::default();
        assert!(!unit.push(&[]));
        assert!(!unit.push(&[0x7C, 0x05, 3]), "a fragment without its begin");
        assert!(!unit.push(&[0x78, 0, 9, 1]), "cut short");
        assert!(!unit.push(&[0x79, 0, 0, 0]), "of the interleaved mode");
        assert!(unit.push(&[0x65, 1]));
        assert!(unit.finish().is_none(), "a keyframe without parameter sets");
    }
}
