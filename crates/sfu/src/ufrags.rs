//! Which peer an ICE username fragment of ours is of.

use std::collections::HashMap;

use crate::PeerId;

/// Username fragments one peer may have: the current one, and that of before an ICE restart.
const MAX_OF_PEER: usize = 2;

/// Peers by fragment. What a peer has is kept with the peer, oldest first, so that it can be taken out.
#[derive(Debug, Default)]
pub(crate) struct Ufrags {
    peers: HashMap<String, PeerId>,
}

impl Ufrags {
    /// Another fragment of a peer that has these; the oldest beyond the bound is forgotten.
    pub(crate) fn add(&mut self, peer: PeerId, known: &mut Vec<String>, ufrag: &str) {
        if known.iter().any(|it| it == ufrag) {
            return;
        }
        if known.len() == MAX_OF_PEER {
            self.peers.remove(&known.remove(0));
        }
        known.push(ufrag.into());
        self.peers.insert(ufrag.into(), peer);
    }

    /// Forgets what a peer had.
    pub(crate) fn remove(&mut self, known: &[String]) {
        for ufrag in known {
            self.peers.remove(ufrag);
        }
    }

    /// Whose a fragment is.
    pub(crate) fn peer(&self, ufrag: &str) -> Option<PeerId> {
        self.peers.get(ufrag).copied()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.peers.len()
    }
}
