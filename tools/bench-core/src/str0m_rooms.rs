//! Rooms of str0m sessions, for comparison: the same clients, packets and send path as with [`sfu::Sfu`], and as little as
//! possible between the sessions of a publisher and its viewers.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Instant;

use sfu::{Command, Datagram, Event, Outbox, Output, PeerId, RoomId};
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::config::DtlsVersion;
use str0m::format::Codec;
use str0m::media::{Direction, KeyframeRequestKind, MediaKind, Mid, Pt};
use str0m::net::{DatagramRecv, Protocol, Receive};
use str0m::rtp::{RtpPacket, RtpWrite, Ssrc};
use str0m::{Candidate, Input, Rtc};

struct Peer {
    rtc: Rtc,
    room: RoomId,
    next_at: Instant,
    /// Whether its address is known.
    is_found: bool,
    /// Whether it is in [`Str0mRooms::ready`].
    is_ready: bool,
    pending: Option<SdpPendingOffer>,
    /// Sound and picture of a viewer.
    tracks: Option<[(Mid, Pt); 2]>,
}

#[derive(Default)]
struct Room {
    publisher: Option<usize>,
    /// The source of the publisher's picture.
    video: Option<Ssrc>,
    viewers: Vec<usize>,
    is_live: bool,
}

/// All rooms.
pub(crate) struct Str0mRooms {
    local: SocketAddr,
    peers: Vec<Peer>,
    ids: HashMap<PeerId, usize>,
    addresses: HashMap<SocketAddr, usize>,
    rooms: HashMap<RoomId, Room>,
    /// Peers that may have something to say.
    ready: VecDeque<usize>,
    events: VecDeque<Event>,
    outbox: Outbox,
    was_sent: bool,
}

impl Str0mRooms {
    pub(crate) fn new(local: SocketAddr) -> Self {
        Self {
            local,
            peers: Vec::new(),
            ids: HashMap::new(),
            addresses: HashMap::new(),
            rooms: HashMap::new(),
            ready: VecDeque::new(),
            events: VecDeque::new(),
            outbox: Outbox::default(),
            was_sent: false,
        }
    }

    /// Obeys those commands that the bench gives; one that comes to nothing has no event.
    pub(crate) fn handle_command(&mut self, command: Command, now: Instant) {
        match command {
            Command::Publish { room, peer, offer, .. } => _ = self.publish(room, peer, &offer, now),
            Command::Watch { room, peer, .. } => _ = self.watch(room, peer, now),
            Command::Answer { peer, sdp } => _ = self.answer(peer, &sdp),
            Command::GoLive { room } => {
                self.rooms.entry(room).or_default().is_live = true;
                self.request_keyframe(room);
            }
            _ => {}
        }
    }

    pub(crate) fn handle_datagram(&mut self, datagram: &Datagram<'_>, now: Instant) {
        let Datagram { source, destination, contents } = *datagram;
        let source = source.addr;
        let Ok(contents) = DatagramRecv::try_from(contents) else { return };
        let receive = Receive { proto: Protocol::Udp, source, destination, contents };
        let input = Input::Receive(now, receive);
        let known = self.addresses.get(&source).copied();
        let n = known
            .or_else(|| self.peers.iter().position(|it| !it.is_found && it.rtc.accepts(&input)));
        let Some((n, peer)) = n.and_then(|n| Some((n, self.peers.get_mut(n)?))) else { return };
        peer.is_found = true;
        if known.is_none() {
            self.addresses.insert(source, n);
        }
        // What is bad of a datagram is the client's, and ends nothing.
        _ = peer.rtc.handle_input(input);
        // A session keeps what one input came to, and no more.
        self.forget_sent();
        self.poll(n, now);
    }

    fn forget_sent(&mut self) {
        if std::mem::take(&mut self.was_sent) {
            self.outbox.clear();
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        for n in 0..self.peers.len() {
            if self.peers[n].next_at <= now {
                self.make_ready(n);
            }
        }
    }

    pub(crate) fn poll_output(&mut self, now: Instant) -> Output<'_> {
        self.forget_sent();
        if let Some(event) = self.events.pop_front() {
            return Output::Event(event);
        }
        while !self.outbox.is_full()
            && let Some(n) = self.ready.pop_front()
        {
            self.peers[n].is_ready = false;
            _ = self.peers[n].rtc.handle_input(Input::Timeout(now));
            self.poll(n, now);
        }
        if self.outbox.is_empty() {
            return Output::Timeout(self.peers.iter().map(|it| it.next_at).min());
        }
        self.was_sent = true;
        Output::Transmits(&self.outbox)
    }

    fn make_ready(&mut self, n: usize) {
        if !std::mem::replace(&mut self.peers[n].is_ready, true) {
            self.ready.push_back(n);
        }
    }

    /// Takes all that one session has to say.
    fn poll(&mut self, n: usize, now: Instant) {
        let room = self.peers[n].room;
        let mut has_sent = false;
        loop {
            match self.peers[n].rtc.poll_output() {
                Ok(str0m::Output::Transmit(it)) => {
                    has_sent = true;
                    let len = it.contents.len();
                    if let Some(room) = self.outbox.reserve().get_mut(..len) {
                        room.copy_from_slice(&it.contents);
                        self.outbox.commit(len, self.local, it.destination.into());
                    }
                }
                Ok(str0m::Output::Event(str0m::Event::RtpPacket(it))) => {
                    self.forward(room, &it, now);
                }
                Ok(str0m::Output::Event(str0m::Event::KeyframeRequest(_))) => {
                    self.request_keyframe(room);
                }
                Ok(str0m::Output::Event(_)) => {}
                // It has more to send, or names a time that is past without.
                Ok(str0m::Output::Timeout(at)) if at <= now && has_sent => {
                    has_sent = false;
                    _ = self.peers[n].rtc.handle_input(Input::Timeout(now));
                }
                Ok(str0m::Output::Timeout(at)) => return self.peers[n].next_at = at,
                Err(_) => return,
            }
        }
    }

    fn forward(&mut self, room: RoomId, packet: &RtpPacket, now: Instant) {
        let Some(room) = self.rooms.get_mut(&room) else { return };
        let is_audio = packet.time.frequency().get() == 48_000;
        if !is_audio {
            room.video = Some(packet.header.ssrc);
        }
        if !room.is_live {
            return;
        }
        let viewers = room.viewers.clone();
        for n in viewers {
            let Peer { rtc, tracks, .. } = &mut self.peers[n];
            let Some([audio, video]) = *tracks else { continue };
            let (mid, pt) = if is_audio { audio } else { video };
            let (seq, ts) = (packet.seq_no, packet.header.timestamp);
            let write = RtpWrite::new(pt, seq, ts, now, packet.payload.clone())
                .marker(packet.header.marker)
                .nackable(!is_audio);
            if let Some(stream) = rtc.direct_api().stream_tx_by_mid(mid, None) {
                stream.write_rtp(write);
            }
            self.make_ready(n);
        }
    }

    fn request_keyframe(&mut self, room: RoomId) {
        let Some(room) = self.rooms.get(&room) else { return };
        let (Some(n), Some(ssrc)) = (room.publisher, room.video) else { return };
        if let Some(stream) = self.peers[n].rtc.direct_api().stream_rx(&ssrc) {
            stream.request_keyframe(KeyframeRequestKind::Pli);
        }
        self.make_ready(n);
    }

    fn publish(&mut self, room: RoomId, id: PeerId, offer: &str, now: Instant) -> Option<()> {
        let mut rtc = self.session(now)?;
        let answer = rtc.sdp_api().accept_offer(SdpOffer::from_sdp_string(offer).ok()?).ok()?;
        let n = self.add(room, id, rtc, now);
        self.rooms.entry(room).or_default().publisher = Some(n);
        let (sdp, codecs) = (answer.to_sdp_string(), Vec::new());
        self.events.push_back(Event::Answer { peer: id, sdp, codecs });
        Some(())
    }

    fn watch(&mut self, room: RoomId, id: PeerId, now: Instant) -> Option<()> {
        let mut rtc = self.session(now)?;
        let pt = |codec| {
            let params = rtc.codec_config().params();
            params.iter().find(|it| it.spec().codec == codec).map(|it| it.pt())
        };
        let (opus, vp8) = (pt(Codec::Opus)?, pt(Codec::Vp8)?);
        let mut api = rtc.sdp_api();
        let mut add =
            |kind| api.add_media(kind, Direction::SendOnly, Some("bench".into()), None, None);
        let (audio, video) = (add(MediaKind::Audio), add(MediaKind::Video));
        let (offer, pending) = api.apply()?;
        let n = self.add(room, id, rtc, now);
        let peer = &mut self.peers[n];
        peer.pending = Some(pending);
        peer.tracks = Some([(audio, opus), (video, vp8)]);
        self.rooms.entry(room).or_default().viewers.push(n);
        self.events.push_back(Event::Offer { peer: id, sdp: offer.to_sdp_string() });
        Some(())
    }

    fn answer(&mut self, id: PeerId, sdp: &str) -> Option<()> {
        let peer = self.peers.get_mut(*self.ids.get(&id)?)?;
        let answer = SdpAnswer::from_sdp_string(sdp).ok()?;
        peer.rtc.sdp_api().accept_answer(peer.pending.take()?, answer).ok()?;
        self.events.push_back(Event::Negotiated { peer: id, codecs: Vec::new() });
        Some(())
    }

    fn session(&self, now: Instant) -> Option<Rtc> {
        let mut rtc = Rtc::builder()
            .set_rtp_mode(true)
            .set_ice_lite(true)
            .set_dtls_version(DtlsVersion::Dtls12)
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            .build(now);
        rtc.add_local_candidate(Candidate::host(self.local, "udp").ok()?)?;
        Some(rtc)
    }

    fn add(&mut self, room: RoomId, id: PeerId, rtc: Rtc, now: Instant) -> usize {
        let n = self.peers.len();
        let (is_found, is_ready, pending, tracks) = (false, false, None, None);
        self.peers.push(Peer { rtc, room, next_at: now, is_found, is_ready, pending, tracks });
        self.ids.insert(id, n);
        n
    }
}
