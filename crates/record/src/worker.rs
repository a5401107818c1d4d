//! The thread that records rooms and keeps their past: packets in, jobs for the disk out.
//!
//! | file | what |
//! | --- | --- |
//! | `room.rs` | what is done with the packets of one room |
//! | `recorded.rs` | the recording of a room: its host, layers of it, its guests |
//! | `clips.rs` | the thread that writes clips |
//! | `files.rs` | files on their way to the disk |

mod clips;
mod files;
mod recorded;
mod room;

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use media_api::RoomId;

pub(crate) use clips::Clips;
use files::{Files, RecordedFile};
use room::Room;

use crate::clip::{ClipError, ClipOrder};
use crate::disk::{Disk, Done, FileId, Job, MAX_WAITING, Mended, QUIT_WITHIN, Then};
use crate::hls::Cut;
use crate::orders::{Bounds, ClipReply, EntryReply, Event, FileInfo, Keep, Message, Start, Why};
use crate::tap::TapQueue;

/// How often packets are looked for while a room is live.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How often rooms are told that time goes on.
const TICK_EVERY: Duration = Duration::from_millis(500);

/// How long the past of a broadcast is kept when it is over.
pub const KEPT_AFTER: Duration = Duration::from_secs(120);

/// A file that could not be written is followed by another after this time.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// The state of the thread.
pub(crate) struct Worker<T> {
    tap: TapQueue,
    out: Out<T>,
    clips: Clips,
    bounds: Bounds,
    rooms: HashMap<RoomId, Room>,
}

/// Where what rooms make goes.
pub(crate) struct Out<T> {
    tell: T,
    files: Files,
}

impl<T: Fn(Event)> Worker<T> {
    pub(crate) fn new(tap: TapQueue, tell: T, disk: Disk, clips: Clips, bounds: Bounds) -> Self {
        let out = Out { tell, files: Files::new(disk) };
        Self { tap, out, clips, bounds, rooms: HashMap::new() }
    }

    pub(crate) fn run(&mut self, inbox: &Receiver<Message>) {
        loop {
            // Nothing is looked for while no room is live.
            let wait = if self.rooms.is_empty() { Duration::from_secs(3_600) } else { LOOK_EVERY };
            match inbox.recv_timeout(wait) {
                Ok(Message::Quit) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(message) => self.handle(message, Instant::now()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            self.take_packets();
            self.tick(Instant::now());
        }
        self.take_packets();
        for (_, mut room) in std::mem::take(&mut self.rooms) {
            room.stop(Why::Stopped, &mut self.out);
            room.forget(&mut self.out);
        }
        while self.out.files.are_awaited() {
            match inbox.recv_timeout(QUIT_WITHIN) {
                Ok(Message::Done(done)) => self.done(done),
                Ok(_) => {}
                // A disk that stands still: its files are finished at the next start.
                Err(_) => break,
            }
        }
    }

    fn handle(&mut self, message: Message, now: Instant) {
        match message {
            Message::Keep(keep) => self.keep(*keep, now),
            Message::Release(room) => {
                self.take_packets();
                if let Some(room) = self.rooms.get_mut(&room) {
                    room.release(now, &mut self.out);
                }
            }
            Message::Start(start) => self.start(*start, now),
            Message::Stop(room) => {
                self.take_packets();
                if let Some(room) = self.rooms.get_mut(&room) {
                    room.stop(Why::Stopped, &mut self.out);
                }
            }
            Message::Hls(room, on) => {
                self.take_packets();
                if let Some(room) = self.rooms.get_mut(&room) {
                    room.package(on, now, &mut self.out);
                }
            }
            Message::Entry(room, ago, reply) => self.entry(room, ago, reply, now),
            Message::Clip(order, reply) => self.clip(*order, reply, now),
            Message::Done(done) => self.done(done),
            Message::Quit => {}
        }
        self.rooms.retain(|_, room| !room.is_over());
    }

    fn keep(&mut self, keep: Keep, now: Instant) {
        let room = self.rooms.entry(keep.room).or_insert_with(|| Room::new(keep.room, now));
        room.keep(keep, now, &mut self.out);
    }

    fn start(&mut self, start: Start, now: Instant) {
        let room = self.rooms.entry(start.room).or_insert_with(|| Room::new(start.room, now));
        room.start(start, now, &mut self.out);
    }

    /// The clip is read once all that came so far is in files.
    fn clip(&mut self, order: ClipOrder, reply: ClipReply, now: Instant) {
        self.take_packets();
        let at = now.checked_sub(order.last).unwrap_or(now);
        let span =
            self.rooms.get_mut(&order.room).and_then(|room| room.span(at, now, &mut self.out));
        let Some(span) = span else { return reply(Err(ClipError::NoPast)) };
        let clips = self.clips.clone();
        let then = Then(Box::new(move || clips.make(span, order, reply)));
        _ = self.out.files.job(Job::Then(then));
    }

    /// The place is told once all that came so far is in files.
    fn entry(&mut self, room: RoomId, ago: Duration, reply: EntryReply, now: Instant) {
        self.take_packets();
        let at = now.checked_sub(ago).unwrap_or(now);
        let room = self.rooms.get_mut(&room);
        let entry = room.and_then(|room| room.entry(at, now, &mut self.out));
        let then = Then(Box::new(move || reply(entry)));
        _ = self.out.files.job(Job::Then(then));
    }

    fn take_packets(&mut self) {
        let is_behind = self.out.files.waiting() > MAX_WAITING / 2;
        let now = Instant::now();
        for room in self.rooms.values_mut() {
            room.hold(is_behind, now, &self.out);
        }
        while let Some(mut batch) = self.tap.take() {
            for packet in batch.drain(..) {
                if let Some(room) = self.rooms.get_mut(&packet.room) {
                    room.push(packet, &mut self.out);
                }
            }
            self.tap.give_back(batch);
        }
    }

    fn tick(&mut self, now: Instant) {
        let mut has_ticked = false;
        for room in self.rooms.values_mut() {
            has_ticked |= room.tick(now, &mut self.out);
        }
        if has_ticked {
            self.rooms.retain(|_, room| !room.is_over());
            self.out.files.retry(now);
            self.make_way();
        }
    }

    /// The past of all rooms takes no more than it may: the largest loses its oldest.
    fn make_way(&mut self) {
        let is_scarce = self.rooms.values().any(|it| it.is_disk_scarce(self.bounds.min_free));
        let mut may_stay = if is_scarce { 0 } else { self.bounds.max_past_bytes };
        loop {
            let total: u64 = self.rooms.values().map(Room::past_bytes).sum();
            if total <= may_stay {
                break;
            }
            let largest = self.rooms.values_mut().max_by_key(|it| it.past_bytes());
            let is_shorter = largest.is_some_and(|it| it.forget_oldest(&mut self.out));
            if !is_shorter {
                break;
            }
            // A disk that is nearly full is looked at again before more is deleted.
            if is_scarce {
                may_stay = u64::MAX;
            }
        }
    }

    fn done(&mut self, done: Done) {
        match done {
            Done::Closed(file) => self.out.closed(file),
            Done::Whole(file, bytes) => self.out.whole(file, bytes),
            Done::Mended(file, mended) => self.out.mended(file, mended),
            Done::Failed(file, _) if self.out.files.is_mended(file) => self.out.not_mended(file),
            Done::Failed(file, error) => {
                let room = self.out.give_up(file, &error.to_string());
                if let Some(room) = room.and_then(|it| self.rooms.get_mut(&it)) {
                    room.failed(file);
                }
            }
        }
    }
}

impl<T: Fn(Event)> Out<T> {
    /// A file is written: a segment of HLS need not be in memory any more.
    fn closed(&mut self, file: FileId) {
        if let Some((room, rendition, number)) = self.files.segment(file) {
            (self.tell)(Event::Hls { room, cut: Cut::Stored { rendition, number } });
        }
    }

    /// A file is on disk as a whole.
    fn whole(&mut self, file: FileId, bytes: u64) {
        let recorded = self.files.remove(file).and_then(|it| it.recorded);
        let Some(RecordedFile { recording, info }) = recorded else { return };
        let file = FileInfo { bytes, ..info };
        (self.tell)(Event::File { id: recording.clone(), file });
        self.check_over(&recording);
    }

    /// A file is not written any more; the room that it was of. What was written of a recording is made whole.
    fn give_up(&mut self, file: FileId, error: &str) -> Option<RoomId> {
        let given_up = self.files.remove(file)?;
        let room = given_up.room;
        match &given_up.recorded {
            Some(RecordedFile { recording: id, .. }) => {
                (self.tell)(Event::Failed { id: id.clone(), error: error.into() });
                self.files.mend(file, given_up);
            }
            None => {
                self.files.close(file);
                tracing::warn!(?room, error, "the past of a room has a gap");
            }
        }
        Some(room)
    }

    /// What was written of a file that was given up is whole, if there was something.
    fn mended(&mut self, file: FileId, mended: Option<Mended>) {
        let recorded = self.files.remove(file).and_then(|it| it.recorded);
        let Some(RecordedFile { recording, info }) = recorded else { return };
        if let Some(Mended { duration, bytes }) = mended {
            let file = FileInfo { duration: duration.unwrap_or_default(), bytes, ..info };
            (self.tell)(Event::File { id: recording.clone(), file });
        }
        self.check_over(&recording);
    }

    /// A file that was given up cannot be made whole now.
    fn not_mended(&mut self, file: FileId) {
        if let Some(recording) = self.files.not_mended(file, Instant::now()) {
            self.check_over(&recording);
        }
    }

    /// Tells that a recording is over, once nothing of it is under way.
    fn check_over(&mut self, recording: &str) {
        if let Some(why) = self.files.over(recording) {
            (self.tell)(Event::Over { id: recording.to_owned(), why });
        }
    }
}
