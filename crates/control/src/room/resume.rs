//! A page whose WebSocket died takes its session up with another one.

use protocol::{DisplayName, Pc, Role, ServerMessage};

use super::Room;
use crate::context::Context;
use crate::session::{Session, SessionId, Step};
use crate::timers::Timer;

impl Room {
    /// Gives the client of session `fresh` to session `sid` of this room.
    pub(crate) fn resume(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        fresh: Session,
        name: Option<DisplayName>,
        pauses: bool,
    ) {
        let Some(session) = self.member(sid) else { return };
        let Session { client, addr, via, turn, place, .. } = fresh;
        (session.client, session.addr, session.via) = (client, addr, via);
        (session.turn, session.place) = (turn, place);
        let held = session.page_mut().and_then(|page| {
            page.pauses = pauses;
            page.held.take()
        });
        let pc = session.pc(Pc::Sub);
        let watching = session.watching.as_ref();
        let must_watch = watching.is_none() && session.role == Some(Role::Fan);
        let offered = watching.and_then(|watching| match &watching.step {
            Step::Offered(sdp) => Some((sdp.clone(), watching.neg)),
            _ => None,
        });
        if let Some(client) = client {
            cx.directory.clients.insert(client, sid);
        }
        cx.timers.cancel(Timer::Forget(sid));
        tracing::debug!(session = %sid, room = %self.name, "session resumed");
        self.enter_person(cx, sid, name);
        self.welcome(cx, sid, true);
        if let Some(message) = held {
            cx.send(client, message);
        }
        // The old WebSocket may have died before the offer arrived.
        if let Some((sdp, neg)) = offered {
            cx.send(client, ServerMessage::Offer { sdp, pc, neg: Some(neg) });
        }
        if must_watch {
            self.watch(cx, sid);
        }
        if self.is_guest(sid) {
            self.guest_returns(cx, sid);
        }
        if self.is_host(sid) {
            self.tell_queue_if_any(cx);
            self.recast_one(cx, sid);
        }
        self.retell_layers(cx, sid);
    }
}
