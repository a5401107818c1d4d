//! A publisher or a viewer behind one interface.

use std::net::SocketAddr;
use std::time::Instant;

use crate::publisher::Publisher;
use crate::viewer::{Recorder, Send, Viewer};

/// One participant of a room. Boxed: they are large and of different size.
#[derive(Debug)]
pub enum Participant {
    Publisher(Box<Publisher>),
    Viewer(Box<Viewer>),
}

impl Participant {
    /// When [`Self::handle_timeout`] has something to do.
    pub fn next_at(&self) -> Instant {
        match self {
            Self::Publisher(it) => it.next_at(),
            Self::Viewer(it) => it.next_at(),
        }
    }

    /// Takes a datagram; its bytes are decrypted in place.
    pub fn handle_datagram(
        &mut self,
        source: SocketAddr,
        datagram: &mut [u8],
        now: Instant,
        recorder: &mut Recorder<'_>,
        send: &mut Send<'_>,
    ) {
        match self {
            Self::Publisher(it) => {
                it.handle_datagram(source, datagram, now, recorder.totals, send);
            }
            Self::Viewer(it) => it.handle_datagram(source, datagram, now, recorder, send),
        }
    }

    /// Does what is due.
    pub fn handle_timeout(
        &mut self,
        now: Instant,
        recorder: &mut Recorder<'_>,
        send: &mut Send<'_>,
    ) {
        match self {
            Self::Publisher(it) => it.handle_timeout(now, recorder.totals, send),
            Self::Viewer(it) => it.handle_timeout(now, recorder, send),
        }
    }

    /// Ends the connection.
    pub fn close(&mut self, now: Instant, recorder: &Recorder<'_>, send: &mut Send<'_>) {
        match self {
            Self::Publisher(it) => it.close(now, recorder.totals, send),
            Self::Viewer(it) => it.close(send),
        }
    }
}
