//! How parcels get from one worker to another: a bounded queue each, which wakes its owner, and
//! one back for what was emptied.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use mio::Waker;
use sfu::Parcel;

/// Parcels under way to one worker. It takes them all at every turn, and each sender puts all that a
/// drain brings into one; a sender that finds the queue full keeps its parcel and fills it up.
pub(crate) const MAX_PARCELS: usize = 256;

/// Emptied parcels under way back. One more is freed: its sender makes another.
const MAX_EMPTIED: usize = 32;

/// One worker's end.
#[derive(Debug)]
pub(crate) struct Post {
    me: usize,
    boxes: Vec<Mailbox>,
    parcels: Receiver<Parcel>,
    emptied: Receiver<Parcel>,
}

/// What others reach a worker by.
#[derive(Debug, Clone)]
struct Mailbox {
    parcels: SyncSender<Parcel>,
    emptied: SyncSender<Parcel>,
    waker: Arc<Waker>,
}

/// Joins workers, each with what wakes it.
pub(crate) fn join(wakers: &[Arc<Waker>]) -> Vec<Post> {
    let mut boxes = Vec::new();
    let mut ends = Vec::new();
    for waker in wakers {
        let (parcels, incoming) = sync_channel(MAX_PARCELS);
        let (emptied, returned) = sync_channel(MAX_EMPTIED);
        boxes.push(Mailbox { parcels, emptied, waker: Arc::clone(waker) });
        ends.push((incoming, returned));
    }
    let to_post = |(me, (parcels, emptied))| Post { me, boxes: boxes.clone(), parcels, emptied };
    ends.into_iter().enumerate().map(to_post).collect()
}

impl Post {
    /// Sends a parcel; returns it when the worker has no room for it.
    pub(crate) fn send(&self, to: u8, parcel: Parcel) -> Result<(), Parcel> {
        let Some(mailbox) = self.boxes.get(usize::from(to)) else { return Ok(()) };
        match mailbox.parcels.try_send(parcel) {
            Ok(()) => {
                wake(&mailbox.waker);
                Ok(())
            }
            Err(TrySendError::Full(parcel)) => Err(parcel),
            // It ends only when all do.
            Err(TrySendError::Disconnected(_)) => Ok(()),
        }
    }

    /// The next parcel from another worker.
    pub(crate) fn receive(&self) -> Option<Parcel> {
        if self.boxes.len() > 1 { self.parcels.try_recv().ok() } else { None }
    }

    /// Gives an emptied parcel back to its sender, who fills it again.
    pub(crate) fn give_back(&self, parcel: Parcel) {
        if let Some(mailbox) = self.boxes.get(usize::from(parcel.sender())) {
            _ = mailbox.emptied.try_send(parcel);
        }
    }

    /// A parcel of ours that came back empty.
    pub(crate) fn returned(&self) -> Option<Parcel> {
        if self.boxes.len() > 1 { self.emptied.try_recv().ok() } else { None }
    }

    /// Which worker this is.
    pub(crate) fn me(&self) -> usize {
        self.me
    }
}

/// Wakes a worker out of its poll.
pub(crate) fn wake(waker: &Waker) {
    if let Err(error) = waker.wake() {
        // With the queue of its system full it is awake already.
        if error.kind() != io::ErrorKind::WouldBlock {
            tracing::error!(%error, "a media thread cannot be woken");
        }
    }
}
