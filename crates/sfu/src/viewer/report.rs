//! What the control plane is told of the layer that a viewer is sent: on change, and not too often.

use std::time::{Duration, Instant};

use crate::media::name::Name;

use media_api::Reason;

/// The least time between two reports of one viewer. What changes in between is told at its end, as
/// it is then: so a thousand viewers make at most two thousand events a second, whatever their links
/// and their host do, and each has at most one that waits.
pub(super) const REPORT_EVERY: Duration = Duration::from_millis(500);

/// What a viewer is sent of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sent {
    /// Whether it is sent one.
    pub(crate) has_picture: bool,
    /// The layer, if it has a name.
    pub(crate) layer: Option<Name>,
    /// Why it is no better one.
    pub(crate) reason: Reason,
}

/// Remembers what was told.
#[derive(Debug, Default)]
pub(super) struct Reporter {
    told: Option<(Instant, Sent)>,
}

impl Reporter {
    /// What is to be told now, or when to ask again.
    pub(super) fn poll(&mut self, sent: Sent, now: Instant) -> Result<Option<Sent>, Instant> {
        match self.told {
            Some((_, told)) if told == sent => Ok(None),
            Some((at, _)) if now.saturating_duration_since(at) < REPORT_EVERY => {
                Err(at + REPORT_EVERY)
            }
            _ => {
                self.told = Some((now, sent));
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
        let mut told = Vec::new();
        for ms in 0..2_000 {
            let has_picture = ms % 3 != 0;
            let reason = if has_picture { Reason::Link } else { Reason::Hidden };
            let sent = Sent { has_picture, layer: None, reason };
            match reporter.poll(sent, *START + Duration::from_millis(ms)) {
                Ok(Some(sent)) => told.push((ms, sent.has_picture)),
                Ok(None) => {}
                Err(at) => assert!(at > *START + Duration::from_millis(ms)),
            }
        }
        assert_eq!(told[0], (0, false));
        assert!(told.len() <= 5, "{told:?}");
        assert!(told.windows(2).all(|it| it[1].0 - it[0].0 >= 500 && it[1].1 != it[0].1));
    }
}
