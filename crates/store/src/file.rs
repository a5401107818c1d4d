//! Opens the file: whose it is, its version, whether it is whole.

use std::fmt::Write;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::OpenError;
use crate::migrations::{VERSION, migrate, version};

/// The name of the file in the data folder.
pub const FILE_NAME: &str = "kaibo.db";
/// Its lock: held while a process uses the folder.
const LOCK_NAME: &str = "kaibo.lock";
/// Marks a file as ours: "kaib", which `file` shows and other programs do not have.
const APPLICATION_ID: i64 = 0x6B61_6962;
/// How long a write waits for `kaibo backup`, which reads meanwhile.
const BUSY: Duration = Duration::from_secs(5);

/// One thread uses a connection at a time.
const NO_MUTEX: OpenFlags = OpenFlags::SQLITE_OPEN_NO_MUTEX;

/// The file, open; the folder is ours as long as this lives.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) connection: Connection,
    /// Unlocked when it is dropped. `None` where the folder cannot be written, so that there is nothing to protect.
    pub(crate) lock: Option<File>,
}

/// Makes the folder and the file where they are missing, and opens it. Where they cannot be made it is in memory.
pub(crate) fn open(folder: &Path) -> Result<Opened, OpenError> {
    let cannot = |source| OpenError::Folder { folder: folder.to_owned(), source };
    let lock = match make_folder(folder) {
        Ok(()) => lock(folder)?,
        Err(error) if is_read_only(&error) => None,
        Err(error) => return Err(cannot(error)),
    };
    let file = folder.join(FILE_NAME);
    let is_writable = lock.is_some();
    let connection = if is_writable {
        private(&file).map_err(cannot)?;
        connect(&file)?
    } else if file.exists() {
        read_only(&file)?
    } else {
        in_memory().map_err(|source| explain(&file, source))?
    };
    Ok(Opened { connection, lock })
}

/// Opens a file and brings it to our version.
pub(crate) fn connect(file: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | NO_MUTEX;
    let mut connection =
        Connection::open_with_flags(file, flags).map_err(|source| explain(file, source))?;
    let found = inspect(&connection, file)?;
    settle(&mut connection, found).map_err(|source| explain(file, source))?;
    Ok(connection)
}

/// One that is gone with the process.
pub(crate) fn in_memory() -> rusqlite::Result<Connection> {
    let mut connection = Connection::open_in_memory()?;
    settle(&mut connection, 0)?;
    Ok(connection)
}

/// Opens a file that nobody can write. SQLite needs its side files for that, unless it is told that the file never
/// changes: then it does without them.
pub(crate) fn read_only(file: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | NO_MUTEX;
    let plain = Connection::open_with_flags(file, flags)
        .map_err(|source| explain(file, source))
        .and_then(|connection| inspect(&connection, file).map(|_| connection));
    let Err(OpenError::Sqlite { .. }) = plain else { return plain };
    let mut uri = String::from("file:");
    for byte in file.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                uri.push(char::from(*byte));
            }
            byte => _ = write!(uri, "%{byte:02x}"),
        }
    }
    uri.push_str("?immutable=1");
    let connection = Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)
        .map_err(|source| explain(file, source))?;
    inspect(&connection, file)?;
    Ok(connection)
}

/// Checks that the file is ours, of a version we know, and whole, without changing it. Returns its version.
pub(crate) fn inspect(connection: &Connection, file: &Path) -> Result<i64, OpenError> {
    let failed = |source| explain(file, source);
    connection.busy_timeout(BUSY).map_err(failed)?;
    let found = version(connection).map_err(failed)?;
    let id: i64 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(failed)?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(failed)?;
    if id != APPLICATION_ID && (id != 0 || tables != 0 || found != 0) {
        return Err(OpenError::Foreign { file: file.to_owned() });
    }
    if found > VERSION {
        return Err(OpenError::Newer { file: file.to_owned(), found, known: VERSION });
    }
    let what: String =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(failed)?;
    if what != "ok" {
        return Err(OpenError::Damaged { file: file.to_owned(), what });
    }
    Ok(found)
}

/// Settings of the file and of the connection, and the migrations.
fn settle(connection: &mut Connection, found: i64) -> rusqlite::Result<()> {
    // Readers, such as a backup, and the writer do not wait for each other.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // What is acknowledged outlives the loss of power, too.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Deleted lines and hashes are overwritten in the file.
    connection.pragma_update(None, "secure_delete", true)?;
    if found == VERSION {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    migrate(&transaction, found)?;
    transaction.commit()
}

/// A file that is no database or is torn is told as what it is.
fn explain(file: &Path, source: rusqlite::Error) -> OpenError {
    match source.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => OpenError::Foreign { file: file.to_owned() },
        Some(rusqlite::ErrorCode::DatabaseCorrupt) => {
            OpenError::Damaged { file: file.to_owned(), what: source.to_string() }
        }
        _ => OpenError::Sqlite { file: file.to_owned(), source },
    }
}

/// Makes the folder where it is missing: for the server's user alone.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes the file where it is missing: for the server's user alone. SQLite gives its side files the same rights.
pub(crate) fn private(file: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(drop)
}

/// Takes the folder for this process; `None` where it cannot be written.
pub(crate) fn lock(folder: &Path) -> Result<Option<File>, OpenError> {
    let path: PathBuf = folder.join(LOCK_NAME);
    let cannot = |source| OpenError::Folder { folder: folder.to_owned(), source };
    let file = match File::options().append(true).create(true).open(&path) {
        Ok(file) => file,
        Err(error) if is_read_only(&error) => return Ok(None),
        Err(error) => return Err(cannot(error)),
    };
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { folder: folder.to_owned() }),
        // A file system without locks, as some of a network.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
            Ok(Some(file))
        }
        Err(TryLockError::Error(error)) => Err(cannot(error)),
    }
}

fn is_read_only(error: &io::Error) -> bool {
    use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem, StorageFull};
    matches!(error.kind(), ReadOnlyFilesystem | PermissionDenied | StorageFull)
}
