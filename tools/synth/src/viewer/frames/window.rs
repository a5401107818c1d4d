//! Which of the latest packets of a stream arrived, in two bits each.

/// Four seconds of 8 Mbit/s.
const PACKETS: u64 = 4_096;
const WORDS: usize = PACKETS as usize / 64;

/// The packets that came, and those of them with the marker bit.
#[derive(Debug)]
pub(super) struct Window {
    highest: u64,
    came: Box<[u64; WORDS]>,
    markers: Box<[u64; WORDS]>,
}

impl Default for Window {
    fn default() -> Self {
        Self { highest: 0, came: Box::new([0; WORDS]), markers: Box::new([0; WORDS]) }
    }
}

fn place(seq: u64) -> (usize, u64) {
    let at = seq % PACKETS;
    (at as usize / 64, 1 << (at % 64))
}

impl Window {
    /// Takes a packet; forgets those that are too old by it.
    pub(super) fn put(&mut self, seq: u64, is_marker: bool) {
        if seq > self.highest {
            let first = (self.highest + 1).max((seq + 1).saturating_sub(PACKETS));
            (first..=seq).for_each(|it| self.clear(it));
            self.highest = seq;
        } else if self.is_old(seq) {
            return;
        }
        let (word, bit) = place(seq);
        self.came[word] |= bit;
        if is_marker {
            self.markers[word] |= bit;
        }
    }

    /// Whether a packet has the marker bit; `None` when it did not come, or is too old.
    pub(super) fn get(&self, seq: u64) -> Option<bool> {
        if seq > self.highest || self.is_old(seq) {
            return None;
        }
        let (word, bit) = place(seq);
        (self.came[word] & bit != 0).then_some(self.markers[word] & bit != 0)
    }

    fn is_old(&self, seq: u64) -> bool {
        seq + PACKETS <= self.highest
    }

    fn clear(&mut self, seq: u64) {
        let (word, bit) = place(seq);
        self.came[word] &= !bit;
        self.markers[word] &= !bit;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_not_come_is_not_there_and_what_is_old_is_forgotten() {
        let mut it = Window::default();
        it.put(70_000, true);
        it.put(70_002, false);
        assert_eq!(
            [70_000, 70_001, 70_002, 70_003].map(|n| it.get(n)),
            [Some(true), None, Some(false), None]
        );
        it.put(70_001, true);
        assert_eq!(it.get(70_001), Some(true));
        it.put(70_001 + PACKETS, false);
        assert_eq!([70_000, 70_001, 70_002].map(|n| it.get(n)), [None, None, Some(false)]);
        it.put(70_001, true);
        assert_eq!(it.get(70_001), None, "it is too late");
        it.put(1 << 40, false);
        assert_eq!(it.get(70_001 + PACKETS), None);
    }
}
