//! The way of the past to viewers: a media thread asks for a piece, the thread that reads it gives it to the media thread.

use std::collections::HashSet;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use media_api::{Command, PastChunk, PastOrder, PeerId};
use record::{Entry, Playbacks};

use crate::media::Media;

/// Plays the past for viewers. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Past(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    playbacks: Option<Playbacks>,
    /// Known once the media plane runs.
    media: Arc<OnceLock<Arc<dyn Media>>>,
    /// The viewers that are sent the past. Held for a few instructions, never by a media thread.
    viewers: Mutex<HashSet<PeerId>>,
}

impl Past {
    /// Starts the thread that reads.
    ///
    /// # Errors
    /// When no thread can be had.
    pub(crate) fn start() -> io::Result<Self> {
        let media: Arc<OnceLock<Arc<dyn Media>>> = Arc::default();
        let to = media.clone();
        let give = move |peer: PeerId, piece: Arc<PastChunk>, is_first: bool| {
            let order = if is_first { PastOrder::Begin(piece) } else { PastOrder::More(piece) };
            if let Some(media) = to.get() {
                media.command(Command::Past { peer, order });
            }
        };
        let playbacks = Some(Playbacks::start(give)?);
        Ok(Self(Arc::new(Inner { playbacks, media, viewers: Mutex::default() })))
    }

    /// Without a thread: nobody goes back.
    pub(crate) fn off() -> Self {
        let (media, viewers) = (Arc::default(), Mutex::default());
        Self(Arc::new(Inner { playbacks: None, media, viewers }))
    }

    /// The media plane that it plays for. Said once.
    pub(crate) fn play_for(&self, media: Arc<dyn Media>) {
        _ = self.0.media.set(media);
    }

    /// A viewer needs the next piece. Called on media threads.
    pub(crate) fn wanted(&self, peer: PeerId) {
        if let Some(playbacks) = &self.0.playbacks {
            playbacks.next(peer);
        }
    }

    /// Plays the past for a viewer; whether that is done.
    pub(crate) fn begin(&self, peer: PeerId, entry: Entry) -> bool {
        self.viewers().insert(peer);
        self.0.playbacks.as_ref().is_some_and(|it| it.begin(peer, entry))
    }

    /// A viewer is told something else of what it is sent.
    pub(crate) fn order(&self, peer: PeerId, order: PastOrder) {
        if let Some(media) = self.0.media.get() {
            media.command(Command::Past { peer, order });
        }
    }

    /// A viewer is not sent the past any more, or is gone.
    pub(crate) fn end(&self, peer: PeerId) {
        if self.viewers().remove(&peer)
            && let Some(playbacks) = &self.0.playbacks
        {
            playbacks.end(peer);
        }
    }

    fn viewers(&self) -> MutexGuard<'_, HashSet<PeerId>> {
        self.0.viewers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
