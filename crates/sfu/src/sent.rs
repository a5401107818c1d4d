//! Which packet of the ring a viewer was sent under which number, so that it can be repeated from
//! the ring (RFC 4585, section 6.2.1) without a copy of its own.

use std::time::Instant;

use crate::rewrite::{Numbering, PictureOffset};

/// What is remembered at first, and at most: a second of 2.5 and of 20 Mbit/s. An older packet is asked
/// for only by those whose picture stands already.
const MIN_LEN: usize = 256;
const MAX_LEN: usize = 2_048;

/// Sources whose numbering is remembered: a viewer changes layers every few seconds at most.
const SOURCES: usize = 4;

/// The log's clock: a repetition is remembered for a second.
const TICK_MS: u128 = 4;

/// The last packets that one viewer was sent of one track.
#[derive(Debug)]
pub(crate) struct SentLog {
    /// By the low bits of the number; their count is a power of two.
    entries: Vec<Entry>,
    sources: [Option<Source>; SOURCES],
    /// Of the current source.
    current: u8,
    began: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    /// The low bits of the position in the ring.
    position: u32,
    seq: u16,
    /// Which source; [`NO_SOURCE`]: none.
    source: u8,
    /// When it was last repeated, in ticks; 0: never.
    repeated: u8,
}

const NO_SOURCE: u8 = u8::MAX;

const NOTHING: Entry = Entry { position: 0, seq: 0, source: NO_SOURCE, repeated: 0 };

/// How the packets of one source were numbered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source {
    /// Which sources the track had.
    pub(crate) epoch: u32,
    /// Which layer of the track.
    pub(crate) layer: usize,
    /// The payload type that it was sent with.
    pub(crate) payload_type: u8,
    /// Its timestamps.
    pub(crate) numbering: Numbering,
    /// Its VP8 picture ids.
    pub(crate) pictures: PictureOffset,
}

impl Default for SentLog {
    fn default() -> Self {
        Self { entries: vec![NOTHING; MIN_LEN], sources: [None; SOURCES], current: 0, began: None }
    }
}

impl SentLog {
    /// Another source begins, of so many packets a second.
    pub(crate) fn begin(&mut self, source: Source, packets: usize) {
        let wanted = packets.next_power_of_two().clamp(MIN_LEN, MAX_LEN);
        if wanted > self.entries.len() {
            let mut entries = vec![NOTHING; wanted];
            for entry in self.entries.iter().filter(|it| it.source != NO_SOURCE) {
                if let Some(place) = entries.get_mut(usize::from(entry.seq) % wanted) {
                    *place = *entry;
                }
            }
            self.entries = entries;
        }
        self.current = (self.current + 1) % (SOURCES as u8);
        let current = self.current;
        for entry in self.entries.iter_mut().filter(|it| it.source == current) {
            entry.source = NO_SOURCE;
        }
        if let Some(slot) = self.sources.get_mut(usize::from(current)) {
            *slot = Some(source);
        }
    }

    /// A packet of the current source was sent.
    pub(crate) fn note(&mut self, seq: u64, position: u64) {
        let seq = seq as u16;
        let at = usize::from(seq) & (self.entries.len() - 1);
        if let Some(entry) = self.entries.get_mut(at) {
            *entry = Entry { position: position as u32, seq, source: self.current, repeated: 0 };
        }
    }

    /// Reads where the packet with this number will be noted, so that it is at hand by then.
    pub(crate) fn warm(&self, seq: u16) -> u32 {
        let at = usize::from(seq) & (self.entries.len() - 1);
        self.entries.get(at).map_or(0, |it| it.position)
    }

    /// Whether the packet with this number was repeated already.
    pub(crate) fn was_repeated(&self, seq: u16) -> bool {
        let at = usize::from(seq) & (self.entries.len() - 1);
        self.entries.get(at).is_some_and(|it| it.seq == seq && it.repeated != 0)
    }

    /// What was sent under this number, unless it was repeated less than `min_gap_ms` ago: the low
    /// bits of its position, and its source.
    pub(crate) fn repeat(
        &mut self,
        seq: u16,
        min_gap_ms: u64,
        now: Instant,
    ) -> Option<(u32, Source)> {
        let began = *self.began.get_or_insert(now);
        let at = usize::from(seq) & (self.entries.len() - 1);
        let entry = self.entries.get_mut(at)?;
        if entry.seq != seq {
            return None;
        }
        let source = (*self.sources.get(usize::from(entry.source))?)?;
        let ticks = now.saturating_duration_since(began).as_millis() / TICK_MS;
        let tick = (ticks % 255) as u8 + 1;
        let since = (i32::from(tick) - i32::from(entry.repeated)).rem_euclid(255);
        if entry.repeated != 0 && since as u128 * TICK_MS < u128::from(min_gap_ms) {
            return None;
        }
        entry.repeated = tick;
        Some((entry.position, source))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::START;

    fn source(layer: usize) -> Source {
        let numbering = Numbering::default();
        Source { epoch: 1, layer, payload_type: 96, numbering, pictures: PictureOffset::default() }
    }

    #[test]
    fn what_was_sent_is_found_by_its_number_across_a_change_of_layer() {
        let mut log = SentLog::default();
        log.begin(source(0), 0);
        log.note(65_535, 10);
        log.begin(source(1), 0);
        log.note(65_536, 700);
        let found = |it: Option<(u32, Source)>| it.map(|(at, source)| (at, source.layer));
        assert_eq!(found(log.repeat(65_535, 0, *START)), Some((10, 0)));
        assert_eq!(found(log.repeat(0, 0, *START)), Some((700, 1)));
        assert_eq!(found(log.repeat(1, 0, *START)), None);
        for n in 0..MIN_LEN as u64 {
            log.note(65_537 + n, n);
        }
        assert_eq!(found(log.repeat(65_535, 0, *START)), None, "overwritten");
        for _ in 0..SOURCES {
            log.begin(source(2), 0);
        }
        assert_eq!(found(log.repeat(1, 0, *START)), None, "of a source that is forgotten");
    }

    #[test]
    fn a_layer_of_many_packets_is_remembered_as_long_as_one_of_few() {
        let mut log = SentLog::default();
        log.begin(source(0), 100);
        log.note(1, 1);
        log.begin(source(1), 900);
        for n in 2..1_000 {
            log.note(n, n);
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
        log.note(7, 7);
        let at = |ms| *START + Duration::from_millis(ms);
        assert!(log.repeat(7, 100, at(0)).is_some());
        assert!(log.repeat(7, 100, at(50)).is_none());
        assert!(log.repeat(7, 100, at(130)).is_some());
    }
}
