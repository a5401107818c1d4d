//! The configuration read again while the server runs, on SIGHUP and by `POST /api/v1/reload`.
//!
//! The new one is read and checked whole before anything changes. Settings that can change take their new value, others
//! keep theirs until the server is started again. Certificate files are loaded again as well.
//!
//! | file | what |
//! | --- | --- |
//! | `source.rs` | where the configuration comes from |
//! | `table.rs` | which settings can change, and which parts of the server are told |
//! | `parts.rs` | how each part takes its settings |

mod parts;
mod source;
mod table;

use std::fmt;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::https::FilesAgain;

pub(crate) use parts::Parts;
pub use source::{Configured, Source};
pub(crate) use table::can_change;

/// Why the configuration stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReloadError {
    /// The new one cannot be used, for this reason.
    #[error("{0}")]
    Bad(String),
    /// The server stops.
    #[error("the server is stopping")]
    Stopping,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reloaded {
    /// The settings that have another value now, by name.
    pub changed: Vec<String>,
    /// The settings that have another value in the new configuration, and keep theirs until the server is started again.
    pub need_restart: Vec<String>,
    /// The certificate files.
    pub certificates: FilesAgain,
}

/// Reads the configuration again when it is asked to. Clones are the same.
#[derive(Clone)]
pub struct Reload(Arc<Inner>);

struct Inner {
    /// None where the configuration is a program's, as in tests: then certificate files alone are loaded again.
    source: Option<Arc<dyn Source>>,
    parts: Parts,
    /// One at a time: each finds what the one before has put in force.
    one: Mutex<()>,
}

impl fmt::Debug for Reload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reload").finish_non_exhaustive()
    }
}

impl Reload {
    pub(crate) fn new(source: Option<Arc<dyn Source>>, parts: Parts) -> Self {
        Self(Arc::new(Inner { source, parts, one: Mutex::default() }))
    }

    /// Reads the configuration again, and puts in force what can change. Sessions go on, but for those that lost their
    /// right to be there; these have ended when it returns.
    ///
    /// # Errors
    /// When the configuration cannot be used. Then nothing has changed.
    pub async fn run(&self) -> Result<Reloaded, ReloadError> {
        let this = self.clone();
        // In a task of its own: it is done whole, though whoever asked has hung up.
        tokio::spawn(async move { this.run_here().await }).await.unwrap_or_else(|error| match error
            .try_into_panic()
        {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(ReloadError::Stopping),
        })
    }

    async fn run_here(&self) -> Result<Reloaded, ReloadError> {
        let _one = self.0.one.lock().await;
        let done = self.change().await;
        match &done {
            Ok(Reloaded { changed, need_restart, certificates }) => {
                let certificates = match certificates {
                    FilesAgain::None => "none",
                    FilesAgain::Loaded => "loaded",
                    FilesAgain::Failed(_) => "failed",
                };
                let (changed, need_restart) = (changed.join(","), need_restart.join(","));
                tracing::info!(changed, need_restart, certificates, "configuration read again");
            }
            Err(error) => {
                tracing::error!(%error, "configuration not read again: the one before stays");
            }
        }
        done
    }

    async fn change(&self) -> Result<Reloaded, ReloadError> {
        let Inner { source, parts, .. } = &*self.0;
        let mut names = (Vec::new(), Vec::new());
        if let Some(source) = source {
            let before = parts.in_force.get();
            let read = source.clone();
            let new = tokio::task::spawn_blocking(move || read.read()).await;
            let new = new.map_err(|_| ReloadError::Stopping)?.map_err(ReloadError::Bad)?;
            let now = before.config.with(&new, can_change);
            let now = now.map_err(|error| ReloadError::Bad(error.to_string()))?;
            names =
                new.differing_from(&before.config).into_iter().partition(|name| can_change(name));
            parts.apply(now, &names.0, &**source).await;
        }
        let (changed, need_restart) = names;
        let certificates = parts.certificates.load().await;
        Ok(Reloaded { changed, need_restart, certificates })
    }
}
