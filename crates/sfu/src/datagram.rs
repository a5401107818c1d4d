//! A received datagram. Datagrams to send are in `outbox.rs`.

use std::net::SocketAddr;

/// A received datagram.
#[derive(Debug, Clone, Copy)]
pub struct Datagram<'a> {
    /// The sender's address.
    pub source: SocketAddr,
    /// The host candidate that it was sent to.
    pub destination: SocketAddr,
    /// The UDP payload.
    pub contents: &'a [u8],
}
