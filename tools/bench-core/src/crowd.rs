//! The clients, in a thread of their own so that they do not evict the server's cache. The thread works only while the
//! server waits for it.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token};

use crate::error::BenchError;
use synth::description::{self, Local, Remote};
use synth::media::Shape;
use synth::publisher::Publisher;
use synth::socket::{Socket, Transport, Unregistered};
use synth::stats::{Stats, Times, Totals};
use synth::udp::{self, Buffers, Receivers};
use synth::viewer::{Identity, Recorder, Rules, Viewer};

/// What the clients have seen so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    pub(crate) publishing: u64,
    pub(crate) connected: u64,
    /// Packets of media that came.
    pub(crate) packets: u64,
    pub(crate) lost: u64,
    /// Packets that came when they were sent again.
    pub(crate) recovered: u64,
    /// Datagrams that were not authentic or could not be read.
    pub(crate) unreadable: u64,
    /// Why somebody is not there.
    pub(crate) failed: Option<String>,
    /// When somebody has something to do next.
    pub(crate) next_at: Option<Instant>,
    /// Whether anybody sent anything since the last answer.
    pub(crate) sent: bool,
}

enum Ask {
    Until(Instant),
    TakeDelays,
    Play(usize, Instant),
    AddPublisher(UdpSocket, Box<Shape>, Instant),
    AnswerPublisher(String),
    AddViewer(IpAddr, Transport, String, Instant),
}

enum Reply {
    Done(Counts),
    Description(Result<String, String>),
    Delays(Box<Times>),
}

/// The clients' half, as the server's thread sees it.
pub(crate) struct Crowd {
    asks: Option<SyncSender<Ask>>,
    replies: Receiver<Reply>,
    thread: Option<JoinHandle<()>>,
    counts: Counts,
}

impl Crowd {
    pub(crate) fn start(epoch: Instant, frame_interval: Duration, receivers: Receivers) -> Self {
        let (asks, inbox) = sync_channel(0);
        let (outbox, replies) = sync_channel(0);
        let body = move || {
            let Ok(mut clients) = Clients::new(epoch, frame_interval, receivers) else { return };
            while let Ok(ask) = inbox.recv() {
                if outbox.send(clients.answer(ask)).is_err() {
                    return;
                }
            }
        };
        // Named, so that a profile tells the two sides apart. Without it nobody answers.
        let thread = std::thread::Builder::new().name("crowd".into()).spawn(body).ok();
        Self { asks: Some(asks), replies, thread, counts: Counts::default() }
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counts.clone()
    }

    /// Lets time pass for the clients: each publisher sends at the moment when it has something, and
    /// what came is received at this one.
    pub(crate) fn until(&mut self, now: Instant) {
        _ = self.ask(Ask::Until(now));
    }

    /// Lets so many publishers send, the first ones; the others are silent.
    pub(crate) fn play(&mut self, publishers: usize, now: Instant) {
        _ = self.ask(Ask::Play(publishers, now));
    }

    /// How long packets were under way since the last time that this was asked; from the first time on.
    pub(crate) fn take_delays(&mut self) -> Times {
        match self.ask(Ask::TakeDelays) {
            Some(Reply::Delays(times)) => *times,
            _ => Times::default(),
        }
    }

    pub(crate) fn add_publisher(
        &mut self,
        socket: UdpSocket,
        shape: Shape,
        now: Instant,
    ) -> Result<String, BenchError> {
        self.describe(Ask::AddPublisher(socket, Box::new(shape), now))
    }

    pub(crate) fn answer_publisher(&mut self, answer: String) -> Result<(), BenchError> {
        self.describe(Ask::AnswerPublisher(answer)).map(|_| ())
    }

    pub(crate) fn add_viewer(
        &mut self,
        ip: IpAddr,
        transport: Transport,
        offer: &str,
        now: Instant,
    ) -> Result<String, BenchError> {
        self.describe(Ask::AddViewer(ip, transport, offer.to_owned(), now))
    }

    fn describe(&mut self, ask: Ask) -> Result<String, BenchError> {
        match self.ask(ask) {
            Some(Reply::Description(Ok(it))) => Ok(it),
            Some(Reply::Description(Err(reason))) => Err(BenchError::NoConnection(reason)),
            _ => Err(BenchError::NoConnection("the clients' thread is gone".into())),
        }
    }

    fn ask(&mut self, ask: Ask) -> Option<Reply> {
        self.asks.as_ref()?.send(ask).ok()?;
        let reply = self.replies.recv().ok()?;
        if let Reply::Done(counts) = &reply {
            self.counts = counts.clone();
        }
        Some(reply)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        drop(self.asks.take());
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

/// Above the numbers of viewers.
const PUBLISHERS: usize = 1 << 24;

/// All clients.
struct Clients {
    poll: Poll,
    events: Events,
    /// Whether anybody sent anything since the last answer.
    sent: bool,
    receivers: Receivers,
    publishers: Vec<(Socket, Publisher)>,
    viewers: Vec<(Socket, Viewer)>,
    identity: Identity,
    rules: Rules,
    stats: Stats,
    totals: Totals,
    buffers: Buffers,
}

impl Clients {
    fn new(epoch: Instant, frame_interval: Duration, receivers: Receivers) -> io::Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(256),
            sent: false,
            receivers,
            publishers: Vec::new(),
            viewers: Vec::new(),
            identity: Identity::generate(),
            rules: Rules { epoch, run: 1, frame_interval, loss: 0.0, any_media: false },
            stats: Stats::default(),
            totals: Totals::default(),
            buffers: Buffers::default(),
        })
    }

    fn answer(&mut self, ask: Ask) -> Reply {
        match ask {
            Ask::Until(now) => {
                self.until(now);
                Reply::Done(self.counts())
            }
            Ask::Play(n, now) => {
                for (at, (_, publisher)) in self.publishers.iter_mut().enumerate() {
                    publisher.set_silent(at >= n, now);
                }
                Reply::Done(self.counts())
            }
            Ask::TakeDelays => {
                self.stats.is_steady = true;
                Reply::Delays(Box::new(std::mem::take(&mut self.stats.delay)))
            }
            Ask::AddPublisher(socket, shape, now) => {
                Reply::Description(self.add_publisher(socket, *shape, now))
            }
            Ask::AnswerPublisher(answer) => {
                let last = self.publishers.last_mut().ok_or("no publisher".to_owned());
                Reply::Description(
                    last.and_then(|(_, it)| it.accept_answer(&answer)).map(|()| String::new()),
                )
            }
            Ask::AddViewer(ip, transport, offer, now) => {
                Reply::Description(self.add_viewer(ip, transport, &offer, now))
            }
        }
    }

    fn add_publisher(
        &mut self,
        socket: UdpSocket,
        shape: Shape,
        now: Instant,
    ) -> Result<String, String> {
        let token = Token(PUBLISHERS + self.publishers.len());
        let address = socket.local_addr().map_err(told)?;
        let socket = self.register(Unregistered::Udp(socket), token)?;
        let (publisher, offer) = Publisher::new(address, shape, now)?;
        self.publishers.push((socket, publisher));
        Ok(offer)
    }

    fn add_viewer(
        &mut self,
        ip: IpAddr,
        transport: Transport,
        offer: &str,
        now: Instant,
    ) -> Result<String, String> {
        let remote = Remote::read_over(offer, transport)?;
        let (socket, address) = open(ip, transport, &remote)?;
        let socket = self.register(socket, Token(self.viewers.len()))?;
        let local = Local {
            ufrag: format!("viewer{:05}", self.viewers.len()),
            pwd: "a-password-of-24-letters".into(),
            fingerprint: self.identity.fingerprint(),
            address,
            transport,
        };
        let answer = description::answer(offer, &local)?;
        let viewer = Viewer::new(&self.identity, &local, &remote, self.rules, now, now);
        self.viewers.push((socket, viewer));
        Ok(answer)
    }

    fn register(&self, socket: Unregistered, token: Token) -> Result<Socket, String> {
        Socket::register(socket, self.poll.registry(), token, self.receivers).map_err(told)
    }

    fn until(&mut self, now: Instant) {
        while let Some((at, n)) = self.next_publisher().filter(|it| it.0 <= now) {
            let Self { publishers, totals, sent, .. } = self;
            let (socket, publisher) = &mut publishers[n];
            publisher.handle_timeout(at, totals, &mut sender(socket, sent));
        }
        while self.receive(now) {}
        let Self { viewers, stats, totals, sent, .. } = self;
        for (socket, viewer) in viewers.iter_mut().filter(|it| it.1.next_at() <= now) {
            viewer.handle_timeout(now, &mut Recorder { stats, totals }, &mut sender(socket, sent));
        }
    }

    /// Who of the publishers has something to do first.
    fn next_publisher(&self) -> Option<(Instant, usize)> {
        let all = self.publishers.iter().enumerate();
        all.map(|(n, it)| (it.1.next_at(), n)).min()
    }

    /// Receives from all readable sockets. Returns whether there may be more.
    fn receive(&mut self, now: Instant) -> bool {
        let Self { poll, events, publishers, viewers, stats, totals, buffers, sent, .. } = self;
        if poll.poll(events, Some(Duration::ZERO)).is_err() {
            return false;
        }
        for event in &*events {
            let n = event.token().0;
            if let Some((socket, viewer)) = viewers.get_mut(n) {
                let (mut recorder, mut send) = (Recorder { stats, totals }, sender(socket, sent));
                while socket.receive(buffers, |from, datagram| {
                    viewer.handle_datagram(from, datagram, now, &mut recorder, &mut send);
                }) {}
            } else if let Some((socket, publisher)) = publishers.get_mut(n.wrapping_sub(PUBLISHERS))
            {
                let mut send = sender(socket, sent);
                while socket.receive(buffers, |from, datagram| {
                    publisher.handle_datagram(from, datagram, now, totals, &mut send);
                }) {}
            }
        }
        !events.is_empty()
    }

    fn counts(&mut self) -> Counts {
        let of_viewers = self.viewers.iter().map(|it| it.1.next_at()).min();
        let of_publishers = self.next_publisher().map(|it| it.0);
        let counters = self.stats.counters;
        Counts {
            publishing: self.totals.publishing.load(Ordering::Relaxed),
            connected: self.totals.connected.load(Ordering::Relaxed),
            packets: counters.packets,
            lost: counters.lost,
            recovered: counters.recovered,
            unreadable: counters.unreadable,
            failed: self.totals.reasons().into_keys().next(),
            next_at: [of_viewers, of_publishers].into_iter().flatten().min(),
            sent: std::mem::take(&mut self.sent),
        }
    }
}

/// Sends by a socket, and notes that something was sent.
fn sender<'a>(socket: &'a Socket, sent: &'a mut bool) -> impl FnMut(SocketAddr, &[u8]) + 'a {
    move |to, bytes| {
        *sent = true;
        socket.send(to, bytes);
    }
}

/// A viewer's socket, and its own address. Over TCP it is connected to the server.
fn open(
    ip: IpAddr,
    transport: Transport,
    remote: &Remote,
) -> Result<(Unregistered, SocketAddr), String> {
    match transport {
        Transport::Udp => {
            let socket = udp::bind(ip).map_err(told)?;
            let address = socket.local_addr().map_err(told)?;
            Ok((Unregistered::Udp(socket), address))
        }
        Transport::Tcp => {
            let server = remote.candidates.first().ok_or("no TCP candidate")?;
            let stream = TcpStream::connect(server).map_err(told)?;
            let address = stream.local_addr().map_err(told)?;
            Ok((Unregistered::Tcp(stream), address))
        }
    }
}

#[allow(clippy::needless_pass_by_value, reason = "map_err passes by value")]
fn told(error: io::Error) -> String {
    error.to_string()
}
