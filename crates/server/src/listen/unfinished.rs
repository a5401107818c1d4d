//! The connections that wait for their peer, in the order in which they give way.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use auth::Network;
use tokio::time::Instant;

/// When a connection began to wait, and its number.
pub(super) type Waiting = (Instant, u64);

/// Connections that wait for their peer. Every operation takes logarithmic time, since a flood of connections
/// asks once for each.
#[derive(Debug, Default)]
pub(super) struct Unfinished {
    by_network: HashMap<Network, BTreeSet<Waiting>>,
    /// The network with the most is last; of equals, the one with the oldest.
    order: BTreeSet<(usize, Reverse<Waiting>, Network)>,
}

impl Unfinished {
    pub(super) fn insert(&mut self, network: Network, waiting: Waiting) {
        self.change(network, |set| _ = set.insert(waiting));
    }

    pub(super) fn remove(&mut self, network: Network, waiting: Waiting) {
        self.change(network, |set| _ = set.remove(&waiting));
    }

    /// The oldest of a network.
    pub(super) fn oldest_of(&self, network: Network) -> Option<u64> {
        self.by_network.get(&network)?.first().map(|(_, id)| *id)
    }

    /// The oldest of the network that has the most.
    pub(super) fn first_to_go(&self) -> Option<u64> {
        self.order.last().map(|(_, Reverse((_, id)), _)| *id)
    }

    /// Since when that one waits.
    pub(super) fn first_since(&self) -> Option<Instant> {
        self.order.last().map(|(_, Reverse((since, _)), _)| *since)
    }

    fn change(&mut self, network: Network, change: impl FnOnce(&mut BTreeSet<Waiting>)) {
        let set = self.by_network.entry(network).or_default();
        if let Some(oldest) = set.first() {
            self.order.remove(&(set.len(), Reverse(*oldest), network));
        }
        change(set);
        match set.first() {
            Some(oldest) => _ = self.order.insert((set.len(), Reverse(*oldest), network)),
            None => _ = self.by_network.remove(&network),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_oldest_of_the_network_with_the_most_goes_first() {
        let start = Instant::now();
        let at = |s: u64, id: u64| (start + Duration::from_secs(s), id);
        let network = |n: u8| Network::of([192, 0, 2, n].into());
        let mut all = Unfinished::default();
        all.insert(network(1), at(0, 1));
        all.insert(network(2), at(2, 2));
        all.insert(network(2), at(1, 3));
        assert_eq!(all.first_to_go(), Some(3));
        all.remove(network(2), at(1, 3));
        assert_eq!(all.first_to_go(), Some(1), "of equals the oldest");
        assert_eq!(all.oldest_of(network(2)), Some(2));
        all.remove(network(1), at(0, 1));
        all.remove(network(2), at(2, 2));
        assert_eq!(all.first_to_go(), None);
        assert!(all.by_network.is_empty() && all.order.is_empty());
    }
}
