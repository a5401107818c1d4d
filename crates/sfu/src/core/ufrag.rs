//! Our local ICE username fragments: the peer that each belongs to, and the worker that each names.

use std::collections::HashMap;

use crate::PeerId;

/// The largest number of workers: one character of a username fragment names the worker.
pub const MAX_WORKERS: u8 = 64;

/// `ice-char` (RFC 8839, section 5.4).
pub(crate) const ICE_CHARS: &[u8; 64] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The most username fragments per peer: two transports, each before and after an ICE restart.
const MAX_OF_PEER: usize = 4;

/// Peers by username fragment. The caller keeps the fragments of each peer, oldest first, to remove them.
#[derive(Debug, Default)]
pub(crate) struct Ufrags {
    peers: HashMap<String, PeerId>,
}

impl Ufrags {
    /// Adds a fragment of a peer whose fragments are `known`. The oldest is removed to make room.
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

    /// Removes the fragments of a peer.
    pub(crate) fn remove(&mut self, known: &[String]) {
        for ufrag in known {
            self.peers.remove(ufrag);
        }
    }

    /// The peer that a fragment belongs to.
    pub(crate) fn peer(&self, ufrag: &str) -> Option<PeerId> {
        self.peers.get(ufrag).copied()
    }

    /// The number of fragments.
    pub(crate) fn len(&self) -> usize {
        self.peers.len()
    }
}

/// Replaces the first character of a fresh username fragment by the one that names the worker.
pub(crate) fn name_worker(ufrag: &mut String, worker: u8) {
    let name = char::from(ICE_CHARS[usize::from(worker % MAX_WORKERS)]);
    ufrag.replace_range(
        ..ufrag.chars().next().map_or(0, char::len_utf8),
        name.encode_utf8(&mut [0; 4]),
    );
}

/// The worker that a username fragment names; `None` if its first character is no `ice-char`.
pub(crate) fn named_worker(ufrag: &str) -> Option<u8> {
    let first = ufrag.bytes().next()?;
    ICE_CHARS.iter().position(|it| *it == first).map(|at| at as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fragment_names_its_worker() {
        for worker in 0..MAX_WORKERS {
            let mut ufrag = String::from("+bcdef");
            name_worker(&mut ufrag, worker);
            assert_eq!((named_worker(&ufrag), ufrag.len()), (Some(worker), 6));
        }
        assert_eq!(named_worker("*x"), None);
        assert_eq!(named_worker(""), None);
    }
}
