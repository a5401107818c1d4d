#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use sfu::RemoteAddr;

use super::{Connection, Place, Streams, UNOWNED_FOR};

struct Told(Arc<AtomicBool>);

impl Place for Told {
    fn proven(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Connections of one thread, and their other ends.
struct World {
    poll: mio::Poll,
    listener: TcpListener,
    streams: Streams,
    now: Instant,
}

struct Client {
    end: TcpStream,
    remote: RemoteAddr,
    is_proven: Arc<AtomicBool>,
}

impl World {
    fn new() -> Self {
        Self {
            poll: mio::Poll::new().unwrap(),
            listener: TcpListener::bind("127.0.0.1:0").unwrap(),
            streams: Streams::new(0),
            now: Instant::now(),
        }
    }

    fn add(&mut self, id: u64) -> Client {
        let local = self.listener.local_addr().unwrap();
        let end = TcpStream::connect(local).unwrap();
        let (stream, peer) = self.listener.accept().unwrap();
        let is_proven = Arc::new(AtomicBool::new(false));
        let place = Box::new(Told(is_proven.clone()));
        let connection = Connection { stream, peer, local, first: Vec::new(), id, place };
        let added = self.streams.add(connection, self.poll.registry(), self.now);
        Client { end, remote: added.unwrap().0, is_proven }
    }
}

impl Client {
    fn is_closed(&mut self) -> bool {
        self.end.set_nonblocking(true).unwrap();
        self.end.read(&mut [0]).is_ok_and(|n| n == 0)
    }
}

#[test]
fn a_connection_that_lost_its_place_is_closed_though_a_peer_proves_it_at_that_moment() {
    let mut world = World::new();
    let (mut stranger, mut peer) = (world.add(1), world.add(2));
    world.streams.check_owner(stranger.remote, false);
    world.streams.check_owner(peer.remote, true);
    assert!(peer.is_proven.load(Ordering::Relaxed) && !stranger.is_proven.load(Ordering::Relaxed));
    world.streams.give_way(1);
    assert!(stranger.is_closed() && !peer.is_closed());
    // The table had told it before it heard of the proof.
    world.streams.give_way(2);
    assert!(peer.is_closed() && world.streams.is_empty());
}

#[test]
fn a_peer_that_another_thread_verified_is_seen_when_its_connection_is_looked_at() {
    let mut world = World::new();
    let (mut stranger, mut peer) = (world.add(1), world.add(2));
    let owned = peer.remote;
    world.streams.look(world.now, |it| it == owned);
    assert!(peer.is_proven.load(Ordering::Relaxed) && !peer.is_closed());
    world.streams.look(world.now + UNOWNED_FOR, |it| it == owned);
    assert!(stranger.is_closed() && !peer.is_closed());
    // Nothing is left of it that another could be taken for.
    world.streams.give_way(1);
    assert!(world.streams.unproven.is_empty());
}
