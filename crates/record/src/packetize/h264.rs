//! H264 in RTP (RFC 6184, packetization mode 1): parameter sets as a STAP-A in front of a keyframe, short NAL units as they
//! are, long ones as FU-A.

use super::{MAX_PAYLOAD, parts};

// NAL unit types (ITU-T H.264, table 7-1; RFC 6184, table 1).
const SPS: u8 = 7;
const DELIMITER: u8 = 9;
const FILLER: u8 = 12;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;

/// What avcC says (ISO/IEC 14496-15, section 5.3.3.1).
#[derive(Debug)]
pub(super) struct Config {
    /// The bytes of the length in front of each NAL unit.
    length_size: usize,
    sets: Vec<Vec<u8>>,
}

impl Config {
    pub(super) fn read(avcc: &[u8]) -> Option<Self> {
        let length_size = usize::from(avcc.get(4)? & 0x03) + 1;
        let (count, mut rest) = avcc.get(5..)?.split_first()?;
        let mut sets = Vec::new();
        for _ in 0..count & 0x1F {
            rest = set(rest, &mut sets)?;
        }
        let (count, mut rest) = rest.split_first()?;
        for _ in 0..*count {
            rest = set(rest, &mut sets)?;
        }
        Some(Self { length_size, sets })
    }

    /// The packets of an access unit; none if a length in it is wrong.
    pub(super) fn packets(&self, frame: &[u8], is_key: bool) -> Vec<Vec<u8>> {
        let units = self.units(frame).unwrap_or_default();
        let kind = |unit: &&[u8]| unit.first().map_or(0, |header| header & 0x1F);
        let mut packets = Vec::new();
        if is_key && !units.is_empty() && !units.iter().any(|unit| kind(unit) == SPS) {
            self.put_sets(&mut packets);
        }
        for unit in units.iter().filter(|unit| !matches!(kind(unit), DELIMITER | FILLER)) {
            put_unit(unit, &mut packets);
        }
        packets
    }

    /// The NAL units of an access unit.
    fn units<'a>(&self, frame: &'a [u8]) -> Option<Vec<&'a [u8]>> {
        let mut rest = frame;
        let mut units = Vec::new();
        while !rest.is_empty() {
            let (len, after) = rest.split_at_checked(self.length_size)?;
            let len = len.iter().fold(0, |len, byte| len << 8 | usize::from(*byte));
            let (unit, after) = after.split_at_checked(len)?;
            rest = after;
            if !unit.is_empty() {
                units.push(unit);
            }
        }
        Some(units)
    }

    fn put_sets(&self, packets: &mut Vec<Vec<u8>>) {
        let len: usize = self.sets.iter().map(|set| set.len() + 2).sum();
        if self.sets.len() < 2 || len + 1 > MAX_PAYLOAD {
            self.sets.iter().for_each(|set| put_unit(set, packets));
            return;
        }
        // The highest importance of what is in it.
        let importance = self.sets.iter().filter_map(|set| set.first()).map(|it| it & 0x60).max();
        let mut packet = vec![importance.unwrap_or(0) | STAP_A];
        for set in &self.sets {
            // avcC has their lengths in 16 bits.
            packet.extend_from_slice(&(set.len() as u16).to_be_bytes());
            packet.extend_from_slice(set);
        }
        packets.push(packet);
    }
}

/// Takes a parameter set with its length; what follows it.
fn set<'a>(bytes: &'a [u8], sets: &mut Vec<Vec<u8>>) -> Option<&'a [u8]> {
    let (len, rest) = bytes.split_first_chunk()?;
    let (set, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*len)))?;
    if !set.is_empty() {
        sets.push(set.to_vec());
    }
    Some(rest)
}

/// A NAL unit in one packet or several.
fn put_unit(unit: &[u8], packets: &mut Vec<Vec<u8>>) {
    let Some((header, body)) = unit.split_first() else { return };
    if unit.len() <= MAX_PAYLOAD {
        packets.push(unit.to_vec());
        return;
    }
    let parts: Vec<&[u8]> = parts(body, MAX_PAYLOAD - 2).collect();
    let last = parts.len() - 1;
    for (n, part) in parts.into_iter().enumerate() {
        let begins = if n == 0 { 0x80 } else { 0 };
        let ends = if n == last { 0x40 } else { 0 };
        packets.push([&[header & 0xE0 | FU_A, begins | ends | header & 0x1F], part].concat());
    }
}
