//! `Host`: the name by which a client addresses the server, and whether it is one of ours.
//!
//! A page whose own name was made to resolve to this server (DNS rebinding) is told from ours by this header
//! alone: the browser holds both for one origin. An attacker needs a name for that, so a bare address is always
//! served: behind a NAT the server does not know all of its own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::header::HOST;
use http::{HeaderMap, Uri};

/// The longest name, in bytes (RFC 1035).
const MAX_NAME_BYTES: usize = 253;

/// A name or an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HostName {
    /// In lower case, without a trailing dot.
    Name(String),
    /// IPv4-mapped addresses as IPv4.
    Ip(IpAddr),
}

impl HostName {
    fn parse(text: &str) -> Option<Self> {
        let text = text.strip_suffix('.').unwrap_or(text);
        if let Ok(ip) = text.parse::<Ipv4Addr>() {
            return Some(Self::Ip(ip.into()));
        }
        let is_known = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        let is_name = (1..=MAX_NAME_BYTES).contains(&text.len()) && text.bytes().all(is_known);
        is_name.then(|| Self::Name(text.to_ascii_lowercase()))
    }

    /// Whether every resolver has it on the machine itself (RFC 6761, section 6.3).
    pub(crate) fn is_loopback(&self) -> bool {
        match self {
            Self::Name(name) => name == "localhost" || name.ends_with(".localhost"),
            Self::Ip(ip) => ip.is_loopback(),
        }
    }
}

/// A name or an address, and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authority {
    pub(crate) host: HostName,
    pub(crate) port: Option<u16>,
}

impl Authority {
    /// `name`, `name:port`, `192.0.2.1:port`, `[2001:db8::1]:port`; the port may be missing or empty.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (host, port) = if let Some(rest) = text.strip_prefix('[') {
            let (ip, rest) = rest.split_once(']')?;
            let ip = IpAddr::V6(ip.parse::<Ipv6Addr>().ok()?).to_canonical();
            (HostName::Ip(ip), if rest.is_empty() { rest } else { rest.strip_prefix(':')? })
        } else {
            let (host, port) = text.split_once(':').unwrap_or((text, ""));
            (HostName::parse(host)?, port)
        };
        let port = match port {
            "" => None,
            // `parse` takes a sign, and any number of zeros.
            port if port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit()) => {
                Some(port.parse().ok()?)
            }
            _ => return None,
        };
        Some(Self { host, port })
    }

    /// The one `Host` of a request.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, HostRefused> {
        let mut found = headers.get_all(HOST).iter();
        let Some(value) = found.next() else {
            return Err(HostRefused::Malformed("the Host header is missing"));
        };
        if found.next().is_some() {
            return Err(HostRefused::Malformed("there is more than one Host header"));
        }
        let text = value.to_str().ok();
        text.and_then(Self::parse)
            .ok_or(HostRefused::Malformed("the Host header is not a name or an address"))
    }

    /// The port, or that of the scheme.
    pub(crate) fn port_or(&self, default: u16) -> u16 {
        self.port.unwrap_or(default)
    }
}

/// Why a request that names this host is not served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostRefused {
    /// The request is malformed (RFC 9112, section 3.2): 400.
    #[error("{0}")]
    Malformed(&'static str),
    /// The name is none of the server's.
    #[error("this server does not serve the host name {name}: `--allow-host {name}` allows it")]
    NotOurs {
        /// The name, in lower case, without the port.
        name: String,
    },
}

/// The names that are ours besides the loopback names.
#[derive(Debug, Default)]
pub(crate) struct Hosts {
    all: bool,
    ours: Vec<HostName>,
}

impl Hosts {
    /// A name may be `*`; what is no name is left out.
    pub(crate) fn new<'a>(names: impl IntoIterator<Item = &'a String>) -> Self {
        let mut hosts = Self::default();
        for name in names {
            hosts.all |= name == "*";
            hosts.ours.extend(host_name(name));
        }
        hosts
    }

    /// Whether a request names one of ours.
    pub(crate) fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), HostRefused> {
        let named = Authority::of(headers)?;
        if let Some(authority) = uri.authority() {
            let default = if uri.scheme_str() == Some("https") { 443 } else { 80 };
            let is_same = |it: &Authority| {
                it.host == named.host && it.port_or(default) == named.port_or(default)
            };
            if !Authority::parse(authority.as_str()).as_ref().is_some_and(is_same) {
                return Err(HostRefused::Malformed("the Host header and the URL do not agree"));
            }
        }
        if self.all || named.host.is_loopback() || self.ours.contains(&named.host) {
            return Ok(());
        }
        match named.host {
            HostName::Ip(_) => Ok(()),
            HostName::Name(name) => Err(HostRefused::NotOurs { name }),
        }
    }
}

/// Whether [`Config::hosts`](crate::Config::hosts) may have this entry: a name or an address, or `*`.
pub fn is_host(text: &str) -> bool {
    text == "*" || host_name(text).is_some()
}

/// The name in an entry of a configuration, which may have a port and an address without brackets.
fn host_name(text: &str) -> Option<HostName> {
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(HostName::Ip(ip.to_canonical()));
    }
    Authority::parse(text).map(|it| it.host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(hosts: &[&str], uri: &str, named: &[&str]) -> Result<(), HostRefused> {
        let hosts: Vec<String> = hosts.iter().map(|name| (*name).to_owned()).collect();
        let mut headers = HeaderMap::new();
        for name in named {
            headers.append(HOST, name.parse().unwrap());
        }
        Hosts::new(&hosts).check(&uri.parse().unwrap(), &headers)
    }

    #[test]
    fn a_page_of_a_rebound_name_is_not_served() {
        for foreign in
            ["evil.example", "evil.example:3000", "localhost.evil.example", "evil-localhost"]
        {
            let refused = check(&["live.example"], "/", &[foreign]).unwrap_err();
            assert!(matches!(refused, HostRefused::NotOurs { .. }), "{foreign}");
        }
        let refused = check(&[], "/", &["EVIL.example.:3000"]).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "this server does not serve the host name evil.example: `--allow-host evil.example` allows it"
        );
        for no_address in ["127.1", "2130706433", "0x7f.1"] {
            assert!(check(&[], "/", &[no_address]).is_err(), "{no_address}");
        }
    }

    #[test]
    fn our_names_and_addresses_are_served_with_any_port() {
        let ours = [
            "localhost",
            "localhost:3000",
            "LOCALHOST.:3000",
            "studio.localhost",
            "127.0.0.1",
            "127.9.9.9:3000",
            "[::1]:3000",
            "[::ffff:127.0.0.1]",
            "192.168.1.5:3000",
            "192.168.1.5",
            "[fd00::5]:3000",
            "[FD00:0::5]",
            "203.0.113.9:3000",
            "live.example",
            "Live.Example.:8443",
            "live.example:",
        ];
        for name in ours {
            assert_eq!(check(&["LIVE.example."], "/", &[name]), Ok(()), "{name}");
        }
        assert_eq!(check(&["*"], "/", &["any.example"]), Ok(()));
    }

    #[test]
    fn two_hosts_or_none_or_an_unreadable_one_are_malformed() {
        let malformed: [&[&str]; 13] = [
            &[],
            &["localhost", "localhost"],
            &["localhost", "evil.example"],
            &[""],
            &[":3000"],
            &["."],
            &["localhost:+80"],
            &["localhost:99999"],
            &["localhost:000080"],
            &["localhost, evil.example"],
            &["user@localhost"],
            &["[::1"],
            &["[::1]3000"],
        ];
        for named in malformed {
            let refused = check(&["*"], "/", named).unwrap_err();
            assert!(matches!(refused, HostRefused::Malformed(_)), "{named:?}");
        }
        let long = "a".repeat(254);
        assert!(matches!(check(&["*"], "/", &[&long]), Err(HostRefused::Malformed(_))));
    }

    #[test]
    fn the_host_of_an_absolute_url_counts_and_has_to_agree() {
        assert_eq!(check(&[], "http://localhost:3000/ws", &["localhost:3000"]), Ok(()));
        assert_eq!(check(&[], "http://localhost/ws", &["localhost:80"]), Ok(()));
        for uri in ["http://evil.example/", "http://localhost:3001/", "http://me@localhost:3000/"] {
            let refused = check(&["*"], uri, &["localhost:3000"]).unwrap_err();
            assert!(matches!(refused, HostRefused::Malformed(_)), "{uri}");
        }
    }

    #[test]
    fn an_entry_of_the_configuration_is_a_name() {
        for good in
            ["*", "live.example", "live.example:3000", "192.0.2.1", "2001:db8::1", "[2001:db8::1]"]
        {
            assert!(is_host(good), "{good}");
        }
        for bad in ["", "https://live.example", "live.example/path", "a b", "*.example"] {
            assert!(!is_host(bad), "{bad}");
        }
    }
}
