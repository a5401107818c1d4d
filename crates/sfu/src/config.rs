//! The configuration of the media core.

use std::net::SocketAddr;
use std::time::{Instant, SystemTime};

use crate::ingress::diagnostics::Limits;

/// The default of [`Config::max_publish_packets`]: twice the packets of a 50 Mbit/s broadcast.
pub const MAX_PUBLISH_PACKETS: u32 = 10_000;

/// The default of [`Config::publish_ceiling_kbps`]: twice the bitrate of a 4K broadcast with three layers.
pub const PUBLISH_CEILING_KBPS: u32 = 50_000;

/// The configuration of the media core.
#[derive(Debug, Clone)]
pub struct Config {
    /// The host candidates in every offer and answer (RFC 8445, section 5.1.1.1). The destination of
    /// each received datagram is one of them.
    pub candidates: Vec<SocketAddr>,
    /// The addresses at which peers can open a TCP connection (RFC 6544, `tcptype passive`), for networks without UDP.
    pub tcp_candidates: Vec<SocketAddr>,
    /// The largest number of peers at once. Further ones are refused with [`crate::NegotiationError::Full`].
    pub max_peers: usize,
    /// The bitrate limit of a publisher, in kbit/s; 0: no limit. A publisher above it gets a finding
    /// ([`crate::Finding::BitrateOverLimit`]), but its media is forwarded up to twice the limit.
    pub max_publish_kbps: u32,
    /// The largest number of packets per second accepted from a publisher; 0: no limit. Packets above it
    /// are dropped ([`crate::Finding::OverCeiling`]). A publisher that stays above it for 5 s is closed
    /// ([`crate::CloseReason::Flooding`]).
    pub max_publish_packets: u32,
    /// The same limit in kbit/s, without headers. If [`Self::max_publish_kbps`] is set, twice that value
    /// applies instead.
    pub publish_ceiling_kbps: u32,
    /// One moment on both clocks, for the wall-clock time in sender reports (RFC 3550, section 6.4.1).
    /// Without it the reports give times in 1970, which is enough: players only compare two of them.
    pub clock: Option<(Instant, SystemTime)>,
    /// The number of this worker, from 0. Each worker has a core of its own, and they exchange messages.
    pub worker: u8,
    /// The number of workers, at most [`crate::MAX_WORKERS`].
    pub workers: u8,
    /// The first sequence number of each outgoing stream. It is below 2^15, so that the receiver guesses
    /// the rollover counter right (RFC 3711, section 3.3.1). Tests set it near the wrap.
    pub first_seq: u16,
    /// The first timestamp of each outgoing stream. Tests set it near the wrap.
    pub first_ts: u32,
}

/// The limits of one publisher.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PublishLimits {
    /// Above this bitrate, in kbit/s, it gets a finding; 0: no limit.
    pub(crate) kbps: u32,
    /// Above these its packets are dropped.
    pub(crate) drop: Limits,
}

/// The numbers that an outgoing stream begins with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FirstNumbers {
    pub(crate) seq: u16,
    pub(crate) ts: u32,
}

impl Config {
    /// The numbers that each outgoing stream begins with.
    pub(crate) fn first_numbers(&self) -> FirstNumbers {
        FirstNumbers { seq: self.first_seq, ts: self.first_ts }
    }

    /// The limits of a publisher that has one of its own, in kbit/s, or none.
    pub(crate) fn publish_limits(&self, max_kbps: Option<u32>) -> PublishLimits {
        let own = max_kbps.filter(|kbps| *kbps > 0);
        let kbps = match (self.max_publish_kbps, own) {
            (0, own) => own.unwrap_or(0),
            (limit, own) => own.map_or(limit, |own| own.min(limit)),
        };
        let ceiling = if kbps == 0 { self.publish_ceiling_kbps } else { kbps.saturating_mul(2) };
        PublishLimits { kbps, drop: Limits { packets: self.max_publish_packets, kbps: ceiling } }
    }

    /// A configuration with the given candidates and everything else at its default.
    pub fn new(candidates: Vec<SocketAddr>) -> Self {
        Self {
            candidates,
            tcp_candidates: Vec::new(),
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
