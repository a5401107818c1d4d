//! Signals: the first to stop stops the server in good order, the second at once; SIGHUP loads certificates again.

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

/// Loads the certificate files again on SIGHUP, as servers do.
#[cfg(unix)]
pub(crate) fn reload_on_hangup(reload: Reload) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            reload.trigger();
        }
    });
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn reload_on_hangup(_: Reload) -> io::Result<()> {
    Ok(())
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
