//! The UDP socket of one client. Each client has its own, as real clients do.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};

use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};
use quinn_udp::{RecvMeta, UdpSocketState};
use socket2::{Domain, Socket, Type};

/// A keyframe is a burst of 60 datagrams, and the thread may be busy with others; the system caps
/// this at what it allows.
const BUFFER_BYTES: usize = 4 * 1024 * 1024;

/// Datagrams of one system call, or with receive offload runs of them.
const BATCH: usize = 8;

/// 64 KiB, and a little that keeps the buffers from sharing their places in the cache.
const READ_BYTES: usize = 64 * 1024 + 2_112;

/// How clients receive. Over loopback it decides what the sender pays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Receivers {
    /// With UDP_GRO, in batches: a message of several datagrams that a server sends over loopback comes whole. Cheap for
    /// the tool, and for the server as with a network card that segments.
    #[default]
    Gro,
    /// Without, a datagram each call, as browsers do: over loopback the kernel cuts each message apart in the server's
    /// time.
    Plain,
}

impl Receivers {
    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gro => "gro",
            Self::Plain => "plain",
        }
    }
}

/// Room for one batch, allocated once a thread.
#[derive(Debug)]
pub struct Buffers {
    pub(crate) bytes: Vec<u8>,
    meta: [RecvMeta; BATCH],
}

impl Default for Buffers {
    fn default() -> Self {
        Self { bytes: vec![0; READ_BYTES * BATCH], meta: [RecvMeta::default(); BATCH] }
    }
}

/// Opens a socket on any free port.
pub fn bind(ip: IpAddr) -> io::Result<std::net::UdpSocket> {
    let address = SocketAddr::new(ip, 0);
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None)?;
    // Best effort: the system says how much it gives.
    _ = socket.set_recv_buffer_size(BUFFER_BYTES);
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// A socket, registered with a thread's poll.
#[derive(Debug)]
pub struct Udp {
    socket: UdpSocket,
    /// `None` of plain receivers.
    offload: Option<UdpSocketState>,
}

impl Udp {
    pub fn register(
        socket: std::net::UdpSocket,
        registry: &Registry,
        token: Token,
        receivers: Receivers,
    ) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let offload = match receivers {
            Receivers::Gro => Some(UdpSocketState::new((&socket).into())?),
            Receivers::Plain => None,
        };
        let mut socket = UdpSocket::from_std(socket);
        registry.register(&mut socket, token, Interest::READABLE)?;
        Ok(Self { socket, offload })
    }

    /// Reads one batch. Returns whether there may be more.
    pub fn receive(
        &self,
        buffers: &mut Buffers,
        mut take: impl FnMut(SocketAddr, &mut [u8]),
    ) -> bool {
        let Some(offload) = &self.offload else { return self.receive_plain(buffers, take) };
        let mut chunks = buffers.bytes.chunks_exact_mut(READ_BYTES);
        let mut slices: [IoSliceMut<'_>; BATCH] =
            std::array::from_fn(|_| IoSliceMut::new(chunks.next().unwrap_or_default()));
        let read = || offload.recv((&self.socket).into(), &mut slices, &mut buffers.meta);
        // An error is an ICMP message about a datagram sent earlier, mostly: the timeouts decide.
        let Ok(n) = self.socket.try_io(read) else { return false };
        for (meta, slice) in buffers.meta.iter().zip(&mut slices).take(n) {
            let bytes = slice.get_mut(..meta.len).unwrap_or_default();
            for datagram in bytes.chunks_mut(meta.stride.max(1)) {
                take(meta.addr, datagram);
            }
        }
        n == BATCH
    }

    fn receive_plain(
        &self,
        buffers: &mut Buffers,
        mut take: impl FnMut(SocketAddr, &mut [u8]),
    ) -> bool {
        for _ in 0..BATCH {
            match self.socket.recv_from(&mut buffers.bytes) {
                Ok((len, source)) => take(source, buffers.bytes.get_mut(..len).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                // An ICMP message about a datagram sent earlier: the timeouts decide.
                Err(_) => {}
            }
        }
        true
    }

    /// Sends a datagram; one that cannot be sent is lost, as in any network.
    pub fn send(&self, to: SocketAddr, bytes: &[u8]) {
        _ = self.socket.send_to(bytes, to);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn both_kinds_of_receivers_get_every_datagram() {
        for receivers in [Receivers::Gro, Receivers::Plain] {
            let poll = mio::Poll::new().unwrap();
            let socket = bind(Ipv4Addr::LOCALHOST.into()).unwrap();
            let to = socket.local_addr().unwrap();
            let udp = Udp::register(socket, poll.registry(), Token(0), receivers).unwrap();
            let from = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
            (0..20_u8).for_each(|n| _ = from.send_to(&[n; 3], to).unwrap());
            let (mut buffers, mut came) = (Buffers::default(), Vec::new());
            while udp.receive(&mut buffers, |_, datagram| came.push(datagram.to_vec())) {}
            let sent: Vec<_> = (0..20_u8).map(|n| vec![n; 3]).collect();
            assert_eq!(came, sent, "{receivers:?}");
        }
    }
}
