//! Media from a room's home to the workers where it is watched, and keyframe requests back. A room
//! that is not at home here is one without a publisher; all else of it is as everywhere.

use std::time::Instant;

use super::{Deadline, Sfu};
use crate::media::format::Format;
use crate::media::packet::Packet;
use crate::media::stream_key::{Rids, StreamKey};
use crate::workers::bits;
use crate::workers::message::{Control, Relayed};
use media_api::RoomId;

impl Sfu {
    /// Somebody here watches this room: has it relayed, unless it is or is at home.
    pub(super) fn subscribe(&mut self, room_id: RoomId) {
        if self.workers.is_home(room_id) {
            return;
        }
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        if !std::mem::replace(&mut room.is_subscribed, true) {
            self.workers.send(self.workers.home(room_id), Control::Subscribe(room_id));
        }
    }

    /// A worker wants a room of ours: it gets the stage as it is, then all that comes.
    pub(super) fn subscribed(&mut self, room_id: RoomId, by: u8) {
        if !self.workers.is_home(room_id) {
            return;
        }
        let room = self.rooms.entry(room_id).or_default();
        room.subscribers |= 1 << by;
        let stage = Relayed::Stage { room: room_id, is_new: true, on_air: room.on_air };
        let packets = room.snapshot().into_iter();
        let packets = packets
            .map(|(stream, format, it)| Relayed::Packet(room_id, stream, format, it.clone()));
        // After the packets, of which the layers are made.
        let paused = Relayed::Paused(room_id, room.paused());
        self.workers.relay_stage(by, stage, packets.chain([paused]));
    }

    /// A worker no longer wants a room of ours.
    pub(super) fn unsubscribed(&mut self, room_id: RoomId, by: u8) {
        if let Some(room) = self.rooms.get_mut(&room_id) {
            room.subscribers &= !(1 << by);
            self.leave_room(room_id);
        }
    }

    /// Tells the workers where it is watched that a room of ours is on or off air, and whether what
    /// comes is of another source.
    pub(super) fn relay_stage(&mut self, room_id: RoomId, is_new: bool) {
        let Some(room) = self.rooms.get(&room_id) else { return };
        for worker in bits(room.subscribers) {
            let stage = Relayed::Stage { room: room_id, is_new, on_air: room.on_air };
            self.workers.relay_stage(worker, stage, std::iter::empty());
        }
    }

    /// Takes what a room's home relayed.
    pub(super) fn handle_relayed(&mut self, relayed: Relayed, now: Instant) {
        let (Relayed::Stage { room: id, .. } | Relayed::Packet(id, ..) | Relayed::Paused(id, _)) =
            relayed;
        // What was under way when the last viewer left is for nobody.
        let Some(room) = self.rooms.get_mut(&id).filter(|it| it.is_subscribed) else { return };
        match relayed {
            Relayed::Stage { is_new, on_air, .. } => {
                if is_new {
                    room.set_publisher(None, on_air);
                }
                room.on_air = on_air;
                self.timers.set(Deadline::Room(id), room.deadline());
                self.dirty.insert(id);
            }
            Relayed::Packet(_, stream, format, packet) => {
                self.ingest(id, stream, format, packet, now);
            }
            Relayed::Paused(_, layers) => room.set_paused(&layers, now),
        }
    }

    /// Takes a packet of a room, and sees to it that its viewers get it.
    pub(super) fn ingest(
        &mut self,
        room_id: RoomId,
        stream: StreamKey,
        format: Format,
        packet: Packet,
        now: Instant,
    ) {
        let n_peers = self.room_of.len();
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        let (is_video, is_complete) = (format.codec.is_video(), packet.marker);
        let change = room.ingest(stream, format, packet);
        if room.subscribers != 0
            && let Some(packet) = room.newest_of(stream, format)
        {
            self.workers.relay(room.subscribers, room_id, stream, format, packet);
        }
        if room.is_flush_due(is_video, is_complete, n_peers, now) {
            self.dirty.insert(room_id);
        } else {
            self.timers.set(Deadline::Room(room_id), room.deadline());
        }
        self.report(room_id, change);
    }

    /// A viewer of another worker needs a keyframe; it is asked for as for one of ours.
    pub(super) fn keyframe_wanted(&mut self, room_id: RoomId, stream: StreamKey, now: Instant) {
        if let Some(room) = self.rooms.get_mut(&room_id) {
            room.want_keyframe_of(stream, now);
            self.attend_room(room_id, now);
        }
    }

    /// Sees, now and then or when there is reason to, which layers are watched here; tells the room's home,
    /// which tells the publisher.
    pub(super) fn attend_layers(&mut self, room_id: RoomId, now: Instant) {
        let is_home = self.workers.is_home(room_id);
        let Some(room) = self.rooms.get_mut(&room_id).filter(|it| it.is_look_due(now)) else {
            return;
        };
        let watched = room.look(now);
        if !is_home {
            // Who watches nothing has nothing to say: what is not said again is forgotten.
            let home = self.workers.home(room_id);
            if watched != Rids::default() && !self.workers.is_blocked(home) {
                self.workers.send(home, Control::Watched(room_id, watched));
            }
            return;
        }
        let Some(change) = room.review_layers(now) else { return };
        let (paused, subscribers) = (room.paused(), room.subscribers);
        for worker in bits(subscribers) {
            let paused = Relayed::Paused(room_id, paused);
            self.workers.relay_stage(worker, paused, std::iter::empty());
        }
        self.report(room_id, Some(change));
    }

    /// Another worker has viewers of these layers.
    pub(super) fn watched_elsewhere(&mut self, room_id: RoomId, layers: &Rids, now: Instant) {
        if let Some(room) = self.rooms.get_mut(&room_id) {
            room.want_layers(layers, now);
            self.attend_room(room_id, now);
        }
    }
}
