//! The thread that writes files. What waits for it is bounded in bytes; the recorder leaves frames out beyond that.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::container::{Finished, RepairError, Repaired, repair};
use crate::read::Reader;

/// The most jobs that wait: some seconds of a hundred recordings.
const MAX_JOBS: usize = 4_096;

/// The most bytes that wait, of all recordings: the disk may stand still for ten seconds of a hundred Mbit/s.
pub(crate) const MAX_WAITING: usize = 128 * 1024 * 1024;

/// How long the end waits for a disk that stands still.
pub(crate) const QUIT_WITHIN: Duration = Duration::from_secs(5);

/// A file with nothing in it is shorter than this.
const MAX_EMPTY: u64 = 1024 * 1024;

/// Names a file while it is written.
pub(crate) type FileId = u64;

/// What the thread is to do.
#[derive(Debug)]
pub(crate) enum Job {
    /// Makes a file, and the folders that it is in.
    Begin(FileId, PathBuf),
    /// Adds bytes to the end.
    Write(FileId, Vec<u8>),
    /// Makes the file whole.
    End(FileId, Finished),
    /// Nothing more is added to a file that needs nothing to be whole, or that is given up.
    Close(FileId),
    /// Makes a file whole that could not be written to its end, of what was written.
    Mend(FileId),
    /// Deletes a file.
    Remove(PathBuf),
    /// Deletes a folder with all that is in it.
    RemoveFolder(PathBuf),
    /// All jobs before it are done.
    Then(Then),
}

/// What is to be done when others are done. It must not take long.
pub(crate) struct Then(pub(crate) Box<dyn FnOnce() + Send>);

impl fmt::Debug for Then {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Then")
    }
}

/// What the thread tells.
#[derive(Debug)]
pub(crate) enum Done {
    /// A file is whole and on disk, with so many bytes.
    Whole(FileId, u64),
    /// A file could not be made, written or mended. Nothing more is written to it.
    Failed(FileId, io::Error),
    /// A file is whole that could not be written to its end; nothing, if there was nothing in it.
    Mended(FileId, Option<Mended>),
    /// Nothing more is added to a file.
    Closed(FileId),
}

/// The way to the thread.
#[derive(Debug)]
pub(crate) struct Disk {
    jobs: Option<SyncSender<Job>>,
    waiting: Arc<AtomicUsize>,
    /// Nothing comes of it; it ends with the thread.
    end: Receiver<Infallible>,
    thread: Option<JoinHandle<()>>,
}

/// A file that is written.
enum Written {
    Open(File, PathBuf),
    /// It failed: nothing more is written to it.
    Broken(PathBuf),
}

impl Disk {
    /// Starts the thread; `tell` is called on it.
    pub(crate) fn start(tell: impl Fn(Done) + Send + 'static) -> io::Result<Self> {
        let (jobs, inbox) = sync_channel(MAX_JOBS);
        let waiting = Arc::new(AtomicUsize::new(0));
        let written = waiting.clone();
        let (ends, end) = sync_channel(0);
        let thread = std::thread::Builder::new().name("record-disk".into());
        let thread = thread.spawn(move || {
            run(&inbox, &written, tell);
            drop(ends);
        })?;
        Ok(Self { jobs: Some(jobs), waiting, end, thread: Some(thread) })
    }

    /// Bytes that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Has a job done. Returns whether it is taken: a disk that stands still takes no more at some time.
    pub(crate) fn send(&self, job: Job) -> bool {
        let Some(jobs) = &self.jobs else { return false };
        let bytes = job.bytes();
        self.waiting.fetch_add(bytes, Ordering::Relaxed);
        match jobs.try_send(job) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.waiting.fetch_sub(bytes, Ordering::Relaxed);
                false
            }
        }
    }
}

impl Drop for Disk {
    /// What waits is written first, unless the disk stands still.
    fn drop(&mut self) {
        self.jobs = None;
        let has_ended = self.end.recv_timeout(QUIT_WITHIN) == Err(RecvTimeoutError::Disconnected);
        if let Some(thread) = self.thread.take().filter(|_| has_ended) {
            _ = thread.join();
        }
    }
}

impl Job {
    fn bytes(&self) -> usize {
        match self {
            Self::Begin(..)
            | Self::Close(_)
            | Self::Mend(_)
            | Self::Remove(_)
            | Self::RemoveFolder(_)
            | Self::Then(_) => 0,
            Self::Write(_, bytes) => bytes.len(),
            Self::End(_, finished) => finished.tail.len(),
        }
    }
}

fn run(jobs: &Receiver<Job>, waiting: &AtomicUsize, tell: impl Fn(Done)) {
    let mut files: HashMap<FileId, Written> = HashMap::new();
    while let Ok(job) = jobs.recv() {
        let bytes = job.bytes();
        let id = match &job {
            Job::Begin(id, _)
            | Job::Write(id, _)
            | Job::End(id, _)
            | Job::Close(id)
            | Job::Mend(id) => Some(*id),
            Job::Remove(_) | Job::RemoveFolder(_) | Job::Then(_) => None,
        };
        match (carry_out(&mut files, job), id) {
            (Ok(done), _) => _ = done.map(&tell),
            (Err(error), Some(id)) => {
                if let Some(Written::Open(_, path)) = files.remove(&id) {
                    files.insert(id, Written::Broken(path));
                }
                tell(Done::Failed(id, error));
            }
            (Err(error), None) => tracing::warn!(%error, "a file of the past could not be deleted"),
        }
        waiting.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// Makes a file that nobody else on this machine may read: rooms may be private.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Returns what is to be told. Writes into a file that failed do nothing.
fn carry_out(files: &mut HashMap<FileId, Written>, job: Job) -> io::Result<Option<Done>> {
    match job {
        Job::Begin(id, path) => {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            files.insert(id, Written::Open(create(&path)?, path));
        }
        Job::Write(id, bytes) => {
            if let Some(Written::Open(file, _)) = files.get_mut(&id) {
                file.write_all(&bytes)?;
            }
        }
        Job::End(id, finished) => {
            let Some(Written::Open(file, _)) = files.get_mut(&id) else { return Ok(None) };
            finish(file, finished)?;
            let len = file.metadata()?.len();
            files.remove(&id);
            return Ok(Some(Done::Whole(id, len)));
        }
        Job::Close(id) => {
            files.remove(&id);
            return Ok(Some(Done::Closed(id)));
        }
        Job::Mend(id) => {
            let mended = match files.remove(&id) {
                Some(Written::Open(_, path) | Written::Broken(path)) => {
                    let mended = mend(&path);
                    if mended.is_err() {
                        files.insert(id, Written::Broken(path));
                    }
                    mended?
                }
                // It was never made.
                None => None,
            };
            return Ok(Some(Done::Mended(id, mended)));
        }
        Job::Remove(path) => gone(fs::remove_file(path))?,
        Job::RemoveFolder(path) => gone(fs::remove_dir_all(path))?,
        Job::Then(Then(then)) => then(),
    }
    Ok(None)
}

/// What is not there need not be deleted.
fn gone(deleted: io::Result<()>) -> io::Result<()> {
    match deleted {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// A file that is whole, though it was not written to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mended {
    /// How long it is, if it says so.
    pub duration: Option<Duration>,
    /// Its length, in bytes.
    pub bytes: u64,
}

/// Finishes a file that was cut off, and leaves one that is whole as it is. One with nothing in it that can be played is deleted: `None`.
///
/// # Errors
/// When it cannot be read or written, or this program did not write it.
pub fn mend(path: &Path) -> io::Result<Option<Mended>> {
    let mut file = File::options().read(true).write(true).open(path)?;
    let duration = match repair(&file) {
        Ok(Repaired::Whole) => Reader::open(&file).ok().and_then(|it| it.declared_duration()),
        Ok(Repaired::Cut { len, finished }) => {
            file.set_len(len)?;
            file.seek(SeekFrom::End(0))?;
            let duration = finished.duration;
            finish(&mut file, finished)?;
            Some(duration)
        }
        // A long one is worth a look by a person.
        Err(RepairError::Empty) if file.metadata()?.len() < MAX_EMPTY => {
            drop(file);
            fs::remove_file(path)?;
            return Ok(None);
        }
        Err(RepairError::Io(error)) => return Err(error),
        Err(error @ (RepairError::Empty | RepairError::Foreign)) => {
            return Err(io::Error::new(io::ErrorKind::InvalidData, error));
        }
    };
    Ok(Some(Mended { duration, bytes: file.metadata()?.len() }))
}

/// Writes what makes a file whole, at its end.
pub(crate) fn finish(file: &mut File, Finished { tail, patches, .. }: Finished) -> io::Result<()> {
    file.write_all(&tail)?;
    // The patches make use of the tail: it is there first, also when the power fails.
    file.sync_data()?;
    for patch in patches {
        file.seek(SeekFrom::Start(patch.offset))?;
        file.write_all(&patch.bytes)?;
    }
    file.sync_all()
}
