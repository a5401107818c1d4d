//! A media thread: its participants, each with a socket, their deadlines, and the clock.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token, Waker};

use synth::participant::Participant;
use synth::resources;
use synth::socket::{Socket, Unregistered};
use synth::stats::{Counters, Stats, Times, Totals};
use synth::udp::{Buffers, Receivers};
use synth::viewer::Recorder;

/// Messages that may wait for a thread, which takes all of them each time it wakes.
const MAX_MESSAGES: usize = 1_024;
/// Batches read from one socket before others have their turn.
const BATCHES_PER_TURN: usize = 8;
const WAKER: Token = Token(usize::MAX);

/// A message to a media thread.
enum Message {
    Add(Participant, Unregistered),
    Steady,
    Finish,
}

/// What a thread measured.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    pub(crate) stats: Stats,
    /// Before the steady phase.
    pub(crate) joining: Counters,
    /// Of the steady phase alone.
    pub(crate) steady: Counters,
    /// Viewers that nothing came to any more.
    pub(crate) silent: u64,
    /// What the thread itself used, in the steady phase.
    pub(crate) cpu: Option<Duration>,
    /// Of the steady phase before this one, if there were two.
    pub(crate) first: Option<Half>,
}

/// What a thread measured in the first of two steady phases.
#[derive(Debug)]
pub(crate) struct Half {
    pub(crate) delay: Times,
    pub(crate) counters: Counters,
    pub(crate) cpu: Option<Duration>,
}

/// A running media thread.
pub(crate) struct Handle {
    messages: SyncSender<Message>,
    waker: Arc<Waker>,
    thread: JoinHandle<Measured>,
}

impl Handle {
    pub(crate) fn start(name: &str, totals: Arc<Totals>, receivers: Receivers) -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        let (messages, inbox) = sync_channel(MAX_MESSAGES);
        let worker = Worker {
            poll,
            inbox,
            totals,
            receivers,
            slots: Vec::new(),
            timers: BinaryHeap::new(),
            stats: Stats::default(),
            told: Counters::default(),
            steady: None,
            first: None,
        };
        let thread = std::thread::Builder::new().name(name.into()).spawn(move || worker.run())?;
        Ok(Self { messages, waker, thread })
    }

    pub(crate) fn adder(&self) -> Adder {
        Adder { messages: self.messages.clone(), waker: Arc::clone(&self.waker) }
    }

    /// The steady phase begins, or the second one.
    pub(crate) fn steady(&self) {
        self.adder().send(Message::Steady);
    }

    /// Ends the steady phase; all clients say goodbye.
    pub(crate) fn finish(&self) {
        self.adder().send(Message::Finish);
    }

    /// What the thread measured, once told to finish.
    pub(crate) fn join(self) -> Measured {
        match self.thread.join() {
            Ok(measured) => measured,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

/// Hands clients to a thread.
#[derive(Clone)]
pub(crate) struct Adder {
    messages: SyncSender<Message>,
    waker: Arc<Waker>,
}

impl Adder {
    pub(crate) fn add(&self, participant: Participant, socket: Unregistered) {
        self.send(Message::Add(participant, socket));
    }

    fn send(&self, message: Message) {
        // The thread ends only when told to; who comes after that is not needed.
        if self.messages.send(message).is_ok() {
            _ = self.waker.wake();
        }
    }
}

struct Slot {
    participant: Participant,
    socket: Socket,
    /// The deadline that stands in the heap for it.
    scheduled: Option<Instant>,
}

struct Worker {
    poll: Poll,
    inbox: Receiver<Message>,
    totals: Arc<Totals>,
    receivers: Receivers,
    slots: Vec<Slot>,
    timers: BinaryHeap<Reverse<(Instant, usize)>>,
    stats: Stats,
    /// What the totals have already.
    told: Counters,
    steady: Option<(Counters, Option<Duration>)>,
    first: Option<Half>,
}

impl Worker {
    fn run(mut self) -> Measured {
        let mut events = Events::with_capacity(1_024);
        let mut buffers = Buffers::default();
        loop {
            let next = self.timers.peek().map(|it| it.0.0);
            let wait = next.map(|at| at.saturating_duration_since(Instant::now()));
            // Interrupted by a signal: the next turn waits for the rest.
            _ = self.poll.poll(&mut events, wait);
            let mut unread: Vec<usize> = Vec::new();
            for event in &events {
                if event.token() != WAKER && self.receive(event.token().0, &mut buffers) {
                    unread.push(event.token().0);
                }
            }
            // Edge-triggered: what was left unread does not wake us again.
            while !unread.is_empty() {
                unread.retain(|index| self.receive(*index, &mut buffers));
            }
            self.run_timers();
            self.tell();
            while let Ok(message) = self.inbox.try_recv() {
                match message {
                    Message::Add(participant, socket) => self.add(participant, socket),
                    Message::Steady => self.begin_steady(),
                    Message::Finish => return self.finish(),
                }
            }
        }
    }

    fn add(&mut self, participant: Participant, socket: Unregistered) {
        let index = self.slots.len();
        match Socket::register(socket, self.poll.registry(), Token(index), self.receivers) {
            Ok(socket) => self.slots.push(Slot { participant, socket, scheduled: None }),
            Err(error) => return self.totals.fail(&format!("socket: {error}")),
        }
        self.timeout(index, Instant::now());
    }

    /// Reads one socket. Returns whether there may be more.
    fn receive(&mut self, index: usize, buffers: &mut Buffers) -> bool {
        let Some(Slot { participant, socket, .. }) = self.slots.get_mut(index) else {
            return false;
        };
        let mut recorder = Recorder { stats: &mut self.stats, totals: &self.totals };
        let mut more = true;
        for _ in 0..BATCHES_PER_TURN {
            // Read after what it says: a packet is never earlier than it was sent.
            let mut now = None;
            more = socket.receive(buffers, |source, datagram| {
                let now = *now.get_or_insert_with(Instant::now);
                let mut send = |to, bytes: &[u8]| socket.send(to, bytes);
                participant.handle_datagram(source, datagram, now, &mut recorder, &mut send);
            });
            if !more {
                break;
            }
        }
        self.schedule(index);
        more
    }

    fn timeout(&mut self, index: usize, now: Instant) {
        let Some(Slot { participant, socket, .. }) = self.slots.get_mut(index) else { return };
        let mut recorder = Recorder { stats: &mut self.stats, totals: &self.totals };
        let mut send = |to, bytes: &[u8]| socket.send(to, bytes);
        participant.handle_timeout(now, &mut recorder, &mut send);
        self.schedule(index);
    }

    fn schedule(&mut self, index: usize) {
        let Some(slot) = self.slots.get_mut(index) else { return };
        let next = slot.participant.next_at();
        if slot.scheduled.is_none_or(|at| next < at) {
            slot.scheduled = Some(next);
            self.timers.push(Reverse((next, index)));
        }
    }

    fn run_timers(&mut self) {
        let now = Instant::now();
        while let Some(&Reverse((at, index))) = self.timers.peek() {
            if at > now {
                return;
            }
            self.timers.pop();
            // An earlier one took its place, unless it is the one that stands.
            if let Some(slot) = self.slots.get_mut(index)
                && slot.scheduled == Some(at)
            {
                slot.scheduled = None;
                self.timeout(index, now);
            }
        }
    }

    /// Adds new counts to the totals.
    fn tell(&mut self) {
        let new = self.stats.counters.since(self.told);
        self.told = self.stats.counters;
        if new.packets > 0 {
            self.totals.packets.fetch_add(new.packets, Ordering::Relaxed);
            self.totals.bytes.fetch_add(new.bytes, Ordering::Relaxed);
            self.totals.lost.fetch_add(new.lost, Ordering::Relaxed);
        }
    }

    fn begin_steady(&mut self) {
        let now = Instant::now();
        if let Some((counters, cpu)) = self.steady_so_far() {
            let delay = std::mem::take(&mut self.stats.delay);
            self.first = Some(Half { delay, counters, cpu });
        }
        for slot in &mut self.slots {
            if let Participant::Viewer(it) = &mut slot.participant {
                it.begin_steady(now);
            }
        }
        self.stats.is_steady = true;
        self.steady = Some((self.stats.counters, resources::of_thread()));
    }

    /// What happened since the steady phase began, and what the thread used for it.
    fn steady_so_far(&self) -> Option<(Counters, Option<Duration>)> {
        let (counters, cpu_before) = self.steady?;
        let cpu = resources::of_thread().zip(cpu_before).map(|(after, before)| after - before);
        Some((self.stats.counters.since(counters), cpu))
    }

    fn finish(mut self) -> Measured {
        let now = Instant::now();
        let mut recorder = Recorder { stats: &mut self.stats, totals: &self.totals };
        let mut silent = 0;
        for Slot { participant, socket, .. } in &mut self.slots {
            if let Participant::Viewer(it) = participant {
                it.end_steady(now, &mut recorder);
                silent += u64::from(it.is_silent(now));
            }
            participant.close(now, &recorder, &mut |to, bytes| socket.send(to, bytes));
        }
        let joining = self.steady.map_or(self.stats.counters, |it| it.0);
        let (steady, cpu) = self.steady_so_far().unwrap_or_default();
        Measured { stats: self.stats, joining, steady, silent, cpu, first: self.first }
    }
}
