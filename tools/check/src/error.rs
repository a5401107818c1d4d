//! Why a check came to no report.

/// Why a check came to no report.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The address cannot be read.
    #[error("{url:?} is not an address such as https://example.com/whip/room")]
    BadUrl {
        /// What was given.
        url: String,
    },
    /// Nobody answers there.
    #[error("nobody answers at {url}: {error}")]
    Unreachable {
        /// Where.
        url: String,
        /// What the system said.
        error: String,
    },
    /// This machine does not give what is needed.
    #[error("{0}")]
    System(String),
}
