//! Parameter sets of one H264 stream (RFC 6184; ITU-T H.264, section 7.3). Some senders send them once, or only in SDP:
//! a viewer that starts at a later keyframe needs them with it. Pure.
//!
//! A keyframe is an IDR picture here. Streams without IDR pictures, with random access only by recovery points (ITU-T
//! H.264, section D.2.8), have no starting point and get no parameter sets.

#[cfg(test)]
#[allow(clippy::unusual_byte_groupings, reason = "the groups are the codes in them")]
mod tests;

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::media::codec::h264::{Bits, IDR, PPS, SPS, STAP_A, units};

/// Accepts base64 with or without padding (RFC 4648, section 3.2), and any value of the unused bits in the last digit.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Sequence parameter sets (SPS) kept. An encoder has one.
const MAX_SPS: usize = 4;
/// Picture parameter sets (PPS) kept. Some encoders have a few.
const MAX_PPS: usize = 8;

/// The longest set that is kept, in bytes. Those of encoders have 4 to 100 bytes.
const MAX_SET: usize = 512;

/// The longest set in base64, with padding.
const MAX_SET_TEXT: usize = MAX_SET.div_ceil(3) * 4;

/// The longest payload that is inserted, in bytes: it fits the packets of any path. One set of each kind always fits in
/// it.
const MAX_PAYLOAD: usize = 1_100;

/// The highest SPS id (ITU-T H.264, section 7.4.2.1.1).
const MAX_SPS_ID: u32 = 31;
/// The highest PPS id (ITU-T H.264, section 7.4.2.2).
const MAX_PPS_ID: u32 = 255;

/// The parameter sets that a stream has sent.
#[derive(Debug)]
pub(crate) struct ParameterSets {
    sps: Sets,
    pps: Sets,
    /// The payload to insert before a keyframe.
    payload: Vec<u8>,
    /// Id of the PPS that `payload` was made for.
    made_for: Option<u32>,
    /// Id of the PPS that the last keyframe needs, while that PPS or its SPS is unknown.
    lacking: Option<u32>,
}

/// Sets of one kind, in the order in which they were last sent.
#[derive(Debug)]
struct Sets {
    sets: Vec<Set>,
    most: usize,
}

#[derive(Debug, Default)]
struct Set {
    id: u32,
    /// For a PPS: the id of its SPS.
    sps: u32,
    /// RTP timestamp of the packet that brought it; `None` for a set from SDP.
    ts: Option<u32>,
    unit: Vec<u8>,
}

impl Default for ParameterSets {
    fn default() -> Self {
        Self {
            sps: Sets::new(MAX_SPS),
            pps: Sets::new(MAX_PPS),
            payload: Vec::with_capacity(MAX_PAYLOAD),
            made_for: None,
            lacking: None,
        }
    }
}

impl ParameterSets {
    /// Reads `sprop-parameter-sets` (RFC 6184, section 8.1): NAL units in base64, separated by commas. Invalid units
    /// are skipped.
    pub(crate) fn from_sprop(sprop: &str) -> Self {
        let mut sets = Self::default();
        for unit in sprop.split(',').take(MAX_SPS + MAX_PPS) {
            let unit = Some(unit.trim()).filter(|it| it.len() <= MAX_SET_TEXT);
            if let Some(unit) = unit.and_then(|it| BASE64.decode(it).ok()) {
                sets.add(&unit, None);
            }
        }
        sets
    }

    /// Stores the parameter sets of a packet. Call it first for each packet, in the order of arrival.
    pub(crate) fn take(&mut self, payload: &[u8], ts: u32) {
        for unit in units(payload).filter_map(|it| it.whole) {
            self.add(unit, Some(ts));
        }
    }

    /// The payload of a packet (STAP-A; RFC 6184, section 5.7.1) to insert before this one. `None` unless this packet
    /// begins a keyframe whose sets are known and at least one of them did not come with the timestamp `ts`.
    pub(crate) fn before(&mut self, payload: &[u8], ts: u32) -> Option<&[u8]> {
        let (sps, pps) = self.complete(keyframe_pps(payload)?)?;
        if sps.ts == Some(ts) && pps.ts == Some(ts) {
            return None;
        }
        let id = pps.id;
        if self.made_for != Some(id) {
            self.make(id)?;
        }
        Some(&self.payload)
    }

    /// Whether decoding can start at this packet: it begins a keyframe, and the sets of that keyframe are known.
    pub(crate) fn is_start(&mut self, payload: &[u8]) -> bool {
        let Some(pps) = keyframe_pps(payload) else { return false };
        let is_start = self.complete(pps).is_some();
        self.lacking = (!is_start).then_some(pps);
        is_start
    }

    /// Whether the last keyframe could not be decoded for lack of its sets, and they have not arrived since.
    pub(crate) fn is_lacking(&self) -> bool {
        self.lacking.is_some()
    }

    /// The SPS and the PPS, by the id of the PPS.
    fn complete(&self, pps: u32) -> Option<(&Set, &Set)> {
        let pps = self.pps.get(pps)?;
        Some((self.sps.get(pps.sps)?, pps))
    }

    fn add(&mut self, unit: &[u8], ts: Option<u32>) {
        let Some((header, body)) = unit.split_first() else { return };
        let is_other = match header & 0x1F {
            SPS => {
                // The id follows profile, constraints and level.
                let id = body.get(3..).and_then(|it| Bits::of(it).exp_golomb());
                id.filter(|id| *id <= MAX_SPS_ID).is_some_and(|id| self.sps.put(id, 0, unit, ts))
            }
            PPS => {
                let mut bits = Bits::of(body);
                let ids = bits.exp_golomb().zip(bits.exp_golomb());
                let is_valid = |it: &(u32, u32)| it.0 <= MAX_PPS_ID && it.1 <= MAX_SPS_ID;
                ids.filter(is_valid).is_some_and(|(id, sps)| self.pps.put(id, sps, unit, ts))
            }
            _ => false,
        };
        if is_other {
            self.made_for = None;
            self.lacking = self.lacking.filter(|pps| self.complete(*pps).is_none());
        }
    }

    /// Makes the payload to insert for a keyframe with this PPS. It includes further PPSs of the same SPS as far as
    /// they fit: later slices may need them.
    fn make(&mut self, id: u32) -> Option<()> {
        let pps = self.pps.get(id)?;
        let sps = self.sps.get(pps.sps)?;
        let others = self.pps.sets.iter().filter(|it| it.id != id && it.sps == pps.sps);
        self.payload.clear();
        self.payload.push(0);
        let mut importance = 0;
        for Set { unit, .. } in [sps, pps].into_iter().chain(others) {
            let Ok(len) = u16::try_from(unit.len()) else { continue };
            if self.payload.len() + 2 + unit.len() <= MAX_PAYLOAD {
                self.payload.extend(len.to_be_bytes());
                self.payload.extend(unit);
                // The STAP-A has the highest `nal_ref_idc` of its units (RFC 6184, section 5.7).
                importance = importance.max(unit.first().map_or(0, |it| it & 0x60));
            }
        }
        *self.payload.first_mut()? = importance | STAP_A;
        self.made_for = Some(id);
        Some(())
    }
}

impl Sets {
    fn new(most: usize) -> Self {
        Self { sets: Vec::with_capacity(most), most }
    }

    fn get(&self, id: u32) -> Option<&Set> {
        self.sets.iter().find(|it| it.id == id)
    }

    /// Stores a set. It replaces the set with its id, or, if the store is full, the one that was sent longest ago.
    /// Returns whether the set is new or has changed. A set that is too long is not stored, and removes the old one
    /// with its id.
    fn put(&mut self, id: u32, sps: u32, unit: &[u8], ts: Option<u32>) -> bool {
        let known = self.sets.iter().position(|it| it.id == id);
        let replaced = known.or_else(|| (self.sets.len() == self.most).then_some(0));
        if unit.len() > MAX_SET {
            known.map(|at| self.sets.remove(at));
            return known.is_some();
        }
        let mut set = replaced.map(|at| self.sets.remove(at)).unwrap_or_default();
        let is_other = set.unit != unit;
        if is_other {
            set.unit.clear();
            set.unit.extend(unit);
        }
        self.sets.push(Set { id, sps, ts, ..set });
        is_other
    }
}

/// Id of the PPS of the keyframe that begins in a payload. Read from the keyframe's first slice, which has macroblock 0
/// (ITU-T H.264, section 7.3.3).
fn keyframe_pps(payload: &[u8]) -> Option<u32> {
    let slice = units(payload).find(|it| it.unit_type == IDR)?;
    let mut bits = Bits::of(slice.body);
    let first_macroblock = bits.exp_golomb()?;
    let _slice_type = bits.exp_golomb()?;
    bits.exp_golomb().filter(|_| first_macroblock == 0)
}
