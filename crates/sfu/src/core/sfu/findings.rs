//! Reports findings about publishers and the bitrates of their layers, at the homes of their rooms.

use std::time::Instant;

use super::Sfu;
use media_api::Event;
use media_api::RoomId;

impl Sfu {
    /// Reviews a publisher's media once a second; called whenever the publisher was served.
    pub(super) fn attend_ingest(&mut self, room_id: RoomId, now: Instant) {
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        let Some(publisher) = room.publisher.as_mut() else { return };
        if !publisher.ingest().is_review_due(now) {
            return;
        }
        if let Some(findings) = publisher.review(now) {
            self.events.push_back(Event::Findings { room: room_id, findings });
        }
        if let Some(rates) = room.new_rates(now) {
            self.events.push_back(Event::LayerRates { room: room_id, rates });
        }
        let Some(publisher) = room.publisher.as_mut() else { return };
        if let Some(ssrc) = publisher.ingest().worth_asking() {
            room.try_keyframe_of(ssrc);
            self.attend_room(room_id, now);
        }
    }
}
