//! Pieces that were read lately: viewers that go back to the same place are given the same ones, read once.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use media_api::{PastChunk, RoomId};

/// The most pieces that are held for those who come to the same place: 3 MB.
const SHARED_PIECES: usize = 256;

/// Where a piece begins, and of which stream of pictures it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) room: RoomId,
    pub(super) epoch: Instant,
    pub(super) number: u32,
    pub(super) offset: u64,
    pub(super) ssrc: Option<u32>,
}

/// Where a viewer is after a piece.
#[derive(Debug, Clone, Copy)]
pub(super) struct After {
    pub(super) number: u32,
    pub(super) offset: u64,
    pub(super) ssrc: Option<u32>,
    pub(super) seen: Option<Instant>,
}

/// The pieces, the oldest of which makes place for the next.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pieces: HashMap<Place, (Arc<PastChunk>, After)>,
    order: VecDeque<Place>,
}

impl Shared {
    pub(super) fn get(&self, place: &Place) -> Option<(Arc<PastChunk>, After)> {
        self.pieces.get(place).cloned()
    }

    /// Keeps a piece that does not change any more: not the last one of a file that grows.
    pub(super) fn put(&mut self, place: Place, piece: &Arc<PastChunk>, after: After) {
        if self.pieces.insert(place, (piece.clone(), after)).is_none() {
            self.order.push_back(place);
        }
        while self.order.len() > SHARED_PIECES {
            if let Some(oldest) = self.order.pop_front() {
                self.pieces.remove(&oldest);
            }
        }
    }

    /// Nobody is there to share with.
    pub(super) fn clear(&mut self) {
        self.pieces.clear();
        self.order.clear();
    }
}
