//! Requests as a server on port 3000 of 192.168.1.5 gets them.

use auth::{Auth, ClientAddr, Config, Connection, OwnAddresses};
use http::{HeaderMap, HeaderValue, Version};

pub(crate) const LOOPBACK: &str = "127.0.0.1";
pub(crate) const STRANGER: &str = "203.0.113.7";
pub(crate) const KEY: &str = "sixteen letters!";

pub(crate) fn auth(config: Config) -> Auth {
    Auth::new(config, OwnAddresses { port: 3000, names: vec!["studio-pc.local".into()] })
}

pub(crate) fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    headers
}

pub(crate) fn client(auth: &Auth, peer: &str, lines: &[(&'static str, &str)]) -> ClientAddr {
    let connection =
        Connection { peer: peer.parse().unwrap(), version: Version::HTTP_11, is_tls: false };
    auth.identify(connection, &headers(lines))
}
