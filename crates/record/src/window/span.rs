//! Reads packets of the past from files.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::time::Instant;

use media_api::{RoomId, TapPacket};

use super::packets;

/// A piece of the past, from a keyframe on.
#[derive(Debug, Clone)]
pub struct Span {
    paths: Vec<PathBuf>,
    offset: u64,
    epoch: Instant,
}

impl Span {
    pub(super) fn new(paths: Vec<PathBuf>, offset: u64, epoch: Instant) -> Self {
        Self { paths, offset, epoch }
    }

    /// Its packets, in the order in which they arrived. Files that are gone by now are passed over.
    pub fn packets(self, room: RoomId) -> Packets {
        let Self { mut paths, offset, epoch } = self;
        paths.reverse();
        Packets { paths, offset, epoch, room, file: None, buffer: Vec::new() }
    }
}

/// The packets of a piece of the past.
#[derive(Debug)]
pub struct Packets {
    /// Those that follow; the next is the last.
    paths: Vec<PathBuf>,
    /// Where the first one is entered.
    offset: u64,
    epoch: Instant,
    room: RoomId,
    file: Option<BufReader<File>>,
    buffer: Vec<u8>,
}

impl Iterator for Packets {
    type Item = TapPacket;

    fn next(&mut self) -> Option<TapPacket> {
        loop {
            if let Some(file) = &mut self.file {
                if let Ok((_, packet)) = read_packet(file, &mut self.buffer, self.room, self.epoch)
                {
                    return Some(packet);
                }
                // Its end, or what a full disk left of it.
                self.file = None;
            }
            let path = self.paths.pop()?;
            let offset = std::mem::take(&mut self.offset);
            self.file = open(&path, offset).ok();
        }
    }
}

fn open(path: &PathBuf, offset: u64) -> io::Result<BufReader<File>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    Ok(BufReader::with_capacity(64 * 1024, file))
}

/// Reads a packet, and how many bytes it takes in the file.
pub(crate) fn read_packet(
    file: &mut impl Read,
    buffer: &mut Vec<u8>,
    room: RoomId,
    epoch: Instant,
) -> io::Result<(u64, TapPacket)> {
    let mut len = [0; 4];
    file.read_exact(&mut len)?;
    let len = u32::from_be_bytes(len) as usize;
    if len > packets::MAX_BYTES {
        return Err(io::ErrorKind::InvalidData.into());
    }
    buffer.resize(len, 0);
    file.read_exact(buffer)?;
    let packet = packets::read(buffer, room, epoch).ok_or(io::ErrorKind::InvalidData)?;
    Ok((len as u64 + 4, packet))
}
