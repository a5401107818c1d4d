//! What one worker sends another: notes, relayed media, datagrams that came in at the wrong one.
//! One message a drain and worker; emptied it goes back to be filled again.

use std::net::SocketAddr;

use crate::datagram::Datagram;
use crate::media::format::Format;
use crate::media::packet::Packet;
use crate::media::stream_key::{Rids, StreamKey};
use crate::viewer::Viewer;
use crate::{PeerId, RoomId};
use media_api::Command;

/// Bytes of datagrams in one message: 100 ms of a publisher's 20 Mbit/s. The rest is dropped, as by a
/// full socket buffer.
const MAX_DATAGRAM_BYTES: usize = 256 * 1024;

/// Datagrams in one message. Strangers can make any number of small ones.
const MAX_DATAGRAMS: usize = 1_024;

/// A message that grew beyond this is not kept: snapshots are large, and rare.
const MAX_KEPT: usize = 1_024;

/// What one worker sends another. Made and understood by [`crate::Sfu`]; whoever carries it need not
/// look inside.
#[derive(Debug, Default)]
pub struct WorkerMessage {
    pub(crate) from: u8,
    pub(crate) controls: Vec<Control>,
    pub(crate) media: Vec<Relayed>,
    pub(crate) datagrams: Datagrams,
}

/// What must not be lost. In the order of being written.
#[derive(Debug)]
pub(crate) enum Control {
    /// To a room's home: relay this room to me.
    Subscribe(RoomId),
    /// No longer.
    Unsubscribe(RoomId),
    /// To a room's home: somebody here cannot decode.
    KeyframeWanted(RoomId, StreamKey),
    /// To a room's home: these layers are watched here now. Said again each second, but not to a full
    /// inbox.
    Watched(RoomId, Rids),
    /// From a peer's registrar to where it is.
    Command(Command),
    /// Back to the registrar: the peer was on its way elsewhere.
    Returned(Command),
    /// A viewer that is handed over to `to`, by way of its registrar.
    Viewer { migrating: Box<Migrating>, to: u8 },
    /// To the registrar: this fragment is the peer's as well.
    Ufrag(PeerId, String),
    /// To the registrar: the peer is closed.
    Gone(PeerId),
    /// What comes from this address is for a peer of mine.
    PassOn(SocketAddr),
}

/// Of the media of a room that is at home elsewhere.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all are packets: a box would allocate for each"
)]
pub(crate) enum Relayed {
    /// Whether it is on air; and if it is new, what came before is of another source.
    Stage { room: RoomId, is_new: bool, on_air: bool },
    /// One packet of its publisher.
    Packet(RoomId, StreamKey, Format, Packet),
    /// The layers that its publisher need not send; all others it sends.
    Paused(RoomId, Rids),
}

/// A viewer between two workers.
#[derive(Debug)]
pub(crate) struct Migrating {
    pub(crate) peer: PeerId,
    pub(crate) room: RoomId,
    pub(crate) viewer: Viewer,
    pub(crate) ufrags: Vec<String>,
    /// What it sends RTCP under.
    pub(crate) ssrcs: Vec<u32>,
    /// Where it was heard.
    pub(crate) address: SocketAddr,
    /// The worker that it was with.
    pub(crate) from: u8,
}

impl WorkerMessage {
    pub(crate) fn from(from: u8) -> Self {
        Self { from, ..Self::default() }
    }

    /// Who sent it.
    pub fn sender(&self) -> u8 {
        self.from
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.controls.is_empty() && self.media.is_empty() && self.datagrams.entries.is_empty()
    }

    /// Adds what another one holds; its datagrams are old by now.
    pub(crate) fn append(&mut self, mut newer: Self) {
        self.controls.append(&mut newer.controls);
        self.media.append(&mut newer.media);
    }

    /// Forgets what is left in it, and memory beyond what is needed all the time.
    pub(crate) fn clear(&mut self) {
        self.controls.clear();
        self.media.clear();
        self.datagrams.clear();
        self.media.shrink_to(MAX_KEPT);
        self.controls.shrink_to(MAX_KEPT);
    }
}

/// Datagrams, one behind the other.
#[derive(Debug, Default)]
pub(crate) struct Datagrams {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    source: SocketAddr,
    destination: SocketAddr,
    /// The worker whose socket it came in at.
    origin: u8,
    start: usize,
}

impl Datagrams {
    /// Adds one; returns whether there was room.
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

    /// All of them, with the worker each came in at.
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
            it.push(&Datagram { source: address, destination: address, contents }, origin)
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
