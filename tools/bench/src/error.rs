//! Why a run came to no report.

use std::io;

use crate::options::OptionError;

/// Why a run came to no report.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The options make no sense.
    #[error(transparent)]
    Options(#[from] OptionError),
    /// The file to be sent cannot be read, or nothing in it can be sent.
    #[error(transparent)]
    File(#[from] play::PlayError),
    /// Nobody answers there.
    #[error("nobody answers at {url}: {error}")]
    Unreachable {
        /// Where.
        url: String,
        /// What the system said.
        error: io::Error,
    },
    /// The process to be measured is not there, or this system does not tell.
    #[error("the process {0} cannot be looked at")]
    NoProcess(u32),
    /// This machine does not give what is needed.
    #[error("{0}")]
    System(String),
    /// A publisher did not get through.
    #[error("no publisher: {0}")]
    NoPublisher(String),
    /// Ctrl+C came before there was anything to report.
    #[error("stopped before anything was measured")]
    Interrupted,
}
