//! Where media runs: threads, sockets, clocks.

use std::io;
use std::net::{IpAddr, SocketAddr};

pub use sfu::{CloseReason, Codec, Command, Event, MediaInfo, NegotiationError, PeerId, RoomId};

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

/// The running media plane. Dropping it stops it.
#[derive(Debug)]
pub struct Engine {}

impl Engine {
    /// Opens the sockets and starts the media thread. `sink` is called on that thread for every
    /// event, so it only passes the event on and never blocks.
    ///
    /// # Errors
    /// When the port is taken, no thread can be had, or there is no address to announce.
    pub fn start(
        _config: Config,
        _sink: impl FnMut(Event) + Send + 'static,
    ) -> Result<Self, StartError> {
        unimplemented!("being written")
    }

    /// Asks the media plane; what comes of it is an event.
    pub fn command(&self, _command: Command) {
        unimplemented!("being written")
    }

    /// The UDP port in use.
    pub fn udp_port(&self) -> u16 {
        unimplemented!("being written")
    }

    /// The addresses that offers and answers announce as candidates.
    pub fn candidates(&self) -> Vec<SocketAddr> {
        unimplemented!("being written")
    }
}
