//! The thread that writes clips.

use std::io;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};

use crate::clip::{self, ClipError, ClipOrder};
use crate::orders::ClipReply;
use crate::window::Span;

/// The most clips that wait: beyond it who asks is told so, in place of waiting for long.
const MAX_CLIPS: usize = 16;

type Job = (Span, ClipOrder, ClipReply);

/// The way to the thread, which ends with the last clone.
#[derive(Clone)]
pub(crate) struct Clips(SyncSender<Job>);

impl Clips {
    /// Starts the thread.
    pub(crate) fn start() -> io::Result<Self> {
        let (jobs, inbox) = sync_channel::<Job>(MAX_CLIPS);
        std::thread::Builder::new().name("record-clips".into()).spawn(move || {
            while let Ok((span, order, reply)) = inbox.recv() {
                reply(clip::write(span, &order));
            }
        })?;
        Ok(Self(jobs))
    }

    /// Has a clip made.
    pub(crate) fn make(&self, span: Span, order: ClipOrder, reply: ClipReply) {
        match self.0.try_send((span, order, reply)) {
            Ok(()) => {}
            Err(TrySendError::Full((.., reply)) | TrySendError::Disconnected((.., reply))) => {
                reply(Err(ClipError::Busy));
            }
        }
    }
}
