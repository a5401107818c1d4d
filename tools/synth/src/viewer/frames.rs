//! A viewer's screen: shows frames that are complete and whose predecessor was shown, and measures how long the picture
//! stands still.
//!
//! A frame is all packets from the one whose stamp begins it to the next packet with the marker bit. How many packets
//! that is does not matter, because a server may packetise frames anew. A keyframe of long ago is what a viewer sees that
//! goes back in a broadcast: the picture goes on from there.

mod window;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::media::Stamp;
use window::Window;

/// The most incomplete frames kept: four seconds of them.
const MAX_PENDING: usize = 128;

/// A keyframe that is older than the picture by more frames than these was not under way for so long: the viewer went back.
const LONG_AGO: u32 = MAX_PENDING as u32;

/// A packet of video.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    /// The sequence number, extended by its cycles.
    pub(crate) seq: u64,
    /// Its marker bit.
    pub(crate) is_last: bool,
    pub(crate) stamp: Option<Stamp>,
}

#[derive(Debug)]
struct Pending {
    frame: u32,
    is_key: bool,
    /// The first packet that did not come yet.
    next: u64,
    is_complete: bool,
}

/// The decoder and the screen.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    came: Window,
    /// By frame, and so by `next`.
    pending: VecDeque<Pending>,
    shown: Option<u32>,
    shown_at: Option<Instant>,
    first_keyframe_at: Option<Instant>,
}

impl Frames {
    /// When the picture last moved.
    pub(crate) fn shown_at(&self) -> Option<Instant> {
        self.shown_at
    }

    /// When the first keyframe was complete.
    pub(crate) fn first_keyframe_at(&self) -> Option<Instant> {
        self.first_keyframe_at
    }

    /// Sequence numbers are of another stream from now on.
    pub(crate) fn begin_stream(&mut self) {
        self.came = Window::default();
        self.pending.clear();
    }

    /// Takes a packet that was not there before. When the picture moves by it, returns how long it
    /// had stood still.
    pub(crate) fn take(&mut self, part: Part, now: Instant) -> Option<Duration> {
        let Part { seq, is_last, stamp } = part;
        self.came.put(seq, is_last);
        if let Some(stamp) = stamp.filter(|it| it.begins) {
            self.begin(stamp, seq);
        }
        let at = self.pending.partition_point(|it| it.next <= seq).checked_sub(1)?;
        let it = self.pending.get_mut(at).filter(|it| it.next == seq)?;
        while let Some(is_last) = self.came.get(it.next).filter(|_| !it.is_complete) {
            it.next += 1;
            it.is_complete = is_last;
        }
        if it.is_complete { self.show(now) } else { None }
    }

    fn begin(&mut self, stamp: Stamp, seq: u64) {
        let Stamp { frame, is_key, .. } = stamp;
        if is_key && self.shown.is_some_and(|shown| frame.saturating_add(LONG_AGO) < shown) {
            self.pending.clear();
            self.shown = None;
        }
        if self.shown.is_some_and(|shown| frame <= shown) {
            return;
        }
        if let Err(at) = self.pending.binary_search_by_key(&frame, |it| it.frame) {
            self.pending.insert(at, Pending { frame, is_key, next: seq, is_complete: false });
        }
        if self.pending.len() > MAX_PENDING {
            self.pending.pop_front();
        }
    }

    /// Shows all decodable frames: the next in order, or from a complete keyframe on.
    fn show(&mut self, now: Instant) -> Option<Duration> {
        let before = self.shown_at;
        let mut moved = false;
        loop {
            let follows = |it: &Pending| self.shown.is_some_and(|shown| it.frame == shown + 1);
            let next = self.pending.front().is_some_and(|it| it.is_complete && follows(it));
            let at = if next {
                0
            } else {
                let keyframe = self.pending.iter().position(|it| it.is_key && it.is_complete);
                let Some(at) = keyframe else { break };
                at
            };
            self.pending.drain(..at);
            let Some(it) = self.pending.pop_front() else { break };
            if it.is_key {
                self.first_keyframe_at.get_or_insert(now);
            }
            self.shown = Some(it.frame);
            moved = true;
        }
        if !moved {
            return None;
        }
        self.shown_at = Some(now);
        Some(now.saturating_duration_since(before?))
    }
}

#[cfg(test)]
mod tests;
