//! The names and addresses of this machine, for its local certificate.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::lan::interface_ips;

/// The addresses that a certificate can be for at most: a machine with containers may have dozens.
const MAX_ADDRESSES: usize = 32;

/// The addresses of this machine and those that it is announced by, with loopback.
pub(crate) fn local_ips(public_ips: &[IpAddr]) -> Vec<IpAddr> {
    let loopback = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
    let all = public_ips.iter().copied().chain(loopback).chain(interface_ips());
    let mut ips = Vec::new();
    for ip in all.filter(is_kept) {
        if ips.len() < MAX_ADDRESSES && !ips.contains(&ip) {
            ips.push(ip);
        }
    }
    ips
}

/// Link-local addresses of IPv6 need a zone, which no URL of a browser has.
fn is_kept(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !ip.is_unspecified(),
        IpAddr::V6(ip) => !ip.is_unspecified() && !ip.is_unicast_link_local(),
    }
}

/// The names by which others in the same network reach this machine.
pub(crate) fn own_names() -> Vec<String> {
    let name = machine_name();
    if name.is_empty() {
        return Vec::new();
    }
    let short = name.split('.').next().unwrap_or(&name).to_owned();
    let mut names = vec![name.clone(), short.clone(), format!("{short}.local")];
    names.dedup();
    names
}

/// Whether a certificate can have this name: one with an underscore is no host name (RFC 1123, section 2.1).
pub(super) fn is_host_name(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b))
}

/// The name of this machine; empty when the system does not tell.
pub(crate) fn machine_name() -> String {
    #[cfg(unix)]
    {
        rustix::system::uname().nodename().to_str().unwrap_or_default().to_owned()
    }
    #[cfg(not(unix))]
    {
        std::env::var("COMPUTERNAME").unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_address_and_loopback_are_never_left_out() {
        let public: IpAddr = [203, 0, 113, 7].into();
        let ips = local_ips(&[public]);
        assert_eq!(ips.first(), Some(&public));
        assert!(ips.contains(&Ipv4Addr::LOCALHOST.into()) && ips.len() <= MAX_ADDRESSES);
    }

    #[test]
    fn a_name_with_an_underscore_is_in_no_certificate() {
        assert!(is_host_name("studio-pc.local"));
        assert!(!is_host_name("studio_pc.local"));
    }
}
