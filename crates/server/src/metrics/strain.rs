//! Which media threads could not keep up, so that freezes of that time are not laid at the door of people's networks.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use media_api::WorkerFigures;

use super::Metrics;
use crate::shutdown::Shutdown;

/// How often media threads are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// For how long a strain is held against a thread: pages report once a minute what was since.
const HELD_FOR: Duration = Duration::from_secs(60);

/// A thread that works for more of its time than this has no time left for what comes at once, in percent.
const BUSY_PCT: u64 = 95;

/// When each media thread could not keep up last.
#[derive(Debug, Default)]
pub(crate) struct Strain(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// By media thread.
    threads: Vec<Thread>,
    looked_at: Option<Instant>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Thread {
    before: WorkerFigures,
    strained_at: Option<Instant>,
}

/// Why a media thread could not keep up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Strained {
    worker: usize,
    /// Turns that were late.
    late: u64,
    /// Datagrams that the system had no room for.
    crowded: u64,
    busy_pct: u64,
}

impl Strain {
    /// Whether a media thread could not keep up within the last minute.
    pub(crate) fn is_of(&self, worker: u8, now: Instant) -> bool {
        self.lock().threads.get(usize::from(worker)).is_some_and(|it| it.is_strained(now))
    }

    /// Whether any media thread could not keep up within the last minute.
    pub(crate) fn is_any(&self, now: Instant) -> bool {
        self.lock().threads.iter().any(|it| it.is_strained(now))
    }

    /// Looks at what the threads counted. Returns those that could not keep up, and could for a minute before.
    fn look(&self, threads: &[WorkerFigures], now: Instant) -> Vec<Strained> {
        let mut inner = self.lock();
        let since = inner.looked_at.replace(now).map(|at| now.saturating_duration_since(at));
        inner.threads.resize(threads.len(), Thread::default());
        let mut news = Vec::new();
        for (worker, (thread, is)) in inner.threads.iter_mut().zip(threads).enumerate() {
            let before = std::mem::replace(&mut thread.before, *is);
            // The first look has nothing to compare with.
            let Some(us) = since.map(|it| it.as_micros() as u64).filter(|us| *us > 0) else {
                continue;
            };
            let strained = Strained {
                worker,
                late: is.late.saturating_sub(before.late),
                crowded: is.crowded.saturating_sub(before.crowded),
                busy_pct: is.busy_us.saturating_sub(before.busy_us).saturating_mul(100) / us,
            };
            if strained.is_so() {
                if !thread.is_strained(now) {
                    news.push(strained);
                }
                thread.strained_at = Some(now);
            }
        }
        news
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Thread {
    fn is_strained(&self, now: Instant) -> bool {
        self.strained_at.is_some_and(|at| now.saturating_duration_since(at) < HELD_FOR)
    }
}

impl Strained {
    fn is_so(&self) -> bool {
        self.late > 0 || self.crowded > 0 || self.busy_pct > BUSY_PCT
    }
}

impl Metrics {
    /// Looks at the media threads, until the server stops.
    pub(crate) async fn watch_threads(self, shutdown: Shutdown) {
        loop {
            let found = self.0.strain.look(&self.0.media.worker_figures(), Instant::now());
            for Strained { worker, late, crowded, busy_pct } in found {
                tracing::warn!(
                    worker,
                    late_turns = late,
                    datagrams_without_room = crowded,
                    busy_pct,
                    "a media thread does not keep up: people may see it"
                );
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = shutdown.wait() => return,
            }
        }
    }

    /// Which media threads could not keep up within the last minute.
    pub(crate) fn strain(&self) -> &Strain {
        &self.0.strain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(late: u64, crowded: u64, busy_s: u64) -> WorkerFigures {
        WorkerFigures { late, crowded, busy_us: busy_s * 1_000_000, ..WorkerFigures::default() }
    }

    #[test]
    fn a_thread_that_was_late_had_no_room_or_no_time_is_strained_for_a_minute_and_told_once() {
        let (fine, begun) = (figures(0, 0, 4), Instant::now());
        for worse in [figures(1, 0, 4), figures(0, 1, 4), figures(0, 0, 14)] {
            let (strain, mut now) = (Strain::default(), begun);
            assert_eq!(strain.look(&[fine, fine], now), [], "nothing to compare with");
            now += LOOK_EVERY * 2;
            let told = strain.look(&[fine, worse], now);
            assert_eq!(told.iter().map(|it| it.worker).collect::<Vec<_>>(), [1]);
            assert!(strain.is_of(1, now) && strain.is_any(now) && !strain.is_of(0, now));
            now += LOOK_EVERY;
            let still = figures(worse.late * 2, worse.crowded * 2, worse.busy_us / 1_000_000 + 5);
            assert_eq!(strain.look(&[fine, still], now), [], "it is known");
            assert!(strain.is_of(1, now + HELD_FOR - LOOK_EVERY));
            now += HELD_FOR;
            assert_eq!(strain.look(&[fine, still], now), []);
            assert!(!strain.is_any(now));
        }
    }

    #[test]
    fn a_thread_that_is_nearly_as_busy_as_it_can_be_keeps_up() {
        let (strain, now) = (Strain::default(), Instant::now());
        strain.look(&[figures(3, 3, 0)], now);
        let busy = WorkerFigures { busy_us: 4_700_000, ..figures(3, 3, 0) };
        assert_eq!(strain.look(&[busy], now + LOOK_EVERY), []);
        assert!(
            !strain.is_any(now + LOOK_EVERY) && !strain.is_of(7, now),
            "nor one that is not there"
        );
    }
}
