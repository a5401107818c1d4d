//! How far behind the capture fans see the picture, as they say, for the host.

use std::collections::BTreeMap;
use std::time::Instant;

use protocol::ServerMessage;

use crate::limits::{LATENCY_COUNTS, LATENCY_SAMPLES};
use crate::session::SessionId;

/// The most that a page may have measured, in milliseconds; more is a fault of its clock.
pub(crate) const MAX_MS: f64 = 60_000.0;

/// What fans said last; at most [`LATENCY_SAMPLES`] of them.
#[derive(Debug, Default)]
pub(crate) struct Latencies(BTreeMap<SessionId, (Instant, f64)>);

impl Latencies {
    /// A fan says how late it sees the picture.
    pub(crate) fn add(&mut self, session: SessionId, ms: f64, now: Instant) {
        if self.0.len() < LATENCY_SAMPLES || self.0.contains_key(&session) {
            self.0.insert(session, (now, ms));
        }
    }

    pub(crate) fn forget(&mut self, session: SessionId) {
        self.0.remove(&session);
    }

    /// The median and the worst of what was said lately, in milliseconds.
    pub(crate) fn now(&self, now: Instant) -> Option<(f64, f64)> {
        let is_recent = |at: &Instant| now.saturating_duration_since(*at) < LATENCY_COUNTS;
        let recent = self.0.values().filter(|(at, _)| is_recent(at));
        let mut all: Vec<f64> = recent.map(|(_, ms)| *ms).collect();
        all.sort_by(f64::total_cmp);
        Some((*all.get(all.len() / 2)?, *all.last()?))
    }

    /// What the host is told; nothing when nobody said anything lately.
    pub(crate) fn tell(&mut self, now: Instant) -> Option<ServerMessage> {
        self.0.retain(|_, (at, _)| now.saturating_duration_since(*at) < LATENCY_COUNTS);
        let mut all: Vec<f64> = self.0.values().map(|(_, ms)| *ms).collect();
        all.sort_by(f64::total_cmp);
        let (median_ms, worst_ms) = (*all.get(all.len() / 2)?, *all.last()?);
        let n = u32::try_from(all.len()).unwrap_or(u32::MAX);
        Some(ServerMessage::Latency { median_ms, worst_ms, n })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_long_ago_does_not_count() {
        let now = Instant::now();
        let mut latencies = Latencies::default();
        for (n, ms) in [100.0, 300.0, 200.0].into_iter().enumerate() {
            latencies.add(SessionId(n as u64), ms, now);
        }
        let told = latencies.tell(now);
        let expect = ServerMessage::Latency { median_ms: 200.0, worst_ms: 300.0, n: 3 };
        assert_eq!(told, Some(expect));
        assert_eq!(latencies.tell(now + LATENCY_COUNTS), None);
    }
}
