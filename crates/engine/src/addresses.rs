//! Which addresses the server announces: those a browser may reach it at.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// More candidates make session descriptions long and connecting slow. A machine with many
/// container bridges has dozens of addresses; the first ones are the real ones.
const MAX_CANDIDATES: usize = 16;

/// The most candidates for TCP.
const MAX_TCP_CANDIDATES: usize = 4;

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
    bound: &[IpAddr],
    local: &[IpAddr],
    public_ips: &[IpAddr],
    port: u16,
) -> Vec<SocketAddr> {
    let listens_on = |ip: IpAddr| {
        let is_heard =
            |it: &IpAddr| *it == ip || it.is_unspecified() && it.is_ipv4() == ip.is_ipv4();
        bound.iter().any(is_heard)
    };
    choose(local.iter().copied(), public_ips, listens_on, port)
}

/// The candidates for TCP: a browser opens a connection to each, so they are few.
pub(crate) fn tcp_candidates(udp: &[SocketAddr], listen: Option<SocketAddr>) -> Vec<SocketAddr> {
    let Some(listen) = listen else { return Vec::new() };
    let is_heard = |ip: IpAddr| {
        let bound = listen.ip();
        // An unspecified IPv6 address is every address of both families.
        bound == ip || bound.is_unspecified() && (bound.is_ipv6() || ip.is_ipv4())
    };
    let ips = udp.iter().map(SocketAddr::ip).filter(|ip| is_heard(*ip));
    ips.take(MAX_TCP_CANDIDATES).map(|ip| SocketAddr::new(ip, listen.port())).collect()
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
    fn tcp_candidates_are_few_and_none_where_pages_are_for_this_machine_only() {
        let udp: Vec<SocketAddr> = (1..20_u8).map(|n| ([192, 0, 2, n], 3000).into()).collect();
        let of = |listen: &str| tcp_candidates(&udp, Some(listen.parse().unwrap()));
        assert_eq!(of("[::]:443").len(), MAX_TCP_CANDIDATES);
        assert_eq!(
            of("0.0.0.0:443").first(),
            udp.first().map(|it| SocketAddr::new(it.ip(), 443)).as_ref()
        );
        assert_eq!(of("192.0.2.7:443"), [SocketAddr::from(([192, 0, 2, 7], 443))]);
        assert!(of("127.0.0.1:3000").is_empty() && tcp_candidates(&udp, None).is_empty());
    }

    #[test]
    fn only_addresses_that_are_listened_on_are_announced() {
        let local = ips(&["127.0.0.1", "::1", "192.0.2.7"]);
        let chosen = choose(local.into_iter(), &[], |ip| ip.is_ipv4(), 1);
        assert_eq!(chosen.len(), 2);
    }
}
