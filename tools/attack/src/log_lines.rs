//! How many lines a log gets.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// A log that is read on from where it was.
#[derive(Debug)]
pub(crate) struct LogLines {
    path: PathBuf,
    at: u64,
}

impl LogLines {
    /// Begins at its end.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let at = std::fs::metadata(path)?.len();
        Ok(Self { path: path.to_owned(), at })
    }

    /// Lines that it got since it was asked last; 0 of a log that is gone.
    pub(crate) fn count(&mut self) -> u64 {
        self.try_count().unwrap_or_default()
    }

    fn try_count(&mut self) -> io::Result<u64> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.at))?;
        let mut reader = BufReader::new(file);
        let mut buffer = [0; 64 * 1_024];
        let mut lines = 0;
        loop {
            let n = reader.read(&mut buffer)?;
            if n == 0 {
                return Ok(lines);
            }
            self.at += n as u64;
            let read = buffer.get(..n).unwrap_or_default();
            lines += read.iter().filter(|it| **it == b'\n').count() as u64;
        }
    }
}
