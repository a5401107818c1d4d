//! Reads recorded files: those of this program, also cut off, and those of others.
//!
//! ```text
//! open ───────► the container, its tracks, how long it says that it is
//! next_frame ─► one frame after another: where it is in time and in the file
//! data ───────► the bytes of one of them
//! end ────────► whether the file is whole
//! ```
//!
//! Media is skipped. What is kept is the index of an MP4, which is at most [`MAX_INDEX_BYTES`] long, and the head of a
//! fragment. Any bytes are read without a fault, and in a time that the length of the file bounds.
//!
//! | file | what |
//! | --- | --- |
//! | `codec.rs` | names of codecs (RFC 6381) from what decoders are told |
//! | `matroska.rs` | WebM and Matroska |
//! | `mp4.rs` | MP4: ordinary, fragmented, and one that becomes ordinary at its end |

mod codec;
mod matroska;
mod mp4;

use std::io::{self, Read, Seek};
use std::time::Duration;

use crate::container::MAX_FRAME_BYTES;
use crate::container::source::{Source, Stop};
use crate::frame::Rotation;

/// The longest index of an MP4, `moov`, in bytes: two days of pictures and sound. It is in memory twice for a moment.
pub const MAX_INDEX_BYTES: u64 = 128 * 1024 * 1024;

/// The most tracks that are read.
pub const MAX_READ_TRACKS: usize = 64;

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// Matroska of the doctype `webm`.
    WebM,
    /// Matroska.
    Matroska,
    /// MP4 with a table of all samples.
    Mp4,
    /// MP4 with a table in front of each part.
    FragmentedMp4,
}

impl Container {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::WebM => "WebM",
            Self::Matroska => "Matroska",
            Self::Mp4 => "MP4",
            Self::FragmentedMp4 => "fragmented MP4",
        }
    }
}

/// A codec that this program can send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoredCodec {
    /// VP8.
    Vp8,
    /// VP9.
    Vp9,
    /// H.264, with lengths in front of its NAL units.
    H264,
    /// AV1.
    Av1,
    /// Opus.
    Opus,
    /// Any other.
    Other,
}

/// What a track has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoredMedia {
    /// Pictures.
    Video {
        /// In pixels, before it is turned.
        width: u32,
        /// In pixels, before it is turned.
        height: u32,
        /// How far a player turns it.
        rotation: Rotation,
    },
    /// Sound.
    Audio {
        /// How many.
        channels: u16,
    },
    /// Subtitles, or anything else.
    Other,
}

/// A track of a file that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTrack {
    /// Its codec.
    pub codec: StoredCodec,
    /// The codec with its profile (RFC 6381), such as `avc1.42e01f`, or what the file calls it.
    pub codec_name: String,
    /// What it has.
    pub media: StoredMedia,
    /// What a decoder is told: the body of avcC, av1C or vpcC, or the CodecPrivate of Matroska.
    pub config: Vec<u8>,
    /// Whether the container has compressed or encrypted its frames: they are not as the codec has them.
    pub is_encoded: bool,
}

impl StoredTrack {
    /// Whether it has pictures.
    pub fn is_video(&self) -> bool {
        matches!(self.media, StoredMedia::Video { .. })
    }

    /// Whether it has sound.
    pub fn is_audio(&self) -> bool {
        matches!(self.media, StoredMedia::Audio { .. })
    }
}

/// Where a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredFrame {
    /// The index of its track.
    pub track: usize,
    /// When it is shown.
    pub at: Duration,
    /// Whether decoding can begin with it; so it is with all sound.
    pub is_key: bool,
    /// Where its bytes begin in the file.
    pub offset: u64,
    /// How many they are.
    pub len: u32,
}

/// How a file ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// As it should.
    Whole,
    /// With whole frames, but nothing was written that ends it.
    Unfinished,
    /// What follows cannot be read: it was cut off there, or is damaged.
    Cut {
        /// In bytes from the begin.
        at: u64,
    },
}

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system cannot read it.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// It is something else.
    #[error("the file is neither WebM, Matroska nor MP4")]
    Foreign,
    /// It was cut off before that, or it comes last, as in an ordinary MP4.
    #[error("the file was cut off: what describes its tracks is not there")]
    NoTracks,
    /// More than is kept in memory.
    #[error("the index of the file has more than {} MiB", MAX_INDEX_BYTES >> 20)]
    IndexTooLarge,
    /// More than a player chooses from.
    #[error("the file has more than {MAX_READ_TRACKS} tracks")]
    TooManyTracks,
    /// More than a frame has.
    #[error("a frame of {0} bytes is not read; {MAX_FRAME_BYTES} are the most")]
    FrameTooLarge(u32),
}

impl From<Stop> for ReadError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Cut => Self::NoTracks,
            Stop::Io(error) => Self::Io(error),
        }
    }
}

/// What the begin of a file says.
#[derive(Debug)]
struct Head {
    container: Container,
    tracks: Vec<StoredTrack>,
    duration: Option<Duration>,
    is_ours: bool,
}

/// A file that is read.
#[derive(Debug)]
pub struct Reader<R: Read + Seek> {
    source: Source<R>,
    head: Head,
    walk: Walk,
    end: Option<End>,
}

#[derive(Debug)]
enum Walk {
    Matroska(matroska::Walk),
    Mp4(mp4::Walk),
}

impl<R: Read + Seek> Reader<R> {
    /// Reads what describes a file.
    pub fn open(file: R) -> Result<Self, ReadError> {
        let mut source = Source::new(file)?;
        if source.len() == 0 {
            return Err(ReadError::Empty);
        }
        let magic: [u8; 8] = match source.array() {
            Err(Stop::Cut) => return Err(ReadError::Foreign),
            magic => magic?,
        };
        source.go_to(0)?;
        let (head, walk) = if magic.starts_with(&matroska::MAGIC) {
            let (head, walk) = matroska::open(&mut source)?;
            (head, Walk::Matroska(walk))
        } else if mp4::is_first(&magic) {
            let (head, walk) = mp4::open(&mut source)?;
            (head, Walk::Mp4(walk))
        } else {
            return Err(ReadError::Foreign);
        };
        Ok(Self { source, head, walk, end: None })
    }

    /// What kind of file it is.
    pub fn container(&self) -> Container {
        self.head.container
    }

    /// Its tracks.
    pub fn tracks(&self) -> &[StoredTrack] {
        &self.head.tracks
    }

    /// How long the file says that it is. One that grows does not know.
    pub fn declared_duration(&self) -> Option<Duration> {
        self.head.duration
    }

    /// Whether this program wrote it.
    pub fn is_ours(&self) -> bool {
        self.head.is_ours
    }

    /// The length of the file in bytes.
    pub fn bytes(&self) -> u64 {
        self.source.len()
    }

    /// The next frame. Those of a track come in decoding order, those of several tracks as they lie in the file or by
    /// their times.
    pub fn next_frame(&mut self) -> Result<Option<StoredFrame>, ReadError> {
        if self.end.is_some() {
            return Ok(None);
        }
        let (next, end) = match &mut self.walk {
            Walk::Matroska(walk) => (walk.next(&mut self.source), walk.end(&self.source)),
            Walk::Mp4(walk) => (walk.next(&mut self.source), walk.end(&self.source)),
        };
        match next {
            Ok(None) => self.end = Some(end),
            Err(Stop::Cut) => self.end = Some(End::Cut { at: self.source.at() }),
            Err(Stop::Io(error)) => return Err(error.into()),
            Ok(frame) => return Ok(frame),
        }
        Ok(None)
    }

    /// How the file ends. It is known when the last frame was read.
    pub fn end(&self) -> Option<End> {
        self.end
    }

    /// The bytes of a frame. H.264 has the length of each NAL unit in front of it, in as many bytes as its avcC says.
    pub fn data(&mut self, frame: &StoredFrame) -> Result<Vec<u8>, ReadError> {
        if frame.len as usize > MAX_FRAME_BYTES {
            return Err(ReadError::FrameTooLarge(frame.len));
        }
        let at = self.source.at();
        self.source.go_to(frame.offset)?;
        let data = self.source.vec(u64::from(frame.len), MAX_FRAME_BYTES as u64);
        self.source.go_to(at)?;
        Ok(data?)
    }
}

impl<R: Read + Seek> Iterator for Reader<R> {
    type Item = Result<StoredFrame, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_frame().transpose()
    }
}
