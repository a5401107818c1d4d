//! A message from one worker to another: controls, relayed media, and datagrams that arrived at the wrong worker. Each
//! drain sends at most one to each worker; once emptied it is sent back for reuse.

use std::net::SocketAddr;

use crate::datagram::{Datagram, RemoteAddr};
use crate::media::format::Format;
use crate::media::packet::Packet;
use crate::media::stream_key::{Rids, StreamKey};
use crate::viewer::Viewer;
use crate::{PeerId, RoomId};
use media_api::{Command, Seat};

/// Bytes of datagrams in one message at most: 100 ms of a publisher's 20 Mbit/s. Further ones are dropped, as with a
/// full socket buffer.
const MAX_DATAGRAM_BYTES: usize = 256 * 1024;

/// Datagrams in one message at most. Strangers can send any number of small ones.
const MAX_DATAGRAMS: usize = 1_024;

/// Memory of a message beyond this many entries is released: snapshots are large, and rare.
const MAX_KEPT: usize = 1_024;

/// A message from one worker to another. [`crate::Sfu`] writes and reads it; the transport between workers need not.
#[derive(Debug, Default)]
pub struct WorkerMessage {
    pub(crate) from: u8,
    pub(crate) controls: Vec<Control>,
    pub(crate) media: Vec<Relayed>,
    pub(crate) datagrams: Datagrams,
}

/// A control message, which must not be lost. They are processed in the order of being sent.
#[derive(Debug)]
pub(crate) enum Control {
    /// To a room's home: relay this room to the sender.
    Subscribe(RoomId),
    /// To a room's home: stop relaying this room.
    Unsubscribe(RoomId),
    /// To a room's home: a viewer here needs a keyframe.
    KeyframeWanted(RoomId, Seat, StreamKey),
    /// To a room's home: the layers watched here. Sent every second, but not to a full inbox.
    Watched(RoomId, Rids),
    /// From a peer's registrar to the peer's worker.
    Command(Command),
    /// Back to the registrar: the peer has moved on.
    Returned(Command),
    /// A viewer that migrates to `to`, by way of its registrar.
    Viewer { migrating: Box<Migrating>, to: u8 },
    /// To the registrar: a further ICE username fragment of the peer.
    Ufrag(PeerId, String),
    /// To the registrar: the peer is closed.
    Gone(PeerId),
    /// To another worker: forward datagrams from this address to the sender.
    PassOn(RemoteAddr),
    /// To the worker that has this connection: send this there, from this candidate. A viewer that is about to migrate
    /// there has answered a check.
    ToStream(SocketAddr, RemoteAddr, Box<[u8]>),
}

/// Media of a room whose home is another worker.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all are packets: a box would allocate for each"
)]
pub(crate) enum Relayed {
    /// Whether the room is on air. `is_new`: earlier packets were of another source.
    Stage { room: RoomId, is_new: bool, on_air: bool },
    /// Further packets of a guest's seat are of another publisher.
    Guest(RoomId, Seat),
    /// A packet of the room's host, or of a guest.
    Packet(RoomId, (Seat, StreamKey), Format, Packet),
    /// The layers that the publisher has paused; it sends all others.
    Paused(RoomId, Rids),
}

/// A viewer that migrates between two workers.
#[derive(Debug)]
pub(crate) struct Migrating {
    pub(crate) peer: PeerId,
    pub(crate) room: RoomId,
    pub(crate) viewer: Viewer,
    pub(crate) ufrags: Vec<String>,
    /// SSRCs of its RTCP.
    pub(crate) ssrcs: Vec<u32>,
    /// The address that it was heard from.
    pub(crate) address: RemoteAddr,
    /// The worker that it leaves.
    pub(crate) from: u8,
}

impl WorkerMessage {
    pub(crate) fn from(from: u8) -> Self {
        Self { from, ..Self::default() }
    }

    /// The worker that sent it.
    pub fn sender(&self) -> u8 {
        self.from
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.controls.is_empty() && self.media.is_empty() && self.datagrams.entries.is_empty()
    }

    /// Appends the contents of a newer message, without its datagrams: they are out of date.
    pub(crate) fn append(&mut self, mut newer: Self) {
        self.controls.append(&mut newer.controls);
        self.media.append(&mut newer.media);
    }

    /// Empties it, and releases memory beyond the usual size.
    pub(crate) fn clear(&mut self) {
        self.controls.clear();
        self.media.clear();
        self.datagrams.clear();
        self.media.shrink_to(MAX_KEPT);
        self.controls.shrink_to(MAX_KEPT);
    }
}

/// Datagrams in one buffer.
#[derive(Debug, Default)]
pub(crate) struct Datagrams {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    source: RemoteAddr,
    destination: SocketAddr,
    /// The worker whose socket received it.
    origin: u8,
    start: usize,
}

impl Datagrams {
    /// Adds a datagram; returns whether it fit.
    pub(crate) fn push(&mut self, it: &Datagram<'_>, origin: u8) -> bool {
        let start = self.bytes.len();
        let fits = start + it.contents.len() <= MAX_DATAGRAM_BYTES;
        if fits && self.entries.len() < MAX_DATAGRAMS {
            self.bytes.extend_from_slice(it.contents);
            let Datagram { source, destination, .. } = *it;
            self.entries.push(Entry { source, destination, origin, start });
            return true;
        }
        false
    }

    /// All datagrams, each with the worker that received it.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Datagram<'_>, u8)> {
        let ends = self.entries.iter().skip(1).map(|it| it.start).chain([self.bytes.len()]);
        self.entries.iter().zip(ends).map(|(it, end)| {
            let contents = self.bytes.get(it.start..end).unwrap_or_default();
            let Entry { source, destination, origin, .. } = *it;
            (Datagram { source, destination, contents }, origin)
        })
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datagrams_come_out_as_they_went_in_and_no_more_than_fit() {
        let address = SocketAddr::from(([192, 0, 2, 1], 7));
        let mut datagrams = Datagrams::default();
        let put = |it: &mut Datagrams, contents: &[u8], origin| {
            it.push(&Datagram { source: address.into(), destination: address, contents }, origin)
        };
        for (n, contents) in [&b"one"[..], b"", b"three"].into_iter().enumerate() {
            assert!(put(&mut datagrams, contents, n as u8));
        }
        let seen: Vec<_> = datagrams.iter().map(|(it, origin)| (it.contents, origin)).collect();
        assert_eq!(seen, [(&b"one"[..], 0), (b"", 1), (b"three", 2)]);
        while put(&mut datagrams, &[0; 1_200], 0) {}
        assert!(datagrams.bytes.len() <= MAX_DATAGRAM_BYTES);
        while put(&mut datagrams, &[], 0) {}
        assert_eq!(datagrams.entries.len(), MAX_DATAGRAMS);
    }
}
