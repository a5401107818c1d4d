//! Maps the sequence numbers of one stream to the room's: dropped packets leave no gap, and inserted packets get a
//! number. Pure.
//!
//! A packet that is missing when later ones are numbered keeps its number, since it is unknown whether it will be
//! dropped. If it is, an empty packet takes that number, so that no viewer waits for it.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

/// Changes of the offset remembered: 1 s of padding after every frame at 60 frames/s. No publisher retransmits a packet
/// that has been missing for longer.
const MAX_CHANGES: usize = 64;

/// The first room number, above the first sequence number: this many packets can be dropped in a row at the start, and
/// there is room below for packets that the first one overtook.
const BEGIN: u64 = 1 << 16;

/// A sequence number this far behind the highest is not a late packet: the stream has restarted. A 16-bit number is
/// never extended to one that far back (RFC 3711, section 3.3.1).
const RESTART: u64 = 1 << 15;

/// Maps the sequence numbers of one stream to the room's.
#[derive(Debug)]
pub(crate) struct Numbering {
    /// The highest sequence number plus one; `None` before the first.
    next: Option<u64>,
    changes: VecDeque<Change>,
    /// The offset before all remembered changes.
    base: u64,
    /// The first sequence number that `base` applies to.
    base_from: u64,
}

/// A change of the offset: consecutive packets were dropped, or packets were inserted.
#[derive(Debug, Clone, Copy)]
struct Change {
    /// The last dropped sequence number plus one, or the one that a packet was inserted before.
    end: u64,
    /// How many packets were dropped.
    dropped: u64,
    /// The offset from `end` on, modulo 2^64.
    offset: u64,
}

impl Default for Numbering {
    fn default() -> Self {
        Self {
            next: None,
            changes: VecDeque::with_capacity(MAX_CHANGES),
            base: BEGIN,
            base_from: 0,
        }
    }
}

impl Numbering {
    /// The room number of a packet to forward. A late packet gets the number that was kept for it. `None` if that
    /// number is no longer known, or the packet was dropped before.
    pub(crate) fn number(&mut self, seq: u64) -> Option<u64> {
        if self.is_new(seq) {
            self.next = Some(seq.saturating_add(1));
            return Some(seq.wrapping_add(self.offset()));
        }
        self.kept(seq)
    }

    /// Drops a packet. Returns the number that was kept for it if it is late: an empty packet must be forwarded with
    /// that number. Else `None`.
    pub(crate) fn drop(&mut self, seq: u64) -> Option<u64> {
        if !self.is_new(seq) {
            return self.kept(seq);
        }
        let end = seq.saturating_add(1);
        self.next = Some(end);
        self.change(seq, Change { end, dropped: 1, offset: self.offset().wrapping_sub(1) });
        None
    }

    /// The number of a packet inserted before the one with this sequence number. `None` if that one or a later one was
    /// already numbered or dropped.
    pub(crate) fn insert_before(&mut self, seq: u64) -> Option<u64> {
        if !self.is_new(seq) {
            return None;
        }
        let offset = self.offset();
        self.change(seq, Change { end: seq, dropped: 0, offset: offset.wrapping_add(1) });
        Some(seq.wrapping_add(offset))
    }

    /// Whether a packet is newer than all so far. The first packet of a restarted stream is; it leaves a gap of one
    /// number, so that viewers know packets may be missing.
    fn is_new(&mut self, seq: u64) -> bool {
        let Some(next) = self.next.filter(|next| seq < *next) else { return true };
        if next - seq <= RESTART {
            return false;
        }
        self.base = next.wrapping_add(self.offset()).wrapping_add(1).wrapping_sub(seq);
        self.base_from = seq;
        self.changes.clear();
        self.next = None;
        true
    }

    fn offset(&self) -> u64 {
        self.changes.back().map_or(self.base, |it| it.offset)
    }

    /// Remembers a change that begins at a sequence number. Merges it with the last change if that ends there.
    fn change(&mut self, begin: u64, change: Change) {
        if let Some(last) = self.changes.back_mut().filter(|it| it.end == begin) {
            let dropped = last.dropped + change.dropped;
            *last = Change { dropped, ..change };
            return;
        }
        if self.changes.len() == MAX_CHANGES
            && let Some(oldest) = self.changes.pop_front()
        {
            (self.base, self.base_from) = (oldest.offset, oldest.end);
        }
        self.changes.push_back(change);
    }

    /// The number that was kept for a late packet; `None` if the packet was dropped or is too old.
    fn kept(&self, seq: u64) -> Option<u64> {
        let earlier = self.changes.partition_point(|it| it.end <= seq);
        if self.changes.get(earlier).is_some_and(|it| seq.saturating_add(it.dropped) >= it.end) {
            return None;
        }
        let offset = match earlier.checked_sub(1).and_then(|at| self.changes.get(at)) {
            Some(change) => change.offset,
            None if seq < self.base_from => return None,
            None => self.base,
        };
        Some(seq.wrapping_add(offset))
    }
}
