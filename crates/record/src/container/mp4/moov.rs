//! Tracks as atoms.

use mp4_atom::{
    Atom, Audio, Av01, Av1c, Avc1, Avcc, Codec, Dinf, Dops, Dref, DrefEntry, Edts, FourCC, Hdlr,
    Matrix, Mdhd, Mdia, Minf, Moov, Mvex, Mvhd, Opus, Smhd, Stbl, Stsd, Tkhd, Trak, Trex, Url,
    Visual, Vmhd, Vp09, VpcC,
};

use super::super::{ContainerError, Format};
use crate::{Rotation, Track, VideoCodec, VideoTrack};

/// Units of time a second, of the whole file.
pub(super) const MOVIE_TIMESCALE: u32 = VIDEO_TIMESCALE;

const VIDEO_TIMESCALE: u32 = 90_000;
const AUDIO_TIMESCALE: u32 = 48_000;

/// 1 in fixed point with 16 bits behind the point.
const ONE: i32 = 1 << 16;

/// Units of time a second, of a track: those of its RTP clock.
pub(super) fn timescale(track: &Track) -> u32 {
    if track.is_video() { VIDEO_TIMESCALE } else { AUDIO_TIMESCALE }
}

/// The number of a track by its index in the tracks of the file.
pub(super) fn track_id(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1)
}

/// The durations of a track at the end of a file.
#[derive(Debug, Default)]
pub(super) struct Lengths {
    /// In units of the file, from its begin.
    pub(super) movie: u64,
    /// In units of the track.
    pub(super) media: u64,
}

/// The moov of a file that grows: its samples are in fragments.
pub(super) fn growing(tracks: &[Track]) -> Result<Moov, ContainerError> {
    let mut traks = Vec::new();
    let mut trex = Vec::new();
    for (index, track) in tracks.iter().enumerate() {
        let stbl = Stbl { stsd: description(track)?, ..Stbl::default() };
        // Readers want one table of offsets, also an empty one.
        let stbl = Stbl { stco: Some(mp4_atom::Stco::default()), ..stbl };
        traks.push(trak(index, track, &Lengths::default(), None, stbl));
        trex.push(Trex {
            track_id: track_id(index),
            default_sample_description_index: 1,
            ..Trex::default()
        });
    }
    let mvex = Some(Mvex { mehd: None, trex });
    Ok(Moov { mvex, ..moov(traks, tracks.len(), 0) })
}

pub(super) fn moov(trak: Vec<Trak>, tracks: usize, duration: u64) -> Moov {
    Moov {
        mvhd: Mvhd {
            creation_time: 0,
            modification_time: 0,
            timescale: MOVIE_TIMESCALE,
            duration,
            rate: 1.into(),
            volume: 1.into(),
            matrix: Matrix::default(),
            next_track_id: track_id(tracks),
        },
        meta: None,
        mvex: None,
        trak,
        udta: None,
        ainf: None,
    }
}

pub(super) fn trak(
    index: usize,
    track: &Track,
    lengths: &Lengths,
    edts: Option<Edts>,
    stbl: Stbl,
) -> Trak {
    let (width, height, matrix) = match track {
        // A size of 16 bits was checked at the begin.
        Track::Video(video) => (short(video.width), short(video.height), matrix(video)),
        Track::Audio(_) => (0, 0, Matrix::default()),
    };
    let is_video = track.is_video();
    let (handler, name) =
        if is_video { (b"vide", "VideoHandler") } else { (b"soun", "SoundHandler") };
    Trak {
        tkhd: Tkhd {
            track_id: track_id(index),
            duration: lengths.movie,
            alternate_group: u16::from(!is_video),
            enabled: true,
            in_movie: true,
            volume: u8::from(!is_video).into(),
            matrix,
            width: width.into(),
            height: height.into(),
            ..Tkhd::default()
        },
        edts,
        mdia: Mdia {
            mdhd: Mdhd {
                timescale: timescale(track),
                duration: lengths.media,
                language: "und".to_owned(),
                ..Mdhd::default()
            },
            hdlr: Hdlr { handler: FourCC::new(handler), name: name.to_owned() },
            minf: Minf {
                vmhd: is_video.then(Vmhd::default),
                smhd: (!is_video).then(Smhd::default),
                dinf: Dinf { dref: Dref { entries: vec![DrefEntry::Url(Url::default())] } },
                stbl,
                ..Minf::default()
            },
        },
        ..Trak::default()
    }
}

fn short(size: u32) -> u16 {
    u16::try_from(size).unwrap_or(u16::MAX)
}

/// What turns the picture, and moves it back to where it begins at the left and the top.
fn matrix(video: &VideoTrack) -> Matrix {
    let fixed = |pixels: u32| i32::from_ne_bytes((pixels << 16).to_ne_bytes());
    let (width, height) = (fixed(video.width), fixed(video.height));
    let (a, b, c, d, x, y) = match video.rotation {
        Rotation::None => return Matrix::default(),
        Rotation::By90 => (0, ONE, -ONE, 0, height, 0),
        Rotation::By180 => (-ONE, 0, 0, -ONE, width, height),
        Rotation::By270 => (0, -ONE, ONE, 0, 0, width),
    };
    Matrix { a, b, c, d, x, y, ..Matrix::default() }
}

/// How far a matrix turns whose first row begins with `a` and `b`.
pub(crate) fn rotation(a: i32, b: i32) -> Rotation {
    match (a, b) {
        (0, ONE) => Rotation::By90,
        (a, 0) if a == -ONE => Rotation::By180,
        (0, b) if b == -ONE => Rotation::By270,
        _ => Rotation::None,
    }
}

/// What a decoder is told of the track.
pub(super) fn description(track: &Track) -> Result<Stsd, ContainerError> {
    let codec = match track {
        Track::Video(video) => video_codec(video)?,
        Track::Audio(audio) => Codec::Opus(Opus {
            audio: Audio {
                data_reference_index: 1,
                channel_count: u16::from(audio.channels),
                sample_size: 16,
                // 48000, which is AUDIO_TIMESCALE.
                sample_rate: 48_000.into(),
            },
            dops: Dops {
                output_channel_count: audio.channels,
                pre_skip: 0,
                input_sample_rate: AUDIO_TIMESCALE,
                output_gain: 0,
                channel_mapping: None,
            },
            btrt: None,
        }),
    };
    Ok(Stsd { codecs: vec![codec] })
}

fn video_codec(video: &VideoTrack) -> Result<Codec, ContainerError> {
    let visual = Visual {
        data_reference_index: 1,
        width: short(video.width),
        height: short(video.height),
        ..Visual::default()
    };
    let codec = match video.codec {
        VideoCodec::Vp8 => {
            return Err(ContainerError::Codec { format: Format::Mp4, codec: video.codec });
        }
        VideoCodec::Vp9 => Codec::Vp09(Vp09 {
            visual,
            vpcc: record::<VpcC>(video)?,
            btrt: None,
            colr: None,
            pasp: None,
            spatial: None,
        }),
        VideoCodec::H264 => {
            Codec::Avc1(Avc1 { visual, avcc: record::<Avcc>(video)?, ..Avc1::default() })
        }
        VideoCodec::Av1 => {
            Codec::Av01(Av01 { visual, av1c: record::<Av1c>(video)?, ..Av01::default() })
        }
    };
    Ok(codec)
}

/// The configuration record, all of it. One that would not be written as it was read is refused.
fn record<T: Atom>(video: &VideoTrack) -> Result<T, ContainerError> {
    let refused = |_| ContainerError::Config(video.codec);
    let mut rest = video.config.as_slice();
    let record = T::decode_body(&mut rest).map_err(refused)?;
    let mut again = Vec::new();
    record.encode_body(&mut again).map_err(refused)?;
    if rest.is_empty() { Ok(record) } else { Err(ContainerError::Config(video.codec)) }
}
