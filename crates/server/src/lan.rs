//! By which addresses others in the network reach the pages.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Addresses of one family that are told: a machine with containers may have dozens.
const TOLD: usize = 4;

/// Addresses by which others reach a server that listens there, the likeliest first; none when it listens on one
/// address only, which whoever set it knows.
pub fn lan_addresses(listen: SocketAddr) -> Vec<IpAddr> {
    if !listen.ip().is_unspecified() {
        return Vec::new();
    }
    reachable(interface_ips(), listen.is_ipv6(), outward())
}

/// The addresses of the interfaces that are up. Where the system does not tell, there are none.
pub(crate) fn interface_ips() -> Vec<IpAddr> {
    let all = if_addrs::get_if_addrs().unwrap_or_default();
    all.iter().filter(|it| it.is_oper_up()).map(if_addrs::Interface::ip).collect()
}

/// The address that this machine speaks to the world with; its others may be of bridges to containers. Nothing is
/// sent: the system only looks up the route.
fn outward() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // Of documentation (RFC 5737); any address beyond the network will do.
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    socket.local_addr().ok().map(|it| it.ip())
}

fn reachable(mut ips: Vec<IpAddr>, with_ipv6: bool, first: Option<IpAddr>) -> Vec<IpAddr> {
    ips.sort_by_key(|ip| (Some(*ip) != first, *ip));
    ips.dedup();
    let v4 = ips.iter().filter(|ip| match ip {
        IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_link_local() && !ip.is_unspecified(),
        IpAddr::V6(_) => false,
    });
    let v6 = ips.iter().filter(|ip| match ip {
        IpAddr::V6(ip) => with_ipv6 && (is_global(*ip) || ip.is_unique_local()),
        IpAddr::V4(_) => false,
    });
    v4.take(TOLD).chain(v6.take(TOLD)).copied().collect()
}

/// Global unicast, 2000::/3.
fn is_global(ip: Ipv6Addr) -> bool {
    ip.segments()[0] & 0xe000 == 0x2000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ips(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|it| it.parse().unwrap()).collect()
    }

    #[test]
    fn addresses_that_others_reach_are_told_and_few() {
        let all = ips(&[
            "127.0.0.1",
            "::1",
            "169.254.1.1",
            "192.168.1.5",
            "192.168.1.5",
            "fe80::1",
            "fd00::5",
            "2001:db8::7",
            "ff02::1",
            "::",
        ]);
        let told = ips(&["192.168.1.5", "2001:db8::7", "fd00::5"]);
        assert_eq!(reachable(all.clone(), true, None), told);
        assert_eq!(reachable(all, false, None), ips(&["192.168.1.5"]));
        let many = (0..50).map(|n| IpAddr::from([10, 0, 0, n])).collect();
        assert_eq!(reachable(many, true, None).len(), TOLD);
    }

    #[test]
    fn the_address_of_the_route_to_the_world_comes_before_those_of_bridges() {
        let all = ips(&["172.17.0.1", "192.168.1.5", "10.8.0.1"]);
        let told = reachable(all, true, Some([192, 168, 1, 5].into()));
        assert_eq!(told, ips(&["192.168.1.5", "10.8.0.1", "172.17.0.1"]));
    }

    #[test]
    fn a_server_of_one_address_has_no_others() {
        for listen in ["127.0.0.1:3000", "192.168.1.5:3000", "[::1]:3000"] {
            assert!(lan_addresses(listen.parse().unwrap()).is_empty(), "{listen}");
        }
    }
}
