//! TCP connections of peers (RFC 6544). Each is at one worker, that of the username fragment in its first check: the
//! home of a publisher, the registrar of a viewer.

use std::time::Instant;

use super::{Peer, Sfu};
use crate::core::demux::of_ufrag;
use crate::core::ufrag::named_worker;
use crate::datagram::RemoteAddr;
use crate::workers::message::Control;

/// The worker that a connection belongs to, by the connectivity check that it begins with; `None`: it begins with
/// something else.
pub fn worker_of_check(check: &[u8]) -> Option<u8> {
    of_ufrag(check, named_worker)
}

impl Sfu {
    /// Whether a connectivity check names a peer that this worker knows, here or elsewhere. It is not verified.
    pub fn knows_check(&self, check: &[u8]) -> bool {
        let is_known =
            |it: &str| self.demux.has_ufrag(it) || self.remote_peers.of_ufrag(it).is_some();
        of_ufrag(check, |it| is_known(it).then_some(())).is_some()
    }

    /// Whether a connection belongs to a peer that is here.
    pub fn holds_stream(&self, remote: RemoteAddr) -> bool {
        self.demux.route_of(remote).is_some()
    }

    /// A connection has more to send than it should, or has sent enough of it: a viewer there is sent no video meanwhile.
    pub fn stream_full(&mut self, remote: RemoteAddr, is_full: bool, now: Instant) {
        let (Some(stream), Some(peer)) = (remote.stream, self.demux.route_of(remote)) else {
            return;
        };
        self.with_peer(peer, now, |it, _| {
            if let Peer::Viewer(it) = it {
                it.egress.set_full(stream, is_full);
            }
        });
        if !is_full && let Some(room) = self.room_of.get(&peer) {
            self.dirty.insert(*room);
        }
    }

    /// Gives datagrams for a connection of another worker to that worker. Those of a viewer, until it has migrated.
    pub(super) fn send_to_streams_elsewhere(&mut self) {
        let me = self.workers.me;
        if !self.workers.is_many() || self.outbox.of_streams().len() == 0 {
            return;
        }
        for it in self.outbox.of_streams() {
            let Some(stream) = it.destination.stream.filter(|it| it.worker != me) else { continue };
            for datagram in it.datagrams() {
                let control = Control::ToStream(it.source, it.destination, datagram.into());
                self.workers.send(stream.worker, control);
            }
        }
        self.outbox.retain_streams(|it| it.worker == me);
    }
}
