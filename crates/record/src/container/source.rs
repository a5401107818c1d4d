//! Reads a file that may end anywhere.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

/// Why nothing more can be read.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The file ends, or its bytes are not what was expected: it was cut off here.
    Cut,
    /// The system cannot read it.
    Io(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Cut,
            _ => Self::Io(error),
        }
    }
}

/// A file and the position in it. It never goes beyond the length that the file had at first.
#[derive(Debug)]
pub(crate) struct Source<R: Seek> {
    reader: BufReader<R>,
    at: u64,
    len: u64,
}

impl<R: Read + Seek> Source<R> {
    pub(crate) fn new(mut reader: R) -> io::Result<Self> {
        let len = reader.seek(SeekFrom::End(0))?;
        reader.seek(SeekFrom::Start(0))?;
        Ok(Self { reader: BufReader::new(reader), at: 0, len })
    }

    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Where something of `size` bytes ends that begins here, if the file has all of it.
    pub(crate) fn end_of(&self, size: u64) -> Result<u64, Stop> {
        self.at.checked_add(size).filter(|end| *end <= self.len).ok_or(Stop::Cut)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let end = self.end_of(N as u64)?;
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes)?;
        self.at = end;
        Ok(bytes)
    }

    /// The next `size` bytes, which are at most `max`.
    pub(crate) fn vec(&mut self, size: u64, max: u64) -> Result<Vec<u8>, Stop> {
        let end = self.end_of(size)?;
        let size = usize::try_from(size.min(max + 1)).map_err(|_| Stop::Cut)?;
        if size as u64 > max {
            return Err(Stop::Cut);
        }
        let mut bytes = vec![0; size];
        self.reader.read_exact(&mut bytes)?;
        self.at = end;
        Ok(bytes)
    }

    pub(crate) fn skip(&mut self, size: u64) -> Result<(), Stop> {
        let end = self.end_of(size)?;
        // Relative, so that what is buffered is not read again.
        self.reader.seek_relative(i64::try_from(size).map_err(|_| Stop::Cut)?)?;
        self.at = end;
        Ok(())
    }

    /// Goes anywhere in the file. What is buffered is kept, if it is near.
    pub(crate) fn go_to(&mut self, to: u64) -> Result<(), Stop> {
        if to > self.len {
            return Err(Stop::Cut);
        }
        match i64::try_from(i128::from(to) - i128::from(self.at)) {
            Ok(distance) => self.reader.seek_relative(distance)?,
            Err(_) => _ = self.reader.seek(SeekFrom::Start(to))?,
        }
        self.at = to;
        Ok(())
    }

    pub(crate) fn go_back(&mut self, to: u64) -> Result<(), Stop> {
        self.reader.seek(SeekFrom::Start(to))?;
        self.at = to;
        Ok(())
    }
}
