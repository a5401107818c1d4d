//! Whether a request comes from a program or a page of the server's own machine.
//!
//! A loopback address alone proves nothing: proxies, tunnels and pages of rebound names have one too.

use std::net::IpAddr;

use http::{HeaderMap, Version};

use crate::forwarded;
use crate::host::Authority;

/// What a request proves about the machine it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// The server's own machine, unless a foreign page sends it.
    OwnMachine,
    /// From a loopback address, but for another host or in HTTP/1.0: a proxy may hide the client.
    Unnamed,
    /// Any other client.
    Other,
}

impl Proof {
    /// `port` is the one the server listens on.
    pub(crate) fn of(peer: IpAddr, version: Version, headers: &HeaderMap, port: u16) -> Self {
        if !peer.to_canonical().is_loopback() || forwarded::is_forwarded(headers) {
            return Self::Other;
        }
        let Ok(named) = Authority::of(headers) else { return Self::Other };
        let is_ours = named.host.is_loopback() && named.port_or(80) == port;
        // Proxies speak HTTP/1.0 unless told otherwise; no browser or encoder does.
        if is_ours && [Version::HTTP_11, Version::HTTP_2].contains(&version) {
            Self::OwnMachine
        } else {
            Self::Unnamed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proof(peer: &str, version: Version, lines: &[(&'static str, &str)], port: u16) -> Proof {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        Proof::of(peer.parse().unwrap(), version, &headers, port)
    }

    #[test]
    fn a_direct_call_by_a_loopback_name_and_our_port_is_the_own_machine() {
        for peer in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
            for host in ["localhost:3000", "LocalHost.:3000", "a.localhost:3000", "[::1]:3000"] {
                let found = proof(peer, Version::HTTP_11, &[("host", host)], 3000);
                assert_eq!(found, Proof::OwnMachine, "{peer} {host}");
            }
        }
        let h2 = proof("::1", Version::HTTP_2, &[("host", "127.0.0.1:3000")], 3000);
        assert_eq!(h2, Proof::OwnMachine);
        let http = proof("::1", Version::HTTP_11, &[("host", "localhost")], 80);
        assert_eq!(http, Proof::OwnMachine);
    }

    #[test]
    fn another_host_or_port_is_a_proxy_or_a_rebound_name() {
        let others = [
            "live.example",
            "evil.example:3000",
            "localhost.evil.example:3000",
            "192.168.1.5:3000",
            "localhost",
            "localhost:80",
            "localhost:3001",
        ];
        for host in others {
            let found = proof("127.0.0.1", Version::HTTP_11, &[("host", host)], 3000);
            assert_eq!(found, Proof::Unnamed, "{host}");
        }
    }

    #[test]
    fn a_proxy_that_keeps_our_host_is_known_by_its_old_http() {
        let found = proof("127.0.0.1", Version::HTTP_10, &[("host", "127.0.0.1:3000")], 3000);
        assert_eq!(found, Proof::Unnamed);
    }

    #[test]
    fn no_header_of_a_proxy_comes_with_a_call_of_the_own_machine() {
        for name in
            ["via", "forwarded", "x-forwarded-for", "x-forwarded-proto", "x-real-ip", "cf-ray"]
        {
            let lines = [("host", "localhost:3000"), (name, "127.0.0.1")];
            assert_eq!(proof("127.0.0.1", Version::HTTP_11, &lines, 3000), Proof::Other, "{name}");
        }
    }

    #[test]
    fn other_machines_and_requests_without_one_host_are_others() {
        let one = ("host", "localhost:3000");
        assert_eq!(proof("192.0.2.7", Version::HTTP_11, &[one], 3000), Proof::Other);
        assert_eq!(proof("127.0.0.1", Version::HTTP_11, &[one, one], 3000), Proof::Other);
        assert_eq!(proof("127.0.0.1", Version::HTTP_11, &[], 3000), Proof::Other);
    }
}
