//! How messages get from one worker to another: a bounded queue each, which wakes its owner, and
//! one back for what was emptied.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use mio::Waker;
use sfu::WorkerMessage;

/// Messages under way to one worker. It takes them all at every turn, and each sender puts all that a
/// drain brings into one; a sender that finds the queue full keeps its message and fills it up.
pub(crate) const MAX_MESSAGES: usize = 256;

/// Emptied messages under way back. One more is freed: its sender makes another.
const MAX_EMPTIED: usize = 32;

/// One worker's end.
#[derive(Debug)]
pub(crate) struct Mailboxes {
    me: usize,
    boxes: Vec<Mailbox>,
    messages: Receiver<WorkerMessage>,
    emptied: Receiver<WorkerMessage>,
}

/// What others reach a worker by.
#[derive(Debug, Clone)]
struct Mailbox {
    messages: SyncSender<WorkerMessage>,
    emptied: SyncSender<WorkerMessage>,
    waker: Arc<Waker>,
}

/// Joins workers, each with what wakes it.
pub(crate) fn join(wakers: &[Arc<Waker>]) -> Vec<Mailboxes> {
    let mut boxes = Vec::new();
    let mut ends = Vec::new();
    for waker in wakers {
        let (messages, incoming) = sync_channel(MAX_MESSAGES);
        let (emptied, returned) = sync_channel(MAX_EMPTIED);
        boxes.push(Mailbox { messages, emptied, waker: Arc::clone(waker) });
        ends.push((incoming, returned));
    }
    let to_post =
        |(me, (messages, emptied))| Mailboxes { me, boxes: boxes.clone(), messages, emptied };
    ends.into_iter().enumerate().map(to_post).collect()
}

impl Mailboxes {
    /// Sends a message; returns it when the worker has no room for it.
    pub(crate) fn send(&self, to: u8, message: WorkerMessage) -> Result<(), WorkerMessage> {
        let Some(mailbox) = self.boxes.get(usize::from(to)) else { return Ok(()) };
        match mailbox.messages.try_send(message) {
            Ok(()) => {
                wake(&mailbox.waker);
                Ok(())
            }
            Err(TrySendError::Full(message)) => Err(message),
            // It ends only when all do.
            Err(TrySendError::Disconnected(_)) => Ok(()),
        }
    }

    /// The next message from another worker.
    pub(crate) fn receive(&self) -> Option<WorkerMessage> {
        if self.boxes.len() > 1 { self.messages.try_recv().ok() } else { None }
    }

    /// Gives an emptied message back to its sender, who fills it again.
    pub(crate) fn give_back(&self, message: WorkerMessage) {
        if let Some(mailbox) = self.boxes.get(usize::from(message.sender())) {
            _ = mailbox.emptied.try_send(message);
        }
    }

    /// A message of ours that came back empty.
    pub(crate) fn returned(&self) -> Option<WorkerMessage> {
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
