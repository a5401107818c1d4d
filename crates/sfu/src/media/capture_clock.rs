//! The capture times of packets, in our clock. Audio and video of one publisher share the mapping, so that
//! our sender reports let viewers synchronize the two.

use std::time::{Duration, Instant};

/// A capture time further than this from the arrival is wrong: the publisher's clock jumped, or the
/// sender report is of another stream. The time of arrival is the better guess then.
const MAX_DISTANCE: Duration = Duration::from_secs(10);

/// A packet that seems to be delayed by more is of a stream whose timestamps jumped.
const MAX_DELAY: Duration = Duration::from_secs(1);

/// The most seconds of our clock in a second of the publisher's. Clocks of devices differ by less.
const DRIFT: f64 = 1.000_5;

/// One moment in the publisher's wall clock and in the clock of a stream (RFC 3550, section 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Report {
    /// Seconds since 1900, with a fraction of 32 bits.
    pub(crate) ntp: u64,
    /// The stream's RTP timestamp.
    pub(crate) rtp_ts: u32,
}

/// Maps the publisher's NTP clock to ours.
#[derive(Debug, Default)]
pub(crate) struct CaptureClock {
    /// One moment in both clocks, from the packet with the shortest delay.
    anchor: Option<(Duration, Instant)>,
}

impl CaptureClock {
    /// The capture time of a packet with timestamp `ts`, by the last sender report of its stream.
    pub(crate) fn captured(
        &mut self,
        ts: u32,
        clock_rate: u32,
        report: Report,
        arrived: Instant,
    ) -> Instant {
        let ticks = ts.wrapping_sub(report.rtp_ts) as i32;
        let Some(ntp) = offset(since_1900(report.ntp), f64::from(ticks) / f64::from(clock_rate))
        else {
            return arrived;
        };
        let (anchor_ntp, anchor_at) = *self.anchor.get_or_insert((ntp, arrived));
        let captured = match ntp.checked_sub(anchor_ntp) {
            Some(later) => anchor_at.checked_add(later),
            None => anchor_at.checked_sub(anchor_ntp.saturating_sub(ntp)),
        };
        let Some(captured) = captured.filter(|it| distance(*it, arrived) <= MAX_DISTANCE) else {
            self.anchor = Some((ntp, arrived));
            return arrived;
        };
        if captured > arrived {
            // Its delay is shorter than that of the anchor, so it is the better anchor.
            self.anchor = Some((ntp, arrived));
            return arrived;
        }
        captured
    }
}

/// Maps the timestamps of one stream to our clock until its first sender report comes, which may take seconds.
#[derive(Debug, Default)]
pub(crate) struct OwnClock {
    /// A timestamp, and when it arrived: of the packet with the shortest delay.
    anchor: Option<(u32, Instant)>,
}

impl OwnClock {
    /// The capture time of a packet, as far as it is known: when it would have arrived with the shortest delay.
    pub(crate) fn captured(&mut self, ts: u32, clock_rate: u32, arrived: Instant) -> Instant {
        let (anchor_ts, anchor_at) = *self.anchor.get_or_insert((ts, arrived));
        let ticks = ts.wrapping_sub(anchor_ts) as i32;
        // The publisher's clock may be slower than ours.
        let by = Duration::from_secs_f64(f64::from(ticks).abs() * DRIFT / f64::from(clock_rate));
        let at = if ticks < 0 { anchor_at.checked_sub(by) } else { anchor_at.checked_add(by) };
        match at.filter(|it| *it <= arrived && arrived - *it <= MAX_DELAY) {
            Some(at) => at,
            None => {
                self.anchor = Some((ts, arrived));
                arrived
            }
        }
    }
}

fn since_1900(ntp: u64) -> Duration {
    let nanos = ((ntp & 0xFFFF_FFFF) * 1_000_000_000) >> 32;
    Duration::from_secs(ntp >> 32) + Duration::from_nanos(nanos)
}

fn offset(time: Duration, seconds: f64) -> Option<Duration> {
    let by = Duration::try_from_secs_f64(seconds.abs()).ok()?;
    if seconds < 0.0 { time.checked_sub(by) } else { time.checked_add(by) }
}

fn distance(a: Instant, b: Instant) -> Duration {
    a.saturating_duration_since(b).max(b.saturating_duration_since(a))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::START;

    fn report(ntp_ms: u64, rtp_ts: u32) -> Report {
        let ms = 3_000_000_000_000 + ntp_ms;
        let (seconds, fraction) = (ms / 1_000, ((ms % 1_000) << 32) / 1_000);
        Report { ntp: (seconds << 32) | fraction, rtp_ts }
    }

    /// Allows for rounding: NTP times have a fraction of 32 bits.
    fn near(a: Instant, b: Instant) {
        assert!(distance(a, b) < Duration::from_micros(2), "{:?}", distance(a, b));
    }

    #[test]
    fn jitter_on_the_way_does_not_move_the_capture_time() {
        let mut clock = CaptureClock::default();
        let at = |ms| *START + Duration::from_millis(ms);
        let report = report(0, 0);
        near(clock.captured(0, 90_000, report, at(20)), at(20));
        near(clock.captured(9_000, 90_000, report, at(190)), at(120));
        near(clock.captured(18_000, 90_000, report, at(221)), at(220));
    }

    #[test]
    fn sound_and_picture_captured_together_stay_together() {
        let mut clock = CaptureClock::default();
        let at = |ms| *START + Duration::from_millis(ms);
        let (video, audio) = (report(0, 0), report(500, 480));
        let picture = clock.captured(90_000, 90_000, video, at(1_000));
        let sound = clock.captured(480 + 24_000, 48_000, audio, at(1_300));
        near(picture, sound);
    }

    #[test]
    fn a_clock_that_jumps_is_not_believed() {
        let mut clock = CaptureClock::default();
        let at = |ms| *START + Duration::from_millis(ms);
        clock.captured(0, 90_000, report(0, 0), at(20));
        near(clock.captured(0, 90_000, report(3_600_000, 0), at(40)), at(40));
    }

    #[test]
    fn jitter_does_not_move_what_no_report_tells_of() {
        let mut clock = OwnClock::default();
        let mut at = |n: u64, delay: u64| {
            let arrived = *START + Duration::from_millis(n * 20 + delay);
            let captured = clock.captured(n as u32 * 960, 48_000, arrived);
            captured.saturating_duration_since(*START + Duration::from_millis(n * 20))
        };
        let about = |it: Duration, ms: u64| it.abs_diff(Duration::from_millis(ms)).as_millis() < 1;
        assert!(about(at(0, 30), 30) && about(at(1, 60), 30) && about(at(2, 10), 10));
        for n in 3..200 {
            let captured = at(n, if n % 20 == 0 { 10 } else { 10 + n * 7 % 90 });
            assert!(about(captured, 10), "{n}: {captured:?}");
        }
        // Timestamps that jump are those of another clock.
        assert!(about(at(200, 5_040), 5_040));
    }

    #[test]
    fn a_clock_that_is_slower_than_ours_is_followed() {
        let mut clock = OwnClock::default();
        for n in 0..100_000_u64 {
            let arrived = *START + Duration::from_micros(n * 20_004);
            let captured = clock.captured(n as u32 * 960, 48_000, arrived);
            assert!(distance(captured, arrived).as_millis() < 1, "{n}");
        }
    }
}
