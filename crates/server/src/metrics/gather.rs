//! Asks the control plane and the media threads what they count.

use std::collections::HashMap;
use std::time::Duration;

use control::{Figures, RoomCounts};
use engine::FiguresReply;
use media_api::{CoreFigures, Egress, Ingress, Links, PeerFigures, RoomId, WorkerFigures};
use tokio::sync::mpsc;

use super::Metrics;

/// How long the media threads have to answer; each takes a turn of its loop, some milliseconds. One that stands still is
/// left out, so that the rest can be seen.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// What one room's media came to, over all workers.
#[derive(Debug, Clone, Default)]
pub(crate) struct RoomMedia {
    pub(crate) ingress: Ingress,
    pub(crate) egress: Egress,
    pub(crate) links: Links,
    /// Each with the media thread that it is at.
    pub(crate) peers: Vec<(u8, PeerFigures)>,
}

/// What was gathered.
#[derive(Debug)]
pub(crate) struct Gathered {
    pub(crate) hub: Figures,
    /// By media thread, also of one that does not answer.
    pub(crate) threads: Vec<WorkerFigures>,
    /// Of those that answered.
    pub(crate) workers: Vec<CoreFigures>,
    /// Media threads that were asked and did not answer in time.
    pub(crate) n_silent: usize,
    pub(crate) rooms: HashMap<RoomId, RoomMedia>,
}

impl Gathered {
    /// The media of a room.
    pub(crate) fn media_of(&self, room: &RoomCounts) -> RoomMedia {
        self.rooms.get(&room.id).cloned().unwrap_or_default()
    }
}

impl Metrics {
    /// Gathers the figures of all rooms, or of one room and its peers; `None` when the control plane has stopped.
    pub(crate) async fn gather(&self, of: Option<RoomId>) -> Option<Gathered> {
        let threads = self.0.media.worker_figures();
        let (workers, hub) = tokio::join!(self.ask_media(of, threads.len()), self.0.hub.figures());
        let n_silent = threads.len() - workers.len().min(threads.len());
        let rooms = by_room(&workers);
        Some(Gathered { hub: hub?, threads, workers, n_silent, rooms })
    }

    /// What the media threads count of one room.
    pub(crate) async fn media_of(&self, room: RoomId) -> RoomMedia {
        let n_threads = self.0.media.worker_figures().len();
        let workers = self.ask_media(Some(room), n_threads).await;
        by_room(&workers).remove(&room).unwrap_or_default()
    }

    async fn ask_media(&self, of: Option<RoomId>, n_threads: usize) -> Vec<CoreFigures> {
        // Each thread answers once.
        let (sender, mut answers) = mpsc::channel(n_threads.max(1));
        let reply = FiguresReply::new(move |figures| _ = sender.try_send(figures));
        let n_asked = self.0.media.figures(of, &reply);
        drop(reply);
        let mut all = Vec::with_capacity(n_asked);
        let collect = async {
            while let Some(figures) = answers.recv().await {
                all.push(figures);
            }
        };
        _ = tokio::time::timeout(ANSWER_WITHIN, collect).await;
        all
    }
}

fn by_room(workers: &[CoreFigures]) -> HashMap<RoomId, RoomMedia> {
    let mut rooms: HashMap<RoomId, RoomMedia> = HashMap::new();
    for (worker, room) in
        workers.iter().flat_map(|it| it.rooms.iter().map(|room| (it.worker, room)))
    {
        let sum = rooms.entry(room.room).or_default();
        sum.ingress += room.ingress;
        sum.egress += room.egress;
        sum.links += room.links;
        sum.peers.extend(room.peers.iter().map(|peer| (worker, *peer)));
    }
    rooms
}
