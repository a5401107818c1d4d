//! The samples of a track by the tables of moov: when, how long, where, and whether each is a keyframe.

use super::Sample;
use crate::container::mp4::atoms::find;

/// A number of 32 bits.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|it| u32::from_be_bytes(*it))
}

/// A table of entries of `size` bytes behind version, flags and their number.
#[derive(Debug, Default)]
struct Table {
    bytes: Vec<u8>,
    size: usize,
    /// The entry that is read next, and how often the one before holds yet.
    next: usize,
    left: u32,
}

impl Table {
    fn of(stbl: &[u8], kind: &[u8; 4], size: usize) -> Option<Self> {
        let body = find(stbl, kind)?;
        let count = usize::try_from(u32_at(body, 4)?).ok()?;
        let entries = body.get(8..)?;
        let len = count.saturating_mul(size).min(entries.len() / size * size);
        Some(Self { bytes: entries.get(..len)?.to_vec(), size, ..Self::default() })
    }

    fn u32(&self, entry: usize, at: usize) -> Option<u32> {
        u32_at(&self.bytes, entry.checked_mul(self.size)? + at)
    }

    /// The value for the next sample of a table of runs: a count and a value.
    fn run(&mut self) -> Option<u32> {
        while self.left == 0 {
            self.left = self.u32(self.next, 0)?;
            self.next += 1;
        }
        self.left -= 1;
        self.u32(self.next.checked_sub(1)?, 4)
    }
}

/// How long samples are in bytes.
#[derive(Debug)]
enum Sizes {
    Equal { len: u32, left: u32 },
    Each(Table),
}

/// The next sample of a track, and all after it.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    steps: Table,
    later: Option<Table>,
    keys: Option<Table>,
    sizes: Option<Sizes>,
    /// Chunks and how many samples each has.
    chunks: Table,
    offsets: Table,
    /// The number of the chunk, and how many of its samples follow.
    chunk: u32,
    in_chunk: u32,
    offset: u64,
    /// The number of the next sample, from 1 on.
    number: u32,
    time: u64,
    next: Option<Sample>,
}

impl Cursor {
    /// The samples of a track; none if a table is missing.
    pub(super) fn of(stbl: &[u8]) -> Self {
        let mut cursor = Self::read(stbl).unwrap_or_default();
        cursor.next = cursor.advance();
        cursor
    }

    fn read(stbl: &[u8]) -> Option<Self> {
        let stsz = find(stbl, b"stsz")?;
        let sizes = match u32_at(stsz, 4)? {
            0 => {
                let count = usize::try_from(u32_at(stsz, 8)?).ok()?;
                let entries = stsz.get(12..)?;
                let len = count.saturating_mul(4).min(entries.len());
                let bytes = entries.get(..len)?.to_vec();
                Sizes::Each(Table { bytes, size: 4, ..Table::default() })
            }
            len => Sizes::Equal { len, left: u32_at(stsz, 8)? },
        };
        let offsets = Table::of(stbl, b"stco", 4).filter(|table| !table.bytes.is_empty());
        Some(Self {
            steps: Table::of(stbl, b"stts", 8)?,
            later: Table::of(stbl, b"ctts", 8),
            keys: Table::of(stbl, b"stss", 4),
            sizes: Some(sizes),
            chunks: Table::of(stbl, b"stsc", 12)?,
            offsets: offsets.or_else(|| Table::of(stbl, b"co64", 8))?,
            number: 1,
            ..Self::default()
        })
    }

    pub(super) fn peek(&self) -> Option<Sample> {
        self.next
    }

    pub(super) fn next(&mut self) -> Option<Sample> {
        let next = self.next;
        self.next = self.advance();
        next
    }

    /// Reads a sample; none at the end of any table.
    fn advance(&mut self) -> Option<Sample> {
        let len = match self.sizes.as_mut()? {
            Sizes::Equal { len, left } => {
                *left = left.checked_sub(1)?;
                *len
            }
            Sizes::Each(table) => {
                table.next += 1;
                table.u32(table.next - 1, 0)?
            }
        };
        while self.in_chunk == 0 {
            self.begin_chunk()?;
        }
        self.in_chunk -= 1;
        let step = self.steps.run()?;
        // Also where the version says that it has no sign: writers differ, and none is that late.
        let later = self.later.as_mut().and_then(Table::run).unwrap_or(0).cast_signed();
        let is_key = match &mut self.keys {
            None => true,
            Some(keys) => {
                let is_key = keys.u32(keys.next, 0) == Some(self.number);
                keys.next += usize::from(is_key);
                is_key
            }
        };
        let (time, offset) = (self.time, self.offset);
        self.time = self.time.saturating_add(u64::from(step));
        self.offset = self.offset.saturating_add(u64::from(len));
        self.number = self.number.saturating_add(1);
        Some(Sample { time, later: i64::from(later), offset, len, is_key })
    }

    fn begin_chunk(&mut self) -> Option<()> {
        let index = usize::try_from(self.chunk).ok()?;
        let offset = self.offsets.u32(index, 0)?;
        self.offset = match self.offsets.size {
            8 => u64::from(offset) << 32 | u64::from(self.offsets.u32(index, 4)?),
            _ => u64::from(offset),
        };
        self.chunk += 1;
        // An entry holds from the chunk on that it names.
        while self.chunks.u32(self.chunks.next, 0).is_some_and(|first| first <= self.chunk) {
            self.chunks.next += 1;
        }
        self.in_chunk = self.chunks.u32(self.chunks.next.checked_sub(1)?, 4)?;
        Some(())
    }
}
