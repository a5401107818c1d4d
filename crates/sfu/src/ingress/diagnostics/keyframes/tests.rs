//! Encoders that answer keyframe requests, and encoders that ignore them.

use super::*;
use crate::testing::START;

const SECOND: u64 = 1_000;

/// An encoder, times in ms: a keyframe every `period`, and `delay` after a request, or never if that is `None`.
struct Encoder {
    period: Option<u64>,
    delay: Option<u64>,
}

/// OBS with its default settings: a keyframe every 250 frames at 30 frames/s; requests are ignored.
const OBS: Encoder = Encoder { period: Some(8_333), delay: None };

/// A browser with a round-trip time of 200 ms.
const BROWSER: Encoder = Encoder { period: None, delay: Some(230) };

impl Encoder {
    /// Runs for `seconds`, with requests at the milliseconds that `requests` selects. Each request is repeated every
    /// second until a keyframe comes, as viewers do. Returns the state, and the second in which the encoder was first
    /// taken for deaf.
    fn run(&self, seconds: u64, requests: impl Fn(u64) -> bool) -> (Keyframes, Option<u64>) {
        let at = |ms: u64| *START + Duration::from_millis(ms);
        let mut keyframes = Keyframes::new(at(0));
        let (mut due, mut wanting, mut asked_at) = (Some(0), false, 0);
        let (mut next_own, mut deaf_at) = (self.period, None);
        for ms in 0..seconds * SECOND {
            wanting |= requests(ms) || keyframes.is_worth_asking();
            if wanting && (ms >= asked_at + SECOND || asked_at == 0) {
                keyframes.asked(at(ms));
                asked_at = ms.max(1);
                due = due.or(self.delay.map(|it| ms + it));
            }
            if next_own == Some(ms) || due == Some(ms) {
                if due == Some(ms) {
                    due = None;
                }
                // A requested keyframe restarts the period.
                next_own = self.period.map(|it| ms + it);
                wanting = false;
                keyframes.came(ms, ms as u32 * 90, at(ms));
                keyframes.came(ms + 1, ms as u32 * 90, at(ms + 1));
            }
            if ms % SECOND == 0 {
                keyframes.look(at(ms));
            }
            if keyframes.is_deaf() {
                deaf_at = deaf_at.or(Some(ms / SECOND));
            }
        }
        (keyframes, deaf_at)
    }
}

#[test]
fn a_browser_is_never_blamed_however_often_it_is_asked() {
    for every in [500, 1_000, 2_500, 3_000, 7_000, 60_000] {
        let (keyframes, deaf_at) = BROWSER.run(300, |ms| ms % every == every - 1);
        assert_eq!(deaf_at, None, "asked every {every} ms: {keyframes:?}");
    }
    let (keyframes, deaf_at) = BROWSER.run(300, |_| false);
    assert_eq!(deaf_at, None, "nobody asked for a keyframe for minutes: {keyframes:?}");
}

#[test]
fn an_encoder_that_keeps_its_own_time_is_found_out_also_when_nobody_asks() {
    for every in [u64::MAX, 5_000, 20_000] {
        let (keyframes, deaf_at) = OBS.run(60, |ms| ms % every == every - 1);
        assert!(deaf_at.is_some_and(|at| at <= 45), "asked every {every} ms, found at {deaf_at:?}");
        let interval = keyframes.interval(*START + Duration::from_secs(60));
        assert!(interval.abs_diff(Duration::from_millis(8_333)) < Duration::from_millis(5));
    }
    let (_, deaf_at) = Encoder { period: Some(2_500), delay: None }.run(60, |_| false);
    assert!(deaf_at.is_some(), "2.5 s are found out as well");
}

#[test]
fn an_encoder_that_never_makes_one_is_found_out_when_it_is_asked() {
    let (keyframes, deaf_at) = Encoder { period: None, delay: None }.run(30, |ms| ms == 5_000);
    assert!(deaf_at.is_some_and(|at| at <= 16), "{deaf_at:?}");
    assert!(keyframes.interval(*START + Duration::from_secs(30)) >= Duration::from_secs(29));
}

#[test]
fn a_long_interval_is_no_finding_when_requests_are_answered() {
    let (keyframes, deaf_at) =
        Encoder { period: Some(8_333), delay: Some(400) }.run(120, |_| false);
    assert_eq!(deaf_at, None);
    assert!(keyframes.has_answered && !keyframes.is_worth_asking(), "it was asked once");
}

#[test]
fn nothing_is_expected_of_a_stream_that_rests() {
    let mut keyframes = Keyframes::new(*START);
    for minute in 1..10 {
        let now = *START + Duration::from_secs(60 * minute);
        keyframes.asked(now);
        keyframes.rests();
        keyframes.look(now + ANSWER_WITHIN);
    }
    assert!(!keyframes.is_deaf());
}

#[test]
fn an_encoder_that_answers_again_is_no_longer_deaf() {
    let mut keyframes = Keyframes::new(*START);
    let at = |s: u64| *START + Duration::from_secs(s);
    keyframes.came(0, 0, at(0));
    for n in 1..10 {
        keyframes.asked(at(4 * n));
        keyframes.look(at(4 * n + 3));
    }
    assert!(keyframes.is_deaf());
    // At irregular times, so that the keyframes are answers.
    for (n, s) in [50, 53, 61, 70].into_iter().enumerate() {
        keyframes.asked(at(s));
        keyframes.came(n as u64 + 1, n as u32 + 1, at(s) + Duration::from_millis(200));
    }
    assert!(!keyframes.is_deaf());
}
