//! Reads a file that was cut off, up to its last whole cluster.

use std::io::{Read, Seek};

use super::super::source::{Source, Stop};
use super::super::{MAX_TRACKS, RepairError, Repaired};
use super::ebml::{self, UNKNOWN_SIZE, long_size};
use super::element::{element, element_id};
use super::header::{DURATION_LEN, Layout, SEEK_HEAD_LEN};
use super::index::Index;

/// The longest header element, in bytes: a decoder configuration is some hundred bytes.
const MAX_HEADER: u64 = 1 << 20;

/// A frame of a cluster.
struct Block {
    track: usize,
    time: u64,
    is_key: bool,
}

pub(in super::super) fn repair<R: Read + Seek>(
    source: &mut Source<R>,
) -> Result<Repaired, RepairError> {
    let (layout, is_video, declared) = header(source)?;
    let mut index = Index::new(is_video);
    let mut whole = source.at();
    let mut rest = None;
    loop {
        match cluster(source, index.tracks()) {
            Ok(Element::Cluster(blocks)) => {
                for block in blocks {
                    index.add(layout.position_of(whole), block.track, block.time, block.is_key);
                }
                whole = source.at();
            }
            Ok(Element::Cues) => {
                rest = Some(source.at());
                break;
            }
            Err(Stop::Cut) => break,
            Err(Stop::Io(error)) => return Err(error.into()),
        }
    }
    // The size of the segment is written last.
    let is_finished = declared == long_size(layout.position_of(source.len()));
    if is_finished && rest == Some(source.len()) {
        return Ok(Repaired::Whole);
    }
    if index.is_empty() {
        return Err(RepairError::Empty);
    }
    Ok(Repaired::Cut { len: whole, finished: index.finish(&layout, whole, Vec::new()) })
}

/// Reads up to the first cluster: the layout, whether each track is a picture, and the size of the segment as it is
/// written.
fn header<R: Read + Seek>(
    source: &mut Source<R>,
) -> Result<(Layout, Vec<bool>, [u8; 8]), RepairError> {
    let (name, size) = element(source)?;
    expect(name, &[ebml::EBML])?;
    source.vec(size, MAX_HEADER)?;
    expect(element_id(source)?, &[ebml::SEGMENT])?;
    let declared = source.array()?;
    // Any other has 8 bytes as well, since those are what the end writes over these.
    if declared != UNKNOWN_SIZE && declared.first() != Some(&1) {
        return Err(RepairError::Foreign);
    }

    let segment = source.at();
    let (name, size) = element(source)?;
    expect(name, &[ebml::VOID, ebml::SEEK_HEAD])?;
    source.skip(size)?;
    if source.at() != segment + SEEK_HEAD_LEN as u64 {
        return Err(RepairError::Foreign);
    }

    let info = source.at();
    let (name, size) = element(source)?;
    expect(name, &[ebml::INFO])?;
    source.vec(size, MAX_HEADER)?;
    // The room for the duration is the last thing in it.
    let duration = source.at() - DURATION_LEN as u64;

    let tracks = source.at();
    let (name, size) = element(source)?;
    expect(name, &[ebml::TRACKS])?;
    let end = source.end_of(size)?;
    let mut is_video = Vec::new();
    while source.at() < end {
        let (name, size) = element(source)?;
        expect(name, &[ebml::TRACK_ENTRY])?;
        is_video.push(is_video_entry(source, size)?);
    }
    if source.at() != end || is_video.is_empty() || is_video.len() > MAX_TRACKS {
        return Err(RepairError::Foreign);
    }
    Ok((Layout { segment, info, duration, tracks }, is_video, declared))
}

fn expect(name: u32, any: &[u32]) -> Result<(), RepairError> {
    if any.contains(&name) { Ok(()) } else { Err(RepairError::Foreign) }
}

/// Whether a TrackEntry, which begins here, is one of pictures.
fn is_video_entry<R: Read + Seek>(source: &mut Source<R>, size: u64) -> Result<bool, RepairError> {
    let end = source.end_of(size)?;
    let mut kind = None;
    while source.at() < end {
        let (name, size) = element(source)?;
        let body = source.vec(size, MAX_HEADER)?;
        if name == ebml::TRACK_TYPE {
            kind = Some(body == [1]);
        }
    }
    kind.filter(|_| source.at() == end).ok_or(RepairError::Foreign)
}

/// What may come after the header.
enum Element {
    Cluster(Vec<Block>),
    Cues,
}

/// Reads a whole cluster, or the cues.
fn cluster<R: Read + Seek>(source: &mut Source<R>, tracks: usize) -> Result<Element, Stop> {
    let (name, size) = element(source)?;
    let end = source.end_of(size)?;
    if name == ebml::CUES {
        source.skip(size)?;
        return Ok(Element::Cues);
    }
    if name != ebml::CLUSTER {
        return Err(Stop::Cut);
    }
    let (name, size) = element(source)?;
    if name != ebml::TIMESTAMP {
        return Err(Stop::Cut);
    }
    let begin = source.vec(size, 8)?.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
    let mut blocks = Vec::new();
    while source.at() < end {
        let (name, size) = element(source)?;
        let block = match name {
            ebml::SIMPLE_BLOCK => {
                let (mut block, flags) = block(source, size, begin)?;
                block.is_key = flags & 0x80 != 0;
                block
            }
            ebml::BLOCK_GROUP => block_group(source, size, begin)?,
            _ => return Err(Stop::Cut),
        };
        if block.track >= tracks {
            return Err(Stop::Cut);
        }
        blocks.push(block);
    }
    if source.at() == end { Ok(Element::Cluster(blocks)) } else { Err(Stop::Cut) }
}

fn block_group<R: Read + Seek>(
    source: &mut Source<R>,
    size: u64,
    begin: u64,
) -> Result<Block, Stop> {
    let end = source.end_of(size)?;
    let mut found = None;
    let mut is_key = true;
    while source.at() < end {
        let (name, size) = element(source)?;
        match name {
            ebml::BLOCK => found = Some(block(source, size, begin)?.0),
            other => {
                is_key &= other != ebml::REFERENCE_BLOCK;
                source.skip(size)?;
            }
        }
    }
    found.map(|block| Block { is_key, ..block }).filter(|_| source.at() == end).ok_or(Stop::Cut)
}

/// The head of a block, and its flags. The frame is skipped.
fn block<R: Read + Seek>(
    source: &mut Source<R>,
    size: u64,
    begin: u64,
) -> Result<(Block, u8), Stop> {
    let end = source.end_of(size)?;
    let [number, high, low, flags] = source.array()?;
    // There are few tracks, so their numbers have one byte.
    let track = usize::from(number & 0x7F).checked_sub(1).filter(|_| number & 0x80 != 0);
    let offset = i16::from_be_bytes([high, low]);
    let time = begin.checked_add_signed(i64::from(offset));
    source.skip(end.checked_sub(source.at()).ok_or(Stop::Cut)?)?;
    match (track, time) {
        (Some(track), Some(time)) => Ok((Block { track, time, is_key: false }, flags)),
        _ => Err(Stop::Cut),
    }
}
