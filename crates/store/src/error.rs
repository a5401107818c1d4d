//! What can go wrong, in words for the operator.

use std::io;
use std::path::PathBuf;

/// Why the file cannot be used. Nothing of it was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be made, read or locked.
    #[error("the data folder {} cannot be used: {source}", folder.display())]
    Folder {
        /// The data folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process has it.
    #[error(
        "the data folder {} is in use by another kaibo: stop that one, or give this one another folder with --data",
        folder.display()
    )]
    InUse {
        /// The data folder.
        folder: PathBuf,
    },
    /// It is no file of this program.
    #[error("{} is not a file of kaibo: move it away, or name another folder with --data", file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
    },
    /// A newer version of the program wrote it.
    #[error(
        "{} was written by a newer kaibo (version {found} of the file; this one knows {known}): run that version, or \
         restore a backup of before",
        file.display()
    )]
    Newer {
        /// The file.
        file: PathBuf,
        /// The version it has.
        found: i64,
        /// The newest one that this program knows.
        known: i64,
    },
    /// It is damaged.
    #[error("{} is damaged ({what}): restore a backup with kaibo restore, or move it away", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What SQLite found.
        what: String,
    },
    /// SQLite cannot open it.
    #[error("{} cannot be opened: {source}", file.display())]
    Sqlite {
        /// The file.
        file: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

/// Why a call was not done. Nothing of it was kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Too many calls wait for the disk.
    #[error("the disk is too slow: too much waits to be written")]
    Busy,
    /// The server is stopping, or the thread is gone.
    #[error("nothing is written any more: the server is stopping")]
    Closed,
    /// SQLite refused, for instance because the disk is full.
    #[error("not written: {0}")]
    Failed(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Why a backup could not be made, or not be put back.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The data folder or the backup cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There is something where the copy should go.
    #[error("{} exists already: name another file, or add --force", file.display())]
    Exists {
        /// The file.
        file: PathBuf,
    },
    /// The copy failed.
    #[error("{} cannot be written: {source}", file.display())]
    Copy {
        /// The file.
        file: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The system refused.
    #[error("{} cannot be written: {source}", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}
