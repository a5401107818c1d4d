//! The samples of a fragment, by its moof.

use std::collections::VecDeque;

use mp4_atom::{Tfdt, Tfhd};

use super::tables::u32_at;
use super::{Defaults, Numbered, Sample};
use crate::container::mp4::atoms::{Atoms, find, leaf};

/// What each entry of a run has, in this order; bits of its flags.
const STEP: u32 = 0x100;
const LEN: u32 = 0x200;
const FLAGS: u32 = 0x400;
const LATER: u32 = 0x800;

/// The bit of a sample's flags that says that it is no keyframe.
const NOT_KEY: u32 = 0x0001_0000;

/// Samples of a track that follow each other in the file.
#[derive(Debug)]
struct Run {
    has: u32,
    entries: Vec<u8>,
    at: usize,
    left: u32,
    first_flags: Option<u32>,
    defaults: Defaults,
    time: u64,
    offset: u64,
}

/// A fragment whose samples are read.
#[derive(Debug)]
pub(super) struct Fragment {
    runs: Vec<VecDeque<Run>>,
    next: Vec<Option<Sample>>,
}

impl Fragment {
    /// One without samples, of so many tracks.
    pub(super) fn new(n_tracks: usize) -> Self {
        let runs = std::iter::repeat_with(VecDeque::new).take(n_tracks).collect();
        Self { runs, next: vec![None; n_tracks] }
    }

    /// Takes the runs of a moof that begins at `begin`. `None`: it cannot be read.
    pub(super) fn read(&mut self, moof: &[u8], begin: u64, tracks: &mut [Numbered]) -> Option<()> {
        for (_, traf) in Atoms(moof).filter(|(kind, _)| kind == b"traf") {
            self.read_track(traf, begin, tracks)?;
        }
        for (n, next) in self.next.iter_mut().enumerate() {
            *next = self.runs.get_mut(n).and_then(advance);
        }
        Some(())
    }

    fn read_track(&mut self, traf: &[u8], begin: u64, tracks: &mut [Numbered]) -> Option<()> {
        let tfhd: Tfhd = leaf(traf, *b"tfhd")?;
        let Some(index) = tracks.iter().position(|it| it.id == tfhd.track_id) else {
            return Some(());
        };
        let (track, runs) = (tracks.get_mut(index)?, self.runs.get_mut(index)?);
        let base = tfhd.base_data_offset.unwrap_or(begin);
        let defaults = Defaults {
            step: tfhd.default_sample_duration.unwrap_or(track.defaults.step),
            len: tfhd.default_sample_size.unwrap_or(track.defaults.len),
            flags: tfhd.default_sample_flags.unwrap_or(track.defaults.flags),
        };
        if find(traf, b"tfdt").is_some() {
            track.time = leaf::<Tfdt>(traf, *b"tfdt")?.base_media_decode_time;
        }
        let mut offset = base;
        for (_, trun) in Atoms(traf).filter(|(kind, _)| kind == b"trun") {
            let run = Run::read(trun, base, offset, track.time, defaults)?;
            (track.time, offset) = run.end()?;
            runs.push_back(run);
        }
        Some(())
    }

    pub(super) fn peek(&self, track: usize) -> Option<Sample> {
        self.next.get(track).copied().flatten()
    }

    pub(super) fn next(&mut self, track: usize) -> Option<Sample> {
        let next = self.next.get_mut(track)?;
        let sample = next.take();
        *next = self.runs.get_mut(track).and_then(advance);
        sample
    }
}

fn advance(runs: &mut VecDeque<Run>) -> Option<Sample> {
    loop {
        if let Some(sample) = runs.front_mut()?.next() {
            return Some(sample);
        }
        runs.pop_front();
    }
}

impl Run {
    /// Reads a trun (section 8.8.8). One that names no offset goes on at `offset`.
    fn read(trun: &[u8], base: u64, offset: u64, time: u64, defaults: Defaults) -> Option<Self> {
        let has = u32_at(trun, 0)? & 0x00FF_FFFF;
        let left = u32_at(trun, 4)?;
        let mut at = 8;
        let mut take = |bit: u32| {
            let is_there = has & bit != 0;
            let value = if is_there { u32_at(trun, at)? } else { 0 };
            at += usize::from(is_there) * 4;
            Some(is_there.then_some(value))
        };
        let from_base = take(0x001)?;
        let first_flags = take(0x004)?;
        let offset = match from_base {
            Some(it) => base.checked_add_signed(i64::from(it.cast_signed()))?,
            None => offset,
        };
        let run = Self {
            has,
            entries: trun.get(at..)?.to_vec(),
            at: 0,
            left,
            first_flags,
            defaults,
            time,
            offset,
        };
        // Samples cost bytes, in the table or in the file: so their number is bounded.
        let size = run.entry_len();
        let fits = u64::from(left) * size as u64 <= run.entries.len() as u64;
        let is_free = size == 0 && defaults.len == 0 && left > 1;
        (fits && !is_free).then_some(run)
    }

    /// Bytes of an entry.
    fn entry_len(&self) -> usize {
        4 * (self.has & (STEP | LEN | FLAGS | LATER)).count_ones() as usize
    }

    /// When its last sample ends, and where.
    fn end(&self) -> Option<(u64, u64)> {
        let size = self.entry_len();
        let (mut step, mut len) = (0u64, 0u64);
        let at_len = if self.has & STEP != 0 { 4 } else { 0 };
        for entry in self.entries.chunks_exact(size.max(1)).take(self.left as usize) {
            if self.has & STEP != 0 {
                step = step.saturating_add(u64::from(u32_at(entry, 0)?));
            }
            if self.has & LEN != 0 {
                len = len.saturating_add(u64::from(u32_at(entry, at_len)?));
            }
        }
        let left = u64::from(self.left);
        if self.has & STEP == 0 {
            step = left * u64::from(self.defaults.step);
        }
        if self.has & LEN == 0 {
            len = left * u64::from(self.defaults.len);
        }
        Some((self.time.saturating_add(step), self.offset.saturating_add(len)))
    }

    fn next(&mut self) -> Option<Sample> {
        self.left = self.left.checked_sub(1)?;
        let Defaults { step, len, flags } = self.defaults;
        let mut take = |bit: u32, default: u32| {
            if self.has & bit == 0 {
                return Some(default);
            }
            let value = u32_at(&self.entries, self.at);
            self.at += 4;
            value
        };
        let (step, len) = (take(STEP, step)?, take(LEN, len)?);
        let flags = take(FLAGS, flags)?;
        let flags = self.first_flags.take().unwrap_or(flags);
        // Also where the version says that it has no sign: writers differ, and none is that late.
        let later = i64::from(take(LATER, 0)?.cast_signed());
        let sample = Sample {
            time: self.time,
            later,
            offset: self.offset,
            len,
            is_key: flags & NOT_KEY == 0,
        };
        self.time = self.time.saturating_add(u64::from(step));
        self.offset = self.offset.saturating_add(u64::from(len));
        Some(sample)
    }
}
