//! Keeping order: what hosts and moderators do to lines and people, and what fans report.

use protocol::{
    ChatItem, CloseCode, Deed, DisplayName, ErrorCode, Moderation, PersonId, ServerMessage,
    Standing,
};

use super::Room;
use super::bans::{Ban, bannable};
use super::identity::banned;
use super::people::Doing;
use crate::api::RecordedChat;
use crate::context::Context;
use crate::limits::{MODERATORS, MUTE_SECONDS};
use crate::refusal::Refusal;
use crate::session::{Session, SessionId};
use crate::why::Why;

impl Room {
    /// `moderate`.
    pub(crate) fn moderate(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        deed: Moderation,
    ) -> Result<(), Refusal> {
        let standing = self.may_moderate(cx, sid)?;
        let name = match deed.clone() {
            Moderation::Delete { mid } => Some(self.delete(cx, standing, mid)?),
            Moderation::Clear { uid } => {
                self.may_act_on(cx, standing, &uid)?;
                let mids = self.chat.remove_of(&uid);
                self.order.settle_of(&uid);
                self.unpin(cx, |pinned| pinned.by.uid == uid);
                self.tell_removed(cx, mids, Some(uid.clone()));
                self.name_of(&uid)
            }
            Moderation::Pin { mid } => self.pin(cx, mid)?,
            Moderation::Mute { uid, seconds } => Some(self.mute(cx, standing, &uid, seconds)?),
            Moderation::Ban { uid, address } => Some(self.ban(cx, standing, &uid, address)?),
            Moderation::Unban { uid } => {
                let ban = self.order.bans.lift(&uid);
                Some(ban.ok_or_else(|| nobody("this person is not banned"))?.name)
            }
            Moderation::Promote { uid, on } => Some(self.promote(cx, standing, &uid, on)?),
            Moderation::Settle { mid } => {
                self.order.settle(mid);
                None
            }
        };
        let by = self.members.get(&sid).and_then(|session| session.name.clone());
        let by = by.or_else(|| DisplayName::parse("host").ok());
        if let Some(by) = by {
            self.order.log(Deed { ts: cx.now.unix_ms, by, what: deed, name });
        }
        self.desk_changed(cx);
        self.has_settled = true;
        self.changed(cx);
        Ok(())
    }

    /// What a member that keeps order may do.
    pub(crate) fn may_moderate(&self, cx: &Context, sid: SessionId) -> Result<Standing, Refusal> {
        let standing = self.standing(cx, sid);
        if standing >= Standing::Moderator {
            return Ok(standing);
        }
        Err(Refusal::new(ErrorCode::Forbidden, "only the host and moderators keep order"))
    }

    /// Whether one may act on a person: the host on all others, a moderator on who is none.
    fn may_act_on(&self, cx: &Context, ours: Standing, uid: &PersonId) -> Result<(), Refusal> {
        if self.standing_of(cx, uid) < ours {
            return Ok(());
        }
        let message = "nobody does this to the host, and no moderator to another";
        Err(Refusal::new(ErrorCode::Forbidden, message))
    }

    fn delete(
        &mut self,
        cx: &mut Context,
        ours: Standing,
        mid: u64,
    ) -> Result<DisplayName, Refusal> {
        let item = self.chat.line(mid).or(self.settings.pinned.as_ref().filter(|it| it.mid == mid));
        let by = item.map(|item| item.by.clone()).ok_or_else(no_such_line)?;
        // The host may take its own lines back.
        if ours < Standing::Host {
            self.may_act_on(cx, ours, &by.uid)?;
        }
        self.chat.remove(mid);
        self.order.settle(mid);
        self.unpin(cx, |pinned| pinned.mid == mid);
        self.tell_removed(cx, vec![mid], None);
        Ok(by.name)
    }

    fn tell_removed(&self, cx: &mut Context, mids: Vec<u64>, uid: Option<PersonId>) {
        self.record_chat(cx, || RecordedChat::Removed(mids.clone(), uid.clone()));
        self.tell_those(cx, ServerMessage::ChatRemoved { mids, uid }, |it| it.page().is_some());
    }

    fn pin(&mut self, cx: &mut Context, mid: Option<u64>) -> Result<Option<DisplayName>, Refusal> {
        let item = match mid {
            Some(mid) => {
                let item = self.chat.line(mid).filter(|item| item.text.is_some());
                Some(item.ok_or_else(no_such_line)?.clone())
            }
            None => None,
        };
        let name = item.as_ref().map(|item| item.by.name.clone());
        self.settings.pinned = item;
        self.tell_state(cx);
        Ok(name)
    }

    fn unpin(&mut self, cx: &mut Context, is_it: impl FnOnce(&ChatItem) -> bool) {
        if self.settings.pinned.as_ref().is_some_and(is_it) {
            self.settings.pinned = None;
            self.tell_state(cx);
        }
    }

    fn mute(
        &mut self,
        cx: &mut Context,
        ours: Standing,
        uid: &PersonId,
        seconds: u32,
    ) -> Result<DisplayName, Refusal> {
        if seconds > MUTE_SECONDS {
            let message = format!("\"seconds\" is at most {MUTE_SECONDS}");
            return Err(Refusal::new(ErrorCode::BadField, message).detail("seconds"));
        }
        self.may_act_on(cx, ours, uid)?;
        let name = self.name_of(uid).ok_or_else(no_such_person)?;
        let Some(known) = self.people.get_mut(uid) else { return Err(no_such_person()) };
        let until = cx.now.unix_ms + f64::from(seconds) * 1000.0;
        known.muted_until = (seconds > 0).then_some(until);
        self.tell_person(cx, uid);
        Ok(name)
    }

    fn ban(
        &mut self,
        cx: &mut Context,
        ours: Standing,
        uid: &PersonId,
        address: bool,
    ) -> Result<DisplayName, Refusal> {
        self.may_act_on(cx, ours, uid)?;
        let before = self.order.bans.get(uid).cloned();
        let name = before.as_ref().map(|ban| ban.name.clone()).or_else(|| self.name_of(uid));
        let name = name.ok_or_else(no_such_person)?;
        let known = self.people.get(uid);
        let sessions = known.map(|known| known.sessions.clone()).unwrap_or_default();
        let networks = if address {
            let of = |sid: &SessionId| bannable(&self.members.get(sid)?.addr);
            let now = sessions.iter().filter_map(of).chain(known.and_then(|it| it.network));
            now.chain(before.into_iter().flat_map(|ban| ban.networks)).collect()
        } else {
            Vec::new()
        };
        let since = cx.now.unix_ms;
        self.order.bans.add(Ban { uid: uid.clone(), name: name.clone(), networks, since });
        self.people.promote(uid.clone(), None, false);
        tracing::info!(room = %self.name, person = %uid, address, "person banned");
        for sid in sessions {
            self.turn_out(cx, sid);
        }
        if address {
            self.turn_out_address(cx);
        }
        Ok(name)
    }

    /// Players and sockets of the basic profile have no person: those of a banned address go. Pages of other people
    /// that are in stay, and are refused when they come again.
    fn turn_out_address(&mut self, cx: &mut Context) {
        let is_meant = |(sid, session): &(&SessionId, &Session)| {
            session.page().is_none() && !self.is_host(**sid) && self.check_ban(cx, **sid).is_err()
        };
        let meant = self.members.iter().filter(is_meant).map(|(sid, _)| *sid);
        for sid in meant.collect::<Vec<_>>() {
            self.turn_out(cx, sid);
        }
    }

    /// Closes a member that may not be here.
    fn turn_out(&mut self, cx: &mut Context, sid: SessionId) {
        let Some(session) = self.members.get(&sid) else { return };
        if !session.hears_room() {
            let client = session.client;
            cx.send(client, banned().into_message(None));
        }
        self.dismiss(cx, sid, "banned", CloseCode::Banned);
        self.remove(cx, sid, Why::Banned);
    }

    fn promote(
        &mut self,
        cx: &mut Context,
        ours: Standing,
        uid: &PersonId,
        on: bool,
    ) -> Result<DisplayName, Refusal> {
        if ours < Standing::Host {
            return Err(Refusal::new(ErrorCode::Forbidden, "only the host makes moderators"));
        }
        self.may_act_on(cx, ours, uid)?;
        let of_moderator = self.people.moderators().get(uid).cloned().flatten();
        let name = self.name_of(uid).or(of_moderator).ok_or_else(no_such_person)?;
        if on && self.people.moderators().len() >= MODERATORS {
            let message = format!("a room has at most {MODERATORS} moderators");
            return Err(Refusal::unexpected(message));
        }
        if self.people.promote(uid.clone(), Some(name.clone()), on) {
            self.tell_person(cx, uid);
            self.close_desks(cx);
        }
        Ok(name)
    }

    /// `flag`: a fan reports a line.
    pub(crate) fn flag(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        mid: u64,
    ) -> Result<(), Refusal> {
        let uid = self.person_of(sid)?;
        self.take_rate(cx, &uid, Doing::Other)?;
        let item = self.chat.line(mid).filter(|item| item.text.is_some());
        let item = item.ok_or_else(no_such_line)?;
        if self.order.flag(item, uid) {
            self.desk_changed(cx);
        }
        Ok(())
    }

    /// How a person is called, as far as it is known.
    fn name_of(&self, uid: &PersonId) -> Option<DisplayName> {
        self.people.get(uid).and_then(|known| known.name.clone())
    }
}

fn nobody(message: &str) -> Refusal {
    Refusal::new(ErrorCode::NotFound, message)
}

fn no_such_person() -> Refusal {
    nobody("there is no such person in this room")
}

fn no_such_line() -> Refusal {
    nobody("there is no such line any more")
}
