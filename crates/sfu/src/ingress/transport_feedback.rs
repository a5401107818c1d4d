//! Transport-wide congestion control feedback: when each packet of a peer arrived
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01). Pure.

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use rtp::rtcp::FeedbackInfo;
use rtp::rtcp::write::transport_feedback;
use rtp::seq::extend;

/// Transport-wide sequence numbers remembered, up to the highest: 0.5 s of 20 Mbit/s.
const WINDOW: u64 = 1_024;

/// Feedback is due at once when it covers this many sequence numbers.
const FULL: u64 = WINDOW * 3 / 4;

/// The longest time between an arrival and its feedback. The sender's estimator works in steps of about this length.
/// Below 1 Mbit/s, more frequent feedback would take a significant share of the path.
const INTERVAL: Duration = Duration::from_millis(100);

/// The longest time for a busy stream (see [`BUSY`]): the sender notices a growing queue sooner. Costs 1% of the
/// bitrate.
const BUSY_INTERVAL: Duration = Duration::from_millis(50);

/// Unreported packets from which a stream is busy: 1 Mbit/s in packets of 1000 bytes.
const BUSY: u32 = 6;

/// Unit of arrival times, in µs.
const TICK_US: u128 = 250;

/// Ticks per unit of the reference time, which is 64 ms.
const TICKS_OF_REFERENCE: u64 = 256;

/// Bytes of a feedback packet without packet statuses and deltas, and with the padding of its last word.
const OVERHEAD: usize = 20 + 3;

/// Packets described by one status chunk of two bytes, at least.
const PER_CHUNK: usize = 7;

/// Collects the arrivals that were not reported yet. For a duplicate, the first arrival counts.
#[derive(Debug)]
pub(crate) struct FeedbackBuilder {
    /// Origin of the reported times.
    epoch: Instant,
    /// Entry `n % WINDOW` is for sequence number `n`, over the last `WINDOW` numbers: ticks since the epoch plus one,
    /// or 0 if it has not arrived.
    arrivals: Box<[u64; WINDOW as usize]>,
    /// The highest sequence number plus one; 0 before the first packet.
    next: u64,
    /// The first sequence number of the next feedback.
    from: u64,
    /// Time of the first unreported arrival.
    waits_since: Option<Instant>,
    /// Number of unreported arrivals.
    waiting: u32,
    feedback_count: u8,
}

impl FeedbackBuilder {
    /// Creates the feedback of a new transport.
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

    /// Records the arrival of the packet with this transport-wide sequence number.
    pub(crate) fn arrived(&mut self, transport_seq: u16, now: Instant) {
        if self.next == 0 {
            // Start one cycle ahead, so that packets which the first one overtook have a positive number.
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
        // Report an overtaken packet late. The packets behind it are reported once more, as libwebrtc does.
        self.from = self.from.min(seq);
        self.waiting += 1;
        self.waits_since.get_or_insert(now);
    }

    /// When the next feedback is due; `None` while there is none.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let since = self.waits_since?;
        if self.next - self.from >= FULL {
            return Some(since);
        }
        Some(since + if self.waiting >= BUSY { BUSY_INTERVAL } else { INTERVAL })
    }

    /// Writes the next feedback into `out` and returns its length; `None` if none is due. Call it until it returns
    /// `None`: one feedback ends where the buffer is full, or before a gap of more than 8 s between two arrivals. `out`
    /// must hold at least 32 bytes.
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

    /// The range of one feedback of at most `room` bytes: its end (exclusive) and the ticks of its first arrival. The
    /// range ends with a packet that arrived; the highest number always has.
    fn extent(&mut self, room: usize) -> Option<(u64, u64)> {
        let room = (room & !3).checked_sub(OVERHEAD)?;
        let fits =
            |numbers: u64, bytes: usize| 2 * (numbers as usize).div_ceil(PER_CHUNK) + bytes <= room;
        let at = (self.from..self.next).find(|seq| self.get(*seq) != 0)?;
        let first = self.get(at) - 1;
        if !fits(at + 1 - self.from, 1) {
            // The buffer is too small even for the gap before the first arrival: skip the gap.
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
