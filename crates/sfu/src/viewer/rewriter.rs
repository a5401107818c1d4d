//! Continuous numbering for one viewer: sequence numbers, timestamps and VP8 picture ids go on without a
//! jump when the source changes to another layer, or to a host that came back. Pure arithmetic.

use std::time::{Duration, Instant};

use crate::media::codec::vp8::{Descriptor, Patch};
use crate::media::packet::ts_is_newer;

/// Speed-up of a replay: frames 33 ms apart get timestamps 1 ms apart. So a viewer that begins at a
/// keyframe of 2 s ago is at the live edge at once and stays there: a player keeps the delay from capture
/// to display that the first timestamps give it.
const REPLAY_SPEED: u32 = 32;

/// The largest step of output timestamps, in ticks: 3.3 hours of video.
const MAX_STEP: u32 = 1 << 30;

/// Rewrites sequence numbers and timestamps of one outgoing stream.
#[derive(Debug)]
pub(crate) struct Rewriter {
    next_seq: u64,
    last_ts: u32,
    last_at: Option<Instant>,
    source: Option<Source>,
}

/// The mapping of the current source to the output.
#[derive(Debug)]
struct Source {
    first_seq: u64,
    out_first_seq: u64,
    numbering: Numbering,
}

/// The mapping of one source's timestamps to the output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Numbering {
    /// The source's timestamp at the live edge when it began; older ones are a replay.
    edge_ts: u32,
    out_edge_ts: u32,
}

impl Numbering {
    /// The output timestamp for a timestamp of the source.
    pub(crate) fn timestamp(self, ts: u32) -> u32 {
        if ts_is_newer(self.edge_ts, ts) {
            self.out_edge_ts.wrapping_sub(ticks_of_replay(self.edge_ts.wrapping_sub(ts)))
        } else {
            self.out_edge_ts.wrapping_add(ts.wrapping_sub(self.edge_ts))
        }
    }
}

impl Rewriter {
    /// A stream that begins with these numbers.
    pub(crate) fn new(first_seq: u16, first_ts: u32) -> Self {
        Self { next_seq: first_seq.into(), last_ts: first_ts, last_at: None, source: None }
    }

    /// Begins a new source at its packet `first_seq` with timestamp `first_ts`. Packets up to `edge_ts`
    /// are a replay. The output timestamp advances by the time since the last packet.
    pub(crate) fn begin(
        &mut self,
        first_seq: u64,
        first_ts: u32,
        edge_ts: u32,
        clock_rate: u32,
        now: Instant,
    ) {
        // The newest arrival can be a retransmission of an older packet.
        let edge_ts = if ts_is_newer(edge_ts, first_ts) { edge_ts } else { first_ts };
        let replayed = ticks_of_replay(edge_ts.wrapping_sub(first_ts));
        let elapsed = self.last_at.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        // A larger step would make the receiver take the new timestamp for an old one (modulo 2^32).
        let elapsed = (elapsed.as_secs_f64() * f64::from(clock_rate)) as u64;
        let elapsed = elapsed.min(MAX_STEP.into()) as u32;
        // The step is at least 1 ms: two frames with the same timestamp would be one frame.
        let step = elapsed.max(replayed + clock_rate / 1_000);
        self.source = Some(Source {
            first_seq,
            out_first_seq: self.next_seq,
            numbering: Numbering { edge_ts, out_edge_ts: self.last_ts.wrapping_add(step) },
        });
    }

    /// The current source's sequence number after the highest rewritten one, if no packet was dropped; 0
    /// without a source.
    pub(crate) fn next_of_source(&self) -> u64 {
        let next = |it: &Source| it.first_seq + self.next_seq.saturating_sub(it.out_first_seq);
        self.source.as_ref().map_or(0, next)
    }

    /// The low 16 bits of the highest output sequence number.
    pub(crate) fn last_seq(&self) -> Option<u16> {
        self.last_at.map(|_| self.next_seq.wrapping_sub(1) as u16)
    }

    /// The mapping of the current source's timestamps to the output.
    pub(crate) fn numbering(&self) -> Numbering {
        self.source.as_ref().map(|it| it.numbering).unwrap_or_default()
    }

    /// The output sequence number and timestamp of a packet of the current source; `None` for one from
    /// before the source began.
    pub(crate) fn rewrite(&mut self, seq: u64, ts: u32, now: Instant) -> Option<(u64, u32)> {
        let source = self.source.as_ref()?;
        let out_seq = source.out_first_seq + seq.checked_sub(source.first_seq)?;
        let out_ts = source.numbering.timestamp(ts);
        self.next_seq = self.next_seq.max(out_seq + 1);
        if self.last_at.is_none() || ts_is_newer(out_ts, self.last_ts) {
            self.last_ts = out_ts;
        }
        self.last_at = Some(now);
        Some((out_seq, out_ts))
    }
}

fn ticks_of_replay(ticks: u32) -> u32 {
    ticks / REPLAY_SPEED
}

/// Keeps VP8 picture ids and `TL0PICIDX` continuous (RFC 7741, section 4.2).
#[derive(Debug, Default)]
pub(crate) struct PictureIds {
    last: Option<(u16, u8)>,
    offset: PictureOffset,
}

/// The offset that is added to the VP8 picture ids and `TL0PICIDX` of one source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PictureOffset {
    picture_id: u16,
    tl0: u8,
}

impl PictureOffset {
    /// The offset after `pictures` pictures were dropped.
    pub(crate) fn without(self, pictures: u16) -> Self {
        Self { picture_id: self.picture_id.wrapping_sub(pictures), ..self }
    }

    /// The change to a packet; `None` if there is none.
    pub(crate) fn patch(self, descriptor: &Descriptor) -> Option<Patch> {
        if self == Self::default() {
            return None;
        }
        let (picture_id, tl0) = self.apply(descriptor);
        descriptor.patch(picture_id, tl0)
    }

    fn apply(self, descriptor: &Descriptor) -> (u16, u8) {
        let picture_id = descriptor.picture_id.wrapping_add(self.picture_id) & 0x7FFF;
        (picture_id, descriptor.tl0.unwrap_or(0).wrapping_add(self.tl0))
    }
}

impl PictureIds {
    /// Begins a new source with its first packet.
    pub(crate) fn begin(&mut self, first: &Descriptor) {
        let Some((last_id, last_tl0)) = self.last else { return };
        self.offset = PictureOffset {
            picture_id: last_id.wrapping_add(1).wrapping_sub(first.picture_id),
            tl0: last_tl0.wrapping_add(1).wrapping_sub(first.tl0.unwrap_or(0)),
        };
    }

    /// The offset of the current source.
    pub(crate) fn offset(&self) -> PictureOffset {
        self.offset
    }

    /// The change to a packet that is sent now, before which `dropped` pictures of the source were
    /// dropped; `None` if there is none.
    pub(crate) fn patch(&mut self, descriptor: &Descriptor, dropped: u16) -> Option<Patch> {
        let offset = self.offset.without(dropped);
        let (id, tl0) = offset.apply(descriptor);
        let (last_id, last_tl0) = self.last.unwrap_or((id, tl0));
        if id.wrapping_sub(last_id) & 0x7FFF < 0x4000 {
            let tl0 = if descriptor.tl0.is_some() { tl0 } else { last_tl0 };
            self.last = Some((id, tl0));
        }
        offset.patch(descriptor)
    }
}

/// Keeps the frame numbers of dependency descriptors continuous. A receiver takes a keyframe with a lower
/// number than the last for an old one.
#[derive(Debug, Default)]
pub(crate) struct FrameNumbers {
    last: Option<u16>,
    offset: u16,
}

impl FrameNumbers {
    /// Begins a new source with its first frame.
    pub(crate) fn begin(&mut self, first: u16) {
        if let Some(last) = self.last {
            self.offset = last.wrapping_add(1).wrapping_sub(first);
        }
    }

    /// The offset that is added to the frame numbers of the current source.
    pub(crate) fn offset(&self) -> u16 {
        self.offset
    }

    /// Records that the frame with this number of the source is sent.
    pub(crate) fn note(&mut self, number: u16) {
        let number = number.wrapping_add(self.offset);
        let last = *self.last.get_or_insert(number);
        if number.wrapping_sub(last) < 0x8000 {
            self.last = Some(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::START;

    const VIDEO: u32 = 90_000;

    #[test]
    fn the_same_source_keeps_its_distances() {
        let mut it = Rewriter::new(10, 500);
        it.begin(7_000, 90_000, 90_000, VIDEO, *START);
        let (first_seq, first_ts) = it.rewrite(7_000, 90_000, *START).unwrap();
        assert_eq!(it.rewrite(7_001, 93_000, *START), Some((first_seq + 1, first_ts + 3_000)));
        assert_eq!(it.rewrite(7_005, 96_000, *START), Some((first_seq + 5, first_ts + 6_000)));
        assert_eq!(it.rewrite(7_003, 93_000, *START), Some((first_seq + 3, first_ts + 3_000)));
    }

    #[test]
    fn a_host_that_returns_after_four_seconds_continues_the_numbers() {
        let mut it = Rewriter::new(10, 500);
        it.begin(7_000, 90_000, 90_000, VIDEO, *START);
        let (last_seq, last_ts) = it.rewrite(7_009, 117_000, *START).unwrap();
        let later = *START + Duration::from_secs(4);
        it.begin(55, 3_000_000_000, 3_000_000_000, VIDEO, later);
        let (seq, ts) = it.rewrite(55, 3_000_000_000, later).unwrap();
        assert_eq!(seq, last_seq + 1);
        assert_eq!(ts, last_ts + 4 * VIDEO);
        assert_eq!(it.rewrite(54, 2_999_999_000, later), None, "it is from before the switch");
    }

    #[test]
    fn a_replay_ends_at_the_live_edge_and_never_goes_back() {
        let mut it = Rewriter::new(10, 500);
        it.begin(0, 0, 180_000, VIDEO, *START);
        let mut last = None;
        for frame in 0..=70_u32 {
            let (_, ts) = it.rewrite(frame.into(), frame * 3_000, *START).unwrap();
            assert!(last.is_none_or(|last| ts > last), "frame {frame}");
            last = Some(ts);
        }
        let (_, first) = it.rewrite(0, 0, *START).unwrap();
        let (_, edge) = it.rewrite(60, 180_000, *START).unwrap();
        assert!(edge - first < VIDEO / 10, "2 s are replayed in {} ticks", edge - first);
        assert_eq!(it.rewrite(61, 183_000, *START).unwrap().1, edge + 3_000);
    }

    #[test]
    fn a_repetition_at_the_edge_does_not_move_the_clock() {
        let mut it = Rewriter::new(10, 500);
        it.begin(7_000, 90_000, 90_000, VIDEO, *START);
        let (_, before) = it.rewrite(7_000, 90_000, *START).unwrap();
        it.begin(8_000, 180_000, 177_000, VIDEO, *START + Duration::from_secs(1));
        let (_, after) = it.rewrite(8_000, 180_000, *START).unwrap();
        assert!(after - before < 2 * VIDEO, "{}", after - before);
    }

    #[test]
    fn timestamps_wrap_without_a_jump() {
        let mut it = Rewriter::new(10, u32::MAX - 4_000);
        it.begin(0, u32::MAX - 1_000, u32::MAX - 1_000, VIDEO, *START);
        let (_, a) = it.rewrite(0, u32::MAX - 1_000, *START).unwrap();
        let (_, b) = it.rewrite(1, 1_999, *START).unwrap();
        assert_eq!(b.wrapping_sub(a), 3_000);
        let (_, c) = it.rewrite(2, 4_999, *START).unwrap();
        assert_eq!(c.wrapping_sub(b), 3_000);
    }

    #[test]
    fn picture_ids_go_on_when_the_source_changes() {
        let descriptor = |id: u16| {
            let payload = [0x90, 0x80, 0x80 | (id >> 8) as u8, id as u8, 0];
            Descriptor::parse(&payload).unwrap()
        };
        let mut ids = PictureIds::default();
        ids.begin(&descriptor(100));
        assert_eq!(ids.patch(&descriptor(100), 0), None, "the first source is not changed");
        assert_eq!(ids.patch(&descriptor(101), 0), None);
        ids.begin(&descriptor(32_767));
        let expected = descriptor(32_767).patch(102, 0).unwrap();
        assert_eq!(ids.patch(&descriptor(32_767), 0), Some(expected));
        let expected = descriptor(0).patch(103, 0).unwrap();
        assert_eq!(ids.patch(&descriptor(0), 0), Some(expected));
    }

    #[test]
    fn picture_ids_show_no_gap_for_what_is_left_out() {
        let descriptor = |id: u16| {
            let payload = [0x90, 0x80, 0x80 | (id >> 8) as u8, id as u8, 0];
            Descriptor::parse(&payload).unwrap()
        };
        let mut ids = PictureIds::default();
        ids.begin(&descriptor(100));
        assert_eq!(ids.patch(&descriptor(100), 0), None);
        let expected = descriptor(103).patch(101, 0).unwrap();
        assert_eq!(ids.patch(&descriptor(103), 2), Some(expected));
        ids.begin(&descriptor(500));
        let expected = descriptor(500).patch(102, 0).unwrap();
        assert_eq!(ids.patch(&descriptor(500), 0), Some(expected));
    }

    #[test]
    fn frame_numbers_go_on_when_the_host_comes_back() {
        let mut it = FrameNumbers::default();
        it.begin(65_530);
        assert_eq!(it.offset(), 0, "the first source is not changed");
        it.note(65_535);
        it.note(1);
        it.note(65_534);
        it.begin(30_000);
        assert_eq!(it.offset().wrapping_add(30_000), 2);
    }
}
