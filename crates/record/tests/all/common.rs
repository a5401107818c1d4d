//! Files of real media, and what is done with them.

use std::io::Cursor;
use std::time::Duration;

use record::{
    AudioTrack, Finished, Format, Frame, Repaired, Rotation, Track, VideoCodec, VideoTrack, Writer,
    repair,
};

pub(crate) const VIDEO_STEP: Duration = Duration::from_millis(40);
pub(crate) const AUDIO_STEP: Duration = Duration::from_millis(20);
/// The frames of every picture track that decoding can begin with.
pub(crate) const KEYS: [usize; 2] = [0, 40];

fn frames_of(ivf: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = &ivf[32..];
    let mut frames = Vec::new();
    while !rest.is_empty() {
        let len = u32::from_le_bytes(rest[..4].try_into().unwrap()) as usize;
        frames.push(rest[12..12 + len].to_vec());
        rest = &rest[12 + len..];
    }
    frames
}

pub(crate) fn video(codec: VideoCodec) -> (Track, Vec<Vec<u8>>) {
    let (ivf, config): (&[u8], &[u8]) = match codec {
        VideoCodec::Vp8 => (include_bytes!("../fixtures/vp8.ivf"), &[]),
        VideoCodec::Vp9 => {
            (include_bytes!("../fixtures/vp9.ivf"), include_bytes!("../fixtures/vp9.config"))
        }
        VideoCodec::H264 => {
            (include_bytes!("../fixtures/h264.ivf"), include_bytes!("../fixtures/h264.config"))
        }
        VideoCodec::Av1 => {
            (include_bytes!("../fixtures/av1.ivf"), include_bytes!("../fixtures/av1.config"))
        }
    };
    let track = Track::Video(VideoTrack {
        codec,
        width: 64,
        height: 48,
        rotation: Rotation::None,
        config: config.to_vec(),
    });
    (track, frames_of(ivf))
}

pub(crate) fn audio() -> (Track, Vec<Vec<u8>>) {
    (Track::Audio(AudioTrack { channels: 1 }), frames_of(include_bytes!("../fixtures/opus.ivf")))
}

/// A broadcast of 3 seconds: its tracks, and its frames as they come.
#[derive(Clone)]
pub(crate) struct Show {
    pub(crate) tracks: Vec<Track>,
    pub(crate) frames: Vec<Frame>,
}

impl Show {
    pub(crate) fn of(codec: VideoCodec) -> Self {
        Self::with_audio_at(codec, Duration::ZERO)
    }

    /// Its sound begins later than its picture, or never.
    pub(crate) fn with_audio_at(codec: VideoCodec, delay: Duration) -> Self {
        let (video, pictures) = video(codec);
        let (audio, packets) = audio();
        let mut frames = Vec::new();
        for (n, data) in (0..).zip(pictures) {
            let is_key = KEYS.contains(&(n as usize));
            frames.push(Frame { track: 0, at: VIDEO_STEP * n, is_key, data });
        }
        for (n, data) in (0..).zip(packets) {
            frames.push(Frame { track: 1, at: delay + AUDIO_STEP * n, is_key: true, data });
        }
        frames.sort_by_key(|frame| frame.at);
        Self { tracks: vec![video, audio], frames }
    }

    pub(crate) fn of_sound() -> Self {
        let (audio, packets) = audio();
        let frame = |(n, data)| Frame { track: 0, at: AUDIO_STEP * n, is_key: true, data };
        Self { tracks: vec![audio], frames: (0..).zip(packets).map(frame).collect() }
    }

    pub(crate) fn turned(mut self, to: Rotation) -> Self {
        if let Track::Video(video) = &mut self.tracks[0] {
            video.rotation = to;
        }
        self
    }

    /// The frames of a track.
    pub(crate) fn of_track(&self, track: usize) -> Vec<&Frame> {
        self.frames.iter().filter(|frame| frame.track == track).collect()
    }
}

/// A file while it grows, and how long it was whenever something was appended.
pub(crate) struct Growing {
    pub(crate) bytes: Vec<u8>,
    pub(crate) ends: Vec<usize>,
    pub(crate) writer: Writer,
}

impl Growing {
    pub(crate) fn begin(format: Format, tracks: &[Track]) -> Self {
        let mut bytes = Vec::new();
        let writer = Writer::begin(format, tracks, &mut bytes).unwrap();
        Self { ends: vec![bytes.len()], bytes, writer }
    }

    pub(crate) fn write(&mut self, frame: Frame) {
        self.writer.write(frame, &mut self.bytes).unwrap();
        if self.ends.last() != Some(&self.bytes.len()) {
            self.ends.push(self.bytes.len());
        }
        assert_eq!(self.writer.bytes(), self.bytes.len() as u64);
    }

    pub(crate) fn finish(mut self) -> (Vec<u8>, Finished) {
        let finished = self.writer.finish().unwrap();
        apply(&mut self.bytes, &finished);
        (self.bytes, finished)
    }
}

/// The file of a show, not finished.
pub(crate) fn growing(format: Format, show: &Show) -> Growing {
    let mut file = Growing::begin(format, &show.tracks);
    for frame in &show.frames {
        file.write(frame.clone());
    }
    file
}

/// The file of a show.
pub(crate) fn whole(format: Format, show: &Show) -> (Vec<u8>, Finished) {
    growing(format, show).finish()
}

/// Finishes a file.
pub(crate) fn apply(bytes: &mut Vec<u8>, finished: &Finished) {
    bytes.extend_from_slice(&finished.tail);
    for patch in &finished.patches {
        let at = patch.offset as usize;
        bytes[at..at + patch.bytes.len()].copy_from_slice(&patch.bytes);
    }
}

/// Finishes a file that was cut off.
pub(crate) fn repaired(mut bytes: Vec<u8>) -> Vec<u8> {
    match repair(Cursor::new(&bytes)).unwrap() {
        Repaired::Whole => {}
        Repaired::Cut { len, finished } => {
            bytes.truncate(len as usize);
            apply(&mut bytes, &finished);
        }
    }
    assert_eq!(repair(Cursor::new(&bytes)).unwrap(), Repaired::Whole, "it is whole then");
    bytes
}

/// A sample as a reader finds it in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) at: Duration,
    pub(crate) is_key: bool,
    pub(crate) data: Vec<u8>,
}

/// What a reader should find of a track.
pub(crate) fn expected(show: &Show, track: usize) -> Vec<Sample> {
    let sample =
        |frame: &Frame| Sample { at: frame.at, is_key: frame.is_key, data: frame.data.clone() };
    show.of_track(track).into_iter().map(sample).collect()
}
