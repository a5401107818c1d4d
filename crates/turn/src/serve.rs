//! One TURN client on a stream, with its sockets.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Instant, SystemTime};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::UdpSocket;
use tokio::time::Sleep;

use crate::allocation::{Allocation, Config, Counts, Ended, NotAllocated, Output, Start};
use crate::limits::{MAX_MESSAGE_BYTES, PEERS};

/// Bytes that are written at once: a TLS record. No more are handed over before they are on their way, so that what
/// waits is counted here and not hidden in a buffer of TLS.
const WRITE_BYTES: usize = 16 * 1024;

/// Datagrams that are read from a socket before its stream is written to.
const BATCH: usize = 32;

/// Rounds of reading and writing before other tasks have their turn.
const ROUNDS: usize = 16;

/// Counts allocations: in total, and by network.
pub trait Count {
    /// A counted place; dropping it gives it back.
    type Place;

    /// A place for an allocation of this client. Without one the client is refused with 486.
    fn take(&self, client: SocketAddr) -> Option<Self::Place>;
}

/// A stream that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// Why it ended.
    pub ended: Ended,
    /// What passed it.
    pub counts: Counts,
}

/// Serves one TURN client until its stream ends, or until `shutdown` is ready.
///
/// `stream` begins with the client's first STUN message. `client` is the address of the client, which it is told as its
/// own and which `count` counts by. There is one socket for each peer that the client sends to, connected to
/// `config.media`: the kernel passes nothing to or from any other address.
pub async fn serve<S, C>(
    stream: S,
    client: SocketAddr,
    config: Arc<Config>,
    count: &C,
    shutdown: impl Future<Output = ()>,
) -> Served
where
    S: AsyncRead + AsyncWrite + Unpin,
    C: Count,
{
    let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let start = Start { now: now(), unix: unix.as_secs(), random: rand::random() };
    let mut serving = Serving {
        stream,
        client,
        media: config.media,
        allocation: Allocation::new(config, client, start),
        count,
        place: None,
        sockets: [const { None }; PEERS],
        datagram: Box::new([0; MAX_MESSAGE_BYTES]),
        timer: Box::pin(tokio::time::sleep_until(start.now.into())),
        is_flushing: false,
    };
    let ended = tokio::select! {
        biased;
        () = shutdown => Ended::Shutdown,
        ended = poll_fn(|cx| serving.poll(cx)) => ended,
    };
    // Says goodbye, as far as that needs no waiting.
    poll_fn(|cx| {
        _ = Pin::new(&mut serving.stream).poll_shutdown(cx);
        Poll::Ready(())
    })
    .await;
    let counts = serving.allocation.counts();
    tracing::debug!(%client, ?ended, ?counts, "TURN stream ended");
    Served { ended, counts }
}

/// Tests pause this clock.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

struct Serving<'a, S, C: Count> {
    stream: S,
    client: SocketAddr,
    media: SocketAddr,
    allocation: Allocation,
    count: &'a C,
    place: Option<C::Place>,
    /// By peer.
    sockets: [Option<UdpSocket>; PEERS],
    /// Where datagrams are read into.
    datagram: Box<[u8; MAX_MESSAGE_BYTES]>,
    timer: Pin<Box<Sleep>>,
    is_flushing: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin, C: Count> Serving<'_, S, C> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ended> {
        for _ in 0..ROUNDS {
            let now = now();
            let deadline = match self.drain(now) {
                Ok(deadline) => deadline,
                Err(ended) => return Poll::Ready(ended),
            };
            let read = self.read(cx);
            let forwarded = self.forward(cx, now);
            let written = self.write(cx, now);
            let (Ok(read), Ok(written)) = (read, written) else {
                return Poll::Ready(Ended::Closed);
            };
            let is_due = self.poll_timer(cx, deadline);
            if !(read || forwarded || written || is_due) {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Does all that the client asked for. Returns the next deadline.
    fn drain(&mut self, now: Instant) -> Result<Instant, Ended> {
        loop {
            match self.allocation.poll_output(now) {
                Output::Datagram { peer, data } => {
                    let Some(socket) = self.sockets.get_mut(peer) else { continue };
                    if socket.is_none() {
                        *socket = connect(self.media).ok();
                    }
                    // Where a socket lacks, or its buffer is full, the datagram is lost, as any may be. Not by
                    // `try_send`, which loses the first: tokio learns later that a new socket is writable.
                    if let Some(socket) = socket {
                        _ = SockRef::from(&*socket).send(data);
                    }
                }
                Output::Allocate => {
                    let port = self.allocate();
                    tracing::debug!(ip = %self.client.ip(), ?port, "TURN allocation");
                    self.allocation.allocated(now, port);
                }
                Output::Release => {
                    self.sockets = [const { None }; PEERS];
                    self.place = None;
                }
                Output::Close(ended) => return Err(ended),
                Output::Wait(deadline) => return Ok(deadline),
            }
        }
    }

    fn allocate(&mut self) -> Result<u16, NotAllocated> {
        let place = self.count.take(self.client).ok_or(NotAllocated::Full)?;
        let socket = connect(self.media).map_err(|_| NotAllocated::NoSocket)?;
        let port = socket.local_addr().map_err(|_| NotAllocated::NoSocket)?.port();
        self.place = Some(place);
        self.sockets[0] = Some(socket);
        Ok(port)
    }

    /// Whether something came. The stream is closed where it fails.
    fn read(&mut self, cx: &mut Context<'_>) -> Result<bool, Broken> {
        if !self.allocation.wants_bytes() {
            return Ok(false);
        }
        let mut buffer = ReadBuf::new(self.allocation.space());
        match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
            Poll::Pending => Ok(false),
            Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                let n = buffer.filled().len();
                self.allocation.received(n);
                Ok(true)
            }
            Poll::Ready(_) => Err(Broken),
        }
    }

    /// Takes datagrams from the sockets. Whether there were any.
    fn forward(&mut self, cx: &mut Context<'_>, now: Instant) -> bool {
        let mut any = false;
        for (peer, socket) in self.sockets.iter().enumerate() {
            let Some(socket) = socket else { continue };
            'ready: while socket.poll_recv_ready(cx).is_ready() {
                any = true;
                for _ in 0..BATCH {
                    match socket.try_recv(&mut self.datagram[..]) {
                        // One that fills the buffer is cut.
                        Ok(n) if n < self.datagram.len() => {
                            self.allocation.handle_datagram(now, peer, &self.datagram[..n]);
                        }
                        Ok(_) => {}
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue 'ready,
                        // Nobody listens on the media port.
                        Err(_) => {}
                    }
                }
                break;
            }
        }
        any
    }

    /// Writes what waits, many messages at once. Whether the stream took some.
    fn write(&mut self, cx: &mut Context<'_>, now: Instant) -> Result<bool, Broken> {
        let mut any = false;
        loop {
            let stream = Pin::new(&mut self.stream);
            if self.is_flushing {
                match stream.poll_flush(cx) {
                    Poll::Pending => return Ok(any),
                    Poll::Ready(Ok(())) => self.is_flushing = false,
                    Poll::Ready(Err(_)) => return Err(Broken),
                }
                continue;
            }
            let waiting = self.allocation.waiting();
            if waiting.is_empty() {
                return Ok(any);
            }
            match stream.poll_write(cx, &waiting[..waiting.len().min(WRITE_BYTES)]) {
                Poll::Pending => return Ok(any),
                Poll::Ready(Ok(n)) if n > 0 => {
                    self.allocation.written(now, n);
                    self.is_flushing = true;
                    any = true;
                }
                Poll::Ready(_) => return Err(Broken),
            }
        }
    }

    /// Whether the deadline has come. The timer is set anew only where it would be late, since deadlines move on with
    /// every write.
    fn poll_timer(&mut self, cx: &mut Context<'_>, deadline: Instant) -> bool {
        if self.timer.deadline() > deadline.into() || self.timer.is_elapsed() {
            self.timer.as_mut().reset(deadline.into());
        }
        self.timer.as_mut().poll(cx).is_ready()
    }
}

/// The stream cannot be read or written any more.
struct Broken;

/// A socket that only the media port can send to.
fn connect(media: SocketAddr) -> io::Result<UdpSocket> {
    let socket = std::net::UdpSocket::bind(SocketAddr::new(media.ip(), 0))?;
    socket.connect(media)?;
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket)
}
