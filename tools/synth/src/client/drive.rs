//! The task of one client: its socket, its deadlines and the clock.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot, watch};

use super::{State, text};
use crate::description::{Local, Remote};
use crate::participant::Participant;
use crate::stats::{Stats, Totals};
use crate::viewer::Recorder;

/// What a client is told.
#[derive(Debug)]
pub(super) enum Message {
    /// Asks for new local ICE credentials.
    OfferRestart(oneshot::Sender<Option<(String, String)>>),
    /// The server's description with its new ones in it.
    AcceptRestart(String, oneshot::Sender<Result<(), String>>),
}

/// Drives one participant.
pub(super) struct Driver {
    socket: UdpSocket,
    participant: Participant,
    /// The local half of a viewer's last description.
    local: Option<Local>,
    state: watch::Sender<State>,
    inbox: mpsc::Receiver<Message>,
    totals: Totals,
    stats: Stats,
    /// RTCP datagrams that a publisher received, still encrypted.
    rtcp: u64,
    /// Credentials that a viewer offered and the server has not answered.
    offered: Option<(String, String)>,
}

impl Driver {
    pub(super) fn new(
        socket: UdpSocket,
        participant: Participant,
        local: Option<Local>,
        state: watch::Sender<State>,
        inbox: mpsc::Receiver<Message>,
    ) -> Self {
        // Delay is measured in the steady phase alone, and only of our own publishers' packets.
        let stats = Stats { is_steady: true, ..Stats::default() };
        Self {
            socket,
            participant,
            local,
            state,
            inbox,
            totals: Totals::default(),
            stats,
            rtcp: 0,
            offered: None,
        }
    }

    /// Runs until the client is dropped.
    pub(super) async fn run(mut self) {
        let mut buffer = vec![0; 4_096];
        self.timeout();
        loop {
            let next = tokio::time::Instant::from_std(self.participant.next_at());
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
            // RFC 5761, section 4: the packet type tells RTCP from RTP.
            if let (Participant::Publisher(_), [128..=191, 192..=223, ..]) =
                (&self.participant, &*datagram)
            {
                self.rtcp += 1;
            }
            let mut recorder = Recorder { stats: &mut self.stats, totals: &self.totals };
            let mut send = sender(&self.socket);
            self.participant.handle_datagram(source, datagram, now, &mut recorder, &mut send);
        }
    }

    fn timeout(&mut self) {
        let mut recorder = Recorder { stats: &mut self.stats, totals: &self.totals };
        let mut send = sender(&self.socket);
        self.participant.handle_timeout(Instant::now(), &mut recorder, &mut send);
    }

    fn handle(&mut self, message: Message) {
        let now = Instant::now();
        match message {
            Message::OfferRestart(reply) => {
                let credentials = match &mut self.participant {
                    Participant::Publisher(it) => it.offer_restart(),
                    Participant::Viewer(_) => {
                        self.offered = Some((text(8), text(24)));
                        self.offered.clone()
                    }
                };
                // Who does not wait any more does not need it.
                _ = reply.send(credentials);
            }
            Message::AcceptRestart(sdp, reply) => {
                let result = match &mut self.participant {
                    Participant::Publisher(it) => it.accept_restart(&sdp, now),
                    Participant::Viewer(_) => self.restart_viewer(&sdp, now),
                };
                // Whoever hears of it sees what is proven anew, not what was before.
                self.tell();
                _ = reply.send(result);
            }
        }
    }

    fn restart_viewer(&mut self, sdp: &str, now: Instant) -> Result<(), String> {
        let mut remote = Remote::read(sdp)?;
        let (Participant::Viewer(viewer), Some(local)) = (&mut self.participant, &mut self.local)
        else {
            return Err("this is no viewer".to_owned());
        };
        (local.ufrag, local.pwd) = self.offered.take().ok_or("nothing was offered")?;
        let is_v4 = local.address.is_ipv4();
        remote.candidates.retain(|it| it.is_ipv4() == is_v4);
        viewer.restart(local, &remote, now);
        Ok(())
    }

    fn close(mut self) {
        let recorder = Recorder { stats: &mut self.stats, totals: &self.totals };
        self.participant.close(Instant::now(), &recorder, &mut sender(&self.socket));
    }

    fn tell(&self) {
        let count =
            |it: &std::sync::atomic::AtomicU64| it.load(std::sync::atomic::Ordering::Relaxed);
        let over = self.totals.reasons().into_keys().next();
        let counters = &self.stats.counters;
        let new = match &self.participant {
            Participant::Publisher(it) => State {
                is_connected: count(&self.totals.publishing) > 0,
                is_proven: it.is_proven(),
                rtp: 0,
                own: 0,
                rtcp: self.rtcp,
                over,
            },
            Participant::Viewer(it) => State {
                is_connected: count(&self.totals.connected) > 0,
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
