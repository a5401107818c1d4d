//! WebM and Matroska (RFC 9559).
//!
//! ```text
//! EBML header
//! Segment, of unknown size until the end
//!   Void         room for the SeekHead
//!   Info         with room for the Duration
//!   Tracks
//!   Cluster      a second, or less when a keyframe begins the next one
//!   …
//!   Cues         at the end: where keyframes are
//! ```
//!
//! | file | what |
//! | --- | --- |
//! | `ebml.rs` | elements as bytes |
//! | `element.rs` | ids and sizes of elements that are read |
//! | `header.rs` | what comes before the first cluster, and where the end patches it |
//! | `index.rs` | what is remembered of the clusters; cues and patches from it |
//! | `repair.rs` | reads a file that was cut off |

pub(crate) mod ebml;
pub(crate) mod element;
mod header;
mod index;
mod repair;

use std::time::Duration;

use ebml::{element, master, sint, uint};
use header::Layout;
use index::Index;

use super::Finished;
use super::batch::{Batch, Waiting, ticks};
use crate::{Frame, Track};

pub(super) use repair::repair;

/// The first bytes of a file.
pub(crate) const MAGIC: [u8; 4] = [0x1A, 0x45, 0xDF, 0xA3];

/// Times are in milliseconds.
const TIMESCALE: u32 = 1000;

/// A file while it grows.
#[derive(Debug)]
pub(super) struct Writer {
    layout: Layout,
    index: Index,
    /// The time of each track's newest frame, whether it was written or waits.
    newest: Vec<Option<u64>>,
    batch: Batch,
    bytes: u64,
}

impl Writer {
    pub(super) fn begin(tracks: &[Track], out: &mut Vec<u8>) -> Self {
        let mut header = Vec::new();
        let layout = Layout::write(tracks, &mut header);
        out.extend_from_slice(&header);
        Self {
            layout,
            index: Index::new(tracks.iter().map(Track::is_video).collect()),
            newest: vec![None; tracks.len()],
            batch: Batch::default(),
            bytes: header.len() as u64,
        }
    }

    pub(super) fn write(&mut self, frame: Frame, out: &mut Vec<u8>) {
        // Milliseconds are coarse: two packets of sound may have the same one.
        let time = ticks(frame.at, TIMESCALE);
        if self.batch.ends_before(&frame, self.index.is_video(frame.track)) {
            self.flush(out);
        }
        if let Some(newest) = self.newest.get_mut(frame.track) {
            *newest = Some(time);
        }
        self.batch.push(frame, time);
    }

    pub(super) fn flush(&mut self, out: &mut Vec<u8>) {
        self.cluster(false, out);
    }

    pub(super) fn finish(mut self) -> Finished {
        let bytes = self.bytes;
        let mut tail = Vec::new();
        self.cluster(true, &mut tail);
        self.index.finish(&self.layout, bytes, tail)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn waiting_since(&self) -> Option<Duration> {
        self.batch.since()
    }

    /// Writes what waits. In the last cluster the last frame of each track says how long it is shown.
    fn cluster(&mut self, is_last: bool, out: &mut Vec<u8>) {
        let mut frames = self.batch.take();
        // Tracks come as they come. Players want blocks in the order of time.
        frames.sort_by_key(|waiting| waiting.time);
        let Some(begin) = frames.first().map(|waiting| waiting.time) else { return };
        let at = self.layout.position_of(self.bytes);
        let mut body = Vec::new();
        uint(&mut body, ebml::TIMESTAMP, begin);
        for waiting in &frames {
            let previous =
                self.index.add(at, waiting.frame.track, waiting.time, waiting.frame.is_key);
            let is_final =
                is_last && self.newest.get(waiting.frame.track) == Some(&Some(waiting.time));
            if is_final {
                let duration = self.index.step(waiting.frame.track);
                group(&mut body, begin, waiting, previous, duration);
            } else {
                let flags = if waiting.frame.is_key { 0x80 } else { 0 };
                element(&mut body, ebml::SIMPLE_BLOCK, &block(begin, waiting, flags));
            }
        }
        let before = out.len();
        element(out, ebml::CLUSTER, &body);
        self.bytes += (out.len() - before) as u64;
    }
}

/// A block with its duration. It is a keyframe if it refers to no other block.
fn group(out: &mut Vec<u8>, begin: u64, waiting: &Waiting, previous: Option<u64>, duration: u64) {
    master(out, ebml::BLOCK_GROUP, |out| {
        element(out, ebml::BLOCK, &block(begin, waiting, 0));
        uint(out, ebml::BLOCK_DURATION, duration);
        if !waiting.frame.is_key {
            let distance = waiting.time - previous.unwrap_or(waiting.time).min(waiting.time);
            sint(out, ebml::REFERENCE_BLOCK, 0i64.saturating_sub_unsigned(distance));
        }
    });
}

/// A frame in the body of a SimpleBlock or a Block.
fn block(begin: u64, waiting: &Waiting, flags: u8) -> Vec<u8> {
    let mut body = Vec::with_capacity(waiting.frame.data.len() + 4);
    ebml::size(&mut body, waiting.frame.track as u64 + 1);
    // A batch spans two seconds at most, so it fits.
    let time = i16::try_from(waiting.time - begin).unwrap_or(i16::MAX);
    body.extend_from_slice(&time.to_be_bytes());
    body.push(flags);
    body.extend_from_slice(&waiting.frame.data);
    body
}
