//! A client's UDP socket: one each, as real clients have. `quinn-udp` does the system calls, with
//! batches and receive offload.

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

/// Room for one batch, allocated once a thread.
#[derive(Debug)]
pub struct Buffers {
    bytes: Vec<u8>,
    meta: [RecvMeta; BATCH],
}

impl Buffers {
    pub fn new() -> Self {
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

/// A socket in a thread's poll.
#[derive(Debug)]
pub struct Udp {
    socket: UdpSocket,
    state: UdpSocketState,
}

impl Udp {
    pub fn register(
        socket: std::net::UdpSocket,
        registry: &Registry,
        token: Token,
    ) -> io::Result<Self> {
        // This also makes it non-blocking.
        let state = UdpSocketState::new((&socket).into())?;
        let mut socket = UdpSocket::from_std(socket);
        registry.register(&mut socket, token, Interest::READABLE)?;
        Ok(Self { socket, state })
    }

    /// Reads one batch. Returns whether there may be more.
    pub fn receive(
        &self,
        buffers: &mut Buffers,
        mut take: impl FnMut(SocketAddr, &mut [u8]),
    ) -> bool {
        let mut chunks = buffers.bytes.chunks_exact_mut(READ_BYTES);
        let mut slices: [IoSliceMut<'_>; BATCH] =
            std::array::from_fn(|_| IoSliceMut::new(chunks.next().unwrap_or_default()));
        let read = || self.state.recv((&self.socket).into(), &mut slices, &mut buffers.meta);
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

    /// Sends a datagram; one that cannot be sent is lost, as in any network.
    pub fn send(&self, to: SocketAddr, bytes: &[u8]) {
        _ = self.socket.send_to(bytes, to);
    }
}
