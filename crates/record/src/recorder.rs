//! The way to the thread that records rooms and keeps their past.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use media_api::{RoomId, Tap};

use crate::clip::{Clip, ClipError, ClipOrder};
use crate::disk::{Disk, Done};
use crate::hls::Cut;
use crate::playback::Entry;
use crate::recording::Settings;
use crate::still::Still;
use crate::tap::TapQueue;
use crate::worker::{Clips, Worker};

/// The most orders and reports that wait.
const MAX_MESSAGES: usize = 1_024;

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
    /// A keyframe of this stream of the host is needed.
    Keyframe {
        /// The room.
        room: RoomId,
        /// Which stream.
        ssrc: u32,
    },
    /// A file is whole.
    File {
        /// Of which recording.
        id: String,
        /// The file.
        file: FileInfo,
    },
    /// A file could not be written. The recording goes on with another in a moment.
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

/// A file that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileInfo {
    /// Its name in the folder of the recording.
    pub name: String,
    /// When it begins, since the recording began.
    pub at: Duration,
    /// How long it is.
    pub duration: Duration,
    /// Its length, in bytes.
    pub bytes: u64,
    /// The sides of the picture, if it has one.
    pub size: Option<(u32, u32)>,
}

/// Records rooms, and keeps their past. Dropping it ends all recordings, and waits until they are on disk.
#[derive(Debug)]
pub struct Recorder {
    messages: Option<SyncSender<Message>>,
    thread: Option<JoinHandle<()>>,
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

impl Recorder {
    /// Starts the threads. `tell` is called on one of them, and must not block it for long.
    ///
    /// # Errors
    /// When no thread can be had.
    pub fn start(
        tap: TapQueue,
        bounds: Bounds,
        tell: impl Fn(Event) + Send + 'static,
    ) -> io::Result<Self> {
        let (messages, inbox) = sync_channel(MAX_MESSAGES);
        let done = messages.clone();
        let disk = Disk::start(move |it| _ = done.send(Message::Done(it)))?;
        let clips = Clips::start()?;
        let thread = std::thread::Builder::new().name("record".into());
        let thread =
            thread.spawn(move || Worker::new(tap, tell, disk, clips, bounds).run(&inbox))?;
        Ok(Self { messages: Some(messages), thread: Some(thread) })
    }

    /// A room is live: its past is kept from now on, and pictures are made of it.
    pub fn keep(&self, keep: Keep) {
        self.send(Message::Keep(Box::new(keep)));
    }

    /// A room is not live any more. Its past is kept for two minutes more, unless it is live again.
    pub fn release(&self, room: RoomId) {
        self.send(Message::Release(room));
    }

    /// Begins to package a room that is live as HLS, or ends it.
    pub fn hls(&self, room: RoomId, on: bool) {
        self.send(Message::Hls(room, on));
    }

    /// Finds where the past of a room can be played from: near so much time ago. `reply` is called on another thread; it must
    /// not wait.
    pub fn entry(
        &self,
        room: RoomId,
        ago: Duration,
        reply: impl FnOnce(Option<Entry>) + Send + 'static,
    ) {
        self.send(Message::Entry(room, ago, Box::new(reply)));
    }

    /// Makes a clip of a room whose past is kept. `reply` is called on another thread.
    pub fn clip(
        &self,
        order: ClipOrder,
        reply: impl FnOnce(Result<Clip, ClipError>) + Send + 'static,
    ) {
        self.send(Message::Clip(Box::new(order), Box::new(reply)));
    }

    /// Begins to record a room. A recording of the room that is under way ends.
    pub fn record(&self, start: Start) {
        self.send(Message::Start(Box::new(start)));
    }

    /// Ends the recording of a room.
    pub fn stop(&self, room: RoomId) {
        self.send(Message::Stop(room));
    }

    fn send(&self, message: Message) {
        if let Some(messages) = &self.messages {
            _ = messages.send(message);
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.send(Message::Quit);
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}
