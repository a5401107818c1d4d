//! What there is of a room: renditions, segments, parts. Playlists are made of it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::packager::file_name;
use super::{Cut, Header, Part, RenditionId};

/// The parts of so many segments are listed, and in memory.
const WITH_PARTS: usize = 4;

/// The most headers of a rendition that are kept: older ones are not listed any more.
const MAX_HEADERS: usize = 64;

/// What there is of one room.
#[derive(Debug, Default)]
pub struct Live {
    pub(super) renditions: Vec<Rendition>,
    unplayable: Option<&'static str>,
    pub(super) is_over: bool,
}

/// One rendition.
#[derive(Debug)]
pub(super) struct Rendition {
    pub(super) id: RenditionId,
    /// With the number of each.
    pub(super) headers: VecDeque<(u32, Header)>,
    pub(super) segments: VecDeque<Segment>,
    /// How many discontinuities there were before its oldest segment.
    pub(super) gaps_before: u64,
    /// Whether each of its segments began with a keyframe.
    pub(super) is_independent: bool,
    is_open: bool,
    next: u64,
}

/// A segment.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) number: u64,
    /// The number of its header.
    pub(super) header: u32,
    pub(super) parts: Vec<Part>,
    pub(super) duration: Duration,
    pub(super) bytes: usize,
    pub(super) at_ms: u64,
    pub(super) is_after_gap: bool,
    pub(super) is_over: bool,
    is_stored: bool,
}

/// Why there is nothing at an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// It will be there in a moment.
    #[error("it is not there yet")]
    NotYet,
    /// It is in this file, in the folder of the room's past.
    #[error("it is in a file")]
    InFile(String),
    /// There is no such thing, or no longer.
    #[error("there is no such thing, or no longer")]
    Never,
}

impl Live {
    /// Takes what happened.
    pub fn apply(&mut self, cut: Cut) {
        match cut {
            Cut::Header { rendition, header, n_breaks } => {
                let of = self.of_or_new(rendition);
                if of.headers.is_empty() {
                    of.gaps_before = n_breaks;
                }
                let number = of.headers.back().map_or(0, |(number, _)| number + 1);
                if of.headers.len() >= MAX_HEADERS {
                    of.headers.pop_front();
                }
                of.headers.push_back((number, header));
            }
            Cut::Part { rendition, part } => self.of_or_new(rendition).add(part),
            Cut::SegmentOver { rendition } => self.of_or_new(rendition).end_segment(),
            Cut::Forget { rendition } => {
                let of = self.of_or_new(rendition);
                let is_gap = of.segments.pop_front().is_some_and(|it| it.is_after_gap);
                of.gaps_before += u64::from(is_gap);
            }
            Cut::Stored { rendition, number } => {
                let segments = &mut self.of_or_new(rendition).segments;
                if let Some(segment) = segments.iter_mut().find(|it| it.number == number) {
                    segment.is_stored = true;
                }
                forget_parts(segments);
            }
            Cut::Unplayable { codec } => self.unplayable = Some(codec),
            Cut::Over => self.is_over = true,
        }
    }

    /// The codec that players of HLS do not play, when there is nothing else to show.
    pub fn unplayable(&self) -> Option<&'static str> {
        let has_picture = self.renditions.iter().any(|it| it.size().is_some());
        self.unplayable.filter(|_| !has_picture)
    }

    /// Whether a player can begin: each rendition has something.
    pub fn is_ready(&self) -> bool {
        let is_there = |it: &Rendition| it.segments.iter().any(|it| !it.parts.is_empty());
        !self.renditions.is_empty()
            && self.renditions.iter().any(is_there)
            && (self.is_over || self.renditions.iter().all(is_there))
    }

    /// Whether nothing more comes.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Whether a rendition has a segment, or this part of it, or what comes after it.
    pub fn has(&self, rendition: &str, number: u64, part: Option<u64>) -> bool {
        let Some(of) = self.of(rendition) else { return false };
        if self.is_over || of.segments.front().is_some_and(|it| it.number > number) {
            return true;
        }
        let Some(segment) = of.segments.iter().find(|it| it.number == number) else {
            return of.segments.back().is_some_and(|it| it.number > number);
        };
        match part {
            None => segment.is_over,
            // Of a part beyond the last one of a segment, the first one of the next is meant.
            Some(part) => {
                let is_followed = of.segments.back().is_some_and(|it| it.number > number);
                is_followed || (segment.parts.len() as u64) > part
            }
        }
    }

    /// The number of the segment that comes, or is under way.
    pub fn newest(&self, rendition: &str) -> Option<u64> {
        Some(self.of(rendition)?.newest())
    }

    /// A header of a rendition.
    pub fn header(&self, rendition: &str, number: u32) -> Option<Arc<[u8]>> {
        let headers = &self.of(rendition)?.headers;
        headers.iter().find(|(it, _)| *it == number).map(|(_, header)| header.bytes.clone())
    }

    /// The bytes of a part.
    ///
    /// # Errors
    /// When there is none in memory.
    pub fn part(&self, rendition: &str, number: u64, part: u64) -> Result<Arc<[u8]>, Missing> {
        let of = self.of(rendition).ok_or(Missing::Never)?;
        let Some(segment) = of.segments.iter().find(|it| it.number == number) else {
            return Err(if number == of.next && part == 0 && !self.is_over {
                Missing::NotYet
            } else {
                Missing::Never
            });
        };
        match segment.parts.get(usize::try_from(part).unwrap_or(usize::MAX)) {
            Some(part) => Ok(part.bytes.clone()),
            None if !segment.is_over && segment.parts.len() as u64 == part => Err(Missing::NotYet),
            None => Err(Missing::Never),
        }
    }

    /// The parts of a whole segment.
    ///
    /// # Errors
    /// When they are not in memory.
    pub fn segment(&self, rendition: &str, number: u64) -> Result<Vec<Arc<[u8]>>, Missing> {
        let of = self.of(rendition).ok_or(Missing::Never)?;
        let segment = of.segments.iter().find(|it| it.number == number).ok_or(Missing::Never)?;
        if !segment.is_over {
            return Err(Missing::NotYet);
        }
        if segment.parts.is_empty() {
            return Err(Missing::InFile(file_name(rendition, number)));
        }
        Ok(segment.parts.iter().map(|it| it.bytes.clone()).collect())
    }

    pub(super) fn of(&self, rendition: &str) -> Option<&Rendition> {
        self.renditions.iter().find(|it| *it.id == *rendition)
    }

    fn of_or_new(&mut self, id: RenditionId) -> &mut Rendition {
        let index = self.renditions.iter().position(|it| it.id == id).unwrap_or_else(|| {
            self.renditions.push(Rendition {
                id,
                headers: VecDeque::new(),
                segments: VecDeque::new(),
                gaps_before: 0,
                is_independent: true,
                is_open: false,
                next: 0,
            });
            self.renditions.len() - 1
        });
        &mut self.renditions[index]
    }
}

impl Rendition {
    /// The sides of its picture; none of sound.
    pub(super) fn size(&self) -> Option<(u32, u32)> {
        self.headers.back()?.1.size
    }

    /// The number of the segment that comes, or is under way.
    pub(super) fn newest(&self) -> u64 {
        if self.is_open { self.next.saturating_sub(1) } else { self.next }
    }

    /// The highest and the usual bit rate, in bits a second.
    pub(super) fn bits(&self) -> (u64, u64) {
        let whole = || self.segments.iter().filter(|it| !it.duration.is_zero());
        let rate = |bytes: usize, time: Duration| (bytes as f64 * 8.0 / time.as_secs_f64()) as u64;
        let highest = whole().map(|it| rate(it.bytes, it.duration)).max().unwrap_or_default();
        let bytes = whole().map(|it| it.bytes).sum();
        let time: Duration = whole().map(|it| it.duration).sum();
        let usual = if time.is_zero() { 0 } else { rate(bytes, time) };
        (highest.max(1_000), usual.max(1_000))
    }

    fn add(&mut self, part: Part) {
        if !self.is_open {
            let number = self.next;
            self.next += 1;
            self.is_open = true;
            let header = self.headers.back().map_or(0, |(number, _)| *number);
            let (at_ms, is_after_gap) = (part.at_ms, part.is_after_gap);
            self.is_independent &= part.is_independent;
            self.segments.push_back(Segment {
                number,
                header,
                parts: Vec::new(),
                duration: Duration::ZERO,
                bytes: 0,
                at_ms,
                is_after_gap,
                is_over: false,
                is_stored: false,
            });
        }
        if let Some(segment) = self.segments.back_mut() {
            segment.duration += part.duration;
            segment.bytes += part.bytes.len();
            segment.parts.push(part);
        }
    }

    fn end_segment(&mut self) {
        if !std::mem::take(&mut self.is_open) {
            return;
        }
        if let Some(segment) = self.segments.back_mut() {
            segment.is_over = true;
        }
        forget_parts(&mut self.segments);
    }
}

/// Parts of old segments need not be in memory when they are in files.
fn forget_parts(segments: &mut VecDeque<Segment>) {
    let n_old = segments.len().saturating_sub(WITH_PARTS);
    for segment in segments.iter_mut().take(n_old).filter(|it| it.is_stored) {
        segment.parts = Vec::new();
    }
}

/// Whether the parts of a segment are listed.
pub(super) fn lists_parts(rendition: &Rendition, segment: &Segment) -> bool {
    let newest = rendition.segments.back().map_or(0, |it| it.number);
    segment.number + (WITH_PARTS as u64) > newest
}
