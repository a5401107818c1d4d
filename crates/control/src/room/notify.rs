//! What members are told: the state of the room, and how many watch. The basic profile is not told.

use protocol::ServerMessage;

use super::Room;
use crate::api::{ClientId, Effect, Notice};
use crate::context::Context;
use crate::limits::VIEWERS_EVERY;
use crate::timers::Timer;

impl Room {
    /// The room has changed: tells everybody the whole of it.
    pub(crate) fn tell_state(&mut self, cx: &mut Context) {
        self.broadcast.rev = self.broadcast.rev.saturating_add(1);
        let state = self.state();
        let had_trouble = std::mem::replace(&mut self.broadcast.told_trouble, state.host_trouble);
        if state.host_trouble != had_trouble {
            self.record_trouble(cx, state.host_trouble);
        }
        self.tell(cx, ServerMessage::State(state));
    }

    /// The number of viewers may have changed: tells it, now or when a second is over.
    pub(crate) fn viewers_changed(&mut self, cx: &mut Context) {
        if self.broadcast.is_on_air() {
            self.audience.peak = self.audience.peak.max(self.audience.n_viewers);
            self.record_viewers(cx);
        }
        match self.audience.told {
            Some((at, _)) if cx.now.at < at + VIEWERS_EVERY => {
                cx.timers.set(Timer::Viewers(self.id), at + VIEWERS_EVERY);
            }
            _ => self.tell_viewers(cx),
        }
    }

    /// Tells the number of viewers, when it is another than was told last.
    pub(crate) fn tell_viewers(&mut self, cx: &mut Context) {
        let count = (self.audience.n_viewers, self.audience.peak);
        // Who joins is told the number then; a room that nobody watches has nothing to tell.
        if self.audience.told.map_or((0, 0), |(_, told)| told) == count {
            return;
        }
        self.audience.told = Some((cx.now.at, count));
        self.tell(cx, ServerMessage::Viewers { n: count.0, peak: count.1 });
    }

    pub(super) fn tell(&self, cx: &mut Context, message: ServerMessage) {
        let members = self.members.values().filter(|session| session.hears_room());
        let to: Vec<ClientId> = members.filter_map(|session| session.client).collect();
        if !to.is_empty() {
            cx.push(Effect::Broadcast { to, notice: Notice::Message(message) });
        }
    }
}
