//! The socket of one client: UDP, or a TCP connection to the server.

use std::io;
use std::net::{SocketAddr, TcpStream, UdpSocket};

use mio::{Registry, Token};

use crate::tcp::Tcp;
use crate::udp::{Buffers, Receivers, Udp};

/// How a client's media travels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Transport {
    #[default]
    Udp,
    /// Over a TCP connection that the client opens (RFC 6544).
    Tcp,
}

impl Transport {
    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        }
    }
}

/// A socket that no thread has yet.
#[derive(Debug)]
pub enum Unregistered {
    Udp(UdpSocket),
    /// Connected.
    Tcp(TcpStream),
}

/// A socket, registered with a thread's poll.
#[derive(Debug)]
pub enum Socket {
    Udp(Udp),
    Tcp(Tcp),
}

impl Socket {
    /// `receivers` is for UDP alone.
    pub fn register(
        socket: Unregistered,
        registry: &Registry,
        token: Token,
        receivers: Receivers,
    ) -> io::Result<Self> {
        match socket {
            Unregistered::Udp(it) => Udp::register(it, registry, token, receivers).map(Self::Udp),
            Unregistered::Tcp(it) => Tcp::register(it, registry, token).map(Self::Tcp),
        }
    }

    /// Reads one batch. Returns whether there may be more.
    pub fn receive(&self, buffers: &mut Buffers, take: impl FnMut(SocketAddr, &mut [u8])) -> bool {
        match self {
            Self::Udp(it) => it.receive(buffers, take),
            Self::Tcp(it) => it.receive(buffers, take),
        }
    }

    /// Sends a datagram; one that cannot be sent is lost, as in any network. A TCP connection has one destination.
    pub fn send(&self, to: SocketAddr, bytes: &[u8]) {
        match self {
            Self::Udp(it) => it.send(to, bytes),
            Self::Tcp(it) => it.send(bytes),
        }
    }
}
