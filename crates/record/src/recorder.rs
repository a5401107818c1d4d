//! The thread that records rooms: packets in, jobs for the disk out.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use media_api::{RoomId, TapPacket};

use crate::container::Format;
use crate::disk::{Disk, Done, FileId, Job, MAX_WAITING};
use crate::recording::{Output, Recording, Settings};
use crate::tap::TapQueue;

/// How often packets are looked for while something is recorded.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How often recordings are told that time goes on.
const TICK_EVERY: Duration = Duration::from_millis(500);

/// The most orders and reports that wait.
const MAX_MESSAGES: usize = 1_024;

/// Packets that came so long before a recording was begun are left of one before it: a room keeps less.
const KEPT_FOR: Duration = Duration::from_secs(5);

/// How long the end waits for the disk.
const QUIT_WITHIN: Duration = Duration::from_secs(5);

/// A file that could not be written is followed by another after this time.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

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

/// What becomes of recordings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
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

/// Records rooms. Dropping it ends all recordings, and waits until they are on disk.
#[derive(Debug)]
pub struct Recorder {
    messages: Option<SyncSender<Message>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
enum Message {
    Start(Box<Start>),
    Stop(RoomId),
    Done(Done),
    Quit,
}

impl Recorder {
    /// Starts the threads. `tell` is called on one of them, and must not block it for long.
    ///
    /// # Errors
    /// When no thread can be had.
    pub fn start(tap: TapQueue, tell: impl Fn(Event) + Send + 'static) -> io::Result<Self> {
        let (messages, inbox) = sync_channel(MAX_MESSAGES);
        let done = messages.clone();
        let disk = Disk::start(move |it| _ = done.send(Message::Done(it)))?;
        let thread = std::thread::Builder::new().name("record".into()).spawn(move || {
            let mut worker =
                Worker { tap, tell, disk, rooms: HashMap::new(), files: HashMap::new(), next: 1 };
            worker.run(&inbox);
        })?;
        Ok(Self { messages: Some(messages), thread: Some(thread) })
    }

    /// Begins to record a room whose tap is open. A recording of the room that is under way ends.
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

/// The state of the thread.
struct Worker<T> {
    tap: TapQueue,
    tell: T,
    disk: Disk,
    rooms: HashMap<RoomId, Room>,
    /// Files that are not on disk as a whole.
    files: HashMap<FileId, OpenFile>,
    next: FileId,
}

/// A room that is recorded.
struct Room {
    start: Start,
    recording: Recording,
    file: Option<FileId>,
    since: Instant,
    /// When a file is tried again.
    again_at: Option<Instant>,
    ticked_at: Instant,
}

/// A file that is written.
struct OpenFile {
    recording: String,
    info: FileInfo,
}

impl<T: Fn(Event)> Worker<T> {
    fn run(&mut self, inbox: &Receiver<Message>) {
        loop {
            let is_idle = self.rooms.is_empty();
            // Nothing is looked for while nothing is recorded.
            let wait = if is_idle { Duration::from_secs(3_600) } else { LOOK_EVERY };
            match inbox.recv_timeout(wait) {
                Ok(Message::Quit) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(message) => self.handle(message),
                Err(RecvTimeoutError::Timeout) => {}
            }
            self.take_packets();
            self.tick(Instant::now());
        }
        self.take_packets();
        let rooms: Vec<RoomId> = self.rooms.keys().copied().collect();
        rooms.into_iter().for_each(|room| self.end(room, Why::Stopped));
        while !self.files.is_empty() {
            match inbox.recv_timeout(QUIT_WITHIN) {
                Ok(Message::Done(done)) => self.done(done),
                Ok(_) => {}
                // A disk that stands still: its files are finished at the next start.
                Err(_) => break,
            }
        }
    }

    fn handle(&mut self, message: Message) {
        match message {
            Message::Start(start) => {
                let (room, settings) = (start.room, start.settings);
                self.end(room, Why::Stopped);
                let (start, recording) = (*start, Recording::new(settings));
                let now = Instant::now();
                let recorded = Room {
                    start,
                    recording,
                    file: None,
                    since: now,
                    again_at: None,
                    ticked_at: now,
                };
                self.rooms.insert(room, recorded);
            }
            Message::Stop(room) => {
                self.take_packets();
                self.end(room, Why::Stopped);
            }
            Message::Done(done) => self.done(done),
            Message::Quit => {}
        }
    }

    fn take_packets(&mut self) {
        let is_behind = self.disk.waiting() > MAX_WAITING / 2;
        for room in self.rooms.values_mut() {
            room.recording.hold(is_behind || room.again_at.is_some());
        }
        while let Some(mut batch) = self.tap.take() {
            for packet in batch.drain(..) {
                let room = packet.room;
                self.take(room, packet);
            }
            self.tap.give_back(batch);
        }
    }

    fn take(&mut self, id: RoomId, packet: TapPacket) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        if room.since.saturating_duration_since(packet.arrived) > KEPT_FOR {
            return;
        }
        room.recording.push(packet);
        self.drain(id);
    }

    fn tick(&mut self, now: Instant) {
        let is_due = |it: &Room| now.saturating_duration_since(it.ticked_at) >= TICK_EVERY;
        let due = self.rooms.iter().filter(|(_, it)| is_due(it)).map(|(id, _)| *id);
        for id in due.collect::<Vec<_>>() {
            let Some(room) = self.rooms.get_mut(&id) else { continue };
            room.ticked_at = now;
            room.again_at = room.again_at.filter(|at| now < *at);
            room.recording.tick(now);
            if is_nearly_full(&room.start) {
                self.end(id, Why::DiskFull);
            } else {
                self.drain(id);
            }
        }
    }

    /// Does what the recording of a room asks for.
    fn drain(&mut self, id: RoomId) {
        while let Some(room) = self.rooms.get_mut(&id)
            && let Some(output) = room.recording.poll()
        {
            match output {
                Output::Keyframe(ssrc) => (self.tell)(Event::Keyframe { room: id, ssrc }),
                Output::Begin { number, format, at, size } => {
                    let name = format!("{number:03}.{}", extension(format));
                    let path = room.start.folder.join(&name);
                    let info = FileInfo { name, at, duration: Duration::ZERO, bytes: 0, size };
                    let file = self.next;
                    self.next += 1;
                    room.file = Some(file);
                    let recording = room.start.id.clone();
                    self.files.insert(file, OpenFile { recording, info });
                    self.job(id, file, Job::Begin(file, path));
                }
                Output::Write(bytes) => {
                    if let Some(file) = room.file {
                        self.job(id, file, Job::Write(file, bytes));
                    }
                }
                Output::End(finished) => {
                    let Some(file) = room.file.take() else { continue };
                    if let Some(open) = self.files.get_mut(&file) {
                        open.info.duration = finished.duration;
                    }
                    self.job(id, file, Job::End(file, finished));
                }
            }
        }
    }

    fn job(&mut self, room: RoomId, file: FileId, job: Job) {
        if !self.disk.send(job) {
            let error = "the disk does not keep up".to_owned();
            self.failed(Some(room), file, error);
        }
    }

    fn done(&mut self, done: Done) {
        match done {
            Done::Whole(file, bytes) => {
                let Some(OpenFile { recording, info }) = self.files.remove(&file) else { return };
                (self.tell)(Event::File {
                    id: recording.clone(),
                    file: FileInfo { bytes, ..info },
                });
                self.check_over(&recording, Why::Stopped);
            }
            Done::Failed(file, error) => {
                let of = |it: &(&RoomId, &Room)| it.1.file == Some(file);
                let room = self.rooms.iter().find(of).map(|(id, _)| *id);
                self.failed(room, file, error.to_string());
            }
        }
    }

    /// A file is given up. The room's recording goes on with another in a moment.
    fn failed(&mut self, room: Option<RoomId>, file: FileId, error: String) {
        let Some(OpenFile { recording, .. }) = self.files.remove(&file) else { return };
        if let Some(room) = room.and_then(|it| self.rooms.get_mut(&it)) {
            room.file = None;
            room.recording.abandon();
            room.recording.hold(true);
            room.again_at = Some(Instant::now() + AGAIN_AFTER);
        }
        (self.tell)(Event::Failed { id: recording.clone(), error });
        self.check_over(&recording, Why::Stopped);
    }

    /// Ends the recording of a room, if there is one.
    fn end(&mut self, id: RoomId, why: Why) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        room.recording.finish();
        self.drain(id);
        if let Some(room) = self.rooms.remove(&id) {
            self.check_over(&room.start.id, why);
        }
    }

    /// Tells that a recording is over, once nothing of it is under way.
    fn check_over(&self, recording: &str, why: Why) {
        let is_open = self.files.values().any(|it| it.recording == recording);
        let is_going_on = self.rooms.values().any(|it| it.start.id == recording);
        if !is_open && !is_going_on {
            (self.tell)(Event::Over { id: recording.to_owned(), why });
        }
    }
}

/// Whether the disk has less free space than is to be left.
#[cfg(unix)]
fn is_nearly_full(start: &Start) -> bool {
    let Some(folder) = start.folder.ancestors().find(|it| it.exists()) else { return false };
    rustix::fs::statvfs(folder).is_ok_and(|it| it.f_bavail * it.f_frsize < start.min_free)
}

#[cfg(not(unix))]
fn is_nearly_full(_: &Start) -> bool {
    false
}

fn extension(format: Format) -> &'static str {
    match format {
        Format::WebM => "webm",
        Format::Mp4 => "mp4",
    }
}
