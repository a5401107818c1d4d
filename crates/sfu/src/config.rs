//! What the media core is told at its start.

use std::net::SocketAddr;
use std::time::{Instant, SystemTime};

/// What the media core is told at its start.
#[derive(Debug, Clone)]
pub struct Config {
    /// The host candidates that every offer and answer carries (RFC 8445, section 5.1.1.1). A
    /// datagram's destination is one of them.
    pub candidates: Vec<SocketAddr>,
    /// The most peers at once; one more is refused with [`crate::NegotiationError::Full`].
    pub max_peers: usize,
    /// The most that a publisher should send, in kbit/s; 0: no limit. Who sends more is told so
    /// ([`crate::Finding::BitrateOverLimit`]), and forwarded all the same.
    pub max_publish_kbps: u32,
    /// One moment in both clocks: sender reports tell wall-clock time (RFC 3550, section 6.4.1).
    /// Without it they tell a time of 1970; players only compare two of them.
    pub clock: Option<(Instant, SystemTime)>,
    /// What viewers are served by.
    pub egress: Egress,
    /// Which of the workers this is, from 0 on, and how many there are: each has a core of its own,
    /// and they exchange parcels. At most [`crate::MAX_WORKERS`].
    pub worker: u8,
    /// See [`Self::worker`].
    pub workers: u8,
    /// The first sequence number of each outgoing stream; below 2^15, so that the receiver's guess
    /// of the rollover counter holds (RFC 3711, section 3.3.1). Tests set it near the wrap.
    pub first_seq: u16,
    /// The first timestamp of each outgoing stream. Tests set it near the wrap.
    pub first_ts: u32,
}

impl Config {
    /// A configuration with the given candidates and everything else at its default.
    pub fn new(candidates: Vec<SocketAddr>) -> Self {
        Self {
            candidates,
            max_peers: 10_000,
            max_publish_kbps: 0,
            clock: None,
            egress: Egress::Lean,
            worker: 0,
            workers: 1,
            first_seq: 1,
            first_ts: 1,
        }
    }
}

/// What viewers are served by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Egress {
    /// Our own: a microsecond a packet.
    Lean,
    /// One str0m session a viewer: ten times that. For comparison.
    Str0m,
}
