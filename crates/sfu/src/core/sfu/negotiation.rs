//! Offers and answers: the part of [`Sfu`] that creates peers and renegotiates with them. Every library
//! call on SDP from outside is contained.

use std::net::IpAddr;
use std::time::Instant;

use super::{Peer, Sfu, contain};
use crate::config::PublishLimits;
use crate::egress::Egress;
use crate::ingress::{Inbound, Publisher};
use crate::viewer::Viewer;
use media_api::{Cast, CloseReason, Event, NegotiationError};
use media_api::{PeerId, RoomId, Seat};

impl Sfu {
    pub(super) fn publish(
        &mut self,
        room: RoomId,
        peer: PeerId,
        (seat, on_air, limits): (Seat, bool, PublishLimits),
        offer: &str,
        via: Option<IpAddr>,
        now: Instant,
    ) -> Result<Answered, NegotiationError> {
        self.has_space()?;
        let accepted = contain(peer, || {
            let of = (&self.shared, limits);
            let (new, sdp) = Publisher::accept((peer, seat), of, offer, via, now)?;
            let (codecs, ufrags) = (new.codecs(), new.ufrags());
            Ok((new, Answered { sdp, codecs }, ufrags))
        });
        let (new, answered, ufrags) = accepted.unwrap_or_else(|| Err(unreadable()))?;
        self.set_ufrags(peer, &ufrags);
        let old = if seat.is_host() {
            let old = self.rooms.entry(room).or_default().set_publisher(Some(new), on_air);
            self.relay_stage(room, true);
            self.end_second(room);
            old
        } else {
            self.seat_guest(room, seat, new)
        };
        self.enter(peer, room);
        if let Some(old) = old {
            self.say_goodbye_to_publisher(old, CloseReason::Replaced, now);
        }
        Ok(answered)
    }

    pub(super) fn watch_offer(
        &mut self,
        room: RoomId,
        peer: PeerId,
        offer: &str,
        via: Option<IpAddr>,
        now: Instant,
    ) -> Result<Answered, NegotiationError> {
        self.has_space()?;
        let accepted = contain(peer, || {
            let mut egress = self.new_egress(now);
            let sdp = egress.accept_offer(offer, via, now)?;
            let codecs = egress.codecs();
            if codecs.is_empty() {
                return Err(NegotiationError::NoCodec);
            }
            Ok((egress, Answered { sdp, codecs }))
        });
        let (egress, answered) = accepted.unwrap_or_else(|| Err(unreadable()))?;
        self.add_viewer(room, peer, egress);
        Ok(answered)
    }

    pub(super) fn watch(
        &mut self,
        room: RoomId,
        peer: PeerId,
        (cast, publishes): (Cast, Option<Seat>),
        via: Option<IpAddr>,
        now: Instant,
    ) -> Result<String, NegotiationError> {
        self.has_space()?;
        let mut egress = self.new_egress(now);
        egress.set_cast(cast);
        let Some(seat) = publishes else {
            let sdp = egress.offer(via);
            self.add_viewer(room, peer, egress);
            return Ok(sdp);
        };
        let inbound = Inbound::new(seat, &self.shared, &self.config, now);
        self.add_viewer(room, peer, egress);
        let viewer = self.rooms.get_mut(&room).and_then(|it| it.viewers.get_mut(&peer));
        let viewer = viewer.ok_or(NegotiationError::UnknownPeer)?;
        viewer.set_inbound(inbound);
        Ok(viewer.egress.offer(via))
    }

    fn new_egress(&self, now: Instant) -> Box<Egress> {
        Box::new(Egress::new(&self.shared, now))
    }

    pub(super) fn add_viewer(&mut self, room: RoomId, peer: PeerId, mut egress: Box<Egress>) {
        self.set_ufrag(peer, &egress.ufrag());
        let viewer = Viewer::new(egress, &self.config);
        self.rooms.entry(room).or_default().viewers.insert(peer, viewer);
        self.enter(peer, room);
    }

    pub(super) fn answer(
        &mut self,
        peer: PeerId,
        sdp: &str,
        now: Instant,
    ) -> Result<Vec<crate::Codec>, NegotiationError> {
        let result = self.with_peer(peer, now, |it, _| match it {
            Peer::Publisher(_) => Err(NegotiationError::OutOfOrder),
            Peer::Viewer(it) => {
                if let Some(inbound) = it.inbound() {
                    inbound.take_answer(sdp)?;
                }
                it.egress.accept_answer(sdp, now)?;
                it.renegotiated();
                let seat = it.inbound().map(|it| it.seat);
                Ok((it.egress.codecs(), it.egress.ufrag(), seat))
            }
        });
        let (codecs, ufrag, seat) = result.ok_or(NegotiationError::UnknownPeer)??;
        self.set_ufrag(peer, &ufrag);
        if let (Some(seat), Some(room)) = (seat, self.room_of.get(&peer).copied()) {
            self.seat_viewer(room, seat, peer);
        }
        Ok(codecs)
    }

    /// Handles the checks that arrived before the viewer's answer, now that the answer is here.
    pub(super) fn handle_pending_checks(&mut self, peer: PeerId, now: Instant) {
        let pending = self.with_peer(peer, now, |it, _| match it {
            Peer::Publisher(_) => Vec::new(),
            Peer::Viewer(it) => it.take_pending_checks(),
        });
        for check in pending.unwrap_or_default() {
            self.take_datagram(&check.datagram(), check.origin, now);
        }
    }

    pub(super) fn reoffer(
        &mut self,
        peer: PeerId,
        offer: &str,
        via: Option<IpAddr>,
        now: Instant,
    ) -> Result<Answered, NegotiationError> {
        let result = self.with_peer(peer, now, |it, _| match it {
            Peer::Publisher(it) => {
                let sdp = it.reoffer(offer, via, now)?;
                Ok((Answered { sdp, codecs: it.codecs() }, it.ufrags()))
            }
            Peer::Viewer(it) => {
                let sdp = it.egress.accept_offer(offer, via, now)?;
                it.renegotiated();
                Ok((Answered { sdp, codecs: it.egress.codecs() }, vec![it.egress.ufrag()]))
            }
        });
        let (answered, ufrags) = result.ok_or(NegotiationError::UnknownPeer)??;
        self.set_ufrags(peer, &ufrags);
        Ok(answered)
    }

    pub(super) fn restart_ice(
        &mut self,
        peer: PeerId,
        via: Option<IpAddr>,
        now: Instant,
    ) -> Result<String, NegotiationError> {
        let result = self.with_peer(peer, now, |it, _| match it {
            Peer::Publisher(_) => Err(NegotiationError::OutOfOrder),
            Peer::Viewer(it) => it.egress.offer_ice_restart(via),
        });
        result.ok_or(NegotiationError::UnknownPeer)?
    }

    fn has_space(&self) -> Result<(), NegotiationError> {
        let full = self.room_of.len() >= self.config.max_peers;
        if full { Err(NegotiationError::Full) } else { Ok(()) }
    }

    pub(super) fn answered(&mut self, peer: PeerId, result: Result<Answered, NegotiationError>) {
        self.events.push_back(match result {
            Ok(Answered { sdp, codecs }) => Event::Answer { peer, sdp, codecs },
            Err(error) => Event::Rejected { peer, error },
        });
    }

    pub(super) fn offered(&mut self, peer: PeerId, result: Result<String, NegotiationError>) {
        self.events.push_back(match result {
            Ok(sdp) => Event::Offer { peer, sdp },
            Err(error) => Event::Rejected { peer, error },
        });
    }
}

/// An SDP answer and the negotiated codecs.
pub(super) struct Answered {
    sdp: String,
    codecs: Vec<crate::Codec>,
}

/// The error for a session description that makes the library panic.
fn unreadable() -> NegotiationError {
    NegotiationError::malformed("it is beyond what can be read")
}
