//! The task behind a client: its socket, its deadlines and the clock.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot, watch};

use super::{State, text};
use crate::description::{Local, Remote};
use crate::publisher::Publisher;
use crate::stats::{Board, Stats};
use crate::viewer::{Ledger, Viewer};

/// What a client is told.
#[derive(Debug)]
pub(super) enum Message {
    /// Asks for new ICE credentials of ours.
    OfferRestart(oneshot::Sender<Option<(String, String)>>),
    /// The server's description with its new ones in it.
    AcceptRestart(String, oneshot::Sender<Result<(), String>>),
}

/// What is driven.
pub(super) enum Kind {
    Publisher(Box<Publisher>),
    /// With what we said of ourselves last.
    Viewer(Box<Viewer>, Local),
}

pub(super) struct Driver {
    socket: UdpSocket,
    kind: Kind,
    state: watch::Sender<State>,
    inbox: mpsc::Receiver<Message>,
    board: Board,
    stats: Stats,
    /// Encrypted RTCP that came to a publisher.
    rtcp: u64,
    /// Credentials that a viewer offered and the server has not answered.
    offered: Option<(String, String)>,
}

impl Driver {
    pub(super) fn new(
        socket: UdpSocket,
        kind: Kind,
        state: watch::Sender<State>,
        inbox: mpsc::Receiver<Message>,
    ) -> Self {
        // Delay is measured in the steady phase alone, and only of our own publishers' packets.
        let stats = Stats { is_steady: true, ..Stats::default() };
        Self { socket, kind, state, inbox, board: Board::default(), stats, rtcp: 0, offered: None }
    }

    /// Runs until nobody holds the client any more.
    pub(super) async fn run(mut self) {
        let mut buffer = vec![0; 4_096];
        self.timeout();
        loop {
            let next = tokio::time::Instant::from_std(self.next_at());
            tokio::select! {
                message = self.inbox.recv() => match message {
                    Some(message) => self.handle(message),
                    None => return self.close(),
                },
                readable = self.socket.readable() => {
                    if readable.is_ok() {
                        self.receive(&mut buffer);
                    }
                }
                () = tokio::time::sleep_until(next) => self.timeout(),
            }
            self.tell();
        }
    }

    fn next_at(&self) -> Instant {
        match &self.kind {
            Kind::Publisher(it) => it.next_at(),
            Kind::Viewer(it, _) => it.next_at(),
        }
    }

    fn receive(&mut self, buffer: &mut [u8]) {
        loop {
            let (len, source) = match self.socket.try_recv_from(buffer) {
                Ok(it) => it,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // An ICMP message about a datagram sent earlier: the timeouts decide.
                Err(_) => continue,
            };
            let now = Instant::now();
            let Some(datagram) = buffer.get_mut(..len) else { return };
            let mut send = sender(&self.socket);
            match &mut self.kind {
                Kind::Publisher(it) => {
                    // RFC 5761, section 4: the packet type tells RTCP from RTP.
                    if let [128..=191, 192..=223, ..] = datagram {
                        self.rtcp += 1;
                    }
                    it.handle_datagram(source, datagram, now, &self.board, &mut send);
                }
                Kind::Viewer(it, _) => {
                    let mut ledger = Ledger { stats: &mut self.stats, board: &self.board };
                    it.handle_datagram(source, datagram, now, &mut ledger, &mut send);
                }
            }
        }
    }

    fn timeout(&mut self) {
        let now = Instant::now();
        let mut send = sender(&self.socket);
        match &mut self.kind {
            Kind::Publisher(it) => it.handle_timeout(now, &self.board, &mut send),
            Kind::Viewer(it, _) => {
                let mut ledger = Ledger { stats: &mut self.stats, board: &self.board };
                it.handle_timeout(now, &mut ledger, &mut send);
            }
        }
    }

    fn handle(&mut self, message: Message) {
        let now = Instant::now();
        match message {
            Message::OfferRestart(reply) => {
                let credentials = match &mut self.kind {
                    Kind::Publisher(it) => it.offer_restart(),
                    Kind::Viewer(..) => {
                        self.offered = Some((text(8), text(24)));
                        self.offered.clone()
                    }
                };
                // Who does not wait any more does not need it.
                _ = reply.send(credentials);
            }
            Message::AcceptRestart(sdp, reply) => {
                let result = match &mut self.kind {
                    Kind::Publisher(it) => it.accept_restart(&sdp, now),
                    Kind::Viewer(it, local) => {
                        let theirs = Remote::read(&sdp);
                        theirs.and_then(|mut remote| {
                            let ours = self.offered.take().ok_or("nothing was offered")?;
                            (local.ufrag, local.pwd) = ours;
                            let is_v4 = local.address.is_ipv4();
                            remote.candidates.retain(|it| it.is_ipv4() == is_v4);
                            it.restart(local, &remote, now);
                            Ok(())
                        })
                    }
                };
                // Whoever hears of it sees what is proven anew, not what was before.
                self.tell();
                _ = reply.send(result);
            }
        }
    }

    fn close(mut self) {
        let now = Instant::now();
        let mut send = sender(&self.socket);
        match &mut self.kind {
            Kind::Publisher(it) => it.close(now, &self.board, &mut send),
            Kind::Viewer(it, _) => it.close(&mut send),
        }
    }

    fn tell(&self) {
        let count =
            |it: &std::sync::atomic::AtomicU64| it.load(std::sync::atomic::Ordering::Relaxed);
        let over = self.board.reasons().into_keys().next();
        let counters = &self.stats.counters;
        let new = match &self.kind {
            Kind::Publisher(it) => State {
                is_connected: count(&self.board.publishing) > 0,
                is_proven: it.is_proven(),
                rtp: 0,
                own: 0,
                rtcp: self.rtcp,
                over,
            },
            Kind::Viewer(it, _) => State {
                is_connected: count(&self.board.connected) > 0,
                is_proven: it.is_proven(),
                rtp: counters.unique,
                own: self.stats.delay.count(),
                rtcp: counters.rtcp,
                over,
            },
        };
        self.state.send_if_modified(|old| {
            let is_new = *old != new;
            *old = new;
            is_new
        });
    }
}

/// Sends a datagram; one that cannot be sent is lost, as in any network.
fn sender(socket: &UdpSocket) -> impl FnMut(SocketAddr, &[u8]) {
    |to, bytes| _ = socket.try_send_to(bytes, to)
}
