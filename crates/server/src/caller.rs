//! Who is calling: the address that limits are bound to, and whether it is this very machine.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::HeaderMap;

use crate::limits::SOCKETS_PER_ADDRESS;
use crate::signaling::Caller;

/// Headers by which a proxy says for whom it calls.
const FORWARDED: [&str; 3] = ["x-forwarded-for", "forwarded", "x-real-ip"];

/// Tells who is calling from the peer's address and the headers.
///
/// A forwarding header takes the rights of this machine away, whoever wrote it. What it says is
/// believed only from a program of this machine, a proxy, and only to tell callers apart.
pub(crate) fn identify(peer: IpAddr, headers: &HeaderMap) -> Caller {
    let peer = peer.to_canonical();
    let is_forwarded = FORWARDED.iter().any(|name| headers.contains_key(*name));
    if !peer.is_loopback() || !is_forwarded {
        return Caller { ip: peer, local: peer.is_loopback() };
    }
    let text = |name| headers.get_all(name).iter().next_back().and_then(|v| v.to_str().ok());
    // Each proxy appends the address it saw: only the last one is of our own proxy's making.
    let last = text("x-forwarded-for").and_then(|list| list.rsplit(',').next());
    let ip = last.or_else(|| text("x-real-ip")).and_then(|ip| ip.trim().parse().ok());
    Caller { ip: ip.map_or(peer, |ip: IpAddr| ip.to_canonical()), local: false }
}

/// Counts sockets by address.
#[derive(Debug, Clone, Default)]
pub(crate) struct SocketCount(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One socket counted; dropping it takes it back.
#[derive(Debug)]
pub(crate) struct Counted {
    count: SocketCount,
    ip: Option<IpAddr>,
}

impl SocketCount {
    /// Counts one more socket, unless the address has all it may have.
    pub(crate) fn admit(&self, caller: Caller) -> Option<Counted> {
        if caller.local {
            return Some(Counted { count: self.clone(), ip: None });
        }
        let ip = network(caller.ip);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let n = counts.entry(ip).or_insert(0);
        if *n >= SOCKETS_PER_ADDRESS {
            return None;
        }
        *n += 1;
        Some(Counted { count: self.clone(), ip: Some(ip) })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let Some(ip) = self.ip else { return };
        let mut counts = self.count.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(n) = counts.get_mut(&ip) {
            *n -= 1;
            if *n == 0 {
                counts.remove(&ip);
            }
        }
    }
}

/// The network one customer has: an IPv4 address, or 64 bits of an IPv6 one.
pub(crate) fn network(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(peer: &str, headers: &[(&'static str, &str)], ip: &str, local: bool) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let caller = identify(peer.parse().unwrap(), &map);
        assert_eq!(caller, Caller { ip: ip.parse().unwrap(), local }, "{peer} {headers:?}");
    }

    #[test]
    fn only_a_direct_call_from_this_machine_is_local() {
        check("127.0.0.1", &[], "127.0.0.1", true);
        check("::1", &[], "::1", true);
        check("::ffff:127.0.0.1", &[], "127.0.0.1", true);
        check("192.0.2.7", &[], "192.0.2.7", false);
        check("127.0.0.1", &[("x-forwarded-for", "192.0.2.7")], "192.0.2.7", false);
        check("127.0.0.1", &[("x-real-ip", "192.0.2.7")], "192.0.2.7", false);
        check("127.0.0.1", &[("forwarded", "for=127.0.0.1")], "127.0.0.1", false);
        check("127.0.0.1", &[("x-forwarded-for", "127.0.0.1")], "127.0.0.1", false);
        check("127.0.0.1", &[("x-forwarded-for", "nonsense")], "127.0.0.1", false);
    }

    #[test]
    fn a_forwarding_header_is_believed_from_a_proxy_here_and_only_its_last_word() {
        check("127.0.0.1", &[("x-forwarded-for", "10.0.0.1, 192.0.2.7")], "192.0.2.7", false);
        check(
            "127.0.0.1",
            &[("x-forwarded-for", "10.0.0.1"), ("x-forwarded-for", "192.0.2.8")],
            "192.0.2.8",
            false,
        );
        check("198.51.100.9", &[("x-forwarded-for", "10.0.0.1")], "198.51.100.9", false);
    }

    #[test]
    fn an_address_has_so_many_sockets_and_gets_them_back() {
        let count = SocketCount::default();
        let caller = |ip: &str| Caller { ip: ip.parse().unwrap(), local: false };
        let held: Vec<_> =
            (0..SOCKETS_PER_ADDRESS).map(|_| count.admit(caller("2001:db8::1")).unwrap()).collect();
        assert!(count.admit(caller("2001:db8::2")).is_none());
        assert!(count.admit(caller("2001:db8:0:1::1")).is_some());
        drop(held);
        assert!(count.admit(caller("2001:db8::2")).is_some());
        assert_eq!(count.0.lock().unwrap().len(), 0);
    }
}
