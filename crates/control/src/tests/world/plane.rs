//! The media plane that answers at once.

use media_api::{CloseReason, Command, Event, NegotiationError};

use super::World;

impl World {
    /// What the engine does, as far as the control plane can see.
    pub(super) fn carry_out(&mut self, command: &Command) {
        let codecs = self.codecs.clone();
        let new_or_known = match command {
            Command::Publish { peer, .. }
            | Command::WatchOffer { peer, .. }
            | Command::Watch { peer, .. }
            | Command::Answer { peer, .. }
            | Command::Reoffer { peer, .. }
            | Command::RestartIce { peer, .. } => Some(*peer),
            Command::GoLive { .. } | Command::Prefer { .. } | Command::Close { .. } => None,
        };
        if let Some(peer) = new_or_known
            && let Some(error) = self.rejects.take()
        {
            return self.event(Event::Rejected { peer, error });
        }
        match *command {
            Command::Publish { room, peer, .. } => {
                if let Some(old) = self.publishers.insert(room, peer) {
                    self.peers.remove(&old);
                    self.event(Event::Closed { peer: old, reason: CloseReason::Replaced });
                }
                self.peers.insert(peer);
                self.event(Event::Answer { peer, sdp: "v=0 answer".into(), codecs });
            }
            Command::WatchOffer { peer, .. } => {
                self.peers.insert(peer);
                self.event(Event::Answer { peer, sdp: "v=0 answer".into(), codecs });
            }
            Command::Watch { peer, .. } => {
                self.peers.insert(peer);
                self.event(Event::Offer { peer, sdp: "v=0 offer".into() });
            }
            Command::Answer { peer, .. } if self.peers.contains(&peer) => {
                self.event(Event::Negotiated { peer, codecs });
            }
            Command::Reoffer { peer, .. } if self.peers.contains(&peer) => {
                self.event(Event::Answer { peer, sdp: "v=0 reanswer".into(), codecs });
            }
            Command::RestartIce { peer, .. } if self.peers.contains(&peer) => {
                self.event(Event::Offer { peer, sdp: "v=0 restart".into() });
            }
            Command::Answer { peer, .. }
            | Command::Reoffer { peer, .. }
            | Command::RestartIce { peer, .. } => {
                self.event(Event::Rejected { peer, error: NegotiationError::UnknownPeer });
            }
            Command::GoLive { .. } | Command::Prefer { .. } => {}
            Command::Close { peer } => {
                if self.peers.remove(&peer) {
                    self.publishers.retain(|_, publisher| *publisher != peer);
                    self.event(Event::Closed { peer, reason: CloseReason::Requested });
                }
            }
        }
    }
}
