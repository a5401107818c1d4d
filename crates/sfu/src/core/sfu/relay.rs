//! Relays media from a room's home to the workers with viewers of it, and keyframe requests back. At
//! those workers the room has no publisher; otherwise it is like any room.

use std::time::Instant;

use super::{Deadline, Sfu};
use crate::media::format::Format;
use crate::media::packet::Packet;
use crate::media::stream_key::{Rids, StreamKey};
use crate::workers::bits;
use crate::workers::message::{Control, Relayed};
use media_api::{RoomId, Seat};

impl Sfu {
    /// Subscribes to a room that has a viewer here, unless it is relayed already or its home is here.
    pub(super) fn subscribe(&mut self, room_id: RoomId) {
        if self.workers.is_home(room_id) {
            return;
        }
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        if !std::mem::replace(&mut room.is_subscribed, true) {
            self.workers.send(self.workers.home(room_id), Control::Subscribe(room_id));
        }
    }

    /// A worker subscribes to a room whose home is here. It gets the current stage and the packets in the
    /// rings, then every new packet.
    pub(super) fn subscribed(&mut self, room_id: RoomId, by: u8) {
        if !self.workers.is_home(room_id) {
            return;
        }
        let room = self.rooms.entry(room_id).or_default();
        room.subscribers |= 1 << by;
        let stage = Relayed::Stage { room: room_id, is_new: true, on_air: room.on_air };
        let packets = room.snapshot().into_iter();
        let packets = packets.map(|(seat, key, format, it)| {
            Relayed::Packet(room_id, (seat, key), format, it.clone())
        });
        // After the packets, which create the layers.
        let paused = Relayed::Paused(room_id, room.paused());
        self.workers.relay_stage(by, stage, packets.chain([paused]));
    }

    /// A worker unsubscribes from a room whose home is here.
    pub(super) fn unsubscribed(&mut self, room_id: RoomId, by: u8) {
        if let Some(room) = self.rooms.get_mut(&room_id) {
            room.subscribers &= !(1 << by);
            self.leave_room(room_id);
        }
    }

    /// Tells the subscribed workers whether a room of ours is on air, and whether its packets are now from
    /// another publisher (`is_new`).
    pub(super) fn relay_stage(&mut self, room_id: RoomId, is_new: bool) {
        let Some(room) = self.rooms.get(&room_id) else { return };
        for worker in bits(room.subscribers) {
            let stage = Relayed::Stage { room: room_id, is_new, on_air: room.on_air };
            self.workers.relay_stage(worker, stage, std::iter::empty());
        }
    }

    /// Handles a stage, packet or list of paused layers that the home of a room relayed.
    pub(super) fn handle_relayed(&mut self, relayed: Relayed, now: Instant) {
        let (Relayed::Stage { room: id, .. }
        | Relayed::Guest(id, _)
        | Relayed::Packet(id, ..)
        | Relayed::Paused(id, _)) = relayed;
        // Packets that were under way when the last viewer left are dropped.
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
            Relayed::Guest(_, seat) => {
                if let Some(guest) = room.guest_entry(seat) {
                    guest.set_publisher(None);
                }
            }
            Relayed::Packet(_, stream, format, packet) => {
                self.ingest(id, stream, format, packet, now);
            }
            Relayed::Paused(_, layers) => room.set_paused(&layers, now),
        }
    }

    /// Adds a packet to its room, relays it to subscribed workers, and schedules the viewers' fan-out.
    pub(super) fn ingest(
        &mut self,
        room_id: RoomId,
        (seat, stream): (Seat, StreamKey),
        format: Format,
        packet: Packet,
        now: Instant,
    ) {
        let n_peers = self.room_of.len();
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        let (is_video, is_complete) = (format.codec.is_video(), packet.marker);
        let level = packet.header_ext.audio_level;
        let change = match seat {
            Seat::HOST => room.ingest(stream, format, packet),
            guest => room.ingest_of_guest(guest, stream, format, packet),
        };
        let is_dropped = !is_video && room.is_muted(seat);
        if room.subscribers != 0
            && !is_dropped
            && let Some(packet) = room.newest_of(seat, stream, format)
        {
            self.workers.relay(room.subscribers, room_id, (seat, stream), format, packet);
        }
        let is_tapped = room.tap.is_some() && !is_dropped;
        if room.is_flush_due(is_video, is_complete, n_peers, now) {
            self.dirty.insert(room_id);
        } else {
            self.timers.set(Deadline::Room(room_id), room.deadline());
        }
        if is_tapped {
            self.tap(room_id, (seat, stream), format);
        }
        self.report(room_id, change);
        if !is_video {
            self.hear(room_id, seat, level, now);
        }
    }

    /// A viewer at another worker needs a keyframe. It is requested as for a viewer here.
    pub(super) fn keyframe_wanted(
        &mut self,
        room_id: RoomId,
        seat: Seat,
        stream: StreamKey,
        now: Instant,
    ) {
        if let Some(room) = self.rooms.get_mut(&room_id) {
            room.want_keyframe_of(seat, stream, now);
            self.attend_room(room_id, now);
        }
    }

    /// When due, determines which layers are watched here. A worker that is not the room's home tells the
    /// home, which reports the layers that the publisher need not send.
    pub(super) fn attend_layers(&mut self, room_id: RoomId, now: Instant) {
        let is_home = self.workers.is_home(room_id);
        let Some(room) = self.rooms.get_mut(&room_id).filter(|it| it.is_inspection_due(now)) else {
            return;
        };
        let watched = room.look(now);
        if !is_home {
            // A worker that watches no layer sends nothing: the home forgets a layer that is not named again.
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

    /// Records that another worker has viewers of these layers.
    pub(super) fn watched_elsewhere(&mut self, room_id: RoomId, layers: &Rids, now: Instant) {
        if let Some(room) = self.rooms.get_mut(&room_id) {
            room.want_layers(layers, now);
            self.attend_room(room_id, now);
        }
    }
}
