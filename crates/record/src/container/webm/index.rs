//! What is remembered of the clusters, and the end of the file from it.

use std::time::Duration;

use super::super::{Finished, MAX_LAST};
use super::ebml::{self, master, uint};
use super::header::Layout;

/// How long a frame is shown when there is no other to tell, in milliseconds.
const VIDEO_STEP: u64 = 33;
const AUDIO_STEP: u64 = 20;

/// A cluster that can be sought: 16 bytes each. There is one a keyframe, or one a second of sound alone.
#[derive(Debug)]
struct Cue {
    /// In milliseconds, which is enough for 49 days.
    time: u32,
    track: u32,
    position: u64,
}

#[derive(Debug)]
struct TrackEnd {
    is_video: bool,
    last: Option<u64>,
    step: u64,
}

/// Where keyframes are, and where each track ends.
#[derive(Debug)]
pub(super) struct Index {
    cues: Vec<Cue>,
    tracks: Vec<TrackEnd>,
    has_video: bool,
}

impl Index {
    /// The index of a file with these tracks: whether each is a picture.
    pub(super) fn new(tracks: Vec<bool>) -> Self {
        let has_video = tracks.contains(&true);
        let end = |is_video| TrackEnd {
            is_video,
            last: None,
            step: if is_video { VIDEO_STEP } else { AUDIO_STEP },
        };
        Self { cues: Vec::new(), tracks: tracks.into_iter().map(end).collect(), has_video }
    }

    pub(super) fn is_video(&self, track: usize) -> bool {
        self.tracks.get(track).is_some_and(|track| track.is_video)
    }

    /// How many tracks there are.
    pub(super) fn tracks(&self) -> usize {
        self.tracks.len()
    }

    /// Whether there was any frame.
    pub(super) fn is_empty(&self) -> bool {
        self.tracks.iter().all(|track| track.last.is_none())
    }

    /// How long the last frame of a track is shown: as long as the one before.
    pub(super) fn step(&self, track: usize) -> u64 {
        self.tracks.get(track).map_or(AUDIO_STEP, |track| track.step)
    }

    /// Adds a frame in the cluster at `position`. Returns the time of the frame before it in its track.
    pub(super) fn add(
        &mut self,
        position: u64,
        track: usize,
        time: u64,
        is_key: bool,
    ) -> Option<u64> {
        let end = self.tracks.get_mut(track)?;
        let previous = end.last.replace(time);
        if let Some(step) = previous.and_then(|previous| time.checked_sub(previous))
            && step > 0
        {
            end.step = step.min(MAX_LAST.as_secs() * 1000);
        }
        let can_seek = if self.has_video { end.is_video && is_key } else { true };
        let is_new = self.cues.last().is_none_or(|cue| cue.position != position);
        if can_seek
            && is_new
            && let (Ok(time), Ok(track)) = (u32::try_from(time), u32::try_from(track))
        {
            self.cues.push(Cue { time, track, position });
        }
        previous
    }

    /// The end of a file that has `bytes` bytes, and `tail` after them.
    pub(super) fn finish(&self, layout: &Layout, bytes: u64, mut tail: Vec<u8>) -> Finished {
        let cues = bytes + tail.len() as u64;
        master(&mut tail, ebml::CUES, |out| {
            for cue in &self.cues {
                master(out, ebml::CUE_POINT, |out| cue.write(out));
            }
        });
        let end = |track: &TrackEnd| track.last.map(|last| last.saturating_add(track.step));
        let duration = self.tracks.iter().filter_map(end).max().unwrap_or(0);
        let patches = layout.patches(cues, bytes + tail.len() as u64, duration);
        Finished { tail, patches, duration: Duration::from_millis(duration) }
    }
}

impl Cue {
    fn write(&self, out: &mut Vec<u8>) {
        uint(out, ebml::CUE_TIME, u64::from(self.time));
        master(out, ebml::CUE_TRACK_POSITIONS, |out| {
            uint(out, ebml::CUE_TRACK, u64::from(self.track) + 1);
            uint(out, ebml::CUE_CLUSTER_POSITION, self.position);
        });
    }
}
