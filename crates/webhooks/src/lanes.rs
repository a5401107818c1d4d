//! Which delivery is next: those of a room in their order, one at a time; webhooks in turn.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use crate::limits::TRIES_OF_WEBHOOK;

/// What waits, by webhook and room; no more than there is in the store.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    webhooks: BTreeMap<String, Webhook>,
    /// Whose turn it was last.
    last: String,
}

#[derive(Debug, Default)]
struct Webhook {
    /// When the oldest delivery of each room is due; `None` while it is tried.
    rooms: BTreeMap<String, Option<i64>>,
    due: BTreeSet<(i64, String)>,
    n_tried: usize,
}

impl Lanes {
    /// Something waits for a webhook, of a room. When something did before, that comes first.
    pub(crate) fn add(&mut self, webhook: &str, room: &str, due_ms: i64) {
        let lane = self.webhooks.entry(webhook.to_owned()).or_default();
        if !lane.rooms.contains_key(room) {
            lane.rooms.insert(room.to_owned(), Some(due_ms));
            lane.due.insert((due_ms, room.to_owned()));
        }
    }

    /// Takes one that is due: its webhook and room. [`Self::retry`] or [`Self::done`] follows.
    pub(crate) fn take(&mut self, now_ms: i64) -> Option<(String, String)> {
        let after = (Bound::Excluded(self.last.clone()), Bound::Unbounded);
        let until = (Bound::Unbounded, Bound::Included(self.last.clone()));
        let turn = self.webhooks.range(after).chain(self.webhooks.range(until));
        let id = turn
            .filter(|(_, lane)| lane.next().is_some_and(|at| at <= now_ms))
            .map(|(id, _)| id.clone())
            .next()?;
        let lane = self.webhooks.get_mut(&id)?;
        let (_, room) = lane.due.pop_first()?;
        lane.rooms.insert(room.clone(), None);
        lane.n_tried += 1;
        self.last.clone_from(&id);
        Some((id, room))
    }

    /// One that was taken is due again.
    pub(crate) fn retry(&mut self, webhook: &str, room: &str, due_ms: i64) {
        // The webhook may have been deleted.
        let Some(lane) = self.webhooks.get_mut(webhook) else { return };
        if let Some(due @ None) = lane.rooms.get_mut(room) {
            *due = Some(due_ms);
            lane.due.insert((due_ms, room.to_owned()));
            lane.n_tried -= 1;
        }
    }

    /// Nothing waits of a room that was taken.
    pub(crate) fn done(&mut self, webhook: &str, room: &str) {
        let Some(lane) = self.webhooks.get_mut(webhook) else { return };
        if lane.rooms.get(room) == Some(&None) {
            lane.rooms.remove(room);
            lane.n_tried -= 1;
        }
        if lane.rooms.is_empty() {
            self.webhooks.remove(webhook);
        }
    }

    /// A webhook was deleted.
    pub(crate) fn forget(&mut self, webhook: &str) {
        self.webhooks.remove(webhook);
    }

    /// When the next one is due.
    pub(crate) fn next_ms(&self) -> Option<i64> {
        self.webhooks.values().filter_map(Webhook::next).min()
    }
}

impl Webhook {
    fn next(&self) -> Option<i64> {
        let may_try = self.n_tried < TRIES_OF_WEBHOOK;
        self.due.first().map(|(at, _)| *at).filter(|_| may_try)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(lanes: &mut Lanes, now_ms: i64) -> Option<String> {
        lanes.take(now_ms).map(|(webhook, room)| format!("{webhook} {room}"))
    }

    #[test]
    fn webhooks_take_turns_and_a_room_has_one_delivery_under_way() {
        let mut lanes = Lanes::default();
        for room in ["r1", "r2", "r3", "r4", "r5", "r6"] {
            lanes.add("a", room, 0);
        }
        lanes.add("b", "r1", 0);
        lanes.add("b", "r1", 0);
        let taken: Vec<_> = std::iter::from_fn(|| take(&mut lanes, 0)).collect();
        assert_eq!(taken, ["a r1", "b r1", "a r2", "a r3", "a r4"], "four at a time");
        lanes.add("a", "r1", 0);
        assert_eq!(take(&mut lanes, 0), None);
        assert_eq!(lanes.next_ms(), None);
        lanes.done("a", "r3");
        assert_eq!(take(&mut lanes, 0).as_deref(), Some("a r5"));
    }

    #[test]
    fn one_that_failed_waits_for_its_time_and_holds_no_other() {
        let mut lanes = Lanes::default();
        lanes.add("a", "r1", 0);
        lanes.add("a", "r2", 5);
        assert_eq!(take(&mut lanes, 0).as_deref(), Some("a r1"));
        lanes.retry("a", "r1", 100);
        assert_eq!((take(&mut lanes, 4), lanes.next_ms()), (None, Some(5)));
        assert_eq!(take(&mut lanes, 5).as_deref(), Some("a r2"));
        lanes.done("a", "r2");
        assert_eq!(take(&mut lanes, 99), None);
        assert_eq!(take(&mut lanes, 100).as_deref(), Some("a r1"));
        lanes.done("a", "r1");
        assert_eq!(lanes.next_ms(), None);
    }

    #[test]
    fn a_webhook_that_is_deleted_and_made_again_has_nothing_of_before() {
        let mut lanes = Lanes::default();
        lanes.add("a", "r1", 0);
        take(&mut lanes, 0);
        lanes.forget("a");
        lanes.retry("a", "r1", 1);
        lanes.done("a", "r1");
        assert_eq!((take(&mut lanes, 9), lanes.next_ms()), (None, None));
    }
}
