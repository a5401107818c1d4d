//! How often pictures stood still in a broadcast, and whose fault it was.

use std::time::{Duration, Instant};

use crate::api::Seen;
use crate::record::{Faults, Freezes};

/// What a page reports was within this time.
const REPORTED_WITHIN: Duration = Duration::from_secs(60);

/// What pages reported, and when the host's side was in trouble.
#[derive(Debug, Default)]
pub(super) struct Watched {
    /// How often the host's side got into trouble.
    for_all: u32,
    has_trouble: bool,
    /// When it was over last.
    trouble_over: Option<Instant>,
    n_reports: u64,
    watched_ms: u64,
    freezes: u64,
    faults: Faults,
}

impl Watched {
    /// Whether the host's side is in trouble has changed.
    pub(super) fn trouble(&mut self, has_trouble: bool, now: Instant) {
        if has_trouble {
            self.for_all = self.for_all.saturating_add(1);
        } else {
            self.trouble_over = Some(now);
        }
        self.has_trouble = has_trouble;
    }

    /// A page reports.
    pub(super) fn add(&mut self, seen: Seen, now: Instant) {
        let Seen { watched_ms, freezes, loss, server_kept_up } = seen;
        let n = u64::from(freezes);
        self.n_reports += 1;
        self.watched_ms += u64::from(watched_ms);
        self.freezes += n;
        let was_trouble = self.trouble_over.is_some_and(|at| now < at + REPORTED_WITHIN);
        match loss {
            // What the host sent may have been late for the same reason.
            _ if !server_kept_up => self.faults.server += n,
            _ if self.has_trouble || was_trouble => self.faults.uplink += n,
            Some(loss) if loss > 0.0 => self.faults.last_mile += n,
            Some(_) => self.faults.device += n,
            None => {}
        }
    }

    pub(super) fn freezes(&self) -> Freezes {
        let for_all = self.for_all;
        if self.n_reports == 0 {
            return Freezes { for_all, ..Freezes::default() };
        }
        let hours = self.watched_ms as f64 / 3_600_000.0;
        let per_hour = (hours > 0.0).then(|| (self.freezes as f64 / hours * 100.0).round() / 100.0);
        Freezes { for_all, n: Some(self.freezes), per_hour, by_fault: Some(self.faults) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(freezes: u32, loss: Option<f64>) -> Seen {
        Seen { watched_ms: 60_000, freezes, loss, server_kept_up: true }
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let mut watched = Watched::default();
        watched.trouble(true, Instant::now());
        let told = serde_json::to_value(watched.freezes()).unwrap();
        assert_eq!(told, serde_json::json!({"forAll": 1}));
    }

    #[test]
    fn a_freeze_is_of_the_server_or_the_host_in_trouble_else_of_the_network_that_lost_or_the_device()
     {
        let now = Instant::now();
        let mut watched = Watched::default();
        watched.add(seen(1, Some(0.02)), now);
        watched.add(seen(2, Some(0.0)), now);
        watched.add(seen(4, None), now);
        watched.trouble(true, now);
        watched.add(seen(8, Some(0.5)), now);
        watched.add(Seen { server_kept_up: false, ..seen(64, Some(0.5)) }, now);
        watched.trouble(false, now);
        watched.add(seen(16, None), now + REPORTED_WITHIN / 2);
        watched.add(seen(32, Some(0.1)), now + REPORTED_WITHIN);
        let told = watched.freezes();
        let faults = Faults { uplink: 24, server: 64, last_mile: 33, device: 2 };
        assert_eq!((told.n, told.by_fault), (Some(127), Some(faults)));
        assert_eq!((told.for_all, told.per_hour), (1, Some(1088.57)));
    }
}
