//! The end of a file: the tables of all samples, and one mdat around all that came before.

use std::time::Duration;

use mp4_atom::{Edts, Elst, ElstEntry};

use super::super::{ContainerError, Finished, Patch};
use super::encode;
use super::moov::{self, Lengths, MOVIE_TIMESCALE, description, timescale, trak};
use super::samples::Samples;
use crate::Track;

/// The end of a file that has `bytes` bytes, and `tail` after them. Tracks without a sample are left out.
pub(super) fn finish(
    tracks: &[Track],
    samples: Vec<Samples>,
    placeholder: u64,
    bytes: u64,
    mut tail: Vec<u8>,
) -> Result<Finished, ContainerError> {
    let is_silent = samples.iter().all(|samples| samples.first().is_none());
    let media_end = bytes + tail.len() as u64;
    let mut traks = Vec::new();
    let mut longest = 0;
    for (index, (track, samples)) in tracks.iter().zip(samples).enumerate() {
        // A file without any sample keeps its tracks: it needs one.
        if samples.first().is_none() && !is_silent {
            continue;
        }
        let first = samples.first().unwrap_or(0);
        let media = samples.duration();
        let delay = to_movie(first, track);
        let movie = to_movie(first + media, track);
        longest = longest.max(movie);
        let edts = (delay > 0).then(|| later(delay, movie - delay));
        let stbl = samples.into_tables(description(track)?, track.is_video());
        traks.push(trak(index, track, &Lengths { movie, media }, edts, stbl));
    }
    encode(&moov::moov(traks, tracks.len(), longest), &mut tail)?;

    let mut mdat = vec![0, 0, 0, 1];
    mdat.extend_from_slice(b"mdat");
    mdat.extend_from_slice(&(media_end - placeholder).to_be_bytes());
    let patches = vec![Patch { offset: placeholder, bytes: mdat }];
    Ok(Finished { tail, patches, duration: to_duration(longest) })
}

/// A time of a track in units of the file, rounded.
fn to_movie(time: u64, track: &Track) -> u64 {
    let scale = u128::from(timescale(track));
    let movie = (u128::from(time) * u128::from(MOVIE_TIMESCALE) + scale / 2) / scale;
    u64::try_from(movie).unwrap_or(u64::MAX)
}

fn to_duration(movie: u64) -> Duration {
    let scale = u64::from(MOVIE_TIMESCALE);
    let ns = movie % scale * 1_000_000_000 / scale;
    Duration::new(movie / scale, u32::try_from(ns).unwrap_or(0))
}

/// Nothing for `delay`, and then all of the track.
fn later(delay: u64, duration: u64) -> Edts {
    let entry = |segment_duration, media_time| ElstEntry {
        segment_duration,
        media_time,
        media_rate: 1.into(),
    };
    Edts { elst: Some(Elst { entries: vec![entry(delay, None), entry(duration, Some(0))] }) }
}
