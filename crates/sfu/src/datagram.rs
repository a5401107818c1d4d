//! A datagram that came in. What goes out is in `outbox.rs`.

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
