//! A bounded table with one value for each network.

use std::collections::HashMap;

use crate::Network;

/// Most networks that one table remembers. One that has /48 of IPv6 addresses has 65,536 networks; the table
/// stays under 5 MB with values of 120 bytes.
const MAX_NETWORKS: usize = 16_384;

/// One value for each network that has been seen lately.
#[derive(Debug, Clone)]
pub struct PerNetwork<T>(HashMap<Network, T>);

impl<T> Default for PerNetwork<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T> PerNetwork<T> {
    /// The value of a network, made by `new` when there is none.
    ///
    /// In a full table the values for which `is_idle` holds are forgotten first: those that say no more than
    /// a new one. `None` when every value counts still: treat it as a limit that was met.
    pub fn entry(
        &mut self,
        network: Network,
        is_idle: impl Fn(&T) -> bool,
        new: impl FnOnce() -> T,
    ) -> Option<&mut T> {
        if self.0.len() >= MAX_NETWORKS && !self.0.contains_key(&network) {
            self.0.retain(|_, value| !is_idle(value));
            if self.0.len() >= MAX_NETWORKS {
                return None;
            }
        }
        Some(self.0.entry(network).or_insert_with(new))
    }

    /// The value of a network that was seen before.
    pub fn get(&self, network: Network) -> Option<&T> {
        self.0.get(&network)
    }

    /// The same, to change.
    pub fn get_mut(&mut self, network: Network) -> Option<&mut T> {
        self.0.get_mut(&network)
    }

    /// All values, to change.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.values_mut()
    }

    /// Forgets a network.
    pub fn remove(&mut self, network: Network) {
        self.0.remove(&network);
    }

    /// All networks and their values, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (Network, &T)> {
        self.0.iter().map(|(network, value)| (*network, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_table_forgets_the_idle_and_refuses_when_none_is() {
        let mut table = PerNetwork::default();
        let of = |n: usize| Network::of(std::net::Ipv4Addr::from(n as u32).into());
        for n in 0..MAX_NETWORKS {
            *table.entry(of(n), |it| *it == 0, || 0).unwrap() = usize::from(n != 7);
        }
        assert!(table.entry(of(MAX_NETWORKS), |_| false, || 1).is_none());
        assert!(table.entry(of(3), |_| false, || 1).is_some(), "a known one is still found");
        assert!(table.entry(of(MAX_NETWORKS), |it| *it == 0, || 1).is_some());
        assert!(table.get(of(7)).is_none());
    }
}
