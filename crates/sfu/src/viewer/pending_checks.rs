//! Checks that come before the viewer's answer: it goes another way, by signalling, and a browser
//! begins to check as soon as it has written it. They are handled when it is here, as if they came
//! then, for what the viewer does next needs it as well. Of an offer that restarts ICE none come here:
//! its username fragment leads to the viewer once it is answered.

use std::net::SocketAddr;

use crate::datagram::Datagram;

/// Between an address of ours and one of the viewer's each; the rest it checks again in 50 ms.
const MAX_PATHS: usize = 4;

/// A browser's check has 100 to 150 bytes.
const MAX_BYTES: usize = 512;

/// The last check of each path, by the first of each; empty, and without memory of its own, nearly always.
#[derive(Debug, Default)]
pub(crate) struct Early(Vec<PendingCheck>);

/// One of them.
#[derive(Debug)]
pub(crate) struct PendingCheck {
    source: SocketAddr,
    destination: SocketAddr,
    contents: Box<[u8]>,
    /// The worker whose socket it came in at.
    pub(crate) origin: u8,
}

impl PendingCheck {
    /// As it came.
    pub(crate) fn datagram(&self) -> Datagram<'_> {
        let Self { source, destination, contents, .. } = self;
        Datagram { source: *source, destination: *destination, contents }
    }
}

impl Early {
    /// Keeps one, if there is room.
    pub(crate) fn keep(&mut self, datagram: &Datagram<'_>, origin: u8) {
        let Datagram { source, destination, contents } = *datagram;
        if contents.len() > MAX_BYTES {
            return;
        }
        let new = PendingCheck { source, destination, contents: contents.into(), origin };
        let is_same = |it: &&mut PendingCheck| it.source == source && it.destination == destination;
        if let Some(place) = self.0.iter_mut().find(is_same) {
            // Another that was first goes on being first.
            *place = new;
        } else if self.0.len() < MAX_PATHS {
            self.0.push(new);
        }
    }

    /// Hands all of them over.
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
        let mut early = Early::default();
        for (port, contents) in [(1, &b"one"[..]), (2, b"two"), (1, b"one again"), (9, &[0; 600])] {
            early.keep(&Datagram { source: at(port), destination: at(3000), contents }, 1);
        }
        for port in 3..9 {
            early.keep(&Datagram { source: at(port), destination: at(3000), contents: b"" }, 0);
        }
        let taken = early.take();
        let ports: Vec<_> = taken.iter().map(|it| it.source.port()).collect();
        assert_eq!(ports, [1, 2, 3, 4]);
        assert_eq!((taken[0].datagram().contents, taken[0].origin), (&b"one again"[..], 1));
        assert!(early.take().is_empty());
    }
}
