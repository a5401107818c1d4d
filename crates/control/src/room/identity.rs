//! Who a member is to the others: its person, its name, what it may do.

use protocol::{
    DisplayName, ErrorCode, HostInfo, Person, PersonId, Role, SelfInfo, ServerMessage, Standing,
};

use super::Room;
use super::bans::bannable;
use super::people::Doing;
use crate::context::Context;
use crate::refusal::Refusal;
use crate::session::{Session, SessionId};

impl Room {
    /// The person that a member is, also before it has entered.
    pub(super) fn uid_of(&self, sid: SessionId, session: &Session) -> PersonId {
        match &session.secret {
            Some(secret) => self.people.id_of(secret),
            None => self.people.id_of_session(sid),
        }
    }

    /// The member is one of its person's pages from now on. A name with a word that the room does not want is no name.
    pub(crate) fn enter_person(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        name: Option<DisplayName>,
    ) {
        let Some(session) = self.members.get(&sid) else { return };
        let (uid, addr) = (self.uid_of(sid, session), session.addr);
        if session.person.as_ref() != Some(&uid) {
            self.leave_person(cx, sid);
        }
        let known = self.people.enter(&uid, sid, bannable(&addr));
        let name = name.filter(|name| !self.order.words.blocks(name.as_str()));
        let is_renamed = name.is_some() && name != known.name;
        let name = name.or_else(|| known.name.clone());
        if let Some(session) = self.members.get_mut(&sid) {
            session.person = Some(uid.clone());
            session.name.clone_from(&name);
        }
        if let (true, Some(name)) = (is_renamed, name) {
            self.call(cx, &uid, name, Some(sid));
        }
        self.desk_changed(cx);
    }

    /// The member leaves, or is another person.
    pub(crate) fn leave_person(&mut self, cx: &mut Context, sid: SessionId) {
        let person = self.members.get_mut(&sid).and_then(|session| session.person.take());
        if let Some(uid) = person {
            self.people.leave(&uid, sid, cx.now.at);
            self.desk_changed(cx);
        }
        self.latencies.forget(sid);
    }

    /// `rename`: the person of a member has another name.
    pub(crate) fn rename(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        name: DisplayName,
    ) -> Result<(), Refusal> {
        let uid = self.person_of(sid)?;
        self.take_rate(cx, &uid, Doing::Other)?;
        if self.order.words.blocks(name.as_str()) {
            return Err(blocked("the name"));
        }
        self.call(cx, &uid, name, None);
        Ok(())
    }

    /// Names a person; its pages are told, but for one that is about to be.
    fn call(
        &mut self,
        cx: &mut Context,
        uid: &PersonId,
        name: DisplayName,
        but: Option<SessionId>,
    ) {
        let Some(known) = self.people.get_mut(uid) else { return };
        known.name = Some(name.clone());
        let sessions = known.sessions.clone();
        let hosts = self.host.as_ref().is_some_and(|host| sessions.contains(&host.session));
        for sid in sessions {
            if let Some(session) = self.members.get_mut(&sid) {
                session.name = Some(name.clone());
            }
            if Some(sid) != but {
                self.tell_you(cx, sid);
            }
        }
        if self.people.is_moderator(uid) {
            self.people.promote(uid.clone(), Some(name.clone()), true);
        }
        let info = Some(HostInfo { name });
        if let Some(host) = self.host.as_mut().filter(|host| hosts && host.info != info) {
            host.info = info;
            self.tell_state(cx);
        }
        self.desk_changed(cx);
    }

    /// What a member may do.
    pub(crate) fn standing(&self, cx: &Context, sid: SessionId) -> Standing {
        let Some(session) = self.members.get(&sid) else { return Standing::Fan };
        let is_moderator = || {
            session.person.as_ref().is_some_and(|it| self.people.is_moderator(it))
                || cx.auth.is_admin(&self.name, &session.credential)
        };
        if self.may_host(cx, sid, session) {
            Standing::Host
        } else if is_moderator() {
            Standing::Moderator
        } else if self.is_guest(sid) {
            Standing::Guest
        } else {
            Standing::Fan
        }
    }

    /// What a person may do: what any of its pages may.
    pub(crate) fn standing_of(&self, cx: &Context, uid: &PersonId) -> Standing {
        let sessions = self.people.get(uid).map(|known| known.sessions.as_slice());
        let standings = sessions.unwrap_or_default().iter().map(|sid| self.standing(cx, *sid));
        let least = if self.people.is_moderator(uid) { Standing::Moderator } else { Standing::Fan };
        standings.fold(least, Standing::max)
    }

    /// Whether a member has the host's say: it owns the server, or is the host, or may be since nobody else is.
    fn may_host(&self, cx: &Context, sid: SessionId, session: &Session) -> bool {
        session.role == Some(Role::Host)
            && session.is_authorized
            && (self.is_surely_host(cx, sid, session) || self.host.is_none())
    }

    /// Whether a member owns the server, or is the same person as the host.
    fn is_surely_host(&self, cx: &Context, sid: SessionId, session: &Session) -> bool {
        if !session.is_authorized {
            return false;
        }
        let is_same = |host: SessionId| {
            let host = self.members.get(&host).and_then(|it| it.person.as_ref());
            host.is_some_and(|host| *host == self.uid_of(sid, session))
        };
        cx.auth.is_owner(&session.addr, &session.credential)
            || self.host.as_ref().is_some_and(|host| host.session == sid || is_same(host.session))
    }

    /// Whether a member may be in the room. Its host and moderators always may.
    pub(crate) fn check_ban(&self, cx: &Context, sid: SessionId) -> Result<(), Refusal> {
        let Some(session) = self.members.get(&sid) else { return Err(Refusal::session_over()) };
        let uid = self.uid_of(sid, session);
        let is_meant =
            self.order.bans.has_person(&uid) || self.order.bans.has_address(&session.addr);
        let is_free = || self.is_surely_host(cx, sid, session) || self.people.is_moderator(&uid);
        if is_meant && !is_free() { Err(banned()) } else { Ok(()) }
    }

    /// What the server takes a member for.
    pub(crate) fn self_info(&mut self, cx: &Context, sid: SessionId) -> Option<SelfInfo> {
        let standing = self.standing(cx, sid);
        let session = self.members.get_mut(&sid)?;
        session.told_standing = Some(standing);
        let uid = session.person.clone()?;
        let known = self.people.get(&uid);
        let muted_until = known.and_then(|known| known.muted_until);
        Some(SelfInfo {
            id: sid.to_string(),
            role: session.role.unwrap_or(Role::Fan),
            name: session.name.clone(),
            standing,
            muted_until: muted_until.filter(|until| *until > cx.now.unix_ms),
            invited: known.is_some_and(|known| known.is_invited),
            uid,
        })
    }

    /// Tells a page what it is taken for.
    pub(crate) fn tell_you(&mut self, cx: &mut Context, sid: SessionId) {
        let client =
            self.members.get(&sid).filter(|it| it.page().is_some()).and_then(|it| it.client);
        if let Some(info) = client.and_then(|_| self.self_info(cx, sid)) {
            cx.send(client, ServerMessage::You(info));
        }
    }

    /// Tells all pages of a person what it is taken for.
    pub(crate) fn tell_person(&mut self, cx: &mut Context, uid: &PersonId) {
        let sessions = self.people.get(uid).map(|known| known.sessions.clone());
        for sid in sessions.unwrap_or_default() {
            self.tell_you(cx, sid);
        }
    }

    /// Another is the host, or nobody is: those that wanted to be are told what they are now.
    pub(crate) fn review_standings(&mut self, cx: &mut Context) {
        let pages = self.members.iter().filter(|(_, it)| {
            it.role == Some(Role::Host) && it.client.is_some() && it.page().is_some()
        });
        let changed: Vec<SessionId> = pages
            .filter(|(sid, it)| {
                it.told_standing.is_some_and(|told| told != self.standing(cx, **sid))
            })
            .map(|(sid, _)| *sid)
            .collect();
        for sid in changed {
            self.tell_you(cx, sid);
        }
        self.close_desks(cx);
    }

    /// The person of a page.
    pub(crate) fn person_of(&self, sid: SessionId) -> Result<PersonId, Refusal> {
        let person = self.members.get(&sid).and_then(|session| session.person.clone());
        person.ok_or_else(Refusal::session_over)
    }

    /// A member as others see it.
    ///
    /// # Errors
    /// When it has not said a name.
    pub(crate) fn as_person(&self, cx: &Context, sid: SessionId) -> Result<Person, Refusal> {
        let uid = self.person_of(sid)?;
        let name = self.members.get(&sid).and_then(|session| session.name.clone());
        let name = name.ok_or_else(|| {
            Refusal::new(ErrorCode::NameNeeded, "say by a rename how you want to be called")
        })?;
        Ok(Person { uid, name, standing: self.standing(cx, sid) })
    }

    /// Takes one of what a person may do in a second.
    pub(crate) fn take_rate(
        &mut self,
        cx: &Context,
        uid: &PersonId,
        doing: Doing,
    ) -> Result<(), Refusal> {
        self.people.take(uid, doing, cx.now.at).map_err(|ms| {
            let message = "too many of these in a short time";
            Refusal::new(ErrorCode::RateLimited, message).retry_ms(ms)
        })
    }
}

/// The person, or everybody at its address, may not be in the room.
pub(crate) fn banned() -> Refusal {
    Refusal::new(ErrorCode::Banned, "the host of this room does not want this person in it").fatal()
}

/// A text has a word that the room does not want. Which one is not told.
pub(crate) fn blocked(what: &str) -> Refusal {
    Refusal::new(ErrorCode::ChatBlocked, format!("{what} has a word that this room does not want"))
}
