//! A stream of which one viewer is left out a part: at which operating point it is, and its numbering,
//! which shows no gap for what is left out. Pure.
//!
//! What comes in order and is left out takes no number. A packet that is missing when later ones are
//! forwarded keeps its number, since nobody knows yet what it will be; if it comes and is of what is
//! left out, a packet without content takes that number, so that the viewer does not wait for it.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use crate::media::packet::{Packet, ts_is_newer};
use crate::media::svc::OperatingPoint;
use crate::viewer::sent_log::Sent;

/// Runs of left out packets that are remembered: 2 s of a run at every second frame of 60 a second. What
/// is missing for longer is not repeated by any publisher.
const MAX_RUNS: usize = 64;

/// The state of one viewer and source. Only who is left out something has one.
#[derive(Debug)]
pub(crate) struct SvcFilter {
    /// The point that packets from `since` on are forwarded by, and that of those before.
    current: OperatingPoint,
    before: OperatingPoint,
    since: u64,
    /// One after the highest number that came.
    next: u64,
    last_ts: Option<u32>,
    /// The picture that was left out last, if nothing was forwarded since.
    last_picture: Option<u16>,
    runs: VecDeque<Run>,
    /// What was left out before the runs, and up to which packet that is.
    base: Left,
    base_at: u64,
}

/// Packets that were left out, one behind the other.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// One after the last.
    end: u64,
    len: u64,
    /// All that was left out up to the end.
    left: Left,
}

/// How much was left out of a source before a packet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Left {
    packets: u64,
    /// VP8 pictures, modulo 2^15: their ids go on without a gap as well. A receiver takes a gap for a
    /// picture that was lost, and holds back those that may need it. (One of which no packet was here in
    /// time leaves one.)
    pictures: u16,
}

impl SvcFilter {
    /// Of a source that is at this point, and whose packets from `next` on are still to come.
    pub(crate) fn new(current: OperatingPoint, next: u64) -> Self {
        Self {
            current,
            before: current,
            since: next,
            next,
            last_ts: None,
            last_picture: None,
            runs: VecDeque::with_capacity(MAX_RUNS),
            base: Left::default(),
            base_at: 0,
        }
    }

    /// The operating point that is sent now.
    pub(crate) fn current(&self) -> OperatingPoint {
        self.current
    }

    /// Takes the next packet in the order of arrival. `wanted` is where to go as soon as that can be.
    /// Returns how many packets were left out before, and how this one is sent; `None` when it is left
    /// out itself.
    pub(crate) fn take(&mut self, packet: &Packet, wanted: OperatingPoint) -> Option<(u64, Sent)> {
        let seq = packet.seq;
        if seq < self.next {
            return self.take_late(packet);
        }
        self.change(packet, wanted);
        self.next = seq + 1;
        if self.current.contains(packet.place.point) {
            self.last_picture = None;
            return Some(sent(packet, self.all(), self.current));
        }
        self.leave_out(packet);
        None
    }

    fn take_late(&self, packet: &Packet) -> Option<(u64, Sent)> {
        let left = self.before(packet.seq)?;
        let point = if packet.seq < self.since { self.before } else { self.current };
        Some(sent(packet, left, point))
    }

    /// Goes to another point: down where a picture begins, up where a frame says so. Not where something
    /// is missing, which may be of the picture before or of this one; unless it is a keyframe.
    fn change(&mut self, packet: &Packet, wanted: OperatingPoint) {
        let begins_picture = self.last_ts.is_none_or(|last| ts_is_newer(packet.ts, last));
        if begins_picture {
            self.last_ts = Some(packet.ts);
        }
        if wanted == self.current || (packet.seq != self.next && !packet.is_keyframe) {
            return;
        }
        let mut point = self.current;
        if begins_picture {
            point = point.common(wanted);
        }
        if begins_picture || packet.place.begins_frame {
            point = packet.place.can_switch_to(point, wanted);
        }
        if point != self.current {
            self.before = self.current;
            self.current = point;
            self.since = packet.seq;
        }
    }

    fn leave_out(&mut self, packet: &Packet) {
        let mut left = self.all();
        left.packets += 1;
        if let Some(picture) = packet.vp8.as_ref().map(|it| it.picture_id)
            && self.last_picture.replace(picture) != Some(picture)
        {
            left.pictures = (left.pictures + 1) & 0x7FFF;
        }
        let end = packet.seq + 1;
        if let Some(last) = self.runs.back_mut().filter(|it| it.end == packet.seq) {
            *last = Run { end, len: last.len + 1, left };
            return;
        }
        if self.runs.len() == MAX_RUNS
            && let Some(oldest) = self.runs.pop_front()
        {
            (self.base, self.base_at) = (oldest.left, oldest.end);
        }
        self.runs.push_back(Run { end, len: 1, left });
    }

    fn all(&self) -> Left {
        self.runs.back().map_or(self.base, |it| it.left)
    }

    /// What was left out before a packet that comes late; `None` when it is left out itself, or that is
    /// not known any more.
    fn before(&self, seq: u64) -> Option<Left> {
        let later = self.runs.iter().rev().take_while(|it| it.end > seq).count();
        let n = self.runs.len() - later;
        if self.runs.get(n).is_some_and(|it| seq + it.len >= it.end) {
            return None;
        }
        match n.checked_sub(1).and_then(|n| self.runs.get(n)) {
            Some(run) => Some(run.left),
            None if seq < self.base_at => None,
            None => Some(self.base),
        }
    }
}

/// How a packet is sent at a point: without content, when it is of what is left out.
fn sent(packet: &Packet, left: Left, point: OperatingPoint) -> (u64, Sent) {
    let place = &packet.place;
    let is_empty = !point.contains(place.point);
    // Of a picture of several spatial layers the last that is sent has the marker, which it would not
    // have otherwise.
    let is_last = !is_empty && place.ends_frame && place.point.spatial == point.spatial;
    (left.packets, Sent { left_out: left.pictures, is_last, is_empty })
}
