//! Judges a recorded file: what is in it, and what is wrong with it.
//!
//! Frames are looked at one after the other. What is kept of a track is a table of how far its frames are apart, and the
//! longest waits: 100 kB at most.
//!
//! | file | what |
//! | --- | --- |
//! | `track.rs` | one track: numbers, keyframes |
//! | `steps.rs` | how far frames are apart; gaps |
//! | `problem.rs` | what is wrong, in words |

mod problem;
mod steps;
mod track;

use std::io::{Read, Seek};
use std::time::Duration;

use crate::read::{Container, End, ReadError, Reader, StoredFrame, StoredTrack};

pub use problem::{Kind, Problem, clock, length};
pub use steps::Gap;
use track::Looked;
pub use track::{Keyframes, TrackReport};

/// The most gaps of a track that are told one by one.
pub const MAX_GAPS: usize = 20;

/// Sound and picture may begin so far apart.
const BEGIN_APART: Duration = Duration::from_millis(200);

/// Sound and picture may drift so far from the begin to the end.
const DRIFT: Duration = Duration::from_millis(500);

/// Players may have to seek so far back to a keyframe.
const KEYFRAMES_APART: Duration = Duration::from_secs(10);

/// What a file says of its length may be so wrong.
const WRONG_LENGTH: Duration = Duration::from_secs(1);

/// How the first track of sound lies to the first one of pictures, in milliseconds. Positive: the sound is later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offset {
    /// Of their first frames.
    pub begin_ms: i64,
    /// Of the ends of their last frames.
    pub end_ms: i64,
}

impl Offset {
    /// By how much more the sound is late at the end.
    pub fn drift_ms(&self) -> i64 {
        self.end_ms.saturating_sub(self.begin_ms)
    }
}

/// What was found in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// What kind of file it is.
    pub container: Container,
    /// In bytes.
    pub bytes: u64,
    /// From its first frame to the end of its last one.
    pub duration: Duration,
    /// What it says that it is.
    pub declared_duration: Option<Duration>,
    /// Whether it is whole.
    pub end: End,
    /// In the order of the file.
    pub tracks: Vec<TrackReport>,
    /// Of a file with sound and pictures.
    pub offset: Option<Offset>,
    /// What is wrong; nothing, if it is empty.
    pub problems: Vec<Problem>,
}

/// What is known of a file beside its frames.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// What kind of file it is.
    pub container: Container,
    /// In bytes.
    pub bytes: u64,
    /// What it says that its length is.
    pub declared_duration: Option<Duration>,
    /// How it ends.
    pub end: End,
    /// Whether this program wrote it.
    pub is_ours: bool,
}

/// A file that is looked at, frame by frame.
#[derive(Debug)]
pub struct Inspection {
    tracks: Vec<Looked>,
}

impl Inspection {
    /// Begins with a file of these tracks.
    pub fn new(tracks: &[StoredTrack]) -> Self {
        Self { tracks: tracks.iter().cloned().map(Looked::new).collect() }
    }

    /// Looks at the next frame.
    pub fn add(&mut self, frame: &StoredFrame) {
        if let Some(track) = self.tracks.get_mut(frame.track) {
            track.add(frame);
        }
    }

    /// What was found.
    pub fn finish(self, facts: Facts) -> Report {
        let tracks: Vec<TrackReport> = self.tracks.into_iter().map(Looked::finish).collect();
        let begin = tracks.iter().filter_map(|track| track.first).min();
        let end = tracks.iter().map(|track| track.end).max();
        let offset = offset(&tracks);
        let mut report = Report {
            container: facts.container,
            bytes: facts.bytes,
            duration: end.unwrap_or_default().saturating_sub(begin.unwrap_or_default()),
            declared_duration: facts.declared_duration,
            end: facts.end,
            tracks,
            offset,
            problems: Vec::new(),
        };
        report.problems = problems(&report, facts.is_ours);
        report
    }
}

/// Reads a file to its end and judges it.
pub fn inspect<R: Read + Seek>(file: R) -> Result<Report, ReadError> {
    let mut reader = Reader::open(file)?;
    let mut inspection = Inspection::new(reader.tracks());
    while let Some(frame) = reader.next_frame()? {
        inspection.add(&frame);
    }
    Ok(inspection.finish(Facts {
        container: reader.container(),
        bytes: reader.bytes(),
        declared_duration: reader.declared_duration(),
        end: reader.end().unwrap_or(End::Unfinished),
        is_ours: reader.is_ours(),
    }))
}

fn offset(tracks: &[TrackReport]) -> Option<Offset> {
    let first =
        |is: fn(&StoredTrack) -> bool| tracks.iter().find(|it| is(&it.track) && it.first.is_some());
    let (picture, sound) = (first(StoredTrack::is_video)?, first(StoredTrack::is_audio)?);
    let apart = |sound: Duration, picture: Duration| {
        let ms = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        ms(sound).saturating_sub(ms(picture))
    };
    Some(Offset {
        begin_ms: apart(sound.first?, picture.first?),
        end_ms: apart(sound.end, picture.end),
    })
}

fn problems(report: &Report, is_ours: bool) -> Vec<Problem> {
    let mut found = Vec::new();
    match report.end {
        End::Whole => {}
        End::Unfinished => found.push(Problem::Unfinished { is_ours }),
        End::Cut { at } => found.push(Problem::Cut { at, is_ours }),
    }
    if report.tracks.iter().all(|track| track.n_frames == 0) {
        found.push(Problem::Empty);
        return found;
    }
    for track in &report.tracks {
        of_track(track, &mut found);
    }
    if let Some(offset) = report.offset {
        if offset.begin_ms.unsigned_abs() > ms(BEGIN_APART) {
            found.push(Problem::BeginsApart { ms: offset.begin_ms });
        }
        if offset.drift_ms().unsigned_abs() > ms(DRIFT) {
            found.push(Problem::EndsApart { ms: offset.end_ms });
        }
    }
    if let Some(declared) = report.declared_duration
        && report.end == End::Whole
    {
        // Some count from the first frame, some from zero.
        let end = report.tracks.iter().map(|track| track.end).max().unwrap_or_default();
        let is_near = |it: Duration| it.abs_diff(declared) <= WRONG_LENGTH;
        if !is_near(report.duration) && !is_near(end) {
            found.push(Problem::Length { declared, found: report.duration });
        }
    }
    found
}

fn of_track(track: &TrackReport, found: &mut Vec<Problem>) {
    let kind = Kind::of(&track.track);
    if track.track.is_encoded {
        found.push(Problem::Encoded { kind });
    }
    let Some(first) = track.first else {
        if kind != Kind::Other {
            found.push(Problem::NoFrames { kind });
        }
        return;
    };
    if kind == Kind::Other {
        return;
    }
    if let Some(keyframes) = &track.keyframes {
        if keyframes.first != Some(first) {
            found.push(Problem::NoKeyframeFirst { until: keyframes.first });
        }
        if keyframes.longest > KEYFRAMES_APART {
            let (length, at) = (keyframes.longest, keyframes.longest_at);
            found.push(Problem::KeyframesApart { length, at });
        }
    }
    for gap in &track.gaps {
        found.push(Problem::Gap { kind, gap: *gap });
    }
    if track.n_more_gaps > 0 {
        found.push(Problem::MoreGaps { kind, count: track.n_more_gaps });
    }
    if let Some(at) = track.first_back {
        found.push(Problem::GoesBack { kind, count: track.n_back, at });
    }
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
