//! Pieces of a track for HLS (ISO 23000-19, CMAF): a header, and chunks of frames.

use mp4_atom::{Encode, FourCC, Ftyp, Mfhd, Moof, Tfdt, Tfhd, Traf, Trun, TrunEntry, TrunSamples};

use super::super::ContainerError;
use super::{encode, fragment, moov};
use crate::Track;

/// A frame with its time and length in the units of [`timescale`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) time: u64,
    pub(crate) duration: u32,
    pub(crate) is_key: bool,
    pub(crate) data: Vec<u8>,
}

/// Units of time a second, of a track.
pub(crate) fn timescale(track: &Track) -> u32 {
    moov::timescale(track)
}

/// The header of a track alone.
pub(crate) fn header(track: &Track) -> Result<Vec<u8>, ContainerError> {
    let brand = FourCC::new;
    let ftyp = Ftyp {
        major_brand: brand(b"iso6"),
        minor_version: 0,
        compatible_brands: vec![brand(b"iso6"), brand(b"cmfc"), brand(b"mp41")],
    };
    let mut bytes = Vec::new();
    encode(&ftyp, &mut bytes)?;
    encode(&moov::growing(std::slice::from_ref(track))?, &mut bytes)?;
    Ok(bytes)
}

/// A chunk of frames, which follow each other.
pub(crate) fn chunk(sequence: u32, samples: &[Sample]) -> Result<Vec<u8>, ContainerError> {
    let entry = |sample: &Sample| TrunEntry {
        duration: Some(sample.duration),
        size: u32::try_from(sample.data.len()).ok(),
        flags: Some(fragment::flags(sample.is_key)),
        cts: None,
    };
    let traf = |data_offset| Traf {
        tfhd: Tfhd { track_id: 1, default_base_is_moof: true, ..Tfhd::default() },
        tfdt: Some(Tfdt { base_media_decode_time: samples.first().map_or(0, |it| it.time) }),
        trun: vec![Trun {
            data_offset: Some(data_offset),
            samples: TrunSamples::Explicit(samples.iter().map(entry).collect()),
        }],
        ..Traf::default()
    };
    let moof = |offset| Moof { mfhd: Mfhd { sequence_number: sequence }, traf: vec![traf(offset)] };
    let len: usize = samples.iter().map(|it| it.data.len()).sum();
    let mut bytes = Vec::with_capacity(len + 512);
    // The length of the moof does not depend on the offset in it.
    moof(0).encode(&mut bytes).map_err(|_| ContainerError::TooLong)?;
    let offset = i32::try_from(bytes.len() + 8).map_err(|_| ContainerError::TooLong)?;
    bytes.clear();
    encode(&moof(offset), &mut bytes)?;
    let size = u32::try_from(len + 8).map_err(|_| ContainerError::TooLong)?;
    bytes.extend_from_slice(&size.to_be_bytes());
    bytes.extend_from_slice(b"mdat");
    samples.iter().for_each(|it| bytes.extend_from_slice(&it.data));
    Ok(bytes)
}
