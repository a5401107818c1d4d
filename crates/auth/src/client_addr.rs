//! The address of a client, and what it tells about limits.

use std::net::IpAddr;

use crate::Network;

/// Where a client connects from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddr {
    /// Its address; behind trusted proxies, the one they name.
    pub ip: IpAddr,
    /// A program or a page of the server's own machine, with no proxy in between.
    pub is_own_machine: bool,
    /// It is in one of the trusted networks of the configuration.
    pub is_trusted_network: bool,
}

impl ClientAddr {
    /// The network that limits count it by.
    pub fn network(&self) -> Network {
        Network::of(self.ip)
    }

    /// Whether limits by network leave it out.
    pub fn is_unlimited(&self) -> bool {
        self.is_own_machine || self.is_trusted_network
    }
}
