//! One stream: frames to parts and segments.

use std::collections::VecDeque;
use std::time::Duration;

use super::{
    Cut, FIRST_FOR, Header, PART_LEAST, PART_TARGET, Part, RenditionId, SEGMENT_FOR,
    SEGMENT_WITHIN, codecs,
};
use crate::Track;
use crate::container::mp4::cmaf::{self, Sample};
use crate::depacketize::Media;

/// A frame that is so much later than the one before is behind a gap.
const GAP: Duration = Duration::from_millis(1_500);

/// How long a frame before a gap is shown.
const LAST: Duration = Duration::from_millis(40);

/// A part that is longer than its frames may make it has one frame that is shown for very long. It says so then.
const HONEST_FROM: Duration = Duration::from_millis(440);

/// One stream.
#[derive(Debug)]
pub(super) struct Cutter {
    rendition: RenditionId,
    /// When the room's time began, in milliseconds since the Unix epoch.
    epoch_ms: u64,
    track: Option<Track>,
    timescale: u32,
    sequence: u32,
    /// The newest frame, whose length the next one tells.
    newest: Option<(Duration, Media)>,
    part: Vec<Sample>,
    part_begins: Duration,
    /// Up to where the part goes.
    part_ends: Duration,
    /// Up to where the parts go by what they say of their lengths. This follows `part_ends` within the lengths that a part may
    /// have; it is ahead of it, or behind it, by less than a frame is long.
    told: Duration,
    /// When the segment began; none before its first frame.
    segment: Option<Duration>,
    /// Whether one has ended: players begin with a whole one.
    has_segment: bool,
    is_after_gap: bool,
    /// How many discontinuities this stream had, and the stream of the room that had most.
    n_breaks: u64,
    n_room_breaks: u64,
    cuts: VecDeque<Cut>,
}

impl Cutter {
    /// `n_breaks`: how many discontinuities the room had before.
    pub(super) fn new(rendition: RenditionId, epoch_ms: u64, n_breaks: u64) -> Self {
        Self {
            rendition,
            epoch_ms,
            track: None,
            timescale: 1,
            sequence: 0,
            newest: None,
            part: Vec::new(),
            part_begins: Duration::ZERO,
            part_ends: Duration::ZERO,
            told: Duration::ZERO,
            segment: None,
            has_segment: false,
            is_after_gap: false,
            n_breaks,
            n_room_breaks: n_breaks,
            cuts: VecDeque::new(),
        }
    }

    /// What came of the frames.
    pub(super) fn poll(&mut self) -> Option<Cut> {
        self.cuts.pop_front()
    }

    /// Takes a frame. `ends_at`: where a segment of sound ends, by those of the picture.
    pub(super) fn push(&mut self, at: Duration, media: Media, ends_at: Option<Duration>) {
        if let Some((before, _)) = &self.newest {
            if at <= *before {
                return;
            }
            let gap = at - *before;
            let is_gap = gap > GAP;
            let until = if is_gap { *before + LAST } else { at };
            if let Some((begin, frame)) = self.newest.take() {
                self.add(begin, until, frame, ends_at);
            }
            if is_gap {
                self.end_segment();
                self.break_off();
            }
        }
        self.newest = Some((at, media));
    }

    /// Nothing more comes.
    pub(super) fn finish(&mut self) {
        if let Some((at, frame)) = self.newest.take() {
            self.add(at, at + LAST, frame, None);
        }
        self.end_segment();
    }

    /// How many discontinuities it had.
    pub(super) fn n_breaks(&self) -> u64 {
        self.n_breaks
    }

    /// Another stream of the room had so many discontinuities: this one has as many, from its next segments on.
    pub(super) fn follow(&mut self, n_room_breaks: u64) {
        self.n_room_breaks = n_room_breaks;
    }

    /// The next segment begins with a discontinuity.
    fn break_off(&mut self) {
        if !std::mem::replace(&mut self.is_after_gap, true) {
            self.n_breaks += 1;
        }
    }

    /// When the newest segment began.
    pub(super) fn segment(&self) -> Option<Duration> {
        self.segment
    }

    fn add(&mut self, begin: Duration, end: Duration, frame: Media, ends_at: Option<Duration>) {
        let track = match &frame.video {
            Some(video) => Some(Track::Video(video.clone())),
            None if frame.is_sound => Some(Track::Audio(crate::AudioTrack { channels: 2 })),
            None => None,
        };
        if let Some(track) = track
            && self.track.as_ref() != Some(&track)
        {
            self.end_segment();
            self.begin_track(track);
        }
        // Until a keyframe tells what it is nothing can be made of it.
        if self.track.is_none() {
            return;
        }
        if let Some(began) = self.segment {
            let lasted = begin.saturating_sub(began);
            let is_over = match ends_at {
                Some(at) => begin >= at && at > began,
                None => {
                    let least = if self.has_segment { SEGMENT_FOR } else { FIRST_FOR };
                    frame.is_key && lasted >= least
                }
            };
            if is_over || end.saturating_sub(began) > SEGMENT_WITHIN {
                self.end_segment();
            }
        }
        if self.segment.is_none() {
            self.segment = Some(begin);
            if self.n_breaks < self.n_room_breaks {
                self.break_off();
            }
            if self.is_after_gap || self.sequence == 0 {
                self.told = begin;
            }
        }
        if !self.part.is_empty() && self.ends_best(begin, end) {
            self.end_part(false);
        }
        if self.part.is_empty() {
            self.part_begins = begin;
        }
        self.part_ends = end;
        let time = ticks(begin, self.timescale);
        let duration = ticks(end, self.timescale).saturating_sub(time).max(1);
        let duration = u32::try_from(duration).unwrap_or(u32::MAX);
        self.part.push(Sample { time, duration, is_key: frame.is_key, data: frame.data });
        // The next frame would not fit: what is here need not wait for it.
        if self.ends_best(end, end + (end - begin)) {
            self.end_part(false);
        }
    }

    /// Whether a part ends better now than with the next frame, which ends at `next`: what it says of its length is nearer to
    /// how long its frames are.
    fn ends_best(&self, now: Duration, next: Duration) -> bool {
        let too_long = next.saturating_sub(self.told + PART_TARGET);
        let too_short = (self.told + PART_LEAST).saturating_sub(now);
        !too_long.is_zero() && too_short <= too_long
    }

    fn begin_track(&mut self, track: Track) {
        let (Ok(bytes), Some(codecs)) = (cmaf::header(&track), codecs::name(&track)) else {
            self.track = None;
            return;
        };
        let size = match &track {
            Track::Video(video) => Some((video.width, video.height)),
            Track::Audio(_) => None,
        };
        self.timescale = cmaf::timescale(&track);
        if self.track.is_some() {
            self.break_off();
        }
        self.track = Some(track);
        let header = Header { bytes: bytes.into(), codecs, size };
        let (rendition, n_breaks) = (self.rendition.clone(), self.n_breaks);
        self.cuts.push_back(Cut::Header { rendition, header, n_breaks });
    }

    /// `is_last`: of its segment.
    fn end_part(&mut self, is_last: bool) {
        let samples = std::mem::take(&mut self.part);
        let Some(first) = samples.first() else { return };
        let is_independent = first.is_key;
        self.sequence = self.sequence.wrapping_add(1);
        let Ok(bytes) = cmaf::chunk(self.sequence, &samples) else { return };
        let lasted = self.part_ends.saturating_sub(self.told);
        let least = if is_last { Duration::from_millis(1) } else { PART_LEAST };
        let duration = if lasted > HONEST_FROM { lasted } else { lasted.clamp(least, PART_TARGET) };
        self.told += duration;
        let begins_ms = u64::try_from(self.part_begins.as_millis()).unwrap_or(u64::MAX);
        let part = Part {
            bytes: bytes.into(),
            duration,
            is_independent,
            at_ms: self.epoch_ms.saturating_add(begins_ms),
            is_after_gap: std::mem::take(&mut self.is_after_gap),
        };
        self.cuts.push_back(Cut::Part { rendition: self.rendition.clone(), part });
    }

    fn end_segment(&mut self) {
        self.end_part(true);
        if self.segment.take().is_some() {
            self.has_segment = true;
            self.cuts.push_back(Cut::SegmentOver { rendition: self.rendition.clone() });
        }
    }
}

fn ticks(at: Duration, timescale: u32) -> u64 {
    let ticks = (at.as_nanos() * u128::from(timescale) + 500_000_000) / 1_000_000_000;
    u64::try_from(ticks).unwrap_or(u64::MAX)
}
