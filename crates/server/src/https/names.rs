//! The names and addresses of this machine, for its local certificate.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The addresses that a certificate can be for at most: a machine with containers may have dozens.
const MAX_ADDRESSES: usize = 32;

/// The addresses of this machine and those that it is announced by, with loopback.
pub(crate) fn local_ips(public_ips: &[IpAddr]) -> Vec<IpAddr> {
    // Where the system does not tell, there are none.
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let own = interfaces.iter().filter(|it| it.is_oper_up()).map(if_addrs::Interface::ip);
    let mut ips: Vec<IpAddr> = public_ips.iter().copied().chain(own).filter(is_kept).collect();
    ips.extend([IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)]);
    ips.sort_unstable();
    ips.dedup();
    ips.truncate(MAX_ADDRESSES);
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
    // A name with an underscore is none that a certificate can have.
    names.retain(|name| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b)));
    names
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
