//! One media thread: its sockets, its core, its clock, and the loop around them. All that can
//! wake it is in [`Worker::turn`].

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token, Waker};
use sfu::{Command, Datagram, Event, NegotiationError, Output, PeerId, RoomId, Sfu, TapPacket};

use crate::capacity::Capacity;
use crate::counters::{Counters, Tally};
use crate::figures::FiguresReply;
use crate::mailbox::Mailboxes;
use crate::streams::{Connection, Streams, is_stream};
use crate::udp::{Buffers, Sockets};

/// Batches read from one socket in one turn: then timers and the other socket get their share.
pub const BATCHES_PER_TURN: usize = 16;

/// Commands carried out in one turn. A join costs a third of a millisecond; media goes first.
const COMMANDS_PER_TURN: usize = 16;

/// Messages taken in one go: all that an inbox holds, so that what was there is taken.
const PARCELS_AT_ONCE: usize = crate::mailbox::MAX_MESSAGES;

/// What a full send buffer or an unreachable address costs is counted, and said once in this time.
const SAY_DROPS_EVERY: Duration = Duration::from_secs(60);

const WAKER: Token = Token(usize::MAX);

/// Takes the packets of rooms that are tapped out of the vector.
pub(crate) type TapSink = Box<dyn FnMut(&mut Vec<TapPacket>) + Send>;

/// What is sent to a media thread.
#[derive(Debug)]
pub(crate) enum Message {
    /// Of the control plane.
    Command(Command),
    /// Of the control plane, about a new peer that there is no place for.
    Refuse(PeerId),
    /// Of the operator: what is counted of all rooms, or of one and its peers.
    Figures(Option<RoomId>, FiguresReply),
    /// The machine has other addresses.
    Addresses(Box<Addresses>),
    /// A TCP connection of a peer.
    Stream(Box<Connection>),
    /// The number of one that gives way.
    GiveWay(u64),
    /// The process ends.
    Stop,
}

/// The machine's addresses, and those that are announced.
#[derive(Debug)]
pub(crate) struct Addresses {
    pub(crate) local: Vec<IpAddr>,
    pub(crate) candidates: Vec<SocketAddr>,
    pub(crate) tcp_candidates: Vec<SocketAddr>,
}

/// A media thread's state.
pub(crate) struct Worker {
    sfu: Sfu,
    sockets: Sockets,
    streams: Streams,
    /// Which of our candidates a datagram was sent to, by its destination address.
    candidates: Vec<SocketAddr>,
    poll: Poll,
    /// Lives as long as the poll does.
    _waker: Arc<Waker>,
    inbox: Receiver<Message>,
    mailboxes: Mailboxes,
    capacity: Capacity,
    sink: Box<dyn FnMut(Event) + Send>,
    tap: TapSink,
    dropped: Dropped,
    tally: Tally,
    counters: Arc<Counters>,
}

/// What a thread waits with, and what wakes it.
pub(crate) struct Waiting {
    poll: Poll,
    waker: Arc<Waker>,
}

impl Waiting {
    pub(crate) fn new() -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        Ok(Self { poll, waker })
    }

    /// What wakes the thread after something was sent to it.
    pub(crate) fn waker(&self) -> Arc<Waker> {
        Arc::clone(&self.waker)
    }
}

/// How a worker is told and tells.
pub(crate) struct Ends {
    pub(crate) inbox: Receiver<Message>,
    pub(crate) mailboxes: Mailboxes,
    pub(crate) capacity: Capacity,
    pub(crate) sink: Box<dyn FnMut(Event) + Send>,
    /// Takes the packets of rooms that are tapped.
    pub(crate) tap: TapSink,
    pub(crate) counters: Arc<Counters>,
}

/// Datagrams that could not be sent.
#[derive(Debug, Default)]
struct Dropped {
    count: u64,
    /// Those that the system had no room for.
    crowded: u64,
    said_at: Option<Instant>,
}

impl Worker {
    /// Prepares the loop.
    pub(crate) fn new(
        config: sfu::Config,
        mut sockets: Sockets,
        Waiting { poll, waker }: Waiting,
        Ends { inbox, mailboxes, capacity, sink, tap, counters }: Ends,
    ) -> io::Result<Self> {
        sockets.register(poll.registry())?;
        let candidates = config.candidates.clone();
        let streams = Streams::new(config.worker);
        let (sfu, dropped) = (Sfu::new(config), Dropped::default());
        Ok(Self {
            sfu,
            sockets,
            streams,
            candidates,
            poll,
            _waker: waker,
            inbox,
            mailboxes,
            capacity,
            sink,
            tap,
            dropped,
            tally: Tally::default(),
            counters,
        })
    }

    /// Runs until told to stop.
    pub(crate) fn run(mut self) {
        let _guard = AbortOnPanic;
        let mut events = Events::with_capacity(64);
        let mut buffers = Buffers::new();
        let mut wake_at = None;
        loop {
            let timeout = wake_at.map(|at: Instant| at.saturating_duration_since(Instant::now()));
            if let Err(error) = self.poll.poll(&mut events, timeout)
                && error.kind() != io::ErrorKind::Interrupted
            {
                panic!("the system cannot wait for datagrams: {error}");
            }
            if !self.streams.is_empty() {
                let now = Instant::now();
                for event in events.iter().filter(|it| is_stream(it.token())) {
                    self.streams.ready(event, now);
                }
            }
            match self.turn(&mut buffers, wake_at) {
                Some(next) => wake_at = next,
                None => return,
            }
        }
    }

    /// Takes everything that came, and sends what is made of it; `due` is the deadline that it had. Returns the next
    /// deadline; `None` at the end.
    fn turn(&mut self, buffers: &mut Buffers, due: Option<Instant>) -> Option<Option<Instant>> {
        let begun = Instant::now();
        let late = due.map(|due| begun.saturating_duration_since(due)).unwrap_or_default();
        let mut more = self.take_messages(begun);
        for index in 0..self.sockets.count() {
            more |= self.receive(index, buffers);
        }
        more |= self.receive_streams();
        let mut now = Instant::now();
        for n in 0..COMMANDS_PER_TURN {
            let message = self.inbox.try_recv();
            self.tally.taken += u64::from(message.is_ok());
            match message {
                Ok(Message::Command(command)) => {
                    self.capacity.took(command.is_of_new_peer());
                    self.sfu.handle_command(command, now);
                }
                Ok(Message::Refuse(peer)) => {
                    (self.sink)(Event::Rejected { peer, error: NegotiationError::Full });
                }
                Ok(Message::Figures(of, reply)) => reply.send(self.sfu.figures(of)),
                Ok(Message::Addresses(it)) => {
                    self.sockets.set_local(it.local);
                    self.candidates.clone_from(&it.candidates);
                    self.sfu.set_candidates(it.candidates, it.tcp_candidates);
                }
                Ok(Message::Stream(connection)) => self.add_stream(*connection, now),
                Ok(Message::GiveWay(id)) => self.streams.give_way(id),
                Ok(Message::Stop) => {
                    self.sfu.close_all(now);
                    self.drain(now);
                    return None;
                }
                Err(_) => break,
            }
            more |= n + 1 == COMMANDS_PER_TURN;
        }
        self.drain(now);
        now = Instant::now();
        self.sfu.handle_timeout(now);
        let next = self.drain(now);
        let looks_at = self.streams.look(now, |remote| self.sfu.holds_stream(remote));
        let next = [next, looks_at].into_iter().flatten().min();
        self.capacity.keep(self.sfu.registered());
        self.tally.turned(late, begun.elapsed());
        self.counters.store(&self.tally);
        // Edge-triggered: what was left unread does not wake us again.
        Some(if more { Some(now) } else { next })
    }

    /// Takes what other workers sent. Returns whether there may be more.
    fn take_messages(&mut self, now: Instant) -> bool {
        while let Some(message) = self.mailboxes.returned() {
            self.sfu.recycle(message);
        }
        for _ in 0..PARCELS_AT_ONCE {
            let Some(message) = self.mailboxes.receive() else { return false };
            let emptied = self.sfu.handle_message(message, now);
            self.mailboxes.give_back(emptied);
            self.drain(now);
        }
        true
    }

    /// Reads one socket, and sends what is made of each batch before the next. Returns whether there
    /// may be more.
    fn receive(&mut self, index: usize, buffers: &mut Buffers) -> bool {
        let mut more = false;
        for _ in 0..BATCHES_PER_TURN {
            match self.sockets.receive(index, buffers) {
                Ok(true) => {}
                Ok(false) => return more,
                Err(error) => {
                    // An ICMP message about a datagram sent earlier, mostly: the next read goes on.
                    tracing::debug!(%error, "receive failed");
                    continue;
                }
            }
            let now = Instant::now();
            // What a client did may rest on what another worker wrote here before it answered the client:
            // so that is looked for after the datagrams were read, and taken before them. What comes by
            // way of a third worker, or found no room at first, can still be late; then the client tries
            // again.
            more |= self.take_messages(now);
            for (source, to, contents) in buffers.datagrams() {
                self.tally.received += 1;
                self.tally.received_bytes += contents.len() as u64;
                if let Some(destination) = candidate(&self.candidates, source, to) {
                    self.sfu.handle_datagram(
                        &Datagram { source: source.into(), destination, contents },
                        now,
                    );
                }
            }
            self.drain(now);
        }
        true
    }

    /// Takes a TCP connection over, with the check that it begins with. One whose check names nobody is closed.
    fn add_stream(&mut self, connection: Connection, now: Instant) {
        if !self.sfu.knows_check(&connection.first) {
            return;
        }
        match self.streams.add(connection, self.poll.registry(), now) {
            Ok((source, destination, check)) => {
                let datagram = Datagram { source, destination, contents: &check };
                self.sfu.handle_datagram(&datagram, now);
                // A check that went to another worker is answered for later.
                self.streams.check_owner(source, self.sfu.holds_stream(source));
                self.drain(now);
            }
            Err(error) => tracing::debug!(%error, "TCP connection not taken"),
        }
    }

    /// Reads each TCP connection that has something once. Returns whether there may be more.
    fn receive_streams(&mut self) -> bool {
        for _ in 0..self.streams.unread() {
            let now = Instant::now();
            let Self { sfu, streams, .. } = self;
            streams.receive(|source, destination, contents| {
                sfu.handle_datagram(&Datagram { source, destination, contents }, now);
            });
            self.drain(now);
        }
        self.streams.unread() > 0
    }

    /// Sends and reports until the core has nothing more. Returns its next deadline.
    fn drain(&mut self, now: Instant) -> Option<Instant> {
        loop {
            while let Some((remote, is_full)) = self.streams.changed() {
                self.sfu.stream_full(remote, is_full, now);
            }
            match self.sfu.poll_output(now) {
                Output::Timeout(next) => return next,
                Output::Event(event) => (self.sink)(event),
                Output::Tapped(packets) => (self.tap)(packets),
                Output::Message { to, message } => {
                    if let Err(message) = self.mailboxes.send(to, message) {
                        self.tally.undelivered += 1;
                        self.sfu.undelivered(to, message, now);
                    }
                }
                Output::Transmits(outbox) => {
                    let dropped = &mut self.dropped;
                    self.tally.sent += outbox.len() as u64;
                    self.tally.sent_bytes += outbox.bytes() as u64;
                    self.streams.send(outbox, |n| dropped.note(n, &too_slow(), now));
                    self.sockets.send(outbox, |n, error| dropped.note(n, error, now));
                    self.tally.dropped = dropped.count;
                    self.tally.crowded = dropped.crowded;
                }
            }
        }
    }
}

/// The candidate that a datagram was sent to. One that came to an address which is not announced
/// (a secondary one, or behind a NAT) counts for the first of its family.
fn candidate(
    candidates: &[SocketAddr],
    source: SocketAddr,
    to: Option<IpAddr>,
) -> Option<SocketAddr> {
    let exact = candidates.iter().find(|it| Some(it.ip()) == to);
    exact.or_else(|| candidates.iter().find(|it| it.is_ipv4() == source.is_ipv4())).copied()
}

/// Whether the system has no memory left for what is sent.
#[cfg(target_os = "linux")]
fn no_buffers(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ENOBUFS)
}

#[cfg(not(target_os = "linux"))]
fn no_buffers(_: &io::Error) -> bool {
    false
}

/// Why a datagram for a TCP connection is dropped.
fn too_slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "a peer on TCP does not take them")
}

impl Dropped {
    fn note(&mut self, n: usize, error: &io::Error, now: Instant) {
        self.count += n as u64;
        if error.kind() == io::ErrorKind::WouldBlock || no_buffers(error) {
            self.crowded += n as u64;
        }
        let quiet = self.said_at.is_some_and(|at| now.duration_since(at) < SAY_DROPS_EVERY);
        if !quiet {
            self.said_at = Some(now);
            tracing::warn!(n_dropped = self.count, %error, "datagrams could not be sent");
        }
    }
}

/// A media thread that died cannot be mended: everybody's picture stands still. The process ends,
/// so that whoever supervises it starts it anew.
struct AbortOnPanic;

impl Drop for AbortOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("the media thread failed; the process ends");
            std::process::abort();
        }
    }
}
