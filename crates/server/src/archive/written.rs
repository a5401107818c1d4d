//! What is written down of a recording, and its files when a crash cut them off.

use std::path::{Path, PathBuf};
use std::time::Duration;

use record::{FileInfo, Of};
use serde::{Deserialize, Serialize};

/// The files of one recording that are written down; a picture that turns without end makes no more.
const MAX_FILES: usize = 1_000;

/// What is written down of a recording.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record {
    /// Why it is over, in a word of `docs/operate.md`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
    /// What went wrong last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// Why the object store lacks files of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) waits: Option<String>,
    /// What the broadcast was called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    /// The files that are whole, in the order in which they began.
    pub(crate) files: Vec<RecordedFile>,
    /// Those that are written, or were cut off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) begun: Vec<RecordedFile>,
}

/// A file of a recording.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecordedFile {
    /// Its name.
    pub(crate) name: String,
    /// When it begins, in seconds since the recording began.
    pub(crate) at: f64,
    /// How long it is, in seconds.
    pub(crate) duration_s: f64,
    /// Its length.
    pub(crate) bytes: u64,
    /// The sides of the picture in pixels, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) width: Option<u32>,
    /// The same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) height: Option<u32>,
    /// Which simulcast layer of the host is in it; none for the best.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) layer: Option<String>,
    /// Which guest is in it, from 1; none for the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) guest: Option<u8>,
    /// Whether the host's second picture is in it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) second: bool,
    /// The SHA-256 of its bytes, in hexadecimal digits; none before it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sha256: Option<String>,
    /// Whether it is in the object store of `--record-to`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) stored: bool,
}

impl Record {
    /// How long what the host sent is.
    pub(crate) fn seconds(&self) -> f64 {
        self.files.iter().filter(|it| it.is_of_host()).map(|it| it.duration_s).sum()
    }

    /// The bytes of its files.
    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().map(|it| it.bytes).sum()
    }

    /// Whether it is over and the object store has all of it.
    pub(super) fn is_stored(&self) -> bool {
        self.why.is_some() && self.begun.is_empty() && self.files.iter().all(|it| it.stored)
    }

    /// A file begins.
    pub(super) fn begin(&mut self, file: RecordedFile) {
        if self.files.len() + self.begun.len() < MAX_FILES {
            self.begun.push(file);
        }
    }

    /// A file is whole.
    pub(super) fn end(&mut self, file: RecordedFile) {
        let Some(n) = self.begun.iter().position(|it| it.name == file.name) else { return };
        self.begun.remove(n);
        self.files.push(file);
        self.files.sort_by(|a, b| a.name.cmp(&b.name));
    }
}

impl RecordedFile {
    /// Whether it is the host's, in its best layer: what is played as the recording.
    pub(crate) fn is_of_host(&self) -> bool {
        self.layer.is_none() && self.guest.is_none() && !self.second
    }
}

impl From<FileInfo> for RecordedFile {
    fn from(info: FileInfo) -> Self {
        let FileInfo { name, of, at, duration, bytes, size } = info;
        Self {
            name,
            at: seconds(at),
            duration_s: seconds(duration),
            bytes,
            width: size.map(|it| it.0),
            height: size.map(|it| it.1),
            layer: match of {
                Of::Layer(rid) => Some(rid.to_string()),
                _ => None,
            },
            guest: match of {
                Of::Guest(n) => Some(n + 1),
                _ => None,
            },
            second: of == Of::Second,
            sha256: None,
            stored: false,
        }
    }
}

/// To a millisecond.
pub(super) fn seconds(time: Duration) -> f64 {
    time.as_millis() as f64 / 1_000.0
}

/// Finishes the files of a recording that were cut off.
pub(super) fn mended(folder: &Path, record: Record) -> Record {
    let Record { files: whole, mut begun, .. } = record.clone();
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Record { begun: Vec::new(), ..record };
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(|it| Some(it.ok()?.path())).collect();
    paths.sort();
    let mut files = whole;
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_media = name.ends_with(".mp4") || name.ends_with(".webm");
        if !is_media || files.iter().any(|it| it.name == name) {
            continue;
        }
        match record::mend(&path) {
            Ok(Some(mended)) => {
                let known = begun.iter().position(|it| it.name == name).map(|n| begun.remove(n));
                // A file of which no word was written down: it follows the one before.
                let end = files.last().map_or(0.0, |it: &RecordedFile| it.at + it.duration_s);
                let known =
                    known.unwrap_or(RecordedFile { name, at: end, ..RecordedFile::default() });
                files.push(RecordedFile {
                    duration_s: mended.duration.map_or(known.duration_s, seconds),
                    bytes: mended.bytes,
                    ..known
                });
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(name, %error, "a file of a recording cannot be finished"),
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Record { files, begun: Vec::new(), ..record }
}

fn is_false(it: &bool) -> bool {
    !it
}
