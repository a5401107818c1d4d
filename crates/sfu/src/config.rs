//! What the media core is told at its start.

use std::net::SocketAddr;
use std::time::{Instant, SystemTime};

use crate::ingress::diagnostics::Limits;

/// [`Config::max_publish_packets`] by default: twice what 50 Mbit/s have.
pub const MAX_PUBLISH_PACKETS: u32 = 10_000;

/// [`Config::publish_ceiling_kbps`] by default: three layers of 4K take half of it.
pub const PUBLISH_CEILING_KBPS: u32 = 50_000;

/// What the media core is told at its start.
#[derive(Debug, Clone)]
pub struct Config {
    /// The host candidates that every offer and answer carries (RFC 8445, section 5.1.1.1). A
    /// datagram's destination is one of them.
    pub candidates: Vec<SocketAddr>,
    /// The most peers at once; one more is refused with [`crate::NegotiationError::Full`].
    pub max_peers: usize,
    /// The most that a publisher should send, in kbit/s; 0: no limit. Who sends more is told so
    /// ([`crate::Finding::BitrateOverLimit`]), and forwarded all the same up to twice as much.
    pub max_publish_kbps: u32,
    /// The most packets a second that are taken of a publisher; 0: all. What is above is dropped
    /// ([`crate::Finding::OverCeiling`]), and who stays above for 5 s is closed
    /// ([`crate::CloseReason::Flooding`]).
    pub max_publish_packets: u32,
    /// The same of kbit a second, without headers. Where [`Self::max_publish_kbps`] is set, twice that
    /// holds instead.
    pub publish_ceiling_kbps: u32,
    /// One moment in both clocks: sender reports tell wall-clock time (RFC 3550, section 6.4.1).
    /// Without it they tell a time of 1970; players only compare two of them.
    pub clock: Option<(Instant, SystemTime)>,
    /// Which of the workers this is, from 0 on, and how many there are: each has a core of its own,
    /// and they exchange messages. At most [`crate::MAX_WORKERS`].
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
    /// What is taken of a publisher at most.
    pub(crate) fn publish_limits(&self) -> Limits {
        let kbps = match self.max_publish_kbps {
            0 => self.publish_ceiling_kbps,
            limit => limit.saturating_mul(2),
        };
        Limits { packets: self.max_publish_packets, kbps }
    }

    /// A configuration with the given candidates and everything else at its default.
    pub fn new(candidates: Vec<SocketAddr>) -> Self {
        Self {
            candidates,
            max_peers: 10_000,
            max_publish_kbps: 0,
            max_publish_packets: MAX_PUBLISH_PACKETS,
            publish_ceiling_kbps: PUBLISH_CEILING_KBPS,
            clock: None,
            worker: 0,
            workers: 1,
            first_seq: 1,
            first_ts: 1,
        }
    }
}
