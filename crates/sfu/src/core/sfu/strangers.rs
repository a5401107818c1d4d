//! RTP and RTCP from unknown addresses. A NAT may have rebound a peer to a new address, and the peer's
//! next connectivity check may be seconds away.

use std::time::Instant;

use super::Sfu;
use crate::PeerId;
use crate::core::rate_limit::RateLimit;
use crate::datagram::Datagram;
use crate::transport::ice::SILENT;

/// Packets per second that are shown to all other workers: as many as a publisher of 5 Mbit/s sends.
const SHOWN_PER_SECOND: u32 = 500;

/// Packets per second that are tried on the peers that share their SSRC.
const SHARED_PER_SECOND: u32 = 50;

/// The most peers that one such packet is tried on. Each trial costs a microsecond.
const MAX_TRIALS: usize = 128;

/// Rate limits of the work done for packets from unknown addresses.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    shown: RateLimit,
    shared: RateLimit,
}

impl Sfu {
    /// Tries a packet on the viewers that send with its SSRC and were silent for [`SILENT`]: their NAT may
    /// have rebound them. Returns whether one accepted it.
    pub(super) fn take_shared(
        &mut self,
        datagram: &Datagram<'_>,
        origin: u8,
        now: Instant,
    ) -> bool {
        let mut sharers = self.demux.sharers(datagram.contents).peekable();
        if sharers.peek().is_none() || !self.strangers.shared.take(SHARED_PER_SECOND, now) {
            return false;
        }
        let is_silent = |it: &PeerId| {
            let room = self.room_of.get(it).and_then(|it| self.rooms.get(it));
            let viewer = room.and_then(|room| room.viewers.get(it));
            viewer.is_some_and(|it| it.egress.silence(now) >= SILENT)
        };
        let silent: Vec<PeerId> = sharers.filter(is_silent).take(MAX_TRIALS).collect();
        silent.into_iter().any(|it| self.offer_datagram(it, datagram, origin, now))
    }

    /// Forwards a media packet to all other workers, one of which may know its peer by the SSRC.
    pub(super) fn show_others(&mut self, datagram: &Datagram<'_>, now: Instant) {
        if !is_media(datagram.contents) || !self.strangers.shown.take(SHOWN_PER_SECOND, now) {
            return;
        }
        let me = self.workers.me;
        for worker in (0..self.workers.workers).filter(|it| *it != me) {
            self.workers.pass_on(worker, datagram, me);
        }
    }
}

/// Whether a datagram is RTP or RTCP (RFC 7983, section 7).
pub(super) fn is_media(contents: &[u8]) -> bool {
    matches!(contents.first(), Some(128..=191))
}
