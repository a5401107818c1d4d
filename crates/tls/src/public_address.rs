//! Addresses that the internet routes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether the internet routes an address, by IANA's registries of special-purpose addresses.
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let is_special = match ip.octets() {
        // 192.0.0.0/24 and 192.88.99.0/24; the shared space of carriers; the space for measurements.
        [0, ..] | [192, 0, 0, _] | [192, 88, 99, _] => true,
        [100, second, ..] => second & 0xc0 == 64,
        [198, second, ..] => second & 0xfe == 18 || ip.is_documentation(),
        [first, ..] => first >= 224,
    };
    !is_special
        && !ip.is_private()
        && !ip.is_loopback()
        && !ip.is_link_local()
        && !ip.is_documentation()
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [first, second, ..] = ip.segments();
    let is_global = first & 0xe000 == 0x2000;
    let is_documentation = (first == 0x2001 && second == 0xdb8) || first & 0xfff0 == 0x3ff0;
    // Teredo and 6to4 end with their tunnels.
    let is_tunnel = (first == 0x2001 && second == 0) || first == 0x2002;
    is_global && !is_documentation && !is_tunnel
}
