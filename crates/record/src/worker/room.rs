//! What is done with the packets of one room: its recording, its past, pictures of it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use media_api::{RoomId, Tap, TapPacket};

use super::files::{OpenFile, RecordedFile};
use super::{KEPT_AFTER, Out, TICK_EVERY};
use crate::disk::{FileId, Job};
use crate::hls::{Packager, packager::Output as Packaged};
use crate::orders::{Event, FileInfo, Keep, Start, Why};
use crate::recording::{Output, Recording};
use crate::still::Stills;
use crate::window::{Entry, Span, Step, Window};

/// Packets that came so long before a room was live are left of its broadcast before: a room keeps less.
const KEPT_FOR: Duration = Duration::from_secs(5);

/// A file that could not be written is followed by another after this time.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// How far back HLS reaches where no past is kept.
const HLS_FOR: Duration = Duration::from_secs(60);

/// That the disk does not keep up is told so often at most.
const TELL_EVERY: Duration = Duration::from_secs(60);

const BEHIND: &str = "the disk does not keep up";

/// A room.
pub(super) struct Room {
    id: RoomId,
    is_live: bool,
    /// When a recording, or the keeping of its past began.
    recorded: Option<Recorded>,
    past: Option<Kept>,
    stills: Option<Stills>,
    packager: Option<Packager>,
    /// Where its past is, and how far it reaches back.
    folder: PathBuf,
    span: Duration,
    /// What its tap gives.
    tap: Option<Tap>,
    ticked_at: Instant,
}

/// Its recording.
struct Recorded {
    start: Start,
    recording: Recording,
    file: Option<FileId>,
    since: Instant,
    /// When a file is tried again.
    again_at: Option<Instant>,
    /// When it was told that the disk does not keep up.
    told_at: Option<Instant>,
}

/// Its past.
struct Kept {
    window: Window,
    file: Option<FileId>,
    since: Instant,
    /// When a file is tried again.
    again_at: Option<Instant>,
    /// Whether packets are left out: the disk does not take them.
    is_held: bool,
    /// When it is forgotten.
    until: Option<Instant>,
}

impl Room {
    pub(super) fn new(id: RoomId, now: Instant) -> Self {
        Self {
            id,
            is_live: false,
            recorded: None,
            past: None,
            stills: None,
            packager: None,
            folder: PathBuf::new(),
            span: Duration::ZERO,
            tap: None,
            ticked_at: now,
        }
    }

    /// Whether nothing is to be done any more.
    pub(super) fn is_over(&self) -> bool {
        !self.is_live && self.recorded.is_none() && self.past.is_none()
    }

    /// It is live.
    pub(super) fn keep<T: Fn(Event)>(&mut self, keep: Keep, now: Instant, out: &mut Out<T>) {
        self.forget(out);
        self.is_live = true;
        self.folder = keep.folder;
        self.span = keep.past.as_ref().map_or(HLS_FOR, |it| it.span);
        self.past = keep.past.map(|it| Kept {
            window: Window::new(self.folder.clone(), it.span, it.max_bytes, now),
            file: None,
            since: now,
            again_at: None,
            is_held: false,
            until: None,
        });
        self.stills = keep.has_stills.then(Stills::default);
        self.set_tap(out);
    }

    /// It is not live any more.
    pub(super) fn release<T: Fn(Event)>(&mut self, now: Instant, out: &mut Out<T>) {
        self.is_live = false;
        self.end_package(out);
        self.stills = None;
        if let Some(past) = &mut self.past {
            past.until = Some(now + KEPT_AFTER);
            past.window.finish();
        }
        self.drain_past(now, out);
        self.set_tap(out);
    }

    /// It is packaged as HLS, or not any more.
    pub(super) fn package<T: Fn(Event)>(&mut self, on: bool, now: Instant, out: &mut Out<T>) {
        if on && self.is_live && self.packager.is_none() {
            let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let unix_ms = u64::try_from(since_epoch.as_millis()).unwrap_or_default();
            self.packager = Some(Packager::new(self.span, now, unix_ms));
        } else if !on {
            self.end_package(out);
        }
        self.set_tap(out);
    }

    fn end_package<T: Fn(Event)>(&mut self, out: &mut Out<T>) {
        if let Some(packager) = &mut self.packager {
            packager.finish();
        }
        self.drain_package(out);
        self.packager = None;
    }

    /// Its past is deleted.
    pub(super) fn forget<T: Fn(Event)>(&mut self, out: &mut Out<T>) {
        self.end_package(out);
        if let Some(file) = self.past.take().and_then(|it| it.file) {
            out.files.close(file);
        }
        if self.folder != PathBuf::new() {
            _ = out.files.job(Job::RemoveFolder(std::mem::take(&mut self.folder)));
        }
    }

    /// It is recorded. A recording that is under way ends.
    pub(super) fn start<T: Fn(Event)>(&mut self, start: Start, now: Instant, out: &mut Out<T>) {
        self.stop(Why::Stopped, out);
        let recording = Recording::new(start.settings);
        let (file, again_at, told_at) = (None, None, None);
        self.recorded = Some(Recorded { start, recording, file, since: now, again_at, told_at });
        self.set_tap(out);
    }

    /// Its recording ends, if there is one.
    pub(super) fn stop<T: Fn(Event)>(&mut self, why: Why, out: &mut Out<T>) {
        let Some(recorded) = &mut self.recorded else { return };
        recorded.recording.finish();
        self.drain_recording(out);
        let Some(recorded) = self.recorded.take() else { return };
        let id = recorded.start.id;
        out.files.set_ending(id.clone(), why);
        out.check_over(&id);
        self.set_tap(out);
    }

    /// A piece of its past.
    pub(super) fn span<T: Fn(Event)>(
        &mut self,
        at: Instant,
        now: Instant,
        out: &mut Out<T>,
    ) -> Option<Span> {
        self.past.as_mut()?.window.flush();
        self.drain_past(now, out);
        self.past.as_ref()?.window.span_from(at)
    }

    /// Where its past can be played from.
    pub(super) fn entry<T: Fn(Event)>(
        &mut self,
        at: Instant,
        now: Instant,
        out: &mut Out<T>,
    ) -> Option<Entry> {
        self.past.as_mut()?.window.flush();
        self.drain_past(now, out);
        self.past.as_ref()?.window.entry(at, self.id)
    }

    /// The bytes of its past.
    pub(super) fn past_bytes(&self) -> u64 {
        self.past.as_ref().map_or(0, |it| it.window.bytes())
    }

    /// Forgets the oldest of its past; whether there was something to forget.
    pub(super) fn forget_oldest<T: Fn(Event)>(&mut self, out: &mut Out<T>) -> bool {
        let is_shorter = self.past.as_mut().is_some_and(|it| it.window.forget());
        self.drain_past(Instant::now(), out);
        is_shorter
    }

    /// Whether the disk of its past has less free space than is to be left.
    pub(super) fn is_disk_scarce(&self, min_free: u64) -> bool {
        self.past.is_some() && is_scarce(&self.folder, min_free)
    }

    /// Leaves packets out from now on, or no more.
    pub(super) fn hold<T: Fn(Event)>(&mut self, is_behind: bool, now: Instant, out: &Out<T>) {
        if let Some(recorded) = &mut self.recorded {
            recorded.recording.hold(is_behind || recorded.again_at.is_some());
            let is_told = |at: Instant| now.saturating_duration_since(at) < TELL_EVERY;
            if is_behind && !recorded.told_at.is_some_and(is_told) {
                recorded.told_at = Some(now);
                let id = recorded.start.id.clone();
                (out.tell)(Event::Failed { id, error: BEHIND.into() });
            }
        }
        if let Some(past) = &mut self.past {
            past.is_held = is_behind || past.again_at.is_some();
        }
    }

    /// Takes a packet of its tap.
    pub(super) fn push<T: Fn(Event)>(&mut self, packet: TapPacket, out: &mut Out<T>) {
        let arrived = packet.arrived;
        let is_of = |since: Instant| since.saturating_duration_since(arrived) <= KEPT_FOR;
        if let Some(still) = self.stills.as_mut().and_then(|it| it.push(&packet)) {
            (out.tell)(Event::Still { room: self.id, still });
        }
        if let Some(past) = &mut self.past
            && is_of(past.since)
            && !past.is_held
            && past.until.is_none()
        {
            past.window.push(&packet);
            self.drain_past(arrived, out);
        }
        if let Some(packager) = &mut self.packager {
            packager.push(packet.clone());
            self.drain_package(out);
        }
        if let Some(recorded) = &mut self.recorded
            && is_of(recorded.since)
        {
            recorded.recording.push(packet);
            self.drain_recording(out);
        }
    }

    /// Time goes on. Returns whether there was something to do.
    pub(super) fn tick<T: Fn(Event)>(&mut self, now: Instant, out: &mut Out<T>) -> bool {
        if now.saturating_duration_since(self.ticked_at) < TICK_EVERY {
            return false;
        }
        self.ticked_at = now;
        if let Some(past) = &mut self.past {
            past.again_at = past.again_at.filter(|at| now < *at);
            past.window.tick(now);
            let is_over = past.until.is_some_and(|at| now >= at);
            if is_over { self.forget(out) } else { self.drain_past(now, out) }
        }
        if let Some(packager) = &mut self.packager {
            packager.tick(now);
            self.drain_package(out);
        }
        if let Some(ssrc) = self.stills.as_mut().and_then(|it| it.tick(now)) {
            (out.tell)(Event::Keyframe { room: self.id, ssrc });
        }
        if let Some(recorded) = &mut self.recorded {
            recorded.again_at = recorded.again_at.filter(|at| now < *at);
            recorded.recording.tick(now);
            if is_scarce(&recorded.start.folder, recorded.start.min_free) {
                self.stop(Why::DiskFull, out);
            } else {
                self.drain_recording(out);
            }
        }
        true
    }

    /// A file is given up. What it was of goes on with another in a moment.
    pub(super) fn failed(&mut self, file: FileId) {
        let again_at = Some(Instant::now() + AGAIN_AFTER);
        if let Some(recorded) = self.recorded.as_mut().filter(|it| it.file == Some(file)) {
            recorded.file = None;
            recorded.recording.abandon();
            recorded.recording.hold(true);
            recorded.again_at = again_at;
        }
        if let Some(past) = self.past.as_mut().filter(|it| it.file == Some(file)) {
            past.file = None;
            past.window.abandon();
            past.is_held = true;
            past.again_at = again_at;
        }
    }

    /// Does what the recording asks for.
    fn drain_recording<T: Fn(Event)>(&mut self, out: &mut Out<T>) {
        while let Some(recorded) = &mut self.recorded
            && let Some(output) = recorded.recording.poll()
        {
            let is_taken = match output {
                Output::Keyframe(ssrc) => {
                    (out.tell)(Event::Keyframe { room: self.id, ssrc });
                    true
                }
                Output::Begin { number, format, at, size } => {
                    let name = format!("{number:03}.{}", format.extension());
                    let path = recorded.start.folder.join(&name);
                    let info = FileInfo { name, at, duration: Duration::ZERO, bytes: 0, size };
                    let recording = recorded.start.id.clone();
                    let of = Some(RecordedFile { recording, info });
                    recorded.file = out.files.begin(path, OpenFile { room: self.id, recorded: of });
                    recorded.file.is_some()
                }
                Output::Write(bytes) => match recorded.file {
                    Some(file) => out.files.job(Job::Write(file, bytes)),
                    None => true,
                },
                Output::End(finished) => match recorded.file {
                    Some(file) => {
                        let is_taken = out.files.end(file, finished);
                        if is_taken {
                            recorded.file = None;
                        }
                        is_taken
                    }
                    None => true,
                },
            };
            if !is_taken {
                let id = recorded.start.id.clone();
                match recorded.file {
                    Some(file) => {
                        self.failed(file);
                        out.give_up(file, BEHIND);
                    }
                    None => {
                        recorded.recording.abandon();
                        recorded.again_at = Some(Instant::now() + AGAIN_AFTER);
                        recorded.recording.hold(true);
                        (out.tell)(Event::Failed { id, error: BEHIND.into() });
                    }
                }
            }
        }
    }

    /// Does what the past asks for.
    fn drain_past<T: Fn(Event)>(&mut self, now: Instant, out: &mut Out<T>) {
        while let Some(past) = &mut self.past
            && let Some(step) = past.window.poll()
        {
            let is_taken = match step {
                Step::Keyframe(ssrc) => {
                    (out.tell)(Event::Keyframe { room: self.id, ssrc });
                    true
                }
                Step::Begin(path) => {
                    past.file = out.files.begin(path, OpenFile { room: self.id, recorded: None });
                    past.file.is_some()
                }
                Step::Write(bytes) => {
                    past.file.is_none_or(|file| out.files.job(Job::Write(file, bytes)))
                }
                Step::Close => {
                    if let Some(file) = past.file.take() {
                        out.files.close(file);
                    }
                    true
                }
                // What is left goes with the folder.
                Step::Remove(path) => {
                    _ = out.files.job(Job::Remove(path));
                    true
                }
            };
            if !is_taken {
                if let Some(file) = past.file.take() {
                    out.files.close(file);
                }
                past.window.abandon();
                past.again_at = Some(now + AGAIN_AFTER);
                past.is_held = true;
            }
        }
    }

    /// Does what the packager asks for.
    fn drain_package<T: Fn(Event)>(&mut self, out: &mut Out<T>) {
        let Some(packager) = &mut self.packager else { return };
        let room = self.id;
        while let Some(output) = packager.poll() {
            match output {
                Packaged::Cut(cut) => (out.tell)(Event::Hls { room, cut }),
                Packaged::Keyframe(ssrc) => (out.tell)(Event::Keyframe { room, ssrc }),
                Packaged::Store { name, bytes, rendition, number } => {
                    out.files.store(self.folder.join(name), bytes, (room, rendition, number));
                }
                Packaged::Remove(name) => {
                    _ = out.files.job(Job::Remove(self.folder.join(name)));
                }
            }
        }
    }

    /// Has the tap give what is needed.
    fn set_tap<T: Fn(Event)>(&mut self, out: &Out<T>) {
        let is_kept = self.is_live && (self.past.is_some() || self.stills.is_some());
        let tap = match (&self.packager, &self.recorded) {
            (Some(_), _) => Some(Tap::All),
            (None, Some(_)) => Some(Tap::Best),
            (None, None) => is_kept.then_some(Tap::Passing),
        };
        if self.tap != tap {
            self.tap = tap;
            (out.tell)(Event::Tap { room: self.id, tap });
        }
    }
}

/// Whether the disk has less free space than is to be left.
#[cfg(unix)]
fn is_scarce(folder: &Path, min_free: u64) -> bool {
    let Some(folder) = folder.ancestors().find(|it| it.exists()) else { return false };
    rustix::fs::statvfs(folder).is_ok_and(|it| it.f_bavail * it.f_frsize < min_free)
}

#[cfg(not(unix))]
fn is_scarce(_: &Path, _: u64) -> bool {
    false
}
