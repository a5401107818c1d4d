//! What is counted of all rooms, for the operator. Counters of a room outlive it here for a while, since it may return:
//! a counter never falls.

use std::collections::BTreeMap;

use media_api::{CoreFigures, Links, RoomFigures, RoomId};

use super::Sfu;
use crate::ingress::Publisher;
use crate::room::figures::Totals;

/// Rooms that are gone and whose counters are kept by themselves. Of more the oldest count in the sum alone: their
/// numbers are never used again, or their last viewer at this worker left long ago.
const MAX_GONE: usize = 1_024;

/// What is counted of rooms that are gone.
#[derive(Debug, Default)]
pub(super) struct Gone {
    rooms: BTreeMap<RoomId, Totals>,
    /// Of rooms that were forgotten.
    sum: Totals,
}

impl Gone {
    /// A room is gone from here.
    pub(super) fn add(&mut self, room: RoomId, totals: Totals) {
        *self.rooms.entry(room).or_default() += totals;
        if self.rooms.len() > MAX_GONE
            && let Some((_, oldest)) = self.rooms.pop_first()
        {
            self.sum += oldest;
        }
    }
}

impl Sfu {
    /// What is counted of all rooms here; of one room, its peers as well.
    pub fn figures(&self, of: Option<RoomId>) -> CoreFigures {
        let mut all = self.gone.sum;
        let mut rooms: Vec<RoomFigures> = Vec::new();
        let is_meant = |room: RoomId| of.is_none_or(|it| it == room);
        for (id, room) in self.rooms.iter().filter(|it| is_meant(*it.0)) {
            let mut figures = room.figures(*id, of.is_some());
            if let Some(before) = self.gone.rooms.get(id) {
                figures.ingress += before.ingress;
                figures.egress += before.egress;
            }
            all += Totals { ingress: figures.ingress, egress: figures.egress };
            rooms.push(figures);
        }
        for (id, totals) in self.gone.rooms.iter().filter(|it| is_meant(*it.0)) {
            if self.rooms.contains_key(id) {
                continue;
            }
            all += *totals;
            let Totals { ingress, egress } = *totals;
            let (links, peers) = (Links::default(), Vec::new());
            rooms.push(RoomFigures { room: *id, ingress, egress, links, peers });
        }
        let ring_bytes = self.rooms.values().map(crate::room::Room::bytes).sum();
        let Totals { ingress, egress } = all;
        CoreFigures {
            worker: self.workers.me,
            peers: self.room_of.len(),
            ring_bytes,
            ingress,
            egress,
            rooms,
        }
    }

    /// Takes over what was counted of a publisher that is gone.
    pub(super) fn retire_publisher(&mut self, publisher: &Publisher) {
        let room = self.room_of.get(&publisher.id).and_then(|it| self.rooms.get_mut(it));
        let figures = publisher.figures();
        match room {
            Some(room) => room.gone.ingress += figures,
            None => self.gone.sum.ingress += figures,
        }
    }
}
