//! The TCP connection of one client that gets media over TCP: the active side of RFC 6544.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::net::SocketAddr;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use rtp::frames::{self, Frames};

use crate::udp::Buffers;

/// Bytes that wait for a server which does not read, at most: feedback that is older is worth nothing.
const MAX_WAITING_BYTES: usize = 64 * 1024;

/// Framed datagrams that the system has not taken, the first perhaps in part.
#[derive(Debug, Default)]
pub(crate) struct Waiting(Vec<u8>);

impl Waiting {
    /// Sends what waits and then the datagram. One that finds no room is lost, as in any network.
    pub(crate) fn send(
        &mut self,
        datagram: &[u8],
        mut write: impl FnMut(&[u8]) -> io::Result<usize>,
    ) {
        if self.0.len() < MAX_WAITING_BYTES
            && let Some(header) = frames::header(datagram)
        {
            self.0.extend(header);
            self.0.extend(datagram);
        }
        while !self.0.is_empty() {
            match write(&self.0) {
                Ok(n) if n > 0 => drop(self.0.drain(..n)),
                // Of a broken connection the timeouts tell.
                _ => return,
            }
        }
    }
}

/// A connection, registered with a thread's poll.
#[derive(Debug)]
pub struct Tcp {
    stream: TcpStream,
    server: SocketAddr,
    frames: RefCell<Frames>,
    waiting: RefCell<Waiting>,
}

impl Tcp {
    pub(crate) fn register(
        stream: std::net::TcpStream,
        registry: &Registry,
        token: Token,
    ) -> io::Result<Self> {
        let server = stream.peer_addr()?;
        stream.set_nonblocking(true)?;
        _ = stream.set_nodelay(true);
        let mut stream = TcpStream::from_std(stream);
        registry.register(&mut stream, token, Interest::READABLE)?;
        Ok(Self { stream, server, frames: RefCell::default(), waiting: RefCell::default() })
    }

    /// Reads once. Returns whether there may be more.
    pub(crate) fn receive(
        &self,
        buffers: &mut Buffers,
        mut take: impl FnMut(SocketAddr, &mut [u8]),
    ) -> bool {
        match (&self.stream).read(&mut buffers.bytes) {
            Ok(n) if n > 0 => {
                let bytes = buffers.bytes.get_mut(..n).unwrap_or_default();
                let pass = |datagram: &mut [u8]| take(self.server, datagram);
                self.frames.borrow_mut().take(bytes, pass).is_ok()
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => true,
            // At the end of the connection the timeouts decide.
            _ => false,
        }
    }

    pub(crate) fn send(&self, datagram: &[u8]) {
        self.waiting.borrow_mut().send(datagram, |bytes| (&self.stream).write(bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_does_not_take_waits_and_stays_whole() {
        let (mut waiting, mut took, mut room) = (Waiting::default(), Vec::new(), 5);
        let mut write = |bytes: &[u8]| {
            let n = bytes.len().min(room);
            took.extend_from_slice(&bytes[..n]);
            room -= n;
            if n == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(n) }
        };
        waiting.send(b"first", &mut write);
        waiting.send(b"second", &mut write);
        let mut write = |bytes: &[u8]| {
            took.extend_from_slice(bytes);
            Ok(bytes.len())
        };
        waiting.send(b"", &mut write);
        assert_eq!(took, b"\0\x05first\0\x06second\0\0");
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut waiting = Waiting::default();
        for _ in 0..1_000 {
            waiting.send(&[7; 1_200], |_| Err(io::ErrorKind::WouldBlock.into()));
        }
        assert!(waiting.0.len() <= MAX_WAITING_BYTES + 1_202);
    }
}
