//! Where media runs: a thread with its sockets and its clock around the sans-IO core.
//!
//! ```text
//!            command (bounded channel)               sink (called for each event)
//! control ───────────────────────────► media thread ───────────────────────────► control
//!                                       Worker: Sfu, sockets, one `now` a batch
//! ```
//!
//! Deliberately absent: names, rights, HTTP (`server`), and anything asynchronous. The media thread
//! waits only in `poll`.

mod addresses;
pub mod udp;
mod worker;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use mio::Waker;
use worker::{Message, Worker};

pub use sfu::{CloseReason, Codec, Command, Event, MediaInfo, NegotiationError, PeerId, RoomId};

/// Commands under way to the media thread. It takes all of them at every turn, some thousand times
/// a second; a caller that finds the queue full waits, so that whoever asks too much feels it.
const MAX_COMMANDS: usize = 4_096;

/// Where the engine listens and what it tells others of it.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address to bind; an unspecified IPv6 address means every address of both families.
    pub listen: IpAddr,
    /// The UDP port of all sessions; 0 lets the system choose.
    pub udp_port: u16,
    /// Addresses to announce besides those of the machine: of the NAT or container host in front.
    pub public_ips: Vec<IpAddr>,
    /// The most peers at once; one more is [`NegotiationError::Full`].
    pub max_peers: usize,
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
    /// The media thread cannot be started.
    #[error("cannot start the media thread")]
    Thread(#[source] io::Error),
    /// No address to announce was found.
    #[error("this machine has no usable network address; name one with --public-ip")]
    NoAddress,
}

/// The running media plane. Dropping it says goodbye to every peer and stops the thread.
#[derive(Debug)]
pub struct Engine {
    messages: SyncSender<Message>,
    waker: Arc<Waker>,
    thread: Option<JoinHandle<()>>,
    udp_port: u16,
    candidates: Vec<SocketAddr>,
}

impl Engine {
    /// Opens the sockets and starts the media thread. `sink` is called on that thread for every
    /// event, so it only passes the event on and never blocks.
    ///
    /// # Errors
    /// When the port is taken, no thread can be had, or there is no address to announce.
    pub fn start(
        config: Config,
        sink: impl FnMut(Event) + Send + 'static,
    ) -> Result<Self, StartError> {
        let Config { listen, udp_port, public_ips, max_peers } = config;
        let mut sockets = udp::bind(listen, udp_port)?;
        let udp_port = sockets.port();
        let local = addresses::local();
        let candidates = addresses::candidates(&sockets, &local, &public_ips);
        sockets.set_local(local);
        if candidates.is_empty() {
            return Err(StartError::NoAddress);
        }
        let (messages, inbox) = sync_channel(MAX_COMMANDS);
        let mut core = sfu::Config::new(candidates.clone());
        core.max_peers = max_peers;
        let worker =
            Worker::new(core, sockets, inbox, Box::new(sink)).map_err(StartError::Thread)?;
        let waker = worker.waker();
        let thread = std::thread::Builder::new()
            .name("media".into())
            .spawn(move || worker.run())
            .map_err(StartError::Thread)?;
        tracing::info!(udp_port, n_candidates = candidates.len(), "media plane started");
        Ok(Self { messages, waker, thread: Some(thread), udp_port, candidates })
    }

    /// Asks the media plane; what comes of it is an event. Waits while [`MAX_COMMANDS`] are under way.
    pub fn command(&self, command: Command) {
        self.send(Message::Command(command));
    }

    /// The UDP port in use.
    pub fn udp_port(&self) -> u16 {
        self.udp_port
    }

    /// The addresses that offers and answers announce as candidates.
    pub fn candidates(&self) -> Vec<SocketAddr> {
        self.candidates.clone()
    }

    fn send(&self, message: Message) {
        // The thread ends only when told to, or with the process.
        if self.messages.send(message).is_ok()
            && let Err(error) = self.waker.wake()
        {
            tracing::error!(%error, "the media thread cannot be woken");
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.send(Message::Stop);
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}
