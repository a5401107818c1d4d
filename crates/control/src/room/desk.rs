//! What hosts and moderators see of a room besides what all see: told to those that asked, on change.

use protocol::{Desk, Person, Present, ServerMessage, Standing};

use super::Room;
use crate::api::{ClientId, Effect, Notice};
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
        let client = session.client;
        if on {
            self.desks.insert(sid);
            let desk = self.desk(cx);
            cx.send(client, ServerMessage::Desk(desk));
        } else {
            self.desks.remove(&sid);
        }
        Ok(())
    }

    /// Something that only hosts and moderators see has changed.
    pub(crate) fn desk_changed(&mut self, cx: &mut Context) {
        let timer = Timer::Desk(self.id);
        if !self.desks.is_empty() && !cx.timers.is_set(timer) {
            let due = self.desk_told_at.map_or(cx.now.at, |at| (at + DESK_EVERY).max(cx.now.at));
            cx.timers.set(timer, due);
        }
    }

    pub(crate) fn tell_desk(&mut self, cx: &mut Context) {
        self.desk_told_at = Some(cx.now.at);
        let pages = self.desks.iter().filter_map(|sid| self.members.get(sid));
        let to: Vec<ClientId> = pages.filter_map(|page| page.client).collect();
        if !to.is_empty() {
            let notice = Notice::Message(ServerMessage::Desk(self.desk(cx)));
            cx.push(Effect::Broadcast { to, notice });
        }
    }

    /// Who keeps order no more is told no more.
    pub(crate) fn close_desks(&mut self, cx: &Context) {
        let mut desks = std::mem::take(&mut self.desks);
        desks.retain(|sid| self.standing(cx, *sid) >= Standing::Moderator);
        self.desks = desks;
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
