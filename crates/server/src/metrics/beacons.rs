//! What pages report of what their people saw. A report names no person and no address.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use auth::rate_limit::TokenBucket;
use auth::{ClientAddr, PerNetwork};
use control::Seen;
use protocol::RoomName;
use serde::Deserialize;

use super::buckets::Buckets;
use super::labels::MAX_ROOMS;
use crate::limits::{BEACONS_BURST, BEACONS_PER_SECOND};

/// Upper bounds of the time to the first frame, in seconds.
const FIRST_FRAME_S: [f64; 8] = [0.2, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0];
/// The same, of one room.
const ROOM_FIRST_FRAME_S: [f64; 3] = [0.5, 1.0, 3.0];
/// Upper bounds of the latency, in seconds.
const LATENCY_S: [f64; 8] = [0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0];
/// Upper bounds of the share of packets that were lost.
const LOSS: [f64; 6] = [0.0, 0.005, 0.01, 0.02, 0.05, 0.1];

/// Layers that are told apart; others are `other`. A page says what it likes.
const LAYERS: [&str; 9] = ["h", "m", "l", "f", "q", "hi", "mid", "lo", "whole"];

/// The longest that a report may be about, in milliseconds: it is sent once a minute.
const MAX_WATCHED_MS: u32 = 600_000;
/// The longest times that a page may have measured, in milliseconds.
const MAX_FIRST_FRAME_MS: u32 = 600_000;
const MAX_LATENCY_MS: u32 = 60_000;
/// More freezes than two a second are a fault of the page.
const MAX_FREEZES: u32 = 1_200;

/// Which page reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Page {
    Room,
    Embed,
}

impl Page {
    pub(crate) const ALL: [Self; 2] = [Self::Room, Self::Embed];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Room => "room",
            Self::Embed => "embed",
        }
    }
}

/// One report: of the time since the one before.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Beacon {
    pub(crate) room: RoomName,
    page: Page,
    /// How long it was to show something.
    watched_ms: u32,
    /// From the opening of the page to the first frame; once, in the first report.
    first_frame_ms: Option<u32>,
    freezes: u32,
    frozen_ms: u32,
    latency_ms: Option<u32>,
    layer: Option<String>,
    /// Of packets, from 0 to 1.
    loss: Option<f64>,
}

impl Beacon {
    /// What of it belongs into the record of the broadcast; with whether the server kept up at the time.
    pub(crate) fn seen(&self, server_kept_up: bool) -> Seen {
        let Self { watched_ms, freezes, loss, .. } = *self;
        Seen { watched_ms, freezes, loss, server_kept_up }
    }

    /// Reads a report, within its bounds.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, String> {
        let it: Self = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let bounded = [
            ("watchedMs", Some(it.watched_ms), MAX_WATCHED_MS),
            ("firstFrameMs", it.first_frame_ms, MAX_FIRST_FRAME_MS),
            ("latencyMs", it.latency_ms, MAX_LATENCY_MS),
            ("freezes", Some(it.freezes), MAX_FREEZES),
            ("frozenMs", Some(it.frozen_ms), it.watched_ms),
        ];
        for (name, value, most) in bounded {
            if value.is_some_and(|value| value > most) {
                return Err(format!("{name} is at most {most}"));
            }
        }
        if it.loss.is_some_and(|loss| !(0.0..=1.0).contains(&loss)) {
            return Err("loss is 0 to 1".into());
        }
        Ok(it)
    }

    fn layer(&self) -> Option<&'static str> {
        let said = self.layer.as_deref()?;
        Some(LAYERS.into_iter().find(|it| *it == said).unwrap_or("other"))
    }
}

/// What pages reported, in sum.
#[derive(Debug, Clone)]
pub(crate) struct Reported {
    pub(crate) n: u64,
    pub(crate) watched_ms: u64,
    pub(crate) freezes: u64,
    pub(crate) frozen_ms: u64,
    pub(crate) first_frame: Buckets<8>,
    pub(crate) latency: Buckets<8>,
    pub(crate) loss: Buckets<6>,
}

impl Default for Reported {
    fn default() -> Self {
        Self {
            n: 0,
            watched_ms: 0,
            freezes: 0,
            frozen_ms: 0,
            first_frame: Buckets::new(&FIRST_FRAME_S),
            latency: Buckets::new(&LATENCY_S),
            loss: Buckets::new(&LOSS),
        }
    }
}

/// The same of one room, with less detail.
#[derive(Debug, Clone)]
pub(crate) struct ReportedOfRoom {
    pub(crate) n: u64,
    pub(crate) watched_ms: u64,
    pub(crate) freezes: u64,
    pub(crate) frozen_ms: u64,
    pub(crate) first_frame: Buckets<3>,
}

impl Default for ReportedOfRoom {
    fn default() -> Self {
        let first_frame = Buckets::new(&ROOM_FIRST_FRAME_S);
        Self { n: 0, watched_ms: 0, freezes: 0, frozen_ms: 0, first_frame }
    }
}

/// Everything that was reported.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pages {
    /// By page: see [`Page::ALL`].
    pub(crate) by_page: [Reported; Page::ALL.len()],
    /// Milliseconds watched, by layer.
    pub(crate) by_layer: BTreeMap<&'static str, u64>,
    /// At most [`MAX_ROOMS`]; more are not told apart.
    pub(crate) rooms: BTreeMap<RoomName, ReportedOfRoom>,
}

/// Takes reports. Clones are the same; a lock is held for some microseconds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Beacons {
    sum: Arc<Mutex<Pages>>,
    rates: Arc<Mutex<PerNetwork<TokenBucket>>>,
}

impl Beacons {
    /// Whether a network may send one more report now.
    pub(crate) fn may(&self, client: &ClientAddr, now: Instant) -> bool {
        if client.is_unlimited() {
            return true;
        }
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || TokenBucket::new(BEACONS_PER_SECOND, BEACONS_BURST, now);
        let rate = rates.entry(client.network(), |it| it.is_full(now), new);
        rate.is_some_and(|it| it.take(now))
    }

    /// Counts a report; `is_known`: its room exists.
    pub(crate) fn note(&self, beacon: &Beacon, is_known: bool) {
        let seconds = |ms: u32| f64::from(ms) / 1_000.0;
        let (watched, frozen) = (u64::from(beacon.watched_ms), u64::from(beacon.frozen_ms));
        let freezes = u64::from(beacon.freezes);
        let mut sum = self.lock();
        let Some(page) = sum.by_page.get_mut(beacon.page as usize) else { return };
        page.n += 1;
        page.watched_ms += watched;
        page.freezes += freezes;
        page.frozen_ms += frozen;
        if let Some(ms) = beacon.first_frame_ms {
            page.first_frame.note(seconds(ms));
        }
        if let Some(ms) = beacon.latency_ms {
            page.latency.note(seconds(ms));
        }
        if let Some(loss) = beacon.loss {
            page.loss.note(loss);
        }
        if let Some(layer) = beacon.layer() {
            *sum.by_layer.entry(layer).or_default() += watched;
        }
        let has_space = sum.rooms.len() < MAX_ROOMS || sum.rooms.contains_key(&beacon.room);
        if is_known && has_space {
            let room = sum.rooms.entry(beacon.room.clone()).or_default();
            room.n += 1;
            room.watched_ms += watched;
            room.freezes += freezes;
            room.frozen_ms += frozen;
            if let Some(ms) = beacon.first_frame_ms {
                room.first_frame.note(seconds(ms));
            }
        }
    }

    /// What was reported so far.
    pub(crate) fn read(&self) -> Pages {
        self.lock().clone()
    }

    /// Forgets rooms that nobody is in.
    pub(crate) fn keep(&self, is_there: impl Fn(&RoomName) -> bool) {
        self.lock().rooms.retain(|room, _| is_there(room));
    }

    fn lock(&self) -> MutexGuard<'_, Pages> {
        self.sum.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"{"room":"stage","page":"room","watchedMs":60000,"firstFrameMs":420,"freezes":2,
        "frozenMs":900,"latencyMs":310,"layer":"h","loss":0.01}"#;

    #[test]
    fn a_report_is_counted_for_its_page_its_layer_and_its_room() {
        let beacons = Beacons::default();
        beacons.note(&Beacon::parse(WHOLE.as_bytes()).unwrap(), true);
        let least = r#"{"room":"stage","page":"room","watchedMs":0,"freezes":0,"frozenMs":0}"#;
        beacons.note(&Beacon::parse(least.as_bytes()).unwrap(), true);
        let of_nowhere = WHOLE.replace("stage", "nowhere").replace("\"h\"", "\"../x\"");
        beacons.note(&Beacon::parse(of_nowhere.as_bytes()).unwrap(), false);
        let sum = beacons.read();
        assert_eq!((sum.by_page[0].n, sum.by_page[0].freezes), (3, 4));
        assert_eq!(sum.by_page[0].first_frame.count(), 2);
        assert_eq!(sum.by_layer, [("h", 60_000), ("other", 60_000)].into());
        let rooms: Vec<_> = sum.rooms.iter().map(|(name, it)| (name.as_str(), it.n)).collect();
        assert_eq!(rooms, [("stage", 2)]);
    }

    #[test]
    fn a_report_beyond_its_bounds_is_refused() {
        let bad = [
            ("60000", "600001"),
            ("420", "600001"),
            ("310", "60001"),
            ("900", "60001"),
            ("0.01", "1.1"),
            ("0.01", "-0.1"),
            ("0.01", "1e999"),
            ("\"freezes\":2", "\"freezes\":-2"),
            ("\"room\":\"stage\"", "\"room\":\"../x\""),
            ("\"page\":\"room\"", "\"page\":\"other\""),
            ("\"layer\"", "\"ip\""),
        ];
        for (from, to) in bad {
            let text = WHOLE.replace(from, to);
            assert_ne!(text, WHOLE);
            assert!(Beacon::parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(Beacon::parse(WHOLE.as_bytes()).is_ok());
    }
}
