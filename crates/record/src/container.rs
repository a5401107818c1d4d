//! Files of tracks and frames.
//!
//! ```text
//! begin ───► header
//! write ───► a fragment, whenever a second is over or a keyframe comes
//! finish ──► tail, and patches of the header
//! ```
//!
//! A file can be played while it grows, and when it was cut off. `finish` makes it one that every player can seek. What
//! was cut off is finished later, by [`repair`].

mod batch;
pub(crate) mod mp4;
pub(crate) mod source;
pub(crate) mod webm;

use std::io::{self, Read, Seek};
use std::time::Duration;

use source::{Source, Stop};

use crate::{Frame, Track, VideoCodec};

/// The most tracks of a file.
pub const MAX_TRACKS: usize = 16;

/// The largest frame, in bytes.
pub const MAX_FRAME_BYTES: usize = 32 << 20;

/// What waits to be written is at most this many bytes, or one frame.
pub const MAX_BATCH_BYTES: usize = 8 << 20;

/// No file is longer: 30 days. What is computed from times fits its numbers then.
const LATEST: Duration = Duration::from_secs(30 * 24 * 3600);

/// How long the last frame of a track is shown at most. It is shown as long as the one before, which may have been the
/// last one before an interruption.
const MAX_LAST: Duration = Duration::from_secs(1);

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// WebM: VP8, VP9, AV1 and Opus. With H.264 it is a Matroska file.
    WebM,
    /// MP4: VP9, H.264, AV1 and Opus.
    Mp4,
}

impl Format {
    /// The ending of a file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::WebM => "webm",
            Self::Mp4 => "mp4",
        }
    }
}

/// Why a file cannot have a track or a frame. A frame that is refused is left out; the file goes on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContainerError {
    /// There is nothing to write.
    #[error("a file needs a track")]
    NoTracks,
    /// Too many tracks.
    #[error("a file has at most {MAX_TRACKS} tracks")]
    TooManyTracks,
    /// The format has no way to store the codec.
    #[error("{format:?} has no {codec:?}")]
    Codec {
        /// The format.
        format: Format,
        /// The codec.
        codec: VideoCodec,
    },
    /// The decoder configuration record cannot be read.
    #[error("the configuration of the {0:?} decoder cannot be read")]
    Config(VideoCodec),
    /// The size of the picture is none.
    #[error("a picture of {width}x{height} pixels cannot be stored")]
    Size {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
    },
    /// Only mono and stereo can be stored.
    #[error("sound of {0} channels cannot be stored")]
    Channels(u8),
    /// The frame is of no track of the file.
    #[error("the file has no track {0}")]
    UnknownTrack(usize),
    /// The frame is longer than [`MAX_FRAME_BYTES`].
    #[error("a frame of {0} bytes cannot be stored")]
    FrameTooLarge(usize),
    /// The frame is later than 30 days, or the tables of the file have 4 GiB.
    #[error("the file is too long")]
    TooLong,
}

/// Why a file cannot be finished.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// The system cannot read it.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It was cut off before the end of the first fragment: there is nothing in it to keep.
    #[error("the file was cut off before its first second: nothing in it can be played")]
    Empty,
    /// This program did not write it.
    #[error("the file is none that this program wrote")]
    Foreign,
}

impl From<Stop> for RepairError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Cut => Self::Empty,
            Stop::Io(error) => Self::Io(error),
        }
    }
}

/// Bytes to be written over others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    /// Where, from the begin of the file.
    pub offset: u64,
    /// What.
    pub bytes: Vec<u8>,
}

/// What makes a file whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// The last bytes of the file. They are on disk before the first patch is written.
    pub tail: Vec<u8>,
    /// To be written in this order.
    pub patches: Vec<Patch>,
    /// From the begin of the file to the end of its last frame.
    pub duration: Duration,
}

/// What a file needs that nobody finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repaired {
    /// Nothing.
    Whole,
    /// It was cut off.
    Cut {
        /// The file is first cut to this length, in bytes: what follows is no whole fragment.
        len: u64,
        /// What makes it whole then. Its tail comes after `len`.
        finished: Finished,
    },
}

/// A file while it grows.
#[derive(Debug)]
pub struct Writer {
    inner: Inner,
    /// The time of the newest frame of each track.
    newest: Vec<Duration>,
}

#[derive(Debug)]
enum Inner {
    WebM(webm::Writer),
    Mp4(mp4::Writer),
}

impl Writer {
    /// Begins a file: appends its header to `out`.
    pub fn begin(
        format: Format,
        tracks: &[Track],
        out: &mut Vec<u8>,
    ) -> Result<Self, ContainerError> {
        check(tracks)?;
        let inner = match format {
            Format::WebM => Inner::WebM(webm::Writer::begin(tracks, out)),
            Format::Mp4 => Inner::Mp4(mp4::Writer::begin(tracks, out)?),
        };
        Ok(Self { inner, newest: vec![Duration::ZERO; tracks.len()] })
    }

    /// Takes a frame. When a fragment is complete before it, that is appended to `out`.
    ///
    /// Time does not go back in a track: a frame that is earlier than the one before is stored right after that one.
    pub fn write(&mut self, mut frame: Frame, out: &mut Vec<u8>) -> Result<(), ContainerError> {
        if frame.data.len() > MAX_FRAME_BYTES {
            return Err(ContainerError::FrameTooLarge(frame.data.len()));
        }
        let Some(newest) = self.newest.get_mut(frame.track) else {
            return Err(ContainerError::UnknownTrack(frame.track));
        };
        if frame.at > LATEST {
            return Err(ContainerError::TooLong);
        }
        frame.at = frame.at.max(*newest);
        *newest = frame.at;
        match &mut self.inner {
            Inner::WebM(writer) => {
                writer.write(frame, out);
                Ok(())
            }
            Inner::Mp4(writer) => writer.write(frame, out),
        }
    }

    /// Appends all frames to `out` that wait, as a fragment. For a broadcast that is interrupted: what is played until
    /// then is on disk.
    pub fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), ContainerError> {
        match &mut self.inner {
            Inner::WebM(writer) => writer.flush(out),
            Inner::Mp4(writer) => writer.flush(out)?,
        }
        Ok(())
    }

    /// Ends the file.
    pub fn finish(self) -> Result<Finished, ContainerError> {
        match self.inner {
            Inner::WebM(writer) => Ok(writer.finish()),
            Inner::Mp4(writer) => writer.finish(),
        }
    }

    /// The bytes of the file so far, all that were appended. They leave out what waits.
    pub fn bytes(&self) -> u64 {
        match &self.inner {
            Inner::WebM(writer) => writer.bytes(),
            Inner::Mp4(writer) => writer.bytes(),
        }
    }

    /// The time of the first frame that waits.
    pub fn waiting_since(&self) -> Option<Duration> {
        match &self.inner {
            Inner::WebM(writer) => writer.waiting_since(),
            Inner::Mp4(writer) => writer.waiting_since(),
        }
    }
}

fn check(tracks: &[Track]) -> Result<(), ContainerError> {
    if tracks.is_empty() {
        return Err(ContainerError::NoTracks);
    }
    if tracks.len() > MAX_TRACKS {
        return Err(ContainerError::TooManyTracks);
    }
    for track in tracks {
        match track {
            Track::Video(video) => {
                // MP4 has 16 bits for each.
                let fits = |size: u32| (1..=u32::from(u16::MAX)).contains(&size);
                if !fits(video.width) || !fits(video.height) {
                    let (width, height) = (video.width, video.height);
                    return Err(ContainerError::Size { width, height });
                }
            }
            Track::Audio(audio) if !(1..=2).contains(&audio.channels) => {
                return Err(ContainerError::Channels(audio.channels));
            }
            Track::Audio(_) => {}
        }
    }
    Ok(())
}

/// Reads a file of this program from the front and says what finishes it. A process that died leaves one that was cut
/// off, also in the midst of finishing.
///
/// It reads headers and skips media. It accepts any bytes.
pub fn repair<R: Read + Seek>(file: R) -> Result<Repaired, RepairError> {
    let mut source = Source::new(file)?;
    let magic: [u8; 4] = source.array()?;
    source.go_back(0)?;
    match magic {
        webm::MAGIC => webm::repair(&mut source),
        // The size of `ftyp` comes first, and is small.
        [0, 0, 0, _] => mp4::repair(&mut source),
        _ => Err(RepairError::Foreign),
    }
}
