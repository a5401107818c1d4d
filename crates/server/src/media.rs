//! The seam between the control plane and the media plane: the engine in the program, a stand-in in
//! tests.

use std::fmt;
use std::net::SocketAddr;

use engine::{Command, Engine, StartError};

use crate::driver::EventSink;

/// A running media plane.
pub trait Media: fmt::Debug + Send + Sync + 'static {
    /// Asks for something; what comes of it is an event. Waits while thousands are under way.
    fn command(&self, command: Command);

    /// The UDP port in use.
    fn udp_port(&self) -> u16;

    /// The addresses that offers and answers announce.
    fn candidates(&self) -> Vec<SocketAddr>;
}

impl Media for Engine {
    fn command(&self, command: Command) {
        Self::command(self, command);
    }

    fn udp_port(&self) -> u16 {
        Self::udp_port(self)
    }

    fn candidates(&self) -> Vec<SocketAddr> {
        Self::candidates(self)
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
    let engine = Engine::start(config, move |event| events.send(event))?;
    Ok(Box::new(engine))
}
