//! MP4 (ISO 14496-12): fragmented while it grows, an ordinary one at the end.
//!
//! ```text
//! ftyp                                         ftyp
//! free    16 bytes                             mdat    its header is written over free
//! moov    tracks without samples                 ⋮     all of this is inside it now
//! moof, mdat    a second, or less              ⋮
//! …                                              ⋮
//!                                              moov    tracks with all samples
//! ```
//!
//! A player of the left one reads fragment by fragment; one of the right one sees a table of all samples and can seek.
//! So a file that was cut off can be played, and no byte of media is ever moved.
//!
//! | file | what |
//! | --- | --- |
//! | `atoms.rs` | atoms of a file, as they are read |
//! | `cmaf.rs` | pieces of a track for HLS |
//! | `moov.rs` | tracks as atoms |
//! | `fragment.rs` | a fragment as atoms |
//! | `samples.rs` | what is remembered of the samples of a track, and the tables from it |
//! | `end.rs` | the end of a file |
//! | `read.rs` | atoms of a file that was cut off |
//! | `repair.rs` | reads such a file |

pub(crate) mod atoms;
pub(crate) mod cmaf;
mod end;
mod fragment;
pub(crate) mod moov;
mod read;
mod repair;
mod samples;

use std::time::Duration;

use mp4_atom::{Encode, FourCC, Ftyp};

use samples::Samples;

use super::batch::{Batch, Waiting, ticks};
use super::{ContainerError, Finished};
use crate::{Frame, Track};

pub(super) use repair::repair;

/// The length of the placeholder, in bytes: an mdat header with a size in 64 bits.
const PLACEHOLDER_LEN: u64 = 16;

/// A file while it grows.
#[derive(Debug)]
pub(super) struct Writer {
    tracks: Vec<Track>,
    samples: Vec<Samples>,
    /// The time of each track's newest frame, whether it was written or waits.
    newest: Vec<Option<u64>>,
    batch: Batch,
    sequence: u32,
    placeholder: u64,
    bytes: u64,
}

impl Writer {
    pub(super) fn begin(tracks: &[Track], out: &mut Vec<u8>) -> Result<Self, ContainerError> {
        let brand = FourCC::new;
        let ftyp = Ftyp {
            major_brand: brand(b"isom"),
            minor_version: 512,
            compatible_brands: vec![brand(b"isom"), brand(b"iso6"), brand(b"mp41")],
        };
        let mut header = Vec::new();
        encode(&ftyp, &mut header)?;
        let placeholder = header.len() as u64;
        header.extend_from_slice(b"\0\0\0\x10free\0\0\0\0\0\0\0\0");
        encode(&moov::growing(tracks)?, &mut header)?;
        out.extend_from_slice(&header);
        Ok(Self {
            tracks: tracks.to_vec(),
            samples: tracks.iter().map(Samples::new).collect(),
            newest: vec![None; tracks.len()],
            batch: Batch::default(),
            sequence: 0,
            placeholder,
            bytes: header.len() as u64,
        })
    }

    pub(super) fn write(&mut self, frame: Frame, out: &mut Vec<u8>) -> Result<(), ContainerError> {
        let index = frame.track;
        let (Some(track), Some(newest)) = (self.tracks.get(index), self.newest.get(index).copied())
        else {
            return Err(ContainerError::UnknownTrack(index));
        };
        // Two samples of a track never have the same time.
        let time =
            ticks(frame.at, moov::timescale(track)).max(newest.map_or(0, |newest| newest + 1));
        if self.batch.ends_before(&frame, track.is_video()) {
            self.fragment(Some((index, time)), out)?;
        }
        if let Some(newest) = self.newest.get_mut(index) {
            *newest = Some(time);
        }
        self.batch.push(frame, time);
        Ok(())
    }

    pub(super) fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), ContainerError> {
        self.fragment(None, out)
    }

    pub(super) fn finish(mut self) -> Result<Finished, ContainerError> {
        let bytes = self.bytes;
        let mut tail = Vec::new();
        self.fragment(None, &mut tail)?;
        end::finish(&self.tracks, self.samples, self.placeholder, bytes, tail)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn waiting_since(&self) -> Option<Duration> {
        self.batch.since()
    }

    /// Writes what waits. `next` is the frame that comes after it.
    fn fragment(
        &mut self,
        next: Option<(usize, u64)>,
        out: &mut Vec<u8>,
    ) -> Result<(), ContainerError> {
        let frames = self.batch.take();
        if frames.is_empty() {
            return Ok(());
        }
        self.sequence = self.sequence.wrapping_add(1);
        let mut of_tracks: Vec<Vec<Waiting>> = self.tracks.iter().map(|_| Vec::new()).collect();
        for waiting in frames {
            if let Some(of_track) = of_tracks.get_mut(waiting.frame.track) {
                of_track.push(waiting);
            }
        }
        let before = out.len();
        fragment::write(self.sequence, &of_tracks, &mut self.samples, next, self.bytes, out)?;
        self.bytes += (out.len() - before) as u64;
        Ok(())
    }
}

/// Appends an atom. It fails when the atom is larger than 4 GiB.
fn encode(atom: &impl Encode, out: &mut Vec<u8>) -> Result<(), ContainerError> {
    atom.encode(out).map_err(|_| ContainerError::TooLong)
}
