//! The way of the past to viewers: a media thread asks for a piece, the thread that reads it gives it to the media thread.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use media_api::{PastChunk, PastOrder, PeerId};
use record::{Entry, MAX_PLAYBACKS, Playbacks};

/// Plays the past for viewers. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Past(Arc<Inner>);

struct Inner {
    playbacks: Option<Playbacks>,
    /// Gives orders to the media plane. Known once that runs.
    order: Arc<OnceLock<Box<GiveOrder>>>,
    /// The viewers that are sent the past. Held for a few instructions, never by a media thread.
    viewers: Arc<Mutex<Viewers>>,
}

/// The viewers that are sent the past.
#[derive(Debug, Default)]
struct Viewers {
    of: HashMap<PeerId, Viewer>,
    last_way: u64,
}

#[derive(Debug)]
struct Viewer {
    /// Tells one way from another.
    way: u64,
    /// What it is told until it is there.
    waiting: Option<Vec<PastOrder>>,
}

/// The most orders that wait for a viewer on its way: a pause, and a speed or two.
const MAX_WAITING: usize = 4;

type GiveOrder = dyn Fn(PeerId, PastOrder) + Send + Sync;

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner").field("playbacks", &self.playbacks).finish_non_exhaustive()
    }
}

impl Past {
    /// Starts the thread that reads.
    ///
    /// # Errors
    /// When no thread can be had.
    pub(crate) fn start() -> io::Result<Self> {
        let order: Arc<OnceLock<Box<GiveOrder>>> = Arc::default();
        let give_order = order.clone();
        let viewers: Arc<Mutex<Viewers>> = Arc::default();
        let on_way = viewers.clone();
        let give = move |peer: PeerId, piece: Arc<PastChunk>, is_first: bool| {
            let Some(give) = give_order.get() else { return };
            if !is_first {
                return give(peer, PastOrder::More(piece));
            }
            // One that went elsewhere meanwhile is not brought here.
            let waiting = lock(&on_way).of.get_mut(&peer).and_then(|it| it.waiting.take());
            let Some(waiting) = waiting else { return };
            give(peer, PastOrder::Begin(piece));
            waiting.into_iter().for_each(|order| give(peer, order));
        };
        let playbacks = Some(Playbacks::start(give)?);
        Ok(Self(Arc::new(Inner { playbacks, order, viewers })))
    }

    /// Without a thread: nobody goes back.
    pub(crate) fn off() -> Self {
        let (order, viewers) = (Arc::default(), Arc::default());
        Self(Arc::new(Inner { playbacks: None, order, viewers }))
    }

    /// The media plane runs: this gives it orders. Said once.
    pub(crate) fn play_by(&self, order: impl Fn(PeerId, PastOrder) + Send + Sync + 'static) {
        _ = self.0.order.set(Box::new(order));
    }

    /// A viewer needs the next piece. Called on media threads.
    pub(crate) fn wanted(&self, peer: PeerId) {
        if let Some(playbacks) = &self.0.playbacks {
            playbacks.next(peer);
        }
    }

    /// A viewer goes somewhere: what it is told meanwhile waits until it is there. Names the way, for [`Self::begin`]; none
    /// when as many as may are sent the past.
    pub(crate) fn set_out(&self, peer: PeerId) -> Option<u64> {
        let mut viewers = self.viewers();
        if viewers.of.len() >= MAX_PLAYBACKS && !viewers.of.contains_key(&peer) {
            return None;
        }
        viewers.last_way += 1;
        let way = viewers.last_way;
        viewers.of.insert(peer, Viewer { way, waiting: Some(Vec::new()) });
        Some(way)
    }

    /// Plays the past for a viewer, unless it goes elsewhere by now; whether that is done.
    pub(crate) fn begin(&self, peer: PeerId, way: u64, entry: Entry) -> bool {
        self.is_on(peer, way) && self.0.playbacks.as_ref().is_some_and(|it| it.begin(peer, entry))
    }

    /// Whether a viewer still goes this way.
    pub(crate) fn is_on(&self, peer: PeerId, way: u64) -> bool {
        self.viewers().of.get(&peer).is_some_and(|it| it.way == way)
    }

    /// A viewer is told something else of what it is sent: at once, or when it is where it goes.
    pub(crate) fn order(&self, peer: PeerId, order: PastOrder) {
        {
            let mut viewers = self.viewers();
            if let Some(waiting) = viewers.of.get_mut(&peer).and_then(|it| it.waiting.as_mut()) {
                if waiting.len() < MAX_WAITING {
                    waiting.push(order);
                }
                return;
            }
        }
        self.give(peer, order);
    }

    /// A viewer is sent what is live from now on.
    pub(crate) fn go_live(&self, peer: PeerId) {
        self.end(peer);
        self.give(peer, PastOrder::End);
    }

    /// A viewer is not sent the past any more, or is gone.
    pub(crate) fn end(&self, peer: PeerId) {
        if self.viewers().of.remove(&peer).is_some()
            && let Some(playbacks) = &self.0.playbacks
        {
            playbacks.end(peer);
        }
    }

    fn give(&self, peer: PeerId, order: PastOrder) {
        if let Some(give) = self.0.order.get() {
            give(peer, order);
        }
    }

    fn viewers(&self) -> MutexGuard<'_, Viewers> {
        lock(&self.0.viewers)
    }
}

fn lock(viewers: &Mutex<Viewers>) -> MutexGuard<'_, Viewers> {
    viewers.lock().unwrap_or_else(PoisonError::into_inner)
}
