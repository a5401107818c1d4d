//! The recording of a room: its host, and beside it other layers of the host, its second picture, its guests, each in files
//! of its own.

use std::path::Path;
use std::time::{Duration, Instant};

use media_api::{MAX_GUESTS, RoomId, Seat, TapPacket};

use super::files::{OpenFile, RecordedFile};
use super::{AGAIN_AFTER, Out};
use crate::disk::{FileId, Job};
use crate::orders::{Event, FileInfo, Of, Start};
use crate::recording::{Layers, Output, Recording};

/// The most that is recorded of a room at once: the host, three layers of it, its second picture, its guests.
const MAX_TAKES: usize = 13;
const _: () = assert!(MAX_TAKES == 1 + 3 + 1 + MAX_GUESTS as usize);

/// A guest of whom nothing comes for this long is gone: its file ends.
const GONE_AFTER: Duration = Duration::from_secs(10);

/// The begin of a recording is looked for in the packets of this time. What was captured first may come later than others.
const OPENING: Duration = Duration::from_millis(200);

/// The most packets that wait for the begin to be known, or for a recording to be asked for: those of 40 Mbit/s.
pub(super) const MAX_OPENING: usize = 16_384;

/// A recording begins at most so long before the capture of its first packet: capture times may be wrong.
const MAX_EARLIER: Duration = Duration::from_secs(1);

/// That the disk does not keep up is told so often at most.
const TELL_EVERY: Duration = Duration::from_secs(60);

const BEHIND: &str = "the disk does not keep up";

/// The recording of a room.
pub(super) struct Recorded {
    pub(super) start: Start,
    /// When it was asked for.
    pub(super) since: Instant,
    room: RoomId,
    /// The packets that wait until the begin is known; at most [`MAX_OPENING`]. `None` from then on.
    opening: Option<Vec<TapPacket>>,
    host: Take,
    /// At most [`MAX_TAKES`].
    others: Vec<Take>,
    n_files: u32,
    /// When it was told that the disk does not keep up.
    told_at: Option<Instant>,
}

/// What is recorded into files of its own.
struct Take {
    of: Of,
    seat: Seat,
    recording: Recording,
    /// The stream of its picture.
    picture: Option<u32>,
    file: Option<FileId>,
    /// When a file is tried again.
    again_at: Option<Instant>,
}

/// What files of a recording have in common.
struct Common<'a> {
    room: RoomId,
    start: &'a Start,
    n_files: &'a mut u32,
}

impl Recorded {
    pub(super) fn new(room: RoomId, start: Start, now: Instant) -> Self {
        let host = Take::new(Of::Host, Seat::HOST, Recording::new(start.settings, None));
        let (opening, others) = (Some(Vec::new()), Vec::new());
        Self { start, since: now, room, opening, host, others, n_files: 0, told_at: None }
    }

    /// Leaves frames out from now on, or no more.
    pub(super) fn hold<T: Fn(Event)>(&mut self, is_behind: bool, now: Instant, out: &Out<T>) {
        let is_told = |at: Instant| now.saturating_duration_since(at) < TELL_EVERY;
        if is_behind && !self.told_at.is_some_and(is_told) {
            self.told_at = Some(now);
            let id = self.start.id.clone();
            (out.tell)(Event::Failed { id, error: BEHIND.into() });
        }
        for take in self.takes() {
            let is_held = is_behind || take.again_at.is_some();
            take.recording.hold(is_held);
        }
    }

    /// Takes a packet of the room's tap.
    pub(super) fn push<T: Fn(Event)>(&mut self, packet: TapPacket, out: &mut Out<T>) {
        let Some(opening) = &mut self.opening else { return self.take(packet, out) };
        let now = packet.arrived;
        opening.push(packet);
        if opening.len() >= MAX_OPENING {
            self.open(out);
        } else {
            self.open_by(now, out);
        }
    }

    /// Begins when enough has come to tell when.
    fn open_by<T: Fn(Event)>(&mut self, now: Instant, out: &mut Out<T>) {
        let first = self.opening.as_ref().and_then(|it| it.first());
        if first.is_some_and(|it| now.saturating_duration_since(it.arrived) >= OPENING) {
            self.open(out);
        }
    }

    /// Begins with what was captured first.
    fn open<T: Fn(Event)>(&mut self, out: &mut Out<T>) {
        let Some(opening) = self.opening.take() else { return };
        if let Some(first) = opening.first().map(|it| it.captured) {
            let is_near = |at: &Instant| first.saturating_duration_since(*at) <= MAX_EARLIER;
            let begun = opening.iter().map(|it| it.captured).filter(is_near).min();
            self.host.recording.begin(begun.unwrap_or(first));
        }
        for packet in opening {
            self.take(packet, out);
        }
    }

    fn take<T: Fn(Event)>(&mut self, packet: TapPacket, out: &mut Out<T>) {
        let (seat, rid, is_video) = (packet.seat, packet.rid, packet.codec.is_video());
        if seat != Seat::HOST {
            let of = seat.guest_index().map_or(Of::Second, Of::Guest);
            self.push_to(of, packet, out);
            return;
        }
        if self.start.settings.layers == Layers::All {
            // The host comes first: what it takes is not recorded twice.
            self.push_to(Of::Host, packet.clone(), out);
            if let Some(rid) = rid.filter(|_| is_video) {
                self.push_to(Of::Layer(rid), packet, out);
            } else if self.host.recording.picture().is_some() {
                let layers = self.others.iter().filter(|it| matches!(it.of, Of::Layer(_)));
                for of in layers.map(|it| it.of).collect::<Vec<_>>() {
                    self.push_to(of, packet.clone(), out);
                }
            }
        } else {
            self.push_to(Of::Host, packet, out);
        }
    }

    fn push_to<T: Fn(Event)>(&mut self, of: Of, packet: TapPacket, out: &mut Out<T>) {
        let picture = self.host.recording.picture();
        let Self { start, room, host, others, n_files, .. } = self;
        let take = if of == Of::Host {
            host
        } else if let Some(n) = others.iter().position(|it| it.of == of) {
            &mut others[n]
        } else if others.len() + 1 < MAX_TAKES {
            let recording = Recording::new(start.settings, host.recording.begun());
            others.push(Take::new(of, packet.seat, recording));
            let Some(take) = others.last_mut() else { return };
            take
        } else {
            return;
        };
        if packet.codec.is_video() {
            take.picture = Some(packet.ssrc);
        }
        if matches!(of, Of::Layer(_)) {
            take.recording.hold(take.again_at.is_some() || picture == take.picture);
        }
        take.recording.push(packet);
        take.drain(Common { room: *room, start, n_files }, out);
    }

    /// Time goes on.
    pub(super) fn tick<T: Fn(Event)>(&mut self, now: Instant, out: &mut Out<T>) {
        self.open_by(now, out);
        for take in self.takes() {
            take.again_at = take.again_at.filter(|at| now < *at);
            take.recording.tick(now);
            let may_go = !matches!(take.of, Of::Host | Of::Layer(_));
            if may_go && take.recording.is_silent(GONE_AFTER, now) {
                take.recording.finish();
            }
        }
        self.drain(out);
        let is_there =
            |it: &Take| matches!(it.of, Of::Layer(_)) || !it.recording.is_silent(GONE_AFTER, now);
        self.others.retain(is_there);
    }

    /// Ends all files.
    pub(super) fn finish<T: Fn(Event)>(&mut self, out: &mut Out<T>) {
        self.open(out);
        for take in self.takes() {
            take.recording.finish();
        }
        self.drain(out);
    }

    /// A file is given up, if it is of this recording. Another follows in a moment.
    pub(super) fn failed(&mut self, file: FileId) {
        for take in self.takes() {
            if take.file == Some(file) {
                take.give_up();
            }
        }
    }

    fn takes(&mut self) -> impl Iterator<Item = &mut Take> {
        std::iter::once(&mut self.host).chain(&mut self.others)
    }

    fn drain<T: Fn(Event)>(&mut self, out: &mut Out<T>) {
        let Self { start, room, host, others, n_files, .. } = self;
        for take in std::iter::once(host).chain(others) {
            take.drain(Common { room: *room, start, n_files }, out);
        }
    }
}

impl Take {
    fn new(of: Of, seat: Seat, recording: Recording) -> Self {
        Self { of, seat, recording, picture: None, file: None, again_at: None }
    }

    /// Does what the recording asks for.
    fn drain<T: Fn(Event)>(&mut self, common: Common<'_>, out: &mut Out<T>) {
        let Common { room, start, n_files } = common;
        while let Some(output) = self.recording.poll() {
            let is_taken = match output {
                Output::Keyframe(ssrc) => {
                    (out.tell)(Event::Keyframe { room, seat: self.seat, ssrc });
                    true
                }
                Output::Begin { format, at, size } => {
                    *n_files += 1;
                    let name = format!("{n_files:03}{}.{}", self.of.suffix(), format.extension());
                    let path = start.folder.join(&name);
                    let info = FileInfo {
                        name,
                        of: self.of,
                        at,
                        duration: Duration::ZERO,
                        bytes: 0,
                        size,
                    };
                    let recorded = RecordedFile { recording: start.id.clone(), info: info.clone() };
                    self.file = out.files.begin(path, OpenFile { room, recorded: Some(recorded) });
                    if self.file.is_some() {
                        (out.tell)(Event::Begun { id: start.id.clone(), file: info });
                    }
                    self.file.is_some()
                }
                Output::Write(bytes) => match self.file {
                    Some(file) => out.files.job(Job::Write(file, bytes)),
                    None => true,
                },
                Output::End(finished) => match self.file {
                    Some(file) => {
                        let is_taken = out.files.end(file, finished);
                        if is_taken {
                            self.file = None;
                        }
                        is_taken
                    }
                    None => true,
                },
            };
            if !is_taken {
                let file = self.file;
                self.give_up();
                match file {
                    Some(file) => _ = out.give_up(file, BEHIND),
                    None => {
                        let id = start.id.clone();
                        (out.tell)(Event::Failed { id, error: BEHIND.into() });
                    }
                }
            }
        }
    }

    /// Gives the file up that is written; another follows in a moment.
    fn give_up(&mut self) {
        self.file = None;
        self.recording.abandon();
        self.recording.hold(true);
        self.again_at = Some(Instant::now() + AGAIN_AFTER);
    }
}

/// Whether the disk has less free space than is to be left.
#[cfg(unix)]
pub(super) fn is_scarce(folder: &Path, min_free: u64) -> bool {
    let Some(folder) = folder.ancestors().find(|it| it.exists()) else { return false };
    rustix::fs::statvfs(folder).is_ok_and(|it| it.f_bavail * it.f_frsize < min_free)
}

#[cfg(not(unix))]
pub(super) fn is_scarce(_: &Path, _: u64) -> bool {
    false
}
