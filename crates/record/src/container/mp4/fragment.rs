//! A fragment as atoms: moof and mdat.

use mp4_atom::{Mfhd, Moof, Tfdt, Tfhd, Traf, Trun, TrunEntry, TrunSamples};

use super::super::ContainerError;
use super::super::batch::Waiting;
use super::encode;
use super::moov::track_id;
use super::samples::Samples;

/// Depends on no other sample; or depends on others, and none can begin with it (ISO 14496-12, section 8.8.3.1).
const KEY: u32 = 0x0200_0000;
const NOT_KEY: u32 = 0x0101_0000;

/// What is said of a sample.
pub(super) fn flags(is_key: bool) -> u32 {
    if is_key { KEY } else { NOT_KEY }
}

/// Whether flags of a sample say that it is a keyframe.
pub(super) fn is_key(flags: u32) -> bool {
    flags & 0x0001_0000 == 0
}

/// Appends a fragment that begins at `at` in the file, and adds its samples to the tables.
///
/// A sample is shown until the next one of its track. That one may not have come yet: then it is shown as long as the
/// one before. The next fragment says when it begins, so that an error does not last.
pub(super) fn write(
    sequence: u32,
    of_tracks: &[Vec<Waiting>],
    samples: &mut [Samples],
    next: Option<(usize, u64)>,
    at: u64,
    out: &mut Vec<u8>,
) -> Result<(), ContainerError> {
    let mut traf = Vec::new();
    for (index, (frames, samples)) in of_tracks.iter().zip(samples.iter()).enumerate() {
        let Some(first) = frames.first() else { continue };
        let next = next.filter(|(track, _)| *track == index).map(|(_, time)| time);
        traf.push(Traf {
            tfhd: Tfhd { track_id: track_id(index), default_base_is_moof: true, ..Tfhd::default() },
            tfdt: Some(Tfdt { base_media_decode_time: first.time }),
            trun: vec![Trun { data_offset: Some(0), samples: run(frames, samples, next) }],
            ..Traf::default()
        });
    }
    let mut moof = Moof { mfhd: Mfhd { sequence_number: sequence }, traf };
    // The length of the moof does not depend on the offsets in it.
    let mut bytes = Vec::new();
    encode(&moof, &mut bytes)?;
    let head = bytes.len() + 8;
    let mut data = 0;
    let mut trafs = moof.traf.iter_mut();
    for (frames, samples) in of_tracks.iter().zip(samples) {
        if frames.is_empty() {
            continue;
        }
        let offset = head + data;
        let trun = trafs.next().and_then(|traf| traf.trun.first_mut());
        if let Some(trun) = trun {
            trun.data_offset = Some(i32::try_from(offset).map_err(|_| ContainerError::TooLong)?);
        }
        samples.begin_chunk(at + offset as u64);
        for waiting in frames {
            samples.push(waiting.time, size_of(waiting), waiting.frame.is_key);
            data += waiting.frame.data.len();
        }
    }
    encode(&moof, out)?;
    let size = u32::try_from(data + 8).map_err(|_| ContainerError::TooLong)?;
    out.extend_from_slice(&size.to_be_bytes());
    out.extend_from_slice(b"mdat");
    for waiting in of_tracks.iter().flatten() {
        out.extend_from_slice(&waiting.frame.data);
    }
    Ok(())
}

/// The samples of a track. `before` are those of earlier fragments.
fn run(frames: &[Waiting], before: &Samples, next: Option<u64>) -> TrunSamples {
    let times = frames.iter().map(|waiting| waiting.time);
    let mut step = match (before.last(), frames.first()) {
        (Some(last), Some(first)) => step_between(last, first.time),
        _ => before.last_step(),
    };
    let ends = times.clone().skip(1).map(Some).chain([next]);
    let entry = |((waiting, time), end): ((&Waiting, u64), Option<u64>)| {
        step = end.map_or(before.guess(step), |end| step_between(time, end));
        TrunEntry {
            duration: Some(step),
            size: Some(size_of(waiting)),
            flags: Some(flags(waiting.frame.is_key)),
            cts: None,
        }
    };
    TrunSamples::Explicit(frames.iter().zip(times).zip(ends).map(entry).collect())
}

fn step_between(time: u64, next: u64) -> u32 {
    u32::try_from(next.saturating_sub(time)).unwrap_or(u32::MAX)
}

/// Frames are at most [`super::super::MAX_FRAME_BYTES`] long.
fn size_of(waiting: &Waiting) -> u32 {
    u32::try_from(waiting.frame.data.len()).unwrap_or(u32::MAX)
}
