//! One TURN client on one stream, without sockets and clocks.

mod core;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use crate::credentials::Credentials;
use crate::framing::{Frame, Framer};
use crate::limits::MESSAGES_BEFORE_ALLOCATION;
use crate::peers::Peers;
use core::{Core, Step};

/// What all clients of a server have in common.
#[derive(Debug, Clone)]
pub struct Config {
    /// Issues the credentials that clients show.
    pub credentials: Credentials,
    /// The server's candidates, which are all that a client may reach.
    pub peers: Peers,
    /// Where datagrams for any of the peers go: the media port, at an address of this machine that it listens on.
    pub media: SocketAddr,
}

/// What is known of a stream when it begins.
#[derive(Debug, Clone, Copy)]
pub struct Start {
    /// The clock of all later calls.
    pub now: Instant,
    /// The same time, in seconds since 1970.
    pub unix: u64,
    /// Random bytes of this stream alone, from a secure source.
    pub random: [u8; 16],
}

/// What is to be done now.
#[derive(Debug, PartialEq, Eq)]
pub enum Output<'a> {
    /// Take a place, bind a socket, and call [`Allocation::allocated`] before the next [`Allocation::poll_output`].
    Allocate,
    /// Send this to the media port from the socket of this peer. Peers are counted from 0; peer 0 has the socket that
    /// was bound for the allocation, and each other one a socket of its own.
    Datagram {
        /// Index of the peer.
        peer: usize,
        /// What the client sent.
        data: &'a [u8],
    },
    /// The allocation has ended: give up its sockets and its place.
    Release,
    /// Close the stream.
    Close(Ended),
    /// Nothing, until this time or until more comes in.
    Wait(Instant),
}

/// Why no allocation is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAllocated {
    /// There are too many: 486.
    Full,
    /// The system has no socket: 508.
    NoSocket,
}

/// Why a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The client closed it, or the network did.
    Closed,
    /// There was no allocation for 10 s.
    NoAllocation,
    /// The client sent too many messages without an allocation.
    TooManyMessages,
    /// What the client sent is no TURN, or is too long.
    Malformed,
    /// The client took nothing of what waited for it for 10 s.
    NotTaken,
    /// The server stops.
    Shutdown,
}

/// What passed a stream, and what did not.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Datagrams from the client to the media port.
    pub to_media: u64,
    /// Datagrams from the media port to the client.
    pub to_client: u64,
    /// Datagrams to the client that were dropped since it reads too slowly.
    pub dropped: u64,
    /// Datagrams from the client to a peer without a permission or a channel, and requests for a peer that is not
    /// permitted.
    pub refused: u64,
}

/// A TURN client (RFC 8656) on a stream, whose only peer is the server's own media port.
///
/// Input, then drain: after each [`received`](Self::received), each deadline and each
/// [`allocated`](Self::allocated), call [`poll_output`](Self::poll_output) until it returns [`Output::Wait`].
pub struct Allocation {
    framer: Framer,
    core: Core,
}

impl std::fmt::Debug for Allocation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Allocation")
            .field("client", &self.core.client)
            .field("counts", &self.core.counts)
            .finish_non_exhaustive()
    }
}

impl Allocation {
    /// A stream that has just begun. `client` is the address that the client is told as its own.
    #[must_use]
    pub fn new(config: Arc<Config>, client: SocketAddr, start: Start) -> Self {
        Self { framer: Framer::new(), core: Core::new(config, client, start) }
    }

    /// Where to read bytes of the stream into.
    pub fn space(&mut self) -> &mut [u8] {
        self.framer.space()
    }

    /// Whether to read. Not while responses wait that the client does not take: its requests would have no end.
    #[must_use]
    pub fn wants_bytes(&self) -> bool {
        self.core.outbox.has_room_for_response()
    }

    /// So many bytes of the stream were read into [`space`](Self::space).
    pub fn received(&mut self, n: usize) {
        self.framer.filled(n);
    }

    /// A datagram came from the media port to the socket of this peer.
    pub fn handle_datagram(&mut self, now: Instant, peer: usize, data: &[u8]) {
        self.core.handle_datagram(now, peer, data);
    }

    /// The result of [`Output::Allocate`]: the port of the socket.
    pub fn allocated(&mut self, now: Instant, port: Result<u16, NotAllocated>) {
        self.core.allocated(now, port);
    }

    /// What to do next.
    pub fn poll_output(&mut self, now: Instant) -> Output<'_> {
        loop {
            if let Some(output) = self.core.poll_timeout(now) {
                return output;
            }
            if !self.core.outbox.has_room_for_response() {
                return Output::Wait(self.core.deadline());
            }
            let frame = match self.framer.take() {
                Ok(Some(frame)) => frame,
                Ok(None) => return Output::Wait(self.core.deadline()),
                Err(_) => return Output::Close(Ended::Malformed),
            };
            if self.core.count_message() > MESSAGES_BEFORE_ALLOCATION {
                return Output::Close(Ended::TooManyMessages);
            }
            let step = match frame {
                Frame::Message { start, end } => {
                    self.core.handle_message(now, start, self.framer.bytes(start, end))
                }
                Frame::ChannelData { number, start, end } => {
                    self.core.handle_channel_data(now, number, start, end)
                }
            };
            match step {
                Step::Nothing => {}
                Step::Allocate => return Output::Allocate,
                Step::Datagram { peer, start, end } => {
                    return Output::Datagram { peer, data: self.framer.bytes(start, end) };
                }
            }
        }
    }

    /// Bytes to write to the stream.
    #[must_use]
    pub fn waiting(&self) -> &[u8] {
        self.core.outbox.waiting()
    }

    /// So many bytes of [`waiting`](Self::waiting) were written.
    pub fn written(&mut self, now: Instant, n: usize) {
        self.core.outbox.took(now, n);
    }

    /// What passed so far.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.core.counts
    }
}
