//! What proxies say about the client: `X-Forwarded-For`, `Forwarded` (RFC 7239), `X-Real-IP`,
//! `X-Forwarded-Proto`.
//!
//! Each proxy appends the address that it saw, so a chain is believed from its right end, and only as far as
//! the proxies in it are trusted. Most proxies set one of the headers and pass the others on as the client sent them.
//! Which one that is cannot be seen, so that all of them have to name the same client.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::HeaderMap;

/// The most entries of a chain that are read, from its right end.
const MAX_ENTRIES: usize = 64;

const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED: &str = "forwarded";
const REAL_IP: &str = "x-real-ip";
/// The headers that name the client.
const CHAINS: [&str; 3] = [FORWARDED_FOR, FORWARDED, REAL_IP];
const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// Headers that a proxy adds and a client's own program does not.
const OF_PROXIES: [&str; 8] = [
    "via",
    FORWARDED,
    REAL_IP,
    "true-client-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "fastly-client-ip",
    "cdn-loop",
];

/// Beginnings of such headers.
const BEGINNINGS_OF_PROXIES: [&str; 3] = ["x-forwarded-", "cf-", "x-envoy-"];

/// Whether a proxy has passed the request on, as far as its headers show.
pub(crate) fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.keys().map(http::HeaderName::as_str).any(|name| {
        OF_PROXIES.contains(&name) || BEGINNINGS_OF_PROXIES.iter().any(|it| name.starts_with(it))
    })
}

/// A client as its proxies name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) ip: IpAddr,
    /// Whether it is sure to be the client. Else it is the last proxy of the chain that could be read, or the peer.
    pub(crate) is_client: bool,
}

/// The client behind a trusted proxy: in each header the rightmost address that is no trusted proxy's, or the
/// leftmost when all are. A header of trusted proxies alone says nothing when another says more. When headers
/// disagree, one of them may be the client's own, and it is the peer.
pub(crate) fn client(
    peer: IpAddr,
    headers: &HeaderMap,
    is_trusted: impl Fn(IpAddr) -> bool,
) -> Named {
    let by_header = CHAINS.map(|name| named_by(name, headers, peer, &is_trusted));
    let is_proxy = |named: &Named| named.is_client && is_trusted(named.ip);
    let mut beyond = by_header.into_iter().flatten().filter(|named| !is_proxy(named)).peekable();
    let mut proxies = by_header.into_iter().flatten().filter(is_proxy);
    let named: &mut dyn Iterator<Item = Named> =
        if beyond.peek().is_some() { &mut beyond } else { &mut proxies };
    let unknown = Named { ip: peer, is_client: false };
    named.reduce(|one, other| if one == other { one } else { unknown }).unwrap_or(unknown)
}

/// Whom one header names; `None` when it is missing or empty.
fn named_by(
    header: &str,
    headers: &HeaderMap,
    peer: IpAddr,
    is_trusted: impl Fn(IpAddr) -> bool,
) -> Option<Named> {
    let mut named = None;
    for entry in chain(header, headers) {
        let Some(ip) = entry else {
            return Some(Named {
                is_client: false,
                ..named.unwrap_or(Named { ip: peer, is_client: false })
            });
        };
        named = Some(Named { ip, is_client: true });
        if !is_trusted(ip) {
            break;
        }
    }
    named
}

/// Whether the client speaks HTTPS with the first of the proxies.
pub(crate) fn is_https(headers: &HeaderMap) -> bool {
    if let Some(value) = headers.get(FORWARDED_PROTO) {
        let first = value.to_str().ok().and_then(|list| list.split(',').next());
        return first.is_some_and(|it| is_https_scheme(it.trim()));
    }
    let first = headers.get(FORWARDED).and_then(|value| value.to_str().ok());
    first.is_some_and(|list| {
        let element = list.split(outside_quotes(',')).next().unwrap_or_default();
        parameter(element, "proto").is_some_and(is_https_scheme)
    })
}

fn is_https_scheme(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("wss")
}

/// The entries of a header, the nearest first; `None` is one that cannot be read.
fn chain(name: &str, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let mut chain = Vec::new();
    for line in headers.get_all(name).iter().rev() {
        let left = MAX_ENTRIES - chain.len();
        match line.to_str() {
            Err(_) => chain.push(None),
            Ok(list) if name == FORWARDED => chain.extend(forwarded(list, left)),
            Ok(list) => {
                let entries = list.rsplit(',').map(str::trim).filter(|it| !it.is_empty());
                chain.extend(entries.map(address).take(left));
            }
        }
        // `X-Real-IP` is one address.
        if chain.len() >= MAX_ENTRIES || name == REAL_IP {
            break;
        }
    }
    chain
}

/// The `for` of the last elements of a `Forwarded` line, the last first.
fn forwarded(list: &str, most: usize) -> impl Iterator<Item = Option<IpAddr>> {
    let mut last = VecDeque::new();
    for element in list.split(outside_quotes(',')).filter(|it| !it.trim().is_empty()) {
        if last.len() >= most {
            last.pop_front();
        }
        last.push_back(element);
    }
    last.into_iter().rev().map(|element| parameter(element, "for").and_then(address))
}

/// A parameter of an element of `Forwarded`, without quotes. `None` when it is missing, repeated or escaped:
/// addresses and schemes have nothing to escape.
fn parameter<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let mut found = element.split(outside_quotes(';')).filter_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then_some(value.trim())
    });
    let (Some(value), None) = (found.next(), found.next()) else { return None };
    let Some(quoted) = value.strip_prefix('"') else { return Some(value) };
    quoted.strip_suffix('"').filter(|text| !text.contains(['"', '\\']))
}

/// Finds a separator outside of quoted strings.
fn outside_quotes(separator: char) -> impl FnMut(char) -> bool {
    let (mut is_quoted, mut is_escaped) = (false, false);
    move |c| {
        if is_escaped {
            is_escaped = false;
            return false;
        }
        match c {
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ => return c == separator && !is_quoted,
        }
        false
    }
}

/// An address, with or without a port; an IPv6 one may be in brackets. Ports may be obfuscated (RFC 7239,
/// section 6.2).
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let ip = if let Some(rest) = text.strip_prefix('[') {
        let (ip, port) = rest.split_once(']')?;
        let ip = ip.parse::<Ipv6Addr>().ok()?;
        (port.is_empty() || port.starts_with(':')).then_some(ip.into())?
    } else if let Ok(ip) = text.parse::<IpAddr>() {
        ip
    } else {
        let (ip, _port) = text.split_once(':')?;
        ip.parse::<Ipv4Addr>().ok()?.into()
    };
    Some(ip.to_canonical())
}

/// `X-Forwarded-Prefix`, without a slash at its end.
pub(crate) fn prefix(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get("x-forwarded-prefix")?.to_str().ok()?.trim();
    is_prefix(text).then(|| text.trim_end_matches('/'))
}

/// Whether a text is a path that may stand before ours. Two slashes would begin another host.
pub fn is_prefix(text: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"/-._~%".contains(&b);
    text.len() <= 128 && text.starts_with('/') && !text.contains("//") && text.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: &str = "10.0.0.2";

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    /// The client, with proxies in 10.0.0.0/8; "proxy" before one that could not be read up to the client.
    fn named(lines: &[(&'static str, &str)]) -> String {
        let is_trusted = |ip: IpAddr| ip.to_string().starts_with("10.");
        let found = client(PEER.parse().unwrap(), &headers(lines), is_trusted);
        format!("{}{}", if found.is_client { "" } else { "proxy " }, found.ip)
    }

    #[test]
    fn the_client_is_the_rightmost_address_that_is_no_proxy_of_ours() {
        let check = |list: &str, expect: &str| {
            assert_eq!(named(&[("x-forwarded-for", list)]), expect, "{list}");
        };
        check("192.0.2.7", "192.0.2.7");
        check("1.1.1.1, 192.0.2.7", "192.0.2.7");
        check("1.1.1.1, 192.0.2.7, 10.0.0.3,10.0.0.4", "192.0.2.7");
        check("1.1.1.1,, 192.0.2.7 ,,", "192.0.2.7");
        check("192.0.2.7:4711, 10.0.0.3:80", "192.0.2.7");
        check("2001:db8::7", "2001:db8::7");
        check("[2001:db8::7]", "2001:db8::7");
        check("[2001:db8::7]:4711", "2001:db8::7");
        check("::ffff:192.0.2.7", "192.0.2.7");
        check("10.0.0.9, 10.0.0.3", "10.0.0.9");
        check("127.0.0.1", "127.0.0.1");
    }

    #[test]
    fn lines_of_one_header_are_one_list() {
        let lines = [("x-forwarded-for", "192.0.2.7"), ("x-forwarded-for", "10.0.0.3")];
        assert_eq!(named(&lines), "192.0.2.7");
        let lines = [("forwarded", "for=192.0.2.7"), ("forwarded", "for=10.0.0.3, for=10.0.0.4")];
        assert_eq!(named(&lines), "192.0.2.7");
    }

    #[test]
    fn what_cannot_be_read_ends_the_chain_at_the_last_proxy() {
        let check = |list: &str, expect: &str| {
            assert_eq!(named(&[("x-forwarded-for", list)]), expect, "{list}");
        };
        check("nonsense", "proxy 10.0.0.2");
        check("192.0.2.7, nonsense", "proxy 10.0.0.2");
        check("192.0.2.7, nonsense, 10.0.0.3", "proxy 10.0.0.3");
        check("", "proxy 10.0.0.2");
        check("\u{e9}", "proxy 10.0.0.2");
        check("unknown", "proxy 10.0.0.2");
        assert_eq!(named(&[("via", "1.1 proxy")]), "proxy 10.0.0.2");
        let lines = [("x-forwarded-for", "192.0.2.7"), ("x-forwarded-for", "\u{e9}")];
        assert_eq!(named(&lines), "proxy 10.0.0.2");
    }

    #[test]
    fn the_standard_header_is_read_as_well() {
        let check = |list: &str, expect: &str| {
            assert_eq!(named(&[("forwarded", list)]), expect, "{list}");
        };
        check("for=192.0.2.7", "192.0.2.7");
        check("For=\"192.0.2.7:4711\";proto=https;by=10.0.0.3", "192.0.2.7");
        check("for=1.1.1.1, by=x;for = 192.0.2.7 , for=10.0.0.3", "192.0.2.7");
        check("for=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17");
        check("for=\"[2001:db8:cafe::17]:_obfuscated\"", "2001:db8:cafe::17");
        check("for=1.1.1.1, for=_hidden", "proxy 10.0.0.2");
        check("for=1.1.1.1, for=unknown, for=10.0.0.3", "proxy 10.0.0.3");
        check("for=1.1.1.1, proto=https", "proxy 10.0.0.2");
        check("for=1.1.1.1;for=2.2.2.2", "proxy 10.0.0.2");
        check("host=\"a,b;for=1.1.1.1\";for=192.0.2.7", "192.0.2.7");
        check("for=\"1.1.1.1, for=192.0.2.7", "proxy 10.0.0.2");
        check("for=\"1.1.1.\\1\"", "proxy 10.0.0.2");
    }

    #[test]
    fn a_header_that_the_client_sent_itself_makes_it_nobody_else() {
        let check = |lines: &[(&'static str, &str)], expect: &str| {
            assert_eq!(named(lines), expect, "{lines:?}");
            let mut turned = lines.to_vec();
            turned.reverse();
            assert_eq!(named(&turned), expect, "{turned:?}");
        };
        let (chain, standard, simple) = ("x-forwarded-for", "forwarded", "x-real-ip");
        // Whichever of them the proxy sets.
        check(&[(chain, "1.1.1.1"), (simple, "192.0.2.7")], "proxy 10.0.0.2");
        check(&[(chain, "1.1.1.1"), (standard, "for=192.0.2.7")], "proxy 10.0.0.2");
        check(&[(standard, "for=1.1.1.1"), (simple, "192.0.2.7")], "proxy 10.0.0.2");
        check(&[(chain, "1.1.1.1"), (standard, "for=_hidden")], "proxy 10.0.0.2");
        check(&[(chain, "1.1.1.1, nonsense, 10.0.0.3"), (simple, "1.1.1.1")], "proxy 10.0.0.2");
        let all = [(chain, "192.0.2.7"), (standard, "for=192.0.2.7"), (simple, "1.1.1.1")];
        check(&all, "proxy 10.0.0.2");
        // A proxy that sets more than one says the same in each.
        check(&[(chain, "1.1.1.1, 192.0.2.7"), (simple, "192.0.2.7")], "192.0.2.7");
        let all = [(chain, "192.0.2.7"), (standard, "for=\"192.0.2.7:80\""), (simple, "192.0.2.7")];
        check(&all, "192.0.2.7");
        // The second proxy of a chain takes the first for the client.
        check(&[(chain, "192.0.2.7, 10.0.0.3"), (simple, "10.0.0.3")], "192.0.2.7");
        check(&[(chain, "10.0.0.3"), (standard, "for=192.0.2.7")], "192.0.2.7");
        check(&[(chain, "10.0.0.3"), (simple, "10.0.0.3")], "10.0.0.3");
        check(&[(chain, "10.0.0.3"), (simple, "10.0.0.4")], "proxy 10.0.0.2");
        check(&[(chain, ""), (simple, "192.0.2.7")], "192.0.2.7");
    }

    #[test]
    fn the_simple_header_counts_where_there_is_no_chain() {
        assert_eq!(named(&[("x-real-ip", "192.0.2.7")]), "192.0.2.7");
        assert_eq!(named(&[("x-real-ip", "1.1.1.1"), ("x-real-ip", "192.0.2.7")]), "192.0.2.7");
    }

    #[test]
    fn a_long_chain_is_read_no_further_than_its_bound() {
        let long = format!("192.0.2.7{}", ", 10.0.0.3".repeat(5000));
        let lines = headers(&[(FORWARDED_FOR, &long)]);
        assert_eq!(chain(FORWARDED_FOR, &lines).len(), MAX_ENTRIES);
        assert_eq!(named(&[("x-forwarded-for", &long)]), "10.0.0.3");
        let long = format!("for=192.0.2.7{}", ", for=10.0.0.3".repeat(5000));
        let lines = headers(&[(FORWARDED, &long), (FORWARDED, &long)]);
        assert_eq!(chain(FORWARDED, &lines).len(), MAX_ENTRIES);
    }

    #[test]
    fn the_scheme_is_what_the_client_speaks_with_the_first_proxy() {
        let check = |line: (&'static str, &str), expect: bool| {
            assert_eq!(is_https(&headers(&[line])), expect, "{line:?}");
        };
        check(("x-forwarded-proto", "https"), true);
        check(("x-forwarded-proto", "HTTPS , http"), true);
        check(("x-forwarded-proto", "wss"), true);
        check(("x-forwarded-proto", "http,https"), false);
        check(("x-forwarded-proto", "\u{e9}"), false);
        check(("forwarded", "for=192.0.2.7;proto=https, for=10.0.0.3;proto=http"), true);
        check(("forwarded", "for=192.0.2.7;proto=\"HTTPS\""), true);
        check(("forwarded", "host=\"a,b\";proto=https"), true);
        check(("forwarded", "for=192.0.2.7, proto=https"), false);
        check(("x-real-ip", "192.0.2.7"), false);
    }

    #[test]
    fn a_proxy_is_known_by_its_headers() {
        let proxies = [
            "via",
            "forwarded",
            "x-forwarded-for",
            "x-forwarded-proto",
            "x-forwarded-whatever",
            "x-real-ip",
            "cf-ray",
            "cf-connecting-ip",
            "true-client-ip",
            "x-client-ip",
            "fastly-client-ip",
        ];
        for name in proxies {
            assert!(is_forwarded(&headers(&[("host", "localhost"), (name, "\u{e9}")])), "{name}");
        }
        let browser = [("host", "localhost"), ("user-agent", "x"), ("sec-fetch-site", "none")];
        assert!(!is_forwarded(&headers(&browser)));
    }
}
