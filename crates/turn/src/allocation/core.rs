//! The state of a client, apart from the bytes that it sent.

mod allocate;
mod attributes;
mod auth;
mod live;
mod requests;
mod response;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use stun_types::message::{Message, MessageClass, TransactionId};
use turn_types::message::SEND;

use super::{Config, Counts, Ended, Output, Start};
use crate::framing::CHANNEL_HEADER;
use crate::limits::ALLOCATE_WITHIN;
use crate::outbox::Outbox;
use allocate::Asked;
use auth::Nonce;
use live::{Live, WayBack};

pub(super) struct Core {
    config: Arc<Config>,
    pub(super) client: SocketAddr,
    start: Start,
    nonce: Nonce,
    state: State,
    /// An allocation ended, and its sockets are not given up yet.
    release: bool,
    pub(super) outbox: Outbox,
    pub(super) counts: Counts,
    indications: u128,
}

enum State {
    None(Unallocated),
    /// One was asked for, and has no socket yet.
    Asked(Asked),
    /// There is one.
    Live(Live),
}

/// There is no allocation.
#[derive(Clone, Copy)]
struct Unallocated {
    since: Instant,
    messages: u32,
}

impl Unallocated {
    const fn new(since: Instant) -> Self {
        Self { since, messages: 0 }
    }

    fn deadline(&self) -> Instant {
        self.since + ALLOCATE_WITHIN
    }
}

/// What comes of one message. Positions are those of the framer.
pub(super) enum Step {
    Nothing,
    Allocate,
    Datagram { peer: usize, start: usize, end: usize },
}

impl Core {
    pub(super) fn new(config: Arc<Config>, client: SocketAddr, start: Start) -> Self {
        Self {
            nonce: Nonce::new(&config.credentials, start),
            config,
            client,
            start,
            state: State::None(Unallocated::new(start.now)),
            release: false,
            outbox: Outbox::new(start.now),
            counts: Counts::default(),
            indications: u128::from_be_bytes(start.random),
        }
    }

    fn unix(&self, now: Instant) -> u64 {
        self.start.unix + now.duration_since(self.start.now).as_secs()
    }

    const fn live(&self) -> Option<&Live> {
        if let State::Live(live) = &self.state { Some(live) } else { None }
    }

    const fn live_mut(&mut self) -> Option<&mut Live> {
        if let State::Live(live) = &mut self.state { Some(live) } else { None }
    }

    fn end_allocation(&mut self, now: Instant) {
        self.state = State::None(Unallocated::new(now));
        self.release = true;
    }

    /// Ends what is due.
    pub(super) fn poll_timeout(&mut self, now: Instant) -> Option<Output<'static>> {
        if self.outbox.deadline().is_some_and(|at| at <= now) {
            return Some(Output::Close(Ended::NotTaken));
        }
        if self.live().is_some_and(|live| live.expires <= now) {
            self.end_allocation(now);
        }
        if std::mem::take(&mut self.release) {
            return Some(Output::Release);
        }
        match &self.state {
            State::None(it) if it.deadline() <= now => Some(Output::Close(Ended::NoAllocation)),
            State::Asked(_) => Some(Output::Wait(self.deadline())),
            State::None(_) | State::Live(_) => None,
        }
    }

    pub(super) fn deadline(&self) -> Instant {
        let at = match &self.state {
            State::None(it) => it.deadline(),
            State::Asked(asked) => asked.before.deadline(),
            State::Live(live) => live.expires,
        };
        self.outbox.deadline().map_or(at, |taken| taken.min(at))
    }

    /// How many messages came without an allocation, this one included.
    pub(super) const fn count_message(&mut self) -> u32 {
        let State::None(before) = &mut self.state else { return 0 };
        before.messages += 1;
        before.messages
    }

    pub(super) fn handle_channel_data(
        &mut self,
        now: Instant,
        number: u16,
        start: usize,
        end: usize,
    ) -> Step {
        match self.live().and_then(|live| live.peer_of_channel(number, now)) {
            Some(peer) => {
                self.counts.to_media += 1;
                Step::Datagram { peer, start, end }
            }
            None => {
                self.counts.refused += 1;
                Step::Nothing
            }
        }
    }

    /// `bytes`: a whole message, which begins at `start`.
    pub(super) fn handle_message(&mut self, now: Instant, start: usize, bytes: &[u8]) -> Step {
        // RFC 8489, section 6.3: what cannot be read, or is not expected, is silently discarded.
        let Ok(message) = Message::from_bytes(bytes) else { return Step::Nothing };
        match message.class() {
            MessageClass::Request => self.handle_request(now, &message),
            MessageClass::Indication if message.method() == SEND => {
                match self.route(now, &message) {
                    Some((peer, from, to)) => {
                        self.counts.to_media += 1;
                        Step::Datagram { peer, start: start + from, end: start + to }
                    }
                    None => {
                        self.counts.refused += 1;
                        Step::Nothing
                    }
                }
            }
            MessageClass::Indication | MessageClass::Success | MessageClass::Error => Step::Nothing,
        }
    }

    pub(super) fn handle_datagram(&mut self, now: Instant, peer: usize, data: &[u8]) {
        let Some(way) = self.live().and_then(|live| live.way_back(peer, now)) else {
            self.counts.dropped += 1;
            return;
        };
        let longest = response::longest_with(data);
        if !self.outbox.has_room_for_datagram(now, longest) {
            self.counts.dropped += 1;
            return;
        }
        self.counts.to_client += 1;
        match way {
            WayBack::Channel(number) => self.outbox.add(now, longest, |space| {
                let end = CHANNEL_HEADER + data.len();
                space[..2].copy_from_slice(&number.to_be_bytes());
                space[2..CHANNEL_HEADER].copy_from_slice(&(data.len() as u16).to_be_bytes());
                space[CHANNEL_HEADER..end].copy_from_slice(data);
                end.next_multiple_of(4)
            }),
            WayBack::Indication(from) => {
                let id = self.next_indication();
                self.outbox.add(now, longest, |space| response::data(space, id, from, data));
            }
        }
    }

    /// Indications have no answer: their ids need only differ.
    fn next_indication(&mut self) -> TransactionId {
        self.indications = self.indications.wrapping_add(1);
        // 96 bits; the library writes the magic cookie before them.
        (self.indications & ((1 << 96) - 1)).into()
    }
}
