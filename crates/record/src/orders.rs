//! What the thread that records is told, and what it tells.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use media_api::{Name, RoomId, Seat, Tap};

use crate::clip::{Clip, ClipError, ClipOrder};
use crate::disk::Done;
use crate::hls::Cut;
use crate::recording::Settings;
use crate::still::Still;
use crate::window::Entry;

/// A recording as it begins.
#[derive(Debug, Clone)]
pub struct Start {
    /// The room.
    pub room: RoomId,
    /// Names the recording.
    pub id: String,
    /// Where its files are.
    pub folder: PathBuf,
    /// How it is recorded.
    pub settings: Settings,
    /// So many bytes of the disk are left free: the recording ends before.
    pub min_free: u64,
}

/// A room that is live.
#[derive(Debug, Clone)]
pub struct Keep {
    /// The room.
    pub room: RoomId,
    /// A folder that nothing else is in, for its past.
    pub folder: PathBuf,
    /// How its past is kept, if it is.
    pub past: Option<Past>,
    /// Whether pictures are made of it.
    pub has_stills: bool,
}

/// How the past of a room is kept.
#[derive(Debug, Clone)]
pub struct Past {
    /// How far it reaches back.
    pub span: Duration,
    /// The most bytes.
    pub max_bytes: u64,
}

/// What of all rooms is bounded.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// The most bytes of the past of all rooms.
    pub max_past_bytes: u64,
    /// So many bytes of the disk are left free by the past.
    pub min_free: u64,
}

/// What becomes of rooms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The room's tap is to be opened, changed or closed.
    Tap {
        /// The room.
        room: RoomId,
        /// What it is to give.
        tap: Option<Tap>,
    },
    /// What there is of a room as HLS has changed.
    Hls {
        /// The room.
        room: RoomId,
        /// How.
        cut: Cut,
    },
    /// There is a new picture of a room.
    Still {
        /// The room.
        room: RoomId,
        /// The picture.
        still: Still,
    },
    /// A keyframe of this stream is needed.
    Keyframe {
        /// The room.
        room: RoomId,
        /// Whose stream.
        seat: Seat,
        /// Which stream.
        ssrc: u32,
    },
    /// A file begins. Its length and its bytes are not known yet.
    Begun {
        /// Of which recording.
        id: String,
        /// The file.
        file: FileInfo,
    },
    /// A file is whole.
    File {
        /// Of which recording.
        id: String,
        /// The file.
        file: FileInfo,
    },
    /// A part of a recording is lost. A file could not be written any further: the recording goes on with another in a moment,
    /// and what was written of this one is made whole and told as a file, when that can be done. Or the disk does not keep up:
    /// the file goes on behind a gap.
    Failed {
        /// Of which recording.
        id: String,
        /// In the words of the system.
        error: String,
    },
    /// A recording is over; all of its files were told.
    Over {
        /// Which recording.
        id: String,
        /// Why.
        why: Why,
    },
}

/// Why a recording is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It was ended, or another began in the room.
    Stopped,
    /// The disk has no more space than is to be left.
    DiskFull,
}

/// What of a room is in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// The host's best layer, and its sound.
    Host,
    /// Another layer of the host, and its sound.
    Layer(Name),
    /// The host's second picture.
    Second,
    /// A guest, from 0.
    Guest(u8),
}

impl Of {
    /// As it stands in the name of a file; nothing for the host's best layer.
    pub fn suffix(&self) -> String {
        match self {
            Self::Host => String::new(),
            Self::Layer(rid) => {
                let safe = |it: char| if it.is_ascii_alphanumeric() { it } else { '_' };
                format!("-layer-{}", rid.as_str().chars().map(safe).collect::<String>())
            }
            Self::Second => "-second".into(),
            Self::Guest(n) => format!("-guest-{}", n + 1),
        }
    }
}

/// A file of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileInfo {
    /// Its name in the folder of the recording.
    pub name: String,
    /// What is in it.
    pub of: Of,
    /// When it begins, since the recording began.
    pub at: Duration,
    /// How long it is.
    pub duration: Duration,
    /// Its length, in bytes.
    pub bytes: u64,
    /// The sides of the picture, if it has one.
    pub size: Option<(u32, u32)>,
}

/// Told what became of a clip.
pub(crate) type ClipReply = Box<dyn FnOnce(Result<Clip, ClipError>) + Send>;

/// Told where the past of a room can be played from.
pub(crate) type EntryReply = Box<dyn FnOnce(Option<Entry>) + Send>;

/// What the thread is told.
pub(crate) enum Message {
    Keep(Box<Keep>),
    Release(RoomId),
    Start(Box<Start>),
    Stop(RoomId),
    Hls(RoomId, bool),
    Entry(RoomId, Duration, EntryReply),
    Clip(Box<ClipOrder>, ClipReply),
    Done(Done),
    Quit,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Message")
    }
}
