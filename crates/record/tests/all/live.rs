//! A host who is live: packets of real media at their times, as a room's tap gives them, and the recorder that takes them.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use media_api::{Codec, RoomId, Seat, TapPacket};
use record::inspect::{Report, inspect};
use record::packetize::Packetizer;
use record::read::StoredCodec;
use record::{Bounds, Event, FileInfo, Format, Recorder, Settings, Start, TapQueue, VideoCodec};

use super::common::Show;

pub(crate) const ROOM: RoomId = RoomId(7);

/// The longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// A recording of the room into a folder. A file is followed by another after some time.
pub(crate) fn start(folder: &Path, file_for: Duration) -> Start {
    let settings = Settings {
        format: Format::Mp4,
        file_for,
        file_bytes: u64::MAX,
        layers: record::Layers::Best,
    };
    Start { room: ROOM, id: "r".into(), folder: folder.to_owned(), settings, min_free: 0 }
}

/// The packets of a show, again and again.
pub(crate) struct Host {
    show: Show,
    codec: Codec,
    length: Duration,
    picture: Packetizer,
    begun: Instant,
    round: u32,
    next: usize,
    n_sent: [u64; 2],
}

impl Host {
    /// Frames of pictures are filled up to so many bytes.
    pub(crate) fn new(codec: VideoCodec, bytes: usize, begun: Instant) -> Self {
        let mut show = Show::of(codec);
        for frame in show.frames.iter_mut().filter(|it| it.track == 0) {
            let len = frame.data.len().max(bytes);
            frame.data.resize(len, 0x5A);
        }
        let (codec, stored) = match codec {
            VideoCodec::Vp8 => (Codec::Vp8, StoredCodec::Vp8),
            VideoCodec::H264 => (Codec::H264, StoredCodec::H264),
            VideoCodec::Vp9 | VideoCodec::Av1 => unreachable!("no test sends it"),
        };
        let config = match &show.tracks[0] {
            record::Track::Video(it) => it.config.clone(),
            record::Track::Audio(_) => Vec::new(),
        };
        let picture = Packetizer::new(stored, &config).unwrap();
        let length = Duration::from_millis(40) * u32::try_from(show.of_track(0).len()).unwrap();
        Self { show, codec, length, picture, begun, round: 0, next: 0, n_sent: [0; 2] }
    }

    /// The packets up to a moment that were not taken yet.
    pub(crate) fn until(&mut self, now: Instant) -> Vec<TapPacket> {
        let mut packets = Vec::new();
        loop {
            let Some(frame) = self.show.frames.get(self.next) else {
                (self.round, self.next) = (self.round + 1, 0);
                continue;
            };
            let at = self.length * self.round + frame.at;
            if self.begun + at > now {
                return packets;
            }
            self.next += 1;
            // Sound that is longer than the picture is left out.
            if frame.at >= self.length {
                continue;
            }
            let is_sound = frame.track == 1;
            let payloads = match is_sound {
                true => vec![frame.data.clone()],
                false => self.picture.packets(&frame.data, frame.is_key),
            };
            let codec = if is_sound { Codec::Opus } else { self.codec };
            let ticks = at.as_micros() * u128::from(codec.kind().clock_rate()) / 1_000_000;
            let n = payloads.len();
            for (k, payload) in payloads.into_iter().enumerate() {
                let sent = &mut self.n_sent[frame.track];
                *sent += 1;
                packets.push(TapPacket {
                    room: ROOM,
                    seat: Seat::HOST,
                    ssrc: 1 + u32::try_from(frame.track).unwrap(),
                    rid: None,
                    codec,
                    seq: *sent,
                    ts: ticks as u32,
                    marker: k + 1 == n,
                    is_keyframe: frame.is_key && !is_sound,
                    orientation: None,
                    captured: self.begun + at,
                    arrived: self.begun + at,
                    payload: Arc::from(payload),
                });
            }
        }
    }
}

/// A recorder whose room a host sends to, on a thread of its own.
pub(crate) struct Live {
    pub(crate) recorder: Recorder,
    pub(crate) begun: Instant,
    pub(crate) tap: TapQueue,
    events: Receiver<Event>,
    is_over: Arc<AtomicBool>,
    /// The time of the newest packet that the tap has, in milliseconds.
    sent_ms: Arc<AtomicU64>,
    host: Option<JoinHandle<()>>,
}

impl Live {
    pub(crate) fn new(codec: VideoCodec, bytes: usize) -> Self {
        let tap = TapQueue::default();
        let (tell, events) = channel();
        let bounds = Bounds { max_past_bytes: u64::MAX, min_free: 0 };
        let recorder = Recorder::start(tap.clone(), bounds, move |it| _ = tell.send(it)).unwrap();
        let is_over = Arc::new(AtomicBool::new(false));
        let begun = Instant::now();
        let sent_ms = Arc::new(AtomicU64::new(0));
        let (queue, over, sent) = (tap.clone(), is_over.clone(), sent_ms.clone());
        let host = std::thread::spawn(move || {
            let mut host = Host::new(codec, bytes, begun);
            while !over.load(Ordering::Relaxed) {
                let mut packets = host.until(Instant::now());
                let newest = packets.last().map(|it| it.captured.saturating_duration_since(begun));
                queue.put(&mut packets);
                if let Some(newest) = newest {
                    sent.store(newest.as_millis() as u64, Ordering::Relaxed);
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        Self { recorder, begun, tap, events, is_over, sent_ms, host: Some(host) }
    }

    pub(crate) fn record(&self, folder: &Path) {
        self.record_files_of(folder, Duration::from_secs(3_600));
    }

    /// A file is followed by another after this time.
    pub(crate) fn record_files_of(&self, folder: &Path, file_for: Duration) {
        self.recorder.record(start(folder, file_for));
    }

    /// How long the host has been live.
    pub(crate) fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    /// The time of the newest packet that was sent, in milliseconds.
    pub(crate) fn sent_ms(&self) -> u64 {
        self.sent_ms.load(Ordering::Relaxed)
    }

    /// Waits for an event, and passes over others.
    pub(crate) fn wait_for<T>(&self, what: &str, mut is: impl FnMut(Event) -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let event = self.events.recv_timeout(left).unwrap_or_else(|_| panic!("no {what}"));
            if let Some(found) = is(event) {
                return found;
            }
        }
    }

    /// What is told of a file that cannot be written.
    pub(crate) fn failure(&self) -> String {
        self.wait_for("failure", |it| match it {
            Event::Failed { error, .. } => Some(error),
            _ => None,
        })
    }

    /// Waits until a file has so many bytes.
    pub(crate) fn wait_for_bytes(&self, path: &Path, bytes: u64) {
        let until = Instant::now() + PATIENCE;
        while std::fs::metadata(path).map_or(0, |it| it.len()) < bytes {
            assert!(Instant::now() < until, "{} does not grow", path.display());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends the recording: the files that were told of it from now on.
    pub(crate) fn stop(&mut self) -> Vec<FileInfo> {
        self.recorder.stop(ROOM);
        let mut files = Vec::new();
        self.wait_for("end", |it| match it {
            Event::File { file, .. } => {
                files.push(file);
                None
            }
            Event::Over { .. } => Some(()),
            _ => None,
        });
        self.check_tap();
        files
    }

    /// All packets of the host were taken.
    pub(crate) fn check_tap(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(host) = self.host.take() {
            host.join().unwrap();
            assert_eq!(self.tap.n_lost(), 0);
        }
    }
}

/// A file, in which nothing is wrong.
pub(crate) fn good(path: &Path) -> Report {
    let report = inspect(File::open(path).unwrap()).unwrap();
    assert!(report.problems.is_empty(), "{}: {:?}", path.display(), report.problems);
    assert_eq!(report.tracks.len(), 2);
    report
}

/// The files of a folder, by name.
pub(crate) fn files_of(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|it| it.unwrap().path()).collect();
    paths.sort();
    paths
}
