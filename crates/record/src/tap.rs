//! The way of packets from media threads to the recorder. A media thread neither waits nor wakes anybody: the recorder
//! looks every few milliseconds. When it does not keep up, packets are dropped and counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_queue::ArrayQueue;
use media_api::TapPacket;

/// The most batches that wait: those of a second, of a hundred rooms.
const MAX_BATCHES: usize = 4_096;

/// Emptied batches that are kept for reuse, so that media threads allocate nothing.
const MAX_EMPTY: usize = 256;

/// Where media threads leave packets. Clones are the same.
#[derive(Debug, Clone)]
pub struct TapQueue(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    full: ArrayQueue<Vec<TapPacket>>,
    empty: ArrayQueue<Vec<TapPacket>>,
    n_lost: AtomicU64,
}

impl Default for TapQueue {
    fn default() -> Self {
        Self(Arc::new(Inner {
            full: ArrayQueue::new(MAX_BATCHES),
            empty: ArrayQueue::new(MAX_EMPTY),
            n_lost: AtomicU64::new(0),
        }))
    }
}

impl TapQueue {
    /// Takes the packets out of `packets`. Called on media threads.
    pub fn put(&self, packets: &mut Vec<TapPacket>) {
        let next = self.0.empty.pop().unwrap_or_default();
        let batch = std::mem::replace(packets, next);
        if let Err(batch) = self.0.full.push(batch) {
            self.0.n_lost.fetch_add(batch.len() as u64, Ordering::Relaxed);
        }
    }

    /// The oldest batch.
    pub(crate) fn take(&self) -> Option<Vec<TapPacket>> {
        self.0.full.pop()
    }

    /// Gives an emptied batch back.
    pub(crate) fn give_back(&self, mut batch: Vec<TapPacket>) {
        batch.clear();
        _ = self.0.empty.push(batch);
    }

    /// How many packets were dropped because the recorder did not keep up.
    pub fn n_lost(&self) -> u64 {
        self.0.n_lost.load(Ordering::Relaxed)
    }
}
