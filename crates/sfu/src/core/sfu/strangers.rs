//! Media from addresses that nobody is known at: a NAT may have forgotten a peer, and its next connectivity check may
//! be seconds away.

use std::time::Instant;

use super::Sfu;
use crate::PeerId;
use crate::core::rate_limit::RateLimit;
use crate::datagram::Datagram;
use crate::transport::ice::SILENT;

/// Packets that are shown to all other workers in a second: as many as a publisher of 5 Mbit/s sends.
const SHOWN_PER_SECOND: u32 = 500;

/// RTCP in a second for which its sender is looked for among several, and how many of those are tried: each costs a
/// microsecond.
const SHARED_PER_SECOND: u32 = 50;
const MAX_TRIALS: usize = 128;

/// How much was done for strangers in this second.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    shown: RateLimit,
    shared: RateLimit,
}

impl Sfu {
    /// Takes RTCP of whoever of several has its SSRC, and was silent for a while: its NAT may have forgotten it.
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

    /// Shows the other workers what may be of a peer of theirs: they know it by its SSRC.
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

/// RTP or RTCP (RFC 7983, section 7).
pub(super) fn is_media(contents: &[u8]) -> bool {
    matches!(contents.first(), Some(128..=191))
}
