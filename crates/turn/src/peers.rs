//! The peers that a client may reach.

use std::net::{IpAddr, SocketAddr};

/// The server's own candidates: the only addresses that permissions, channels and datagrams may name.
#[derive(Debug, Clone)]
pub struct Peers {
    ips: Vec<IpAddr>,
    port: u16,
}

impl Peers {
    /// Exactly these addresses, at this port. Loopback is no member unless it is in `ips`.
    ///
    /// The first address of a family is the one that a client is told as its relayed address.
    pub fn new(ips: impl IntoIterator<Item = IpAddr>, port: u16) -> Self {
        let ips = ips.into_iter().map(|ip| ip.to_canonical());
        Self { ips: ips.filter(|ip| !ip.is_unspecified()).collect(), port }
    }

    /// An IPv4-mapped IPv6 address counts as its IPv4 address, so that it is no other way to the same place.
    pub(crate) fn has_ip(&self, ip: IpAddr) -> bool {
        self.ips.contains(&ip.to_canonical())
    }

    pub(crate) fn has(&self, address: SocketAddr) -> bool {
        address.port() == self.port && self.has_ip(address.ip())
    }

    /// The address of a client's relayed address: of IPv4, or of IPv6.
    pub(crate) fn relayed_ip(&self, is_ipv4: bool) -> Option<IpAddr> {
        self.ips.iter().copied().find(|ip| ip.is_ipv4() == is_ipv4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_members_pass() {
        let ips = ["::ffff:203.0.113.7", "192.168.1.5", "2001:db8::7", "0.0.0.0", "::"];
        let peers = Peers::new(ips.map(|ip| ip.parse().unwrap()), 3000);
        for address in [
            "203.0.113.7:3000",
            "192.168.1.5:3000",
            "[2001:db8::7]:3000",
            "[::ffff:203.0.113.7]:3000",
        ] {
            assert!(peers.has(address.parse().unwrap()), "{address}");
        }
        for address in [
            "0.0.0.0:3000",
            "[::]:3000",
            "[::ffff:0.0.0.0]:3000",
            "127.0.0.1:3000",
            "127.1.2.3:3000",
            "[::1]:3000",
            "[::ffff:127.0.0.1]:3000",
            "[::127.0.0.1]:3000",
            "[::203.0.113.7]:3000",
            "[64:ff9b::203.0.113.7]:3000",
            "192.168.1.6:3000",
            "203.0.113.7:3001",
            "203.0.113.7:0",
            "[2001:db8::8]:3000",
            "224.0.0.1:3000",
            "255.255.255.255:3000",
            "[ff02::1]:3000",
        ] {
            assert!(!peers.has(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn loopback_passes_where_it_is_announced() {
        let peers = Peers::new(["127.0.0.1".parse().unwrap()], 3000);
        assert!(peers.has("127.0.0.1:3000".parse().unwrap()));
        assert!(!peers.has("127.0.0.2:3000".parse().unwrap()));
    }
}
