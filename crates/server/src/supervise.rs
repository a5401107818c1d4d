//! The tasks that must live: when one ends and nobody said stop, the server ends, so that whoever supervises the
//! process starts it anew.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle, JoinSet};
use tokio::time::timeout;

use crate::driver::{Ended, HubClient};
use crate::happenings::Happenings;
use crate::keep::Keeper;
use crate::limits::CLOSE_WITHIN;
use crate::listen::Table;
use crate::shutdown::Shutdown;

/// A task that must live ended, and the server with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Died {
    /// The control plane.
    #[error("the control plane's task ended: {0}")]
    Hub(String),
    /// What accepts connections.
    #[error("the task that accepts connections ended: {0}")]
    Accept(String),
    /// A task beside them: certificates, addresses, the port of plain HTTP.
    #[error("a task beside the control plane ended: {0}")]
    Background(String),
    /// The media plane: it sends no events any more.
    #[error("the media plane ended")]
    Media,
}

/// What runs, and is to be stopped.
pub(crate) struct Tasks {
    pub(crate) shutdown: Shutdown,
    pub(crate) hub: HubClient,
    pub(crate) hub_task: JoinHandle<Ended>,
    /// Finishes recordings, and writes what webhooks are to be told of the end of broadcasts.
    pub(crate) happenings: Happenings,
    /// Writes what rooms were when the control plane ended.
    pub(crate) keeper: Keeper,
    pub(crate) accept_task: JoinHandle<()>,
    /// Tasks that live as long as the server.
    pub(crate) background: JoinSet<()>,
    pub(crate) connections: Arc<Table>,
    /// Ends when the last WebSocket is done.
    pub(crate) sockets_done: mpsc::Receiver<()>,
}

/// Waits until the server is to stop or a task dies, and stops what is left.
pub(crate) async fn supervise(mut tasks: Tasks) -> Result<(), Died> {
    let result = tokio::select! {
        biased;
        () = tasks.shutdown.wait() => Ok(()),
        ended = &mut tasks.hub_task => Err(match ended {
            Ok(Ended::MediaGone) => Died::Media,
            Ok(Ended::Unused) => Died::Hub("nothing speaks to it".into()),
            Err(error) => Died::Hub(reason(error)),
        }),
        ended = &mut tasks.accept_task => Err(Died::Accept(match ended {
            Ok(()) => "it returned".into(),
            Err(error) => reason(error),
        })),
        Some(ended) = tasks.background.join_next() => Err(Died::Background(match ended {
            Ok(()) => "it returned".into(),
            Err(error) => reason(error),
        })),
    };
    // A stop may be said between looking at it and at the tasks, and the tasks end by it.
    let result =
        result.or_else(|died| if tasks.shutdown.is_triggered() { Ok(()) } else { Err(died) });
    if let Err(died) = &result {
        tracing::error!(%died, "server stops: a task died");
        tasks.shutdown.trigger();
    } else {
        tracing::info!("server stops");
    }
    stop(tasks).await;
    tracing::info!("server stopped");
    result
}

/// Stops everything in order: no new connections, goodbye to every WebSocket, the control plane, what is left of
/// connections.
async fn stop(tasks: Tasks) {
    let Tasks {
        hub,
        mut hub_task,
        happenings,
        keeper,
        mut accept_task,
        connections,
        mut sockets_done,
        ..
    } = tasks;
    if !accept_task.is_finished() {
        _ = (&mut accept_task).await;
    }
    if hub_task.is_finished() {
        // Nobody tells the sockets any more.
        connections.close_all();
    } else {
        // A control plane that stands still is not waited for.
        _ = timeout(CLOSE_WITHIN, hub.drain()).await;
    }
    // Nothing is ever sent: this ends when the last socket is done, or at the deadline.
    _ = timeout(CLOSE_WITHIN, sockets_done.recv()).await;
    connections.close_all();
    if !hub_task.is_finished() {
        hub_task.abort();
        _ = (&mut hub_task).await;
    }
    // Neither receivers nor a disk that stands still are waited for.
    _ = timeout(CLOSE_WITHIN, happenings.finish()).await;
    _ = timeout(CLOSE_WITHIN, tokio::task::spawn_blocking(move || keeper.finish())).await;
}

/// What a task panicked with.
fn reason(error: JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else { return "it was cancelled".into() };
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without text").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver;
    use crate::listen::Limits;

    #[tokio::test(start_paused = true)]
    async fn an_accept_loop_that_panics_ends_the_server() {
        let (hub, sink, channels) =
            driver::channels(record::TapQueue::default(), crate::past::Past::off());
        let hub_task = tokio::spawn(async move {
            let _held = (sink, channels);
            std::future::pending().await
        });
        let (alive, sockets_done) = mpsc::channel(1);
        drop(alive);
        let tasks = Tasks {
            shutdown: Shutdown::default(),
            hub,
            hub_task,
            happenings: Happenings::default(),
            keeper: Keeper::default(),
            accept_task: tokio::spawn(async { panic!("no more of this") }),
            background: JoinSet::new(),
            connections: Table::new(Limits::default()),
            sockets_done,
        };
        let shutdown = tasks.shutdown.clone();
        assert_eq!(supervise(tasks).await, Err(Died::Accept("no more of this".into())));
        assert!(shutdown.is_triggered(), "everybody is told");
    }
}
