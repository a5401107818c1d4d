//! Which addresses the server announces: those a browser may reach it at.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use crate::udp::Sockets;

/// More candidates make session descriptions long and connecting slow. A machine with many
/// container bridges has dozens of addresses; the first ones are the real ones.
const MAX_CANDIDATES: usize = 16;

/// The addresses of the machine's interfaces that are up.
pub(crate) fn local() -> Vec<IpAddr> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_else(|error| {
        tracing::warn!(%error, "the machine's addresses cannot be listed");
        Vec::new()
    });
    interfaces.iter().filter(|it| it.is_oper_up()).map(if_addrs::Interface::ip).collect()
}

/// The host candidates: given public addresses first, then those of the machine that the sockets
/// listen on.
pub(crate) fn candidates(
    sockets: &Sockets,
    local: &[IpAddr],
    public_ips: &[IpAddr],
) -> Vec<SocketAddr> {
    choose(local.iter().copied(), public_ips, |ip| sockets.listens_on(ip), sockets.port())
}

fn choose(
    local: impl Iterator<Item = IpAddr>,
    public_ips: &[IpAddr],
    listens_on: impl Fn(IpAddr) -> bool,
    port: u16,
) -> Vec<SocketAddr> {
    let mut local: Vec<IpAddr> =
        local.filter(|ip| is_announceable(*ip) && listens_on(*ip)).collect();
    // Loopback last: only a browser on this machine can use it.
    local.sort_by_key(|ip| (ip.is_loopback(), ip.is_ipv6()));
    let mut chosen: Vec<SocketAddr> = Vec::new();
    // A public address leads to one of ours of the same family; without one, to nothing.
    let has_family = |ip: &IpAddr| local.iter().any(|it| it.is_ipv4() == ip.is_ipv4());
    let public: Vec<IpAddr> = public_ips.iter().copied().filter(has_family).collect();
    for ip in public.into_iter().chain(local) {
        let address = SocketAddr::new(ip, port);
        if chosen.len() < MAX_CANDIDATES && !chosen.contains(&address) {
            chosen.push(address);
        }
    }
    chosen
}

/// Not the link-local ones: IPv6's need a zone that another machine cannot know (RFC 8445,
/// section 5.1.1.1), IPv4's are of a machine without a network.
fn is_announceable(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !ip.is_link_local() && !ip.is_unspecified(),
        IpAddr::V6(ip) => !is_unicast_link_local(ip) && !ip.is_unspecified(),
    }
}

fn is_unicast_link_local(ip: Ipv6Addr) -> bool {
    ip.segments()[0] & 0xFFC0 == 0xFE80
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ips(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|it| it.parse().unwrap()).collect()
    }

    #[test]
    fn public_addresses_come_first_and_loopback_last() {
        let local =
            ips(&["127.0.0.1", "::1", "192.0.2.7", "2001:db8::7", "fe80::1", "169.254.1.1"]);
        let chosen = choose(local.into_iter(), &ips(&["203.0.113.9"]), |_| true, 3000);
        let chosen: Vec<String> = chosen.iter().map(SocketAddr::to_string).collect();
        assert_eq!(
            chosen,
            [
                "203.0.113.9:3000",
                "192.0.2.7:3000",
                "[2001:db8::7]:3000",
                "127.0.0.1:3000",
                "[::1]:3000"
            ]
        );
    }

    #[test]
    fn only_addresses_that_are_listened_on_are_announced() {
        let local = ips(&["127.0.0.1", "::1", "192.0.2.7"]);
        let chosen = choose(local.into_iter(), &[], |ip| ip.is_ipv4(), 1);
        assert_eq!(chosen.len(), 2);
    }
}
