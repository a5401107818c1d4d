//! Figures of each minute of the last day, in memory.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use media_api::RoomId;
use protocol::RoomName;

use super::Metrics;
use super::gather::Gathered;
use crate::clock::now_ms;
use crate::shutdown::Shutdown;

/// The time of one step.
pub(crate) const STEP: Duration = Duration::from_secs(60);

/// Steps that are kept: 24 hours. A room has at most that many points, of 24 bytes.
const STEPS: i64 = 24 * 60;

/// Rooms with points. Of more, the one whose last point is the oldest is forgotten: 17 MB at most.
const MAX_ROOMS: usize = 500;

/// One room in one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Point {
    /// The end of the minute, in milliseconds since the Unix epoch.
    pub(crate) at_ms: i64,
    /// Connected viewers at that time.
    pub(crate) viewers: u32,
    /// The mean of what came from its publishers.
    pub(crate) in_kbps: u32,
    /// The mean of what went to its viewers.
    pub(crate) out_kbps: u32,
}

/// All points. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct History(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    rooms: BTreeMap<RoomName, VecDeque<Point>>,
    /// Bytes from and to each room at the last step.
    before: HashMap<RoomId, (u64, u64)>,
}

impl History {
    /// The points of one room, or of all, since a time; rooms without one are left out.
    pub(crate) fn since(&self, room: Option<&RoomName>, at_ms: i64) -> Vec<(RoomName, Vec<Point>)> {
        let inner = self.lock();
        let is_meant = |name: &RoomName| room.is_none_or(|it| it == name);
        let rooms = inner.rooms.iter().filter(|(name, _)| is_meant(name));
        rooms
            .map(|(name, points)| {
                let points = points.iter().filter(|it| it.at_ms > at_ms).copied();
                (name.clone(), points.collect::<Vec<_>>())
            })
            .filter(|(_, points)| !points.is_empty())
            .collect()
    }

    /// A minute is over.
    fn step(&self, gathered: &Gathered, at_ms: i64) {
        let mut inner = self.lock();
        let mut before = HashMap::new();
        for room in &gathered.hub.rooms {
            let media = gathered.media_of(room);
            let bytes = (media.ingress.bytes, media.egress.bytes);
            let (came, went) = inner.before.get(&room.id).copied().unwrap_or_default();
            let point = Point {
                at_ms,
                viewers: room.viewers,
                in_kbps: kbps(bytes.0.saturating_sub(came)),
                out_kbps: kbps(bytes.1.saturating_sub(went)),
            };
            before.insert(room.id, bytes);
            // A page that only looks at a room is no news.
            if room.viewers > 0 || point.in_kbps > 0 || inner.rooms.contains_key(&room.name) {
                inner.rooms.entry(room.name.clone()).or_default().push_back(point);
            }
        }
        inner.before = before;
        inner.forget(at_ms - STEPS * i64::try_from(STEP.as_millis()).unwrap_or(i64::MAX));
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn forget(&mut self, before_ms: i64) {
        for points in self.rooms.values_mut() {
            while points.front().is_some_and(|it| it.at_ms <= before_ms) {
                points.pop_front();
            }
        }
        self.rooms.retain(|_, points| !points.is_empty());
        while self.rooms.len() > MAX_ROOMS {
            let last = |it: &(&RoomName, &VecDeque<Point>)| it.1.back().map(|it| it.at_ms);
            let oldest = self.rooms.iter().min_by_key(last).map(|(name, _)| name.clone());
            let Some(oldest) = oldest else { return };
            self.rooms.remove(&oldest);
        }
    }
}

fn kbps(bytes: u64) -> u32 {
    u32::try_from(bytes * 8 / 1_000 / STEP.as_secs()).unwrap_or(u32::MAX)
}

impl Metrics {
    /// Takes a point of each room once a minute, until the server stops.
    pub(crate) async fn follow(self, shutdown: Shutdown) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(STEP) => {}
                () = shutdown.wait() => return,
            }
            let Some(gathered) = self.gather(None).await else {
                // The hub has stopped; whoever supervises says why.
                return shutdown.wait().await;
            };
            self.0.history.step(&gathered, now_ms());
            let rooms = &gathered.hub.rooms;
            self.0.beacons.keep(|name| rooms.iter().any(|it| it.name == *name));
        }
    }
}

#[cfg(test)]
mod tests;
