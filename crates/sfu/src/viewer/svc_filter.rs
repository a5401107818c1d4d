//! Drops layers inside a stream for one viewer: keeps its operating point, and numbers the forwarded
//! packets without gaps for the dropped ones. Pure.
//!
//! A packet that comes in order and is dropped takes no number. A packet that is missing when later ones
//! are forwarded keeps its number, since its layer is not known yet. If it comes late and its layer is
//! dropped, a packet without payload takes that number, so that the viewer does not wait for it.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use crate::media::packet::{Packet, ts_is_newer};
use crate::media::svc::OperatingPoint;
use crate::viewer::sent_log::Sent;

/// The most runs of dropped packets: 2 s with a run at every second of 60 frames per second. No publisher
/// retransmits a packet that is missing for longer.
const MAX_RUNS: usize = 64;

/// The state of one viewer and source. Only viewers with dropped layers have one.
#[derive(Debug)]
pub(crate) struct SvcFilter {
    /// The operating point of packets from `since` on.
    current: OperatingPoint,
    /// The operating point of packets before `since`.
    before: OperatingPoint,
    since: u64,
    /// The highest sequence number that came, plus one.
    next: u64,
    last_ts: Option<u32>,
    /// The last VP8 picture that was dropped, if nothing was forwarded since.
    last_picture: Option<u16>,
    runs: VecDeque<Run>,
    /// The numbers dropped before the first of `runs`.
    base: Dropped,
    /// The sequence number up to which `base` counts.
    base_at: u64,
}

/// Consecutive packets that were dropped.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// The last sequence number, plus one.
    end: u64,
    len: u64,
    /// The numbers dropped up to `end`.
    dropped: Dropped,
}

/// How much of a source was dropped before a packet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Dropped {
    packets: u64,
    /// VP8 pictures, modulo 2^15, so that their ids go on without a gap as well. A receiver takes a gap
    /// for a lost picture and holds back the pictures that may need it. (A dropped picture without a
    /// packet that came in time leaves a gap.)
    pictures: u16,
}

impl SvcFilter {
    /// For a source that is sent at this operating point, and whose packets from `next` on are still to come.
    pub(crate) fn new(current: OperatingPoint, next: u64) -> Self {
        Self {
            current,
            before: current,
            since: next,
            next,
            last_ts: None,
            last_picture: None,
            runs: VecDeque::with_capacity(MAX_RUNS),
            base: Dropped::default(),
            base_at: 0,
        }
    }

    /// The operating point that is sent now.
    pub(crate) fn current(&self) -> OperatingPoint {
        self.current
    }

    /// Handles the next packet in order of arrival. `wanted` is the operating point to switch to as soon
    /// as possible. Returns the number of packets dropped before this one, and how to send it; `None` if
    /// it is dropped.
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
        let dropped = self.before(packet.seq)?;
        let point = if packet.seq < self.since { self.before } else { self.current };
        Some(sent(packet, dropped, point))
    }

    /// Switches the operating point: down where a picture begins, up at a switch point. After a gap it
    /// switches only at a keyframe, since the missing packet may be of the picture before or of this one.
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
        let mut dropped = self.all();
        dropped.packets += 1;
        if let Some(picture) = packet.vp8.as_ref().map(|it| it.picture_id)
            && self.last_picture.replace(picture) != Some(picture)
        {
            dropped.pictures = (dropped.pictures + 1) & 0x7FFF;
        }
        let end = packet.seq + 1;
        if let Some(last) = self.runs.back_mut().filter(|it| it.end == packet.seq) {
            *last = Run { end, len: last.len + 1, dropped };
            return;
        }
        if self.runs.len() == MAX_RUNS
            && let Some(oldest) = self.runs.pop_front()
        {
            (self.base, self.base_at) = (oldest.dropped, oldest.end);
        }
        self.runs.push_back(Run { end, len: 1, dropped });
    }

    fn all(&self) -> Dropped {
        self.runs.back().map_or(self.base, |it| it.dropped)
    }

    /// The numbers dropped before a late packet; `None` if it was dropped itself, or if they are no longer
    /// known.
    fn before(&self, seq: u64) -> Option<Dropped> {
        let later = self.runs.iter().rev().take_while(|it| it.end > seq).count();
        let n = self.runs.len() - later;
        if self.runs.get(n).is_some_and(|it| seq + it.len >= it.end) {
            return None;
        }
        match n.checked_sub(1).and_then(|n| self.runs.get(n)) {
            Some(run) => Some(run.dropped),
            None if seq < self.base_at => None,
            None => Some(self.base),
        }
    }
}

/// How to send a packet at an operating point: without payload if its layer is dropped.
fn sent(packet: &Packet, dropped: Dropped, point: OperatingPoint) -> (u64, Sent) {
    let place = &packet.place;
    let is_empty = !point.contains(place.point);
    // The last spatial layer of a picture that is sent gets the marker, which the publisher sets on a
    // higher layer.
    let is_last = !is_empty && place.ends_frame && place.point.spatial == point.spatial;
    (dropped.packets, Sent { dropped: dropped.pictures, is_last, is_empty })
}
