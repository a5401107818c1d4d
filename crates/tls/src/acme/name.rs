//! Names that an ACME server can issue certificates for.

use std::fmt::{self, Write};
use std::net::IpAddr;
use std::str::FromStr;

use url::Host;

use crate::public_address::is_public;

/// A host name, in lower case and in ASCII, or an address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// A DNS name.
    Dns(String),
    /// An IP address (RFC 8738).
    Ip(IpAddr),
}

/// Why a text is no name for a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It is neither a host name nor an address.
    #[error("`{0}` is not a host name or an IP address")]
    Invalid(String),
    /// It stands for many names.
    #[error(
        "`{0}`: certificates for * need a DNS challenge, which this server does not answer; name each host"
    )]
    Wildcard(String),
    /// A name that the public DNS does not have.
    #[error(
        "`{0}` is not a name of the public DNS, so no public authority issues a certificate for it"
    )]
    PrivateName(String),
    /// An address that the internet does not route.
    #[error("`{0}` is not a public IP address, so no public authority issues a certificate for it")]
    PrivateAddress(IpAddr),
}

/// Top-level domains that the public DNS does not have: RFC 6761, RFC 6762, RFC 9476, ICANN's `internal`, names of
/// common routers, and `arpa`, which has no hosts.
const PRIVATE_DOMAINS: [&str; 14] = [
    "alt",
    "arpa",
    "corp",
    "example",
    "home",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "onion",
    "test",
];

impl Name {
    /// Refuses names that only a private network knows.
    ///
    /// # Errors
    /// When the name or the address is not public.
    pub fn check_public(&self) -> Result<(), NameError> {
        match self {
            Self::Dns(name) => {
                let last = name.rsplit_once('.').map(|(_, last)| last);
                if last.is_some_and(|last| !PRIVATE_DOMAINS.contains(&last)) {
                    return Ok(());
                }
                Err(NameError::PrivateName(name.clone()))
            }
            Self::Ip(ip) if is_public(*ip) => Ok(()),
            Self::Ip(ip) => Err(NameError::PrivateAddress(*ip)),
        }
    }

    /// The server name that a TLS-ALPN-01 challenge asks for: of an address, its name in the reverse zone (RFC 8738,
    /// section 6).
    pub(super) fn server_name(&self) -> String {
        match self {
            Self::Dns(name) => name.clone(),
            Self::Ip(IpAddr::V4(ip)) => {
                let [a, b, c, d] = ip.octets();
                format!("{d}.{c}.{b}.{a}.in-addr.arpa")
            }
            Self::Ip(IpAddr::V6(ip)) => {
                let mut name = String::new();
                for byte in ip.octets().into_iter().rev() {
                    // Writing to a string does not fail.
                    _ = write!(name, "{:x}.{:x}.", byte & 0x0f, byte >> 4);
                }
                name + "ip6.arpa"
            }
        }
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let invalid = || NameError::Invalid(text.to_owned());
        let bare = text.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(text);
        if let Ok(ip) = bare.parse::<IpAddr>() {
            return Ok(Self::Ip(ip.to_canonical()));
        }
        if text.contains('*') {
            return Err(NameError::Wildcard(text.to_owned()));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        match Host::parse(name) {
            Ok(Host::Domain(name)) if is_host_name(&name) => Ok(Self::Dns(name)),
            _ => Err(invalid()),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => f.write_str(name),
            Self::Ip(ip) => write!(f, "{ip}"),
        }
    }
}

/// RFC 1123, section 2.1.
fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn a_name_is_a_host_in_ascii_and_lower_case_or_an_address() {
        assert_eq!(name("Live.Example.COM."), Name::Dns("live.example.com".into()));
        assert_eq!(name("直播.中国"), Name::Dns("xn--z6ut02b.xn--fiqs8s".into()));
        assert_eq!(name("203.0.113.7"), Name::Ip("203.0.113.7".parse().unwrap()));
        assert_eq!(name("[2001:db8::7]"), Name::Ip("2001:db8::7".parse().unwrap()));
        assert_eq!(name("::ffff:203.0.113.7"), Name::Ip("203.0.113.7".parse().unwrap()));
        let long = format!("{}.com", "a".repeat(64));
        for text in [
            "",
            "https://a.example.com",
            "a.com:443",
            "a b.com",
            "-a.com",
            "a..com",
            "a_b.com",
            "127.1",
            &long,
        ] {
            assert_eq!(text.parse::<Name>(), Err(NameError::Invalid(text.into())));
        }
        let error = "*.example.com".parse::<Name>().unwrap_err();
        assert!(error.to_string().contains("name each host"), "{error}");
    }

    #[test]
    fn a_public_authority_is_asked_for_public_names_alone() {
        for public in [
            "live.example.com",
            "xn--z6ut02b.xn--fiqs8s",
            "8.8.8.8",
            "100.128.0.1",
            "2606:4700::1111",
        ] {
            assert_eq!(name(public).check_public(), Ok(()), "{public}");
        }
        let private = [
            "localhost",
            "studio",
            "studio.local",
            "a.localhost",
            "nas.lan",
            "a.home.arpa",
            "a.test",
            "10.0.0.1",
            "127.0.0.1",
            "169.254.1.1",
            "172.16.0.1",
            "192.168.1.5",
            "100.64.0.1",
            "203.0.113.7",
            "198.18.0.1",
            "198.51.100.1",
            "224.0.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "::1",
            "fe80::1",
            "fd00::1",
            "2001:db8::1",
            "2002::1",
        ];
        for private in private {
            assert!(name(private).check_public().is_err(), "{private}");
        }
        let error = name("studio.local").check_public().unwrap_err();
        assert!(
            error.to_string().starts_with("`studio.local` is not a name of the public DNS"),
            "{error}"
        );
    }

    #[test]
    fn a_challenge_asks_for_an_address_by_its_name_in_the_reverse_zone() {
        assert_eq!(name("live.example.com").server_name(), "live.example.com");
        assert_eq!(name("203.0.113.7").server_name(), "7.113.0.203.in-addr.arpa");
        let expected = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa";
        assert_eq!(name("2001:db8::1").server_name(), expected);
    }
}
