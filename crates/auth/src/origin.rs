//! `Origin`: which web pages may use the server. Browsers send it and no page can make them lie about it;
//! other programs send none.

use std::fmt;

use http::HeaderMap;
use http::header::ORIGIN;

use crate::host::Authority;

/// The most of a foreign origin that an error repeats, in bytes.
const MAX_SHOWN_BYTES: usize = 100;

/// `http://` or `https://`, a host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
struct WebOrigin {
    is_https: bool,
    /// With the port of the scheme when none is written.
    authority: Authority,
}

impl WebOrigin {
    fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let is_https = scheme.eq_ignore_ascii_case("https");
        if !is_https && !scheme.eq_ignore_ascii_case("http") {
            return None;
        }
        let mut authority = Authority::parse(authority)?;
        authority.port = Some(authority.port_or(if is_https { 443 } else { 80 }));
        Some(Self { is_https, authority })
    }

    /// Whether it is the page that the request's own `Host` serves. Behind a proxy the scheme is not known.
    fn is_own(&self, headers: &HeaderMap) -> bool {
        let default = if self.is_https { 443 } else { 80 };
        Authority::of(headers).is_ok_and(|host| {
            host.host == self.authority.host && Some(host.port_or(default)) == self.authority.port
        })
    }
}

/// What sends a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    /// A program, or a page that only navigates.
    NoPage,
    /// A page of this server.
    Own,
    /// A page of an origin that the configuration names.
    Named,
    /// A page of another server on a loopback name, such as a development server.
    LoopbackPage,
    /// Any other page, or an origin that cannot be read.
    Foreign,
}

impl Sender {
    /// Whether it may have the rights of the server's own machine. An origin that only `*` allows may not.
    pub(crate) fn may_be_own_machine(self) -> bool {
        self != Self::Foreign
    }
}

/// The origins that the configuration allows.
#[derive(Debug, Default)]
pub(crate) struct Origins {
    all: bool,
    web: Vec<WebOrigin>,
    /// Of other schemes, as apps have them: `capacitor://localhost`.
    other: Vec<String>,
}

impl Origins {
    /// What is no origin is left out.
    pub(crate) fn new(allowed: &[String]) -> Self {
        let mut origins = Self { all: allowed.iter().any(|it| it == "*"), ..Self::default() };
        for text in allowed {
            let text = text.trim_end_matches('/');
            match WebOrigin::parse(text) {
                Some(origin) => origins.web.push(origin),
                None if is_of_other_scheme(text) => origins.other.push(text.to_owned()),
                None => {}
            }
        }
        origins
    }

    /// Whether every page may use the server.
    pub(crate) fn is_all(&self) -> bool {
        self.all
    }

    pub(crate) fn sender(&self, headers: &HeaderMap) -> Sender {
        let mut found = headers.get_all(ORIGIN).iter();
        let Some(value) = found.next() else { return Sender::NoPage };
        let (None, Ok(text)) = (found.next(), value.to_str()) else { return Sender::Foreign };
        let Some(origin) = WebOrigin::parse(text) else {
            let is_named = self.other.iter().any(|it| it.eq_ignore_ascii_case(text));
            return if is_named { Sender::Named } else { Sender::Foreign };
        };
        if origin.is_own(headers) {
            Sender::Own
        } else if self.web.contains(&origin) {
            Sender::Named
        } else if origin.authority.host.is_loopback() {
            Sender::LoopbackPage
        } else {
            Sender::Foreign
        }
    }

    /// Whether a page of this kind may use the server.
    pub(crate) fn is_allowed(&self, sender: Sender, is_own_machine: bool) -> bool {
        self.all
            || match sender {
                Sender::NoPage | Sender::Own | Sender::Named => true,
                Sender::LoopbackPage => is_own_machine,
                Sender::Foreign => false,
            }
    }
}

/// Whether [`Config::origins`](crate::Config::origins) may have this entry: `https://example.com`,
/// `capacitor://localhost`, or `*`.
pub fn is_origin(text: &str) -> bool {
    let text = text.trim_end_matches('/');
    text == "*" || WebOrigin::parse(text).is_some() || is_of_other_scheme(text)
}

/// An origin with another scheme than http and https. `null` and `file://` do not name a page: every
/// sandboxed frame has the first, every file the second.
fn is_of_other_scheme(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else { return false };
    let is_web = ["http", "https", "file"].iter().any(|it| scheme.eq_ignore_ascii_case(it));
    !is_web && !scheme.is_empty() && Authority::parse(host).is_some()
}

/// Why a page may not use the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginRefused {
    origin: Option<String>,
}

impl OriginRefused {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let text = headers.get(ORIGIN).and_then(|value| value.to_str().ok());
        let shown = text.filter(|text| text.len() <= MAX_SHOWN_BYTES && is_origin(text));
        Self { origin: shown.filter(|text| *text != "*").map(str::to_owned) }
    }
}

impl fmt::Display for OriginRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Some(it) => {
                write!(f, "pages of {it} may not use this server: `--allow-origin {it}` allows it")
            }
            None => f.write_str("this page has no origin that could be allowed to use this server"),
        }
    }
}

impl std::error::Error for OriginRefused {}

#[cfg(test)]
mod tests {
    use http::header::HOST;

    use super::*;

    fn headers(origins: &[&str], host: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        for origin in origins {
            headers.append(ORIGIN, origin.parse().unwrap());
        }
        headers
    }

    fn allowed(allowed: &[&str], origins: &[&str], host: &str, is_own_machine: bool) -> bool {
        let allowed: Vec<String> = allowed.iter().map(|it| (*it).to_owned()).collect();
        let all = Origins::new(&allowed);
        all.is_allowed(all.sender(&headers(origins, host)), is_own_machine)
    }

    #[test]
    fn the_origin_matrix() {
        let check = |origin: &str, host: &str, own_machine: bool, expect: bool| {
            let found = allowed(&["https://studio.example/"], &[origin], host, own_machine);
            assert_eq!(found, expect, "origin {origin} host {host} own machine {own_machine}");
        };
        assert!(allowed(&[], &[], "live.example", false), "a program");
        // Our own pages and those named.
        check("https://live.example", "live.example", false, true);
        check("https://LIVE.example", "live.EXAMPLE:443", false, true);
        check("http://live.example:3000", "live.example:3000", false, true);
        check("http://192.168.1.5:3000", "192.168.1.5:3000", false, true);
        check("http://[fd00::5]:3000", "[fd00::5]:3000", false, true);
        check("https://studio.example", "live.example", false, true);
        check("https://Studio.Example:443", "live.example", false, true);
        // A development server of this machine.
        check("http://localhost:5173", "localhost:3000", true, true);
        check("http://127.0.0.1:5173", "localhost:3000", true, true);
        check("http://[::1]:5173", "localhost:3000", true, true);
        check("http://studio.localhost:5173", "localhost:3000", true, true);
        check("https://localhost", "localhost:3000", true, true);
        // Everybody else.
        check("null", "localhost:3000", true, false);
        check("", "localhost:3000", true, false);
        check("file://", "localhost:3000", true, false);
        check("http://evil-localhost.com", "localhost:3000", true, false);
        check("http://localhost.evil.com", "localhost:3000", true, false);
        check("http://evil.com:3000", "localhost:3000", true, false);
        check("http://localhost:5173", "192.168.1.5:3000", false, false);
        check("http://192.168.1.5:8080", "192.168.1.5:3000", false, false);
        check("https://evil-live.example", "live.example", false, false);
        check("https://live.example.evil.com", "live.example", false, false);
        check("https://live.example:8443", "live.example", false, false);
        check("http://studio.example", "live.example", false, false);
        check("https://studio.example.evil.com", "live.example", false, false);
        check("https://localhost@evil.com", "localhost:3000", true, false);
        check("https://live.example/path", "live.example", false, false);
        check("ftp://live.example", "live.example", false, false);
    }

    #[test]
    fn two_origins_are_refused() {
        let both = ["https://live.example", "https://live.example"];
        assert!(!allowed(&[], &both, "live.example", true));
    }

    #[test]
    fn a_star_lets_every_page_in() {
        for origin in ["https://evil.example", "null", "file://", "\u{e9}"] {
            assert!(allowed(&["*"], &[origin], "live.example", false), "{origin}");
        }
    }

    #[test]
    fn the_page_of_an_app_can_be_named_and_no_page_cannot() {
        let app = "capacitor://localhost";
        assert!(allowed(&[app], &[app], "live.example", false));
        for nobody in ["null", "file://", "file:///", "file://localhost"] {
            assert!(!allowed(&[nobody], &[nobody], "live.example", false), "{nobody}");
            assert!(!is_origin(nobody), "{nobody}");
        }
        for good in ["*", "https://example.com", "https://example.com/", "capacitor://localhost"] {
            assert!(is_origin(good), "{good}");
        }
        for bad in ["", "example.com", "https://example.com/path", "https://*.example.com"] {
            assert!(!is_origin(bad), "{bad}");
        }
    }

    #[test]
    fn a_refusal_says_how_to_allow_the_page() {
        let refused =
            |origin: &str| OriginRefused::of(&headers(&[origin], "localhost")).to_string();
        assert_eq!(
            refused("https://studio.example"),
            "pages of https://studio.example may not use this server: \
            `--allow-origin https://studio.example` allows it"
        );
        for nobody in ["null", "*", "\u{e9}", &format!("https://{}.example", "a".repeat(200))] {
            assert!(!refused(nobody).contains("--allow"), "{nobody}");
        }
    }
}
