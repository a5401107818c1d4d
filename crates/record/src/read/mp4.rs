//! Reads MP4 (ISO 14496-12).
//!
//! ```text
//! ftyp moov mdat, ftyp mdat moov     ordinary: the tables of moov say where all samples are
//! ftyp moov moof mdat moof mdat …    fragmented: each moof says it of its own
//! ftyp free moov moof mdat …         what this program and OBS write while a file grows; cut off, it is read so
//! ftyp mdat[moov moof mdat …         the same, cut off while its end was written
//! ```
//!
//! | file | what |
//! | --- | --- |
//! | `header.rs` | tracks of a moov |
//! | `tables.rs` | the samples of a track by the tables of moov |
//! | `fragment.rs` | the samples of a track by a moof |

mod fragment;
mod header;
mod tables;

use std::io::{Read, Seek};
use std::time::Duration;

use super::{Container, End, Head, MAX_INDEX_BYTES, ReadError, StoredFrame};
use crate::container::mp4::atoms::find;
use crate::container::source::{Source, Stop};
use fragment::Fragment;
use header::Moov;
use tables::Cursor;

/// The longest moof, in bytes.
const MAX_MOOF: u64 = 16 * 1024 * 1024;

/// The longest ftyp that is read, in bytes.
const MAX_FTYP: u64 = 4096;

/// Frames of a table that the file does not have, before the rest is left out: as many as a table can list.
const MAX_LOST: u64 = MAX_INDEX_BYTES / 4;

/// A sample by the tables of its track, in units of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sample {
    /// When it is decoded.
    time: u64,
    /// How much later it is shown.
    later: i64,
    offset: u64,
    len: u32,
    is_key: bool,
}

/// What is known of a track besides what people are told.
#[derive(Debug)]
struct Numbered {
    id: u32,
    /// Units of time a second, never 0.
    timescale: u32,
    /// What the edit list adds to all times, in nanoseconds.
    shift_ns: i64,
    is_video: bool,
    defaults: Defaults,
    /// When the next fragment begins, if it does not say so.
    time: u64,
}

/// What samples of fragments have that do not say it themselves.
#[derive(Debug, Clone, Copy, Default)]
struct Defaults {
    step: u32,
    len: u32,
    flags: u32,
}

/// A position in a file.
#[derive(Debug)]
pub(super) struct Walk {
    tracks: Vec<Numbered>,
    /// The tables of moov, by track.
    cursors: Vec<Cursor>,
    fragment: Fragment,
    is_fragmented: bool,
    /// Whether the file is one that grows, or was cut off while it grew.
    is_unfinished: bool,
    /// Where what follows cannot be read, as far as it is known before its frames are.
    cut_at: Option<u64>,
    /// The bytes of all frames so far: no file has more of them than it is long.
    n_bytes: u64,
    /// Frames so far that the file does not have.
    n_lost: u64,
}

/// Whether a file that begins so is MP4.
pub(super) fn is_first(bytes: &[u8; 8]) -> bool {
    matches!(
        bytes,
        [_, _, _, _, kind @ ..]
            if matches!(kind, b"ftyp" | b"moov" | b"mdat" | b"free" | b"skip" | b"wide" | b"styp")
    )
}

/// An atom: where its body begins, and where it ends.
#[derive(Debug, Clone, Copy)]
struct Span {
    kind: [u8; 4],
    body: u64,
    /// It may be behind the end of the file.
    end: u64,
}

impl Span {
    /// Reads the head of the atom that begins here.
    fn read<R: Read + Seek>(source: &mut Source<R>) -> Result<Self, Stop> {
        let begin = source.at();
        let size = u32::from_be_bytes(source.array()?);
        let kind: [u8; 4] = source.array()?;
        if !kind.iter().all(|it| (b' '..=b'~').contains(it) || *it == 0xA9) {
            return Err(Stop::Cut);
        }
        let size = match size {
            // Until the end of the file.
            0 => source.len() - begin,
            1 => u64::from_be_bytes(source.array()?),
            size => u64::from(size),
        };
        let end = begin.checked_add(size).filter(|end| *end >= source.at()).ok_or(Stop::Cut)?;
        Ok(Self { kind, body: source.at(), end })
    }

    /// Its body, which is at most `max` bytes long.
    fn bytes<R: Read + Seek>(&self, source: &mut Source<R>, max: u64) -> Result<Vec<u8>, Stop> {
        source.go_to(self.body)?;
        source.vec(self.end - self.body, max)
    }
}

/// What the begin of a file shows before its index is read.
#[derive(Debug, Default)]
struct Top {
    is_ours: bool,
    /// A free atom of 16 bytes right behind ftyp: room for the head of an mdat.
    has_placeholder: bool,
    mdat: Option<Span>,
    moov: Option<Span>,
    cut_at: Option<u64>,
}

/// Reads the index of a file.
pub(super) fn open<R: Read + Seek>(source: &mut Source<R>) -> Result<(Head, Walk), ReadError> {
    let mut top = survey(source)?;
    let mut is_inside = false;
    top.moov = top.moov.filter(|span| span.end <= source.len());
    if top.moov.is_none()
        && let Some(mdat) = top.mdat
    {
        // The end was not written, but what came before it may be inside.
        source.go_to(mdat.body)?;
        top.moov = Span::read(source).ok().filter(|it| &it.kind == b"moov");
        is_inside = true;
    }
    let span = top.moov.filter(|span| span.end <= source.len()).ok_or(ReadError::NoTracks)?;
    if span.end - span.body > MAX_INDEX_BYTES {
        return Err(ReadError::IndexTooLarge);
    }
    let bytes = span.bytes(source, MAX_INDEX_BYTES)?;
    let Moov { tracks, numbered, cursors, duration } = header::moov(&bytes)?;
    let is_fragmented = find(&bytes, b"mvex").is_some();
    let container = if is_fragmented { Container::FragmentedMp4 } else { Container::Mp4 };
    let head = Head { container, tracks, duration, is_ours: top.is_ours };
    let walk = Walk {
        fragment: Fragment::new(numbered.len()),
        tracks: numbered,
        cursors,
        is_fragmented,
        is_unfinished: is_fragmented && (top.has_placeholder || is_inside),
        // Fragments tell it themselves.
        cut_at: top.cut_at.filter(|_| !is_fragmented),
        n_bytes: 0,
        n_lost: 0,
    };
    source.go_to(span.end)?;
    Ok((head, walk))
}

/// Looks at the atoms at the top, up to the first moov and what follows an ordinary one.
fn survey<R: Read + Seek>(source: &mut Source<R>) -> Result<Top, ReadError> {
    let mut top = Top::default();
    let mut before = *b"    ";
    while source.at() < source.len() {
        let begin = source.at();
        let span = match Span::read(source) {
            Ok(span) => span,
            Err(Stop::Cut) => {
                top.cut_at = Some(begin);
                break;
            }
            Err(error) => return Err(error.into()),
        };
        match &span.kind {
            b"ftyp" if span.end - span.body <= MAX_FTYP && span.end <= source.len() => {
                top.is_ours = span.bytes(source, MAX_FTYP)? == *b"isom\0\0\x02\0isomiso6mp41";
            }
            b"free" if &before == b"ftyp" => top.has_placeholder = span.end - begin == 16,
            b"mdat" => top.mdat = top.mdat.or(Some(span)),
            b"moov" => top.moov = top.moov.or(Some(span)),
            // A file of fragments: each tells itself where it ends.
            b"moof" => break,
            _ => {}
        }
        before = span.kind;
        if source.go_to(span.end).is_err() {
            top.cut_at = Some(begin);
            break;
        }
    }
    Ok(top)
}

impl Walk {
    /// The next frame: of the tracks the one that is decoded first.
    pub(super) fn next<R: Read + Seek>(
        &mut self,
        source: &mut Source<R>,
    ) -> Result<Option<StoredFrame>, Stop> {
        loop {
            if let Some((track, sample)) = self.first() {
                self.n_bytes = self.n_bytes.saturating_add(u64::from(sample.len));
                let end = sample.offset.checked_add(u64::from(sample.len));
                if end.is_none_or(|end| end > source.len()) || self.n_bytes > source.len() {
                    if self.is_fragmented {
                        return Err(Stop::Cut);
                    }
                    // A table is of the whole file. Other frames of it may be there.
                    self.cut_at = self.cut_at.or(Some(sample.offset.min(source.len())));
                    self.n_lost += 1;
                    if self.n_lost > MAX_LOST {
                        return Ok(None);
                    }
                    self.n_bytes -= u64::from(sample.len);
                    continue;
                }
                return Ok(self.frame(track, &sample));
            }
            if !self.is_fragmented || !self.next_fragment(source)? {
                return Ok(None);
            }
        }
    }

    /// How the file ends when there is no frame any more.
    pub(super) fn end<R: Read + Seek>(&self, _: &Source<R>) -> End {
        match self.cut_at {
            Some(at) => End::Cut { at },
            None if self.is_unfinished => End::Unfinished,
            None => End::Whole,
        }
    }

    /// Takes the sample that is decoded first, of the tables or of the fragment.
    fn first(&mut self) -> Option<(usize, Sample)> {
        let time = |track: &Numbered, sample: &Sample| track.ns(sample.time, 0);
        let earliest = (self.tracks.iter().zip(&self.cursors).enumerate())
            .filter_map(|(n, (track, cursor))| Some((time(track, &cursor.peek()?), n)))
            .min();
        if let Some((_, n)) = earliest {
            return Some((n, self.cursors.get_mut(n)?.next()?));
        }
        let earliest = (self.tracks.iter().enumerate())
            .filter_map(|(n, track)| Some((time(track, &self.fragment.peek(n)?), n)))
            .min();
        let (_, n) = earliest?;
        Some((n, self.fragment.next(n)?))
    }

    fn frame(&self, track: usize, sample: &Sample) -> Option<StoredFrame> {
        let of = self.tracks.get(track)?;
        let at = u64::try_from(of.ns(sample.time, sample.later)).unwrap_or(0);
        Some(StoredFrame {
            track,
            at: Duration::from_nanos(at),
            is_key: sample.is_key || !of.is_video,
            offset: sample.offset,
            len: sample.len,
        })
    }

    /// Reads the next fragment. Returns whether there was one.
    fn next_fragment<R: Read + Seek>(&mut self, source: &mut Source<R>) -> Result<bool, Stop> {
        while source.at() < source.len() {
            let begin = source.at();
            let result = self.read_atom(source);
            if matches!(result, Err(Stop::Cut)) {
                source.go_to(begin)?;
            }
            if result? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Reads an atom at the top. Returns whether it was a fragment.
    fn read_atom<R: Read + Seek>(&mut self, source: &mut Source<R>) -> Result<bool, Stop> {
        let begin = source.at();
        let span = Span::read(source)?;
        if &span.kind != b"moof" {
            source.go_to(span.end)?;
            return Ok(false);
        }
        let moof = span.bytes(source, MAX_MOOF)?;
        // Its media follows, all of it.
        let media = Span::read(source)?;
        if media.end > source.len() {
            return Err(Stop::Cut);
        }
        self.fragment.read(&moof, begin, &mut self.tracks).ok_or(Stop::Cut)?;
        source.go_to(if &media.kind == b"mdat" { media.end } else { span.end })?;
        Ok(true)
    }
}

impl Numbered {
    /// A time in nanoseconds of the file.
    fn ns(&self, time: u64, later: i64) -> i64 {
        let ticks = i128::from(time) + i128::from(later);
        let ns = ticks * 1_000_000_000 / i128::from(self.timescale) + i128::from(self.shift_ns);
        i64::try_from(ns).unwrap_or(if ns < 0 { i64::MIN } else { i64::MAX })
    }
}
