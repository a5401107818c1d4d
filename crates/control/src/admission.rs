//! How many sessions and peers there may be, in all and by network.
//!
//! Every door asks [`Admission::join`] first, before it reads what a stranger sends. A place is given back when
//! it is dropped, so that no path can forget it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use auth::rate_limit::TokenBucket;
use auth::{ClientAddr, Network, PerNetwork};
use protocol::ErrorCode;

use crate::limits::{
    JOINS_BURST, JOINS_PER_SECOND, JOINS_PER_SECOND_IN_ALL, KEPT_ONE_IN, MAX_PEERS,
    PUBLISHERS_BEYOND, SESSIONS_PER_NETWORK, SESSIONS_PER_PEER, SOCKETS_PER_NETWORK,
};
use crate::refusal::Refusal;

/// Bounds of sessions, WebSockets, peers and joins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// Peers, publishers and viewers. Sessions are bounded by [`SESSIONS_PER_PEER`] times as many.
    pub max_peers: usize,
    /// Sessions of one network, and peers of one network.
    pub sessions_per_network: usize,
    /// WebSockets of one network.
    pub sockets_per_network: usize,
    /// Joins of one network a second, in the long run.
    pub joins_per_second: u32,
    /// Joins of one network at once.
    pub joins_burst: u32,
    /// Joins of all networks a second.
    pub joins_per_second_in_all: u32,
}

impl Default for Capacity {
    fn default() -> Self {
        Self {
            max_peers: MAX_PEERS,
            sessions_per_network: SESSIONS_PER_NETWORK,
            sockets_per_network: SOCKETS_PER_NETWORK,
            joins_per_second: JOINS_PER_SECOND,
            joins_burst: JOINS_BURST,
            joins_per_second_in_all: JOINS_PER_SECOND_IN_ALL,
        }
    }
}

impl Capacity {
    /// Sessions in all.
    pub fn max_sessions(&self) -> usize {
        self.max_peers.saturating_mul(SESSIONS_PER_PEER)
    }
}

/// By which door a client comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// `/ws`.
    WebSocket,
    /// WHIP or WHEP.
    Http,
}

/// Whose peer takes a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PeerKind {
    Publisher,
    Viewer,
}

/// Why there is no place for a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoPeerPlace {
    /// The client's network has as many as it may.
    Network,
    /// The server has as many as it may.
    Server,
}

/// How far the places of peers are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeersInUse {
    /// Publishers and viewers.
    pub peers: usize,
    /// How many there may be.
    pub max_peers: usize,
}

/// Counts and admits. Clones share the counts; the lock is held for a few instructions, never across an await.
#[derive(Debug, Clone)]
pub struct Admission(Arc<Mutex<Counts>>);

#[derive(Debug)]
struct Counts {
    capacity: Capacity,
    joins: TokenBucket,
    sessions: usize,
    peers: usize,
    networks: PerNetwork<Usage>,
}

/// What one network uses.
#[derive(Debug)]
struct Usage {
    joins: TokenBucket,
    sessions: usize,
    sockets: usize,
    peers: usize,
}

impl Usage {
    fn is_idle(&self, now: Instant) -> bool {
        self.sessions == 0 && self.sockets == 0 && self.peers == 0 && self.joins.is_full(now)
    }
}

/// The place of one session. Dropping it gives the place back.
#[derive(Debug)]
pub struct SessionPlace {
    admission: Admission,
    network: Option<Network>,
    socket: Option<SocketPlace>,
}

/// The place of one WebSocket. Its session may end before it does, when a client is slow to take its close frame,
/// and may outlive it, when a client comes back. Dropping it gives the place back.
#[derive(Debug)]
pub struct SocketPlace {
    admission: Admission,
    network: Option<Network>,
}

impl SessionPlace {
    /// The place of the WebSocket by which the session was opened: for the task that serves it.
    pub fn take_socket(&mut self) -> Option<SocketPlace> {
        self.socket.take()
    }
}

/// The place of one peer. Dropping it gives the place back.
#[derive(Debug)]
pub(crate) struct PeerPlace {
    admission: Admission,
    network: Option<Network>,
}

impl Admission {
    /// Nobody is in yet.
    pub fn new(capacity: Capacity, now: Instant) -> Self {
        let per_second = capacity.joins_per_second_in_all;
        let counts = Counts {
            capacity,
            joins: TokenBucket::new(per_second, per_second, now),
            sessions: 0,
            peers: 0,
            networks: PerNetwork::default(),
        };
        Self(Arc::new(Mutex::new(counts)))
    }

    /// Admits by another capacity from now on. Who is in stays.
    pub fn set_capacity(&self, capacity: Capacity, now: Instant) {
        let mut counts = self.lock();
        let Capacity { joins_per_second, joins_burst, joins_per_second_in_all: in_all, .. } =
            capacity;
        counts.capacity = capacity;
        counts.joins.set_rate(in_all, in_all, now);
        for usage in counts.networks.values_mut() {
            usage.joins.set_rate(joins_per_second, joins_burst, now);
        }
    }

    /// Admits one more session.
    ///
    /// # Errors
    /// When its network joins too often or has as many sessions as it may, or when the server is full. The last
    /// places are kept for the server's own machine and for who has the publishing key.
    pub fn join(
        &self,
        addr: &ClientAddr,
        door: Door,
        now: Instant,
    ) -> Result<SessionPlace, Refusal> {
        self.join_within(addr, door, |max| max - kept(max), now)
    }

    /// The same for a client that has shown the publishing key: it may have a place that is kept. A WebSocket shows
    /// its key later, in a message, when it has its place.
    ///
    /// # Errors
    /// See [`Self::join`].
    pub fn join_with_key(
        &self,
        addr: &ClientAddr,
        door: Door,
        now: Instant,
    ) -> Result<SessionPlace, Refusal> {
        self.join_within(addr, door, |max| max - kept(kept(max)), now)
    }

    /// `places` are those of other machines, of so many in all.
    fn join_within(
        &self,
        addr: &ClientAddr,
        door: Door,
        places: impl FnOnce(usize) -> usize,
        now: Instant,
    ) -> Result<SessionPlace, Refusal> {
        let mut counts = self.lock();
        let capacity = counts.capacity;
        let network = (!addr.is_unlimited()).then(|| addr.network());
        if let Some(network) = network {
            let new = || Usage {
                joins: TokenBucket::new(capacity.joins_per_second, capacity.joins_burst, now),
                sessions: 0,
                sockets: 0,
                peers: 0,
            };
            let usage = counts
                .networks
                .entry(network, |usage| usage.is_idle(now), new)
                .ok_or_else(server_full)?;
            if usage.sessions >= capacity.sessions_per_network
                || door == Door::WebSocket && usage.sockets >= capacity.sockets_per_network
            {
                let message = "too many sessions from this network; close some";
                return Err(Refusal::new(ErrorCode::RateLimited, message).retry_ms(10_000));
            }
            if !usage.joins.take(now) {
                let message = format!(
                    "more than {} joins a second from this network",
                    capacity.joins_per_second
                );
                return Err(Refusal::new(ErrorCode::RateLimited, message).retry_ms(1_000));
            }
        }
        let max = capacity.max_sessions();
        let places = if addr.is_own_machine { max } else { places(max) };
        if counts.sessions >= places {
            return Err(server_full());
        }
        if !addr.is_own_machine && !counts.joins.take(now) {
            let message = "more people are joining than this server lets in at once";
            return Err(Refusal::new(ErrorCode::RateLimited, message).retry_ms(2_000));
        }
        counts.sessions += 1;
        if let Some(usage) = network.and_then(|network| counts.networks.get_mut(network)) {
            usage.sessions += 1;
            usage.sockets += usize::from(door == Door::WebSocket);
        }
        drop(counts);
        let socket =
            (door == Door::WebSocket).then(|| SocketPlace { admission: self.clone(), network });
        Ok(SessionPlace { admission: self.clone(), network, socket })
    }

    /// Whether sessions without a client should make room for new ones: seven eighths of all places are taken.
    pub(crate) fn is_crowded(&self) -> bool {
        let counts = self.lock();
        let max = counts.capacity.max_sessions();
        counts.sessions >= max - max / 8
    }

    /// Admits one more peer. The last places are kept for publishers, and of those a few for the server's own
    /// machine.
    pub(crate) fn peer(&self, addr: &ClientAddr, kind: PeerKind) -> Result<PeerPlace, NoPeerPlace> {
        self.peer_within(addr, |max| places(addr, kind, max))
    }

    /// A place for a peer in exchange for one that is about to be given back.
    pub(crate) fn peer_in_exchange(&self, addr: &ClientAddr) -> Result<PeerPlace, NoPeerPlace> {
        self.peer_within(addr, |_| usize::MAX)
    }

    /// A place for a publisher that another peer gives way to once the media plane has taken it.
    pub(crate) fn peer_beyond(&self, addr: &ClientAddr) -> Result<PeerPlace, NoPeerPlace> {
        self.peer_within(addr, |max| max.saturating_add(PUBLISHERS_BEYOND))
    }

    /// Whether there are more peers than places for one of this kind.
    pub(crate) fn is_beyond(&self, addr: &ClientAddr, kind: PeerKind) -> bool {
        let counts = self.lock();
        counts.peers > places(addr, kind, counts.capacity.max_peers)
    }

    /// The network's limit comes first: who is refused by it must not cost anybody a place.
    fn peer_within(
        &self,
        addr: &ClientAddr,
        places: impl FnOnce(usize) -> usize,
    ) -> Result<PeerPlace, NoPeerPlace> {
        let mut counts = self.lock();
        let places = places(counts.capacity.max_peers);
        let per_network = counts.capacity.sessions_per_network;
        let network = (!addr.is_unlimited()).then(|| addr.network());
        // The session's own place keeps the network in the table.
        let usage = network.and_then(|network| counts.networks.get(network));
        if usage.is_some_and(|usage| usage.peers >= per_network) {
            return Err(NoPeerPlace::Network);
        }
        if counts.peers >= places {
            return Err(NoPeerPlace::Server);
        }
        counts.peers += 1;
        let usage = network.and_then(|network| counts.networks.get_mut(network));
        let network = network.filter(|_| usage.is_some());
        if let Some(usage) = usage {
            usage.peers += 1;
        }
        drop(counts);
        Ok(PeerPlace { admission: self.clone(), network })
    }

    /// How many peers there are, and how many there may be.
    pub fn usage(&self) -> PeersInUse {
        let counts = self.lock();
        PeersInUse { peers: counts.peers, max_peers: counts.capacity.max_peers }
    }

    /// What is admitted.
    pub(crate) fn capacity(&self) -> Capacity {
        self.lock().capacity
    }

    /// Sessions and peers there are now.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let counts = self.lock();
        (counts.sessions, counts.peers)
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn server_full() -> Refusal {
    let message = "the server has as many sessions as it takes";
    Refusal::new(ErrorCode::ServerFull, message).retry_ms(10_000)
}

/// How many peers of `max` there may be with one of this kind.
fn places(addr: &ClientAddr, kind: PeerKind, max: usize) -> usize {
    match kind {
        _ if addr.is_own_machine => max,
        PeerKind::Publisher => max - kept(kept(max)),
        PeerKind::Viewer => max - kept(max),
    }
}

/// How many of `max` places are kept; 0 where there are few.
fn kept(max: usize) -> usize {
    max / KEPT_ONE_IN
}

impl Drop for SessionPlace {
    fn drop(&mut self) {
        let mut counts = self.admission.lock();
        counts.sessions = counts.sessions.saturating_sub(1);
        if let Some(usage) = self.network.and_then(|network| counts.networks.get_mut(network)) {
            usage.sessions = usage.sessions.saturating_sub(1);
        }
    }
}

impl Drop for SocketPlace {
    fn drop(&mut self) {
        let mut counts = self.admission.lock();
        if let Some(usage) = self.network.and_then(|network| counts.networks.get_mut(network)) {
            usage.sockets = usage.sockets.saturating_sub(1);
        }
    }
}

impl Drop for PeerPlace {
    fn drop(&mut self) {
        let mut counts = self.admission.lock();
        counts.peers = counts.peers.saturating_sub(1);
        if let Some(usage) = self.network.and_then(|network| counts.networks.get_mut(network)) {
            usage.peers = usage.peers.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn from(ip: &str) -> ClientAddr {
        ClientAddr { ip: ip.parse().unwrap(), is_own_machine: false, is_trusted_network: false }
    }

    fn own() -> ClientAddr {
        ClientAddr { is_own_machine: true, ..from("127.0.0.1") }
    }

    #[test]
    fn a_network_joins_at_its_rate_and_leaves_others_theirs() {
        let start = Instant::now();
        let admission = Admission::new(Capacity::default(), start);
        let joins = |ip: &str, n: u32, at| {
            (0..n).filter(|_| admission.join(&from(ip), Door::WebSocket, at).is_ok()).count()
        };
        assert_eq!(joins("192.0.2.1", 1000, start), 200, "each is dropped at once");
        assert_eq!(joins("192.0.2.2", 50, start), 50);
        assert_eq!(joins("192.0.2.1", 1000, start + Duration::from_secs(1)), 20);
        assert_eq!(admission.counts(), (0, 0), "every place came back");
    }

    #[test]
    fn a_network_has_so_many_sockets_and_sessions_at_once() {
        let start = Instant::now();
        let capacity = Capacity { joins_burst: 10_000, ..Capacity::default() };
        let admission = Admission::new(capacity, start);
        let second = |n| start + Duration::from_secs(n);
        let hold = |ip: &'static str, door, n: usize, at| -> Vec<SessionPlace> {
            (0..n).map_while(|_| admission.join(&from(ip), door, at).ok()).collect()
        };
        let sockets = hold("2001:db8::1", Door::WebSocket, 1000, second(0));
        assert_eq!(sockets.len(), 200);
        let sessions = hold("2001:db8::2", Door::Http, 1000, second(10));
        assert_eq!(sessions.len(), 200, "400 with the sockets of the same /64");
        assert_eq!(hold("2001:db8:0:1::1", Door::WebSocket, 100, second(20)).len(), 100);
        drop(sockets);
        assert_eq!(hold("2001:db8::1", Door::WebSocket, 10, second(30)).len(), 10);
        drop(sessions);
    }

    #[test]
    fn a_socket_that_is_still_open_counts_when_its_session_is_over() {
        let start = Instant::now();
        let capacity = Capacity { joins_burst: 1000, ..Capacity::default() };
        let admission = Admission::new(capacity, start);
        let join = |n: u64| {
            admission.join(&from("192.0.2.1"), Door::WebSocket, start + Duration::from_secs(n))
        };
        let sockets: Vec<SocketPlace> =
            (0..300).map_while(|n| join(n).ok()?.take_socket()).collect();
        assert_eq!(sockets.len(), 200, "no session is left of these");
        assert_eq!(join(301).unwrap_err().code, ErrorCode::RateLimited);
        drop(sockets);
        assert!(join(302).is_ok());
    }

    #[test]
    fn the_last_sessions_are_for_the_own_machine_and_who_has_the_key() {
        let start = Instant::now();
        let capacity = Capacity { max_peers: 25, ..Capacity::default() };
        let admission = Admission::new(capacity, start);
        let mut held = Vec::new();
        for n in 0..200 {
            let ip = format!("192.0.2.{n}");
            held.extend(admission.join(&from(&ip), Door::WebSocket, start));
        }
        assert_eq!(held.len(), 95);
        held.extend((0..100).filter_map(|_| {
            admission.join_with_key(&from("198.51.100.1"), Door::Http, start).ok()
        }));
        assert_eq!(held.len(), 100, "and of who has the key");
        held.truncate(95);
        held.extend((0..100).filter_map(|_| admission.join(&own(), Door::Http, start).ok()));
        assert_eq!(held.len(), 100);
    }

    #[test]
    fn the_last_peers_are_publishers_and_the_very_last_the_own_machines() {
        let start = Instant::now();
        let capacity = Capacity { max_peers: 400, ..Capacity::default() };
        let admission = Admission::new(capacity, start);
        let mut held = Vec::new();
        let mut take = |addr: &ClientAddr, kind| {
            let before = held.len();
            held.extend((0..1000).map_while(|_| admission.peer(addr, kind).ok()));
            held.len() - before
        };
        assert_eq!(take(&from("192.0.2.1"), PeerKind::Viewer), 380);
        assert_eq!(take(&from("192.0.2.2"), PeerKind::Publisher), 19);
        assert_eq!(take(&own(), PeerKind::Publisher), 1);
        drop(held);
        assert_eq!(admission.counts(), (0, 0));
    }

    #[test]
    fn a_capacity_that_changes_holds_for_who_comes_next_and_turns_nobody_out() {
        let start = Instant::now();
        let admission = Admission::new(Capacity::default(), start);
        let join = || admission.join(&from("192.0.2.1"), Door::WebSocket, start);
        let held: Vec<_> = (0..5).map(|_| join().unwrap()).collect();
        let fewer = Capacity { sessions_per_network: 3, ..Capacity::default() };
        admission.set_capacity(fewer, start);
        assert_eq!(join().unwrap_err().code, ErrorCode::RateLimited);
        assert_eq!(admission.counts().0, 5);
        admission.set_capacity(Capacity::default(), start);
        assert!(join().is_ok());
        // A rate holds for a network that has a bucket already.
        admission.set_capacity(Capacity { joins_burst: 2, ..Capacity::default() }, start);
        assert_eq!((0..9).filter(|_| join().is_ok()).count(), 2);
        drop(held);
    }
}
