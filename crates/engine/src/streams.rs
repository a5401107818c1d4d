//! TCP connections that carry media, for networks that let no UDP through (RFC 6544). Each datagram is a frame with its
//! length before it (RFC 4571).
//!
//! | file | what |
//! | --- | --- |
//! | `streams/unsent.rs` | what waits for a peer |
//!
//! A media thread owns its connections. What a peer does not take waits in a queue of its own; from [`FULL_BYTES`] on the
//! core is told, which then sends it no video, as on a link that is too narrow.

mod unsent;

use std::collections::{HashMap, VecDeque};
use std::io::{self, Read};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use rtp::frames::Frames;
use sfu::{Outbox, RemoteAddr, StreamId};

use unsent::Unsent;

/// Bytes that wait for a peer from which on it is sent no video: a fifth of a second at 1.3 Mbit/s.
const FULL_BYTES: usize = 32 * 1024;

/// Bytes that wait for a peer below which it is sent video again.
const LOW_BYTES: usize = 8 * 1024;

/// The time in which a peer has to take at least a byte, while bytes wait for it.
const TAKES_WITHIN: Duration = Duration::from_secs(10);

/// A connection that no peer has owned for so long is closed: its check may have to go to another worker first.
const UNOWNED_FOR: Duration = Duration::from_secs(2);

/// How often connections without a peer, and those that do not read, are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Bytes read of one connection in one turn: then the others get their share.
const READ_BYTES: usize = 64 * 1024;

/// A connection that a peer has opened.
pub struct Connection {
    /// The connection. Of what the peer sent, the first frame was read.
    pub stream: std::net::TcpStream,
    /// The peer's address.
    pub peer: SocketAddr,
    /// The address of ours that it reached.
    pub local: SocketAddr,
    /// The first frame: a connectivity check.
    pub first: Vec<u8>,
    /// The connection's number, different from that of any other that is open.
    pub id: u64,
    /// Dropped when the connection is closed.
    pub place: Box<dyn Place>,
}

/// What a connection takes of whoever accepted it.
pub trait Place: Send {
    /// A peer has proven that the connection is its own: it gives way to no other any more.
    fn proven(&self);
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("peer", &self.peer).finish_non_exhaustive()
    }
}

/// The connections of one media thread.
#[derive(Debug)]
pub struct Streams {
    worker: u8,
    next: NonZeroU32,
    all: HashMap<Token, Stream>,
    /// Connections that no peer has owned yet, by their number.
    unproven: HashMap<u64, Token>,
    /// Connections that may have something to read. At most all, each once.
    unread: VecDeque<Token>,
    /// Connections whose queue became full or empty. At most all, each with its last state.
    changed: Vec<(RemoteAddr, bool)>,
    buffer: Box<[u8]>,
    looked_at: Option<Instant>,
}

struct Stream {
    socket: TcpStream,
    id: u64,
    remote: RemoteAddr,
    local: SocketAddr,
    frames: Frames,
    unsent: Unsent,
    is_full: bool,
    /// Whether it is among those that may have something to read.
    is_unread: bool,
    /// When a peer was last known to own it.
    owned_at: Instant,
    /// When the peer last took something, or nothing waited for it.
    took_at: Instant,
    // Last: the place is free when the socket is closed.
    place: Box<dyn Place>,
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream").field("remote", &self.remote).finish_non_exhaustive()
    }
}

/// The tokens below are those of UDP sockets.
const FIRST_TOKEN: usize = 1 << 16;

impl Streams {
    /// None, of the worker with this number.
    pub fn new(worker: u8) -> Self {
        Self {
            worker,
            next: NonZeroU32::MIN,
            all: HashMap::new(),
            unproven: HashMap::new(),
            unread: VecDeque::new(),
            changed: Vec::new(),
            buffer: vec![0; READ_BYTES].into(),
            looked_at: None,
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Takes a connection over; its first frame is for the core.
    ///
    /// # Errors
    /// When the system refuses; the connection is closed then.
    pub fn add(
        &mut self,
        connection: Connection,
        registry: &Registry,
        now: Instant,
    ) -> io::Result<(RemoteAddr, SocketAddr, Vec<u8>)> {
        let Connection { stream, peer, local, first, id, place } = connection;
        stream.set_nonblocking(true)?;
        let mut socket = TcpStream::from_std(stream);
        let number = self.next;
        self.next = self.next.checked_add(1).unwrap_or(NonZeroU32::MIN);
        let token = token(number);
        let interest = Interest::READABLE | Interest::WRITABLE;
        registry.register(&mut socket, token, interest)?;
        let remote =
            RemoteAddr { addr: peer, stream: Some(StreamId { worker: self.worker, number }) };
        let stream = Stream {
            socket,
            id,
            remote,
            local,
            frames: Frames::default(),
            unsent: Unsent::default(),
            is_full: false,
            is_unread: false,
            owned_at: now,
            took_at: now,
            place,
        };
        self.all.insert(token, stream);
        self.unproven.insert(id, token);
        Ok((remote, local, first))
    }

    /// Notes that a peer owns a connection, if it does.
    pub fn check_owner(&mut self, remote: RemoteAddr, is_owned: bool) {
        let token = remote.stream.filter(|_| is_owned).map(|it| token(it.number));
        if let Some(stream) = token.and_then(|it| self.all.get_mut(&it))
            && self.unproven.remove(&stream.id).is_some()
        {
            stream.place.proven();
        }
    }

    /// Closes a connection that has lost its place. One that was proven meanwhile too: nobody counts it any more.
    pub fn give_way(&mut self, id: u64) {
        let unproven = self.unproven.get(&id).copied();
        let is_it = |(token, stream): (&Token, &Stream)| (stream.id == id).then_some(*token);
        if let Some(token) = unproven.or_else(|| self.all.iter().find_map(is_it)) {
            self.close(token);
        }
    }

    /// Notes that the system has something of, or for, a connection.
    pub fn ready(&mut self, event: &mio::event::Event, now: Instant) {
        let token = event.token();
        if event.is_writable()
            && let Some(stream) = self.all.get_mut(&token)
        {
            match stream.unsent.flush(&mut stream.socket) {
                Ok(took) => {
                    if took || stream.unsent.is_empty() {
                        stream.took_at = now;
                    }
                    if stream.is_full && stream.unsent.len() < LOW_BYTES {
                        stream.is_full = false;
                        self.changed.push((stream.remote, false));
                    }
                }
                Err(_) => self.close(token),
            }
        }
        if (event.is_readable() || event.is_read_closed())
            && let Some(stream) = self.all.get_mut(&token)
            && !std::mem::replace(&mut stream.is_unread, true)
        {
            self.unread.push_back(token);
        }
    }

    /// How many connections may have something to read.
    pub fn unread(&self) -> usize {
        self.unread.len()
    }

    /// Reads the next connection that may have something, and passes each datagram on. One that may have more is the last
    /// of them again.
    pub fn receive(&mut self, mut take: impl FnMut(RemoteAddr, SocketAddr, &[u8])) {
        let Some(token) = self.unread.pop_front() else { return };
        let Some(stream) = self.all.get_mut(&token) else { return };
        let (remote, local) = (stream.remote, stream.local);
        let result = stream.socket.read(&mut self.buffer);
        let (is_open, has_more) = match result {
            Ok(0) => (false, false),
            Ok(n) => {
                let bytes = self.buffer.get_mut(..n).unwrap_or_default();
                (stream.frames.take(bytes, |datagram| take(remote, local, datagram)).is_ok(), true)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => (true, false),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => (true, true),
            Err(_) => (false, false),
        };
        stream.is_unread = has_more;
        if !is_open {
            self.close(token);
        } else if has_more {
            self.unread.push_back(token);
        }
    }

    /// Sends what is for connections of this thread. What a peer does not take waits, up to a bound; beyond it, datagrams
    /// are dropped and counted.
    pub fn send(&mut self, outbox: &Outbox, mut lost: impl FnMut(usize)) {
        for it in outbox.of_streams() {
            let Some(id) = it.destination.stream else { continue };
            let token = token(id.number);
            // One that is closed has lost its peer, too.
            let Some(stream) = self.all.get_mut(&token) else { continue };
            match stream.unsent.send(&mut stream.socket, it.datagrams()) {
                Ok(n_lost) => {
                    if n_lost > 0 {
                        lost(n_lost);
                    }
                    if !stream.is_full && stream.unsent.len() >= FULL_BYTES {
                        stream.is_full = true;
                        self.changed.push((stream.remote, true));
                    }
                }
                Err(_) => self.close(token),
            }
        }
    }

    /// The next connection whose queue became full or empty.
    pub fn changed(&mut self) -> Option<(RemoteAddr, bool)> {
        self.changed.pop()
    }

    /// Closes connections without a peer, and those that take nothing. Returns when to look again.
    pub fn look(&mut self, now: Instant, is_owned: impl Fn(RemoteAddr) -> bool) -> Option<Instant> {
        if self.all.is_empty() {
            return None;
        }
        let is_over = |since: Instant, time| now.saturating_duration_since(since) >= time;
        if self.looked_at.is_some_and(|at| !is_over(at, LOOK_EVERY)) {
            return self.looked_at.map(|at| at + LOOK_EVERY);
        }
        self.looked_at = Some(now);
        let Self { all, unproven, .. } = self;
        all.retain(|_, stream| {
            if is_owned(stream.remote) {
                stream.owned_at = now;
                if unproven.remove(&stream.id).is_some() {
                    stream.place.proven();
                }
            }
            if stream.unsent.is_empty() {
                stream.took_at = now;
            }
            let stays =
                !is_over(stream.owned_at, UNOWNED_FOR) && !is_over(stream.took_at, TAKES_WITHIN);
            if !stays {
                unproven.remove(&stream.id);
            }
            stays
        });
        Some(now + LOOK_EVERY)
    }

    fn close(&mut self, token: Token) {
        // Dropping a socket deregisters it.
        if let Some(stream) = self.all.remove(&token) {
            self.unproven.remove(&stream.id);
        }
    }
}

fn token(number: NonZeroU32) -> Token {
    Token(FIRST_TOKEN + number.get() as usize)
}

/// Whether a token is that of a connection.
pub fn is_stream(token: Token) -> bool {
    (FIRST_TOKEN..FIRST_TOKEN + u32::MAX as usize + 1).contains(&token.0)
}

#[cfg(test)]
mod tests;
