//! Reports to the control plane when the media that a viewer is sent were captured: seldom, since the relation of RTP
//! timestamps to our clock changes seldom.

use std::time::{Duration, Instant};

/// A capture time that moved by less is the same: the steps of a browser's clock are larger.
const TOLERANCE: Duration = Duration::from_millis(5);

/// A capture time that moved by more is reported at once: a page would tell a wrong latency.
const JUMP: Duration = Duration::from_millis(50);

/// The minimum interval between two reports of small moves. A thousand viewers cause at most 200 events a second.
const REPORT_EVERY: Duration = Duration::from_secs(5);

/// One moment in our clock, and as an RTP timestamp of a viewer's stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CaptureTime {
    /// When it was captured.
    pub(crate) captured: Instant,
    /// Its RTP timestamp.
    pub(crate) rtp_ts: u32,
    /// Ticks a second.
    pub(crate) clock_rate: u32,
}

/// Remembers the last report.
#[derive(Debug, Default)]
pub(crate) struct CaptureReporter {
    reported: Option<(Instant, CaptureTime)>,
}

impl CaptureReporter {
    /// The report that is due at `now`, if one is.
    pub(crate) fn poll(&mut self, time: CaptureTime, now: Instant) -> Option<CaptureTime> {
        if let Some((at, before)) = self.reported {
            let moved = before.distance(&time);
            let is_due = now.saturating_duration_since(at) >= REPORT_EVERY;
            if moved <= TOLERANCE || moved <= JUMP && !is_due {
                return None;
            }
        }
        self.reported = Some((now, time));
        Some(time)
    }
}

impl CaptureTime {
    /// How far two relations are apart, at the timestamp of the second.
    fn distance(&self, other: &Self) -> Duration {
        if self.clock_rate != other.clock_rate {
            return Duration::MAX;
        }
        let ticks = other.rtp_ts.wrapping_sub(self.rtp_ts) as i32;
        let by =
            Duration::from_secs_f64(f64::from(ticks.unsigned_abs()) / f64::from(self.clock_rate));
        let expected =
            if ticks < 0 { self.captured.checked_sub(by) } else { self.captured.checked_add(by) };
        let Some(expected) = expected else { return Duration::MAX };
        expected
            .saturating_duration_since(other.captured)
            .max(other.captured.saturating_duration_since(expected))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::START;

    fn time(captured_ms: u64, rtp_ts: u32) -> CaptureTime {
        let captured = *START + Duration::from_millis(captured_ms);
        CaptureTime { captured, rtp_ts, clock_rate: 90_000 }
    }

    #[test]
    fn a_clock_that_goes_on_is_told_once() {
        let mut reporter = CaptureReporter::default();
        let told = (0..60_u32).filter(|s| {
            let at = *START + Duration::from_secs((*s).into());
            // Across the wrap of RTP timestamps too.
            let ts = u32::MAX - 90_000 * 30;
            reporter
                .poll(
                    time(u64::from(*s) * 1_000 + u64::from(s % 4), ts.wrapping_add(s * 90_000)),
                    at,
                )
                .is_some()
        });
        assert_eq!(told.count(), 1);
    }

    #[test]
    fn a_small_move_waits_and_a_jump_does_not() {
        let mut reporter = CaptureReporter::default();
        let at = |s| *START + Duration::from_secs(s);
        assert!(reporter.poll(time(0, 0), at(0)).is_some());
        assert!(reporter.poll(time(1_020, 90_000), at(1)).is_none());
        assert!(reporter.poll(time(6_020, 540_000), at(6)).is_some());
        assert!(reporter.poll(time(7_500, 630_000), at(7)).is_some(), "the host came back");
    }
}
