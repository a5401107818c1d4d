//! The part of a room that is about its guests. Rooms without guests do nothing here.

use std::time::Instant;

use super::guest::Guest;
use super::track::Track;
use super::{Change, Room};
use crate::PeerId;
use crate::ingress::Publisher;
use crate::media::format::Format;
use crate::media::packet::Packet;
use crate::media::stream_key::StreamKey;
use media_api::Seat;

impl Room {
    /// Whether nobody has ever been a guest.
    pub(crate) fn has_no_guests(&self) -> bool {
        self.guests.is_empty()
    }

    /// Whether the sound of a seat is dropped.
    pub(crate) fn is_muted(&self, seat: Seat) -> bool {
        self.guest(seat).is_some_and(|it| it.is_muted)
    }

    /// The tracks of a seat: sound and picture. Those of the host for a guest that was never there.
    pub(super) fn tracks_of(&self, seat: Seat) -> [&Track; 2] {
        match self.guest(seat) {
            Some(guest) => guest.tracks(),
            None => [&self.audio, &self.video],
        }
    }

    fn guest(&self, seat: Seat) -> Option<&Guest> {
        self.guests.iter().find(|it| it.seat == seat)
    }

    /// The guest of a seat; `None` if nobody ever had it, and for the host's.
    pub(crate) fn guest_mut(&mut self, seat: Seat) -> Option<&mut Guest> {
        self.guests.iter_mut().find(|it| it.seat == seat)
    }

    /// The guest of a seat, made if nobody has had it; `None` for the host's.
    pub(crate) fn guest_entry(&mut self, seat: Seat) -> Option<&mut Guest> {
        if seat.is_host() {
            return None;
        }
        if self.guest(seat).is_none() {
            self.guests.push(Guest::new(seat));
        }
        self.guest_mut(seat)
    }

    /// The seat of a publisher that is here.
    pub(crate) fn seat_of(&self, peer: PeerId) -> Option<Seat> {
        let is = |it: &Option<Publisher>| it.as_ref().is_some_and(|it| it.id == peer);
        if is(&self.publisher) {
            return Some(Seat::HOST);
        }
        self.guests.iter().find(|it| is(&it.publisher)).map(|it| it.seat)
    }

    /// The publisher that is this peer, if it is here.
    pub(crate) fn publisher_of(&mut self, peer: PeerId) -> Option<&mut Publisher> {
        let of_guests = self.guests.iter_mut().filter_map(|it| it.publisher.as_mut());
        self.publisher.iter_mut().chain(of_guests).find(|it| it.id == peer)
    }

    /// Adds a packet of a guest to its track.
    pub(crate) fn ingest_of_guest(
        &mut self,
        seat: Seat,
        stream: StreamKey,
        format: Format,
        packet: Packet,
    ) -> Option<Change> {
        let began = self.guest_entry(seat)?.push(stream, format, packet);
        began.then_some(Change::Guest(seat, true))
    }

    /// Whether a stream of the host's is its second picture.
    pub(crate) fn is_second(&self, stream: StreamKey) -> bool {
        self.publisher.as_ref().is_some_and(|it| it.is_second(stream.section))
    }

    /// The host is another, or gone: so is its second picture.
    pub(super) fn reset_second(&mut self) {
        if let Some(second) = self.guest_mut(Seat::SECOND) {
            second.set_publisher(None);
        }
    }

    /// The next guest whose media has just stopped.
    pub(crate) fn check_guests(&mut self, now: Instant) -> Option<Change> {
        let stopped = self.guests.iter_mut().find_map(|it| it.has_stopped(now).then_some(it.seat));
        stopped.map(|seat| Change::Guest(seat, false))
    }

    /// In a room with guests, takes the level of a packet of sound. Returns whether who speaks has changed.
    pub(crate) fn hear(&mut self, seat: Seat, level: Option<u8>, now: Instant) -> bool {
        let is_heard = !self.guests.is_empty() && self.guest(seat).is_none_or(|it| !it.is_muted);
        let is_heard = is_heard && seat != Seat::SECOND;
        match level.filter(|_| is_heard) {
            Some(level) => self.speakers.hear(seat, level, now),
            None => false,
        }
    }

    /// Who speaks; `None`: nobody for a while.
    pub(crate) fn speaker(&self) -> Option<Seat> {
        self.speakers.current()
    }

    /// Somebody is heard no more; returns whether who speaks has changed.
    pub(crate) fn falls_silent(&mut self, seat: Seat) -> bool {
        self.speakers.leave(seat)
    }

    pub(super) fn want_keyframe_of_guest(&mut self, seat: Seat, layer: usize, now: Instant) {
        let layers = self.guest_mut(seat).map(|it| &mut it.video.layers);
        if let Some(layer) = layers.and_then(|it| it.get_mut(layer)) {
            layer.keyframe.want();
            layer.demand.want(now);
        }
    }

    /// Layers of guests are never paused.
    pub(super) fn want_layers_of_guests(&mut self, now: Instant) {
        for layer in self.guests.iter_mut().flat_map(|it| &mut it.video.layers) {
            layer.demand.want(now);
        }
    }

    /// Sends due keyframe requests to the guests. At another worker than the home, calls `ask` for them instead. Returns
    /// the next guest that was asked.
    pub(crate) fn request_keyframe_of_guests(
        &mut self,
        now: Instant,
        mut ask: impl FnMut(Seat, StreamKey),
    ) -> Option<PeerId> {
        let Self { guests, viewers, publisher: host, .. } = self;
        for guest in guests {
            for layer in &mut guest.video.layers {
                if !layer.keyframe.poll(now) {
                    continue;
                }
                match &mut guest.publisher {
                    Some(publisher) => {
                        publisher.request_keyframe(layer.stream, now);
                        return Some(publisher.id);
                    }
                    None if guest.seat == Seat::SECOND && host.is_some() => {
                        let host = host.as_mut()?;
                        host.request_keyframe(layer.stream, now);
                        return Some(host.id);
                    }
                    None if guest.viewer.is_some() => {
                        let viewer = guest.viewer.and_then(|it| viewers.get_mut(&it));
                        if let Some(inbound) = viewer.and_then(|it| it.inbound()) {
                            inbound.request_keyframe(layer.stream, now);
                            return guest.viewer;
                        }
                    }
                    None if self.is_subscribed => ask(guest.seat, layer.stream),
                    None => {}
                }
            }
        }
        None
    }

    pub(super) fn deadline_of_guests(&self) -> Option<Instant> {
        let layers = self.guests.iter().flat_map(|it| &it.video.layers);
        let keyframes = layers.filter_map(|it| it.keyframe.poll_timeout());
        keyframes.chain(self.guests.iter().filter_map(Guest::stalls_at)).min()
    }
}
