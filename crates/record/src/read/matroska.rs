//! Reads WebM and Matroska (RFC 9559).
//!
//! Clusters are not entered and left: a cluster sets the time, and blocks follow. So one whose size is unknown is read as
//! any other.
//!
//! | file | what |
//! | --- | --- |
//! | `header.rs` | what comes before the first cluster |
//! | `lacing.rs` | several frames in one block |

mod header;
mod lacing;

use std::collections::VecDeque;
use std::io::{Read, Seek};
use std::time::Duration;

use super::{End, StoredFrame};
use crate::container::source::{Source, Stop};
use crate::container::webm::ebml;
use crate::container::webm::element::{element, element_id, size};

pub(super) use crate::container::webm::MAGIC;
pub(super) use header::open;

/// A track as blocks name it.
#[derive(Debug)]
struct Numbered {
    number: u64,
    /// How long one frame of several in a block is shown, in nanoseconds.
    step_ns: u64,
    /// How much earlier than its timestamp a frame is shown, in nanoseconds: its encoder looks ahead.
    delay_ns: u64,
    is_audio: bool,
}

/// A position in a file, from its first cluster on.
#[derive(Debug)]
pub(super) struct Walk {
    tracks: Vec<Numbered>,
    /// That of the track that is shown the earliest.
    most_delay_ns: u64,
    /// A unit of time, in nanoseconds.
    scale: u64,
    /// Where the segment says that it ends.
    segment_end: Option<u64>,
    /// Where the cluster says that it ends.
    cluster_end: Option<u64>,
    /// The time of the cluster, in its units.
    cluster: u64,
    /// The other frames of a block: 255 at most.
    laced: VecDeque<StoredFrame>,
}

/// What a block says of its frames.
#[derive(Debug)]
struct Block {
    track: usize,
    at_ns: u64,
    flags: u8,
    /// Where each frame begins, and how long it is.
    frames: Vec<(u64, u32)>,
}

impl Walk {
    /// The next frame.
    pub(super) fn next<R: Read + Seek>(
        &mut self,
        source: &mut Source<R>,
    ) -> Result<Option<StoredFrame>, Stop> {
        loop {
            if let Some(frame) = self.laced.pop_front() {
                return Ok(Some(frame));
            }
            let begin = source.at();
            if begin >= source.len().min(self.segment_end.unwrap_or(u64::MAX)) {
                return Ok(None);
            }
            let step = self.step(source);
            if matches!(step, Err(Stop::Cut)) {
                source.go_to(begin)?;
            }
            step?;
        }
    }

    /// How the file ends when there is no frame any more.
    pub(super) fn end<R: Read + Seek>(&self, source: &Source<R>) -> End {
        let len = source.len();
        match (self.segment_end, self.cluster_end) {
            (Some(end), _) | (_, Some(end)) if end > len => End::Cut { at: len },
            (None, _) => End::Unfinished,
            (Some(_), _) => End::Whole,
        }
    }

    /// Reads an element.
    fn step<R: Read + Seek>(&mut self, source: &mut Source<R>) -> Result<(), Stop> {
        let name = element_id(source)?;
        let size = size(source)?;
        if name == ebml::CLUSTER {
            self.cluster_end = size.and_then(|size| source.at().checked_add(size));
            return Ok(());
        }
        let size = size.ok_or(Stop::Cut)?;
        let end = source.end_of(size)?;
        match name {
            ebml::TIMESTAMP => self.cluster = uint(&source.vec(size, 8)?),
            ebml::SIMPLE_BLOCK => {
                if let Some(block) = self.block(source, end)? {
                    let is_key = block.flags & 0x80 != 0;
                    self.add(&block, is_key);
                }
            }
            ebml::BLOCK_GROUP => self.group(source, end)?,
            // Another file follows.
            ebml::EBML => return Err(Stop::Cut),
            _ => source.skip(size)?,
        }
        Ok(())
    }

    fn group<R: Read + Seek>(&mut self, source: &mut Source<R>, end: u64) -> Result<(), Stop> {
        let mut found = None;
        let mut is_key = true;
        while source.at() < end {
            let (name, size) = element(source)?;
            let inner = source.end_of(size)?;
            if inner > end {
                return Err(Stop::Cut);
            }
            match name {
                ebml::BLOCK => found = self.block(source, inner)?,
                other => {
                    is_key &= other != ebml::REFERENCE_BLOCK;
                    source.skip(size)?;
                }
            }
        }
        if let Some(block) = found {
            self.add(&block, is_key);
        }
        Ok(())
    }

    /// Reads the head of a block that ends at `end`, and skips its frames. `None`: it is of no track.
    fn block<R: Read + Seek>(
        &self,
        source: &mut Source<R>,
        end: u64,
    ) -> Result<Option<Block>, Stop> {
        let number = size(source)?;
        let [high, low, flags] = source.array()?;
        let sizes = lacing::sizes(source, end, flags)?;
        let mut at = source.at();
        source.skip(end.checked_sub(at).ok_or(Stop::Cut)?)?;
        let Some(track) = self.tracks.iter().position(|it| Some(it.number) == number) else {
            return Ok(None);
        };
        let mut frames = Vec::with_capacity(sizes.len());
        for size in sizes {
            frames.push((at, u32::try_from(size).map_err(|_| Stop::Cut)?));
            at += size;
        }
        let offset = i64::from(i16::from_be_bytes([high, low]));
        let time = self.cluster.saturating_add_signed(offset);
        Ok(Some(Block { track, at_ns: time.saturating_mul(self.scale), flags, frames }))
    }

    fn add(&mut self, block: &Block, is_key: bool) {
        let Some(track) = self.tracks.get(block.track) else { return };
        let is_key = is_key || track.is_audio;
        for (n, (offset, len)) in (0..).zip(&block.frames) {
            let at = block.at_ns.saturating_add(track.step_ns.saturating_mul(n));
            // No time is below zero: where one track is shown earlier, the others are later.
            let at = at.saturating_add(self.most_delay_ns.saturating_sub(track.delay_ns));
            let at = Duration::from_nanos(at);
            self.laced.push_back(StoredFrame {
                track: block.track,
                at,
                is_key,
                offset: *offset,
                len: *len,
            });
        }
    }
}

/// An unsigned number, of which the lowest 64 bits count.
fn uint(body: &[u8]) -> u64 {
    body.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}
