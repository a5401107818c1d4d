//! Datagrams to send, in one arena. They are written in place, sent in one system call or a few, and
//! cleared. Consecutive datagrams for one destination become one message of equal segments, which
//! the kernel splits (UDP generic segmentation offload, GSO). A message costs about 2.5 µs, each
//! further segment in it 0.06 µs.

use std::net::SocketAddr;

use crate::datagram::{RemoteAddr, StreamId};

/// Above this size the outbox is sent before more is written. It fits the second-level cache, which
/// still has the encrypted bytes when the kernel copies them.
const FULL_BYTES: usize = 384 * 1024;

/// At this number of messages the outbox is sent. One system call takes them all: `UIO_MAXIOV` is 1024.
const FULL_MESSAGES: usize = 512;

/// Space beyond [`FULL_BYTES`] that is always allocated, for the datagrams that one viewer gets at once.
const SLACK_BYTES: usize = 128 * 1024;

/// The most segments per message. `UDP_MAX_SEGMENTS` was 64 before Linux 6.9.
const MAX_SEGMENTS: usize = 64;

/// The most bytes per message: the largest UDP payload over IPv4, less some IP options.
const MAX_MESSAGE_BYTES: usize = 65_000;

/// The largest datagram, in bytes.
pub(crate) const MAX_DATAGRAM_BYTES: usize = 1_500;

/// Datagrams to be sent.
#[derive(Debug, Clone)]
pub struct Outbox {
    bytes: Vec<u8>,
    used: usize,
    /// Over UDP.
    messages: Vec<Message>,
    /// For TCP connections.
    of_streams: Vec<Message>,
}

/// Consecutive datagrams for one destination.
#[derive(Debug, Clone, Copy)]
struct Message {
    source: SocketAddr,
    destination: RemoteAddr,
    start: usize,
    len: usize,
    /// The size of each datagram but the last, which may be smaller.
    segment: usize,
}

/// One or several datagrams for one destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transmit<'a> {
    /// The host candidate that they are sent from.
    pub source: SocketAddr,
    /// The receiver.
    pub destination: RemoteAddr,
    /// Their payloads, concatenated.
    pub contents: &'a [u8],
    /// The size of each datagram but the last, which may be smaller. The size of a single datagram.
    pub segment_size: usize,
}

impl<'a> Transmit<'a> {
    /// The payload of each datagram.
    pub fn datagrams(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.contents.chunks(self.segment_size.max(1))
    }
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            bytes: vec![0; FULL_BYTES + SLACK_BYTES],
            used: 0,
            messages: Vec::with_capacity(FULL_MESSAGES),
            of_streams: Vec::new(),
        }
    }
}

impl Outbox {
    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.of_streams.is_empty()
    }

    /// The number of messages over UDP.
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// The bytes of all messages.
    pub fn bytes(&self) -> usize {
        self.used
    }

    /// The messages over UDP, in order.
    pub fn transmits(&self) -> impl ExactSizeIterator<Item = Transmit<'_>> {
        self.messages.iter().map(|it| self.transmit(it))
    }

    /// The messages for TCP connections, in order. Each datagram is sent as a frame of its own.
    pub fn of_streams(&self) -> impl ExactSizeIterator<Item = Transmit<'_>> {
        self.of_streams.iter().map(|it| self.transmit(it))
    }

    fn transmit(&self, it: &Message) -> Transmit<'_> {
        Transmit {
            source: it.source,
            destination: it.destination,
            contents: &self.bytes[it.start..it.start + it.len],
            segment_size: it.segment,
        }
    }

    /// Removes all messages, after they were sent.
    pub fn clear(&mut self) {
        self.messages.clear();
        self.of_streams.clear();
        self.used = 0;
    }

    /// Keeps the messages to TCP connections that satisfy the condition.
    pub(crate) fn retain_streams(&mut self, mut is_kept: impl FnMut(StreamId) -> bool) {
        self.of_streams.retain(|it| it.destination.stream.is_some_and(&mut is_kept));
    }

    /// Whether the messages must be sent before more is written.
    pub fn is_full(&self) -> bool {
        self.used >= FULL_BYTES
            || self.messages.len() >= FULL_MESSAGES
            || self.of_streams.len() >= FULL_MESSAGES
    }

    /// Space for one datagram of the largest size, to write in place and then [`Self::commit`]. The arena
    /// grows if the caller goes on when it [`Self::is_full`], so that no response is ever dropped here.
    pub fn reserve(&mut self) -> &mut [u8] {
        let end = self.used + MAX_DATAGRAM_BYTES;
        if end > self.bytes.len() {
            self.bytes.resize(end.next_multiple_of(SLACK_BYTES), 0);
        }
        &mut self.bytes[self.used..end]
    }

    /// Adds the first `len` reserved bytes as a datagram.
    pub fn commit(&mut self, len: usize, source: SocketAddr, destination: RemoteAddr) {
        debug_assert!(0 < len && len <= MAX_DATAGRAM_BYTES);
        let start = self.used;
        self.used += len;
        let messages = match destination.stream {
            None => &mut self.messages,
            Some(_) => &mut self.of_streams,
        };
        if let Some(last) = messages.last_mut()
            && last.destination == destination
            && last.source == source
            && last.takes(len)
        {
            last.len += len;
            return;
        }
        messages.push(Message { source, destination, start, len, segment: len });
    }

    /// Adds a datagram. One that is empty or larger than [`MAX_DATAGRAM_BYTES`] is dropped.
    pub(crate) fn push(&mut self, source: SocketAddr, destination: RemoteAddr, contents: &[u8]) {
        if contents.is_empty() || contents.len() > MAX_DATAGRAM_BYTES {
            return;
        }
        self.reserve()[..contents.len()].copy_from_slice(contents);
        self.commit(contents.len(), source, destination);
    }
}

impl Message {
    /// Whether a datagram of this size can be appended: it is not larger than the segments before it, and
    /// all of those have the same size.
    fn takes(&self, len: usize) -> bool {
        len <= self.segment
            && self.len.is_multiple_of(self.segment)
            && self.len / self.segment < MAX_SEGMENTS
            && self.len + len <= MAX_MESSAGE_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, n], 3000))
    }

    fn sent(outbox: &Outbox) -> Vec<(u8, Vec<usize>)> {
        let of = |it: Transmit<'_>| {
            let SocketAddr::V4(to) = it.destination.addr else { panic!("{it:?}") };
            (to.ip().octets()[3], it.datagrams().map(<[u8]>::len).collect())
        };
        outbox.transmits().map(of).collect()
    }

    #[test]
    fn a_frame_and_the_sound_behind_it_are_one_message() {
        let mut outbox = Outbox::default();
        for len in [1200, 1200, 1200, 150, 150] {
            outbox.push(address(1), address(2).into(), &vec![7; len]);
        }
        outbox.push(address(1), address(3).into(), &[1; 1200]);
        outbox.push(address(1), address(3).into(), &[1; 1201]);
        assert_eq!(
            sent(&outbox),
            [(2, vec![1200, 1200, 1200, 150]), (2, vec![150]), (3, vec![1200]), (3, vec![1201])]
        );
        outbox.clear();
        assert!(outbox.is_empty());
    }

    #[test]
    fn what_was_written_is_what_is_sent() {
        let mut outbox = Outbox::default();
        for n in 0..200_u8 {
            let room = outbox.reserve();
            room[..3].copy_from_slice(&[n, n, n]);
            outbox.commit(3, address(1), address(n / 100).into());
        }
        let all: Vec<&[u8]> = outbox.transmits().flat_map(|it| it.datagrams()).collect();
        assert_eq!(all.len(), 200);
        assert!(all.iter().enumerate().all(|(n, it)| it[0] == n as u8 && it.len() == 3));
        assert!(outbox.transmits().all(|it| it.contents.len() / it.segment_size <= MAX_SEGMENTS));
    }

    #[test]
    fn it_says_when_it_is_full_and_loses_nothing_beyond() {
        let mut outbox = Outbox::default();
        let mut n = 0;
        while !outbox.is_full() {
            outbox.push(address(1), address((n % 250) as u8).into(), &[0; 1_200]);
            n += 1;
        }
        for _ in 0..1_000 {
            outbox.push(address(1), address(1).into(), &[0; 1_200]);
        }
        assert_eq!(outbox.transmits().flat_map(|it| it.datagrams()).count(), n + 1_000);
    }
}
