//! Signals: the first to stop stops the server in good order, the second at once; SIGHUP reads the
//! configuration again.

use std::io;
use std::thread;

use server::{Reload, Shutdown};
use tokio::runtime::Builder;

/// Heeds signals from now on, on a thread of their own: a server that stands still must be stopped, too.
pub(crate) fn stop_on_signals(shutdown: Shutdown) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let mut signals = {
        let _inside = runtime.enter();
        Signals::new()?
    };
    let step = move || {
        runtime.block_on(async {
            loop {
                let number = signals.next().await;
                if shutdown.is_triggered() {
                    // As a shell tells of a program that a signal ended.
                    std::process::exit(128 + number);
                }
                shutdown.trigger();
            }
        })
    };
    thread::Builder::new().name("signals".into()).spawn(step).map(|_| ())
}

/// SIGHUP, heeded from when this is made: one that comes while the server starts does not end it.
#[cfg(unix)]
pub(crate) struct Hangups(tokio::signal::unix::Signal);

#[cfg(unix)]
impl Hangups {
    pub(crate) fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        signal(SignalKind::hangup()).map(Self)
    }

    /// Reads the configuration and the certificates again at each, as servers do. Those that come meanwhile count as one.
    pub(crate) fn reload(mut self, reload: Reload) {
        tokio::spawn(async move {
            while self.0.recv().await.is_some() {
                // What came of it is in the log.
                _ = reload.run().await;
            }
        });
    }
}

#[cfg(not(unix))]
pub(crate) struct Hangups;

#[cfg(not(unix))]
impl Hangups {
    #[allow(clippy::unnecessary_wraps, reason = "as where there are signals")]
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self)
    }

    pub(crate) fn reload(self, _: Reload) {}
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// The number of the next signal.
    async fn next(&mut self) -> i32 {
        tokio::select! {
            _ = self.interrupt.recv() => 2,
            _ = self.terminate.recv() => 15,
        }
    }
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn new() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    /// The number that Ctrl+C has elsewhere.
    async fn next(&mut self) -> i32 {
        _ = self.0.recv().await;
        2
    }
}
