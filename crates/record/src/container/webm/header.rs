//! What comes before the first cluster, and where the end patches it.

use super::super::Patch;
use super::ebml::{
    self, UNKNOWN_SIZE, element, float, id, long_size, long_uint, master, uint, void,
};
use crate::{AudioTrack, Rotation, Track, VideoCodec, VideoTrack};

/// The length of the SeekHead in bytes: three entries of 21 bytes.
pub(super) const SEEK_HEAD_LEN: usize = 68;

/// The length of the Duration in bytes.
pub(super) const DURATION_LEN: usize = 11;

/// Opus is decoded from so much before the place that is sought (RFC 7845), in nanoseconds.
const SEEK_PRE_ROLL_NS: u64 = 80_000_000;

/// Who wrote the file.
const APP: &[u8] = b"Kaibo";

/// Where things are that the end patches. All are offsets from the begin of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    /// The first byte in the segment, and of the SeekHead. Positions in the file count from here.
    pub(super) segment: u64,
    pub(super) info: u64,
    pub(super) duration: u64,
    pub(super) tracks: u64,
}

impl Layout {
    /// Writes the header.
    pub(super) fn write(tracks: &[Track], out: &mut Vec<u8>) -> Self {
        ebml_header(tracks, out);
        id(out, ebml::SEGMENT);
        out.extend_from_slice(&UNKNOWN_SIZE);
        let segment = out.len() as u64;
        void(out, SEEK_HEAD_LEN);

        let info = out.len() as u64;
        let mut body = Vec::new();
        uint(&mut body, ebml::TIMESTAMP_SCALE, 1_000_000);
        element(&mut body, ebml::MUXING_APP, APP);
        element(&mut body, ebml::WRITING_APP, APP);
        void(&mut body, DURATION_LEN);
        element(out, ebml::INFO, &body);
        let duration = (out.len() - DURATION_LEN) as u64;

        let at = out.len() as u64;
        master(out, ebml::TRACKS, |out| {
            for (number, track) in (1..).zip(tracks) {
                master(out, ebml::TRACK_ENTRY, |out| entry(number, track, out));
            }
        });
        Self { segment, info, duration, tracks: at }
    }

    /// An offset in the file as a position in the segment.
    pub(super) fn position_of(&self, offset: u64) -> u64 {
        offset.saturating_sub(self.segment)
    }

    /// What is written over the header at the end. The size of the segment comes last: a file that has one is whole.
    pub(super) fn patches(&self, cues: u64, len: u64, duration_ms: u64) -> Vec<Patch> {
        let mut duration = Vec::new();
        // A double counts exactly up to 2^53 milliseconds.
        float(&mut duration, ebml::DURATION, duration_ms as f64);
        let mut seek_head = Vec::new();
        master(&mut seek_head, ebml::SEEK_HEAD, |out| {
            for (name, offset) in
                [(ebml::INFO, self.info), (ebml::TRACKS, self.tracks), (ebml::CUES, cues)]
            {
                master(out, ebml::SEEK, |out| {
                    element(out, ebml::SEEK_ID, &name.to_be_bytes());
                    long_uint(out, ebml::SEEK_POSITION, self.position_of(offset));
                });
            }
        });
        let size = long_size(self.position_of(len)).to_vec();
        vec![
            Patch { offset: self.duration, bytes: duration },
            Patch { offset: self.segment, bytes: seek_head },
            Patch { offset: self.segment - size.len() as u64, bytes: size },
        ]
    }
}

fn ebml_header(tracks: &[Track], out: &mut Vec<u8>) {
    let is_webm = !tracks.iter().any(
        |track| matches!(track, Track::Video(VideoTrack { codec, .. }) if *codec == VideoCodec::H264),
    );
    master(out, ebml::EBML, |out| {
        uint(out, ebml::EBML_VERSION, 1);
        uint(out, ebml::EBML_READ_VERSION, 1);
        uint(out, ebml::EBML_MAX_ID_LENGTH, 4);
        uint(out, ebml::EBML_MAX_SIZE_LENGTH, 8);
        element(out, ebml::DOC_TYPE, if is_webm { b"webm" } else { b"matroska" });
        // SeekPreRoll and Projection are of version 4; what only knows version 2 may leave them out.
        uint(out, ebml::DOC_TYPE_VERSION, 4);
        uint(out, ebml::DOC_TYPE_READ_VERSION, 2);
    });
}

fn entry(number: u64, track: &Track, out: &mut Vec<u8>) {
    uint(out, ebml::TRACK_NUMBER, number);
    uint(out, ebml::TRACK_UID, number);
    uint(out, ebml::TRACK_TYPE, if track.is_video() { 1 } else { 2 });
    uint(out, ebml::FLAG_LACING, 0);
    element(out, ebml::LANGUAGE, b"und");
    match track {
        Track::Video(video) => video_entry(video, out),
        Track::Audio(audio) => audio_entry(audio, out),
    }
}

fn video_entry(video: &VideoTrack, out: &mut Vec<u8>) {
    let (codec, private): (&[u8], &[u8]) = match video.codec {
        VideoCodec::Vp8 => (b"V_VP8", &[]),
        // Its CodecPrivate is another record than vpcC, and optional.
        VideoCodec::Vp9 => (b"V_VP9", &[]),
        VideoCodec::H264 => (b"V_MPEG4/ISO/AVC", &video.config),
        VideoCodec::Av1 => (b"V_AV1", &video.config),
    };
    element(out, ebml::CODEC_ID, codec);
    if !private.is_empty() {
        element(out, ebml::CODEC_PRIVATE, private);
    }
    master(out, ebml::VIDEO, |out| {
        uint(out, ebml::PIXEL_WIDTH, u64::from(video.width));
        uint(out, ebml::PIXEL_HEIGHT, u64::from(video.height));
        // It counts degrees counter-clockwise.
        let roll = match video.rotation {
            Rotation::None => return,
            Rotation::By90 => -90.0,
            Rotation::By180 => 180.0,
            Rotation::By270 => 90.0,
        };
        master(out, ebml::PROJECTION, |out| {
            uint(out, ebml::PROJECTION_TYPE, 0);
            float(out, ebml::PROJECTION_POSE_ROLL, roll);
        });
    });
}

fn audio_entry(audio: &AudioTrack, out: &mut Vec<u8>) {
    // OpusHead (RFC 7845): version 1, no pre-skip, 48 kHz, no gain, mono or stereo.
    let mut head = b"OpusHead\x01".to_vec();
    head.push(audio.channels);
    head.extend_from_slice(&0u16.to_le_bytes());
    head.extend_from_slice(&48_000u32.to_le_bytes());
    head.extend_from_slice(&[0, 0, 0]);
    element(out, ebml::CODEC_ID, b"A_OPUS");
    element(out, ebml::CODEC_PRIVATE, &head);
    uint(out, ebml::CODEC_DELAY, 0);
    uint(out, ebml::SEEK_PRE_ROLL, SEEK_PRE_ROLL_NS);
    master(out, ebml::AUDIO, |out| {
        float(out, ebml::SAMPLING_FREQUENCY, 48_000.0);
        uint(out, ebml::CHANNELS, u64::from(audio.channels));
    });
}
