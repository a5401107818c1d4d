//! Why there is no certificate.

use std::io;
use std::path::{Path, PathBuf};

/// A file, and what is wrong with it.
#[derive(Debug, thiserror::Error)]
#[error("{}: {because}", path.display())]
pub struct TlsError {
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong.
    pub because: Because,
}

impl TlsError {
    pub(crate) fn new(path: &Path, because: impl Into<Because>) -> Self {
        Self { path: path.to_owned(), because: because.into() }
    }
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum Because {
    /// It cannot be read.
    #[error("the file cannot be read: {0}")]
    Read(io::Error),
    /// It cannot be written.
    #[error("the file cannot be written: {0}")]
    Write(io::Error),
    /// Others than its owner and group can read the key.
    #[error(
        "other users of this machine can read the private key (mode {0:o}); run: chmod 600 FILE"
    )]
    ReadableByOthers(u32),
    /// It has no certificate.
    #[error("the file has no certificate in PEM form (BEGIN CERTIFICATE)")]
    NoCertificate,
    /// It has no key.
    #[error(
        "the file has no private key in PEM form (BEGIN PRIVATE KEY), or the key has a passphrase"
    )]
    NoKey,
    /// What is in it is not valid.
    #[error("{0}")]
    Invalid(String),
    /// The key is another certificate's.
    #[error("the private key is not that of the certificate in {0}")]
    KeyMismatch(String),
    /// No certificate can be made.
    #[error("no certificate can be made: {0}")]
    Generate(#[from] rcgen::Error),
}
