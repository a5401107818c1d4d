//! What is counted of a room, for the operator.

use std::time::Instant;

use media_api::{
    Egress, Ingress, Links, PeerFigures, PeerId, QUIET_AFTER, RoomFigures, RoomId, STALL_AFTER,
};

use super::Room;

/// What is counted of peers that are gone.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Totals {
    pub(crate) ingress: Ingress,
    pub(crate) egress: Egress,
}

impl std::ops::AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.ingress += other.ingress;
        self.egress += other.egress;
    }
}

impl Room {
    /// The publisher's media goes on after a silence; `before` is when its last packet came.
    pub(super) fn note_silence(&mut self, before: Option<Instant>, now: Instant) {
        let Some(before) = before.filter(|_| self.publisher.is_some()) else { return };
        let silence = now.saturating_duration_since(before).min(STALL_AFTER);
        if silence >= QUIET_AFTER {
            self.gone.ingress.freezes += 1;
            self.gone.ingress.frozen_ms += silence.as_millis() as u64;
        }
    }

    /// Everything that was counted, here.
    pub(crate) fn totals(&self) -> Totals {
        let mut totals = self.gone;
        let of_guests = self.guests.iter().filter_map(|it| it.publisher.as_ref());
        for publisher in self.publisher.iter().chain(of_guests) {
            totals.ingress += publisher.figures();
        }
        for viewer in self.viewers.values() {
            totals.egress += viewer.figures();
            totals.ingress += viewer.inbound_figures();
        }
        totals
    }

    /// What is told of it; of its peers only where `names_peers`.
    pub(crate) fn figures(&self, room: RoomId, names_peers: bool) -> RoomFigures {
        let Totals { ingress, egress } = self.totals();
        let mut links = Links::default();
        for viewer in self.viewers.values().filter(|it| it.egress.is_connected()) {
            if let Some(kbps) = viewer.estimate_kbps() {
                links.note(kbps);
            }
        }
        let peers = if names_peers { self.peers() } else { Vec::new() };
        RoomFigures { room, ingress, egress, links, peers }
    }

    fn peers(&self) -> Vec<PeerFigures> {
        let of_guests = self.guests.iter().filter_map(|it| it.publisher.as_ref());
        let publishers = self.publisher.iter().chain(of_guests).map(|it| PeerFigures {
            peer: it.id,
            is_connected: true,
            rtt_ms: None,
            estimate_kbps: None,
            ingress: it.figures(),
            egress: Egress::default(),
        });
        let viewers = self.viewers.iter().map(|(peer, it)| PeerFigures {
            peer: *peer,
            is_connected: it.egress.is_connected(),
            rtt_ms: it.egress.round_trip().map(|it| it.as_millis() as u32),
            estimate_kbps: it.estimate_kbps(),
            ingress: it.inbound_figures(),
            egress: it.figures(),
        });
        publishers.chain(viewers).collect()
    }

    /// Takes over what was counted of a viewer that leaves this worker.
    pub(crate) fn retire_viewer(&mut self, peer: PeerId) {
        if let Some(viewer) = self.viewers.get_mut(&peer) {
            self.gone.egress += viewer.take_figures();
            self.gone.ingress += viewer.inbound_figures();
        }
    }
}
