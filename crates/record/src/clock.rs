//! When frames belong into a recording: sound and picture by one clock, through the jitter of the way and the restarts of
//! encoders.

use std::time::{Duration, Instant};

/// A frame that is so much later than expected is behind a gap: the host was away.
const GAP_S: f64 = 0.25;

/// A frame that is so much earlier than expected comes from a clock that was set.
const BACK_S: f64 = 2.0;

/// Errors of more are no jitter: sender reports have come, which tell when frames were captured.
const JITTER_S: f64 = 0.04;

/// In how many seconds an error falls to a third, if it is jitter and if it is more. By time and not by frames, so that a picture
/// of few frames keeps up with the sound.
const CORRECTION_S: f64 = 2.0;
const FAST_CORRECTION_S: f64 = 0.15;

/// How much faster or slower than the timestamps the time of frames goes at most.
const MAX_STRETCH: f64 = 0.5;

/// Maps the RTP timestamps of one stream to the time since the begin of the recording.
///
/// Distances are those of the timestamps, which the encoder set; where the whole is, the capture times say.
#[derive(Debug)]
pub(crate) struct Clock {
    rate: f64,
    /// When the recording began.
    begun: Instant,
    last: Option<Last>,
}

#[derive(Debug, Clone, Copy)]
struct Last {
    ts: u32,
    /// In seconds since the begin; not above zero for what was captured before it.
    at: f64,
}

impl Clock {
    pub(crate) fn new(rate: u32, begun: Instant) -> Self {
        Self { rate: rate.into(), begun, last: None }
    }

    /// When a frame belongs; `None` for one that was captured before the begin.
    pub(crate) fn at(&mut self, ts: u32, captured: Instant) -> Option<Duration> {
        let captured = match captured.checked_duration_since(self.begun) {
            Some(since) => since.as_secs_f64(),
            None => -self.begun.saturating_duration_since(captured).as_secs_f64(),
        };
        let at = match self.last {
            None => captured,
            Some(last) => {
                let distance = f64::from(ts.wrapping_sub(last.ts).cast_signed()) / self.rate;
                let error = captured - (last.at + distance);
                if !(-BACK_S..GAP_S).contains(&error) {
                    captured
                } else {
                    let is_jitter = error.abs() <= JITTER_S;
                    let within = if is_jitter { CORRECTION_S } else { FAST_CORRECTION_S };
                    let part = 1.0 - (-distance.max(0.0) / within).exp();
                    let most = distance.abs() * MAX_STRETCH;
                    last.at + distance + (error * part).clamp(-most, most)
                }
            }
        };
        // Time never goes back, whatever clocks do.
        let at = self.last.map_or(at, |last| at.max(last.at));
        self.last = Some(Last { ts, at });
        Duration::try_from_secs_f64(at).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(at: Option<Duration>) -> f64 {
        at.unwrap().as_secs_f64() * 1_000.0
    }

    #[test]
    fn jitter_on_the_way_hardly_moves_a_frame() {
        let begun = Instant::now();
        let mut clock = Clock::new(90_000, begun);
        for n in 0..300_u32 {
            let jitter = [0, 15, 3, 30, 7][n as usize % 5];
            let captured = begun + Duration::from_millis(u64::from(n) * 40 + jitter);
            let at = ms(clock.at(n * 3_600, captured));
            assert!((at - f64::from(n) * 40.0 - 11.0).abs() < 12.0, "{n}: {at}");
        }
    }

    #[test]
    fn sound_and_picture_that_were_captured_together_are_together_though_their_clocks_drift() {
        let begun = Instant::now();
        // Of a thousand seconds, the microphone's clock takes one too few.
        let (mut picture, mut sound) = (Clock::new(90_000, begun), Clock::new(48_000, begun));
        let mut apart: f64 = 0.0;
        for n in 0..30_000_u32 {
            let captured = begun + Duration::from_millis(u64::from(n) * 20);
            let heard = ms(sound.at((f64::from(n) * 960.0 * 0.999) as u32, captured));
            let seen = ms(picture.at(n * 1_800, captured));
            apart = apart.max((heard - seen).abs());
        }
        assert!(apart < 20.0, "{apart} ms in ten minutes");
    }

    #[test]
    fn frames_stay_apart_when_it_becomes_known_that_they_were_captured_earlier() {
        let begun = Instant::now();
        let mut clock = Clock::new(90_000, begun);
        let mut last = -1.0;
        for n in 0..90_u32 {
            // Without sender reports they seem to be captured when they come, 300 ms later.
            let late = if n < 8 { 300 } else { 0 };
            let at =
                ms(clock
                    .at(n * 3_000, begun + Duration::from_millis(u64::from(n) * 100 / 3 + late)));
            assert!(at > last + 15.0, "{n}: {at} after {last}");
            last = at;
        }
        assert!((last - 89.0 * 33.33).abs() < 20.0, "{last}");
    }

    #[test]
    fn a_host_that_was_away_leaves_a_gap_and_what_came_before_the_begin_is_left_out() {
        let begun = Instant::now();
        let mut clock = Clock::new(90_000, begun);
        assert_eq!(clock.at(0, begun.checked_sub(Duration::from_millis(40)).unwrap()), None);
        assert!(ms(clock.at(3_600, begun)) < 1.0);
        let back = begun + Duration::from_secs(60);
        assert!((ms(clock.at(7_200, back)) - 60_000.0).abs() < 1.0);
        let early = ms(clock.at(7_000, back));
        assert!((early - 60_000.0).abs() < 1.0, "time does not go back: {early}");
    }
}
