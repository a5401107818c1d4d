//! What the pages of a room are told: its state, and how many watch. Only those that said `hello`.

use engine::RoomId;
use protocol::ServerMessage;

use super::session::SessionId;
use super::timers::Timer;
use super::{Hub, Now, VIEWERS_EVERY};

impl Hub {
    /// The room has changed: tells everybody the whole of it.
    pub(super) fn tell_state(&mut self, room: RoomId) {
        let Some(found) = self.rooms.get_mut(&room) else { return };
        found.rev = found.rev.saturating_add(1);
        let message = ServerMessage::State(found.state());
        self.tell(room, &message);
    }

    /// The number of viewers may have changed: tells it, now or when a second is over.
    pub(super) fn viewers_changed(&mut self, room: RoomId, now: Now) {
        let Some(found) = self.rooms.get_mut(&room) else { return };
        if found.is_on_air() {
            found.peak = found.peak.max(found.n_viewers);
        }
        match found.told {
            Some((at, _)) if now.at < at + VIEWERS_EVERY => {
                self.timers.set(Timer::Viewers(room), at + VIEWERS_EVERY);
            }
            _ => self.tell_viewers(room, now),
        }
    }

    /// Tells the number of viewers, when it is another than was told last.
    pub(super) fn tell_viewers(&mut self, room: RoomId, now: Now) {
        let Some(found) = self.rooms.get_mut(&room) else { return };
        let count = (found.n_viewers, found.peak);
        // Who joins is told the number then; a room nobody watches has nothing to tell.
        if found.told.map_or((0, 0), |(_, told)| told) == count {
            return;
        }
        found.told = Some((now.at, count));
        self.tell(room, &ServerMessage::Viewers { n: count.0, peak: count.1 });
    }

    fn tell(&mut self, room: RoomId, message: &ServerMessage) {
        let Some(found) = self.rooms.get(&room) else { return };
        let members: Vec<SessionId> = found.members.iter().copied().collect();
        for sid in members {
            if self.sessions.get(&sid).is_some_and(|session| session.extended) {
                self.send(sid, message.clone());
            }
        }
    }
}
