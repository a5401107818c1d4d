//! Whether a request comes from a program or a page of the server's own machine.
//!
//! A loopback address alone proves nothing: proxies, tunnels and pages of rebound names have one too.

use std::net::IpAddr;

use http::header::{CONNECTION, UPGRADE};
use http::{HeaderMap, Version};

use crate::forwarded;
use crate::host::Authority;

/// What a request proves about the machine it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// The server's own machine, unless a foreign page sends it.
    OwnMachine,
    /// From a loopback address, but for another host or in the manner of a proxy: one may hide the client.
    Unnamed,
    /// Any other client.
    Other,
}

/// The port that the server listens on, as the client came to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OwnPort {
    pub(crate) port: u16,
    pub(crate) is_tls: bool,
}

impl Proof {
    pub(crate) fn of(peer: IpAddr, version: Version, headers: &HeaderMap, own: OwnPort) -> Self {
        if !peer.to_canonical().is_loopback() || forwarded::is_forwarded(headers) {
            return Self::Other;
        }
        let Ok(named) = Authority::of(headers) else { return Self::Other };
        let default = if own.is_tls { 443 } else { 80 };
        let is_ours = named.host.is_loopback() && named.port_or(default) == own.port;
        // Proxies speak HTTP/1.0 unless told otherwise; no browser or encoder does. HTTP/2 needs TLS.
        let is_client = version == Version::HTTP_11 || version == Version::HTTP_2 && own.is_tls;
        if is_ours && is_client && !is_upgrade_to_nothing(headers) {
            Self::OwnMachine
        } else {
            Self::Unnamed
        }
    }
}

/// Whether a request asks for an upgrade and does not say to what. nginx's usual lines for WebSocket send that with
/// every request but the upgrades themselves: `Connection "upgrade"` is fixed, and `Upgrade $http_upgrade` is left out
/// when it is empty. Clients send both or neither (RFC 9110, section 7.8).
fn is_upgrade_to_nothing(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let mut options = lists.flat_map(|list| list.split(','));
    !headers.contains_key(UPGRADE) && options.any(|it| it.trim().eq_ignore_ascii_case("upgrade"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proof(peer: &str, version: Version, lines: &[(&'static str, &str)], port: u16) -> Proof {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        Proof::of(peer.parse().unwrap(), version, &headers, OwnPort { port, is_tls: false })
    }

    #[test]
    fn a_direct_call_by_a_loopback_name_and_our_port_is_the_own_machine() {
        for peer in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
            for host in ["localhost:3000", "LocalHost.:3000", "a.localhost:3000", "[::1]:3000"] {
                let found = proof(peer, Version::HTTP_11, &[("host", host)], 3000);
                assert_eq!(found, Proof::OwnMachine, "{peer} {host}");
            }
        }
        let http = proof("::1", Version::HTTP_11, &[("host", "localhost")], 80);
        assert_eq!(http, Proof::OwnMachine);
    }

    #[test]
    fn over_tls_the_port_of_https_and_http2_are_the_own_machine() {
        let found = |version, host: &str, port, is_tls| {
            let mut headers = HeaderMap::new();
            headers.insert("host", host.parse().unwrap());
            Proof::of("::1".parse().unwrap(), version, &headers, OwnPort { port, is_tls })
        };
        for version in [Version::HTTP_11, Version::HTTP_2] {
            assert_eq!(found(version, "localhost", 443, true), Proof::OwnMachine);
            assert_eq!(found(version, "localhost", 80, true), Proof::Unnamed);
        }
        assert_eq!(found(Version::HTTP_2, "localhost:3000", 3000, false), Proof::Unnamed);
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
    fn a_proxy_that_keeps_our_host_is_known_by_its_lines_for_websocket() {
        let sent = |lines: &[(&'static str, &str)]| {
            let host = ("host", "127.0.0.1:3000");
            let lines: Vec<_> = [host].into_iter().chain(lines.iter().copied()).collect();
            proof("127.0.0.1", Version::HTTP_11, &lines, 3000)
        };
        for value in ["upgrade", "Upgrade", "keep-alive, Upgrade"] {
            assert_eq!(sent(&[("connection", value)]), Proof::Unnamed, "{value}");
        }
        assert_eq!(sent(&[("connection", "close"), ("connection", "upgrade")]), Proof::Unnamed);
        // A browser of this machine, and a program.
        let upgrade = [("connection", "keep-alive, Upgrade"), ("upgrade", "websocket")];
        assert_eq!(sent(&upgrade), Proof::OwnMachine);
        assert_eq!(sent(&[("connection", "keep-alive")]), Proof::OwnMachine);
        assert_eq!(sent(&[]), Proof::OwnMachine);
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
