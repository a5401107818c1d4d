//! A link with a changing capacity, a limited queue, delay, jitter and loss.

use std::collections::VecDeque;

/// The properties of a link.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Capacity in bit/s from each time in µs on; 0: nothing passes, not even feedback.
    pub(crate) capacity: Vec<(u64, f64)>,
    /// Bytes that pass at once after a pause, like a shaper's token bucket.
    pub(crate) burst_bytes: f64,
    /// The longest queue, in ms at the current capacity.
    pub(crate) queue_ms: f64,
    /// Round-trip time without queues.
    pub(crate) rtt_us: u64,
    /// Part of the packets that is lost at random.
    pub(crate) loss: f64,
    /// When that loss begins.
    pub(crate) loss_from_us: u64,
    /// Part of the feedback that is lost at random.
    pub(crate) feedback_loss: f64,
    /// The longest random delay; packets are not reordered.
    pub(crate) jitter_us: u64,
    /// A policer: packets above this rate are dropped without waiting.
    pub(crate) bucket: Option<Bucket>,
}

/// A token bucket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    pub(crate) bps: f64,
    pub(crate) depth_bytes: f64,
}

impl Config {
    /// A link with a constant capacity and a queue of 500 ms.
    pub(crate) fn steady(bps: f64) -> Self {
        Self {
            capacity: vec![(0, bps)],
            burst_bytes: 0.0,
            queue_ms: 500.0,
            rtt_us: 50_000,
            loss: 0.0,
            loss_from_us: 0,
            feedback_loss: 0.0,
            jitter_us: 0,
            bucket: None,
        }
    }
}

/// A packet in flight.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InFlight {
    pub(crate) seq: u64,
    pub(crate) bytes: u32,
    entered_us: u64,
}

/// One direction of the link.
#[derive(Debug)]
pub(crate) struct Link {
    config: Config,
    rng: fastrand::Rng,
    queue: VecDeque<InFlight>,
    backlog: f64,
    free_at: f64,
    last_arrival: u64,
    tokens: f64,
    tokens_at: u64,
}

impl Link {
    pub(crate) fn new(config: Config, seed: u64) -> Self {
        let tokens = config.bucket.map_or(0.0, |it| it.depth_bytes);
        Self {
            config,
            rng: fastrand::Rng::with_seed(seed),
            queue: VecDeque::new(),
            backlog: 0.0,
            free_at: 0.0,
            last_arrival: 0,
            tokens,
            tokens_at: 0,
        }
    }

    /// The capacity at a time, in bit/s.
    pub(crate) fn capacity(&self, now: u64) -> f64 {
        let until_now = self.config.capacity.iter().take_while(|(from, _)| *from <= now);
        until_now.last().map_or(0.0, |(_, bps)| *bps)
    }

    /// How long a packet that is sent now waits.
    pub(crate) fn queue_ms(&self, now: u64) -> f64 {
        let bps = self.capacity(now);
        if bps == 0.0 {
            return 0.0;
        }
        (self.free_at - now as f64).max(0.0) / 1e3 + self.backlog * 8e3 / bps
    }

    /// Sends a packet, or loses it.
    pub(crate) fn send(&mut self, now: u64, seq: u64, bytes: u32) {
        if let Some(bucket) = self.config.bucket {
            self.tokens += (now - self.tokens_at) as f64 * bucket.bps / 8e6;
            self.tokens = self.tokens.min(bucket.depth_bytes);
            self.tokens_at = now;
            if self.tokens < f64::from(bytes) {
                return;
            }
            self.tokens -= f64::from(bytes);
        }
        let is_full = self.queue_ms(now) > self.config.queue_ms;
        let is_lost = self.rng.f64() < self.config.loss && now >= self.config.loss_from_us;
        if is_full || is_lost || self.capacity(now) == 0.0 {
            return;
        }
        self.backlog += f64::from(bytes);
        self.queue.push_back(InFlight { seq, bytes, entered_us: now });
    }

    /// The next packet that has left the queue, and its arrival time.
    pub(crate) fn poll(&mut self, now: u64) -> Option<(u64, InFlight)> {
        let packet = *self.queue.front()?;
        let entered = packet.entered_us as f64;
        let bps = self.capacity(self.free_at.max(entered) as u64);
        let start = self.free_at.max(entered - self.config.burst_bytes * 8e6 / bps.max(1.0));
        if start > now as f64 {
            return None;
        }
        if bps == 0.0 {
            self.free_at = now as f64;
            return None;
        }
        self.queue.pop_front();
        self.backlog -= f64::from(packet.bytes);
        self.free_at = start + f64::from(packet.bytes) * 8e6 / bps;
        let jitter =
            if self.config.jitter_us > 0 { self.rng.u64(0..self.config.jitter_us) } else { 0 };
        let at = self.free_at.max(entered) as u64 + self.config.rtt_us / 2 + jitter;
        self.last_arrival = self.last_arrival.max(at);
        Some((self.last_arrival, packet))
    }
}
