//! Files of recordings on their way to the object store, while they are made.
//!
//! A file goes in parts of a fixed size. Its first part goes last: what makes a file whole is written there. The store may be
//! away for any time: the file waits in the data folder, and goes on from the part where it was.

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use object_store::Error;
use object_store::multipart::PartId;
use object_store::path::Path;
use tokio::sync::{Notify, Semaphore};
use webhooks::EventKind;

use super::Archive;
use super::remote::Remote;
use super::written::Record;

/// The bytes of a part. Stores want five MiB at least, and parts of one size; a file has ten thousand at most.
pub(crate) const UPLOAD_PART: u64 = 8 * 1024 * 1024;

/// The parts that are on their way at once, of all files: each is in memory.
pub(crate) const MAX_UPLOADS: usize = 4;

/// How often it is looked whether a file has another part.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How long a file waits at most before the store is asked again.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// The end of the name of what is beside a file of which parts are in the store: the id that the store has for them.
const PARTS_OF: &str = ".upload";

/// Files on their way: by recording and name, who waits for their end.
pub(super) type Uploads = HashMap<(String, String), Arc<Notify>>;

/// How files get to the store.
#[derive(Debug, Clone)]
pub(super) struct Uploader {
    remote: Option<Remote>,
    turns: Arc<Semaphore>,
}

/// A file of which parts are in the store.
struct Parts {
    id: String,
    /// Those from the second on.
    done: Vec<PartId>,
}

impl Uploader {
    pub(super) fn new(remote: Option<Remote>) -> Self {
        Self { remote, turns: Arc::new(Semaphore::new(MAX_UPLOADS)) }
    }

    /// Sends the parts that the file has so far, but the first.
    async fn push_parts(
        &self,
        to: &Path,
        path: &FilePath,
        parts: &mut Option<Parts>,
    ) -> Result<(), Upload> {
        loop {
            let len = tokio::fs::metadata(path).await?.len();
            let n = parts.as_ref().map_or(0, |it: &Parts| it.done.len()) + 1;
            let from = n as u64 * UPLOAD_PART;
            if len < from + UPLOAD_PART {
                return Ok(());
            }
            self.push_part(to, path, parts, n).await?;
        }
    }

    async fn push_part(
        &self,
        to: &Path,
        path: &FilePath,
        parts: &mut Option<Parts>,
        n: usize,
    ) -> Result<(), Upload> {
        let Some(remote) = &self.remote else { return Ok(()) };
        let Ok(_turn) = self.turns.acquire().await else { return Ok(()) };
        let parts = match parts {
            Some(parts) => parts,
            None => {
                let id = remote.begin(to).await?;
                tokio::fs::write(note_of(path), &id).await?;
                parts.insert(Parts { id, done: Vec::new() })
            }
        };
        let bytes = read_part(path, n).await?;
        let part = remote.put_part(to, &parts.id, n, bytes).await?;
        parts.done.push(part);
        Ok(())
    }

    /// Sends what is left of a file that is whole, and makes it one.
    async fn push_rest(
        &self,
        to: &Path,
        path: &FilePath,
        parts: &mut Option<Parts>,
    ) -> Result<(), Upload> {
        let Some(remote) = &self.remote else { return Ok(()) };
        let len = tokio::fs::metadata(path).await?.len();
        if len <= UPLOAD_PART && parts.is_none() {
            let Ok(_turn) = self.turns.acquire().await else { return Ok(()) };
            remote.put(to, read_part(path, 0).await?).await?;
        } else {
            let n_parts = len.div_ceil(UPLOAD_PART) as usize;
            loop {
                let n = parts.as_ref().map_or(0, |it: &Parts| it.done.len()) + 1;
                if n >= n_parts {
                    break;
                }
                self.push_part(to, path, parts, n).await?;
            }
            let Some(Parts { id, done }) = parts else { return Ok(()) };
            let Ok(_turn) = self.turns.acquire().await else { return Ok(()) };
            let first = remote.put_part(to, id, 0, read_part(path, 0).await?).await?;
            let mut all = vec![first];
            all.extend(done.iter().cloned());
            remote.complete(to, id, all).await?;
            _ = tokio::fs::remove_file(note_of(path)).await;
        }
        let stored = remote.size(to).await?;
        if stored == len { Ok(()) } else { Err(Upload::Size { stored, len }) }
    }

    /// Has the store forget the parts that a server which ended in between left there.
    async fn give_up_old(&self, to: &Path, path: &FilePath) {
        let Some(remote) = &self.remote else { return };
        let note = note_of(path);
        if let Ok(id) = tokio::fs::read_to_string(&note).await {
            _ = remote.abort(to, &id).await;
            _ = tokio::fs::remove_file(&note).await;
        }
    }
}

impl Archive {
    /// The object store of recordings, if there is one.
    pub(crate) fn remote(&self) -> Option<&Remote> {
        self.0.uploader.remote.as_ref()
    }

    /// A file of a recording begins: it is followed until it is whole, its checksum is known and the store has it.
    pub(super) async fn upload(&self, id: &str, name: String) {
        let key = (id.to_owned(), name.clone());
        let is_whole = Arc::new(Notify::new());
        {
            let mut state = self.state();
            if state.uploads.contains_key(&key) {
                return;
            }
            state.uploads.insert(key.clone(), is_whole.clone());
        }
        let (it, id) = (self.clone(), id.to_owned());
        tokio::spawn(async move {
            it.follow_file(&id, &name, &is_whole).await;
            it.state().uploads.remove(&key);
        });
    }

    /// A file of a recording is whole.
    pub(super) fn upload_rest(&self, id: &str, name: &str) {
        if let Some(is_whole) = self.state().uploads.get(&(id.to_owned(), name.to_owned())) {
            is_whole.notify_one();
        }
    }

    /// A recording is over: none of its files grows any more. One that came to nothing is not waited for.
    pub(super) async fn upload_all(&self, id: &str, record: &Record) {
        for file in record.files.iter().filter(|it| it.sha256.is_none()) {
            self.upload(id, file.name.clone()).await;
        }
        for (_, is_whole) in self.state().uploads.iter().filter(|((of, _), _)| of == id) {
            is_whole.notify_one();
        }
    }

    /// Goes on with the files that were on their way when the server ended.
    pub(super) async fn upload_those_of_before(&self) {
        let mut before = None;
        loop {
            let rows = self.0.store.recordings(None, before.take(), 100).await.unwrap_or_default();
            let Some(last) = rows.last() else { return };
            before = Some(last.id.clone());
            for row in rows.iter().filter(|it| it.ended_ms.is_some()) {
                let record: Record = serde_json::from_str(&row.record).unwrap_or_default();
                let has_remote = self.0.uploader.remote.is_some();
                let waits =
                    |it: &&super::RecordedFile| it.sha256.is_none() || (has_remote && !it.stored);
                for file in record.files.iter().filter(waits) {
                    if self.recording_folder(&row.id).join(&file.name).exists() {
                        self.upload(&row.id, file.name.clone()).await;
                        self.upload_rest(&row.id, &file.name);
                    }
                }
            }
        }
    }

    /// Deletes what the store has of a recording.
    pub(super) fn remove_stored(&self, id: &str) {
        let Some(remote) = self.0.uploader.remote.clone() else { return };
        let id = id.to_owned();
        tokio::spawn(async move {
            if let Err(error) = remote.delete(&id).await {
                tracing::warn!(id, %error, "a recording could not be deleted from the object store");
            }
        });
    }

    async fn follow_file(&self, id: &str, name: &str, is_whole: &Notify) {
        let path = self.recording_folder(id).join(name);
        let mut parts = None;
        match self.0.uploader.remote.clone() {
            None => is_whole.notified().await,
            Some(remote) => {
                let to = remote.path(id, name);
                self.0.uploader.give_up_old(&to, &path).await;
                let mut wait = LOOK_EVERY;
                loop {
                    tokio::select! {
                        () = is_whole.notified() => break,
                        () = tokio::time::sleep(wait) => {}
                    }
                    let pushed = self.0.uploader.push_parts(&to, &path, &mut parts).await;
                    wait = self.next_wait(id, name, wait, pushed.err()).await;
                }
            }
        }
        let Ok(Ok(sha256)) = tokio::task::spawn_blocking({
            let path = path.clone();
            move || sha256_of(&path)
        })
        .await
        else {
            // It was deleted, or the disk has a fault that the record tells.
            return self.give_up(id, name, parts).await;
        };
        self.change(id, |record| {
            if let Some(file) = record.files.iter_mut().find(|it| it.name == name) {
                file.sha256 = Some(sha256);
            }
        })
        .await;
        let Some(remote) = self.0.uploader.remote.clone() else { return };
        let to = remote.path(id, name);
        let mut wait = Duration::from_secs(1);
        while path.exists() {
            match self.0.uploader.push_rest(&to, &path, &mut parts).await {
                Ok(()) => return self.is_stored(id, name, &path).await,
                Err(error) => {
                    // The store may not know the parts any more, or not those of this file: they go again.
                    if matches!(error, Upload::Size { .. } | Upload::Store(Error::NotFound { .. }))
                    {
                        self.give_up(id, name, parts.take()).await;
                    }
                    wait = self.next_wait(id, name, wait, Some(error)).await;
                    tokio::time::sleep(wait).await;
                }
            }
        }
        self.give_up(id, name, parts).await;
    }

    /// How long to wait after an attempt. The first failure is in the log, the last one stands in the recording.
    async fn next_wait(
        &self,
        id: &str,
        name: &str,
        wait: Duration,
        error: Option<Upload>,
    ) -> Duration {
        let Some(error) = error else {
            if wait > LOOK_EVERY {
                self.change(id, |record| record.waits = None).await;
            }
            return LOOK_EVERY;
        };
        let error = format!("{name} waits for the object store: {error}");
        if wait <= LOOK_EVERY {
            tracing::warn!(id, error, "a file of a recording is not stored yet");
        }
        self.change(id, |record| record.waits = Some(error)).await;
        (wait * 2).min(MAX_WAIT)
    }

    /// The store has a file as a whole.
    async fn is_stored(&self, id: &str, name: &str, path: &FilePath) {
        let mut is_last = false;
        self.change(id, |record| {
            if let Some(file) = record.files.iter_mut().find(|it| it.name == name) {
                file.stored = true;
            }
            record.waits = None;
            is_last = record.is_stored();
        })
        .await;
        if !self.0.in_force.get().config.record.keep_copy {
            _ = tokio::fs::remove_file(path).await;
        }
        tracing::info!(id, name, "a file of a recording is stored");
        match self.0.store.recording(id).await {
            Ok(Some(row)) if is_last => {
                let record: Record = serde_json::from_str(&row.record).unwrap_or_default();
                self.tell(EventKind::RecordingStored, id, &row.room, &record);
            }
            // It was deleted while this file was on its way.
            Ok(None) => self.remove_stored(id),
            _ => {}
        }
    }

    /// A file is gone before the store has it.
    async fn give_up(&self, id: &str, name: &str, parts: Option<Parts>) {
        let Some((remote, parts)) = self.0.uploader.remote.as_ref().zip(parts) else { return };
        _ = remote.abort(&remote.path(id, name), &parts.id).await;
    }
}

/// Why a file is not stored.
#[derive(Debug, thiserror::Error)]
enum Upload {
    #[error(transparent)]
    Store(#[from] Error),
    #[error("it cannot be read: {0}")]
    Io(#[from] std::io::Error),
    #[error("{stored} bytes are there, not {len}")]
    Size { stored: u64, len: u64 },
}

/// Where the id of the parts is noted.
fn note_of(path: &FilePath) -> PathBuf {
    let mut note = path.as_os_str().to_owned();
    note.push(PARTS_OF);
    note.into()
}

async fn read_part(path: &FilePath, n: usize) -> std::io::Result<Vec<u8>> {
    let path = PathBuf::from(path);
    let read = move || {
        let mut file = std::fs::File::open(path)?;
        file.seek(SeekFrom::Start(n as u64 * UPLOAD_PART))?;
        let mut bytes = Vec::new();
        file.take(UPLOAD_PART).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    tokio::task::spawn_blocking(read).await.map_err(std::io::Error::other)?
}

/// The checksum of a file, in hexadecimal digits.
fn sha256_of(path: &FilePath) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let mut context = Context::new(&SHA256);
    let mut piece = vec![0; 256 * 1024];
    loop {
        let n = file.read(&mut piece)?;
        if n == 0 {
            break;
        }
        context.update(&piece[..n]);
    }
    Ok(context.finish().as_ref().iter().map(|it| format!("{it:02x}")).collect())
}
