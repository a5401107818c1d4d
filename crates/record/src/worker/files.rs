//! Files on their way to the disk.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use media_api::RoomId;

use crate::container::Finished;
use crate::disk::{Disk, FileId, Job};
use crate::hls::RenditionId;
use crate::orders::{FileInfo, Why};

/// A file that could not be made whole is tried again after this time.
const MEND_AFTER: Duration = Duration::from_secs(5);

/// The most files that are tried again. The oldest are left as they are beyond that.
const MAX_BROKEN: usize = 256;

/// A file that is written.
#[derive(Debug)]
pub(super) struct OpenFile {
    pub(super) room: RoomId,
    /// Of a recording; none of the past.
    pub(super) recorded: Option<RecordedFile>,
}

/// A file of a recording.
#[derive(Debug)]
pub(super) struct RecordedFile {
    pub(super) recording: String,
    pub(super) info: FileInfo,
}

/// The files that are written.
#[derive(Debug)]
pub(super) struct Files {
    disk: Disk,
    open: HashMap<FileId, OpenFile>,
    /// Those of `open` that were given up, and are made whole of what was written.
    mending: HashSet<FileId>,
    /// Files that are to be made whole later, the oldest first: since when.
    broken: VecDeque<(FileId, OpenFile, Instant)>,
    /// Files that are not told to be closed yet.
    unclosed: Vec<FileId>,
    next: FileId,
    /// Segments of HLS on their way: of which room and rendition, and which number.
    segments: HashMap<FileId, (RoomId, RenditionId, u64)>,
    /// Recordings that are over but for files that are written.
    ending: HashMap<String, Why>,
}

impl Files {
    pub(super) fn new(disk: Disk) -> Self {
        Self {
            disk,
            open: HashMap::new(),
            mending: HashSet::new(),
            broken: VecDeque::new(),
            unclosed: Vec::new(),
            next: 1,
            segments: HashMap::new(),
            ending: HashMap::new(),
        }
    }

    /// Bytes that wait for the disk.
    pub(super) fn waiting(&self) -> usize {
        self.disk.waiting()
    }

    /// Whether files of recordings are not whole yet.
    pub(super) fn are_awaited(&self) -> bool {
        self.open.values().any(|it| it.recorded.is_some())
    }

    /// Begins a file; `None` when the disk does not keep up.
    pub(super) fn begin(&mut self, path: PathBuf, file: OpenFile) -> Option<FileId> {
        let id = self.next;
        self.next += 1;
        self.job(Job::Begin(id, path)).then(|| {
            self.open.insert(id, file);
            id
        })
    }

    /// Ends a file of a recording.
    pub(super) fn end(&mut self, id: FileId, finished: Finished) -> bool {
        if let Some(recorded) = self.open.get_mut(&id).and_then(|it| it.recorded.as_mut()) {
            recorded.info.duration = finished.duration;
        }
        self.job(Job::End(id, finished))
    }

    /// Ends a file of the past.
    pub(super) fn close(&mut self, id: FileId) {
        self.open.remove(&id);
        if !self.job(Job::Close(id)) {
            self.unclosed.push(id);
        }
    }

    /// Makes a file whole that was given up.
    pub(super) fn mend(&mut self, id: FileId, file: OpenFile) {
        if self.job(Job::Mend(id)) {
            self.open.insert(id, file);
            self.mending.insert(id);
        } else {
            self.broken.push_back((id, file, Instant::now()));
        }
    }

    /// Whether a file was given up, and is made whole.
    pub(super) fn is_mended(&self, id: FileId) -> bool {
        self.mending.contains(&id)
    }

    /// A file that was given up cannot be made whole now. It is tried again, until its recording is over; which one that is.
    pub(super) fn not_mended(&mut self, id: FileId, now: Instant) -> Option<String> {
        let file = self.remove(id)?;
        let recording = file.recorded.as_ref()?.recording.clone();
        if self.ending.contains_key(&recording) {
            self.close(id);
        } else {
            self.broken.push_back((id, file, now));
        }
        if self.broken.len() > MAX_BROKEN
            && let Some((oldest, ..)) = self.broken.pop_front()
        {
            self.close(oldest);
        }
        Some(recording)
    }

    /// Tries again what the disk did not do or take.
    pub(super) fn retry(&mut self, now: Instant) {
        for id in std::mem::take(&mut self.unclosed) {
            self.close(id);
        }
        let due = |it: &(FileId, OpenFile, Instant)| now.duration_since(it.2) >= MEND_AFTER;
        while self.broken.front().is_some_and(due)
            && let Some((id, file, _)) = self.broken.pop_front()
        {
            self.mend(id, file);
        }
    }

    /// Writes a segment of HLS into a file.
    pub(super) fn store(&mut self, path: PathBuf, bytes: Vec<u8>, of: (RoomId, RenditionId, u64)) {
        let id = self.next;
        self.next += 1;
        if self.job(Job::Begin(id, path)) {
            self.segments.insert(id, of);
            _ = self.job(Job::Write(id, bytes));
            if !self.job(Job::Close(id)) {
                self.segments.remove(&id);
            }
        }
    }

    /// The segment of HLS that is in a file now.
    pub(super) fn segment(&mut self, id: FileId) -> Option<(RoomId, RenditionId, u64)> {
        self.segments.remove(&id)
    }

    /// Has something done; whether it is taken.
    pub(super) fn job(&self, job: Job) -> bool {
        self.disk.send(job)
    }

    /// A file that is whole or given up.
    pub(super) fn remove(&mut self, id: FileId) -> Option<OpenFile> {
        self.segments.remove(&id);
        self.mending.remove(&id);
        self.open.remove(&id)
    }

    /// A recording is over, once nothing of it is written. What of it was given up is tried for the last time.
    pub(super) fn set_ending(&mut self, recording: String, why: Why) {
        let is_of =
            |it: &OpenFile| it.recorded.as_ref().is_some_and(|it| it.recording == recording);
        for (id, file, since) in std::mem::take(&mut self.broken) {
            if !is_of(&file) {
                self.broken.push_back((id, file, since));
            } else if self.job(Job::Mend(id)) {
                self.open.insert(id, file);
                self.mending.insert(id);
            } else {
                self.close(id);
            }
        }
        self.ending.insert(recording, why);
    }

    /// Why a recording is over, if it is and nothing of it is written any more. It is told once.
    pub(super) fn over(&mut self, recording: &str) -> Option<Why> {
        let of = |it: &OpenFile| it.recorded.as_ref().is_some_and(|it| it.recording == recording);
        if self.open.values().any(of) { None } else { self.ending.remove(recording) }
    }
}
