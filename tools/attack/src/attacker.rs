//! The attacker: workers that do the same thing again and again, at a bounded rate, and what came of it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use synth::client::Clients;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::page::Page;
use crate::stream::Stream;
use crate::target::{Manner, Requester, Target};

/// Who gets no answer for so long tries again.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
/// Turns of so long ago may still be taken: timers are late by a millisecond and more.
const CATCH_UP: Duration = Duration::from_millis(100);
/// Different answers that are told apart; the rest is one.
const MAX_ANSWERS: usize = 32;

/// What all workers of an attack share.
#[derive(Debug)]
pub(crate) struct Attacker {
    pub(crate) target: Target,
    pub(crate) clients: Clients,
    /// The room that is attacked.
    pub(crate) room: String,
    /// The path of the largest script of the page.
    pub(crate) script: String,
    /// What a publisher would offer.
    pub(crate) offer: String,
    /// The fragment of a viewer that is there, asked for once.
    pub(crate) known: OnceCell<String>,
    /// Asked for once.
    pub(crate) turn: OnceCell<TurnCredentials>,
    networks: usize,
    pace: Pace,
    tally: Tally,
}

/// What the server's own TURN takes.
#[derive(Clone)]
pub(crate) struct TurnCredentials {
    pub(crate) username: String,
    pub(crate) password: String,
}

impl fmt::Debug for TurnCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TurnCredentials").finish_non_exhaustive()
    }
}

/// Turns at a steady rate.
#[derive(Debug)]
struct Pace {
    every: Duration,
    next: Mutex<Instant>,
}

#[derive(Debug, Default)]
struct Tally {
    connections: AtomicU64,
    held: AtomicU64,
    held_peak: AtomicU64,
    answers: Mutex<BTreeMap<String, u64>>,
}

/// What came of an attack.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gains {
    /// TCP connections that were accepted.
    pub(crate) connections: u64,
    /// The most that were held at a time.
    pub(crate) held_peak: u64,
    /// What the server said, and how often.
    pub(crate) answers: BTreeMap<String, u64>,
}

/// Something that is held at the server until this is dropped.
#[derive(Debug)]
pub(crate) struct Held<'a>(&'a Tally);

impl Attacker {
    pub(crate) fn new(
        target: Target,
        clients: Clients,
        room: String,
        script: String,
        networks: usize,
        rate: u32,
    ) -> Result<Self, String> {
        let offer = clients.publisher(target.address.ip())?.offer().to_owned();
        let every = Duration::from_secs(1) / rate.max(1);
        let pace = Pace { every, next: Mutex::new(Instant::now()) };
        let tally = Tally::default();
        Ok(Self {
            target,
            clients,
            room,
            script,
            offer,
            known: OnceCell::new(),
            turn: OnceCell::new(),
            networks,
            pace,
            tally,
        })
    }

    /// Waits for a turn, so that no more is opened a second than is allowed.
    pub(crate) async fn turn(&self) {
        let at = {
            let mut next = lock(&self.pace.next);
            // What was missed is made up for at once, but not by a burst of any length.
            let earliest = Instant::now().checked_sub(CATCH_UP);
            let at = earliest.map_or(*next, |it| (*next).max(it));
            *next = at + self.pace.every;
            at
        };
        tokio::time::sleep_until(at).await;
    }

    /// As whom the `n`th connection comes.
    pub(crate) fn requester(&self, n: u64) -> Requester {
        Requester::attacker(self.network(n))
    }

    /// The number of the network that the `n`th connection comes from.
    pub(crate) fn network(&self, n: u64) -> usize {
        (n % self.networks as u64) as usize
    }

    pub(crate) async fn connect(
        &self,
        requester: &Requester,
        tiny_buffer: bool,
    ) -> Result<Stream, String> {
        let manner = Manner { resets: true, tiny_buffer };
        let stream = self.target.connect(requester, manner, PATIENCE).await?;
        self.connected();
        Ok(stream)
    }

    /// A connection without TLS, whatever the server speaks.
    pub(crate) async fn connect_tcp(&self, requester: &Requester) -> Result<TcpStream, String> {
        let manner = Manner { resets: true, tiny_buffer: false };
        let stream = self.target.connect_tcp(requester, manner, PATIENCE).await?;
        self.connected();
        Ok(stream)
    }

    pub(crate) async fn page(&self, requester: &Requester, query: &str) -> Result<Page, String> {
        let manner = Manner { resets: true, tiny_buffer: false };
        let page = Page::open(&self.target, requester, manner, query, PATIENCE).await;
        self.connected();
        page
    }

    /// Counts a connection.
    pub(crate) fn connected(&self) {
        self.tally.connections.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts what the server said.
    pub(crate) fn answered(&self, what: &str) {
        let mut answers = lock(&self.tally.answers);
        let is_known = answers.contains_key(what) || answers.len() < MAX_ANSWERS;
        *answers.entry(if is_known { what } else { "other" }.to_owned()).or_default() += 1;
    }

    /// Counts something as held.
    pub(crate) fn hold(&self) -> Held<'_> {
        let held = self.tally.held.fetch_add(1, Ordering::Relaxed) + 1;
        self.tally.held_peak.fetch_max(held, Ordering::Relaxed);
        Held(&self.tally)
    }

    /// What came of it so far.
    pub(crate) fn gains(&self) -> Gains {
        Gains {
            connections: self.tally.connections.load(Ordering::Relaxed),
            held_peak: self.tally.held_peak.load(Ordering::Relaxed),
            answers: lock(&self.tally.answers).clone(),
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.held.fetch_sub(1, Ordering::Relaxed);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
