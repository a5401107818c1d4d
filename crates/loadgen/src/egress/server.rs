//! The server's half: core and sockets as the engine has them, and what they use.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use engine::udp::{self, Buffers, Sockets};
use sfu::{Command, Config, Datagram, Egress, Event, Output, PeerId, RoomId, Sfu};

use super::EgressError;
use crate::cpu;

/// What was used so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    /// CPU time of the server's steps.
    pub(super) cpu: Duration,
    /// Allocations in them.
    pub(super) allocations: u64,
    /// Bytes on the heap.
    pub(super) held: i64,
    /// Messages handed to the kernel, each one or many datagrams.
    pub(super) messages: u64,
    /// Datagrams received.
    pub(super) received: u64,
    /// Datagrams that the kernel did not take.
    pub(super) dropped: u64,
}

impl Usage {
    pub(super) fn since(self, earlier: Self) -> Self {
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

/// The server's half.
pub(super) struct Server {
    sfu: Sfu,
    sockets: Sockets,
    buffers: Buffers,
    candidate: SocketAddr,
    heap: fn() -> (u64, i64),
    usage: Usage,
    events: Vec<Event>,
}

impl Server {
    pub(super) fn start(
        ip: IpAddr,
        egress: Egress,
        heap: fn() -> (u64, i64),
    ) -> Result<Self, EgressError> {
        let mut sockets = udp::bind(ip, 0)?;
        sockets.set_local(vec![ip]);
        let candidate = SocketAddr::new(ip, sockets.port());
        let mut config = Config::new(vec![candidate]);
        config.max_peers = usize::MAX;
        config.egress = egress;
        Ok(Self {
            sfu: Sfu::new(config),
            sockets,
            buffers: Buffers::new(),
            candidate,
            heap,
            usage: Usage::default(),
            events: Vec::new(),
        })
    }

    pub(super) fn usage(&self) -> Usage {
        self.usage
    }

    /// Takes what came, and sends what is due.
    pub(super) fn step(&mut self, now: Instant) {
        self.counted(|it| {
            it.receive(now);
            it.sfu.handle_timeout(now);
            it.drain(now);
        });
        self.events.clear();
    }

    pub(super) fn publish(
        &mut self,
        room: RoomId,
        peer: PeerId,
        offer: String,
        now: Instant,
    ) -> Result<String, EgressError> {
        self.command(Command::Publish { room, peer, offer, on_air: false }, now);
        self.description()
    }

    pub(super) fn watch(
        &mut self,
        room: RoomId,
        peer: PeerId,
        now: Instant,
    ) -> Result<String, EgressError> {
        self.command(Command::Watch { room, peer }, now);
        self.description()
    }

    pub(super) fn answer(
        &mut self,
        peer: PeerId,
        sdp: String,
        now: Instant,
    ) -> Result<(), EgressError> {
        self.command(Command::Answer { peer, sdp }, now);
        match self.events.pop() {
            Some(Event::Negotiated { .. }) => Ok(()),
            other => Err(EgressError::NoConnection(format!("an answer came to {other:?}"))),
        }
    }

    pub(super) fn go_live(&mut self, room: RoomId, now: Instant) {
        self.command(Command::GoLive { room }, now);
    }

    fn command(&mut self, command: Command, now: Instant) {
        self.events.clear();
        self.counted(|it| {
            it.sfu.handle_command(command, now);
            it.drain(now);
        });
    }

    fn description(&mut self) -> Result<String, EgressError> {
        match self.events.pop() {
            Some(Event::Offer { sdp, .. } | Event::Answer { sdp, .. }) => Ok(sdp),
            other => Err(EgressError::NoConnection(format!("a description came to {other:?}"))),
        }
    }

    /// Adds up what a step uses.
    fn counted(&mut self, step: impl FnOnce(&mut Self)) {
        let (allocations, held) = (self.heap)();
        let began = cpu::of_thread().unwrap_or_default();
        step(self);
        self.usage.cpu += cpu::of_thread().unwrap_or_default().saturating_sub(began);
        let (more_allocations, more_held) = (self.heap)();
        self.usage.allocations += more_allocations - allocations;
        self.usage.held += more_held - held;
    }

    fn receive(&mut self, now: Instant) {
        let Self { sfu, sockets, buffers, candidate, usage, .. } = self;
        for index in 0..sockets.count() {
            let mut more = true;
            while more {
                let result = sockets.receive(index, buffers, |source, _, contents| {
                    usage.received += 1;
                    sfu.handle_datagram(
                        &Datagram { source, destination: *candidate, contents },
                        now,
                    );
                });
                more = result.unwrap_or(false);
            }
        }
    }

    fn drain(&mut self, now: Instant) {
        loop {
            match self.sfu.poll_output(now) {
                Output::Timeout(_) => return,
                Output::Event(event) => self.events.push(event),
                Output::Parcel { .. } => unreachable!("there is one worker"),
                Output::Transmits(outbox) => {
                    self.usage.messages += outbox.len() as u64;
                    let dropped = &mut self.usage.dropped;
                    self.sockets.send(outbox, |n, _| *dropped += n as u64);
                }
            }
        }
    }
}
