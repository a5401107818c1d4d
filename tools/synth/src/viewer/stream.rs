//! One incoming stream: which packets arrived, which are missing and to be requested, and its receiver report (RFC 3550,
//! section 6.4.1).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::stats::Counters;

/// A packet may overtake others by this much before they are asked for.
const REORDER_WAIT: Duration = Duration::from_millis(10);
/// The shortest interval of requests for one packet.
const MIN_RETRY: Duration = Duration::from_millis(20);
/// A packet that is missing for longer is lost.
pub const GIVE_UP: Duration = Duration::from_millis(500);
/// The most missing packets that are tracked. More than that is an outage, which retransmission does not repair.
const MAX_MISSING: usize = 1_000;

#[derive(Debug)]
struct Missing {
    seq: u64,
    since: Instant,
    asked_at: Option<Instant>,
}

/// The state of one stream.
#[derive(Debug)]
pub(crate) struct IncomingStream {
    pub(crate) ssrc: u32,
    clock_rate: u32,
    first: u64,
    highest: u64,
    received: u64,
    missing: VecDeque<Missing>,
    /// When to check for missing packets.
    look_at: Option<Instant>,
    jitter: f64,
    transit: Option<f64>,
    began: Instant,
    /// The last sender report: the middle of its NTP time, and when it came.
    reported: Option<(u32, Instant)>,
    at_last_report: (u64, u64),
}

impl IncomingStream {
    /// A stream that begins with this packet.
    pub(crate) fn new(ssrc: u32, clock_rate: u32, seq: u16, now: Instant) -> Self {
        // One cycle up, so that what came before the first has a number too.
        let first = (1 << 16) + u64::from(seq);
        Self {
            ssrc,
            clock_rate,
            first,
            highest: first - 1,
            received: 0,
            missing: VecDeque::new(),
            look_at: None,
            jitter: 0.0,
            transit: None,
            began: now,
            reported: None,
            at_last_report: (0, 0),
        }
    }

    /// Takes a packet's number; `repeated` when it came as a retransmission. Returns it with its cycles, or `None`
    /// when the packet was there before or comes too late.
    pub(crate) fn take(
        &mut self,
        seq: u16,
        repeated: bool,
        now: Instant,
        counters: &mut Counters,
    ) -> Option<u64> {
        let seq = rtp::seq::extend(seq, self.highest);
        if seq > self.highest {
            let gap = seq - self.highest - 1;
            if gap > 0 {
                self.miss(seq, gap, now, counters);
            }
            self.highest = seq;
        } else {
            let found = self.missing.binary_search_by_key(&seq, |it| it.seq);
            let Ok(at) = found else {
                counters.duplicates += 1;
                return None;
            };
            self.missing.remove(at);
            if repeated {
                counters.recovered += 1;
            } else {
                counters.reordered += 1;
            }
        }
        self.received += 1;
        counters.unique += 1;
        Some(seq)
    }

    fn miss(&mut self, seq: u64, gap: u64, now: Instant, counters: &mut Counters) {
        let room = (MAX_MISSING - self.missing.len()) as u64;
        let watched = gap.min(room);
        counters.lost += gap - watched;
        let missing = |seq| Missing { seq, since: now, asked_at: None };
        self.missing.extend((seq - watched..seq).map(missing));
        self.look_at.get_or_insert(now + REORDER_WAIT);
    }

    /// Updates the interarrival jitter (RFC 3550, appendix A.8).
    pub(crate) fn measure_jitter(&mut self, ts: u32, now: Instant) {
        let rate = f64::from(self.clock_rate);
        let arrived = now.saturating_duration_since(self.began).as_secs_f64() * rate;
        let transit = arrived - f64::from(ts);
        if let Some(before) = self.transit.replace(transit) {
            let d = (transit - before).abs();
            // A timestamp that wrapped is no jitter.
            if d < rate * 60.0 {
                self.jitter += (d - self.jitter) / 16.0;
            }
        }
    }

    /// When [`Self::look_after`] has something to do.
    pub(crate) fn next_at(&self) -> Option<Instant> {
        self.look_at
    }

    /// Gives up what is missing for too long, and collects what to ask for (again). Returns whether
    /// something was given up.
    pub(crate) fn look_after(
        &mut self,
        now: Instant,
        rtt: Duration,
        asks: bool,
        wanted: &mut Vec<u16>,
        counters: &mut Counters,
    ) -> bool {
        if self.look_at.is_none_or(|at| now < at) {
            return false;
        }
        let before = self.missing.len();
        self.missing.retain(|it| now < it.since + GIVE_UP);
        let given_up = before - self.missing.len();
        counters.lost += given_up as u64;
        let retry = rtt.max(MIN_RETRY);
        let mut next: Option<Instant> = None;
        for it in &mut self.missing {
            let mut at = it.since + GIVE_UP;
            if asks {
                let due = it.asked_at.map_or(it.since + REORDER_WAIT, |asked| asked + retry);
                if due <= now {
                    it.asked_at = Some(now);
                    wanted.push(it.seq as u16);
                    at = at.min(now + retry);
                } else {
                    at = at.min(due);
                }
            }
            next = Some(next.map_or(at, |next| next.min(at)));
        }
        self.look_at = next;
        given_up > 0
    }

    /// Takes a sender report's NTP time.
    pub(crate) fn handle_sender_report(&mut self, ntp: u64, now: Instant) {
        self.reported = Some(((ntp >> 16) as u32, now));
    }

    /// What a receiver report says of this stream since the last one.
    pub(crate) fn report(&mut self, now: Instant) -> rtp::rtcp::ReportBlock {
        let expected = (self.highest + 1).saturating_sub(self.first);
        let (expected_before, received_before) = self.at_last_report;
        self.at_last_report = (expected, self.received);
        let new = expected.saturating_sub(expected_before);
        let lost = new.saturating_sub(self.received.saturating_sub(received_before));
        let (last_sr, delay) = self.reported.map_or((0, 0), |(ntp, at)| {
            let delay = now.saturating_duration_since(at).as_secs_f64() * 65_536.0;
            (ntp, delay as u32)
        });
        rtp::rtcp::ReportBlock {
            ssrc: self.ssrc,
            fraction_lost: (lost * 256).checked_div(new).unwrap_or(0).min(255) as u8,
            cumulative_lost: expected.saturating_sub(self.received).min(0x7F_FFFF) as i32,
            highest_seq: (self.highest - (1 << 16)) as u32,
            jitter: self.jitter as u32,
            last_sr,
            delay_since_last_sr: delay,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(now: Instant) -> (IncomingStream, Counters) {
        (IncomingStream::new(5, 90_000, 65_534, now), Counters::default())
    }

    #[test]
    fn a_packet_that_was_overtaken_is_neither_lost_nor_asked_for() {
        let now = Instant::now();
        let (mut it, mut counters) = stream(now);
        for seq in [65_534, 0, 65_535, 1] {
            assert!(it.take(seq, false, now, &mut counters).is_some());
        }
        let mut wanted = Vec::new();
        let later = now + REORDER_WAIT;
        it.look_after(later, Duration::ZERO, true, &mut wanted, &mut counters);
        assert!(wanted.is_empty());
        assert_eq!((counters.unique, counters.reordered, counters.lost), (4, 1, 0));
        assert_eq!(it.take(0, false, now, &mut counters), None);
        assert_eq!(counters.duplicates, 1);
    }

    #[test]
    fn what_is_missing_is_asked_for_until_it_is_given_up() {
        let now = Instant::now();
        let (mut it, mut counters) = stream(now);
        it.take(65_534, false, now, &mut counters);
        it.take(2, false, now, &mut counters);
        let mut asked = Vec::new();
        for ms in 0..600 {
            let mut wanted = Vec::new();
            let at = now + Duration::from_millis(ms);
            it.look_after(at, Duration::from_millis(30), true, &mut wanted, &mut counters);
            if !wanted.is_empty() {
                asked.push((ms, wanted));
            }
            if ms == 100 {
                assert_eq!(it.take(0, true, at, &mut counters), Some(2 << 16));
            }
        }
        assert_eq!(asked[0], (10, vec![65_535, 0, 1]));
        assert_eq!(asked[1], (40, vec![65_535, 0, 1]));
        assert_eq!(asked.last().unwrap().1, [65_535, 1]);
        assert_eq!((counters.recovered, counters.lost, counters.unique), (1, 2, 3));
        assert_eq!(it.next_at(), None);
    }

    #[test]
    fn a_report_tells_the_share_that_was_lost_since_the_last() {
        let now = Instant::now();
        let (mut it, mut counters) = stream(now);
        for seq in 0..100_u16 {
            if seq % 4 != 3 {
                it.take(65_534_u16.wrapping_add(seq), false, now, &mut counters);
            }
        }
        let report = it.report(now);
        assert_eq!((report.cumulative_lost, report.fraction_lost), (24, 62));
        assert_eq!(it.report(now).fraction_lost, 0);
    }
}
