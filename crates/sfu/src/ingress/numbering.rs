//! Sequence numbers of one stream as the room sees them: without holes for packets that are dropped on
//! the way in, and with numbers for packets that are put in. Pure.
//!
//! A packet that is missing when later ones are numbered keeps its number, since nobody knows yet
//! whether it will be dropped. If it is, an empty packet takes that number, so that no viewer waits for
//! it.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

/// Changes of the offset that are remembered: 1 s of padding after every frame of 60 a second. What is
/// missing for longer is not repeated by any publisher.
const MAX_CHANGES: usize = 64;

/// Where numbers begin, above the first sequence number: so many packets can be dropped in a row at the
/// start, and overtaken ones have room below.
const BEGIN: u64 = 1 << 16;

/// A sequence number this far behind the highest is no late packet: the stream began anew. A 16-bit
/// number is never extended to one that far back (RFC 3711, section 3.3.1).
const RESTART: u64 = 1 << 15;

/// How sequence numbers of one stream map to the room's.
#[derive(Debug)]
pub(crate) struct Numbering {
    /// One after the highest sequence number; `None` before the first.
    next: Option<u64>,
    changes: VecDeque<Change>,
    /// What is added before all changes that are remembered, from which sequence number on.
    base: u64,
    base_from: u64,
}

/// A place where the offset changes: packets that were dropped one behind the other, or that were put in.
#[derive(Debug, Clone, Copy)]
struct Change {
    /// One after the last dropped sequence number; the one that something was put in before.
    end: u64,
    /// How many were dropped.
    dropped: u64,
    /// What is added from `end` on, modulo 2^64.
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
    /// The number of a packet that goes on. A late one gets the number that was kept for it; `None` when
    /// that is not known any more, or the packet was dropped before.
    pub(crate) fn number(&mut self, seq: u64) -> Option<u64> {
        if self.is_new(seq) {
            self.next = Some(seq.saturating_add(1));
            return Some(seq.wrapping_add(self.offset()));
        }
        self.kept(seq)
    }

    /// Drops a packet. `None` when it takes no number; otherwise it is late, and this number was kept for
    /// it, with which an empty packet has to go on.
    pub(crate) fn drop(&mut self, seq: u64) -> Option<u64> {
        if !self.is_new(seq) {
            return self.kept(seq);
        }
        let end = seq.saturating_add(1);
        self.next = Some(end);
        self.change(seq, Change { end, dropped: 1, offset: self.offset().wrapping_sub(1) });
        None
    }

    /// A number for a packet that is put in before the one with this sequence number; `None` when that or
    /// a later one was numbered or dropped already.
    pub(crate) fn insert_before(&mut self, seq: u64) -> Option<u64> {
        if !self.is_new(seq) {
            return None;
        }
        let offset = self.offset();
        self.change(seq, Change { end: seq, dropped: 0, offset: offset.wrapping_add(1) });
        Some(seq.wrapping_add(offset))
    }

    /// Whether a packet is newer than all so far. When the stream began anew it is, after a hole of one
    /// number, which tells the viewers that they may miss something.
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

    /// Remembers a change that begins at a sequence number, as one with the last if that ends there.
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

    /// The number that was kept for a late packet.
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
