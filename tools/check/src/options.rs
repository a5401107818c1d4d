//! The options of a check.

use std::time::Duration;

use hyper::Uri;
use synth::media::VideoCodec;

use crate::catalog::Protocol;
use crate::error::CheckError;

/// The options of a check. [`Options::new`] has defaults for all but the URLs.
#[derive(Debug, Clone)]
pub struct Options {
    /// What is checked.
    pub protocol: Protocol,
    /// The endpoint: `http://` or `https://`.
    pub url: String,
    /// Of WHEP: a WHIP endpoint whose media is played there. Without it what is there is played.
    pub publish: Option<String>,
    /// The bearer token that the server wants, of both endpoints.
    pub token: Option<String>,
    /// Origin of a web page that may use the endpoint; without it, one that nobody knows.
    pub origin: Option<String>,
    /// The codec that payloads imitate.
    pub codec: VideoCodec,
    /// How long to wait for one answer, and for media to flow.
    pub patience: Duration,
    /// How long the whole check may take.
    pub time_limit: Duration,
}

impl Options {
    /// A check of this endpoint, without a token.
    #[must_use]
    pub fn new(protocol: Protocol, url: impl Into<String>) -> Self {
        Self {
            protocol,
            url: url.into(),
            publish: None,
            token: None,
            origin: None,
            codec: VideoCodec::Vp8,
            patience: Duration::from_secs(8),
            time_limit: Duration::from_secs(95),
        }
    }
}

/// Reads an address of an endpoint.
pub(crate) fn endpoint(url: &str) -> Result<Uri, CheckError> {
    let bad = || CheckError::BadUrl { url: url.to_owned() };
    let uri: Uri = url.parse().map_err(|_| bad())?;
    let fits = matches!(uri.scheme_str(), Some("http" | "https"));
    if !fits || uri.host().is_none_or(str::is_empty) {
        return Err(bad());
    }
    Ok(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_web_are_endpoints() {
        endpoint("https://example.com/whip/room").unwrap();
        endpoint("http://[::1]:3000/whip?app=live").unwrap();
        for url in ["example.com/whip", "ws://example.com/", "http://", "", "http://a b/"] {
            assert!(endpoint(url).is_err(), "{url}");
        }
    }
}
