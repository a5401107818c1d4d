//! ICE candidates (RFC 8839, section 5.1).

use std::net::{IpAddr, SocketAddr};

use crate::attributes::Attributes;

/// An `a=candidate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// Equal for candidates of the same type, base and server.
    pub foundation: &'a str,
    /// 1 for RTP, 2 for RTCP.
    pub component: u16,
    /// `udp` or `tcp`, in any case.
    pub transport: &'a str,
    /// A candidate with a higher priority is checked first.
    pub priority: u32,
    /// Its address.
    pub address: Address<'a>,
    /// Its port.
    pub port: u16,
    /// `host`, `srflx`, `prflx`, `relay`.
    pub typ: &'a str,
    extensions: &'a str,
}

/// The address of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Address<'a> {
    /// An IP address.
    Ip(IpAddr),
    /// A host name, by which browsers hide addresses (`….local`), or an address that cannot be parsed.
    Name(&'a str),
}

impl<'a> Candidate<'a> {
    /// Parses the value of an `a=candidate`; a prefix `candidate:` or `a=candidate:` is allowed.
    pub fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim_ascii();
        let text = text.strip_prefix("a=").unwrap_or(text);
        let mut rest = text.strip_prefix("candidate:").unwrap_or(text);
        let mut word = || {
            let (word, after) = crate::lines::split_word(rest);
            rest = after;
            Some(word).filter(|it| !it.is_empty())
        };
        let foundation = word()?;
        let component = word()?.parse().ok()?;
        let transport = word()?;
        let priority = word()?.parse().ok()?;
        let address = word()?;
        let port = word()?.parse().ok()?;
        let typ = word().filter(|it| *it == "typ").and_then(|_| word())?;
        let address = address.parse().map_or(Address::Name(address), Address::Ip);
        let extensions = rest;
        Some(Self { foundation, component, transport, priority, address, port, typ, extensions })
    }

    /// Whether its transport is UDP.
    pub fn is_udp(&self) -> bool {
        self.transport.eq_ignore_ascii_case("udp")
    }

    /// Its address and port, unless it has a host name.
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        match self.address {
            Address::Ip(ip) => Some(SocketAddr::new(ip, self.port)),
            Address::Name(_) => None,
        }
    }

    /// The value of an extension: `raddr`, `rport`, `tcptype`, `generation`, `ufrag`, …
    pub fn extension(&self, name: &str) -> Option<&'a str> {
        let mut words = self.extensions.split_ascii_whitespace();
        while let (Some(key), Some(value)) = (words.next(), words.next()) {
            if key == name {
                return Some(value);
            }
        }
        None
    }
}

impl<'a> Attributes<'a> {
    /// The candidates, in order. Invalid ones are skipped.
    pub fn candidates(&self) -> impl Iterator<Item = Candidate<'a>> {
        self.all("candidate").filter_map(Candidate::parse)
    }

    /// Whether `a=end-of-candidates` is set.
    pub fn has_end_of_candidates(&self) -> bool {
        self.has("end-of-candidates")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_candidate_is_read_wherever_it_stands() {
        let value = "842163049 1 UDP 1677729535 203.0.113.7 46154 typ srflx raddr 0.0.0.0 rport 0 \
                     generation 0 ufrag 9Xg3";
        let it = Candidate::parse(value).unwrap();
        assert_eq!((it.foundation, it.component, it.priority), ("842163049", 1, 1_677_729_535));
        assert_eq!(it.socket_addr(), Some("203.0.113.7:46154".parse().unwrap()));
        assert!(it.is_udp() && it.typ == "srflx");
        assert_eq!((it.extension("ufrag"), it.extension("tcptype")), (Some("9Xg3"), None));
        for prefix in ["candidate:", "a=candidate:", " "] {
            assert_eq!(Candidate::parse(&format!("{prefix}{value}\t")), Some(it));
        }
    }

    #[test]
    fn addresses_may_be_hidden_or_of_the_other_family() {
        let address = |text| Candidate::parse(text).unwrap().address;
        let hidden = "1 1 udp 2113937151 4c1f9e6c.local 56032 typ host";
        assert_eq!(address(hidden), Address::Name("4c1f9e6c.local"));
        assert_eq!(Candidate::parse(hidden).unwrap().socket_addr(), None);
        let six = address("1 1 tcp 5 2001:db8::9 9 typ host tcptype active");
        assert_eq!(six, Address::Ip("2001:db8::9".parse().unwrap()));
        assert_eq!(address("1 1 udp 5 fe80::1%eth0 9 typ host"), Address::Name("fe80::1%eth0"));
    }

    #[test]
    fn what_is_cut_short_is_none() {
        let whole = "1 1 udp 5 192.0.2.1 9 typ host";
        assert!(Candidate::parse(whole).is_some());
        for n in 0..whole.len() - "host".len() {
            assert_eq!(Candidate::parse(&whole[..n]), None, "{n}");
        }
        assert_eq!(Candidate::parse("1 1 udp 5 192.0.2.1 70000 typ host"), None);
        assert_eq!(Candidate::parse("1 1 udp 5 192.0.2.1 9 type host"), None);
    }
}
