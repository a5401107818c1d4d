//! The packets sent to one viewer, by transport-wide sequence number, until its feedback reports when they
//! arrived (draft-holmer-rmcat-transport-wide-cc-extensions-01).

use rtp::rtcp::TransportFeedback;

use bwe::PacketResult;

/// The initial number of entries: 0.8 s of 2.5 Mbit/s. Feedback comes ten to twenty times per second and
/// takes a round trip.
const MIN_LEN: usize = 256;

/// The largest number of entries: 0.8 s of 20 Mbit/s.
const MAX_LEN: usize = 2_048;
const _: () = assert!(MIN_LEN == 1 << u8::BITS, "a generation is the high bits of a number");

/// The history grows if it would overwrite a packet without feedback sooner than this after it was sent.
const TOO_SOON_US: u32 = 800_000;

/// Copies that are sent further apart than this are sent for different reasons.
const APART_US: u32 = 2_000;

/// The unit of reference times.
const REFERENCE_US: i64 = 64_000;

/// The size of reference times. They wrap after 12 days.
const REFERENCE_BITS: u32 = 24;

/// The unit of deltas.
const DELTA_US: i64 = 250;

/// The last packets that were sent.
#[derive(Debug)]
pub(crate) struct History {
    /// Indexed by the low bits of the sequence number; the length is a power of two.
    sent: Vec<Sent>,
    next: u16,
    /// The last reference time, without wraps.
    reference: Option<i64>,
}

/// One packet, in twelve bytes, since there are thousands of viewers.
#[derive(Debug, Clone, Copy)]
struct Sent {
    /// The low 32 bits of the send time in microseconds; they wrap after 71 minutes.
    at_us: u32,
    bytes: u16,
    /// The RTP sequence number of the video packet that it carried, if any.
    number: u16,
    carries: Carries,
    /// The high bits of its transport-wide sequence number. Its index gives the low ones.
    generation: u8,
    probe: u8,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Carries {
    /// No video packet.
    Other,
    Picture,
    /// A video packet that was sent before.
    Again,
}

/// A video packet, by its RTP sequence number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) number: u16,
    /// Whether it was sent before.
    pub(crate) is_again: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    UnderWay,
    /// Reported lost; it may still be reported received.
    Missing,
    /// Reported received, or never used.
    Over,
}

const NO_PROBE: u8 = u8::MAX;

impl Sent {
    fn is_picture(&self) -> bool {
        self.carries != Carries::Other
    }
}

const NOTHING: Sent = Sent {
    at_us: 0,
    bytes: 0,
    number: 0,
    carries: Carries::Other,
    generation: 0,
    probe: NO_PROBE,
    state: State::Over,
};

/// The outcome of one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PacketOutcome {
    /// The part that the estimator needs.
    pub(crate) result: PacketResult,
    /// Its transport-wide sequence number.
    pub(crate) seq: u16,
    /// The RTP sequence number of the video packet that was lost with it, if any.
    pub(crate) lost: Option<u16>,
    /// Whether it came and carried a video packet.
    pub(crate) has_picture: bool,
    /// The outcome of a retransmission, unless that was for a probe.
    pub(crate) repeat: Option<Repeat>,
}

/// The outcome of a retransmission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    Came,
    /// It came, and so did a copy that was sent at another time.
    InVain,
    Lost,
}

impl Default for History {
    fn default() -> Self {
        Self { sent: vec![NOTHING; MIN_LEN], next: 1, reference: None }
    }
}

impl History {
    /// The transport-wide sequence number of the next packet.
    pub(crate) fn next_seq(&self) -> u16 {
        self.next
    }

    /// Reads the entry where the next packet will be recorded, so that it is in the cache by then.
    pub(crate) fn warm(&self) -> u32 {
        let at = usize::from(self.next) & (self.sent.len() - 1);
        self.sent.get(at).map_or(0, |it| it.at_us)
    }

    /// Records that the next packet was sent. `picture` is the video packet that it carries, if any.
    pub(crate) fn note(
        &mut self,
        now_us: u64,
        bytes: usize,
        picture: Option<Picture>,
        probe: Option<u8>,
    ) {
        let seq = self.next;
        self.next = self.next.wrapping_add(1);
        let sent = Sent {
            at_us: now_us as u32,
            bytes: bytes as u16,
            number: picture.map_or(0, |it| it.number),
            carries: match picture {
                None => Carries::Other,
                Some(it) if it.is_again => Carries::Again,
                Some(_) => Carries::Picture,
            },
            generation: generation(seq),
            probe: probe.unwrap_or(NO_PROBE),
            state: State::UnderWay,
        };
        let mask = self.sent.len() - 1;
        let Some(place) = self.sent.get_mut(usize::from(seq) & mask) else { return };
        let is_too_soon =
            place.state == State::UnderWay && sent.at_us.wrapping_sub(place.at_us) < TOO_SOON_US;
        if !is_too_soon {
            *place = sent;
            return;
        }
        self.grow();
        let mask = self.sent.len() - 1;
        if let Some(place) = self.sent.get_mut(usize::from(seq) & mask) {
            *place = sent;
        }
    }

    fn grow(&mut self) {
        let len = 2 * self.sent.len();
        if len > MAX_LEN {
            return;
        }
        let mut sent = vec![NOTHING; len];
        // The entry of a video packet that came is kept too: the outcomes of its copies depend on it. Entries that were
        // never used carry no video packet.
        let is_used = |it: &Sent| it.state != State::Over || it.is_picture();
        for (at, it) in self.sent.iter().enumerate().filter(|(_, it)| is_used(it)) {
            let seq = seq_at(at, it.generation);
            if let Some(place) = sent.get_mut(usize::from(seq) & (len - 1)) {
                *place = *it;
            }
        }
        self.sent = sent;
    }

    /// The outcomes that a feedback newly reports, in order of sequence number.
    pub(crate) fn fates<'a>(
        &'a mut self,
        feedback: &TransportFeedback<'a>,
        now_us: u64,
    ) -> impl Iterator<Item = PacketOutcome> + 'a {
        let mut received =
            self.unwrapped(feedback.info.reference_time).saturating_mul(REFERENCE_US);
        let sent = &mut self.sent;
        let mask = sent.len() - 1;
        // The history has no more packets, whatever number a feedback announces.
        feedback.statuses().take(2 * MAX_LEN).filter_map(move |(seq, delta)| {
            let received_us = delta.map(|delta| {
                received = received.saturating_add(i64::from(delta) * DELTA_US);
                received
            });
            let it = sent.get_mut(usize::from(seq) & mask)?;
            let is_news = match it.state {
                State::UnderWay => true,
                State::Missing => received_us.is_some(),
                State::Over => false,
            };
            if it.generation != generation(seq) || !is_news {
                return None;
            }
            it.state = if received_us.is_some() { State::Over } else { State::Missing };
            let it = *it;
            let is_repeat = it.carries == Carries::Again && it.probe == NO_PROBE;
            let repeat = is_repeat.then(|| match received_us {
                None => Repeat::Lost,
                Some(_) if came_otherwise(sent, &it) => Repeat::InVain,
                Some(_) => Repeat::Came,
            });
            let result = PacketResult {
                sent_us: now_us.saturating_sub((now_us as u32).wrapping_sub(it.at_us).into()),
                received_us,
                bytes: it.bytes.into(),
                probe: Some(it.probe).filter(|it| *it != NO_PROBE),
            };
            let is_missing = received_us.is_none() && it.is_picture();
            let lost = Some(it.number).filter(|_| is_missing);
            let has_picture = it.is_picture() && !is_missing;
            Some(PacketOutcome { result, seq, lost, has_picture, repeat })
        })
    }

    /// Whether no copy of this video packet came, and none that was sent after `told` may still come. If
    /// nothing is known of an earlier copy, the feedback about it was lost.
    pub(crate) fn misses(&self, number: u16, told: u16) -> bool {
        let is_copy = |it: &Sent| it.is_picture() && it.number == number;
        let mut copies = self.sent.iter().enumerate().filter(|(_, it)| is_copy(it));
        copies.all(|(at, it)| match it.state {
            State::Over => false,
            State::UnderWay => told.wrapping_sub(seq_at(at, it.generation)) < u16::MAX / 2,
            State::Missing => true,
        })
    }

    /// A reference time without wraps: of those possible, the nearest to the last one.
    fn unwrapped(&mut self, reference: u32) -> i64 {
        let span = 1_i64 << REFERENCE_BITS;
        let new = i64::from(reference);
        let unwrapped = match self.reference {
            None => new,
            Some(last) => {
                let step = (new - last).rem_euclid(span);
                if step < span / 2 { last + step } else { last + step - span }
            }
        };
        self.reference = Some(unwrapped);
        unwrapped
    }
}

/// Whether a copy of this packet that was sent at another time has come. Two copies that are sent at the
/// same time are intended.
fn came_otherwise(sent: &[Sent], this: &Sent) -> bool {
    let is_copy = |it: &&Sent| it.is_picture() && it.number == this.number;
    let apart = |it: &Sent| it.at_us.wrapping_sub(this.at_us) as i32;
    let mut copies = sent.iter().filter(is_copy);
    copies.any(|it| it.state == State::Over && apart(it).unsigned_abs() >= APART_US)
}

/// The high bits of a transport-wide sequence number. An index of even the smallest history gives the rest.
fn generation(seq: u16) -> u8 {
    (usize::from(seq) / MIN_LEN) as u8
}

/// The transport-wide sequence number of the entry at this index.
fn seq_at(at: usize, generation: u8) -> u16 {
    (usize::from(generation) * MIN_LEN + at % MIN_LEN) as u16
}

#[cfg(test)]
mod tests {
    use rtp::rtcp::{FeedbackInfo, Packet, packets, write};

    use super::*;

    fn told(history: &mut History, base_seq: u16, deltas: &[Option<i32>]) -> Vec<PacketOutcome> {
        let mut bytes = [0; 1_200];
        let info = FeedbackInfo { base_seq, reference_time: 100, ..FeedbackInfo::default() };
        let len = write::transport_feedback(&mut bytes, &info, deltas.iter().copied()).unwrap();
        let Some(Packet::TransportFeedback(it)) = packets(&bytes[..len]).next() else { panic!() };
        history.fates(&it, 50_000).collect()
    }

    fn once(number: u16) -> Picture {
        Picture { number, is_again: false }
    }

    fn fates(history: &mut History, base_seq: u16, deltas: &[Option<i32>]) -> Vec<PacketResult> {
        told(history, base_seq, deltas).iter().map(|it| it.result).collect()
    }

    fn missed(history: &mut History, base_seq: u16, came: &[bool]) -> Vec<u16> {
        let deltas: Vec<_> = came.iter().map(|it| it.then_some(1)).collect();
        let fates = told(history, base_seq, &deltas);
        let told = fates.last().map_or(0, |it| it.seq);
        let lost = fates.iter().filter_map(|it| it.lost);
        lost.filter(|number| history.misses(*number, told)).collect()
    }

    #[test]
    fn each_packet_is_news_once_when_lost_and_once_when_it_came_after_all() {
        let mut history = History::default();
        for n in 0..4 {
            assert_eq!(history.next_seq(), n + 1);
            history.note(u64::from(n) * 1_000, 1_200, None, (n == 3).then_some(7));
        }
        let first = fates(&mut history, 1, &[Some(4), None, Some(8), Some(8)]);
        let received: Vec<_> = first.iter().map(|it| it.received_us).collect();
        let base = 100 * REFERENCE_US;
        let at = |ticks| Some(base + ticks * DELTA_US);
        assert_eq!(received, [at(4), None, at(12), at(20)]);
        assert_eq!((first[2].sent_us, first[2].bytes, first[3].probe), (2_000, 1_200, Some(7)));
        let again = fates(&mut history, 1, &[Some(4), None, Some(8), Some(8)]);
        assert_eq!(again, [], "the feedback has nothing new");
        assert_eq!(fates(&mut history, 2, &[Some(30)]).len(), 1, "it came after all");
        assert_eq!(fates(&mut history, 2, &[Some(30)]).len(), 0);
        assert_eq!(fates(&mut history, 900, &[Some(1)]), [], "it was never sent");
    }

    #[test]
    fn what_is_older_than_the_history_is_not_mistaken_for_something_newer() {
        let mut history = History::default();
        for n in 0..=MIN_LEN as u64 {
            history.note(n * 10_000, 100, None, None);
        }
        assert_eq!(fates(&mut history, 1, &[Some(1)]), []);
        assert_eq!(fates(&mut history, MIN_LEN as u16 + 1, &[Some(1)]).len(), 1);
    }

    #[test]
    fn a_fast_sender_is_remembered_as_long_as_a_slow_one() {
        let mut history = History::default();
        for n in 0..1_000 {
            history.note(n * 800, 100, None, None);
        }
        assert_eq!(fates(&mut history, 1, &[Some(1); 1_000]).len(), 1_000);
        for n in 0..100_000 {
            history.note(n, 100, None, None);
        }
        assert_eq!(history.sent.len(), MAX_LEN);
    }

    #[test]
    fn a_packet_of_the_picture_is_missed_once_all_its_copies_are_lost() {
        let mut history = History::default();
        // Video packets 70 and 71, an audio packet, and 70 twice more.
        for picture in [Some(70), Some(71), None, Some(70), Some(70)] {
            history.note(0, 1_200, picture.map(once), None);
        }
        assert_eq!(missed(&mut history, 1, &[false, false, false, true]), [71], "70 came");
        history.note(0, 1_200, Some(once(71)), None);
        history.note(0, 1_200, Some(once(71)), None);
        assert_eq!(missed(&mut history, 6, &[false]), [0; 0], "another copy is under way");
        assert_eq!(missed(&mut history, 7, &[false]), [71]);
        assert_eq!(
            missed(&mut history, 5, &[false, false, false]),
            [0; 0],
            "nothing new is reported"
        );
        history.note(0, 1_200, Some(once(72)), None);
        history.note(0, 1_200, Some(once(72)), None);
        assert_eq!(
            missed(&mut history, 9, &[false]),
            [72],
            "the feedback about the first was lost"
        );
    }

    #[test]
    fn what_is_sent_again_in_vain_is_told() {
        use Repeat::{Came, InVain};
        let mut history = History::default();
        let again = |number| Some(Picture { number, is_again: true });
        // 70 is late, 71 is lost and sent twice at once, 72 is sent again for a probe.
        for (at, picture, probe) in [
            (0, Some(once(70)), None),
            (1_000, Some(once(71)), None),
            (1_500, Some(once(72)), None),
            (20_000, again(70), None),
            (21_000, again(71), None),
            (21_001, again(71), None),
            (22_000, again(72), Some(7)),
        ] {
            history.note(at, 1_200, picture, probe);
        }
        let came = [Some(1), None, Some(1), Some(1), Some(1), Some(1), Some(1)];
        let repeats: Vec<_> = told(&mut history, 1, &came).iter().map(|it| it.repeat).collect();
        assert_eq!(repeats, [None, None, None, Some(InVain), Some(Came), Some(Came), None]);
    }

    #[test]
    fn copies_are_told_apart_when_numbers_wrap_and_more_is_remembered() {
        let mut history = History { next: 65_500, ..History::default() };
        for n in 0..200 {
            history.note(0, 1_200, Some(once(n)), None);
        }
        assert_eq!(missed(&mut history, 65_510, &[true, false]), [11]);
        history.note(0, 1_200, Some(once(10)), None);
        history.note(0, 1_200, Some(once(11)), None);
        // Until the history has to grow.
        for n in 200..400 {
            history.note(0, 1_200, Some(once(n)), None);
        }
        assert!(history.sent.len() > MIN_LEN);
        let copies = 65_500_u16.wrapping_add(200);
        assert_eq!(missed(&mut history, copies, &[false]), [0; 0], "the first copy came");
        assert_eq!(missed(&mut history, copies.wrapping_add(1), &[false]), [11]);
    }
}
