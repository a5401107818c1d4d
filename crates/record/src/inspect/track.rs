//! One track of a file that is looked at.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::steps::{Gap, Steps};
use crate::read::{StoredCodec, StoredFrame, StoredTrack};

/// The most frames between a frame and one that is shown before it and comes later in the file: as many as H.264 allows.
const MAX_REORDERED: usize = 16;

/// A picture may come so late, and a packet of sound.
const LATE_PICTURE: Duration = Duration::from_millis(250);
const LATE_SOUND: Duration = Duration::from_millis(100);

/// After so long without a frame the picture was interrupted: it has nothing to do with how often keyframes come.
const INTERRUPTED: Duration = Duration::from_secs(1);

/// The keyframes of a track of pictures.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keyframes {
    /// How many there are.
    pub count: u64,
    /// The time of the first.
    pub first: Option<Duration>,
    /// The longest time from one to the next, or to the end.
    pub longest: Duration,
    /// Where that begins.
    pub longest_at: Duration,
}

/// What was found in a track.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackReport {
    /// What the file says of it.
    pub track: StoredTrack,
    /// How many frames it has.
    pub n_frames: u64,
    /// How many bytes they have.
    pub bytes: u64,
    /// The time of its first frame.
    pub first: Option<Duration>,
    /// The time of the frame that is shown last.
    pub last: Option<Duration>,
    /// When that ends. It is shown for as long as most are.
    pub end: Duration,
    /// The longest frame, in bytes.
    pub longest_frame: u32,
    /// Of a track of pictures.
    pub keyframes: Option<Keyframes>,
    /// Frames that are shown before others that come earlier in the file, as B-frames are.
    pub n_reordered: u64,
    /// The first gaps: [`super::MAX_GAPS`] at most.
    pub gaps: Vec<Gap>,
    /// How many there are besides.
    pub n_more_gaps: u64,
    /// How often time goes back.
    pub n_back: u64,
    /// Where it does so first.
    pub first_back: Option<Duration>,
}

impl TrackReport {
    /// From its first frame to the end of its last one.
    pub fn duration(&self) -> Duration {
        self.end.saturating_sub(self.first.unwrap_or_default())
    }

    /// In bits a second.
    pub fn bit_rate(&self) -> Option<u64> {
        let seconds = Some(self.duration().as_secs_f64()).filter(|it| *it > 0.0)?;
        Some((self.bytes as f64 * 8.0 / seconds) as u64)
    }

    /// Frames a second.
    pub fn frame_rate(&self) -> Option<f64> {
        let seconds = Some(self.duration().as_secs_f64()).filter(|it| *it > 0.0)?;
        Some(self.n_frames as f64 / seconds)
    }
}

/// A track of which frames come.
#[derive(Debug)]
pub(super) struct Looked {
    report: TrackReport,
    steps: Steps,
    /// How many frames wait for one that is shown before them.
    n_held: usize,
    held: BinaryHeap<Reverse<Duration>>,
    /// The newest time in the order in which frames are shown.
    shown: Option<Duration>,
    last_key: Option<Duration>,
    latest: Option<Duration>,
}

impl Looked {
    pub(super) fn new(track: StoredTrack) -> Self {
        let is_video = track.is_video();
        let may_reorder = matches!(track.codec, StoredCodec::H264 | StoredCodec::Other);
        Self {
            steps: Steps::new(if is_video { LATE_PICTURE } else { LATE_SOUND }),
            n_held: if is_video && may_reorder { MAX_REORDERED } else { 0 },
            held: BinaryHeap::new(),
            shown: None,
            last_key: None,
            latest: None,
            report: TrackReport {
                n_frames: 0,
                bytes: 0,
                first: None,
                last: None,
                end: Duration::ZERO,
                longest_frame: 0,
                keyframes: is_video.then(Keyframes::default),
                n_reordered: 0,
                gaps: Vec::new(),
                n_more_gaps: 0,
                n_back: 0,
                first_back: None,
                track,
            },
        }
    }

    pub(super) fn add(&mut self, frame: &StoredFrame) {
        let report = &mut self.report;
        report.n_frames += 1;
        report.bytes = report.bytes.saturating_add(u64::from(frame.len));
        report.longest_frame = report.longest_frame.max(frame.len);
        report.first = Some(report.first.map_or(frame.at, |first| first.min(frame.at)));
        report.last = report.last.max(Some(frame.at));
        if frame.is_key {
            self.keyframe(frame.at);
        }
        if self.shown.is_some_and(|shown| frame.at < shown) {
            // Not by reordering: what waits belongs before it.
            self.show_all();
            self.report.n_back += 1;
            self.report.first_back = self.report.first_back.or(Some(frame.at));
            self.shown = None;
        } else if self.latest.is_some_and(|latest| frame.at < latest) {
            self.report.n_reordered += 1;
        }
        self.latest = Some(frame.at);
        self.held.push(Reverse(frame.at));
        while self.held.len() > self.n_held {
            self.show();
        }
    }

    fn keyframe(&mut self, at: Duration) {
        self.end_of_keyframes(at);
        self.last_key = Some(at);
        if let Some(keyframes) = &mut self.report.keyframes {
            keyframes.count += 1;
            keyframes.first = keyframes.first.or(Some(at));
        }
    }

    /// The frames of the last keyframe end at `at`, or where they were interrupted.
    fn end_of_keyframes(&mut self, at: Duration) {
        let (Some(keyframes), Some(key)) = (&mut self.report.keyframes, self.last_key) else {
            return;
        };
        let latest = self.latest.unwrap_or(at);
        let is_interrupted = at.saturating_sub(latest) > INTERRUPTED;
        let length = if is_interrupted { latest } else { at }.saturating_sub(key);
        if length > keyframes.longest {
            (keyframes.longest, keyframes.longest_at) = (length, key);
        }
    }

    /// Takes the frame that is shown next.
    fn show(&mut self) {
        let Some(Reverse(at)) = self.held.pop() else { return };
        if let Some(before) = self.shown {
            self.steps.add(before, at.saturating_sub(before));
        }
        self.shown = Some(at);
    }

    fn show_all(&mut self) {
        while !self.held.is_empty() {
            self.show();
        }
    }

    pub(super) fn finish(mut self) -> TrackReport {
        self.show_all();
        let step = self.steps.median();
        let end = self.report.last.map_or(Duration::ZERO, |last| last.saturating_add(step));
        self.report.end = end;
        self.end_of_keyframes(end);
        (self.report.gaps, self.report.n_more_gaps) = self.steps.gaps();
        self.report
    }
}
