//! Where media runs: threads, each with its sockets and its clock around a sans-IO core.
//!
//! ```text
//!            command (bounded channel)                sink (called for each event)
//! control ──────────────────────────► media threads ───────────────────────────► control
//!                                       Worker: Sfu, sockets, one `now` a batch
//!                                         ▲ │ messages (bounded channels)
//!                                       Worker: …
//! ```
//!
//! Which worker has what, and what they tell each other, is all in `sfu`; here it is carried.
//!
//! Deliberately absent: names, rights, HTTP (`server`), and anything asynchronous. A media thread
//! waits only in `poll`.

mod addresses;
mod capacity;
mod counters;
mod figures;
mod mailbox;
pub mod streams;
pub mod udp;
mod worker;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Instant, SystemTime};

use capacity::TotalCapacity;
use counters::{Commanded, Counters};
use mio::Waker;
use worker::{Addresses, Ends, Message, Waiting, Worker};

pub use figures::FiguresReply;
pub use sfu::worker_of_check;
pub use sfu::{
    Cap, Cast, CloseReason, Codec, Command, CoreFigures, Event, Finding, LayerRate,
    MAX_PUBLISH_PACKETS, MediaInfo, NegotiationError, PUBLISH_CEILING_KBPS, PeerId, Preference,
    Reason, RoomId, Seat, Shown, Tap, TapPacket, WorkerFigures,
};
pub use streams::{Connection, Place};
pub use worker::BATCHES_PER_TURN;

/// Commands under way to one media thread. It takes all of them at every turn, some thousand times
/// a second; a caller that finds the queue full waits, so that whoever asks too much feels it.
const MAX_COMMANDS: usize = 4_096;

/// Where the engine listens and what it tells others of it.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address to bind; an unspecified IPv6 address means every address of both families.
    pub listen: IpAddr,
    /// The UDP port of all sessions; 0 lets the system choose.
    pub udp_port: u16,
    /// The TCP address whose connections come by [`Engine::accept`], if any: it is announced for networks without UDP.
    pub tcp: Option<SocketAddr>,
    /// Addresses to announce besides those of the machine: of the NAT or container host in front.
    pub public_ips: Vec<IpAddr>,
    /// The most peers at once; one more is [`NegotiationError::Full`].
    pub max_peers: usize,
    /// The most that a publisher should send, in kbit/s; 0: no limit. Who sends more is told so, by
    /// [`Finding::BitrateOverLimit`].
    pub max_publish_kbps: u32,
    /// The most packets a second that are taken of a publisher, [`MAX_PUBLISH_PACKETS`] by default; 0:
    /// all. What is above is dropped, told by [`Finding::OverCeiling`], and after 5 s the publisher is
    /// closed.
    pub max_publish_packets: u32,
    /// The same of kbit a second, [`PUBLISH_CEILING_KBPS`] by default. Where [`Self::max_publish_kbps`] is
    /// set, twice that holds instead.
    pub publish_ceiling_kbps: u32,
    /// Media threads, of which each can use a core; 1 to [`MAX_WORKERS`]. On systems that cannot
    /// spread one port's datagrams over several sockets it is one, whatever this says.
    pub workers: usize,
}

/// The most media threads.
pub const MAX_WORKERS: usize = sfu::MAX_WORKERS as usize;

/// With more than these by default, a machine's other work would starve, and no network feeds them.
const DEFAULT_WORKERS: usize = 16;

/// One media thread for each core, up to 16.
pub fn default_workers() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    cores.min(DEFAULT_WORKERS)
}

/// Why the engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The UDP port cannot be had.
    #[error("cannot open UDP {addr}")]
    Bind {
        /// The address tried.
        addr: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A media thread cannot be started.
    #[error("cannot start a media thread")]
    Thread(#[source] io::Error),
    /// No address to announce was found.
    #[error("this machine has no usable network address; name one with --public-ip")]
    NoAddress,
}

/// The running media plane. Dropping it says goodbye to every peer and stops the threads.
#[derive(Debug)]
pub struct Engine {
    workers: Vec<Handle>,
    capacity: TotalCapacity,
    announced: Announced,
    /// Locked when the addresses are looked at, never by a media thread.
    candidates: Mutex<Candidates>,
}

/// What is announced, and what was named for it.
#[derive(Debug, Default)]
struct Candidates {
    public_ips: Vec<IpAddr>,
    now: Vec<SocketAddr>,
}

/// What decides which addresses are announced, besides those that are named and those that the machine has.
#[derive(Debug)]
struct Announced {
    /// What the UDP sockets are bound to.
    bound: Vec<IpAddr>,
    udp_port: u16,
    tcp: Option<SocketAddr>,
}

/// What one media thread is reached by.
#[derive(Debug)]
struct Handle {
    messages: SyncSender<Message>,
    waker: Arc<Waker>,
    counters: Arc<Counters>,
    commanded: Commanded,
    thread: Option<JoinHandle<()>>,
}

impl Engine {
    /// Opens the sockets and starts the media threads. `sink` is called on them, a clone on each, for
    /// every event, so it only passes the event on and never blocks. Of one peer or room, what one
    /// thread tells after another has come after it. `tap` is called in the same way for packets of rooms that are
    /// tapped: it takes them out of the vector, or leaves them to be dropped.
    ///
    /// # Errors
    /// When the port is taken, no thread can be had, or there is no address to announce.
    pub fn start(
        config: Config,
        sink: impl FnMut(Event) + Clone + Send + 'static,
        tap: impl FnMut(&mut Vec<TapPacket>) + Clone + Send + 'static,
    ) -> Result<Self, StartError> {
        let Config { listen, udp_port, public_ips, tcp, max_peers, workers, .. } = config;
        let workers = workers.clamp(1, MAX_WORKERS);
        let mut sockets = udp::bind_each(listen, udp_port, workers)?;
        let local = addresses::local();
        let announced = match sockets.first() {
            Some(it) => Announced { bound: it.bound(), udp_port: it.port(), tcp },
            None => Announced { bound: Vec::new(), udp_port, tcp },
        };
        let candidates = announced.candidates(&local, &public_ips);
        for it in &mut sockets {
            it.set_local(local.clone());
        }
        if candidates.is_empty() {
            return Err(StartError::NoAddress);
        }
        let n_workers = sockets.len();
        let mut core = sfu::Config::new(candidates.clone());
        core.tcp_candidates = addresses::tcp_candidates(&candidates, tcp);
        // Who has no place is refused before: here nobody is.
        core.max_peers = usize::MAX;
        core.max_publish_kbps = config.max_publish_kbps;
        core.max_publish_packets = config.max_publish_packets;
        core.publish_ceiling_kbps = config.publish_ceiling_kbps;
        core.clock = Some((Instant::now(), SystemTime::now()));
        core.workers = n_workers as u8;
        let mut engine = Self {
            workers: Vec::new(),
            capacity: TotalCapacity::new(max_peers),
            announced,
            candidates: Mutex::default(),
        };
        engine.spawn(&core, sockets, &(sink, tap)).map_err(StartError::Thread)?;
        let (udp_port, addresses) = (engine.udp_port(), listed(&candidates));
        engine.candidates = Mutex::new(Candidates { public_ips, now: candidates });
        tracing::info!(udp_port, threads = n_workers, addresses, "listening for media over UDP");
        Ok(engine)
    }

    /// Starts a thread for each set of sockets.
    fn spawn(
        &mut self,
        core: &sfu::Config,
        sockets: Vec<udp::Sockets>,
        (sink, tap): &(
            impl FnMut(Event) + Clone + Send + 'static,
            impl FnMut(&mut Vec<TapPacket>) + Clone + Send + 'static,
        ),
    ) -> io::Result<()> {
        let waiting: Vec<Waiting> =
            sockets.iter().map(|_| Waiting::new()).collect::<io::Result<_>>()?;
        let wakers: Vec<Arc<Waker>> = waiting.iter().map(Waiting::waker).collect();
        let ends = mailbox::join(&wakers).into_iter().zip(wakers);
        for ((sockets, waiting), (mailboxes, waker)) in sockets.into_iter().zip(waiting).zip(ends) {
            let index = mailboxes.me();
            let (messages, inbox) = sync_channel(MAX_COMMANDS);
            let core = sfu::Config { worker: index as u8, ..core.clone() };
            let capacity = self.capacity.of_worker();
            let counters = Arc::new(Counters::default());
            let (sink, tap) = (Box::new(sink.clone()), Box::new(tap.clone()));
            let stored = counters.clone();
            let ends = Ends { inbox, mailboxes, capacity, sink, tap, counters: stored };
            let worker = Worker::new(core, sockets, waiting, ends)?;
            let builder = std::thread::Builder::new().name(format!("media{index}"));
            let thread = builder.spawn(move || worker.run())?;
            let (commanded, thread) = (Commanded::default(), Some(thread));
            self.workers.push(Handle { messages, waker, counters, commanded, thread });
        }
        Ok(())
    }

    /// Asks the media plane; what comes of it is an event. Waits while [`MAX_COMMANDS`] are under way.
    pub fn command(&self, command: Command) {
        let to = sfu::addressee(&command, self.workers.len() as u8);
        let Some(handle) = self.workers.get(usize::from(to)) else { return };
        match command.peer().filter(|_| command.is_of_new_peer()) {
            Some(peer) if !self.capacity.take() => handle.send(Message::Refuse(peer)),
            _ => handle.send(Message::Command(command)),
        }
    }

    /// Takes a TCP connection of a peer over. One that does not begin with a connectivity check for a peer here is closed.
    pub fn accept(&self, connection: Connection) {
        let worker = worker_of_check(&connection.first);
        if let Some(handle) = worker.and_then(|it| self.workers.get(usize::from(it))) {
            handle.send(Message::Stream(Box::new(connection)));
        }
    }

    /// Closes a connection that `accept` took, unless a peer has proven that it is its own. `worker` is that of its check.
    pub fn give_way(&self, worker: u8, id: u64) {
        if let Some(handle) = self.workers.get(usize::from(worker)) {
            handle.send(Message::GiveWay(id));
        }
    }

    /// What each media thread counts of itself. A thread that stands still delays nobody here.
    pub fn worker_figures(&self) -> Vec<WorkerFigures> {
        self.workers.iter().map(|it| it.counters.read(&it.commanded)).collect()
    }

    /// Asks the media threads what they count of all rooms, or of one room and its peers. Returns how many were asked:
    /// each that is not overloaded. They reply within a turn each.
    pub fn figures(&self, of: Option<RoomId>, reply: &FiguresReply) -> usize {
        let asked = |it: &&Handle| it.try_send(Message::Figures(of, reply.clone()));
        self.workers.iter().filter(asked).count()
    }

    /// The UDP port in use.
    pub fn udp_port(&self) -> u16 {
        self.announced.udp_port
    }

    /// The addresses that offers and answers announce as candidates.
    pub fn candidates(&self) -> Vec<SocketAddr> {
        self.lock().now.clone()
    }

    /// Looks at the machine's addresses again. Descriptions from now on announce those that it has.
    pub fn refresh_addresses(&self) {
        let local = addresses::local();
        let mut before = self.lock();
        let candidates = self.announced.candidates(&local, &before.public_ips);
        // Without a network there is nothing better to announce.
        if candidates.is_empty() || before.now == candidates {
            return;
        }
        before.now.clone_from(&candidates);
        drop(before);
        tracing::info!(addresses = listed(&candidates), "the machine's addresses changed");
        let tcp_candidates = addresses::tcp_candidates(&candidates, self.announced.tcp);
        for handle in &self.workers {
            let addresses = Addresses {
                local: local.clone(),
                candidates: candidates.clone(),
                tcp_candidates: tcp_candidates.clone(),
            };
            handle.send(Message::Addresses(Box::new(addresses)));
        }
    }

    /// Announces these addresses besides those of the machine, from the next description on.
    pub fn set_public_ips(&self, ips: Vec<IpAddr>) {
        self.lock().public_ips = ips;
        self.refresh_addresses();
    }

    fn lock(&self) -> MutexGuard<'_, Candidates> {
        self.candidates.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Announced {
    fn candidates(&self, local: &[IpAddr], public_ips: &[IpAddr]) -> Vec<SocketAddr> {
        addresses::candidates(&self.bound, local, public_ips, self.udp_port)
    }
}

/// Addresses for a line of the log.
fn listed(candidates: &[SocketAddr]) -> String {
    let ips: Vec<_> = candidates.iter().map(|it| it.ip().to_string()).collect();
    ips.join(",")
}

impl Handle {
    fn send(&self, message: Message) {
        // The thread ends only when told to, or with the process.
        if self.messages.send(message).is_ok() {
            self.commanded.note();
            mailbox::wake(&self.waker);
        }
    }

    /// As [`Self::send`], unless it would wait. Returns whether it was sent.
    fn try_send(&self, message: Message) -> bool {
        let is_sent = self.messages.try_send(message).is_ok();
        if is_sent {
            self.commanded.note();
            mailbox::wake(&self.waker);
        }
        is_sent
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        for worker in &self.workers {
            worker.send(Message::Stop);
        }
        for thread in self.workers.iter_mut().filter_map(|it| it.thread.take()) {
            _ = thread.join();
        }
    }
}
