//! The task of one client: its socket, its deadlines and the clock.

use std::net::SocketAddr;
use std::time::Instant;

use tokio::sync::{mpsc, oneshot, watch};

use super::socket::{OverTcp, Socket, UnderWay};
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
    StopReading,
}

/// Drives one participant.
pub(super) struct Driver {
    socket: Socket,
    under_way: UnderWay,
    is_reading: bool,
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
        socket: Socket,
        participant: Participant,
        local: Option<Local>,
        state: watch::Sender<State>,
        inbox: mpsc::Receiver<Message>,
    ) -> Self {
        // Delay is measured in the steady phase alone, and only of our own publishers' packets.
        let stats = Stats { is_steady: true, ..Stats::default() };
        Self {
            socket,
            under_way: UnderWay::default(),
            is_reading: true,
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

    /// Runs until the client is dropped, or its connection is closed.
    pub(super) async fn run(mut self, over: Option<OverTcp>) {
        if let Some(over) = over {
            match Socket::connect(over).await {
                Ok(socket) => self.socket = socket,
                Err(error) => return self.end(&format!("tcp: {}", error.kind())),
            }
        }
        let mut buffer = vec![0; 4_096];
        self.timeout();
        loop {
            let next = tokio::time::Instant::from_std(self.participant.next_at());
            tokio::select! {
                message = self.inbox.recv() => match message {
                    Some(message) => self.handle(message),
                    None => return self.close(),
                },
                readable = self.socket.readable(), if self.is_reading => {
                    if readable.is_ok() && !self.receive(&mut buffer) {
                        return self.end("tcp: closed");
                    }
                }
                () = tokio::time::sleep_until(next) => self.timeout(),
            }
            self.tell();
        }
    }

    /// Returns whether the socket is open.
    fn receive(&mut self, buffer: &mut [u8]) -> bool {
        let Self { socket, under_way, participant, rtcp, stats, totals, .. } = self;
        let UnderWay { frames, waiting } = under_way;
        loop {
            let received = socket.receive(frames, buffer, |source, datagram| {
                let now = Instant::now();
                // RFC 5761, section 4: the packet type tells RTCP from RTP.
                if let (Participant::Publisher(_), [128..=191, 192..=223, ..]) =
                    (&*participant, &*datagram)
                {
                    *rtcp += 1;
                }
                let mut recorder = Recorder { stats, totals };
                let mut send = |to: SocketAddr, bytes: &[u8]| socket.send(waiting, to, bytes);
                participant.handle_datagram(source, datagram, now, &mut recorder, &mut send);
            });
            match received {
                Ok(true) => {}
                Ok(false) => return true,
                Err(_) => return false,
            }
        }
    }

    fn timeout(&mut self) {
        let Self { socket, under_way, participant, stats, totals, .. } = self;
        let mut recorder = Recorder { stats, totals };
        let mut send =
            |to: SocketAddr, bytes: &[u8]| socket.send(&mut under_way.waiting, to, bytes);
        participant.handle_timeout(Instant::now(), &mut recorder, &mut send);
    }

    /// Tells why it ended.
    fn end(&self, reason: &str) {
        self.totals.fail(reason);
        self.tell();
    }

    fn handle(&mut self, message: Message) {
        let now = Instant::now();
        match message {
            Message::StopReading => self.is_reading = false,
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

    fn close(self) {
        let Self { socket, mut under_way, mut participant, mut stats, totals, .. } = self;
        let recorder = Recorder { stats: &mut stats, totals: &totals };
        let mut send =
            |to: SocketAddr, bytes: &[u8]| socket.send(&mut under_way.waiting, to, bytes);
        participant.close(Instant::now(), &recorder, &mut send);
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
