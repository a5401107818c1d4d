//! Files on their way to the disk.

use std::collections::HashMap;
use std::path::PathBuf;

use media_api::RoomId;

use crate::container::Finished;
use crate::disk::{Disk, FileId, Job};
use crate::hls::RenditionId;
use crate::orders::{FileInfo, Why};

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
        _ = self.job(Job::Close(id));
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
        self.open.remove(&id)
    }

    /// A recording is over, once nothing of it is written.
    pub(super) fn set_ending(&mut self, recording: String, why: Why) {
        self.ending.insert(recording, why);
    }

    /// Why a recording is over, if it is and nothing of it is written any more. It is told once.
    pub(super) fn over(&mut self, recording: &str) -> Option<Why> {
        let of = |it: &OpenFile| it.recorded.as_ref().is_some_and(|it| it.recording == recording);
        if self.open.values().any(of) { None } else { self.ending.remove(recording) }
    }
}
