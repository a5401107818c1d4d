//! The table of connections: how many there are, whose, and which one gives way when all places are taken.

mod place;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use auth::{Network, PerNetwork};
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::descriptors;
use super::limits::{CLOSING, JUST_CAME, LOOPBACK_SHARE, Limits};
use super::unfinished::Unfinished;
pub(super) use place::{Place, RequestPlace};

/// How often a full table is told in the log, with what happened since.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// All connections. Locked for a few microseconds when one comes, goes, or begins or ends to wait for its peer;
/// never across an await.
#[derive(Debug)]
pub(crate) struct Table {
    inner: Mutex<Inner>,
    /// Told when a connection is gone.
    freed: Notify,
}

/// What kind of peer a connection has. A newcomer replaces one of its own kind first, so that a flood through
/// the proxy costs no direct client its connection, and the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Loopback,
    Proxy,
    Direct,
}

/// Each kind once, in the order in which they give way when nobody came.
const KINDS: [Kind; 3] = [Kind::Direct, Kind::Proxy, Kind::Loopback];

#[derive(Debug)]
struct Inner {
    limits: Limits,
    next: u64,
    entries: HashMap<u64, Entry>,
    /// Connections that gave way and whose sockets are not closed yet.
    n_closing: usize,
    n_loopback: usize,
    /// Direct connections by network.
    n_direct: PerNetwork<usize>,
    unfinished: [Unfinished; 3],
    log: FullLog,
}

#[derive(Debug)]
struct Entry {
    kind: Kind,
    network: Network,
    /// Since when it waits for its peer, if it does and may give way.
    since: Option<Instant>,
    /// Closes the connection.
    close: Option<oneshot::Sender<()>>,
}

/// What is told of a full table.
#[derive(Debug, Default)]
struct FullLog {
    told: Option<Instant>,
    n_evicted: u64,
    n_refused: u64,
}

impl Table {
    /// A table with so many places, or as many as the system has file descriptors for.
    pub(crate) fn new(mut limits: Limits) -> Arc<Self> {
        limits.connections = descriptors::allowed(limits.connections);
        Arc::new(Self::with_exactly(limits))
    }

    /// Has other limits from now on. Beyond them no connection is closed, but each newcomer takes the place of one that
    /// may give way.
    pub(crate) fn set_limits(&self, mut limits: Limits) {
        limits.connections = descriptors::allowed(limits.connections);
        self.lock().limits = limits;
        // Newcomers that wait with the system may have a place now.
        self.freed.notify_one();
    }

    fn with_exactly(limits: Limits) -> Self {
        let inner = Inner {
            limits,
            next: 0,
            entries: HashMap::new(),
            n_closing: 0,
            n_loopback: 0,
            n_direct: PerNetwork::default(),
            unfinished: Default::default(),
            log: FullLog::default(),
        };
        Self { inner: Mutex::new(inner), freed: Notify::new() }
    }

    /// A place for one more connection, and what resolves when it is to close. `None` when all places are
    /// taken and no connection can give way.
    pub(super) fn admit(
        self: &Arc<Self>,
        ip: IpAddr,
        now: Instant,
    ) -> Option<(Arc<Place>, oneshot::Receiver<()>)> {
        let mut inner = self.lock();
        let (kind, network) = (inner.kind(ip), Network::of(ip));
        let has_room = inner.make_room(kind, network, now) && inner.count(kind, network);
        if !has_room {
            inner.log.n_refused += 1;
            inner.tell_full(now);
            return None;
        }
        let id = inner.next;
        inner.next += 1;
        let (close, closed) = oneshot::channel();
        inner.entries.insert(id, Entry { kind, network, since: Some(now), close: Some(close) });
        inner.queue(kind).insert(network, (now, id));
        drop(inner);
        Some((Arc::new(Place::new(self.clone(), id, now)), closed))
    }

    /// How many connections there are, and how many there may be.
    pub(crate) fn size(&self) -> (usize, usize) {
        let inner = self.lock();
        (inner.entries.len(), inner.limits.connections)
    }

    /// How long the next newcomer should wait with the system: all places are taken, and those that could give
    /// way have only just come; or many gave way whose sockets are still open.
    pub(super) fn wait_for_place(&self, now: Instant) -> Option<Duration> {
        let inner = self.lock();
        if inner.n_closing >= CLOSING {
            return Some(JUST_CAME);
        }
        if inner.entries.len() < inner.limits.connections {
            return None;
        }
        let since = inner.unfinished.iter().filter_map(Unfinished::first_since).min()?;
        let wait = JUST_CAME.checked_sub(now.saturating_duration_since(since))?;
        (!wait.is_zero()).then_some(wait)
    }

    /// Closes one unfinished connection, whoever's: the system has no file descriptor left. Returns whether
    /// there was one.
    pub(super) fn evict_one(&self) -> bool {
        self.lock().evict_first(&KINDS)
    }

    /// Waits until a connection is gone.
    pub(super) async fn freed(&self) {
        self.freed.notified().await;
    }

    /// Closes all connections, upgraded ones as well.
    pub(crate) fn close_all(&self) {
        for entry in self.lock().entries.values_mut() {
            // A connection that is gone needs no closing.
            _ = entry.close.take().map(|close| close.send(()));
        }
    }

    /// A connection waits for its peer since then, or does not, or not so that it may give way.
    pub(super) fn set(&self, id: u64, since: Option<Instant>) {
        let mut inner = self.lock();
        let Some(entry) = inner.entries.get_mut(&id) else { return };
        let (kind, network) = (entry.kind, entry.network);
        let before = std::mem::replace(&mut entry.since, since);
        if let Some(before) = before {
            inner.queue(kind).remove(network, (before, id));
        }
        if let Some(since) = since {
            inner.queue(kind).insert(network, (since, id));
        }
    }

    /// A connection's socket is gone.
    pub(super) fn leave(&self, id: u64) {
        let mut inner = self.lock();
        if inner.remove(id).is_none() {
            inner.n_closing -= 1;
        }
        drop(inner);
        self.freed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn kind(&self, ip: IpAddr) -> Kind {
        let ip = ip.to_canonical();
        if ip.is_loopback() {
            Kind::Loopback
        } else if self.limits.trusted.iter().any(|net| net.contains(&ip)) {
            Kind::Proxy
        } else {
            Kind::Direct
        }
    }

    /// Makes room for a newcomer where there is none. Returns whether there is room now.
    fn make_room(&mut self, kind: Kind, network: Network, now: Instant) -> bool {
        let of_network = self.n_direct.get(network).copied().unwrap_or_default();
        if kind == Kind::Direct && of_network >= self.limits.per_network {
            let Some(id) = self.queue(kind).oldest_of(network) else { return false };
            self.evict(id);
        }
        let kept = self.limits.connections / LOOPBACK_SHARE;
        let n_others = self.entries.len() - self.n_loopback;
        let others_full = kind != Kind::Loopback && n_others >= self.limits.connections - kept;
        let full = self.entries.len() >= self.limits.connections;
        if !others_full && !full {
            return true;
        }
        let order = match kind {
            Kind::Loopback => [Kind::Loopback, Kind::Direct, Kind::Proxy],
            Kind::Proxy => [Kind::Proxy, Kind::Direct, Kind::Loopback],
            Kind::Direct => [Kind::Direct, Kind::Proxy, Kind::Loopback],
        };
        // A place that is kept for loopback does not help others.
        let order = if others_full { &order[..2] } else { &order[..] };
        let has_room = self.evict_first(order);
        if has_room {
            self.tell_full(now);
        }
        has_room
    }

    /// Counts a newcomer. Returns false when the table of networks is full.
    fn count(&mut self, kind: Kind, network: Network) -> bool {
        match kind {
            Kind::Loopback => self.n_loopback += 1,
            Kind::Proxy => {}
            Kind::Direct => match self.n_direct.entry(network, |n| *n == 0, || 0) {
                Some(n) => *n += 1,
                None => return false,
            },
        }
        true
    }

    fn evict_first(&mut self, kinds: &[Kind]) -> bool {
        let found = kinds.iter().find_map(|kind| self.queue(*kind).first_to_go());
        found.inspect(|id| self.evict(*id)).is_some()
    }

    /// Closes a connection. Its place is free at once, though its socket takes a moment to close.
    fn evict(&mut self, id: u64) {
        let Some(entry) = self.remove(id) else { return };
        self.n_closing += 1;
        // A connection that is gone needs no closing.
        _ = entry.close.map(|close| close.send(()));
        self.log.n_evicted += 1;
    }

    fn remove(&mut self, id: u64) -> Option<Entry> {
        let entry = self.entries.remove(&id)?;
        let network = entry.network;
        if let Some(since) = entry.since {
            self.queue(entry.kind).remove(network, (since, id));
        }
        match entry.kind {
            Kind::Loopback => self.n_loopback -= 1,
            Kind::Proxy => {}
            Kind::Direct => {
                let n = self.n_direct.get(network).copied().unwrap_or_default();
                debug_assert!(n > 0, "a counted connection has a network with a count");
                match self.n_direct.get_mut(network).filter(|_| n > 1) {
                    Some(n) => *n -= 1,
                    None => self.n_direct.remove(network),
                }
            }
        }
        Some(entry)
    }

    fn queue(&mut self, kind: Kind) -> &mut Unfinished {
        &mut self.unfinished[kind as usize]
    }

    fn tell_full(&mut self, now: Instant) {
        if self.log.told.is_some_and(|told| now.saturating_duration_since(told) < TELL_EVERY) {
            return;
        }
        let FullLog { n_evicted, n_refused, .. } = self.log;
        tracing::warn!(
            limit = self.limits.connections,
            n_closed = n_evicted,
            n_refused,
            "connection limit reached: newcomers take the places of connections that wait for their \
             client"
        );
        self.log = FullLog { told: Some(now), ..FullLog::default() };
    }
}

#[cfg(test)]
mod tests;
