//! The server: its core and the engine's sockets, and the CPU time and memory that they use.

mod tcp;

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use engine::BATCHES_PER_TURN;
use engine::udp::{self, Buffers, Sockets};
use mio::{Events, Poll};
use sfu::{Cast, Command, Config, Datagram, Event, Output, PeerId, RemoteAddr, RoomId, Seat, Sfu};

use crate::error::BenchError;
use crate::str0m_rooms::Str0mRooms;
use synth::resources;
use synth::socket::Transport;
use tcp::Tcp;

/// What the server used so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// CPU time of the server's steps.
    pub(crate) cpu: Duration,
    /// Allocations in them.
    pub(crate) allocations: u64,
    /// Bytes on the heap.
    pub(crate) held: i64,
    /// Messages handed to the kernel, each one or many datagrams.
    pub(crate) messages: u64,
    /// Datagrams received.
    pub(crate) received: u64,
    /// Datagrams that the kernel did not take.
    pub(crate) dropped: u64,
}

impl Usage {
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            cpu: self.cpu.saturating_sub(earlier.cpu),
            allocations: self.allocations - earlier.allocations,
            held: self.held - earlier.held,
            messages: self.messages - earlier.messages,
            received: self.received - earlier.received,
            dropped: self.dropped - earlier.dropped,
        }
    }
}

/// How long the server's work takes on the virtual clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speed {
    /// As long as it takes on this machine.
    Real,
    /// Work takes no time.
    Infinite,
}

/// The end of a turn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn {
    pub(crate) ended: Instant,
    /// When there is something to do next, without anything that comes.
    pub(crate) next: Option<Instant>,
    /// Whether the sockets may have more already.
    pub(crate) has_more: bool,
}

/// A clock that advances by this thread's CPU time.
struct Passing {
    now: Instant,
    since: Duration,
    speed: Speed,
}

impl Passing {
    fn new(now: Instant, speed: Speed) -> Self {
        Self { now, since: resources::of_thread().unwrap_or_default(), speed }
    }

    /// The time now.
    fn now(&mut self) -> Instant {
        let used = resources::of_thread().unwrap_or_default();
        if self.speed == Speed::Real {
            self.now += used.saturating_sub(self.since);
        }
        self.since = used;
        self.now
    }

    /// Runs something that takes no time.
    fn beside(&mut self, it: impl FnOnce(Instant)) {
        it(self.now());
        self.since = resources::of_thread().unwrap_or_default();
    }
}

/// Who forwards.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Forwarder {
    /// The server's core.
    #[default]
    Core,
    /// A str0m session for each client, for comparison.
    Str0m,
}

impl Forwarder {
    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Str0m => "str0m",
        }
    }
}

/// Both have one interface.
enum Rooms {
    Core(Box<Sfu>),
    Str0m(Box<Str0mRooms>),
}

impl Rooms {
    fn handle_command(&mut self, command: Command, now: Instant) {
        match self {
            Self::Core(it) => it.handle_command(command, now),
            Self::Str0m(it) => it.handle_command(command, now),
        }
    }

    fn handle_datagram(&mut self, datagram: &Datagram<'_>, now: Instant) {
        match self {
            Self::Core(it) => it.handle_datagram(datagram, now),
            Self::Str0m(it) => it.handle_datagram(datagram, now),
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        match self {
            Self::Core(it) => it.handle_timeout(now),
            Self::Str0m(it) => it.handle_timeout(now),
        }
    }

    /// Only the core knows TCP connections.
    fn stream_full(&mut self, remote: RemoteAddr, is_full: bool, now: Instant) {
        if let Self::Core(it) = self {
            it.stream_full(remote, is_full, now);
        }
    }

    fn poll_output(&mut self, now: Instant) -> Output<'_> {
        match self {
            Self::Core(it) => it.poll_output(now),
            Self::Str0m(it) => it.poll_output(now),
        }
    }
}

/// The server's half.
pub(crate) struct Server {
    rooms: Rooms,
    /// The engine's threads wait with one, which is a part of what a turn costs.
    poll: Poll,
    polled: Events,
    sockets: Sockets,
    /// Where viewers get media over TCP.
    tcp: Option<Tcp>,
    buffers: Buffers,
    candidate: SocketAddr,
    heap: fn() -> (u64, i64),
    usage: Usage,
    events: Vec<Event>,
}

impl Server {
    pub(crate) fn start(
        ip: IpAddr,
        forwarder: Forwarder,
        transport: Transport,
        heap: fn() -> (u64, i64),
    ) -> Result<Self, BenchError> {
        let mut sockets = udp::bind(ip, 0)?;
        sockets.set_local(vec![ip]);
        let candidate = SocketAddr::new(ip, sockets.port());
        let tcp = match transport {
            Transport::Udp => None,
            Transport::Tcp => Some(Tcp::listen(ip).map_err(BenchError::Sockets)?),
        };
        let rooms = match forwarder {
            Forwarder::Core => {
                let mut config = Config::new(vec![candidate]);
                config.tcp_candidates = tcp.iter().map(Tcp::address).collect();
                config.max_peers = usize::MAX;
                Rooms::Core(Box::new(Sfu::new(config)))
            }
            Forwarder::Str0m => Rooms::Str0m(Box::new(Str0mRooms::new(candidate))),
        };
        let poll = Poll::new().map_err(BenchError::Sockets)?;
        sockets.register(poll.registry()).map_err(BenchError::Sockets)?;
        Ok(Self {
            rooms,
            poll,
            polled: Events::with_capacity(64),
            sockets,
            tcp,
            buffers: Buffers::new(),
            candidate,
            heap,
            usage: Usage::default(),
            events: Vec::new(),
        })
    }

    pub(crate) fn usage(&self) -> Usage {
        self.usage
    }

    /// Receives and sends all that is due.
    #[inline(never)] // Instructions are counted by its name.
    pub(crate) fn step(&mut self, now: Instant) {
        self.counted(|it| {
            for index in 0..it.sockets.count() {
                while it.receive(index, now) {
                    // As the engine's threads do: what is to be sent is not kept until all was read.
                    it.drain(now, || {});
                }
            }
            it.receive_streams(now);
            it.rooms.handle_timeout(now);
            it.drain(now, || {});
        });
        self.events.clear();
    }

    /// One turn, in the order that an engine's thread has, begun at this time. `sent` is told after each
    /// flush what time it was then; it takes none itself.
    pub(crate) fn turn(
        &mut self,
        began: Instant,
        speed: Speed,
        mut sent: impl FnMut(Instant),
    ) -> Turn {
        let mut time = Passing::new(began, speed);
        _ = self.poll.poll(&mut self.polled, Some(Duration::ZERO));
        let mut has_more = false;
        for index in 0..self.sockets.count() {
            let mut batches = 0;
            while batches < BATCHES_PER_TURN && self.receive(index, began) {
                self.drain(began, || time.beside(&mut sent));
                batches += 1;
            }
            has_more |= batches == BATCHES_PER_TURN;
        }
        let now = time.now();
        self.rooms.handle_timeout(now);
        let next = self.drain(now, || time.beside(&mut sent));
        self.events.clear();
        Turn { ended: time.now(), next, has_more }
    }

    pub(crate) fn publish(
        &mut self,
        room: RoomId,
        peer: PeerId,
        offer: String,
        now: Instant,
    ) -> Result<String, BenchError> {
        self.command(
            Command::Publish {
                room,
                peer,
                seat: Seat::HOST,
                offer,
                on_air: false,
                max_kbps: None,
                via: None,
            },
            now,
        );
        self.description()
    }

    pub(crate) fn watch(
        &mut self,
        room: RoomId,
        peer: PeerId,
        now: Instant,
    ) -> Result<String, BenchError> {
        self.command(
            Command::Watch { room, peer, cast: Cast::default(), publishes: None, via: None },
            now,
        );
        self.description()
    }

    pub(crate) fn answer(
        &mut self,
        peer: PeerId,
        sdp: String,
        now: Instant,
    ) -> Result<(), BenchError> {
        self.command(Command::Answer { peer, sdp }, now);
        match self.events.pop() {
            Some(Event::Negotiated { .. }) => Ok(()),
            other => Err(BenchError::NoConnection(format!("an answer came to {other:?}"))),
        }
    }

    pub(crate) fn go_live(&mut self, room: RoomId, now: Instant) {
        self.command(Command::GoLive { room }, now);
    }

    #[inline(never)] // Instructions are counted by its name.
    fn command(&mut self, command: Command, now: Instant) {
        self.events.clear();
        self.counted(|it| {
            it.rooms.handle_command(command, now);
            it.drain(now, || {});
        });
    }

    fn description(&mut self) -> Result<String, BenchError> {
        match self.events.pop() {
            Some(Event::Offer { sdp, .. } | Event::Answer { sdp, .. }) => Ok(sdp),
            other => Err(BenchError::NoConnection(format!("a description came to {other:?}"))),
        }
    }

    /// Adds up what a step uses.
    fn counted(&mut self, step: impl FnOnce(&mut Self)) {
        let (allocations, held) = (self.heap)();
        let began = resources::of_thread().unwrap_or_default();
        step(self);
        self.usage.cpu += resources::of_thread().unwrap_or_default().saturating_sub(began);
        let (more_allocations, more_held) = (self.heap)();
        self.usage.allocations += more_allocations - allocations;
        self.usage.held += more_held - held;
    }

    /// Reads a batch from one socket. Returns whether there was any.
    fn receive(&mut self, index: usize, now: Instant) -> bool {
        let Self { rooms, sockets, buffers, candidate, usage, .. } = self;
        let is_any = sockets.receive(index, buffers).unwrap_or(false);
        for (source, _, contents) in buffers.datagrams() {
            usage.received += 1;
            rooms.handle_datagram(
                &Datagram { source: source.into(), destination: *candidate, contents },
                now,
            );
        }
        is_any
    }

    /// Reads all TCP connections that have something.
    fn receive_streams(&mut self, now: Instant) {
        let Self { tcp: Some(tcp), rooms, poll, polled, .. } = self else { return };
        tcp.accept(poll, now, |check| rooms.handle_datagram(check, now));
        tcp.poll(poll, polled, now);
        while let Self { tcp: Some(tcp), rooms, usage, .. } = self
            && tcp.receive(|datagram| {
                usage.received += 1;
                rooms.handle_datagram(datagram, now);
            })
        {
            self.drain(now, || {});
        }
    }

    /// Sends all output, and calls `flushed` after each send. Returns the next deadline.
    fn drain(&mut self, now: Instant, mut flushed: impl FnMut()) -> Option<Instant> {
        loop {
            while let Some((remote, is_full)) = self.tcp.as_mut().and_then(Tcp::changed) {
                self.rooms.stream_full(remote, is_full, now);
            }
            match self.rooms.poll_output(now) {
                Output::Timeout(next) => return next,
                Output::Event(event) => self.events.push(event),
                Output::Tapped(_) => {}
                Output::Message { .. } => unreachable!("there is one worker"),
                Output::Transmits(outbox) => {
                    self.usage.messages += outbox.len() as u64;
                    if let Some(tcp) = &mut self.tcp {
                        let dropped = &mut self.usage.dropped;
                        self.usage.messages += outbox.of_streams().count() as u64;
                        tcp.send(outbox, |n| *dropped += n as u64);
                    }
                    let dropped = &mut self.usage.dropped;
                    self.sockets.send(outbox, |n, _| *dropped += n as u64);
                    flushed();
                }
            }
        }
    }
}
