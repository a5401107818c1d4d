//! What hosts and moderators see of a room besides what all see: told to those that asked, on change.

use protocol::{Desk, Person, Present, ServerMessage, Standing};

use super::Room;
use crate::context::Context;
use crate::limits::{DESK_EVERY, DESK_PEOPLE};
use crate::refusal::Refusal;
use crate::session::SessionId;
use crate::timers::Timer;

impl Room {
    /// `desk`: whether a page wants to be told.
    pub(crate) fn open_desk(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        on: bool,
    ) -> Result<(), Refusal> {
        if on {
            self.may_moderate(cx, sid)?;
        }
        let Some(session) = self.member(sid) else { return Err(Refusal::session_over()) };
        session.wants_desk = on;
        let client = session.client;
        if on {
            let desk = self.desk(cx);
            cx.send(client, ServerMessage::Desk(desk));
        }
        Ok(())
    }

    /// Something that only hosts and moderators see has changed.
    pub(crate) fn desk_changed(&mut self, cx: &mut Context) {
        let timer = Timer::Desk(self.id);
        if !cx.timers.is_set(timer) && self.members.values().any(|session| session.wants_desk) {
            let due = self.desk_told_at.map_or(cx.now.at, |at| (at + DESK_EVERY).max(cx.now.at));
            cx.timers.set(timer, due);
        }
    }

    pub(crate) fn tell_desk(&mut self, cx: &mut Context) {
        self.desk_told_at = Some(cx.now.at);
        let desk = self.desk(cx);
        self.tell_those(cx, ServerMessage::Desk(desk), |session| session.wants_desk);
    }

    /// Who keeps order no more is told no more.
    pub(crate) fn close_desks(&mut self, cx: &Context) {
        let open = self.members.iter().filter(|(_, session)| session.wants_desk);
        let closed = open.filter(|(sid, _)| self.standing(cx, **sid) < Standing::Moderator);
        for sid in closed.map(|(sid, _)| *sid).collect::<Vec<_>>() {
            if let Some(session) = self.members.get_mut(&sid) {
                session.wants_desk = false;
            }
        }
    }

    fn desk(&self, cx: &Context) -> Desk {
        let mut named: Vec<_> = self
            .people
            .present()
            .filter_map(|(uid, known)| Some((known.name.as_ref()?, uid, known)))
            .collect();
        named.sort_by(|(a, by_a, _), (b, by_b, _)| (a.as_str(), by_a).cmp(&(b.as_str(), by_b)));
        let people = named.into_iter().take(DESK_PEOPLE).map(|(name, uid, known)| Present {
            person: Person {
                uid: uid.clone(),
                name: name.clone(),
                standing: self.standing_of(cx, uid),
            },
            muted_until: known.muted_until.filter(|until| *until > cx.now.unix_ms),
        });
        Desk {
            rules: self.order.rules,
            words: self.order.words.written().to_vec(),
            invite: self.settings.invite.clone(),
            people: people.collect(),
            bans: self.order.bans.told(),
            flagged: self.order.flagged(),
            log: self.order.deeds().cloned().collect(),
        }
    }
}
