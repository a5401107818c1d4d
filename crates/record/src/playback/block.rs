//! What was read of a file and is not played yet. All viewers read into the same one, so none holds a buffer of its own.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::Instant;

use media_api::{RoomId, TapPacket};

use crate::window::read_packet;

/// What is read at once: a piece, and what is passed over between its packets.
const BLOCK_BYTES: usize = 16 * 1024;

/// A part of a file.
pub(super) struct Block {
    bytes: Box<[u8]>,
    from: usize,
    to: usize,
    packet: Vec<u8>,
}

impl Default for Block {
    fn default() -> Self {
        Self { bytes: vec![0; BLOCK_BYTES].into(), from: 0, to: 0, packet: Vec::new() }
    }
}

impl Block {
    /// Forgets what was read: what follows is elsewhere.
    pub(super) fn clear(&mut self) {
        (self.from, self.to) = (0, 0);
    }

    /// The packet at an offset, where the one before ended, and how many bytes it takes; none at the end of the file.
    pub(super) fn next(
        &mut self,
        file: &File,
        offset: u64,
        room: RoomId,
        epoch: Instant,
    ) -> Option<(u64, TapPacket)> {
        if let Some(found) = self.parse(room, epoch) {
            return Some(found);
        }
        // A packet that was cut off is read again from its beginning.
        self.from = 0;
        self.to = file.read_at(&mut self.bytes, offset).unwrap_or(0);
        self.parse(room, epoch)
    }

    fn parse(&mut self, room: RoomId, epoch: Instant) -> Option<(u64, TapPacket)> {
        let mut rest = self.bytes.get(self.from..self.to)?;
        let (len, packet) = read_packet(&mut rest, &mut self.packet, room, epoch).ok()?;
        self.from += len as usize;
        Some((len, packet))
    }
}
