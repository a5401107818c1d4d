//! When to order and when to renew: functions of the time alone.

use std::time::{Duration, SystemTime};

use super::limits::{
    ASK_LEAST, ASK_MOST, FIRST_RETRY, LONGEST_RETRY, LONGEST_RETRY_AFTER, RATE_LIMITED_RETRY,
    SHORT_LIVED,
};
use crate::certificate::Certificate;

/// The time in which the CA suggests to renew (RFC 9773, section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) start: SystemTime,
    pub(super) end: SystemTime,
}

/// What the CA said about the time of the next order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) retry_after: Option<Duration>,
    pub(super) is_rate_limited: bool,
}

/// When to renew: in the CA's window, else at half of the lifetime; a short-lived certificate at the earlier of both.
/// `draw`, from 0 to 1, spreads clients over the window. A window too late for repeated attempts ends at 5/6 of the
/// lifetime.
pub(super) fn renew_at(certificate: &Certificate, window: Option<Window>, draw: f64) -> SystemTime {
    let Some(Window { start, end }) = window else { return certificate.renew_at() };
    let length = end.duration_since(start).unwrap_or_default();
    let lifetime = certificate.not_after.duration_since(certificate.not_before).unwrap_or_default();
    let is_short = lifetime <= SHORT_LIVED;
    let latest =
        if is_short { certificate.renew_at() } else { certificate.not_before + lifetime / 6 * 5 };
    start.checked_add(length.mul_f64(draw)).unwrap_or(latest).min(latest)
}

/// When to order again after so many failures in a row: never before the CA said so. `draw` adds up to a tenth, so
/// that servers that failed together do not return together.
pub(super) fn retry_at(now: SystemTime, failures: u32, told: Told, draw: f64) -> SystemTime {
    let doublings = failures.saturating_sub(1).min(16);
    let backoff = (FIRST_RETRY * 2_u32.pow(doublings)).min(LONGEST_RETRY);
    let least = match told {
        Told { retry_after: Some(wait), .. } => wait.min(LONGEST_RETRY_AFTER),
        Told { is_rate_limited: true, .. } => RATE_LIMITED_RETRY,
        Told { .. } => Duration::ZERO,
    };
    let wait = backoff.max(least);
    now + wait + (wait / 10).min(FIRST_RETRY * 10).mul_f64(draw)
}

/// When to ask for the window again.
pub(super) fn ask_at(now: SystemTime, retry_after: Option<Duration>) -> SystemTime {
    now + retry_after.unwrap_or(ASK_MOST).clamp(ASK_LEAST, ASK_MOST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acme::testing::{certificate, hours};

    #[test]
    fn a_certificate_is_renewed_at_half_of_its_lifetime_or_in_the_cas_window() {
        let now = SystemTime::now();
        let long = certificate(&["live.example.com"], now, hours(2160));
        assert_eq!(renew_at(&long, None, 0.5), long.not_before + hours(1080));
        let window = Window { start: now + hours(1400), end: now + hours(1500) };
        assert_eq!(renew_at(&long, Some(window), 0.0), window.start);
        assert_eq!(renew_at(&long, Some(window), 0.5), now + hours(1450));
        // The CA revoked it: the window is over.
        let over = Window { start: now - hours(10), end: now - hours(9) };
        assert!(renew_at(&long, Some(over), 1.0) < now);
        let late = Window { start: now + hours(9000), end: now + hours(10000) };
        assert_eq!(renew_at(&long, Some(late), 1.0), long.not_before + hours(1800));
        let turned = Window { start: now + hours(9), end: now };
        assert_eq!(renew_at(&long, Some(turned), 1.0), now + hours(9));
    }

    #[test]
    fn a_short_lived_certificate_is_renewed_at_half_even_if_the_cas_window_is_later() {
        let now = SystemTime::now();
        let short = certificate(&["203.0.113.7"], now, hours(160));
        let half = short.not_before + hours(80);
        let late = Window { start: now + hours(83), end: now + hours(131) };
        assert_eq!(renew_at(&short, Some(late), 0.5), half);
        let early = Window { start: now + hours(40), end: now + hours(50) };
        assert_eq!(renew_at(&short, Some(early), 0.5), now + hours(45));
    }

    #[test]
    fn failures_double_the_wait_up_to_six_hours() {
        let now = SystemTime::now();
        let wait = |failures| retry_at(now, failures, Told::default(), 0.0).duration_since(now);
        let minutes: Vec<u64> = (1..=12).map(|it| wait(it).unwrap().as_secs() / 60).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]);
        assert_eq!(wait(u32::MAX).unwrap(), LONGEST_RETRY);
        let jitter = retry_at(now, 12, Told::default(), 1.0).duration_since(now).unwrap();
        assert!(jitter > LONGEST_RETRY && jitter <= LONGEST_RETRY + FIRST_RETRY * 10);
    }

    #[test]
    fn the_next_try_is_never_earlier_than_the_ca_said() {
        let now = SystemTime::now();
        let told = Told { retry_after: Some(hours(30)), is_rate_limited: true };
        assert_eq!(retry_at(now, 1, told, 0.0), now + hours(30));
        assert!(retry_at(now, 1, told, 0.9) > now + hours(30));
        let soon = Told { retry_after: Some(Duration::from_secs(1)), is_rate_limited: true };
        assert_eq!(retry_at(now, 1, soon, 0.0), now + FIRST_RETRY);
        let limited = Told { retry_after: None, is_rate_limited: true };
        assert_eq!(retry_at(now, 1, limited, 0.0), now + RATE_LIMITED_RETRY);
        let nonsense = Told { retry_after: Some(Duration::MAX), is_rate_limited: false };
        assert_eq!(retry_at(now, 1, nonsense, 0.0), now + LONGEST_RETRY_AFTER);
    }

    /// Let's Encrypt allows five failed validations of a name and gives one back every twelve minutes.
    #[test]
    fn retries_stay_below_the_limit_of_failed_validations() {
        let (mut now, mut allowed, mut last) =
            (SystemTime::UNIX_EPOCH, 5.0_f64, SystemTime::UNIX_EPOCH);
        for failures in 1..40 {
            let passed = now.duration_since(last).unwrap().as_secs_f64() / 720.0;
            allowed = (allowed + passed).min(5.0);
            assert!(allowed >= 1.0, "try {failures}");
            allowed -= 1.0;
            last = now;
            now = retry_at(now, failures, Told::default(), 0.0);
        }
    }

    #[test]
    fn the_window_is_asked_for_between_once_an_hour_and_once_a_day() {
        let now = SystemTime::now();
        assert_eq!(ask_at(now, None), now + ASK_MOST);
        assert_eq!(ask_at(now, Some(hours(6))), now + hours(6));
        assert_eq!(ask_at(now, Some(Duration::ZERO)), now + ASK_LEAST);
        assert_eq!(ask_at(now, Some(Duration::MAX)), now + ASK_MOST);
    }
}
