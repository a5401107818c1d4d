//! Connectivity checks that arrive before the viewer's answer. The answer takes another way, through
//! signaling, and a browser begins to check as soon as it has written the answer. The checks are handled
//! when the answer is here, as if they arrived then; the viewer's next step needs the answer as well. An
//! ICE restart causes no pending checks: its username fragment maps to the viewer once it is answered.

use std::net::SocketAddr;

use crate::datagram::{Datagram, RemoteAddr};

/// The most paths, each from an address of the viewer to one of ours. A browser repeats the checks of
/// further paths after 50 ms.
const MAX_PATHS: usize = 4;

/// The largest check, in bytes. A browser's has 100 to 150.
const MAX_BYTES: usize = 512;

/// The last check of each path, in the order of each path's first check. It is nearly always empty, and
/// then without an allocation.
#[derive(Debug, Default)]
pub(crate) struct PendingChecks(Vec<PendingCheck>);

/// A check that waits for the answer.
#[derive(Debug)]
pub(crate) struct PendingCheck {
    source: RemoteAddr,
    destination: SocketAddr,
    contents: Box<[u8]>,
    /// The worker that received it.
    pub(crate) origin: u8,
}

impl PendingCheck {
    /// The check as it was received.
    pub(crate) fn datagram(&self) -> Datagram<'_> {
        let Self { source, destination, contents, .. } = self;
        Datagram { source: *source, destination: *destination, contents }
    }
}

impl PendingChecks {
    /// Keeps a check. One that is too large or of one path too many is dropped.
    pub(crate) fn keep(&mut self, datagram: &Datagram<'_>, origin: u8) {
        let Datagram { source, destination, contents } = *datagram;
        if contents.len() > MAX_BYTES {
            return;
        }
        let new = PendingCheck { source, destination, contents: contents.into(), origin };
        let is_same = |it: &&mut PendingCheck| it.source == source && it.destination == destination;
        if let Some(place) = self.0.iter_mut().find(is_same) {
            // The path keeps its place in the order.
            *place = new;
        } else if self.0.len() < MAX_PATHS {
            self.0.push(new);
        }
    }

    /// Removes and returns all checks.
    pub(crate) fn take(&mut self) -> Vec<PendingCheck> {
        std::mem::take(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_check_of_each_path_is_kept_and_no_more_than_that() {
        let at = |n: u16| SocketAddr::from(([192, 0, 2, 1], n));
        let mut pending = PendingChecks::default();
        for (port, contents) in [(1, &b"one"[..]), (2, b"two"), (1, b"one again"), (9, &[0; 600])] {
            pending.keep(&Datagram { source: at(port).into(), destination: at(3000), contents }, 1);
        }
        for port in 3..9 {
            pending.keep(
                &Datagram { source: at(port).into(), destination: at(3000), contents: b"" },
                0,
            );
        }
        let taken = pending.take();
        let ports: Vec<_> = taken.iter().map(|it| it.source.addr.port()).collect();
        assert_eq!(ports, [1, 2, 3, 4]);
        assert_eq!((taken[0].datagram().contents, taken[0].origin), (&b"one again"[..], 1));
        assert!(pending.take().is_empty());
    }
}
