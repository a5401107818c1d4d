//! What the operator decides about clients.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::Secret;

/// The shortest publishing key, in characters: one that cannot be guessed within a limit of 10 wrong ones a
/// minute and network. The configuration checks it.
pub const KEY_MIN_CHARS: usize = 16;

/// Who may publish without a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublishOpen {
    /// Anyone.
    All,
    /// The server's own machine.
    Loopback,
    /// Nobody.
    None,
}

/// What the operator decides about clients.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who may publish without a key; see [`Self::effective_open`].
    pub open: Option<PublishOpen>,
    /// The publishing key.
    pub key: Option<Secret>,
    /// Origins whose pages may use the server besides its own, such as `https://example.com`; `*` is all.
    pub origins: Vec<String>,
    /// Names by which clients may address the server, besides those of its machine; `*` is all.
    pub hosts: Vec<String>,
    /// Proxies whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Networks that limits by network leave out.
    pub trusted_networks: Vec<IpNet>,
    /// Whether a service of the operator's decides where nothing else gives the right.
    pub asks_service: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            open: None,
            key: None,
            origins: Vec::new(),
            hosts: Vec::new(),
            trusted_proxies: loopback(),
            trusted_networks: Vec::new(),
            asks_service: false,
        }
    }
}

impl Config {
    /// Who may publish without a key. When the operator does not say: nobody if there is a key or a service that
    /// decides, else the server's own machine.
    pub fn effective_open(&self) -> PublishOpen {
        let is_closed = self.key.is_some() || self.asks_service;
        let default = if is_closed { PublishOpen::None } else { PublishOpen::Loopback };
        self.open.unwrap_or(default)
    }
}

/// 127.0.0.0/8 and `::1/128`.
fn loopback() -> Vec<IpNet> {
    vec![
        Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8).into(),
        Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128).into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_closes_publishing_to_all_without_it_unless_the_operator_says_otherwise() {
        let open = |open, key: Option<&str>| {
            Config { open, key: key.map(Secret::new), ..Config::default() }.effective_open()
        };
        assert_eq!(open(None, None), PublishOpen::Loopback);
        assert_eq!(open(None, Some("sixteen letters!")), PublishOpen::None);
        let said = Some(PublishOpen::Loopback);
        assert_eq!(open(said, Some("sixteen letters!")), PublishOpen::Loopback);
    }

    #[test]
    fn the_proxies_of_the_own_machine_are_trusted_by_default() {
        let trusted: Vec<_> = loopback().iter().map(ToString::to_string).collect();
        assert_eq!(trusted, ["127.0.0.0/8", "::1/128"]);
    }
}
