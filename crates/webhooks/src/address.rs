//! The addresses that a webhook may have: an operator of rooms must not reach, through this server, what only this server
//! reaches (server-side request forgery).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock};

use url::Host;

/// Which hosts may be called besides those on the internet. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Policy(Arc<RwLock<Vec<Host<String>>>>);

impl Policy {
    /// Allows hosts by name, whatever their addresses: host names, or addresses, of IPv6 with or without brackets.
    ///
    /// # Errors
    /// The first that is no host.
    pub fn allowing(hosts: &[String]) -> Result<Self, String> {
        let read = |text: &String| match text.parse() {
            Ok(ip) => Ok(Host::Ipv6(ip)),
            Err(_) => Host::parse(text).map_err(|_| text.clone()),
        };
        let allowed = hosts.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Self(Arc::new(RwLock::new(allowed))))
    }

    /// Allows what another one allows from now on, and nothing else.
    pub(crate) fn replace(&self, other: &Self) {
        let allowed = other.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = allowed;
    }

    /// Whether the operator allows a host by its name.
    fn is_allowed(&self, host: &Host<String>) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(host)
    }

    /// The addresses that may be connected to, of those that a host has.
    ///
    /// # Errors
    /// When none may be; a sentence with the first of them.
    pub(crate) fn choose(
        &self,
        host: &Host<String>,
        found: impl IntoIterator<Item = SocketAddr>,
    ) -> Result<Vec<SocketAddr>, String> {
        let found: Vec<SocketAddr> = found.into_iter().collect();
        let Some(first) = found.first() else { return Err(format!("{host} has no address")) };
        if self.is_allowed(host) {
            return Ok(found);
        }
        let public: Vec<SocketAddr> =
            found.iter().copied().filter(|it| is_outside(it.ip())).collect();
        if public.is_empty() {
            return Err(private(host, first.ip()));
        }
        Ok(public)
    }

    /// Refuses an address that stands in a URL.
    ///
    /// # Errors
    /// A sentence, when it is not of the internet and not allowed.
    pub(crate) fn check_literal(&self, host: &Host<String>) -> Result<(), String> {
        let ip: IpAddr = match host {
            Host::Domain(_) => return Ok(()),
            Host::Ipv4(ip) => (*ip).into(),
            Host::Ipv6(ip) => (*ip).into(),
        };
        if self.is_allowed(host) || is_outside(ip) { Ok(()) } else { Err(private(host, ip)) }
    }
}

fn private(host: &Host<String>, ip: IpAddr) -> String {
    let name = host.to_string();
    let of = if name.trim_matches(['[', ']']) == ip.to_string() {
        String::new()
    } else {
        format!("{name} has the address ")
    };
    format!("{of}{ip}, which is not of the internet: allow it with --webhook-allow {name}")
}

/// Whether an address is of the internet. One that stands for an IPv4 address is as that one is.
fn is_outside(ip: IpAddr) -> bool {
    let ip = match ip {
        IpAddr::V6(ip) => inner(ip).map_or(IpAddr::V6(ip), IpAddr::V4),
        ip @ IpAddr::V4(_) => ip,
    };
    tls::is_public(ip)
}

/// The IPv4 address behind an IPv6 one: mapped (RFC 4291), or by a translator (NAT64, RFC 6052). Those of 6to4 (RFC 3056)
/// and of local translators (RFC 8215) are of nobody that should be called, as are all that [`tls::is_public`] does not
/// know.
fn inner(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let [.., a, b] = ip.segments();
    let [a, b] = [a.to_be_bytes(), b.to_be_bytes()];
    let is_nat64 = ip.segments()[..6] == [0x64, 0xff9b, 0, 0, 0, 0];
    ip.to_ipv4_mapped().or_else(|| is_nat64.then(|| Ipv4Addr::new(a[0], a[1], b[0], b[1])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Host<String> {
        Host::parse(text).unwrap()
    }

    fn at(ip: &str) -> SocketAddr {
        SocketAddr::new(ip.parse().unwrap(), 443)
    }

    fn allowing(hosts: &[&str]) -> Result<Policy, String> {
        Policy::allowing(&hosts.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn addresses_that_are_not_of_the_internet_are_refused_in_every_form() {
        for ip in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd12:3456::1",
            "ff02::1",
            "2001:db8::1",
            "3fff::1",
            "2001::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "64:ff9b:1::808:808",
            "2002:7f00:1::",
            "2002:808:808::1",
        ] {
            let refused = Policy::default().choose(&host("hook.example.com"), [at(ip)]);
            assert!(refused.unwrap_err().contains("--webhook-allow hook.example.com"), "{ip}");
        }
        for ip in ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"] {
            let chosen = Policy::default().choose(&host("hook.example.com"), [at(ip)]);
            assert_eq!(chosen, Ok(vec![at(ip)]));
        }
    }

    #[test]
    fn of_several_addresses_only_those_of_the_internet_are_called() {
        let found = [at("10.0.0.1"), at("8.8.8.8"), at("::1")];
        let chosen = Policy::default().choose(&host("a.example.com"), found);
        assert_eq!(chosen, Ok(vec![at("8.8.8.8")]));
        assert!(Policy::default().choose(&host("a.example.com"), []).is_err(), "it has none");
    }

    #[test]
    fn a_host_that_is_allowed_by_name_is_called_wherever_it_is() {
        let policy = allowing(&["Hook.lan", "10.0.0.7", "[::1]"]).unwrap();
        assert_eq!(policy.choose(&host("hook.lan"), [at("10.0.0.1")]), Ok(vec![at("10.0.0.1")]));
        assert!(policy.choose(&host("other.lan"), [at("10.0.0.1")]).is_err());
        for (literal, is_allowed) in
            [("10.0.0.7", true), ("10.0.0.8", false), ("[::1]", true), ("[::2]", false)]
        {
            assert_eq!(policy.check_literal(&host(literal)).is_ok(), is_allowed, "{literal}");
        }
        assert!(allowing(&["::1"]).unwrap().check_literal(&host("[::1]")).is_ok());
        assert_eq!(allowing(&["a.lan", "http://b.lan"]).unwrap_err(), "http://b.lan");
    }

    #[test]
    fn rules_that_are_replaced_hold_for_every_clone() {
        let policy = allowing(&["10.0.0.7"]).unwrap();
        let client = policy.clone();
        policy.replace(&allowing(&["10.0.0.8"]).unwrap());
        assert!(client.check_literal(&host("10.0.0.7")).is_err());
        assert!(client.check_literal(&host("10.0.0.8")).is_ok());
    }
}
