//! Plays the past of a room for viewers: each piece is read when a viewer asks for it, once for all that are at the same
//! place.

mod block;
mod shared;

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use media_api::{PastChunk, PeerId, Seat, TapPacket};

use self::block::Block;
use self::shared::{After, Place, Shared};
use crate::window::{Entry, chunk_path};

/// The bytes of a piece: 40 ms of 2.5 Mbit/s. A viewer holds two.
const PIECE_BYTES: usize = 12_000;

/// The most viewers of the past at once.
pub const MAX_PLAYBACKS: usize = 2_000;

/// The most orders that wait: a piece of each viewer, and as many that come and go.
const MAX_ORDERS: usize = 2 * MAX_PLAYBACKS;

/// A stream without a packet for this long is off.
const SILENCE: Duration = Duration::from_secs(1);

/// The past as one viewer is given it.
#[derive(Debug)]
struct Playback {
    entry: Entry,
    file: Option<File>,
    /// When a packet of the picture came last, by the time of the past.
    seen: Option<Instant>,
}

/// Reads for all viewers.
#[derive(Default)]
struct Reader {
    block: Block,
    shared: Shared,
}

impl Playback {
    fn new(entry: Entry) -> Self {
        Self { entry, file: None, seen: None }
    }

    /// The next piece: one that another viewer was given lately, or read.
    fn piece(&mut self, reader: &mut Reader) -> Arc<PastChunk> {
        let Entry { room, epoch, number, offset, ssrc, .. } = self.entry;
        let place = Place { room, epoch, number, offset, ssrc };
        if let Some((piece, after)) = reader.shared.get(&place) {
            self.go_on(after);
            return piece;
        }
        let piece = Arc::new(self.read(&mut reader.block));
        if !piece.is_edge {
            let Entry { number, offset, ssrc, .. } = self.entry;
            reader.shared.put(place, &piece, After { number, offset, ssrc, seen: self.seen });
        }
        piece
    }

    fn go_on(&mut self, after: After) {
        if after.number != self.entry.number {
            self.file = None;
        }
        (self.entry.number, self.entry.offset) = (after.number, after.offset);
        (self.entry.ssrc, self.seen) = (after.ssrc, after.seen);
    }

    fn read(&mut self, block: &mut Block) -> PastChunk {
        block.clear();
        let mut packets = Vec::new();
        let mut bytes = 0;
        while bytes < PIECE_BYTES {
            match self.next(block) {
                Some(packet) => {
                    if self.is_played(&packet) {
                        bytes += packet.payload.len();
                        packets.push(packet);
                    }
                }
                None => return PastChunk { packets, is_edge: true },
            }
        }
        PastChunk { packets, is_edge: false }
    }

    /// Whether a packet is of the layer that is played, or of the sound. When that layer falls silent, the next keyframe of
    /// another one takes its place.
    fn is_played(&mut self, packet: &TapPacket) -> bool {
        if packet.seat != Seat::HOST {
            return false;
        }
        if !packet.codec.is_video() {
            return true;
        }
        if self.entry.ssrc == Some(packet.ssrc) {
            self.seen = Some(packet.arrived);
            return true;
        }
        let is_silent = |at: Instant| packet.arrived.saturating_duration_since(at) > SILENCE;
        let is_gone = self.seen.is_none_or(is_silent);
        if packet.is_keyframe && is_gone {
            self.entry.ssrc = Some(packet.ssrc);
            self.seen = Some(packet.arrived);
            return true;
        }
        false
    }

    /// The next packet; none where nothing more is written yet.
    fn next(&mut self, block: &mut Block) -> Option<TapPacket> {
        loop {
            if self.file.is_none() {
                block.clear();
                self.file = Some(File::open(self.path(self.entry.number)).ok()?);
            }
            let file = self.file.as_ref()?;
            let Entry { offset, room, epoch, .. } = self.entry;
            if let Some((len, packet)) = block.next(file, offset, room, epoch) {
                self.entry.offset += len;
                return Some(packet);
            }
            self.file = None;
            // The end of a file that another one follows, or of the one that grows.
            if !self.path(self.entry.number + 1).exists() {
                return None;
            }
            self.entry.number += 1;
            self.entry.offset = 0;
        }
    }

    fn path(&self, number: u32) -> PathBuf {
        chunk_path(&self.entry.folder, number)
    }
}

enum Order {
    Begin(PeerId, Entry),
    Next(PeerId),
    End(PeerId),
}

/// The way to the thread that reads the past. Clones are the same; the thread ends with the last.
#[derive(Clone)]
pub struct Playbacks(SyncSender<Order>);

impl std::fmt::Debug for Playbacks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Playbacks")
    }
}

impl Playbacks {
    /// Starts the thread. `give` is called on it with each piece, and whether it is the first.
    ///
    /// # Errors
    /// When no thread can be had.
    pub fn start(give: impl Fn(PeerId, Arc<PastChunk>, bool) + Send + 'static) -> io::Result<Self> {
        let (orders, inbox) = sync_channel(MAX_ORDERS);
        std::thread::Builder::new().name("past".into()).spawn(move || run(&inbox, give))?;
        Ok(Self(orders))
    }

    /// Plays the past for a viewer, from a place on. Returns whether it is done.
    pub fn begin(&self, peer: PeerId, entry: Entry) -> bool {
        self.order(Order::Begin(peer, entry))
    }

    /// A viewer needs the next piece. Never waits.
    pub fn next(&self, peer: PeerId) {
        self.order(Order::Next(peer));
    }

    /// A viewer is not shown the past any more, or is gone. Never waits.
    pub fn end(&self, peer: PeerId) {
        self.order(Order::End(peer));
    }

    fn order(&self, order: Order) -> bool {
        match self.0.try_send(order) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        }
    }
}

fn run(inbox: &Receiver<Order>, give: impl Fn(PeerId, Arc<PastChunk>, bool)) {
    let mut playbacks: HashMap<PeerId, Playback> = HashMap::new();
    let mut reader = Reader::default();
    while let Ok(order) = inbox.recv() {
        match order {
            Order::Begin(peer, entry) => {
                if playbacks.len() >= MAX_PLAYBACKS && !playbacks.contains_key(&peer) {
                    continue;
                }
                let mut playback = Playback::new(entry);
                let piece = playback.piece(&mut reader);
                playbacks.insert(peer, playback);
                give(peer, piece, true);
            }
            Order::Next(peer) => {
                if let Some(playback) = playbacks.get_mut(&peer) {
                    let piece = playback.piece(&mut reader);
                    give(peer, piece, false);
                }
            }
            Order::End(peer) => {
                playbacks.remove(&peer);
                if playbacks.is_empty() {
                    reader.shared.clear();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
