//! Joins by others, each from its own address. Attacks are judged by them.

mod join;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::system::Thread;
pub(crate) use join::Scene;

/// Who takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two tries to get in again.
const RETRY: Duration = Duration::from_millis(250);

/// What somebody else does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A fan's page: WebSocket, `hello`, `welcome`, the server's offer.
    Page,
    /// A player: WHEP, ICE, DTLS, the first packet.
    Player,
    /// An encoder with the right key: WHIP.
    Encoder,
}

/// What became of joins of one kind.
#[derive(Debug, Clone)]
pub(crate) struct Joins {
    pub(crate) kind: Kind,
    /// How long those took that got in, sorted.
    pub(crate) times: Vec<Duration>,
    /// Why others did not, and how many.
    pub(crate) failed: BTreeMap<String, u64>,
}

/// Everybody but the attacker.
#[derive(Debug)]
pub(crate) struct Others {
    thread: Thread,
    scene: Arc<Scene>,
    next: Arc<AtomicU64>,
}

impl Kind {
    /// The word for it in a report.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Page => "pages",
            Self::Player => "players",
            Self::Encoder => "encoders",
        }
    }

    /// Joins a second: few enough that they are no load of their own.
    const fn rate(self) -> u32 {
        match self {
            Self::Page => 25,
            Self::Player | Self::Encoder => 10,
        }
    }

    /// A 99th percentile below this is never too slow: a busy machine alone makes such ones.
    pub(crate) const fn floor(self) -> Duration {
        match self {
            Self::Page | Self::Encoder => Duration::from_millis(20),
            // Two handshakes, and the publisher's next packet.
            Self::Player => Duration::from_millis(100),
        }
    }
}

impl Joins {
    fn new(kind: Kind) -> Self {
        Self { kind, times: Vec::new(), failed: BTreeMap::new() }
    }

    fn add(&mut self, result: Result<Duration, String>) {
        match result {
            Ok(time) => self.times.push(time),
            Err(reason) => *self.failed.entry(reason).or_default() += 1,
        }
    }

    pub(crate) fn n_failed(&self) -> u64 {
        self.failed.values().sum()
    }

    pub(crate) fn count(&self) -> u64 {
        self.times.len() as u64 + self.n_failed()
    }

    /// The time that this share of those who got in did not exceed (nearest rank).
    pub(crate) fn percentile(&self, share: f64) -> Option<Duration> {
        let rank = (self.times.len() as f64 * share).ceil() as usize;
        self.times.get(rank.saturating_sub(1)).copied()
    }
}

impl Others {
    pub(crate) fn new(scene: Scene) -> io::Result<Self> {
        let thread = Thread::start("others", || {})?;
        Ok(Self { thread, scene: Arc::new(scene), next: Arc::default() })
    }

    /// Joins of every kind at a steady rate for so long, and the end of all of them.
    pub(crate) async fn join_for(&self, duration: Duration) -> Vec<Joins> {
        let (scene, next) = (Arc::clone(&self.scene), Arc::clone(&self.next));
        let joining = async move {
            let mut kinds = JoinSet::new();
            for kind in scene.kinds() {
                kinds.spawn(join_at_rate(Arc::clone(&scene), kind, duration, Arc::clone(&next)));
            }
            let mut all = kinds.join_all().await;
            all.sort_by_key(|it| it.kind.name());
            all
        };
        self.thread.run(joining).await.unwrap_or_default()
    }

    /// Tries one join of every kind until all get in. Returns after how long, or why not.
    pub(crate) async fn get_in(&self, within: Duration) -> Result<Duration, String> {
        let (scene, next) = (Arc::clone(&self.scene), Arc::clone(&self.next));
        let trying = async move {
            let began = Instant::now();
            loop {
                let mut result = Ok(());
                for kind in scene.kinds() {
                    let joined = scene.join(kind, next.fetch_add(1, Ordering::Relaxed)).await;
                    result =
                        result.and(joined.map(drop).map_err(|it| format!("{}: {it}", kind.name())));
                }
                match result {
                    Ok(()) => return Ok(began.elapsed()),
                    Err(reason) if began.elapsed() >= within => return Err(reason),
                    Err(_) => tokio::time::sleep(RETRY).await,
                }
            }
        };
        self.thread.run(trying).await.unwrap_or_else(|| Err("interrupted".to_owned()))
    }
}

async fn join_at_rate(
    scene: Arc<Scene>,
    kind: Kind,
    duration: Duration,
    next: Arc<AtomicU64>,
) -> Joins {
    let began = tokio::time::Instant::now();
    let every = Duration::from_secs(1) / kind.rate();
    let n_joins = (duration.as_secs_f64() * f64::from(kind.rate())) as u32;
    let mut under_way = JoinSet::new();
    for n in 0..n_joins {
        tokio::time::sleep_until(began + every * n).await;
        let (scene, number) = (Arc::clone(&scene), next.fetch_add(1, Ordering::Relaxed));
        under_way.spawn(async move { scene.join(kind, number).await });
    }
    let mut joins = Joins::new(kind);
    for result in under_way.join_all().await {
        joins.add(result);
    }
    joins.times.sort_unstable();
    joins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let mut joins = Joins::new(Kind::Page);
        assert_eq!(joins.percentile(0.99), None);
        (1..=100).for_each(|n| joins.add(Ok(Duration::from_millis(n))));
        joins.add(Err("room_full".into()));
        assert_eq!(joins.percentile(0.5), Some(Duration::from_millis(50)));
        assert_eq!(joins.percentile(0.99), Some(Duration::from_millis(99)));
        assert_eq!((joins.count(), joins.n_failed()), (101, 1));
    }
}
