//! Reports the layer that a viewer is sent to the control plane: on each change, at a limited rate.

use std::time::{Duration, Instant};

use media_api::Name;

use media_api::Reason;

/// The minimum interval between two reports of one viewer. A change within it is reported at its end, in
/// the state of that time. So a thousand viewers cause at most two thousand events per second, whatever
/// their links and their host do, and each has at most one report that waits.
pub(super) const REPORT_EVERY: Duration = Duration::from_millis(500);

/// The video that a viewer is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sent {
    /// Whether it is sent video.
    pub(crate) has_picture: bool,
    /// The rid of the layer, if it has one.
    pub(crate) layer: Option<Name>,
    /// Why it is not sent a better one.
    pub(crate) reason: Reason,
}

/// Remembers the last report.
#[derive(Debug, Default)]
pub(super) struct Reporter {
    reported: Option<(Instant, Sent)>,
}

impl Reporter {
    /// The report that is due now, if one is; `Err` with the time at which to ask again.
    pub(super) fn poll(&mut self, sent: Sent, now: Instant) -> Result<Option<Sent>, Instant> {
        match self.reported {
            Some((_, reported)) if reported == sent => Ok(None),
            Some((at, _)) if now.saturating_duration_since(at) < REPORT_EVERY => {
                Err(at + REPORT_EVERY)
            }
            _ => {
                self.reported = Some((now, sent));
                Ok(Some(sent))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::START;

    #[test]
    fn changes_are_told_at_once_then_twice_a_second_and_only_as_they_are_in_the_end() {
        let mut reporter = Reporter::default();
        let mut reported = Vec::new();
        for ms in 0..2_000 {
            let has_picture = ms % 3 != 0;
            let reason = if has_picture { Reason::Link } else { Reason::Hidden };
            let sent = Sent { has_picture, layer: None, reason };
            match reporter.poll(sent, *START + Duration::from_millis(ms)) {
                Ok(Some(sent)) => reported.push((ms, sent.has_picture)),
                Ok(None) => {}
                Err(at) => assert!(at > *START + Duration::from_millis(ms)),
            }
        }
        assert_eq!(reported[0], (0, false));
        assert!(reported.len() <= 5, "{reported:?}");
        assert!(reported.windows(2).all(|it| it[1].0 - it[0].0 >= 500 && it[1].1 != it[0].1));
    }
}
