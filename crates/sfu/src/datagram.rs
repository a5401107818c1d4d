//! A datagram on its way in or out.

use std::net::SocketAddr;

/// A datagram that came in.
#[derive(Debug, Clone, Copy)]
pub struct Datagram<'a> {
    /// Who sent it.
    pub source: SocketAddr,
    /// Which of our candidates it was sent to.
    pub destination: SocketAddr,
    /// What it carries.
    pub contents: &'a [u8],
}

/// A datagram to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// Which of our candidates it is sent from.
    pub source: SocketAddr,
    /// Whom it is for.
    pub destination: SocketAddr,
    /// What it carries.
    pub contents: Vec<u8>,
}
