//! What the operator sees of the server: counters and figures of all parts, gathered when somebody asks.
//!
//! Nothing here runs while media is forwarded: media threads count in numbers of their own, and are asked for them.
//!
//! | file | what |
//! | --- | --- |
//! | `gather.rs` | asks the control plane and the media threads |
//! | `refusals.rs` | what doors refused, by code |
//! | `beacons.rs`, `buckets.rs` | what pages report of what their people saw; histograms |
//! | `labels.rs` | how rooms and sessions are named |
//! | `text.rs` | writes metrics in the formats of Prometheus |
//! | `server.rs`, `media.rs`, `rooms.rs`, `pages.rs` | the metrics: of the server, of media, of rooms, of what pages report |
//! | `history.rs` | figures of each minute of the last day |
//! | `sessions.rs` | the sessions of a room, with where they lose |
//! | `strain.rs` | media threads that could not keep up |

mod beacons;
mod buckets;
mod gather;
mod history;
mod labels;
mod media;
mod pages;
mod refusals;
mod rooms;
mod server;
mod sessions;
mod strain;
mod text;

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use control::Admission;
use store::Store;

pub(crate) use beacons::{Beacon, Beacons};
pub(crate) use history::{History, Point, STEP};
pub(crate) use refusals::{Refusals, RefusedAt};
pub(crate) use sessions::SessionInfo;
pub(crate) use text::Format;

use self::strain::Strain;
use crate::archive::Archive;
use crate::driver::HubClient;
use crate::listen::Table;
use crate::media::Media;

/// Tells how many lines of the log were lost.
type LinesLost = Box<dyn Fn() -> u64 + Send + Sync>;

/// Gathers and counts. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Metrics(Arc<Inner>);

struct Inner {
    hub: HubClient,
    media: Arc<dyn Media>,
    admission: Admission,
    connections: Arc<Table>,
    store: Store,
    archive: Archive,
    started: Instant,
    refusals: Refusals,
    beacons: Beacons,
    history: History,
    strain: Strain,
    lines_lost: OnceLock<LinesLost>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    pub(crate) fn new(
        hub: HubClient,
        media: Arc<dyn Media>,
        admission: Admission,
        connections: Arc<Table>,
        (store, archive): (Store, Archive),
    ) -> Self {
        Self(Arc::new(Inner {
            hub,
            media,
            admission,
            connections,
            store,
            archive,
            started: Instant::now(),
            refusals: Refusals::default(),
            beacons: Beacons::default(),
            history: History::default(),
            strain: Strain::default(),
            lines_lost: OnceLock::new(),
        }))
    }

    /// From where the number of lost lines of the log comes. The first one counts.
    pub(crate) fn count_lines_lost(&self, lost: impl Fn() -> u64 + Send + Sync + 'static) {
        _ = self.0.lines_lost.set(Box::new(lost));
    }

    /// What doors refused.
    pub(crate) fn refusals(&self) -> &Refusals {
        &self.0.refusals
    }

    /// What pages report.
    pub(crate) fn beacons(&self) -> &Beacons {
        &self.0.beacons
    }

    /// The last day.
    pub(crate) fn history(&self) -> &History {
        &self.0.history
    }

    /// All metrics as text; `None` when the control plane has stopped.
    pub(crate) async fn scrape(&self, format: Format) -> Option<String> {
        let gathered = self.gather(None).await?;
        let pages = self.0.beacons.read();
        let sheet = server::Sheet { metrics: self.clone(), gathered, pages };
        Some(text::write(sheet, format))
    }
}
