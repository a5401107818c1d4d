//! One file a room, with its settings and last lines as JSON, and one with its picture: `rooms/{hash}.json` and
//! `rooms/{hash}.cover` in the data folder. Only the server's user can read them.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use axum::body::Bytes;
use control::SavedRoom;
use control::limits::KEPT_ROOMS;
use protocol::RoomName;
use sha1::{Digest, Sha1};

use crate::limits::SAVED_ROOM_BYTES;

const FOLDER: &str = "rooms";

/// The files of the rooms.
#[derive(Debug)]
pub(super) struct Files {
    folder: PathBuf,
    /// Files that could not be read: they are left as they are.
    broken: HashSet<PathBuf>,
    /// A fault was logged: the next ones of a full disk say nothing new.
    has_failed: Mutex<bool>,
}

impl Files {
    /// Opens the folder, which is made when it does not exist; the [`KEPT_ROOMS`] rooms that were saved last.
    pub(super) fn open(data: &Path) -> (Self, Vec<SavedRoom>) {
        let folder = data.join(FOLDER);
        let mut broken = HashSet::new();
        let mut rooms = Vec::new();
        for path in newest(&folder) {
            match read(&path) {
                Ok(room) => rooms.push(room),
                Err(why) => {
                    tracing::warn!(file = %path.display(), why, "room not read; its file is left alone");
                    broken.insert(path);
                }
            }
        }
        (Self { folder, broken, has_failed: Mutex::new(false) }, rooms)
    }

    /// Replaces the file of a room. A new one takes the place of the oldest of too many.
    pub(super) fn write(&self, saved: &SavedRoom) {
        let path = self.path(&saved.room, "json");
        if self.broken.contains(&path) {
            return;
        }
        let is_new = !path.exists();
        let written = serde_json::to_vec(saved)
            .map_err(io::Error::from)
            .and_then(|text| self.replace(&path, &text));
        self.note(&saved.room, written);
        if is_new {
            for path in newest(&self.folder).into_iter().skip(KEPT_ROOMS) {
                if !self.broken.contains(&path) {
                    _ = fs::remove_file(path.with_extension("cover"));
                    _ = fs::remove_file(path);
                }
            }
        }
    }

    /// Replaces the picture of a room, or removes it.
    pub(super) fn write_cover(&self, room: &RoomName, cover: Option<&[u8]>) {
        let path = self.path(room, "cover");
        let written = match cover {
            Some(cover) => self.replace(&path, cover),
            None => match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
        };
        self.note(room, written);
    }

    pub(super) fn read_cover(&self, room: &RoomName) -> Option<Bytes> {
        fs::read(self.path(room, "cover")).ok().map(Bytes::from)
    }

    /// Names differ in ways that file systems do not keep apart, and may be too long for them.
    fn path(&self, room: &RoomName, extension: &str) -> PathBuf {
        let hash = Sha1::digest(room.as_str().as_bytes());
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        self.folder.join(format!("{hex}.{extension}"))
    }

    /// Replaces a file as a whole: a reader sees the old one or the new one.
    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.folder)?;
        let mut new = path.as_os_str().to_owned();
        new.push(".new");
        let new = PathBuf::from(new);
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)
    }

    /// Logs the first fault, and that the next one would be another.
    fn note(&self, room: &RoomName, written: io::Result<()>) {
        let mut has_failed = self.has_failed.lock().unwrap_or_else(PoisonError::into_inner);
        match written {
            Ok(()) => *has_failed = false,
            Err(error) if !*has_failed => {
                *has_failed = true;
                let folder = self.folder.display();
                tracing::warn!(%room, %folder, %error, "room not saved");
            }
            Err(_) => {}
        }
    }
}

/// The files of rooms, the one written last first.
fn newest(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<(SystemTime, PathBuf)> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|it| it == "json"))
        .filter_map(|path| Some((fs::metadata(&path).ok()?.modified().ok()?, path)))
        .collect();
    files.sort_by(|a, b| b.cmp(a));
    files.into_iter().map(|(_, path)| path).collect()
}

fn read(path: &Path) -> Result<SavedRoom, String> {
    let bytes = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if bytes > SAVED_ROOM_BYTES {
        return Err(format!("it is longer than {SAVED_ROOM_BYTES} bytes"));
    }
    let text = fs::read(path).map_err(|error| error.to_string())?;
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}
