//! A recorded file as a publisher's packets, for other tools.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use record::inspect::inspect;
use record::read::{ReadError, Reader};
use synth::media::{Feed, Sent};

use crate::PlayError;
use crate::choice::Choice;
use crate::source::Source;

/// A file that can be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    path: PathBuf,
    /// What of it is sent.
    pub sent: Sent,
    /// What is not sent as it is: sentences without a full stop.
    pub notes: Vec<String>,
    /// Of its picture, in bits a second.
    pub bit_rate: Option<u64>,
    /// Of its picture, in frames a second.
    pub frame_rate: Option<f64>,
}

impl Recorded {
    /// Reads all of a file, but for the frames themselves.
    ///
    /// # Errors
    /// When it cannot be read, or nothing in it can be sent.
    pub fn open(path: &Path) -> Result<Self, PlayError> {
        let (reader, choice) = open(path)?;
        drop(reader);
        let unreadable = |error| PlayError::File { file: path.to_owned(), error };
        let file = File::open(path).map_err(|it| unreadable(ReadError::Io(it)))?;
        let report = inspect(file).map_err(unreadable)?;
        let n_sent = report.tracks.iter().zip(&choice.tracks).filter(|(_, it)| it.is_some());
        if n_sent.map(|(it, _)| it.n_frames).sum::<u64>() < 2 {
            let reason = "there is nothing in it to be sent again and again".to_owned();
            return Err(PlayError::Tracks { file: path.to_owned(), reason });
        }
        let picture = choice.sent.video.and(report.tracks.iter().find(|it| it.track.is_video()));
        Ok(Self {
            path: path.to_owned(),
            sent: choice.sent,
            notes: choice.notes,
            bit_rate: picture.and_then(|it| it.bit_rate()),
            frame_rate: picture.and_then(|it| it.frame_rate()),
        })
    }

    /// Its packets in real time, again and again.
    ///
    /// # Errors
    /// When it cannot be read any more.
    pub fn feed(&self) -> Result<Box<dyn Feed>, PlayError> {
        let (reader, choice) = open(&self.path)?;
        let source = Source::new(self.path.clone(), reader, choice, true, Arc::default());
        let source = source.map_err(|error| PlayError::File { file: self.path.clone(), error })?;
        Ok(Box::new(source))
    }
}

/// Opens a file, and chooses what of it is sent.
pub(crate) fn open(path: &Path) -> Result<(Reader<File>, Choice), PlayError> {
    let unreadable = |error| PlayError::File { file: path.to_owned(), error };
    let file = File::open(path).map_err(|it| unreadable(ReadError::Io(it)))?;
    let reader = Reader::open(file).map_err(unreadable)?;
    let choice = Choice::of(reader.tracks())
        .map_err(|reason| PlayError::Tracks { file: path.to_owned(), reason })?;
    Ok((reader, choice))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use synth::media::SentVideo;

    use super::*;

    fn fixture(name: &str) -> PathBuf {
        let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/record/tests/fixtures/");
        PathBuf::from(fixtures).join(name)
    }

    #[test]
    fn a_file_tells_its_rates_and_is_sent_again_and_again() {
        let file = Recorded::open(&fixture("ffmpeg-live.webm")).unwrap();
        assert!(file.sent.audio && file.sent.video.is_some());
        assert!((24.0..26.0).contains(&file.frame_rate.unwrap()), "{file:?}");
        assert!(file.bit_rate.unwrap() > 1_000, "{file:?}");
        let mut feed = file.feed().unwrap();
        let (began, mut made) = (Instant::now(), Vec::new());
        for ms in 0..5_000 {
            feed.produce(began + Duration::from_millis(ms), &mut made);
        }
        let frames = made.iter().filter(|it| it.is_video && it.marker);
        let keys = frames.clone().filter(|it| it.is_key).count();
        assert!(frames.count() > 110 && keys >= 4, "{keys} keyframes");
    }

    #[test]
    fn what_cannot_be_sent_is_told() {
        let file = Recorded::open(&fixture("ffmpeg.mp4")).unwrap();
        assert!(matches!(file.sent, Sent { video: Some(SentVideo::H264 { .. }), audio: false }));
        assert!(file.notes[0].contains("left out"), "{:?}", file.notes);
        let error = Recorded::open(&fixture("README.md")).unwrap_err().to_string();
        assert!(error.contains("README.md"), "{error}");
    }
}
