//! The server's half of media over TCP: takes connections as the program does, and has the engine carry them.

use std::io::{self, Read};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use engine::streams::{Connection, Place, Streams, is_stream};
use engine::worker_of_check;
use mio::{Events, Poll};
use sfu::{Datagram, Outbox, RemoteAddr};

/// What the system holds for a peer and has not sent yet, as the program has it.
#[cfg(target_os = "linux")]
const UNSENT_BYTES: u32 = 32 * 1024;

/// A listener and its connections.
#[derive(Debug)]
pub(super) struct Tcp {
    listener: TcpListener,
    address: SocketAddr,
    /// Connections whose first frame has not come: of clients that have only just joined.
    begun: Vec<(TcpStream, SocketAddr)>,
    streams: Streams,
    n_accepted: u64,
}

/// No connection gives way.
struct NoPlace;

impl Place for NoPlace {
    fn proven(&self) {}
}

impl Tcp {
    pub(super) fn listen(ip: IpAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::new(ip, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address, begun: Vec::new(), streams: Streams::new(0), n_accepted: 0 })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes connections, and passes on the check that each begins with.
    pub(super) fn accept(
        &mut self,
        poll: &Poll,
        now: Instant,
        mut take: impl FnMut(&Datagram<'_>),
    ) {
        while let Ok((stream, peer)) = self.listener.accept() {
            _ = stream.set_nonblocking(true);
            _ = stream.set_nodelay(true);
            #[cfg(target_os = "linux")]
            {
                _ = socket2::SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT_BYTES);
            }
            self.begun.push((stream, peer));
        }
        for (stream, peer) in std::mem::take(&mut self.begun) {
            let Some(first) = first_frame(&stream) else {
                self.begun.push((stream, peer));
                continue;
            };
            if worker_of_check(&first).is_none() {
                continue;
            }
            self.n_accepted += 1;
            let (local, id) = (self.address, self.n_accepted);
            let connection =
                Connection { stream, peer, local, first, id, place: Box::new(NoPlace) };
            if let Ok((source, destination, check)) =
                self.streams.add(connection, poll.registry(), now)
            {
                take(&Datagram { source, destination, contents: &check });
            }
        }
    }

    /// Looks which connections have something, as the engine's threads do.
    pub(super) fn poll(&mut self, poll: &mut Poll, events: &mut Events, now: Instant) {
        if self.streams.is_empty() || poll.poll(events, Some(Duration::ZERO)).is_err() {
            return;
        }
        for event in events.iter().filter(|it| is_stream(it.token())) {
            self.streams.ready(event, now);
        }
    }

    /// Reads the next connection that has something. Returns whether there was one.
    pub(super) fn receive(&mut self, mut take: impl FnMut(&Datagram<'_>)) -> bool {
        let is_any = self.streams.unread() > 0;
        self.streams.receive(|source, destination, contents| {
            take(&Datagram { source, destination, contents });
        });
        is_any
    }

    /// Sends what is for connections; what is dropped is counted.
    pub(super) fn send(&mut self, outbox: &Outbox, lost: impl FnMut(usize)) {
        self.streams.send(outbox, lost);
    }

    /// The next connection whose queue became full or empty.
    pub(super) fn changed(&mut self) -> Option<(RemoteAddr, bool)> {
        self.streams.changed()
    }
}

/// The first frame, once it is whole (RFC 4571).
fn first_frame(mut stream: &TcpStream) -> Option<Vec<u8>> {
    let mut bytes = [0; 1_024];
    let n = stream.peek(&mut bytes).ok()?;
    let header = *bytes.get(..n)?.first_chunk()?;
    let whole = header.len() + usize::from(u16::from_be_bytes(header));
    let frame = bytes.get_mut(..whole).filter(|_| whole <= n)?;
    stream.read_exact(frame).ok()?;
    frame.get(header.len()..).map(<[u8]>::to_vec)
}
