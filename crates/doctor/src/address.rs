//! Which addresses the internet knows.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether packets to this address find their way through the internet.
pub fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, ..] = ip.octets();
    // Of carriers' NAT (RFC 6598), and for measuring (RFC 2544).
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_benchmark = a == 198 && (18..20).contains(&b);
    !(ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_unspecified()
        || ip.is_multicast()
        || ip.is_broadcast()
        || is_shared
        || is_benchmark)
}

/// Global unicast, 2000::/3.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    ip.segments()[0] & 0xe000 == 0x2000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_and_shared_addresses_are_not_public() {
        for (text, expected) in [
            ("203.0.113.7", true),
            ("8.8.8.8", true),
            ("2001:db8::1", true),
            ("::ffff:8.8.8.8", true),
            ("10.0.0.5", false),
            ("172.17.0.2", false),
            ("192.168.1.5", false),
            ("100.64.0.1", false),
            ("198.18.78.2", false),
            ("169.254.1.1", false),
            ("127.0.0.1", false),
            ("::1", false),
            ("fd00::5", false),
            ("fe80::1", false),
        ] {
            assert_eq!(is_public(text.parse().unwrap()), expected, "{text}");
        }
    }
}
