//! What is wrong with a file, in words.

use std::fmt;
use std::time::Duration;

use super::steps::Gap;
use crate::read::StoredTrack;

/// Which track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One of pictures.
    Picture,
    /// One of sound.
    Sound,
    /// Any other.
    Other,
}

impl Kind {
    /// Of a track.
    pub fn of(track: &StoredTrack) -> Self {
        if track.is_video() {
            Self::Picture
        } else if track.is_audio() {
            Self::Sound
        } else {
            Self::Other
        }
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Picture => "picture",
            Self::Sound => "sound",
            Self::Other => "data",
        }
    }
}

/// Something that is wrong with a file. As text it is a sentence without a full stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// Nothing was written that ends it.
    Unfinished {
        /// Whether this program wrote it.
        is_ours: bool,
    },
    /// It ends in the midst of something.
    Cut {
        /// Where what follows cannot be read, in bytes.
        at: u64,
        /// Whether this program wrote it.
        is_ours: bool,
    },
    /// It has no frame at all.
    Empty,
    /// A track has no frame.
    NoFrames {
        /// Which track.
        kind: Kind,
    },
    /// The container has compressed or encrypted the frames.
    Encoded {
        /// Which track.
        kind: Kind,
    },
    /// The picture does not begin with a keyframe.
    NoKeyframeFirst {
        /// The time of the first one.
        until: Option<Duration>,
    },
    /// Keyframes are far apart.
    KeyframesApart {
        /// How far.
        length: Duration,
        /// Where the longest such time begins.
        at: Duration,
    },
    /// A frame comes late.
    Gap {
        /// Which track.
        kind: Kind,
        /// Where, and how long.
        gap: Gap,
    },
    /// There are more gaps than those that are told.
    MoreGaps {
        /// Which track.
        kind: Kind,
        /// How many.
        count: u64,
    },
    /// Times go back.
    GoesBack {
        /// Which track.
        kind: Kind,
        /// How often.
        count: u64,
        /// To where at first.
        at: Duration,
    },
    /// Sound and picture do not begin together.
    BeginsApart {
        /// How much later the sound is, in milliseconds.
        ms: i64,
    },
    /// Sound and picture do not end as they began.
    EndsApart {
        /// How much later the sound is, in milliseconds.
        ms: i64,
    },
    /// The file says another length.
    Length {
        /// What it says.
        declared: Duration,
        /// What its frames have.
        found: Duration,
    },
}

impl Problem {
    /// A word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unfinished { .. } => "unfinished",
            Self::Cut { .. } => "cut_off",
            Self::Empty => "empty",
            Self::NoFrames { .. } => "no_frames",
            Self::Encoded { .. } => "encoded",
            Self::NoKeyframeFirst { .. } => "no_keyframe_first",
            Self::KeyframesApart { .. } => "keyframes_apart",
            Self::Gap { .. } => "gap",
            Self::MoreGaps { .. } => "more_gaps",
            Self::GoesBack { .. } => "time_goes_back",
            Self::BeginsApart { .. } => "begins_apart",
            Self::EndsApart { .. } => "ends_apart",
            Self::Length { .. } => "wrong_length",
        }
    }

    /// Where it is in time.
    pub fn at(&self) -> Option<Duration> {
        match self {
            Self::KeyframesApart { at, .. } | Self::GoesBack { at, .. } => Some(*at),
            Self::Gap { gap, .. } => Some(gap.at),
            _ => None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const FINISHED: &str = "`kaibo serve` finishes it at its next start";
        let later = |ms: &i64| if *ms > 0 { "after" } else { "before" };
        let apart = |ms: &i64| length(Duration::from_millis(ms.unsigned_abs()));
        match self {
            Self::Unfinished { is_ours: true } => {
                write!(f, "the file was cut off, or is still recorded; {FINISHED}")
            }
            Self::Unfinished { is_ours: false } => {
                f.write_str("the file was never finished: players may not be able to seek")
            }
            Self::Cut { at, is_ours: true } => {
                write!(f, "the file was cut off after {at} bytes; {FINISHED}")
            }
            Self::Cut { at, is_ours: false } => {
                write!(f, "the file was cut off after {at} bytes, or is damaged there")
            }
            Self::Empty => f.write_str("there is no frame in the file"),
            Self::NoFrames { kind } => write!(f, "the {} has no frames", kind.name()),
            Self::Encoded { kind } => write!(
                f,
                "the frames of the {} are compressed or encrypted by the container",
                kind.name()
            ),
            Self::NoKeyframeFirst { until: Some(at) } => write!(
                f,
                "the picture does not begin with a keyframe: the first one is at {}",
                clock(*at)
            ),
            Self::NoKeyframeFirst { until: None } => {
                f.write_str("the picture has no keyframe: it cannot be shown")
            }
            Self::KeyframesApart { length: apart, at } => write!(
                f,
                "no keyframe for {} at {}: players seek badly there",
                length(*apart),
                clock(*at)
            ),
            Self::Gap { kind, gap } => write!(
                f,
                "a gap of {} in the {} at {}",
                length(gap.length),
                kind.name(),
                clock(gap.at)
            ),
            Self::MoreGaps { kind, count } => {
                write!(f, "and {count} more gaps in the {}", kind.name())
            }
            Self::GoesBack { kind, count: 1, at } => {
                write!(f, "the timestamps of the {} go back to {}", kind.name(), clock(*at))
            }
            Self::GoesBack { kind, count, at } => write!(
                f,
                "the timestamps of the {} go back {count} times, first to {}",
                kind.name(),
                clock(*at)
            ),
            Self::BeginsApart { ms } => {
                write!(f, "the sound begins {} {} the picture", apart(ms), later(ms))
            }
            Self::EndsApart { ms } => {
                write!(f, "the sound ends {} {} the picture", apart(ms), later(ms))
            }
            Self::Length { declared, found } => write!(
                f,
                "the file says that it is {} long, and its frames are {} long",
                clock(*declared),
                clock(*found)
            ),
        }
    }
}

/// A place in a file: `0:37`, `1:02:03`.
pub fn clock(at: Duration) -> String {
    let seconds = at.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// A length of time: `340 ms`, `2.1 s`, `14 s`, `1:20`.
pub fn length(length: Duration) -> String {
    match length.as_millis() {
        ms @ 0..1000 => format!("{ms} ms"),
        1000..10_000 => format!("{:.1} s", length.as_secs_f64()),
        10_000..60_000 => format!("{:.0} s", length.as_secs_f64()),
        _ => clock(length),
    }
}
