//! The log: lines on standard error, which nothing that happens there can stop.
//!
//! A line is made where something happens, and written by a thread of its own. Between them is a bounded
//! queue: when standard error is a full disk, a closed pipe or a pipe that nobody reads, lines are lost and
//! counted, and nobody waits.

mod filter;
mod layer;
mod limit;
mod line;
mod panics;
mod queue;
mod text;
mod writer;

use std::io::{self, IsTerminal};
use std::time::Duration;

use anyhow::Context;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::reload::{self, Handle};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry};

pub(crate) use filter::{BadFilter, Filter};
pub(crate) use line::Style;
use queue::{Entry, Queue};
use writer::{Look, Writer};

/// How long the end of the program waits for lines to be written.
const FLUSH_WITHIN: Duration = Duration::from_secs(1);

/// The log of this program.
#[derive(Debug)]
pub(crate) struct Log {
    queue: Queue,
    filters: Filters,
}

/// What is logged, to be changed. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Filters(Handle<EnvFilter, Registry>);

impl Filters {
    /// Logs by another filter from now on.
    pub(crate) fn set(&self, filter: Filter) {
        if let Err(error) = self.0.reload(filter.into_inner()) {
            tracing::error!(%error, "the log goes on with the filter it had");
        }
    }
}

impl Log {
    /// Starts the log of this process: of what is told by `tracing`, and of panics.
    pub(crate) fn start(filter: Filter, style: Style) -> anyhow::Result<Self> {
        let (out, colours) = standard_error().context("cannot open the log")?;
        let look = Look { format: style.format, colours };
        let queue = Writer::spawn(out, look).context("cannot start the thread of the log")?;
        let (filter, handle) = reload::Layer::new(filter.into_inner());
        tracing_subscriber::registry()
            .with(filter)
            .with(layer::Lines::new(queue.clone(), style))
            .try_init()
            .context("cannot start the log")?;
        panics::log_to(queue.clone(), style.format);
        Ok(Self { queue, filters: Filters(handle) })
    }

    /// Says a sentence as it is, without time and level.
    pub(crate) fn say(&self, sentence: &str) {
        self.queue.push(Entry::Plain(sentence.to_owned()));
    }

    /// What is logged, to be changed.
    pub(crate) fn filters(&self) -> Filters {
        self.filters.clone()
    }

    /// Tells how many lines were lost so far, whenever it is asked.
    pub(crate) fn lost_lines(&self) -> impl Fn() -> u64 + Send + Sync + use<> {
        let queue = self.queue.clone();
        move || queue.lost()
    }

    /// Waits until all lines are written, a second at most.
    pub(crate) fn flush(&self) {
        self.queue.flush(FLUSH_WITHIN);
    }
}

/// Standard error without the lock of [`io::stderr`], and whether colours are seen there. Who stands
/// still in a write must not keep another from it.
fn standard_error() -> io::Result<(std::fs::File, bool)> {
    #[cfg(unix)]
    let file = std::os::fd::AsFd::as_fd(&io::stderr()).try_clone_to_owned()?.into();
    #[cfg(windows)]
    let file =
        std::os::windows::io::AsHandle::as_handle(&io::stderr()).try_clone_to_owned()?.into();
    let is_wanted = std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty());
    Ok((file, is_wanted && io::stderr().is_terminal()))
}
