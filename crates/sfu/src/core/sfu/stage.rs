//! Guests of a room: their publishers at the room's home, their tracks at all workers with viewers of it.

use std::net::IpAddr;
use std::time::Instant;

use super::{Deadline, Peer, Sfu, contain_in};
use crate::ingress::Publisher;
use crate::room::{Change, Room};
use crate::workers::bits;
use crate::workers::message::{Control, Relayed};
use media_api::{Cast, CloseReason, Event, NegotiationError, PeerId, RoomId, Seat};

impl Sfu {
    /// Gives a seat to a publisher that was accepted; returns the previous one.
    pub(super) fn seat_guest(
        &mut self,
        room_id: RoomId,
        seat: Seat,
        publisher: Publisher,
    ) -> Option<Publisher> {
        let room = self.rooms.entry(room_id).or_default();
        let old = room.guest_entry(seat)?.set_publisher(Some(publisher));
        self.relay_guest(room_id, seat);
        old
    }

    pub(super) fn close_guest(
        &mut self,
        room_id: RoomId,
        seat: Seat,
        reason: CloseReason,
        now: Instant,
    ) {
        if let Some(publisher) = self.vacate(room_id, seat, now) {
            self.say_goodbye_to_publisher(publisher, reason, now);
        }
    }

    /// Gives a seat to a viewer whose answer publishes.
    pub(super) fn seat_viewer(&mut self, room_id: RoomId, seat: Seat, peer: PeerId) {
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        if let Some(guest) = room.guest_entry(seat).filter(|it| it.viewer != Some(peer)) {
            guest.set_publisher(None);
            guest.viewer = Some(peer);
            self.relay_guest(room_id, seat);
        }
    }

    /// A viewer that published is gone.
    pub(super) fn unseat_viewer(
        &mut self,
        room_id: RoomId,
        seat: Seat,
        peer: PeerId,
        now: Instant,
    ) {
        let guest = self.rooms.get_mut(&room_id).and_then(|it| it.guest_mut(seat));
        if guest.is_some_and(|it| it.viewer == Some(peer)) {
            self.vacate(room_id, seat, now);
        }
    }

    /// Adds what a viewer published to the room.
    pub(super) fn ingest_of_viewer(&mut self, room_id: RoomId, peer: PeerId, now: Instant) {
        loop {
            let viewer = self.rooms.get_mut(&room_id).and_then(|it| it.viewers.get_mut(&peer));
            let Some(inbound) = viewer.and_then(|it| it.inbound()) else { return };
            let seat = inbound.seat;
            let Some((key, format, packet)) = inbound.poll(now) else { return };
            self.ingest(room_id, (seat, key), format, packet, now);
        }
    }

    /// Nobody has a seat any more; returns who had it as a publisher.
    fn vacate(&mut self, room_id: RoomId, seat: Seat, now: Instant) -> Option<Publisher> {
        let room = self.rooms.get_mut(&room_id)?;
        let publisher = room.guest_mut(seat).and_then(|it| it.set_publisher(None));
        let is_news = room.falls_silent(seat);
        self.relay_guest(room_id, seat);
        self.check_guests(room_id, now);
        if is_news {
            self.tell_speaker(room_id);
        }
        publisher
    }

    /// The host is another, or gone: so is its second picture.
    pub(super) fn end_second(&mut self, room_id: RoomId) {
        if self.rooms.get(&room_id).is_some_and(|it| !it.has_no_guests()) {
            self.relay_guest(room_id, Seat::SECOND);
        }
    }

    /// Tells the subscribed workers that the packets of a seat are of another publisher from now on.
    fn relay_guest(&mut self, room_id: RoomId, seat: Seat) {
        let Some(room) = self.rooms.get(&room_id) else { return };
        for worker in bits(room.subscribers) {
            let new = Relayed::Guest(room_id, seat);
            self.workers.relay_stage(worker, new, std::iter::empty());
        }
    }

    pub(super) fn mute(&mut self, room_id: RoomId, seat: Seat, is_muted: bool) {
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        if let Some(guest) = room.guest_entry(seat) {
            guest.is_muted = is_muted;
        }
        if is_muted && room.falls_silent(seat) {
            self.tell_speaker(room_id);
        }
    }

    /// Makes a viewer an offer of another cast.
    pub(super) fn recast(
        &mut self,
        peer: PeerId,
        cast: Cast,
        via: Option<IpAddr>,
        now: Instant,
    ) -> Result<String, NegotiationError> {
        let result = self.with_peer(peer, now, |it, _| match it {
            Peer::Publisher(_) => Err(NegotiationError::OutOfOrder),
            Peer::Viewer(it) => it.egress.recast(cast, via),
        });
        result.ok_or(NegotiationError::UnknownPeer)?
    }

    /// A viewer needs keyframes of guests.
    pub(super) fn want_guests(&mut self, room_id: RoomId, peer: PeerId, now: Instant) {
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        while let Some((seat, layer)) =
            room.viewers.get_mut(&peer).and_then(|it| it.next_guest_wanted())
        {
            room.want_keyframe(seat, layer, now);
        }
        self.attend_room(room_id, now);
    }

    /// Sends due keyframe requests to guests.
    pub(super) fn attend_guests(&mut self, room_id: RoomId, now: Instant) {
        if self.rooms.get(&room_id).is_none_or(Room::has_no_guests) {
            return;
        }
        loop {
            let Some(room) = self.rooms.get_mut(&room_id) else { return };
            let (workers, home) = (&mut self.workers, crate::home_of(room_id, self.config.workers));
            let ask = |seat, stream| {
                workers.send(home, Control::KeyframeWanted(room_id, seat, stream));
            };
            let asked = contain_in(room_id, || room.request_keyframe_of_guests(now, ask)).flatten();
            let Some(peer) = asked else { break };
            self.with_peer(peer, now, |it, _| {
                if let Peer::Publisher(it) = it {
                    it.handle_timeout(now);
                }
            });
            self.drain(peer, now);
        }
        if let Some(room) = self.rooms.get(&room_id) {
            self.timers.set(Deadline::Room(room_id), room.deadline());
        }
    }

    /// Reports guests whose media stopped.
    pub(super) fn check_guests(&mut self, room_id: RoomId, now: Instant) {
        while let Some(change) = self.rooms.get_mut(&room_id).and_then(|it| it.check_guests(now)) {
            if let Change::Guest(seat, _) = change
                && self.rooms.get_mut(&room_id).is_some_and(|it| it.falls_silent(seat))
            {
                self.tell_speaker(room_id);
            }
            self.report(room_id, Some(change));
        }
    }

    /// Takes the level of a packet of sound.
    pub(super) fn hear(&mut self, room_id: RoomId, seat: Seat, level: Option<u8>, now: Instant) {
        if self.rooms.get_mut(&room_id).is_some_and(|it| it.hear(seat, level, now)) {
            self.tell_speaker(room_id);
        }
    }

    /// Tells who speaks, at the room's home.
    fn tell_speaker(&mut self, room: RoomId) {
        if let Some(it) = self.rooms.get(&room).filter(|_| self.workers.is_home(room)) {
            self.events.push_back(Event::Speaker { room, seat: it.speaker() });
        }
    }
}
