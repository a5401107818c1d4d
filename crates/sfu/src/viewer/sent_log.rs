//! Maps the sequence numbers that a viewer was sent to packets in the ring, so that a packet can be
//! retransmitted from the ring (RFC 4585, section 6.2.1) without a copy per viewer.

use std::time::Instant;

use crate::viewer::rewriter::{Numbering, PictureOffset};

/// The initial number of entries: 1 s of 2.5 Mbit/s.
const MIN_LEN: usize = 256;

/// The largest number of entries: 1 s of 20 Mbit/s. Only a viewer whose picture already stands still
/// requests an older packet.
const MAX_LEN: usize = 2_048;

/// The number of sources whose numbering is kept: a viewer changes layers at most every few seconds.
const SOURCES: usize = 4;

/// The tick of the log's clock. 255 ticks, about a second, are how long a retransmission is remembered.
const TICK_MS: u128 = 4;

/// The last packets of one track that one viewer was sent.
#[derive(Debug)]
pub(crate) struct SentLog {
    /// Indexed by the low bits of the sequence number; the length is a power of two.
    entries: Vec<Entry>,
    sources: [Option<Source>; SOURCES],
    /// The index of the current source.
    current: u8,
    began: Option<Instant>,
}

/// One packet, in eight bytes, since there are thousands of viewers.
#[derive(Debug, Clone, Copy)]
struct Entry {
    /// The low 16 bits of the position in the ring, which holds far fewer packets.
    position: u16,
    seq: u16,
    /// [`Sent::dropped`] in 15 bits, and [`Sent::is_last`] as [`IS_LAST`].
    pictures: u16,
    /// The index of the source, and [`Sent::is_empty`] as [`WITHOUT_CONTENT`]; [`NO_SOURCE`]: none.
    source: u8,
    /// When it was last retransmitted, in ticks; 0: never.
    repeated: u8,
}

const NO_SOURCE: u8 = u8::MAX;
const WITHOUT_CONTENT: u8 = 0x80;
const IS_LAST: u16 = 0x8000;

const NOTHING: Entry = Entry { position: 0, seq: 0, pictures: 0, source: NO_SOURCE, repeated: 0 };

impl Entry {
    fn source(&self) -> Option<usize> {
        (self.source != NO_SOURCE).then_some(usize::from(self.source & !WITHOUT_CONTENT))
    }
}

/// How one packet was sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sent {
    /// The number of VP8 pictures dropped before it, modulo 2^15.
    pub(crate) dropped: u16,
    /// Whether it was the last packet of its picture that was sent.
    pub(crate) is_last: bool,
    /// Whether it was sent without its payload, since its layer is dropped.
    pub(crate) is_empty: bool,
}

/// How the packets of one source were numbered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source {
    /// The epoch of the track.
    pub(crate) epoch: u32,
    /// The index of the layer in the track.
    pub(crate) layer: usize,
    pub(crate) payload_type: u8,
    /// The mapping of its timestamps.
    pub(crate) numbering: Numbering,
    /// The offset of its VP8 picture ids.
    pub(crate) pictures: PictureOffset,
    /// The offset of the frame numbers in its dependency descriptors.
    pub(crate) frames: u16,
}

impl Default for SentLog {
    fn default() -> Self {
        Self { entries: vec![NOTHING; MIN_LEN], sources: [None; SOURCES], current: 0, began: None }
    }
}

impl SentLog {
    /// Begins another source, of `packets` packets per second; the log grows to hold a second of them.
    pub(crate) fn begin(&mut self, source: Source, packets: usize) {
        let wanted = packets.next_power_of_two().clamp(MIN_LEN, MAX_LEN);
        if wanted > self.entries.len() {
            let mut entries = vec![NOTHING; wanted];
            for entry in self.entries.iter().filter(|it| it.source().is_some()) {
                if let Some(place) = entries.get_mut(usize::from(entry.seq) % wanted) {
                    *place = *entry;
                }
            }
            self.entries = entries;
        }
        self.current = (self.current + 1) % (SOURCES as u8);
        let current = self.current;
        let is_current = |it: &&mut Entry| it.source() == Some(current.into());
        for entry in self.entries.iter_mut().filter(is_current) {
            entry.source = NO_SOURCE;
        }
        if let Some(slot) = self.sources.get_mut(usize::from(current)) {
            *slot = Some(source);
        }
    }

    /// Records that a packet of the current source was sent.
    pub(crate) fn note(&mut self, seq: u64, position: u64, how: Sent) {
        let seq = seq as u16;
        let at = usize::from(seq) & (self.entries.len() - 1);
        if let Some(entry) = self.entries.get_mut(at) {
            *entry = Entry {
                position: position as u16,
                seq,
                pictures: how.dropped & !IS_LAST | if how.is_last { IS_LAST } else { 0 },
                source: self.current | if how.is_empty { WITHOUT_CONTENT } else { 0 },
                repeated: 0,
            };
        }
    }

    /// Reads the entry where the packet with this number will be recorded, so that it is in the cache then.
    pub(crate) fn warm(&self, seq: u16) -> u32 {
        let at = usize::from(seq) & (self.entries.len() - 1);
        self.entries.get(at).map_or(0, |it| it.position.into())
    }

    /// Whether the packet with this sequence number was retransmitted already.
    pub(crate) fn was_repeated(&self, seq: u16) -> bool {
        let at = usize::from(seq) & (self.entries.len() - 1);
        self.entries.get(at).is_some_and(|it| it.seq == seq && it.repeated != 0)
    }

    /// Finds the packet to retransmit for a sequence number, and records its retransmission. Returns the
    /// low 16 bits of its position, its source, and how it was sent; `None` if it is unknown or was
    /// retransmitted less than `min_gap_ms` ago.
    pub(crate) fn repeat(
        &mut self,
        seq: u16,
        min_gap_ms: u64,
        now: Instant,
    ) -> Option<(u16, Source, Sent)> {
        let began = *self.began.get_or_insert(now);
        let at = usize::from(seq) & (self.entries.len() - 1);
        let entry = self.entries.get_mut(at)?;
        if entry.seq != seq {
            return None;
        }
        let source = (*self.sources.get(entry.source()?)?)?;
        let ticks = now.saturating_duration_since(began).as_millis() / TICK_MS;
        let tick = (ticks % 255) as u8 + 1;
        let since = (i32::from(tick) - i32::from(entry.repeated)).rem_euclid(255);
        if entry.repeated != 0 && since as u128 * TICK_MS < u128::from(min_gap_ms) {
            return None;
        }
        entry.repeated = tick;
        let how = Sent {
            dropped: entry.pictures & !IS_LAST,
            is_last: entry.pictures & IS_LAST != 0,
            is_empty: entry.source & WITHOUT_CONTENT != 0,
        };
        Some((entry.position, source, how))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::START;

    fn source(layer: usize) -> Source {
        let numbering = Numbering::default();
        let pictures = PictureOffset::default();
        Source { epoch: 1, layer, payload_type: 96, numbering, pictures, frames: 0 }
    }

    #[test]
    fn what_was_sent_is_found_by_its_number_across_a_change_of_layer() {
        let mut log = SentLog::default();
        log.begin(source(0), 0);
        log.note(65_535, 10, Sent::default());
        log.begin(source(1), 0);
        log.note(65_536, 700, Sent::default());
        let found = |it: Option<(u16, Source, Sent)>| it.map(|(at, source, _)| (at, source.layer));
        assert_eq!(found(log.repeat(65_535, 0, *START)), Some((10, 0)));
        assert_eq!(found(log.repeat(0, 0, *START)), Some((700, 1)));
        assert_eq!(found(log.repeat(1, 0, *START)), None);
        for n in 0..MIN_LEN as u64 {
            log.note(65_537 + n, n, Sent::default());
        }
        assert_eq!(found(log.repeat(65_535, 0, *START)), None, "its entry was overwritten");
        for _ in 0..SOURCES {
            log.begin(source(2), 0);
        }
        assert_eq!(found(log.repeat(1, 0, *START)), None, "its source was overwritten");
    }

    #[test]
    fn a_layer_of_many_packets_is_remembered_as_long_as_one_of_few() {
        let mut log = SentLog::default();
        log.begin(source(0), 100);
        log.note(1, 1, Sent::default());
        log.begin(source(1), 900);
        for n in 2..1_000 {
            log.note(n, n, Sent::default());
        }
        for n in 1..1_000 {
            let found = log.repeat(n, 0, *START).unwrap();
            assert_eq!((u64::from(found.0), found.1.layer), (n.into(), usize::from(n > 1)));
        }
    }

    #[test]
    fn nobody_is_sent_the_same_again_within_a_round_trip() {
        let mut log = SentLog::default();
        log.begin(source(0), 0);
        log.note(7, 7, Sent::default());
        let at = |ms| *START + Duration::from_millis(ms);
        assert!(log.repeat(7, 100, at(0)).is_some());
        assert!(log.repeat(7, 100, at(50)).is_none());
        assert!(log.repeat(7, 100, at(130)).is_some());
    }

    #[test]
    fn how_a_packet_was_sent_is_remembered_with_it() {
        let mut log = SentLog::default();
        log.begin(source(3), 0);
        let last = Sent { dropped: 0x7FFF, is_last: true, is_empty: false };
        let empty = Sent { dropped: 5, is_last: false, is_empty: true };
        log.note(1, 1, last);
        log.note(2, 2, empty);
        for (seq, how) in [(1, last), (2, empty)] {
            let found = log.repeat(seq, 0, *START).unwrap();
            assert_eq!((found.1.layer, found.2), (3, how));
        }
    }
}
