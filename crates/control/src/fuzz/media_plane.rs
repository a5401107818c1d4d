//! A media plane that does at once what it is asked, as far as the control plane can see.

use std::collections::{BTreeMap, BTreeSet};

use media_api::{CloseReason, Codec, Command, Event, NegotiationError, PeerId, RoomId, Seat};

#[derive(Debug)]
pub(crate) struct MediaPlane {
    /// What it answers next instead.
    pub(crate) rejects: Option<NegotiationError>,
    /// The codecs of every negotiation.
    pub(crate) codecs: Vec<Codec>,
    pub(crate) publishers: BTreeMap<(RoomId, Seat), PeerId>,
    pub(crate) peers: BTreeSet<PeerId>,
}

impl Default for MediaPlane {
    fn default() -> Self {
        Self {
            rejects: None,
            codecs: vec![Codec::Opus, Codec::Vp8],
            publishers: BTreeMap::new(),
            peers: BTreeSet::new(),
        }
    }
}

impl MediaPlane {
    /// What comes of a command.
    pub(crate) fn carry_out(&mut self, command: &Command) -> Vec<Event> {
        let codecs = self.codecs.clone();
        let negotiates = match command {
            Command::Publish { peer, .. }
            | Command::WatchOffer { peer, .. }
            | Command::Watch { peer, .. }
            | Command::Answer { peer, .. }
            | Command::Reoffer { peer, .. }
            | Command::RestartIce { peer, .. }
            | Command::Recast { peer, .. } => Some(*peer),
            Command::Mute { .. }
            | Command::GoLive { .. }
            | Command::Tap { .. }
            | Command::TapKeyframe { .. }
            | Command::Prefer { .. }
            | Command::Past { .. }
            | Command::Close { .. } => None,
        };
        if let Some(peer) = negotiates
            && let Some(error) = self.rejects.take()
        {
            return vec![Event::Rejected { peer, error }];
        }
        let answer = |peer, sdp: &str, codecs| Event::Answer { peer, sdp: sdp.into(), codecs };
        let offer = |peer, sdp: &str| Event::Offer { peer, sdp: sdp.into() };
        match *command {
            Command::Publish { room, peer, seat, .. } => {
                let old = self.publishers.insert((room, seat), peer);
                let closed = old.map(|old| {
                    self.peers.remove(&old);
                    Event::Closed { peer: old, reason: CloseReason::Replaced }
                });
                self.peers.insert(peer);
                closed.into_iter().chain([answer(peer, "v=0 answer", codecs)]).collect()
            }
            Command::WatchOffer { peer, .. } => {
                self.peers.insert(peer);
                vec![answer(peer, "v=0 answer", codecs)]
            }
            Command::Watch { peer, .. } => {
                self.peers.insert(peer);
                vec![offer(peer, "v=0 offer")]
            }
            Command::Answer { peer, .. } if self.peers.contains(&peer) => {
                vec![Event::Negotiated { peer, codecs }]
            }
            Command::Reoffer { peer, .. } if self.peers.contains(&peer) => {
                vec![answer(peer, "v=0 reanswer", codecs)]
            }
            Command::RestartIce { peer, .. } if self.peers.contains(&peer) => {
                vec![offer(peer, "v=0 restart")]
            }
            Command::Recast { peer, .. } if self.peers.contains(&peer) => {
                vec![offer(peer, "v=0 recast")]
            }
            Command::Answer { peer, .. }
            | Command::Reoffer { peer, .. }
            | Command::RestartIce { peer, .. }
            | Command::Recast { peer, .. } => {
                vec![Event::Rejected { peer, error: NegotiationError::UnknownPeer }]
            }
            Command::Mute { .. }
            | Command::GoLive { .. }
            | Command::Tap { .. }
            | Command::TapKeyframe { .. }
            | Command::Past { .. }
            | Command::Prefer { .. } => Vec::new(),
            Command::Close { peer } if self.forget(peer) => {
                vec![Event::Closed { peer, reason: CloseReason::Requested }]
            }
            Command::Close { .. } => Vec::new(),
        }
    }

    /// Forgets a peer; whether it was there.
    pub(crate) fn forget(&mut self, peer: PeerId) -> bool {
        self.publishers.retain(|_, publisher| *publisher != peer);
        self.peers.remove(&peer)
    }
}
