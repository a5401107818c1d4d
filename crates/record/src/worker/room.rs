//! What is done with the packets of one room: its recording, its past, pictures of it.

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use media_api::{RoomId, Seat, Tap, TapPacket};

use super::files::OpenFile;
use super::recorded::{MAX_OPENING, Recorded, is_scarce};
use super::{AGAIN_AFTER, KEPT_AFTER, Out, TICK_EVERY};
use crate::disk::{FileId, Job};
use crate::hls::{Packager, packager::Output as Packaged};
use crate::orders::{Event, Keep, Start, Why};
use crate::recording::Layers;
use crate::still::Stills;
use crate::window::{Entry, Span, Step, Window};

/// Packets that came so long before a room was live are left of its broadcast before: a room keeps less.
const KEPT_FOR: Duration = Duration::from_secs(5);

/// A recording that is asked for so soon after a room went live begins with it.
const RECORDED_WITHIN: Duration = Duration::from_secs(2);

/// How far back HLS reaches where no past is kept.
const HLS_FOR: Duration = Duration::from_secs(60);

/// A room.
pub(super) struct Room {
    id: RoomId,
    is_live: bool,
    /// When it went live, and what came since, for a recording that begins a moment later; at most [`MAX_OPENING`].
    opening: Option<(Instant, Vec<TapPacket>)>,
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
            opening: None,
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
        self.opening = self.recorded.is_none().then(|| (now, Vec::new()));
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
        self.opening = None;
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
        let mut recorded = Recorded::new(self.id, start, now);
        for packet in self.opening.take().map(|(_, it)| it).unwrap_or_default() {
            recorded.push(packet, out);
        }
        self.recorded = Some(recorded);
        self.set_tap(out);
    }

    /// Its recording ends, if there is one.
    pub(super) fn stop<T: Fn(Event)>(&mut self, why: Why, out: &mut Out<T>) {
        let Some(mut recorded) = self.recorded.take() else { return };
        recorded.finish(out);
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
            recorded.hold(is_behind, now, out);
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
        match (&mut self.recorded, &mut self.opening) {
            (Some(recorded), _) if is_of(recorded.since) => recorded.push(packet, out),
            (None, Some((since, opening))) if is_of(*since) && opening.len() < MAX_OPENING => {
                opening.push(packet);
            }
            _ => {}
        }
    }

    /// Time goes on. Returns whether there was something to do.
    pub(super) fn tick<T: Fn(Event)>(&mut self, now: Instant, out: &mut Out<T>) -> bool {
        if now.saturating_duration_since(self.ticked_at) < TICK_EVERY {
            return false;
        }
        self.ticked_at = now;
        let is_over = |since: Instant| now.saturating_duration_since(since) >= RECORDED_WITHIN;
        self.opening.take_if(|(since, _)| is_over(*since));
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
            (out.tell)(Event::Keyframe { room: self.id, seat: Seat::HOST, ssrc });
        }
        if let Some(recorded) = &mut self.recorded {
            recorded.tick(now, out);
            if is_scarce(&recorded.start.folder, recorded.start.min_free) {
                self.stop(Why::DiskFull, out);
            }
        }
        true
    }

    /// A file is given up. What it was of goes on with another in a moment.
    pub(super) fn failed(&mut self, file: FileId) {
        let again_at = Some(Instant::now() + AGAIN_AFTER);
        if let Some(recorded) = &mut self.recorded {
            recorded.failed(file);
        }
        if let Some(past) = self.past.as_mut().filter(|it| it.file == Some(file)) {
            past.file = None;
            past.window.abandon();
            past.is_held = true;
            past.again_at = again_at;
        }
    }

    /// Does what the past asks for.
    fn drain_past<T: Fn(Event)>(&mut self, now: Instant, out: &mut Out<T>) {
        while let Some(past) = &mut self.past
            && let Some(step) = past.window.poll()
        {
            let is_taken = match step {
                Step::Keyframe(ssrc) => {
                    (out.tell)(Event::Keyframe { room: self.id, seat: Seat::HOST, ssrc });
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
                Packaged::Keyframe(ssrc) => {
                    (out.tell)(Event::Keyframe { room, seat: Seat::HOST, ssrc })
                }
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
            (None, Some(it)) if it.start.settings.layers == Layers::All => Some(Tap::All),
            (None, Some(_)) => Some(Tap::Best),
            (None, None) => is_kept.then_some(Tap::Passing),
        };
        if self.tap != tap {
            self.tap = tap;
            (out.tell)(Event::Tap { room: self.id, tap });
        }
    }
}
