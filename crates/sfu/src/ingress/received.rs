//! Reception statistics of one SSRC: duplicates, gaps, loss and jitter (RFC 3550, section 6.4.1 and appendix A). Pure.

#[cfg(test)]
mod tests;

use std::ops::Range;
use std::time::{Duration, Instant};

use rtp::rtcp::ReportBlock;

/// Sequence numbers remembered, up to the highest: 1 s of 9 Mbit/s. Equal to SRTP's replay window, which rejects older
/// packets first.
pub(crate) const WINDOW: u64 = 1_024;

const WORDS: usize = WINDOW as usize / 64;

/// The largest gap that is a loss. A larger one is a restarted stream, or an outage after which only a keyframe helps;
/// its packets are not requested.
const MAX_GAP: u64 = 1_000;

/// A sequence number this far behind the highest is not a late packet: the stream has restarted. A 16-bit number is
/// never extended to one that far back (RFC 3711, section 3.3.1).
const RESTART: u64 = 1 << 15;

/// A larger difference between arrival and timestamp is a clock that jumped, not jitter.
const MAX_JITTER_SECONDS: u64 = 5;

/// How a packet relates to those that arrived before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// Newer than all before it.
    New {
        /// The sequence numbers before it that are newly missing.
        gap: Range<u64>,
    },
    /// Older than the newest, and not received before: reordered, or retransmitted by the sender.
    Late,
    /// Received before.
    Duplicate,
    /// Older than [`WINDOW`]: unknown whether it was received before.
    TooOld,
}

/// Reception statistics of one SSRC.
#[derive(Debug, Default)]
pub(crate) struct Received {
    /// Bit `n % WINDOW` is for sequence number `n`, over the last `WINDOW` numbers.
    bits: [u64; WORDS],
    /// The lowest sequence number since the stream began.
    first: Option<u64>,
    /// The highest sequence number plus one.
    next: u64,
    /// Packets received, including late ones and duplicates.
    received: u64,
    /// What [`Self::take_tally`] returns next.
    tally: Tally,
    /// Expected and received packets at the last report.
    reported: (u64, u64),
    /// In 1/16 of a tick.
    jitter: u64,
    last_sample: Option<Sample>,
    sender_report: Option<SenderTime>,
}

/// Sent and received packets of one or several SSRCs, without duplicates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Packets sent, by their sequence numbers.
    pub(crate) sent: u64,
    /// Packets received, retransmissions included. These arrive later than others: in a short time more packets may
    /// arrive than were sent.
    pub(crate) came: u64,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.sent += other.sent;
        self.came += other.came;
    }
}

/// The timestamp and the arrival time of a packet.
#[derive(Debug, Clone, Copy)]
struct Sample {
    ts: u32,
    arrived: Instant,
}

/// The time in a sender report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SenderTime {
    /// The sender's clock, in NTP format.
    pub(crate) ntp: u64,
    /// The same moment as an RTP timestamp.
    pub(crate) rtp_ts: u32,
    /// When the report arrived.
    pub(crate) arrived: Instant,
}

impl Received {
    /// Records the extended sequence number of a packet: an original, a retransmission by RTX, or one on the same SSRC.
    pub(crate) fn take(&mut self, seq: u64) -> Arrival {
        let is_jump =
            seq > self.next.saturating_add(MAX_GAP) || seq.saturating_add(RESTART) < self.next;
        let Some(first) = self.first.filter(|_| !is_jump) else {
            self.restart(seq);
            return Arrival::New { gap: seq..seq };
        };
        self.received += 1;
        if seq >= self.next {
            let gap = self.next..seq;
            self.tally += Tally { sent: seq - self.next + 1, came: 1 };
            for skipped in gap.clone() {
                self.set(skipped, false);
            }
            self.set(seq, true);
            self.next = seq.saturating_add(1);
            return Arrival::New { gap };
        }
        if self.next - seq > WINDOW {
            return Arrival::TooOld;
        }
        if self.has(seq) {
            return Arrival::Duplicate;
        }
        self.set(seq, true);
        self.tally += Tally { sent: first.saturating_sub(seq), came: 1 };
        self.first = Some(first.min(seq));
        Arrival::Late
    }

    /// The highest sequence number received.
    pub(crate) fn highest(&self) -> Option<u64> {
        self.first.map(|_| self.next.saturating_sub(1))
    }

    /// Packets sent and received since the last call. Sequence numbers skipped when a stream restarts do not count as
    /// sent.
    pub(crate) fn take_tally(&mut self) -> Tally {
        std::mem::take(&mut self.tally)
    }

    /// Updates the interarrival jitter (RFC 3550, appendix A.8). Call it for packets that are [`New`](Arrival::New): a
    /// retransmission's delay is not jitter. Only the first packet of each timestamp counts: the time over which a
    /// sender spreads one frame is not jitter either.
    pub(crate) fn sample(&mut self, ts: u32, clock_rate: u32, arrived: Instant) {
        if self.last_sample.is_some_and(|it| it.ts == ts) {
            return;
        }
        let Some(last) = self.last_sample.replace(Sample { ts, arrived }) else { return };
        let elapsed = arrived.saturating_duration_since(last.arrived);
        let elapsed = elapsed.as_micros() * u128::from(clock_rate) / 1_000_000;
        let step = i64::from(ts.wrapping_sub(last.ts) as i32);
        let deviation = i64::try_from(elapsed).unwrap_or(i64::MAX).saturating_sub(step);
        let deviation = deviation.unsigned_abs();
        if deviation <= MAX_JITTER_SECONDS * u64::from(clock_rate) {
            self.jitter = (self.jitter + deviation).saturating_sub((self.jitter + 8) >> 4);
        }
    }

    /// Records a sender report of this SSRC.
    pub(crate) fn sender_report(&mut self, ntp: u64, rtp_ts: u32, now: Instant) {
        self.sender_report = Some(SenderTime { ntp, rtp_ts, arrived: now });
    }

    /// The last sender report.
    pub(crate) fn sender_time(&self) -> Option<SenderTime> {
        self.sender_report
    }

    /// The report block of this stream, with the loss since the last call. All zero before the first packet.
    pub(crate) fn report_block(&mut self, ssrc: u32, now: Instant) -> ReportBlock {
        let expected = self.first.map_or(0, |first| self.next - first);
        let (expected_before, received_before) = self.reported;
        self.reported = (expected, self.received);
        let newly_expected = expected.saturating_sub(expected_before);
        let newly_received = self.received.saturating_sub(received_before);
        let newly_lost = newly_expected.saturating_sub(newly_received);
        let fraction = (newly_lost * 256).checked_div(newly_expected).unwrap_or(0);
        let lost = expected as i64 - self.received as i64;
        // 24 bits, signed.
        let lost = lost.clamp(-(1 << 23), (1 << 23) - 1);
        let delay = |it: &SenderTime| {
            let delay = now.saturating_duration_since(it.arrived).min(Duration::from_secs(65_535));
            (delay.as_micros() * 65_536 / 1_000_000) as u32
        };
        ReportBlock {
            ssrc,
            fraction_lost: fraction.min(255) as u8,
            cumulative_lost: lost as i32,
            highest_seq: self.next.saturating_sub(1) as u32,
            jitter: u32::try_from(self.jitter >> 4).unwrap_or(u32::MAX),
            last_sr: self.sender_report.map_or(0, |it| (it.ntp >> 16) as u32),
            delay_since_last_sr: self.sender_report.as_ref().map_or(0, delay),
        }
    }

    /// Starts a stream with this packet, like `init_seq` of RFC 3550, appendix A.1.
    fn restart(&mut self, seq: u64) {
        self.bits = [0; WORDS];
        self.set(seq, true);
        self.first = Some(seq);
        self.next = seq.saturating_add(1);
        self.received = 1;
        self.tally += Tally { sent: 1, came: 1 };
        self.reported = (0, 0);
        self.last_sample = None;
    }

    fn has(&self, seq: u64) -> bool {
        self.bits.get(word(seq)).is_some_and(|it| it & bit(seq) != 0)
    }

    fn set(&mut self, seq: u64, to: bool) {
        if let Some(bits) = self.bits.get_mut(word(seq)) {
            *bits = if to { *bits | bit(seq) } else { *bits & !bit(seq) };
        }
    }
}

fn word(seq: u64) -> usize {
    (seq / 64) as usize % WORDS
}

fn bit(seq: u64) -> u64 {
    1 << (seq % 64)
}
