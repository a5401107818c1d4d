//! The past of a room: its packets, in files, as long as somebody may want to see them again.
//!
//! ```text
//! packets ──► 00000001.past   ten seconds each; the oldest one is deleted
//!             00000002.past
//!             00000003.past   grows
//!                │ Span        from a keyframe on
//!                ▼
//!             clips, and whoever watches the past
//! ```
//!
//! | file | what |
//! | --- | --- |
//! | `packets.rs` | packets as bytes |
//! | `span.rs` | reads them back |

mod packets;
mod span;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use media_api::{RoomId, Seat, TapPacket};

pub use span::Span;
pub(crate) use span::read_packet;

/// The length of a file: the past is forgotten in such steps.
const CHUNK_FOR: Duration = Duration::from_secs(10);

/// A file of this many bytes is followed by another.
const CHUNK_BYTES: u64 = 16 * 1024 * 1024;

/// What waits for the disk is written when it has this many bytes.
const WRITE_BYTES: usize = 64 * 1024;

/// Where the past can be entered, a file; beyond it, keyframes are passed over.
const MAX_KEYS: usize = 200;

/// A viewer enters the past at keyframes: there is one at least this often.
const KEY_EVERY: Duration = Duration::from_secs(5);

/// The least time between two requests for one.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// A stream without a packet for this long is off.
const SILENCE: Duration = Duration::from_millis(700);

/// The most streams of pictures that are told apart: those of the host and of the one before it.
const MAX_STREAMS: usize = 8;

/// Where the past of a room is played from.
#[derive(Debug, Clone)]
pub struct Entry {
    pub(crate) room: RoomId,
    pub(crate) folder: PathBuf,
    pub(crate) number: u32,
    pub(crate) offset: u64,
    /// Times in files are counted from here.
    pub(crate) epoch: Instant,
    /// The stream of pictures that is played; none where there is sound alone.
    pub(crate) ssrc: Option<u32>,
    /// When the first packet came.
    pub(crate) arrived: Instant,
}

impl Entry {
    /// When what is shown first came.
    pub fn arrived(&self) -> Instant {
        self.arrived
    }
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// A file begins.
    Begin(PathBuf),
    /// Bytes for its end.
    Write(Vec<u8>),
    /// It is over.
    Close,
    /// This file is not needed any more.
    Remove(PathBuf),
    /// A keyframe of this stream of the host is needed.
    Keyframe(u32),
}

/// The past of one room.
#[derive(Debug)]
pub(crate) struct Window {
    folder: PathBuf,
    /// Times in files are counted from here.
    epoch: Instant,
    span: Duration,
    max_bytes: u64,
    /// The last one grows, if `is_open`.
    chunks: VecDeque<Chunk>,
    is_open: bool,
    next: u32,
    bytes: u64,
    waiting: Vec<u8>,
    streams: Vec<Watched>,
    steps: VecDeque<Step>,
}

/// A file.
#[derive(Debug)]
struct Chunk {
    number: u32,
    begun: Instant,
    ended: Instant,
    bytes: u64,
    /// At most [`MAX_KEYS`].
    keys: Vec<Key>,
}

/// A keyframe in a file.
#[derive(Debug, Clone, Copy)]
struct Key {
    ssrc: u32,
    arrived: Instant,
    offset: u64,
}

/// A stream of pictures of the host.
#[derive(Debug)]
struct Watched {
    ssrc: u32,
    heard: Instant,
    /// The frame that comes: its timestamp, in which file it begins, and where.
    frame: Option<(u32, u32, u64)>,
    /// The last keyframe: when it came, and its timestamp.
    keyed: Option<(Instant, u32)>,
    asked: Option<Instant>,
    /// Bytes since `since`, and those of a second before.
    bytes: u64,
    since: Instant,
    rate: u64,
}

impl Window {
    /// A past that is empty: of so much time and so many bytes at most, in a folder of its own.
    pub(crate) fn new(folder: PathBuf, span: Duration, max_bytes: u64, now: Instant) -> Self {
        Self {
            folder,
            epoch: now,
            span,
            max_bytes,
            chunks: VecDeque::new(),
            is_open: false,
            next: 1,
            bytes: 0,
            waiting: Vec::new(),
            streams: Vec::new(),
            steps: VecDeque::new(),
        }
    }

    /// What is to be done next.
    pub(crate) fn poll(&mut self) -> Option<Step> {
        self.steps.pop_front()
    }

    /// The bytes of its files.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes a packet of the room's tap.
    pub(crate) fn push(&mut self, packet: &TapPacket) {
        let now = packet.arrived;
        let is_over = |it: &Chunk| {
            now.saturating_duration_since(it.begun) >= CHUNK_FOR || it.bytes >= CHUNK_BYTES
        };
        if self.is_open && self.chunks.back().is_some_and(is_over) {
            self.close();
        }
        if !self.is_open {
            self.begin(now);
        }
        if packet.codec.is_video() && packet.seat == Seat::HOST {
            self.watch(packet);
        }
        let before = self.waiting.len();
        packets::write(packet, self.epoch, &mut self.waiting);
        let added = (self.waiting.len() - before) as u64;
        self.bytes += added;
        if let Some(chunk) = self.chunks.back_mut() {
            chunk.bytes += added;
            chunk.ended = chunk.ended.max(now);
        }
        if self.waiting.len() >= WRITE_BYTES {
            self.flush();
        }
    }

    /// Time goes on: what waits is written, and what is too old is forgotten.
    pub(crate) fn tick(&mut self, now: Instant) {
        self.flush();
        let span = self.span;
        let is_old = |it: &Chunk| now.saturating_duration_since(it.ended) > span;
        while self.chunks.front().is_some_and(is_old) || self.bytes > self.max_bytes {
            if !self.forget() {
                break;
            }
        }
        if let Some(best) = self.best(now)
            && let Some(stream) = self.streams.iter_mut().find(|it| it.ssrc == best)
        {
            let is_older = |at: Instant, than| now.saturating_duration_since(at) >= than;
            let is_due = stream.keyed.is_none_or(|(at, _)| is_older(at, KEY_EVERY));
            if is_due && stream.asked.is_none_or(|at| is_older(at, ASK_EVERY)) {
                stream.asked = Some(now);
                self.steps.push_back(Step::Keyframe(best));
            }
        }
    }

    /// What waits is handed to the disk.
    pub(crate) fn flush(&mut self) {
        if !self.waiting.is_empty() {
            self.steps.push_back(Step::Write(std::mem::take(&mut self.waiting)));
        }
    }

    /// Deletes the oldest file; whether there was one.
    pub(crate) fn forget(&mut self) -> bool {
        if self.chunks.len() <= 1 {
            return false;
        }
        let Some(chunk) = self.chunks.pop_front() else { return false };
        self.bytes -= chunk.bytes;
        self.steps.push_back(Step::Remove(self.path(chunk.number)));
        true
    }

    /// The file that grows could not be written: what it has is lost.
    pub(crate) fn abandon(&mut self) {
        self.waiting.clear();
        self.steps.clear();
        self.is_open = false;
        if let Some(chunk) = self.chunks.pop_back() {
            self.bytes -= chunk.bytes;
            self.steps.push_back(Step::Remove(self.path(chunk.number)));
        }
    }

    /// Nothing more is added.
    pub(crate) fn finish(&mut self) {
        self.close();
    }

    /// Where the past can be played from: the keyframe nearest to a moment. What waits is to be flushed and written first.
    pub(crate) fn entry(&self, at: Instant, room: RoomId) -> Option<Entry> {
        let (number, offset, ssrc, arrived) = match self.key(at, |_| true) {
            Some((number, key)) => (number, key.offset, Some(key.ssrc), key.arrived),
            // Sound alone can be entered anywhere.
            None => {
                let chunk = self.chunks.iter().find(|it| it.ended >= at)?;
                (chunk.number, 0, None, chunk.begun)
            }
        };
        let (folder, epoch) = (self.folder.clone(), self.epoch);
        Some(Entry { room, folder, number, offset, epoch, ssrc, arrived })
    }

    /// The past from a moment on, where it can be entered: at the keyframe before, or the first one after it. What waits
    /// is to be flushed and written first.
    pub(crate) fn span_from(&self, at: Instant) -> Option<Span> {
        let before = self.key(at, |it| it.arrived <= at);
        let (number, offset) = match before.or_else(|| self.key(at, |_| true)) {
            Some((number, key)) => (number, key.offset),
            // Sound alone can be entered anywhere.
            None => (self.chunks.iter().find(|it| it.ended >= at)?.number, 0),
        };
        let of = self.chunks.iter().filter(|it| it.number >= number);
        let paths = of.map(|it| self.path(it.number)).collect();
        Some(Span::new(paths, offset, self.epoch))
    }

    /// The keyframe nearest to a moment, of those that are asked for, and its file. Of layers that have one at about the same
    /// time it is that of the best.
    fn key(&self, at: Instant, is_asked: impl Fn(&Key) -> bool) -> Option<(u32, Key)> {
        let keys = || {
            let of = |chunk: &Chunk| {
                let number = chunk.number;
                chunk.keys.iter().map(|key| (number, *key)).collect::<Vec<_>>()
            };
            self.chunks.iter().flat_map(of).filter(|(_, key)| is_asked(key))
        };
        let distance = |a: Instant, b: Instant| a.max(b).saturating_duration_since(a.min(b));
        let (_, nearest) = keys().min_by_key(|(_, key)| distance(key.arrived, at))?;
        let rate = |ssrc| self.streams.iter().find(|it| it.ssrc == ssrc).map_or(0, |it| it.rate);
        let alike = keys().filter(|(_, key)| distance(key.arrived, nearest.arrived) < KEY_EVERY);
        let (_, best) = alike.max_by_key(|(_, key)| rate(key.ssrc))?;
        let of_best = keys().filter(|(_, key)| key.ssrc == best.ssrc);
        of_best.min_by_key(|(_, key)| distance(key.arrived, at))
    }

    /// The stream of pictures with the highest bit rate that is on.
    fn best(&self, now: Instant) -> Option<u32> {
        let is_on = |it: &&Watched| now.saturating_duration_since(it.heard) < SILENCE;
        self.streams.iter().filter(is_on).max_by_key(|it| it.rate).map(|it| it.ssrc)
    }

    fn watch(&mut self, packet: &TapPacket) {
        let now = packet.arrived;
        let index =
            self.streams.iter().position(|it| it.ssrc == packet.ssrc).unwrap_or_else(|| {
                if self.streams.len() >= MAX_STREAMS {
                    let silent = self.streams.iter().enumerate().min_by_key(|(_, it)| it.heard);
                    if let Some(silent) = silent.map(|(n, _)| n) {
                        self.streams.remove(silent);
                    }
                }
                self.streams.push(Watched {
                    ssrc: packet.ssrc,
                    heard: now,
                    frame: None,
                    keyed: None,
                    asked: None,
                    bytes: 0,
                    since: now,
                    rate: 0,
                });
                self.streams.len() - 1
            });
        let Some(stream) = self.streams.get_mut(index) else { return };
        stream.heard = now;
        stream.bytes += packet.payload.len() as u64;
        let measured = now.saturating_duration_since(stream.since);
        if measured >= Duration::from_secs(1) {
            stream.rate = (stream.bytes as f64 / measured.as_secs_f64()) as u64;
            (stream.bytes, stream.since) = (0, now);
        }
        // Parameter sets come in front of the packet that is marked: the past is entered where the frame begins.
        let here =
            self.chunks.back().map_or((packet.ts, 0, 0), |it| (packet.ts, it.number, it.bytes));
        let (ts, number, offset) = *stream.frame.insert(match stream.frame {
            Some(frame) if frame.0 == packet.ts => frame,
            _ => here,
        });
        if packet.is_keyframe && stream.keyed.is_none_or(|(_, it)| it != ts) {
            stream.keyed = Some((now, ts));
            let chunk = self.chunks.iter_mut().rev().find(|it| it.number == number);
            if let Some(chunk) = chunk.filter(|it| it.keys.len() < MAX_KEYS) {
                chunk.keys.push(Key { ssrc: packet.ssrc, arrived: now, offset });
            }
        }
    }

    fn begin(&mut self, now: Instant) {
        let number = self.next;
        self.next += 1;
        self.is_open = true;
        let chunk = Chunk { number, begun: now, ended: now, bytes: 0, keys: Vec::new() };
        self.chunks.push_back(chunk);
        self.steps.push_back(Step::Begin(self.path(number)));
    }

    fn close(&mut self) {
        self.flush();
        if self.is_open {
            self.is_open = false;
            self.steps.push_back(Step::Close);
        }
    }

    fn path(&self, number: u32) -> PathBuf {
        chunk_path(&self.folder, number)
    }
}

/// The file of a number.
pub(crate) fn chunk_path(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("{number:08}.past"))
}

#[cfg(test)]
mod tests;
