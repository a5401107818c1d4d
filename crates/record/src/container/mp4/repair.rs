//! Reads a file that was cut off, up to its last whole fragment.

use std::io::{Read, Seek};

use super::super::source::{Source, Stop};
use super::super::{RepairError, Repaired};
use super::atoms::atom;
use super::fragment::is_key;
use super::read::{self, Run};
use super::samples::Samples;
use super::{PLACEHOLDER_LEN, end};
use crate::Track;

/// The latest time of a sample, in units of its track: far later than any that is written. What is computed from it
/// fits 64 bits.
const MAX_TIME: u64 = 1 << 56;

/// The longest ftyp, moov and moof, in bytes. A moof has 12 bytes a sample.
const MAX_ATOM: u64 = 16 << 20;

pub(in super::super) fn repair<R: Read + Seek>(
    source: &mut Source<R>,
) -> Result<Repaired, RepairError> {
    expect(atom(source)?, b"ftyp").and_then(|len| Ok(source.skip(len)?))?;
    let placeholder = source.at();
    let (kind, len) = atom(source)?;
    let media_end = match &kind {
        b"free" if len == PLACEHOLDER_LEN - 8 => None,
        // It was written over already.
        b"mdat" => Some(source.at().saturating_add(len)),
        _ => return Err(RepairError::Foreign),
    };
    source.skip((placeholder + PLACEHOLDER_LEN).saturating_sub(source.at()))?;
    let len = expect(atom(source)?, b"moov")?;
    let tracks = read::tracks(&source.vec(len, MAX_ATOM)?).ok_or(RepairError::Foreign)?;

    let mut samples: Vec<Samples> = tracks.iter().map(Samples::new).collect();
    let mut whole = source.at();
    loop {
        match fragment(source, &tracks, &samples) {
            Ok(runs) => {
                for run in &runs {
                    add(run, whole, &mut samples);
                }
                whole = source.at();
            }
            Err(Stop::Cut) => break,
            Err(Stop::Io(error)) => return Err(error.into()),
        }
    }
    if media_end == Some(whole) && has_moov(source, whole)? {
        return Ok(Repaired::Whole);
    }
    if samples.iter().all(|samples| samples.first().is_none()) {
        return Err(RepairError::Empty);
    }
    // What cannot be written again is not what this program wrote.
    let finished = end::finish(&tracks, samples, placeholder, whole, Vec::new())
        .map_err(|_| RepairError::Foreign)?;
    Ok(Repaired::Cut { len: whole, finished })
}

fn expect((found, len): ([u8; 4], u64), kind: &[u8; 4]) -> Result<u64, RepairError> {
    if found == *kind { Ok(len) } else { Err(RepairError::Foreign) }
}

/// Whether the file ends with a whole moov that begins at `at`.
fn has_moov<R: Read + Seek>(source: &mut Source<R>, at: u64) -> Result<bool, RepairError> {
    let is_last = |source: &mut Source<R>| {
        source.go_back(at)?;
        let (kind, len) = atom(source)?;
        Ok(&kind == b"moov" && source.end_of(len)? == source.len())
    };
    match is_last(source) {
        Ok(is_last) => Ok(is_last),
        Err(Stop::Cut) => Ok(false),
        Err(Stop::Io(error)) => Err(error.into()),
    }
}

/// Reads a whole fragment: moof and mdat.
fn fragment<R: Read + Seek>(
    source: &mut Source<R>,
    tracks: &[Track],
    samples: &[Samples],
) -> Result<Vec<Run>, Stop> {
    let begin = source.at();
    let (kind, len) = atom(source)?;
    if &kind != b"moof" {
        return Err(Stop::Cut);
    }
    let runs = read::runs(&source.vec(len, MAX_ATOM)?).ok_or(Stop::Cut)?;
    let (kind, len) = atom(source)?;
    let data = source.at() - begin;
    if &kind != b"mdat" || runs.is_empty() || runs.len() > tracks.len() {
        return Err(Stop::Cut);
    }
    source.skip(len)?;
    let end = source.at() - begin;
    let fits = |run: &Run| {
        let bytes: u64 = run.samples.iter().map(|sample| u64::from(sample.size)).sum();
        let is_later = samples
            .get(run.track)
            .is_some_and(|samples| samples.last().is_none_or(|last| last < run.begin));
        let is_inside = run.offset >= data && run.offset.saturating_add(bytes) <= end;
        is_later && is_inside && !run.samples.is_empty() && run.begin <= MAX_TIME
    };
    if runs.iter().all(fits) { Ok(runs) } else { Err(Stop::Cut) }
}

/// Adds the samples of a fragment that begins at `at` in the file.
fn add(run: &Run, at: u64, samples: &mut [Samples]) {
    let Some(samples) = samples.get_mut(run.track) else { return };
    samples.begin_chunk(at + run.offset);
    let mut time = run.begin;
    for sample in &run.samples {
        samples.push(time, sample.size, is_key(sample.flags));
        time += u64::from(sample.step);
    }
}
