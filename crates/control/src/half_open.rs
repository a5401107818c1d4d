//! Watching peers that are not connected yet, and which of them gives way when there is no place left.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use auth::{ClientAddr, Network};
use media_api::{PeerId, RoomId};

use crate::limits::SPARED;

/// The half-open peers of all rooms. Their ids rise, so that the first is the oldest. Each holds a place, which
/// bounds them.
#[derive(Debug, Default)]
pub(crate) struct HalfOpen(BTreeMap<PeerId, Waiting>);

#[derive(Debug)]
struct Waiting {
    room: RoomId,
    /// `None` when its network has no limits: it counts as one of its own.
    network: Option<Network>,
    since: Instant,
}

impl HalfOpen {
    pub(crate) fn add(&mut self, peer: PeerId, room: RoomId, addr: &ClientAddr, since: Instant) {
        let network = (!addr.is_unlimited()).then(|| addr.network());
        self.0.insert(peer, Waiting { room, network, since });
    }

    /// A peer has connected, or is gone: it gives way to nobody.
    pub(crate) fn remove(&mut self, peer: PeerId) {
        self.0.remove(&peer);
    }

    /// Who gives way, in a room or in the server: the oldest of the network that has the most. Where each network has
    /// one, the oldest that is no longer spared, so that a crowd of newcomers does not push each other out.
    pub(crate) fn victim(&self, room: Option<RoomId>, now: Instant) -> Option<PeerId> {
        let there = || self.0.iter().filter(|(_, it)| room.is_none_or(|room| room == it.room));
        let mut counts: HashMap<Network, usize> = HashMap::new();
        for network in there().filter_map(|(_, it)| it.network) {
            *counts.entry(network).or_default() += 1;
        }
        let most = counts.values().copied().max().unwrap_or(1);
        let gives_way = |it: &Waiting| {
            let n = it.network.and_then(|network| counts.get(&network)).copied().unwrap_or(1);
            n == most && (n > 1 || now >= it.since + SPARED)
        };
        there().find(|(_, it)| gives_way(it)).map(|(peer, _)| *peer)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn addr(ip: &str) -> ClientAddr {
        ClientAddr { ip: ip.parse().unwrap(), is_own_machine: false, is_trusted_network: false }
    }

    #[test]
    fn the_oldest_of_the_network_with_the_most_gives_way() {
        let start = Instant::now();
        let mut half_open = HalfOpen::default();
        let (one, other) = (RoomId(1), RoomId(2));
        half_open.add(PeerId(1), one, &addr("192.0.2.1"), start);
        half_open.add(PeerId(2), other, &addr("192.0.2.2"), start);
        half_open.add(PeerId(3), one, &addr("192.0.2.3"), start);
        half_open.add(PeerId(4), one, &addr("192.0.2.3"), start);
        let later = start + SPARED;
        assert_eq!(half_open.victim(None, start), Some(PeerId(3)));
        assert_eq!(half_open.victim(Some(one), later), Some(PeerId(3)), "also in its room");
        assert_eq!(half_open.victim(Some(other), later), Some(PeerId(2)));
        half_open.remove(PeerId(3));
        assert_eq!(half_open.victim(None, later), Some(PeerId(1)), "each has one");
    }

    #[test]
    fn the_only_one_of_its_network_is_spared_at_first() {
        let start = Instant::now();
        let mut half_open = HalfOpen::default();
        let own = ClientAddr { is_own_machine: true, ..addr("127.0.0.1") };
        half_open.add(PeerId(1), RoomId(1), &own, start);
        half_open.add(PeerId(2), RoomId(1), &own, start);
        half_open.add(PeerId(3), RoomId(1), &addr("192.0.2.3"), start);
        let soon = start + SPARED.saturating_sub(Duration::from_millis(1));
        assert_eq!(half_open.victim(None, soon), None);
        assert_eq!(half_open.victim(None, start + SPARED), Some(PeerId(1)));
    }
}
