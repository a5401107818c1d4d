//! The tap of a room: a copy of its packets for recorders and packagers. A payload is shared, never copied.

use std::time::Instant;

use super::Sfu;
use crate::media::format::Format;
use crate::media::packet::Packet;
use crate::media::stream_key::StreamKey;
use media_api::{RoomId, Seat, Tap, TapPacket};

impl Sfu {
    /// Opens, changes or closes the tap of a room whose home is here.
    pub(super) fn set_tap(&mut self, room_id: RoomId, tap: Option<Tap>, now: Instant) {
        if tap.is_none() {
            if let Some(room) = self.rooms.get_mut(&room_id) {
                room.tap = None;
                self.leave_room(room_id);
            }
            return;
        }
        let room = self.rooms.entry(room_id).or_default();
        let is_new = room.tap.is_none();
        room.tap = tap;
        room.want_tapped(now);
        if is_new && room.on_air {
            let kept = room.aired().into_iter();
            self.tapped.extend(
                kept.map(|(seat, stream, format, it)| copy(room_id, seat, stream, format, it)),
            );
        }
        self.attend_layers(room_id, now);
    }

    /// Gives a packet to the tap of its room, if it has one and is on air.
    pub(super) fn tap(
        &mut self,
        room_id: RoomId,
        (seat, stream): (Seat, StreamKey),
        format: Format,
    ) {
        let Some(room) = self.rooms.get(&room_id).filter(|it| it.on_air) else { return };
        if let Some(packet) = room.newest_of(seat, stream, format) {
            self.tapped.push(copy(room_id, seat, stream, format, packet));
        }
    }

    /// The tap needs a keyframe. It is requested as for a viewer here.
    pub(super) fn want_tap_keyframe(
        &mut self,
        room_id: RoomId,
        seat: Seat,
        ssrc: u32,
        now: Instant,
    ) {
        if let Some(room) = self.rooms.get_mut(&room_id).filter(|it| it.tap.is_some()) {
            room.want_keyframe_of_source(seat, ssrc, now);
            self.attend_room(room_id, now);
        }
    }
}

fn copy(room: RoomId, seat: Seat, stream: StreamKey, format: Format, it: &Packet) -> TapPacket {
    TapPacket {
        room,
        seat,
        ssrc: stream.ssrc,
        rid: stream.rid,
        codec: format.codec,
        seq: it.seq,
        ts: it.ts,
        marker: it.marker,
        is_keyframe: it.is_keyframe,
        orientation: it.header_ext.video_orientation,
        captured: it.captured,
        arrived: it.arrived,
        payload: it.payload.clone(),
    }
}
