//! URLs that may be called.

use url::{Host, Url};

use crate::address::Policy;
use crate::limits::URL_CHARS;

/// Where a webhook is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) host: Host<String>,
    pub(crate) port: u16,
    pub(crate) is_https: bool,
    /// As it stands in `Host`.
    pub(crate) authority: String,
    /// Path and query.
    pub(crate) path: String,
}

impl Target {
    /// Reads a URL.
    ///
    /// # Errors
    /// A sentence, when it cannot be called.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.chars().count() > URL_CHARS {
            return Err(format!("url has more than {URL_CHARS} characters"));
        }
        let url = Url::parse(text).map_err(|error| format!("url: {error}"))?;
        let is_https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err("url has to begin with https:// or http://".into()),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err("url must not have a user name or password: deliveries are signed".into());
        }
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err("url has no host".into());
        };
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        Ok(Self {
            host: host.to_owned(),
            port,
            is_https,
            authority: url.port().map_or_else(|| host.to_string(), |port| format!("{host}:{port}")),
            path: format!("{}{query}", url.path()),
        })
    }

    /// Reads a URL that somebody gives. Names are looked up when they are called: they may change.
    ///
    /// # Errors
    /// A sentence, when it cannot or must not be called.
    pub(crate) fn check(text: &str, policy: &Policy) -> Result<Self, String> {
        let target = Self::parse(text)?;
        policy.check_literal(&target.host).map_err(|why| format!("url: {why}"))?;
        Ok(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_where_to_connect_and_what_to_ask_there() {
        let target = Target::parse("https://Hook.Example.com:8443/a/b?c=d#e").unwrap();
        assert_eq!(target.host, Host::Domain("hook.example.com".to_owned()));
        assert_eq!((target.port, target.is_https), (8443, true));
        assert_eq!(target.authority, "hook.example.com:8443");
        assert_eq!(target.path, "/a/b?c=d");
        let target = Target::parse("http://[2606:4700::1111]").unwrap();
        assert_eq!((target.port, target.authority.as_str()), (80, "[2606:4700::1111]"));
        assert_eq!(target.path, "/");
    }

    #[test]
    fn what_must_not_be_called_is_told_in_words() {
        let long = format!("https://example.com/{}", "a".repeat(URL_CHARS));
        for (url, says) in [
            ("hook.example.com", "url"),
            ("ftp://example.com/", "https://"),
            ("file:///etc/passwd", "https://"),
            ("https://user@example.com/", "user name"),
            ("https://:secret@example.com/", "password"),
            (&long, "characters"),
            ("https://127.0.0.1/", "--webhook-allow 127.0.0.1"),
            ("https://[::1]:9/", "--webhook-allow [::1]"),
            // The ways to write an address that browsers know.
            ("http://2130706433/", "127.0.0.1"),
            ("http://0x7f.1/", "127.0.0.1"),
            ("http://017700000001/", "127.0.0.1"),
            ("http://127.1/", "127.0.0.1"),
            ("http://１２７.0.0.1/", "127.0.0.1"),
        ] {
            let refused = Target::check(url, &Policy::default()).unwrap_err();
            assert!(refused.contains(says), "{url}: {refused}");
        }
        Target::check("https://hook.example.com/", &Policy::default()).unwrap();
    }
}
