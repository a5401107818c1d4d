//! Which tracks of a file are sent: the first picture, and the first sound.

use record::Rotation;
use record::packetize::Packetizer;
use record::read::{StoredCodec, StoredMedia, StoredTrack};
use synth::media::{Sent, SentVideo};

/// A track that is sent.
#[derive(Debug)]
pub(crate) struct Chosen {
    pub(crate) packetizer: Packetizer,
    pub(crate) is_video: bool,
}

/// What of a file is sent.
#[derive(Debug)]
pub(crate) struct Choice {
    /// By the tracks of the file.
    pub(crate) tracks: Vec<Option<Chosen>>,
    pub(crate) sent: Sent,
    /// What people are told.
    pub(crate) notes: Vec<String>,
}

impl Choice {
    /// Chooses. The error says why nothing can be sent.
    pub(crate) fn of(tracks: &[StoredTrack]) -> Result<Self, String> {
        let mut choice = Self {
            tracks: tracks.iter().map(|_| None).collect(),
            sent: Sent { video: None, audio: false },
            notes: Vec::new(),
        };
        let first = |is: fn(&StoredTrack) -> bool| tracks.iter().position(is);
        for index in
            [first(StoredTrack::is_video), first(StoredTrack::is_audio)].into_iter().flatten()
        {
            if let Some(track) = tracks.get(index) {
                choice.add(index, track);
            }
        }
        if choice.tracks.iter().any(Option::is_some) {
            return Ok(choice);
        }
        let mut reasons = choice.notes;
        if reasons.is_empty() {
            reasons.push("the file has neither picture nor sound".to_owned());
        }
        Err(reasons.join("; "))
    }

    fn add(&mut self, index: usize, track: &StoredTrack) {
        let (what, takes) = match track.is_video() {
            true => ("picture", "VP8, VP9, H264 and AV1"),
            false => ("sound", "Opus"),
        };
        let video = video(track);
        let fits =
            if track.is_video() { video.is_some() } else { track.codec == StoredCodec::Opus };
        let packetizer =
            Packetizer::new(track.codec, &track.config).filter(|_| fits && !track.is_encoded);
        let Some(packetizer) = packetizer else {
            let name = &track.codec_name;
            let note = format!("the {what} is {name} and is left out: only {takes} can be sent");
            self.notes.push(note);
            return;
        };
        if let StoredMedia::Video { rotation, .. } = track.media
            && rotation != Rotation::None
        {
            self.notes.push("the picture is turned in the file, and is sent as it is".to_owned());
        }
        match video {
            Some(video) => self.sent.video = Some(video),
            None => self.sent.audio = true,
        }
        if let Some(slot) = self.tracks.get_mut(index) {
            *slot = Some(Chosen { packetizer, is_video: track.is_video() });
        }
    }
}

fn video(track: &StoredTrack) -> Option<SentVideo> {
    match track.codec {
        StoredCodec::Vp8 => Some(SentVideo::Vp8),
        StoredCodec::Vp9 => Some(SentVideo::Vp9),
        StoredCodec::Av1 => Some(SentVideo::Av1),
        StoredCodec::H264 => {
            Some(SentVideo::H264 { profile: track.config.get(1).copied().unwrap_or(0x42) })
        }
        StoredCodec::Opus | StoredCodec::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(codec: StoredCodec, name: &str, media: StoredMedia) -> StoredTrack {
        let codec_name = name.to_owned();
        StoredTrack { codec, codec_name, media, config: Vec::new(), is_encoded: false }
    }

    const PICTURE: StoredMedia =
        StoredMedia::Video { width: 64, height: 48, rotation: Rotation::None };
    const SOUND: StoredMedia = StoredMedia::Audio { channels: 2 };

    #[test]
    fn the_first_picture_and_the_first_sound_are_sent() {
        let tracks = [
            track(StoredCodec::Opus, "opus", SOUND),
            track(StoredCodec::Vp8, "vp8", PICTURE),
            track(StoredCodec::Opus, "opus", SOUND),
        ];
        let choice = Choice::of(&tracks).unwrap();
        assert_eq!(choice.sent, Sent { video: Some(SentVideo::Vp8), audio: true });
        assert!(choice.tracks[0].is_some() && choice.tracks[1].is_some());
        assert!(choice.tracks[2].is_none() && choice.notes.is_empty());
    }

    #[test]
    fn sound_that_cannot_be_sent_is_left_out_and_told() {
        let tracks = [
            track(StoredCodec::Vp9, "vp09", PICTURE),
            track(StoredCodec::Other, "mp4a.40.2", SOUND),
        ];
        let choice = Choice::of(&tracks).unwrap();
        assert!(!choice.sent.audio);
        assert_eq!(choice.notes, ["the sound is mp4a.40.2 and is left out: only Opus can be sent"]);
    }

    #[test]
    fn a_file_of_which_nothing_can_be_sent_is_refused() {
        let tracks = [track(StoredCodec::Other, "hev1", PICTURE)];
        let reason = Choice::of(&tracks).unwrap_err();
        assert_eq!(
            reason,
            "the picture is hev1 and is left out: only VP8, VP9, H264 and AV1 can be sent"
        );
        assert_eq!(Choice::of(&[]).unwrap_err(), "the file has neither picture nor sound");
    }
}
