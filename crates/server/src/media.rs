//! The seam between the control plane and the media plane: the engine in the program, a stand-in in
//! tests.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use engine::{Connection, Engine, FiguresReply, StartError};
use media_api::{Command, Event, RoomId, TapPacket, WorkerFigures};
use record::TapQueue;
use tokio::sync::mpsc;

use crate::past::Past;

/// A running media plane.
pub trait Media: fmt::Debug + Send + Sync + 'static {
    /// Asks for something; what comes of it is an event. Waits while thousands are under way.
    fn command(&self, command: Command);

    /// Looks at the machine's addresses again.
    fn refresh_addresses(&self);

    /// Announces these addresses besides those of the machine.
    fn set_public_ips(&self, ips: Vec<IpAddr>);

    /// Takes over a TCP connection that begins with a connectivity check.
    fn accept(&self, connection: Connection);

    /// Closes one of those, by its number and the worker of its check, unless a peer has proven that it is its own.
    fn give_way(&self, worker: u8, connection: u64);

    /// The UDP port in use.
    fn udp_port(&self) -> u16;

    /// The addresses that offers and answers announce.
    fn candidates(&self) -> Vec<SocketAddr>;

    /// What each media thread counts of itself.
    fn worker_figures(&self) -> Vec<WorkerFigures> {
        Vec::new()
    }

    /// Asks the media threads what they count of all rooms, or of one room and its peers. Returns how many will reply.
    fn figures(&self, of: Option<RoomId>, reply: &FiguresReply) -> usize {
        _ = (of, reply);
        0
    }
}

impl Media for Engine {
    fn command(&self, command: Command) {
        Self::command(self, command);
    }

    fn refresh_addresses(&self) {
        Self::refresh_addresses(self);
    }

    fn set_public_ips(&self, ips: Vec<IpAddr>) {
        Self::set_public_ips(self, ips);
    }

    fn accept(&self, connection: Connection) {
        Self::accept(self, connection);
    }

    fn give_way(&self, worker: u8, connection: u64) {
        Self::give_way(self, worker, connection);
    }

    fn udp_port(&self) -> u16 {
        Self::udp_port(self)
    }

    fn candidates(&self) -> Vec<SocketAddr> {
        Self::candidates(self)
    }

    fn worker_figures(&self) -> Vec<WorkerFigures> {
        Self::worker_figures(self)
    }

    fn figures(&self, of: Option<RoomId>, reply: &FiguresReply) -> usize {
        Self::figures(self, of, reply)
    }
}

/// Starts the engine.
///
/// # Errors
/// See [`Engine::start`].
pub fn start_engine(
    config: engine::Config,
    events: EventSink,
) -> Result<Box<dyn Media>, StartError> {
    let tapped = events.clone();
    let tap = move |packets: &mut Vec<TapPacket>| tapped.tap(packets);
    let engine = Engine::start(config, move |event| events.send(event), tap)?;
    Ok(Box::new(engine))
}

/// Where the media plane leaves its events, and the packets of rooms that are recorded.
#[derive(Debug, Clone)]
pub struct EventSink {
    events: mpsc::Sender<Event>,
    tap: TapQueue,
    past: Past,
}

impl EventSink {
    pub(crate) fn new(events: mpsc::Sender<Event>, tap: TapQueue, past: Past) -> Self {
        Self { events, tap, past }
    }

    /// Takes the packets of rooms that are recorded out of `packets`. Never blocks.
    pub fn tap(&self, packets: &mut Vec<TapPacket>) {
        self.tap.put(packets);
    }

    /// Passes an event on. Never blocks.
    pub fn send(&self, event: Event) {
        // Many a second, and of no concern to the control plane.
        if let Event::PastWanted { peer } = event {
            return self.past.wanted(peer);
        }
        if let Err(mpsc::error::TrySendError::Full(event)) = self.events.try_send(event) {
            // Beyond every load we know. Descriptions stay out of the log.
            let (peer, room) = (event.peer(), event.room());
            tracing::error!(
                ?peer,
                ?room,
                "media event lost: the queue of the control plane is full"
            );
        }
    }
}
