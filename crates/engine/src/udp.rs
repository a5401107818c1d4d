//! The UDP sockets: one for each family, non-blocking, with the destination address of what comes
//! in (so that an answer leaves from the address that was asked) and batched receive.
//!
//! `quinn-udp` does the system calls: `recvmmsg`, packet information and receive offload, on every
//! system; this file only gives them our words.

#[cfg(target_os = "linux")]
mod batch;
mod bind;

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};

use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};
use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSocketState};
use sfu::Outbox;

pub use bind::{bind, bind_each};

/// The largest datagram of interest is an Ethernet frame; with receive offload one read brings up
/// to 64 KiB of them.
const READ_BYTES: usize = 64 * 1024;

/// The sockets of one media thread.
#[derive(Debug)]
pub struct Sockets {
    sockets: Vec<Udp>,
    port: u16,
    /// Addresses of the machine that a datagram can be sent from.
    local: Vec<IpAddr>,
    #[cfg(target_os = "linux")]
    batch: batch::Batch,
    /// Whether the system cuts messages into datagrams; until it says that it cannot.
    is_segmenting: bool,
}

#[derive(Debug)]
struct Udp {
    socket: UdpSocket,
    state: UdpSocketState,
    address: SocketAddr,
}

/// Room for one batch of datagrams, allocated once.
#[derive(Debug)]
pub struct Buffers {
    bytes: Vec<u8>,
    meta: [RecvMeta; BATCH_SIZE],
    /// Messages in it.
    n: usize,
}

impl Default for Buffers {
    fn default() -> Self {
        Self::new()
    }
}

impl Buffers {
    /// Two megabytes.
    pub fn new() -> Self {
        let meta = [RecvMeta::default(); BATCH_SIZE];
        Self { bytes: vec![0; READ_BYTES * BATCH_SIZE], meta, n: 0 }
    }

    /// Source, destination address and bytes of each datagram.
    pub fn datagrams(&self) -> impl Iterator<Item = (SocketAddr, Option<IpAddr>, &[u8])> {
        let messages = self.meta.iter().zip(self.bytes.chunks_exact(READ_BYTES)).take(self.n);
        messages.flat_map(|(meta, bytes)| {
            let bytes = bytes.get(..meta.len).unwrap_or_default();
            bytes.chunks(meta.stride.max(1)).map(|it| (meta.addr, meta.dst_ip, it))
        })
    }
}

impl Sockets {
    fn new(sockets: Vec<Udp>, port: u16) -> Self {
        Self {
            sockets,
            port,
            local: Vec::new(),
            #[cfg(target_os = "linux")]
            batch: batch::Batch::new(),
            is_segmenting: true,
        }
    }

    /// Says which addresses are the machine's own.
    pub fn set_local(&mut self, local: Vec<IpAddr>) {
        self.local = local;
    }

    /// Whether an address is the machine's own, so that a datagram can be sent from it.
    pub fn has_local(&self, ip: IpAddr) -> bool {
        self.local.contains(&ip)
    }

    /// The port of all of them.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.sockets.is_empty()
    }

    /// How many there are; their tokens are 0 to this.
    pub fn count(&self) -> usize {
        self.sockets.len()
    }

    /// The addresses that they are bound to.
    pub fn bound(&self) -> Vec<IpAddr> {
        self.sockets.iter().map(|it| it.address.ip()).collect()
    }

    /// Wakes the poll when a datagram is there.
    pub fn register(&mut self, registry: &Registry) -> io::Result<()> {
        for (index, udp) in self.sockets.iter_mut().enumerate() {
            registry.register(&mut udp.socket, Token(index), Interest::READABLE)?;
        }
        Ok(())
    }

    /// Reads one batch. Returns whether there was one, and so may be more.
    pub fn receive(&self, index: usize, buffers: &mut Buffers) -> io::Result<bool> {
        buffers.n = 0;
        let Some(udp) = self.sockets.get(index) else { return Ok(false) };
        let mut chunks = buffers.bytes.chunks_exact_mut(READ_BYTES);
        let mut slices: [IoSliceMut<'_>; BATCH_SIZE] =
            std::array::from_fn(|_| IoSliceMut::new(chunks.next().unwrap_or_default()));
        let read = || udp.state.recv((&udp.socket).into(), &mut slices, &mut buffers.meta);
        match udp.socket.try_io(read) {
            Ok(n) => buffers.n = n,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    /// Sends everything; tells of the number of datagrams that could not be, and why.
    pub fn send(&mut self, outbox: &Outbox, mut lost: impl FnMut(usize, &io::Error)) {
        #[cfg(target_os = "linux")]
        let sent = self.send_in_batches(outbox, &mut lost);
        #[cfg(not(target_os = "linux"))]
        let sent = 0;
        for it in outbox.transmits().skip(sent) {
            if let Err(error) = self.send_one(&it) {
                lost(it.datagrams().count(), &error);
            }
        }
    }

    /// Sends in as few system calls as can be. Returns how many messages are dealt with: all, unless
    /// they are for several sockets or the system cannot cut messages apart.
    #[cfg(target_os = "linux")]
    fn send_in_batches(
        &mut self,
        outbox: &Outbox,
        lost: &mut impl FnMut(usize, &io::Error),
    ) -> usize {
        use std::os::fd::AsFd;

        let Self { sockets, batch, local, is_segmenting, .. } = self;
        let mut done = 0;
        while *is_segmenting && done < outbox.len() {
            // A run of one family goes to one socket.
            let Some(first) = outbox.transmits().nth(done) else { break };
            let is_ipv4 = first.destination.addr.is_ipv4();
            let udp = sockets.iter().find(|it| it.address.is_ipv4() == is_ipv4);
            let run = outbox.transmits().skip(done);
            let run = run.take_while(|it| it.destination.addr.is_ipv4() == is_ipv4);
            let Some(udp) = udp else {
                let error = io::Error::from(io::ErrorKind::AddrNotAvailable);
                done += run.map(|it| lost(it.datagrams().count(), &error)).count();
                continue;
            };
            let says_source = udp.address.ip().is_unspecified();
            let run = run.map(|transmit| batch::Outgoing {
                transmit,
                with_source: says_source && local.contains(&transmit.source.ip()),
            });
            match batch.send(udp.socket.as_fd(), run) {
                Ok(n) => done += n,
                Err(batch::Refused { index, error }) => {
                    done += index;
                    let refused = outbox.transmits().nth(done);
                    let n = refused.map_or(0, |it| it.datagrams().count());
                    if n > 1 && matches!(error.raw_os_error(), Some(libc::EIO | libc::EINVAL)) {
                        tracing::info!(%error, "without UDP segmentation offload");
                        *is_segmenting = false;
                        break;
                    }
                    lost(n, &error);
                    done += 1;
                }
            }
        }
        done
    }

    fn send_one(&self, it: &sfu::Transmit<'_>) -> io::Result<()> {
        let to = it.destination.addr;
        let udp = self.sockets.iter().find(|it| it.address.is_ipv4() == to.is_ipv4());
        let Some(udp) = udp else {
            return Err(io::Error::from(io::ErrorKind::AddrNotAvailable));
        };
        let src_ip = Some(it.source.ip()).filter(|ip| self.has_local(*ip));
        let segments = if self.is_segmenting { udp.state.max_gso_segments() } else { 1 };
        let at_once = it.segment_size * segments;
        for contents in it.contents.chunks(at_once) {
            let transmit = quinn_udp::Transmit {
                destination: to,
                ecn: None,
                contents,
                segment_size: Some(it.segment_size).filter(|size| contents.len() > *size),
                src_ip,
            };
            udp.socket.try_io(|| udp.state.try_send((&udp.socket).into(), &transmit))?;
        }
        Ok(())
    }
}
