//! What `tracing` tells becomes lines.

use std::time::{Instant, SystemTime};

use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::limit::Limits;
use super::line::{self, Style};
use super::queue::{Entry, Queue};

/// Makes lines of events: limits them, writes them out, queues them. Spans are not shown; nothing of ours
/// opens any.
///
/// It stands for `tracing-subscriber`'s own layer, which lets line breaks of a value through, cannot be
/// told how many lines were left out before one, and says a failed write on standard error itself.
pub(super) struct Lines {
    queue: Queue,
    limits: Limits,
    style: Style,
    began: Instant,
}

impl Lines {
    pub(super) fn new(queue: Queue, style: Style) -> Self {
        Self { queue, limits: Limits::default(), style, began: Instant::now() }
    }
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let level = *metadata.level();
        // One for each place in the code.
        let kind = std::ptr::from_ref::<Metadata<'static>>(metadata).addr();
        if let Some(left_out) = self.limits.admit(kind, level, self.began.elapsed()) {
            let text = line::text(event, self.style, left_out);
            self.queue.push(Entry::Line { at: SystemTime::now(), level, text });
        }
    }
}
