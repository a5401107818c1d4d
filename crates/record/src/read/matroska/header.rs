//! What comes before the first cluster.

use std::io::{Read, Seek};
use std::time::Duration;

use super::{Numbered, Walk, uint};
use crate::container::source::{Source, Stop};
use crate::container::webm::ebml;
use crate::container::webm::element::{element, element_id, size};
use crate::frame::Rotation;
use crate::read::{
    Container, Head, MAX_READ_TRACKS, ReadError, StoredCodec, StoredMedia, StoredTrack, codec,
};

/// The longest element of the header that is read, in bytes.
const MAX_HEADER: u64 = 4 * 1024 * 1024;

/// The longest look-ahead of an encoder that is believed.
const MAX_DELAY_NS: u64 = 1_000_000_000;

/// A unit of time in nanoseconds, if the file names none.
const SCALE: u64 = 1_000_000;

const CONTENT_ENCODINGS: u32 = 0x6D80;
const DEFAULT_DURATION: u32 = 0x23E383;

/// Reads up to the first cluster.
pub(in crate::read) fn open<R: Read + Seek>(
    source: &mut Source<R>,
) -> Result<(Head, Walk), ReadError> {
    let (_, len) = element(source)?;
    let header = source.vec(len, MAX_HEADER)?;
    let is_webm = child(&header, ebml::DOC_TYPE) == Some(b"webm");
    if element_id(source)? != ebml::SEGMENT {
        return Err(ReadError::Foreign);
    }
    let segment_end = size(source)?.and_then(|size| source.at().checked_add(size));
    let mut walk = Walk {
        tracks: Vec::new(),
        most_delay_ns: 0,
        scale: SCALE,
        segment_end,
        cluster_end: None,
        cluster: 0,
        laced: std::collections::VecDeque::new(),
    };
    let mut head = Head {
        container: if is_webm { Container::WebM } else { Container::Matroska },
        tracks: Vec::new(),
        duration: None,
        is_ours: false,
    };
    loop {
        let begin = source.at();
        match part(source, &mut head, &mut walk) {
            Ok(true) => {}
            Ok(false) => break source.go_to(begin)?,
            // Cut off before its first cluster.
            Err(ReadError::NoTracks) if !head.tracks.is_empty() => break source.go_to(begin)?,
            Err(error) => return Err(error),
        }
    }
    if head.tracks.is_empty() { Err(ReadError::NoTracks) } else { Ok((head, walk)) }
}

/// Reads an element of the segment. Returns whether there is more before the first cluster.
fn part<R: Read + Seek>(
    source: &mut Source<R>,
    head: &mut Head,
    walk: &mut Walk,
) -> Result<bool, ReadError> {
    let name = element_id(source)?;
    if name == ebml::CLUSTER {
        return Ok(false);
    }
    let size = size(source)?.ok_or(Stop::Cut)?;
    match name {
        ebml::INFO => {
            let body = source.vec(size, MAX_HEADER)?;
            walk.scale = child(&body, ebml::TIMESTAMP_SCALE).map_or(SCALE, uint).max(1);
            head.is_ours = child(&body, ebml::MUXING_APP) == Some(b"Kaibo");
            head.duration = child(&body, ebml::DURATION).and_then(float).and_then(|units| {
                Duration::try_from_secs_f64(units * walk.scale as f64 / 1e9).ok()
            });
        }
        ebml::TRACKS => {
            let body = source.vec(size, MAX_HEADER)?;
            for (_, entry) in Elements(&body).filter(|(name, _)| *name == ebml::TRACK_ENTRY) {
                if head.tracks.len() == MAX_READ_TRACKS {
                    return Err(ReadError::TooManyTracks);
                }
                let track = track(entry);
                let delay_ns = child(entry, ebml::CODEC_DELAY).map_or(0, uint).min(MAX_DELAY_NS);
                walk.most_delay_ns = walk.most_delay_ns.max(delay_ns);
                walk.tracks.push(Numbered {
                    number: child(entry, ebml::TRACK_NUMBER).map_or(0, uint),
                    step_ns: child(entry, DEFAULT_DURATION).map_or(0, uint),
                    delay_ns,
                    is_audio: track.is_audio(),
                });
                head.tracks.push(track);
            }
        }
        _ => source.skip(size)?,
    }
    Ok(true)
}

fn track(entry: &[u8]) -> StoredTrack {
    let config = child(entry, ebml::CODEC_PRIVATE).unwrap_or_default().to_vec();
    let id = child(entry, ebml::CODEC_ID).unwrap_or_default();
    let (codec, codec_name) = match id {
        b"V_VP8" => (StoredCodec::Vp8, "vp8".to_owned()),
        b"V_VP9" => (StoredCodec::Vp9, codec::vp9_of_matroska(&config)),
        b"V_MPEG4/ISO/AVC" => (StoredCodec::H264, codec::h264(&config)),
        b"V_AV1" => (StoredCodec::Av1, codec::av1(&config)),
        b"A_OPUS" => (StoredCodec::Opus, "opus".to_owned()),
        b"A_AAC" => (StoredCodec::Other, codec::aac(&config)),
        other => (StoredCodec::Other, printable(other)),
    };
    let media = match child(entry, ebml::TRACK_TYPE).map(uint) {
        Some(1) => video(child(entry, ebml::VIDEO).unwrap_or_default()),
        Some(2) => {
            let audio = child(entry, ebml::AUDIO).unwrap_or_default();
            let channels = child(audio, ebml::CHANNELS).map_or(1, uint);
            StoredMedia::Audio { channels: u16::try_from(channels).unwrap_or(u16::MAX) }
        }
        _ => StoredMedia::Other,
    };
    let is_encoded = child(entry, CONTENT_ENCODINGS).is_some();
    StoredTrack { codec, codec_name, media, config, is_encoded }
}

fn video(body: &[u8]) -> StoredMedia {
    let side = |name| child(body, name).map_or(0, uint).try_into().unwrap_or(u32::MAX);
    let roll = child(body, ebml::PROJECTION)
        .and_then(|projection| child(projection, ebml::PROJECTION_POSE_ROLL))
        .and_then(float);
    // It counts degrees counter-clockwise.
    let rotation = match roll.map(|roll| roll.round() as i32) {
        Some(-90 | 270) => Rotation::By90,
        Some(180 | -180) => Rotation::By180,
        Some(90 | -270) => Rotation::By270,
        _ => Rotation::None,
    };
    StoredMedia::Video {
        width: side(ebml::PIXEL_WIDTH),
        height: side(ebml::PIXEL_HEIGHT),
        rotation,
    }
}

/// A name for people: at most 32 characters that can be printed.
fn printable(id: &[u8]) -> String {
    let name: String =
        id.iter().filter(|it| it.is_ascii_graphic()).take(32).map(|it| char::from(*it)).collect();
    if name.is_empty() { "unknown".to_owned() } else { name }
}

fn float(body: &[u8]) -> Option<f64> {
    match body.len() {
        4 => body.first_chunk().map(|it| f64::from(f32::from_be_bytes(*it))),
        8 => body.first_chunk().map(|it| f64::from_be_bytes(*it)),
        _ => None,
    }
}

/// The body of the first element of a name.
fn child(body: &[u8], name: u32) -> Option<&[u8]> {
    Elements(body).find(|(found, _)| *found == name).map(|(_, body)| body)
}

/// The elements of a body, one after the other: id and body. It ends at the first that is not whole.
struct Elements<'a>(&'a [u8]);

impl<'a> Iterator for Elements<'a> {
    type Item = (u32, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, rest) = number(self.0, true)?;
        let (size, rest) = number(rest, false)?;
        let (body, rest) = rest.split_at_checked(usize::try_from(size).ok()?)?;
        self.0 = rest;
        Some((u32::try_from(name).ok()?, body))
    }
}

/// An id, which keeps the bit that tells its length, or a size; and what follows it.
fn number(bytes: &[u8], is_id: bool) -> Option<(u64, &[u8])> {
    let first = *bytes.first()?;
    let len = first.leading_zeros() as usize + 1;
    if len > 8 {
        return None;
    }
    let (number, rest) = bytes.split_at_checked(len)?;
    let value = uint(number);
    Some((if is_id { value } else { value & !(1 << (7 * len)) }, rest))
}
