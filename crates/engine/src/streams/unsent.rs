//! What waits for a peer that does not read as fast as it is sent.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, Write};

/// Bytes that wait for one peer at most: what the core sends at once to a viewer, beyond the mark at which it stops. A
/// datagram that does not fit is dropped as a whole.
const MAX_BYTES: usize = 256 * 1024;

/// Memory beyond this is released when nothing waits any more.
const KEPT_BYTES: usize = 16 * 1024;

/// Datagrams that are handed to the system at once.
const AT_ONCE: usize = 32;

/// Framed datagrams that wait for one peer, the first perhaps in part.
#[derive(Debug, Default)]
pub(super) struct Unsent {
    bytes: VecDeque<u8>,
}

impl Unsent {
    /// Bytes that wait.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Sends what waits, and then the datagrams, each as a frame. Returns how many were dropped.
    ///
    /// # Errors
    /// When the connection is broken.
    pub(super) fn send<'a>(
        &mut self,
        socket: &mut impl Write,
        datagrams: impl Iterator<Item = &'a [u8]>,
    ) -> io::Result<usize> {
        self.flush(socket)?;
        let mut n_lost = 0;
        let mut rest = datagrams.peekable();
        while rest.peek().is_some() {
            let mut lengths = [[0; 2]; AT_ONCE];
            let mut batch = [&[][..]; AT_ONCE];
            let mut n = 0;
            while n < AT_ONCE
                && let Some(datagram) = rest.next()
            {
                lengths[n] = u16::try_from(datagram.len()).unwrap_or(u16::MAX).to_be_bytes();
                batch[n] = datagram;
                n += 1;
            }
            let frames = lengths.iter().zip(batch).take(n);
            let mut slices = [IoSlice::new(&[]); 2 * AT_ONCE];
            for (slot, (length, datagram)) in slices.chunks_exact_mut(2).zip(frames.clone()) {
                slot[0] = IoSlice::new(length);
                slot[1] = IoSlice::new(datagram);
            }
            let mut sent = if self.is_empty() { write(socket, &slices[..2 * n])? } else { 0 };
            for (length, datagram) in frames {
                let size = length.len() + datagram.len();
                let is_begun = sent > 0;
                let done = sent.min(size);
                sent -= done;
                if done == size {
                    continue;
                }
                if !is_begun && self.len() + size > MAX_BYTES {
                    n_lost += 1;
                    continue;
                }
                let of_length = length.get(done..).unwrap_or_default();
                let of_datagram = datagram.get(done.saturating_sub(length.len())..);
                self.bytes.extend(of_length);
                self.bytes.extend(of_datagram.unwrap_or_default());
            }
        }
        Ok(n_lost)
    }

    /// Sends what waits. Returns whether the peer took anything.
    ///
    /// # Errors
    /// When the connection is broken.
    pub(super) fn flush(&mut self, socket: &mut impl Write) -> io::Result<bool> {
        let before = self.len();
        while !self.is_empty() {
            let (first, second) = self.bytes.as_slices();
            let n = write(socket, &[IoSlice::new(first), IoSlice::new(second)])?;
            if n == 0 {
                break;
            }
            self.bytes.drain(..n);
        }
        if self.is_empty() {
            self.bytes.shrink_to(KEPT_BYTES);
        }
        Ok(self.len() < before)
    }
}

/// Writes as much as the system takes now; 0 when it takes nothing.
fn write(socket: &mut impl Write, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    loop {
        match socket.write_vectored(slices) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(0),
            Ok(0) if slices.iter().any(|it| !it.is_empty()) => {
                return Err(ErrorKind::WriteZero.into());
            }
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A peer that takes so many bytes, and then no more until it is given room.
    #[derive(Default)]
    struct Peer {
        took: Vec<u8>,
        room: usize,
    }

    impl Write for Peer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let n = bytes.len().min(self.room);
            self.took.extend(&bytes[..n]);
            self.room -= n;
            if n == 0 && !bytes.is_empty() { Err(ErrorKind::WouldBlock.into()) } else { Ok(n) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn framed(datagrams: &[Vec<u8>]) -> Vec<u8> {
        datagrams
            .iter()
            .flat_map(|it| [&(it.len() as u16).to_be_bytes()[..], it].concat())
            .collect()
    }

    #[test]
    fn wherever_the_peer_stops_taking_the_stream_is_whole_and_in_order() {
        let sent: Vec<Vec<u8>> = (1..80_u8).map(|n| vec![n; usize::from(n) * 3]).collect();
        for room in (0..400).chain([5_000, 1 << 20]) {
            let (mut unsent, mut peer) = (Unsent::default(), Peer { room, ..Peer::default() });
            let (one, two) = sent.split_at(40);
            for part in [one, two] {
                let n_lost = unsent.send(&mut peer, part.iter().map(Vec::as_slice)).unwrap();
                assert_eq!(n_lost, 0);
            }
            peer.room = 1 << 20;
            unsent.flush(&mut peer).unwrap();
            assert!(unsent.is_empty());
            assert_eq!(peer.took, framed(&sent), "stopped after {room} bytes");
        }
    }

    #[test]
    fn what_waits_is_bounded_and_a_datagram_is_dropped_as_a_whole() {
        let (mut unsent, mut peer) = (Unsent::default(), Peer { room: 1_000, ..Peer::default() });
        let datagrams: Vec<Vec<u8>> = (0..400).map(|_| vec![7; 1_200]).collect();
        let n_lost = unsent.send(&mut peer, datagrams.iter().map(Vec::as_slice)).unwrap();
        assert!(n_lost > 100 && unsent.len() <= MAX_BYTES, "{n_lost} {}", unsent.len());
        peer.room = 1 << 20;
        unsent.flush(&mut peer).unwrap();
        assert_eq!(peer.took.len() % 1_202, 0);
        assert_eq!(peer.took.len() / 1_202, 400 - n_lost);
    }
}
