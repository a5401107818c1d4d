//! The frames of a file as packets, each at its time.

use std::collections::VecDeque;
use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use record::read::{ReadError, Reader, StoredFrame};
use synth::media::{Feed, Made};

use crate::choice::Choice;

/// Frames are looked up so far ahead: a fragment of a file may have one track after the other.
const AHEAD: Duration = Duration::from_secs(10);

/// The most frames that are looked up ahead, 40 bytes each.
const MAX_AHEAD: usize = 20_000;

/// The last frame of a file is shown so long before the file begins again.
const LAST: Duration = Duration::from_millis(40);

/// When nothing is due any more.
const NEVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// How far a source is, for who waits for its end.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    played_us: AtomicU64,
    result: Mutex<Option<Result<(), String>>>,
}

impl Shared {
    /// How much was sent.
    pub(crate) fn played(&self) -> Duration {
        Duration::from_micros(self.played_us.load(Ordering::Relaxed))
    }

    /// How it ended, if it has.
    pub(crate) fn result(&self) -> Option<Result<(), String>> {
        self.result.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn end(&self, result: Result<(), String>) {
        let mut slot = self.result.lock().unwrap_or_else(PoisonError::into_inner);
        slot.get_or_insert(result);
    }
}

/// A file that is played.
#[derive(Debug)]
pub(crate) struct Source {
    path: PathBuf,
    reader: Reader<File>,
    choice: Choice,
    repeats: bool,
    shared: Arc<Shared>,
    /// Frames that are not due yet, by track, in decoding order.
    ahead: Vec<VecDeque<StoredFrame>>,
    n_ahead: usize,
    /// The latest time of a frame that was looked up.
    newest: Duration,
    /// Whether all of the file was looked up.
    is_read: bool,
    /// The time of the first frame of the file, and when it is due.
    first: Duration,
    base: Duration,
    began: Option<Instant>,
}

impl Source {
    /// A source of a file that was opened.
    pub(crate) fn new(
        path: PathBuf,
        reader: Reader<File>,
        choice: Choice,
        repeats: bool,
        shared: Arc<Shared>,
    ) -> Result<Self, ReadError> {
        let ahead = choice.tracks.iter().map(|_| VecDeque::new()).collect();
        let mut source = Self {
            path,
            reader,
            choice,
            repeats,
            shared,
            ahead,
            n_ahead: 0,
            newest: Duration::ZERO,
            is_read: false,
            first: Duration::ZERO,
            base: Duration::ZERO,
            began: None,
        };
        source.look_ahead()?;
        let heads = source.ahead.iter().filter_map(|frames| frames.front());
        source.first = heads.map(|frame| frame.at).min().unwrap_or_default();
        // The first look was from zero on.
        source.look_ahead()?;
        Ok(source)
    }

    /// Whether frames at the begin are shown before others that come earlier.
    pub(crate) fn is_reordered(&self) -> bool {
        self.ahead.iter().any(|frames| !frames.iter().is_sorted_by_key(|frame| frame.at))
    }

    /// Looks up the frames of the next seconds.
    fn look_ahead(&mut self) -> Result<(), ReadError> {
        let next = self.next().map_or(self.newest, |(_, frame)| frame.at);
        while !self.is_read && self.n_ahead < MAX_AHEAD {
            let is_far = self.newest.saturating_sub(next.max(self.first)) > AHEAD;
            if is_far && self.n_ahead > 0 {
                break;
            }
            let Some(frame) = self.reader.next_frame()? else {
                self.is_read = true;
                break;
            };
            let is_chosen = self.choice.tracks.get(frame.track).is_some_and(Option::is_some);
            if let Some(frames) = self.ahead.get_mut(frame.track)
                && is_chosen
            {
                frames.push_back(frame);
                self.n_ahead += 1;
                self.newest = self.newest.max(frame.at);
            }
        }
        Ok(())
    }

    /// The frame that is due next, and its track.
    fn next(&self) -> Option<(usize, StoredFrame)> {
        let heads = self.ahead.iter().enumerate();
        heads.filter_map(|(n, frames)| Some((n, *frames.front()?))).min_by_key(|(_, it)| it.at)
    }

    /// When a frame is due, from the begin on.
    fn due(&self, frame: &StoredFrame) -> Duration {
        self.base + frame.at.saturating_sub(self.first)
    }

    /// Begins the file again.
    fn begin_again(&mut self) -> Result<(), ReadError> {
        self.base += self.newest.saturating_sub(self.first) + LAST;
        self.reader = Reader::open(File::open(&self.path)?)?;
        self.is_read = false;
        self.newest = Duration::ZERO;
        self.look_ahead()
    }

    fn try_produce(&mut self, at: Duration, out: &mut Vec<Made>) -> Result<(), ReadError> {
        loop {
            self.look_ahead()?;
            let Some((track, frame)) = self.next() else {
                if self.repeats && self.newest > self.first {
                    self.begin_again()?;
                    continue;
                }
                self.shared.end(Ok(()));
                return Ok(());
            };
            let due = self.due(&frame);
            if due > at {
                return Ok(());
            }
            if let Some(frames) = self.ahead.get_mut(track) {
                frames.pop_front();
            }
            self.n_ahead -= 1;
            let data = self.reader.data(&frame)?;
            let Some(Some(chosen)) = self.choice.tracks.get_mut(track) else { continue };
            let packets = chosen.packetizer.packets(&data, frame.is_key);
            let last = packets.len();
            for (n, payload) in (1..).zip(packets) {
                out.push(Made {
                    is_video: chosen.is_video,
                    is_key: chosen.is_video && frame.is_key,
                    media_time: due,
                    marker: chosen.is_video && n == last,
                    payload,
                });
            }
            let us = u64::try_from(due.as_micros()).unwrap_or(u64::MAX);
            self.shared.played_us.store(us, Ordering::Relaxed);
        }
    }
}

impl Feed for Source {
    fn next_at(&self) -> Option<Instant> {
        let next = self.next().map(|(_, frame)| self.due(&frame));
        let next = if self.shared.result().is_some() { NEVER } else { next.unwrap_or(NEVER) };
        self.began.map(|began| began + next)
    }

    fn produce(&mut self, now: Instant, out: &mut Vec<Made>) {
        let began = *self.began.get_or_insert(now);
        if self.shared.result().is_some() {
            return;
        }
        if let Err(error) = self.try_produce(now.saturating_duration_since(began), out) {
            self.shared.end(Err(error.to_string()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(name: &str, repeats: bool) -> (Source, Arc<Shared>) {
        let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/record/tests/fixtures/");
        let path = PathBuf::from(fixtures).join(name);
        let reader = Reader::open(File::open(&path).unwrap()).unwrap();
        let choice = Choice::of(reader.tracks()).unwrap();
        let shared = Arc::new(Shared::default());
        let source = Source::new(path, reader, choice, repeats, shared.clone()).unwrap();
        (source, shared)
    }

    /// What is made until some time, whenever something is due.
    fn until(source: &mut Source, begin: Instant, end: Duration) -> Vec<(Duration, Made)> {
        let mut all = Vec::new();
        let mut now = begin;
        while now <= begin + end {
            let mut made = Vec::new();
            source.produce(now, &mut made);
            all.extend(made.into_iter().map(|it| (now - begin, it)));
            now = source.next_at().unwrap().max(now);
        }
        all
    }

    #[test]
    fn every_frame_is_sent_at_its_time() {
        for (name, pictures, sounds) in [
            ("ffmpeg-fragmented.mp4", 50, 101),
            ("ffmpeg.mkv", 25, 51),
            ("ffmpeg-live.webm", 25, 51),
        ] {
            let (mut source, shared) = source(name, false);
            let made = until(&mut source, Instant::now(), Duration::from_secs(3));
            for (at, made) in &made {
                assert_eq!(*at, made.media_time, "{name}");
            }
            let count = |is_video: bool| {
                made.iter()
                    .filter(|(_, it)| it.is_video == is_video && (it.marker || !is_video))
                    .count()
            };
            assert_eq!((count(true), count(false)), (pictures, sounds), "{name}");
            assert_eq!(shared.result(), Some(Ok(())), "{name}");
            assert!(shared.played() >= Duration::from_millis(960));
        }
    }

    #[test]
    fn a_file_that_repeats_goes_on_at_its_end() {
        let (mut source, shared) = source("ffmpeg.mkv", true);
        let made = until(&mut source, Instant::now(), Duration::from_secs(10));
        assert_eq!(shared.result(), None);
        let n_frames = made.iter().filter(|(_, it)| it.marker).count();
        assert!((235..=250).contains(&n_frames), "{n_frames}");
        let times: Vec<Duration> = made.iter().map(|(_, it)| it.media_time).collect();
        assert!(times.is_sorted());
    }

    #[test]
    fn sound_of_another_codec_is_not_sent() {
        let (mut source, _) = source("ffmpeg.mp4", false);
        assert!(source.is_reordered());
        let made = until(&mut source, Instant::now(), Duration::from_secs(2));
        assert!(made.iter().all(|(_, it)| it.is_video));
        assert_eq!(made.iter().filter(|(_, it)| it.marker).count(), 25);
    }
}
