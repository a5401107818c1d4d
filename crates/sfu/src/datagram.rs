//! A received datagram, and the ends that datagrams come from and go to. Datagrams to send are in `outbox.rs`.

use std::net::SocketAddr;
use std::num::NonZeroU32;

/// A received datagram.
#[derive(Debug, Clone, Copy)]
pub struct Datagram<'a> {
    /// The sender.
    pub source: RemoteAddr,
    /// The host candidate that it was sent to.
    pub destination: SocketAddr,
    /// The UDP payload, or that of a frame in a TCP connection (RFC 4571).
    pub contents: &'a [u8],
}

/// The other end of a path: an address over UDP, or a TCP connection from an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RemoteAddr {
    /// The address.
    pub addr: SocketAddr,
    /// The connection; `None` over UDP.
    pub stream: Option<StreamId>,
}

impl From<SocketAddr> for RemoteAddr {
    /// Over UDP.
    fn from(addr: SocketAddr) -> Self {
        Self { addr, stream: None }
    }
}

/// A TCP connection of a peer (RFC 6544). The id is never used for another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    /// The worker that has the connection.
    pub worker: u8,
    /// Unique among the worker's.
    pub number: NonZeroU32,
}
