//! The tracks of a moov.

use std::time::Duration;

use mp4_atom::{Elst, Trex};

use super::tables::{Cursor, u32_at};
use super::{Defaults, Numbered};
use crate::container::mp4::atoms::{AUDIO_LEN, Atoms, VISUAL_LEN, find, leaf};
use crate::container::mp4::moov::rotation;
use crate::read::{MAX_READ_TRACKS, ReadError, StoredCodec, StoredMedia, StoredTrack, codec};

/// What a moov says.
#[derive(Debug)]
pub(super) struct Moov {
    pub(super) tracks: Vec<StoredTrack>,
    pub(super) numbered: Vec<Numbered>,
    pub(super) cursors: Vec<Cursor>,
    pub(super) duration: Option<Duration>,
}

/// Reads the body of a moov. A track that cannot be read is left out.
pub(super) fn moov(bytes: &[u8]) -> Result<Moov, ReadError> {
    let (timescale, duration) = find(bytes, b"mvhd").and_then(lengths).unwrap_or((1, 0));
    let mut moov = Moov {
        tracks: Vec::new(),
        numbered: Vec::new(),
        cursors: Vec::new(),
        duration: (duration > 0).then(|| {
            let ns = u128::from(duration) * 1_000_000_000 / u128::from(timescale);
            Duration::from_nanos(u64::try_from(ns).unwrap_or(u64::MAX))
        }),
    };
    let mvex = find(bytes, b"mvex").unwrap_or_default();
    for (_, trak) in Atoms(bytes).filter(|(kind, _)| kind == b"trak") {
        if moov.tracks.len() == MAX_READ_TRACKS {
            return Err(ReadError::TooManyTracks);
        }
        let Some((track, mut numbered, cursor)) = track(trak, timescale) else { continue };
        let defaults = Atoms(mvex)
            .filter(|(kind, _)| kind == b"trex")
            .filter_map(|(_, mut body)| <Trex as mp4_atom::Atom>::decode_body(&mut body).ok())
            .find(|trex| trex.track_id == numbered.id);
        if let Some(trex) = defaults {
            numbered.defaults = Defaults {
                step: trex.default_sample_duration,
                len: trex.default_sample_size,
                flags: trex.default_sample_flags,
            };
        }
        moov.tracks.push(track);
        moov.numbered.push(numbered);
        moov.cursors.push(cursor);
    }
    if moov.tracks.is_empty() { Err(ReadError::NoTracks) } else { Ok(moov) }
}

fn track(trak: &[u8], movie_timescale: u32) -> Option<(StoredTrack, Numbered, Cursor)> {
    let tkhd = find(trak, b"tkhd")?;
    // Version 1 has times of 64 bits.
    let is_long = *tkhd.first()? == 1;
    let id = u32_at(tkhd, if is_long { 20 } else { 12 })?;
    let matrix = if is_long { 52 } else { 40 };
    let turned = (u32_at(tkhd, matrix)?.cast_signed(), u32_at(tkhd, matrix + 4)?.cast_signed());
    let mdia = find(trak, b"mdia")?;
    let (timescale, _) = lengths(find(mdia, b"mdhd")?)?;
    let handler: [u8; 4] = *find(mdia, b"hdlr")?.get(8..)?.first_chunk()?;
    let stbl = find(find(mdia, b"minf")?, b"stbl")?;
    // Version, flags and the number of entries.
    let (kind, entry) = Atoms(find(stbl, b"stsd")?.get(8..)?).next()?;
    let track = description(kind, entry, handler, turned);
    let numbered = Numbered {
        id,
        timescale,
        shift_ns: find(trak, b"edts").map_or(0, |edts| shift(edts, movie_timescale, timescale)),
        is_video: track.is_video(),
        defaults: Defaults::default(),
        time: 0,
    };
    Some((track, numbered, Cursor::of(stbl)))
}

/// Units of time a second, and the duration in them, of an mvhd or mdhd.
fn lengths(header: &[u8]) -> Option<(u32, u64)> {
    let is_long = *header.first()? == 1;
    let at = if is_long { 20 } else { 12 };
    let timescale = u32_at(header, at)?.max(1);
    let high = u64::from(u32_at(header, at + 4)?);
    let duration = if is_long { high << 32 | u64::from(u32_at(header, at + 8)?) } else { high };
    // All ones: it is not known.
    let is_unknown = duration == u64::MAX || (!is_long && high == u64::from(u32::MAX));
    Some((timescale, if is_unknown { 0 } else { duration }))
}

/// What an edit list adds to all times, in nanoseconds: first nothing for a while, then the track from some place on.
fn shift(edts: &[u8], movie_timescale: u32, timescale: u32) -> i64 {
    let Some(elst) = leaf::<Elst>(edts, *b"elst") else { return 0 };
    let ns = |time: u64, scale: u32| i128::from(time) * 1_000_000_000 / i128::from(scale.max(1));
    let mut shift = 0;
    for entry in &elst.entries {
        match entry.media_time {
            None => shift += ns(entry.segment_duration, movie_timescale),
            Some(time) => {
                shift -= ns(time, timescale);
                break;
            }
        }
    }
    i64::try_from(shift).unwrap_or(0)
}

fn description(kind: [u8; 4], entry: &[u8], handler: [u8; 4], (a, b): (i32, i32)) -> StoredTrack {
    let atom = |len: usize, kind: &[u8; 4]| {
        entry.get(len..).and_then(|atoms| find(atoms, kind)).unwrap_or_default()
    };
    let short = |at: usize| {
        let bytes = entry.get(at..).and_then(|it| it.first_chunk());
        bytes.map_or(0, |it| u16::from_be_bytes(*it))
    };
    let (codec, config) = match &kind {
        b"avc1" | b"avc3" => (StoredCodec::H264, atom(VISUAL_LEN, b"avcC")),
        b"vp09" => (StoredCodec::Vp9, atom(VISUAL_LEN, b"vpcC")),
        b"vp08" => (StoredCodec::Vp8, atom(VISUAL_LEN, b"vpcC")),
        b"av01" => (StoredCodec::Av1, atom(VISUAL_LEN, b"av1C")),
        b"Opus" => (StoredCodec::Opus, atom(AUDIO_LEN, b"dOps")),
        b"mp4a" => (StoredCodec::Other, atom(AUDIO_LEN, b"esds")),
        _ => (StoredCodec::Other, &[][..]),
    };
    let codec_name = match codec {
        StoredCodec::H264 => codec::h264(config),
        StoredCodec::Vp9 => codec::vp9(config),
        StoredCodec::Av1 => codec::av1(config),
        StoredCodec::Vp8 => "vp8".to_owned(),
        StoredCodec::Opus => "opus".to_owned(),
        StoredCodec::Other if &kind == b"mp4a" => {
            audio_config(config).map_or_else(|| "mp4a".to_owned(), codec::aac)
        }
        StoredCodec::Other => {
            kind.iter().filter(|it| it.is_ascii_graphic()).map(|it| char::from(*it)).collect()
        }
    };
    let media = match &handler {
        b"vide" => StoredMedia::Video {
            width: short(24).into(),
            height: short(26).into(),
            rotation: rotation(a, b),
        },
        // dOps says how many there are; the entry has to say two.
        b"soun" if codec == StoredCodec::Opus => {
            let channels = config.get(1).map_or_else(|| short(16), |it| u16::from(*it));
            StoredMedia::Audio { channels }
        }
        b"soun" => StoredMedia::Audio { channels: short(16) },
        _ => StoredMedia::Other,
    };
    let is_encoded = matches!(&kind, b"encv" | b"enca");
    StoredTrack { codec, codec_name, media, config: config.to_vec(), is_encoded }
}

/// The AudioSpecificConfig in an esds (ISO 14496-14): descriptors with a tag and a length of up to four bytes.
fn audio_config(esds: &[u8]) -> Option<&[u8]> {
    let mut rest = esds.get(4..)?;
    for (tag, skip) in [(0x03, 3), (0x04, 13), (0x05, 0)] {
        let (found, after) = rest.split_first()?;
        if *found != tag {
            return None;
        }
        let len = after.iter().take(4).position(|it| it & 0x80 == 0)? + 1;
        rest = after.get(len + skip..)?;
    }
    Some(rest)
}
