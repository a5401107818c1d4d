//! The frames that are written at once: those of a fragment of MP4, or of a cluster of WebM.

use std::time::Duration;

use super::MAX_BATCH_BYTES;
use crate::Frame;

/// The longest batch.
const LONGEST: Duration = Duration::from_secs(1);

/// What a frame takes beside its data, in bytes and rounded up. So also empty frames are bounded.
const FRAME_BYTES: usize = 128;

/// A frame that waits, with its time in the units of its track.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) frame: Frame,
    pub(super) time: u64,
}

/// Frames that wait to be written together.
#[derive(Debug, Default)]
pub(super) struct Batch {
    frames: Vec<Waiting>,
    bytes: usize,
    since: Option<Duration>,
}

impl Batch {
    /// Whether it ends before this frame. So a batch with pictures begins with a keyframe where there is one, is never
    /// longer than a second, and needs a bounded memory.
    pub(super) fn ends_before(&self, frame: &Frame, is_video: bool) -> bool {
        let Some(since) = self.since else { return false };
        // Tracks may be late against each other, but not by much: a block of WebM has 16 bits for its time.
        (is_video && frame.is_key)
            || frame.at.abs_diff(since) >= LONGEST
            || self.bytes + FRAME_BYTES + frame.data.len() > MAX_BATCH_BYTES
    }

    pub(super) fn push(&mut self, frame: Frame, time: u64) {
        self.bytes += FRAME_BYTES + frame.data.len();
        self.since = Some(self.since.map_or(frame.at, |since| since.min(frame.at)));
        self.frames.push(Waiting { frame, time });
    }

    /// Its earliest frame.
    pub(super) fn since(&self) -> Option<Duration> {
        self.since
    }

    /// All frames, in the order in which they came. It is empty then.
    pub(super) fn take(&mut self) -> Vec<Waiting> {
        self.bytes = 0;
        self.since = None;
        std::mem::take(&mut self.frames)
    }
}

/// A time in units of `1 / timescale` seconds, rounded.
pub(super) fn ticks(at: Duration, timescale: u32) -> u64 {
    const NS_PER_S: u128 = 1_000_000_000;
    let ticks = (at.as_nanos() * u128::from(timescale) + NS_PER_S / 2) / NS_PER_S;
    u64::try_from(ticks).unwrap_or(u64::MAX)
}
