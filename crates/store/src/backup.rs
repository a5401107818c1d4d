//! A copy of the file while it is in use, and back.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, backup::Backup};

use crate::file::{self, FILE_NAME};
use crate::{OpenError, RestoreError};

/// Pages that are copied at a time, between which a server writes.
const PAGES: std::ffi::c_int = 1_000;

/// Copies the file of a data folder, as it is at one moment, also while a server uses it.
///
/// # Errors
/// When there is no file of ours in the folder, or the copy exists already and `force` is not given.
pub fn backup(folder: &Path, to: &Path, force: bool) -> Result<(), RestoreError> {
    let from = folder.join(FILE_NAME);
    let source = reader(&from)?;
    copy(&source, to, force)
}

/// Puts a backup back into a data folder that no server uses.
///
/// # Errors
/// When the backup is not ours, damaged or too new, when a server uses the folder, and when the folder has a file
/// already and `force` is not given.
pub fn restore(folder: &Path, from: &Path, force: bool) -> Result<(), RestoreError> {
    let source = reader(from)?;
    let io = |source| RestoreError::Io { file: folder.to_owned(), source };
    file::make_folder(folder).map_err(io)?;
    let Some(_lock) = file::lock(folder)? else {
        return Err(io(std::io::ErrorKind::ReadOnlyFilesystem.into()));
    };
    copy(&source, &folder.join(FILE_NAME), force)
}

/// Opens a file to read it, after a look at what it is.
fn reader(file: &Path) -> Result<Connection, RestoreError> {
    if let Err(source) = fs::metadata(file) {
        return Err(OpenError::Folder { folder: file.to_owned(), source }.into());
    }
    Ok(file::read_only(file)?)
}

/// Writes a copy beside its place and moves it there, so that there is never half of one.
fn copy(source: &Connection, to: &Path, force: bool) -> Result<(), RestoreError> {
    let io = |source| RestoreError::Io { file: to.to_owned(), source };
    let sqlite = |source| RestoreError::Copy { file: to.to_owned(), source };
    if to.exists() && !force {
        return Err(RestoreError::Exists { file: to.to_owned() });
    }
    let part = with_suffix(to, ".part");
    remove(&part).map_err(io)?;
    file::private(&part).map_err(io)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let mut copy = Connection::open_with_flags(&part, flags).map_err(sqlite)?;
    Backup::new(source, &mut copy)
        .and_then(|backup| backup.run_to_completion(PAGES, Duration::ZERO, None))
        // One file is easier to carry than three.
        .and_then(|()| copy.pragma_update(None, "journal_mode", "DELETE"))
        .map_err(sqlite)?;
    copy.close().map_err(|(_, source)| sqlite(source))?;
    // What a server that was killed left beside the old file belongs to that one.
    for suffix in ["-wal", "-shm"] {
        remove(&with_suffix(to, suffix)).map_err(io)?;
    }
    fs::rename(&part, to).map_err(io)
}

fn with_suffix(file: &Path, suffix: &str) -> std::path::PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn remove(file: &Path) -> std::io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
