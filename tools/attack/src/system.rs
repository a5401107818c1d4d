//! Limits of this process: open files, priority.

/// Allows as many open files as are needed, if the system does.
#[cfg(unix)]
pub(crate) fn allow_files(needed: u64) -> Result<(), String> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|it| it >= needed) {
        return Ok(());
    }
    // Beyond the hard limit may go who administers this machine.
    let most = maximum.map(|it| it.max(needed));
    let limit = Rlimit { current: Some(needed), maximum: most };
    setrlimit(Resource::Nofile, limit).map_err(|_| {
        let most = maximum.unwrap_or_default();
        format!("{needed} open files are needed and {most} allowed; say a smaller --connections")
    })
}

/// Allows as many open files as are needed; this system does.
#[cfg(not(unix))]
pub(crate) fn allow_files(_needed: u64) -> Result<(), String> {
    Ok(())
}

/// Lets others of this machine go first, so that what the attacker takes of its cores is not taken from
/// the server. Of this thread alone.
#[cfg(target_os = "linux")]
pub(crate) fn be_nice() {
    // Without it the figures are those of a busier machine.
    _ = rustix::process::nice(5);
}

/// Does nothing: on this system it would be for the whole process.
#[cfg(not(target_os = "linux"))]
pub(crate) fn be_nice() {}

/// A thread with a runtime; dropping it ends what runs there, at once.
#[derive(Debug)]
pub(crate) struct Thread(Option<tokio::runtime::Runtime>);

impl Thread {
    /// Starts one; `begin` is called on it first.
    pub(crate) fn start(name: &str, begin: fn()) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name(name)
            .on_thread_start(begin)
            .enable_all()
            .build()?;
        Ok(Self(Some(runtime)))
    }

    /// Runs something there. Returns `None` when that did not come to its end.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        what: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        self.0.as_ref()?.spawn(what).await.ok()
    }

    /// Runs something there until the thread ends.
    pub(crate) fn spawn(&self, what: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.0 {
            runtime.spawn(what);
        }
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
