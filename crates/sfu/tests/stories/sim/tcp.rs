//! The server's side of a TCP connection to a client: what waits to be sent, over a link of some rate.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use sfu::StreamId;

use super::Packet;

/// As the media threads have them.
const FULL_BYTES: usize = 32 * 1024;
const LOW_BYTES: usize = 8 * 1024;

/// One connection.
pub(crate) struct Tcp {
    pub(crate) stream: StreamId,
    /// The link's rate.
    pub(crate) bps: u64,
    waiting: VecDeque<Packet>,
    bytes: usize,
    /// The most that ever waited.
    pub(crate) most_bytes: usize,
    is_full: bool,
    /// When the link has sent what it was given.
    free_at: Instant,
}

impl Tcp {
    pub(crate) fn new(stream: StreamId, bps: u64, now: Instant) -> Self {
        let waiting = VecDeque::new();
        Self { stream, bps, waiting, bytes: 0, most_bytes: 0, is_full: false, free_at: now }
    }

    pub(crate) fn push(&mut self, packet: Packet, now: Instant) {
        if self.waiting.is_empty() {
            self.free_at = self.free_at.max(now);
        }
        self.bytes += packet.contents.len();
        self.most_bytes = self.most_bytes.max(self.bytes);
        self.waiting.push_back(packet);
    }

    /// When the next packet has been sent.
    pub(crate) fn next_at(&self) -> Option<Instant> {
        self.waiting.front().map(|it| self.free_at + self.time_of(it))
    }

    fn time_of(&self, packet: &Packet) -> Duration {
        Duration::from_secs_f64(packet.contents.len() as f64 * 8.0 / self.bps as f64)
    }

    /// The packets that have been sent by now.
    pub(crate) fn sent(&mut self, now: Instant) -> Vec<Packet> {
        let mut sent = Vec::new();
        while let Some(at) = self.next_at().filter(|at| *at <= now) {
            self.free_at = at;
            let Some(packet) = self.waiting.pop_front() else { break };
            self.bytes -= packet.contents.len();
            sent.push(packet);
        }
        sent
    }

    /// Whether the queue has become full, or low again.
    pub(crate) fn changed(&mut self) -> Option<bool> {
        let is_full = if self.is_full { self.bytes >= LOW_BYTES } else { self.bytes >= FULL_BYTES };
        (is_full != self.is_full).then(|| {
            self.is_full = is_full;
            is_full
        })
    }
}
