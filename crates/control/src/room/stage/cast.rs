//! Whose media each page is sent, and new offers when that changes: one at a time for each, always of the latest.

use media_api::{Cast, Command, Seat, Shown};
use protocol::Role;

use super::Room;
use crate::context::Context;
use crate::session::{SessionId, Step};

/// The stream (`msid`) of the host's second picture.
const SECOND_STREAM: &str = "kaibo-2";

impl Room {
    fn is_hosted_by_page(&self) -> bool {
        let host = self.host.as_ref().and_then(|host| self.members.get(&host.session));
        host.is_some_and(|session| session.page().is_some())
    }

    /// Whose media a member is to be sent. Programs and the basic profile are sent the host's alone, for good.
    pub(crate) fn cast_of(&self, sid: SessionId) -> Cast {
        let is_page = self.members.get(&sid).is_some_and(|session| session.page().is_some());
        if !is_page {
            return Cast::default();
        }
        let hosts = self.is_host(sid);
        // A rehearsal is seen by those who are in it.
        let sees_guests = hosts || self.is_guest(sid) || self.broadcast.is_on_air();
        let guests = self.stage.guests.iter().filter(|it| it.has_published && it.session != sid);
        let shown = |it: &super::Guest| Shown { seat: it.seat, stream: it.stream.clone() };
        // Of a page alone: one of the basic profile may publish its camera twice.
        let has_second = !hosts && sees_guests && self.stage.has_second && self.is_hosted_by_page();
        let second = Shown { seat: Seat::SECOND, stream: SECOND_STREAM.into() };
        let guests = guests.filter(|_| sees_guests).map(shown);
        let guests = guests.chain(has_second.then_some(second)).collect();
        Cast { has_host: !hosts, guests, may_change: true }
    }

    /// Makes new offers to all whose cast has changed.
    pub(crate) fn recast(&mut self, cx: &mut Context) {
        for sid in self.ids() {
            self.recast_one(cx, sid);
        }
    }

    /// Makes a member a new offer if its cast has changed, unless a negotiation is under way: then it is asked again at
    /// its end.
    pub(crate) fn recast_one(&mut self, cx: &mut Context, sid: SessionId) {
        let cast = self.cast_of(sid);
        let Some(session) = self.members.get_mut(&sid) else { return };
        let via = session.via;
        let has_client = session.client.is_some();
        let is_host = !cast.has_host && session.role == Some(Role::Host);
        match session.watching.as_mut() {
            None if is_host && has_client && !cast.guests.is_empty() => self.watch(cx, sid),
            Some(watching)
                if matches!(watching.step, Step::Stable)
                    && watching.cast.may_change
                    && watching.cast != cast
                    // What it watches as a host or as a fan it goes on watching.
                    && watching.cast.has_host == cast.has_host =>
            {
                watching.step = Step::Restarting;
                watching.cast = cast.clone();
                let peer = watching.peer;
                cx.command(Command::Recast { peer, cast, via });
            }
            _ => {}
        }
    }
}
