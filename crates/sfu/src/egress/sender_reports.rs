//! The contents of our sender reports (RFC 3550, section 6.4.1), and the round trips that follow from them.

use std::time::{Duration, Instant, SystemTime};

use super::capture_report::CaptureTime;
use crate::media::header_ext::ntp;

/// The number of last reports that give a round trip: a browser answers within a second or two.
const REMEMBERED: usize = 4;

/// The packets sent with one SSRC, and the capture time of the last one.
#[derive(Debug, Default)]
pub(crate) struct Account {
    /// The number of packets; the low 32 bits.
    pub(crate) packets: u32,
    /// The bytes of payload without padding.
    pub(crate) octets: u64,
    /// One moment in our clock and as an RTP timestamp.
    point: Option<(Instant, u32)>,
    clock_rate: u32,
}

impl Account {
    /// Records a packet that was sent.
    pub(crate) fn note(&mut self, captured: Instant, ts: u32, clock_rate: u32, payload: usize) {
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(payload as u64);
        self.point = Some((captured, ts));
        self.clock_rate = clock_rate;
    }

    /// When the last packet was captured; `None` before the first packet.
    pub(crate) fn capture_time(&self) -> Option<CaptureTime> {
        let (captured, rtp_ts) = self.point?;
        Some(CaptureTime { captured, rtp_ts, clock_rate: self.clock_rate })
    }

    /// The RTP timestamp of a moment; `None` before the first packet.
    pub(crate) fn timestamp_at(&self, now: Instant) -> Option<u32> {
        let (at, ts) = self.point?;
        let ticks = |by: Duration| (by.as_secs_f64() * f64::from(self.clock_rate)) as i64 as u32;
        Some(match now.checked_duration_since(at) {
            Some(later) => ts.wrapping_add(ticks(later)),
            None => ts.wrapping_sub(ticks(at.saturating_duration_since(now))),
        })
    }
}

/// The wall-clock time of our clock, and the times of the last reports.
#[derive(Debug)]
pub(crate) struct Reports {
    clock: (Instant, SystemTime),
    /// The middle 32 bits of the NTP times of the last reports.
    sent: [Option<u32>; REMEMBERED],
    next: usize,
    /// The viewer's reference time: its SSRC, the middle 32 bits of its NTP time, and when it came.
    reference: Option<(u32, u32, Instant)>,
}

impl Reports {
    /// `clock` is one moment in both clocks.
    pub(crate) fn new(clock: (Instant, SystemTime)) -> Self {
        Self { clock, sent: [None; REMEMBERED], next: 0, reference: None }
    }

    /// The NTP time of a moment.
    pub(crate) fn ntp_at(&self, now: Instant) -> u64 {
        let (at, time) = self.clock;
        let by = now.saturating_duration_since(at);
        ntp(time.checked_add(by).unwrap_or(time))
    }

    /// Records that a report was sent.
    pub(crate) fn note(&mut self, now: Instant) {
        self.sent[self.next] = Some(middle(self.ntp_at(now)));
        self.next = (self.next + 1) % REMEMBERED;
    }

    /// Records the viewer's reference time (RFC 3611, section 4.4). From our reply the viewer knows its
    /// round trip, and so how soon to repeat a NACK.
    pub(crate) fn note_reference(&mut self, ssrc: u32, ntp: u64, now: Instant) {
        self.reference = Some((ssrc, middle(ntp), now));
    }

    /// Removes the last reference time; returns the viewer's SSRC, its time, and its age in 1/65536 s.
    pub(crate) fn take_reference(&mut self, now: Instant) -> Option<(u32, u32, u32)> {
        let (ssrc, time, at) = self.reference.take()?;
        let delay = now.saturating_duration_since(at).as_secs_f64() * 65_536.0;
        Some((ssrc, time, delay as u32))
    }

    /// The round trip that follows from a report block (RFC 3550, section 6.4.1); `None` if it refers to
    /// no report that was sent lately.
    pub(crate) fn round_trip(&self, last_sr: u32, delay: u32, now: Instant) -> Option<Duration> {
        if !self.sent.contains(&Some(last_sr)) {
            return None;
        }
        let elapsed = middle(self.ntp_at(now)).wrapping_sub(last_sr);
        let trip = elapsed.checked_sub(delay)?;
        Some(Duration::from_secs_f64(f64::from(trip) / 65_536.0))
    }
}

fn middle(ntp: u64) -> u32 {
    (ntp >> 16) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::START;

    #[test]
    fn a_report_tells_the_timestamp_of_its_moment() {
        let mut account = Account::default();
        assert_eq!(account.timestamp_at(*START), None);
        account.note(*START, 1_000, 90_000, 500);
        let at = |ms| *START + Duration::from_millis(ms);
        assert_eq!(account.timestamp_at(at(100)), Some(10_000));
        assert_eq!((account.packets, account.octets), (1, 500));
    }

    #[test]
    fn a_round_trip_is_told_only_of_a_report_that_was_sent() {
        let mut reports = Reports::new((*START, SystemTime::UNIX_EPOCH));
        let at = |ms| *START + Duration::from_millis(ms);
        reports.note(at(1_000));
        let last_sr = middle(reports.ntp_at(at(1_000)));
        let delay = 65_536 / 2;
        let trip = reports.round_trip(last_sr, delay, at(1_620)).unwrap();
        assert!((119..=121).contains(&trip.as_millis()), "{trip:?}");
        assert_eq!(reports.round_trip(last_sr + 1, delay, at(1_620)), None);
        assert_eq!(reports.round_trip(last_sr, u32::MAX, at(1_620)), None);
    }
}
