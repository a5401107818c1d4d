//! When the packets of one peer arrived, told to it
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01). Pure.

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use rtp::rtcp::FeedbackInfo;
use rtp::rtcp::write::transport_feedback;
use rtp::seq::extend;

/// Transport-wide sequence numbers that are remembered, up to the highest: 0.5 s of 20 Mbit/s.
const WINDOW: u64 = 1_024;

/// So many numbers are told of at once, whatever the time.
const FULL: u64 = WINDOW * 3 / 4;

/// The longest time between an arrival and its feedback: the sender's estimator works in steps of about
/// this, and below 1 Mbit/s more feedback would cost a share of the path that counts.
const INTERVAL: Duration = Duration::from_millis(100);

/// The same of a stream that is [`BUSY`]: a queue that builds is noticed sooner, for 1% of the rate.
const BUSY_INTERVAL: Duration = Duration::from_millis(50);

/// Packets in the shorter interval that make a stream busy: 1 Mbit/s in packets of 1000 bytes.
const BUSY: u32 = 6;

/// The unit of arrival times.
const TICK_US: u128 = 250;

/// Ticks in the unit of the reference time: 64 ms.
const TICKS_OF_REFERENCE: u64 = 256;

/// Bytes of a feedback without what it says of packets, and what fills up its last word.
const OVERHEAD: usize = 20 + 3;

/// Packets that two bytes tell of, at least.
const PER_CHUNK: usize = 7;

/// What arrived and was not told yet. Of a number that comes twice the first arrival counts.
#[derive(Debug)]
pub(crate) struct FeedbackBuilder {
    /// Where the times begin that are told.
    epoch: Instant,
    /// Entry `n % WINDOW` is of number `n`, for the last `WINDOW` numbers: one more than the ticks since
    /// the epoch; zero when it did not arrive.
    arrivals: Box<[u64; WINDOW as usize]>,
    /// One after the highest number; zero before the first.
    next: u64,
    /// The first number that the next feedback tells of.
    from: u64,
    /// The first arrival that was not told.
    waits_since: Option<Instant>,
    /// Arrivals that were not told.
    waiting: u32,
    feedback_count: u8,
}

impl FeedbackBuilder {
    /// Of a transport that begins.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            epoch: now,
            arrivals: Box::new([0; WINDOW as usize]),
            next: 0,
            from: 0,
            waits_since: None,
            waiting: 0,
            feedback_count: 0,
        }
    }

    /// A packet with this transport-wide sequence number arrived.
    pub(crate) fn arrived(&mut self, transport_seq: u16, now: Instant) {
        if self.next == 0 {
            // One cycle ahead, so that those which the first one overtook have a number, too.
            self.next = (1 << 16) + u64::from(transport_seq);
            self.from = self.next;
        }
        let seq = extend(transport_seq, self.next - 1);
        if self.next.saturating_sub(seq) > WINDOW {
            return;
        }
        if seq >= self.next {
            for skipped in self.next.max(seq.saturating_sub(WINDOW))..seq {
                self.put(skipped, 0);
            }
            self.next = seq + 1;
            self.from = self.from.max(self.next.saturating_sub(WINDOW));
        } else if self.get(seq) != 0 {
            return;
        }
        let ticks = now.saturating_duration_since(self.epoch).as_micros() / TICK_US;
        self.put(seq, ticks as u64 + 1);
        // What was overtaken is told after all, and those after it once more, as libwebrtc does.
        self.from = self.from.min(seq);
        self.waiting += 1;
        self.waits_since.get_or_insert(now);
    }

    /// When there is something to write.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let since = self.waits_since?;
        if self.next - self.from >= FULL {
            return Some(since);
        }
        Some(since + if self.waiting >= BUSY { BUSY_INTERVAL } else { INTERVAL })
    }

    /// Writes the next feedback, once it is due, and returns its length; to be called until it returns
    /// `None`. What one feedback cannot hold, because of the buffer or of a pause of 8 s between two
    /// packets, is in the next. The buffer holds 32 bytes at least.
    pub(crate) fn write(
        &mut self,
        out: &mut [u8],
        sender_ssrc: u32,
        media_ssrc: u32,
        now: Instant,
    ) -> Option<usize> {
        if self.deadline()? > now {
            return None;
        }
        let (end, first) = self.extent(out.len())?;
        let reference = first / TICKS_OF_REFERENCE;
        let info = FeedbackInfo {
            sender_ssrc,
            media_ssrc,
            base_seq: self.from as u16,
            reference_time: reference as u32 & 0xFF_FFFF,
            feedback_count: self.feedback_count,
        };
        let mut last = reference * TICKS_OF_REFERENCE;
        let it = &*self;
        let deltas = (it.from..end).map(move |seq| {
            let ticks = it.get(seq).checked_sub(1)?;
            let delta = ticks as i64 - last as i64;
            last = ticks;
            Some(delta as i32)
        });
        let len = transport_feedback(out, &info, deltas)?;
        self.feedback_count = self.feedback_count.wrapping_add(1);
        self.from = end;
        if self.from == self.next {
            self.waits_since = None;
            self.waiting = 0;
        }
        Some(len)
    }

    /// Up to which number one feedback tells, and when the first packet of it arrived. It ends with a
    /// packet that arrived, since of the last number that is always true.
    fn extent(&mut self, room: usize) -> Option<(u64, u64)> {
        let room = (room & !3).checked_sub(OVERHEAD)?;
        let fits =
            |numbers: u64, bytes: usize| 2 * (numbers as usize).div_ceil(PER_CHUNK) + bytes <= room;
        let at = (self.from..self.next).find(|seq| self.get(*seq) != 0)?;
        let first = self.get(at) - 1;
        if !fits(at + 1 - self.from, 1) {
            // A buffer too small even for the gap in front.
            self.from = at;
        }
        let (mut last, mut end, mut bytes) = (first, self.from, 0);
        for seq in at..self.next {
            let Some(ticks) = self.get(seq).checked_sub(1) else { continue };
            let delta = if seq == at { 0 } else { ticks as i64 - last as i64 };
            bytes += if u8::try_from(delta).is_ok() { 1 } else { 2 };
            if i16::try_from(delta).is_err() || !fits(seq + 1 - self.from, bytes) {
                break;
            }
            (last, end) = (ticks, seq + 1);
        }
        (end > self.from).then_some((end, first))
    }

    fn get(&self, seq: u64) -> u64 {
        self.arrivals.get(slot(seq)).copied().unwrap_or(0)
    }

    fn put(&mut self, seq: u64, arrival: u64) {
        if let Some(slot) = self.arrivals.get_mut(slot(seq)) {
            *slot = arrival;
        }
    }
}

fn slot(seq: u64) -> usize {
    (seq % WINDOW) as usize
}
