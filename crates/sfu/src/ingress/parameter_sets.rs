//! Parameter sets of one H264 stream (RFC 6184; ITU-T H.264, section 7.3), for senders that tell them once
//! or only in SDP: a viewer that begins at a later keyframe needs them with it. Pure.
//!
//! A keyframe is an IDR picture here. Streams without one, whose only random access is by recovery points
//! (ITU-T H.264, section D.2.8), have no start and are not helped.

#[cfg(test)]
#[allow(clippy::unusual_byte_groupings, reason = "the groups are the codes in them")]
mod tests;

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::media::codec::h264::{Bits, IDR, PPS, SPS, STAP_A, units};

/// With or without padding (RFC 4648, section 3.2), and whatever the unused bits of the last digit are.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// An encoder has one of either; some have a few picture parameter sets.
const MAX_SPS: usize = 4;
const MAX_PPS: usize = 8;

/// The longest set that is kept. Those of encoders have 4 to 100 bytes.
const MAX_SET: usize = 512;

/// The same in base64, with padding.
const MAX_SET_TEXT: usize = MAX_SET.div_ceil(3) * 4;

/// What is put in fits into any path's packets: one set of either kind always does.
const MAX_PAYLOAD: usize = 1_100;

/// The highest ids (ITU-T H.264, sections 7.4.2.1.1 and 7.4.2.2).
const MAX_SPS_ID: u32 = 31;
const MAX_PPS_ID: u32 = 255;

/// The sets that a stream told.
#[derive(Debug)]
pub(crate) struct ParameterSets {
    sps: Sets,
    pps: Sets,
    /// What is put before a keyframe, and which picture parameter set it was made for.
    payload: Vec<u8>,
    made_for: Option<u32>,
    /// The picture parameter set that the last keyframe needed, while it or its sequence parameter set is unknown.
    lacking: Option<u32>,
}

/// Sets of a kind, the one that was told last at the end.
#[derive(Debug)]
struct Sets {
    sets: Vec<Set>,
    most: usize,
}

#[derive(Debug, Default)]
struct Set {
    id: u32,
    /// Of a picture parameter set: the sequence parameter set that it is about.
    sps: u32,
    /// The timestamp that it came with; `None` from SDP.
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
    /// The sets of `sprop-parameter-sets` (RFC 6184, section 8.1): units in base64 with commas between.
    /// What makes no sense is left out.
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

    /// Remembers the sets in a packet. To be called before the others for each packet, in the order of
    /// arrival.
    pub(crate) fn take(&mut self, payload: &[u8], ts: u32) {
        for unit in units(payload).filter_map(|it| it.whole) {
            self.add(unit, Some(ts));
        }
    }

    /// The payload of a packet (STAP-A; RFC 6184, section 5.7.1) to put before this one: when it begins a
    /// keyframe, and the sets which that needs are known and did not come with its timestamp.
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

    /// Whether decoding can begin with this packet: it begins a keyframe, and the sets which that needs
    /// are known.
    pub(crate) fn is_start(&mut self, payload: &[u8]) -> bool {
        let Some(pps) = keyframe_pps(payload) else { return false };
        let is_start = self.complete(pps).is_some();
        self.lacking = (!is_start).then_some(pps);
        is_start
    }

    /// Whether the last keyframe was no start for want of sets, and they have not come since.
    pub(crate) fn is_lacking(&self) -> bool {
        self.lacking.is_some()
    }

    /// A picture parameter set, behind its sequence parameter set.
    fn complete(&self, pps: u32) -> Option<(&Set, &Set)> {
        let pps = self.pps.get(pps)?;
        Some((self.sps.get(pps.sps)?, pps))
    }

    fn add(&mut self, unit: &[u8], ts: Option<u32>) {
        let Some((header, body)) = unit.split_first() else { return };
        let is_other = match header & 0x1F {
            SPS => {
                // Behind profile, constraints and level.
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

    /// Makes what is put in for a keyframe with this picture parameter set. The others of the same
    /// sequence are in there as far as they fit: later slices may need them.
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
                // That of the whole is the highest of its units (RFC 6184, section 5.7).
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

    /// Puts a set in the place of the one with its id, or of the one that was told longest ago. Returns
    /// whether it is another than before. One that is too long to keep takes the old one away.
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

/// The picture parameter set of the keyframe that begins in a payload: of its first slice, which has its
/// first macroblock (ITU-T H.264, section 7.3.3).
fn keyframe_pps(payload: &[u8]) -> Option<u32> {
    let slice = units(payload).find(|it| it.unit_type == IDR)?;
    let mut bits = Bits::of(slice.body);
    let first_macroblock = bits.exp_golomb()?;
    let _slice_type = bits.exp_golomb()?;
    bits.exp_golomb().filter(|_| first_macroblock == 0)
}
