//! Which peers are at other workers, and which addresses' datagrams are forwarded to other workers.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::core::demux::OWNERSHIP;
use crate::core::ufrag::Ufrags;
use crate::datagram::RemoteAddr;
use crate::{CONSENT_TIMEOUT, PeerId};

/// Addresses whose datagrams are forwarded, at most: those of publishers, a few each. One worker serves no more than
/// hundreds of publishers.
const MAX_PASSES: usize = 4_096;

/// How long an address is forwarded without a new connectivity check that its peer verified.
const PASS_FOR: Duration = CONSENT_TIMEOUT;

/// The peers whose registrar is this worker and that are at other workers. A peer is removed by its `Gone`, so there
/// are at most as many as peers.
#[derive(Debug, Default)]
pub(crate) struct RemotePeers {
    peers: HashMap<PeerId, Whereabouts>,
    by_ufrag: Ufrags,
}

#[derive(Debug)]
struct Whereabouts {
    worker: u8,
    ufrags: Vec<String>,
}

impl RemotePeers {
    /// Sets the worker of a peer, and adds its fragments.
    pub(crate) fn set(&mut self, peer: PeerId, worker: u8, ufrags: &[String]) {
        let known = self.peers.entry(peer).or_insert(Whereabouts { worker, ufrags: Vec::new() });
        known.worker = worker;
        for ufrag in ufrags {
            self.add_ufrag(peer, ufrag);
        }
    }

    /// Adds a fragment of a peer at another worker.
    pub(crate) fn add_ufrag(&mut self, peer: PeerId, ufrag: &str) {
        let Some(known) = self.peers.get_mut(&peer) else { return };
        self.by_ufrag.add(peer, &mut known.ufrags, ufrag);
    }

    /// Removes a peer that is at this worker again, or closed.
    pub(crate) fn remove(&mut self, peer: PeerId) {
        let Some(known) = self.peers.remove(&peer) else { return };
        self.by_ufrag.remove(&known.ufrags);
    }

    /// The worker of a peer.
    pub(crate) fn of(&self, peer: PeerId) -> Option<u8> {
        self.peers.get(&peer).map(|it| it.worker)
    }

    /// The worker of the peer with this fragment.
    pub(crate) fn of_ufrag(&self, ufrag: &str) -> Option<u8> {
        self.of(self.by_ufrag.peer(ufrag)?)
    }

    pub(crate) fn len(&self) -> usize {
        self.peers.len()
    }
}

/// Addresses whose datagrams are forwarded to other workers.
#[derive(Debug, Default)]
pub(crate) struct ForwardedAddrs {
    by_address: HashMap<RemoteAddr, Pass>,
}

#[derive(Debug, Clone, Copy)]
struct Pass {
    to: u8,
    heard_at: Instant,
    until: Instant,
}

impl ForwardedAddrs {
    /// Forwards an address to worker `to`, one of whose peers verified a check from it. An address that is live at
    /// another worker stays there: a source address is easily forged.
    pub(crate) fn set(&mut self, address: RemoteAddr, to: u8, now: Instant) {
        let until = now + PASS_FOR;
        if let Some(pass) = self.by_address.get_mut(&address) {
            if pass.to == to || now.saturating_duration_since(pass.heard_at) >= OWNERSHIP {
                *pass = Pass { to, heard_at: now, until };
            }
            return;
        }
        if self.by_address.len() >= MAX_PASSES {
            self.expire(now);
        }
        if self.by_address.len() < MAX_PASSES {
            self.by_address.insert(address, Pass { to, heard_at: now, until });
        }
    }

    /// The worker to forward a datagram from this address to.
    pub(crate) fn route(&mut self, address: RemoteAddr, now: Instant) -> Option<u8> {
        let pass = self.by_address.get_mut(&address).filter(|it| now < it.until)?;
        pass.heard_at = now;
        Some(pass.to)
    }

    /// Whether a datagram for another worker arrived from this address within `OWNERSHIP`.
    pub(crate) fn holds(&self, address: RemoteAddr, now: Instant) -> bool {
        let is_live =
            |it: &Pass| now < it.until && now.saturating_duration_since(it.heard_at) < OWNERSHIP;
        self.by_address.get(&address).is_some_and(is_live)
    }

    /// A peer of worker `from` is at this worker now: stops forwarding its address.
    pub(crate) fn take_over(&mut self, address: RemoteAddr, from: u8) {
        if self.by_address.get(&address).is_some_and(|it| it.to == from) {
            self.by_address.remove(&address);
        }
    }

    /// Removes expired addresses; returns when the next one expires.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<Instant> {
        self.by_address.retain(|_, it| now < it.until);
        self.by_address.values().map(|it| it.until).min()
    }

    pub(crate) fn len(&self) -> usize {
        self.by_address.len()
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::testing::START;

    fn address(n: u16) -> RemoteAddr {
        SocketAddr::from(([192, 0, 2, 1], n)).into()
    }

    #[test]
    fn a_peer_is_found_by_its_fragments_until_it_is_gone() {
        let mut remote_peers = RemotePeers::default();
        remote_peers.set(PeerId(1), 3, &["one".into(), "two".into()]);
        remote_peers.set(PeerId(1), 2, &["two", "three", "four", "five"].map(String::from));
        assert_eq!((remote_peers.of_ufrag("one"), remote_peers.of_ufrag("five")), (None, Some(2)));
        remote_peers.add_ufrag(PeerId(9), "nobody's");
        remote_peers.remove(PeerId(1));
        assert_eq!((remote_peers.len(), remote_peers.by_ufrag.len()), (0, 0));
    }

    #[test]
    fn an_address_stays_with_its_worker_until_that_is_silent_and_is_forgotten_in_the_end() {
        let mut forwarded = ForwardedAddrs::default();
        forwarded.set(address(1), 3, *START);
        forwarded.set(address(1), 4, *START);
        assert_eq!(forwarded.route(address(1), *START), Some(3), "not taken from a live one");
        let later = *START + OWNERSHIP;
        assert!(forwarded.holds(address(1), *START) && !forwarded.holds(address(1), later));
        forwarded.set(address(1), 4, later);
        assert_eq!(forwarded.route(address(1), later), Some(4));
        let end = later + PASS_FOR;
        assert_eq!(forwarded.route(address(1), end), None, "without a check it ends");
        assert_eq!((forwarded.expire(end), forwarded.len()), (None, 0));
    }

    #[test]
    fn addresses_are_bounded() {
        let mut forwarded = ForwardedAddrs::default();
        for n in 0..=u16::MAX {
            forwarded.set(address(n), 1, *START);
        }
        assert_eq!(forwarded.len(), MAX_PASSES);
    }
}
