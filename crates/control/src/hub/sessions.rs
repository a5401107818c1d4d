//! Clients come, speak and go.

use auth::{Action, Credential, Secret, Shown};
use protocol::{ClientFrame, ClientMessage, ErrorCode, Role, RoomName};

use super::Hub;
use crate::api::{ClientId, Join, Request, RequestId};
use crate::limits::{SILENCE, SILENT_SOCKETS};
use crate::refusal::Refusal;
use crate::room::{banned, is_banned};
use crate::session::{Profile, ReplyTo, Session, SessionId};
use crate::timers::Timer;
use crate::why::Why;

impl Hub {
    /// A WebSocket was opened.
    pub(super) fn connected(&mut self, client: ClientId, join: Join) {
        let role = join.role;
        if let Some(sid) = self.enter(client, None, join, Profile::Silent) {
            self.cx.timers.set(Timer::Silence(sid), self.cx.now.at + SILENCE);
            // A page that says in its URL to be a fan need not wait.
            if role == Some(Role::Fan) {
                self.in_room_of(Some(sid), |room, cx, sid| room.offer_if_on_air(cx, sid));
            }
        }
    }

    /// Makes a session of a client.
    fn enter(
        &mut self,
        client: ClientId,
        id: Option<RequestId>,
        join: Join,
        profile: Profile,
    ) -> Option<SessionId> {
        if self.cx.directory.clients.contains_key(&client) {
            tracing::error!(%client, "a door used the name of a client twice");
            if id.is_some() {
                self.turn_away(client, id, Refusal::unexpected("it has joined already"));
            }
            return None;
        }
        if self.cx.is_draining {
            let refusal = Refusal::new(ErrorCode::Draining, "the server is stopping");
            self.turn_away(client, id, refusal.retry_ms(2_000));
            return None;
        }
        self.make_room();
        let name = join.room.clone().unwrap_or_else(|| self.cx.config.default_room.clone());
        let room = self.room_id(&name);
        let sid = SessionId(self.cx.new_id());
        tracing::debug!(session = %sid, room = %name, ip = %join.addr.ip, "client joined");
        let session = Session::new(client, join, profile, self.cx.now);
        self.in_room(room, |room, _| {
            room.members.insert(sid, session);
        });
        self.cx.directory.sessions.insert(sid, room);
        self.cx.directory.clients.insert(client, sid);
        Some(sid)
    }

    /// Near the limit of sessions, forgets the oldest one that has neither a client nor media, before its minute is
    /// over.
    fn make_room(&mut self) {
        if !self.cx.admission.is_crowded() {
            return;
        }
        let idle = self.rooms.values().flat_map(|room| {
            let members = room.members.iter();
            members
                .filter(|(sid, it)| it.client.is_none() && !it.has_media() && !room.is_host(**sid))
        });
        let oldest = idle.map(|(sid, _)| *sid).min();
        self.in_room_of(oldest, |room, cx, sid| room.remove(cx, sid, Why::GaveWay));
        self.settle();
    }

    /// A WebSocket said something.
    pub(super) fn frame(&mut self, client: ClientId, frame: ClientFrame) {
        // It may have been closed by the server while the frame was under way.
        let Some(&sid) = self.cx.directory.clients.get(&client) else { return };
        let ClientFrame { id, room, message } = frame;
        let result = self.check_room(sid, &message, room).and_then(|()| match message {
            ClientMessage::Hello {
                v,
                role,
                room,
                name,
                key,
                secret,
                invite,
                resume,
                lang: _,
                caps,
            } => {
                let pauses = caps.is_some_and(|caps| caps.pauses);
                let hello = super::hello::Fields {
                    v,
                    role,
                    room,
                    name,
                    key,
                    secret,
                    resume,
                    pauses,
                    invite,
                };
                self.hello(sid, hello)
            }
            message => {
                let re = id.clone();
                self.try_in_room_of(sid, |room, cx, sid| room.hear(cx, sid, message, re))
            }
        });
        if let Err(refusal) = result {
            self.refuse(sid, ReplyTo::message(id), refusal);
        }
    }

    /// What a door learned of a client.
    pub(super) fn shown(&mut self, client: ClientId, token: Option<Secret>, shown: Option<Shown>) {
        let sid = self.cx.directory.clients.get(&client).copied();
        self.in_room_of(sid, |room, _, sid| {
            let Some(session) = room.member(sid) else { return };
            // A right that it has stays as it was given.
            if !session.is_authorized {
                session.credential.key = token;
                session.credential.shown = shown;
            }
        });
    }

    /// A program asks for something.
    pub(super) fn request(&mut self, client: ClientId, id: RequestId, request: Request) {
        if let Request::Join { join, credential } = request {
            return self.join(client, id, join, credential);
        }
        let Some(&sid) = self.cx.directory.clients.get(&client) else {
            return self.turn_away(client, Some(id), Refusal::session_over());
        };
        let result = self.try_in_room_of(sid, |room, cx, sid| room.request(cx, sid, id, request));
        if let Err(refusal) = result {
            self.refuse(sid, ReplyTo::Request(id), refusal);
            // Without media there is nothing to keep it for.
            if self.cx.directory.sessions.contains_key(&sid) {
                self.in_room_of(Some(sid), |room, cx, sid| room.reap(cx, sid));
            }
        }
    }

    /// A session of WHIP or WHEP begins. Rights come first.
    fn join(&mut self, client: ClientId, id: RequestId, join: Join, credential: Credential) {
        let name = join.room.clone().unwrap_or_else(|| self.cx.config.default_room.clone());
        let action = match join.role {
            Some(Role::Host) => Action::Publish,
            Some(Role::Fan) | None => Action::Watch,
        };
        let now = self.cx.now.at;
        if let Err(denied) = self.cx.auth.may(&join.addr, action, &name, &credential, now) {
            return self.turn_away(client, Some(id), denied.into());
        }
        if self.is_banned(&name, &join, &credential) {
            return self.turn_away(client, Some(id), banned());
        }
        if let Some(sid) = self.enter(client, Some(id), join, Profile::Http) {
            self.in_room_of(Some(sid), |room, cx, sid| {
                if let Some(session) = room.member(sid) {
                    session.credential = credential;
                    session.is_authorized = action == Action::Publish;
                }
                room.use_credential(cx, sid);
                room.joined(cx, sid, id);
            });
        }
    }

    /// Whether a program may not be in a room, of which its host may have gone. The host's own program always may.
    fn is_banned(&self, name: &RoomName, join: &Join, credential: &Credential) -> bool {
        let is_host = join.role == Some(Role::Host);
        if is_host && self.cx.auth.is_owner(&join.addr, credential) {
            return false;
        }
        let Some(id) = self.cx.directory.rooms.get(name) else {
            let saved = self.cx.kept.get(name);
            return saved.is_some_and(|saved| is_banned(&join.addr, saved.banned_networks()));
        };
        let Some(room) = self.rooms.get(id) else { return false };
        let is_host_again =
            is_host && room.host.as_ref().is_some_and(|host| host.addr.ip == join.addr.ip);
        !is_host_again && room.order.bans.has_address(&join.addr)
    }

    /// A client is gone.
    pub(super) fn gone(&mut self, client: ClientId, code: Option<u16>) {
        // The server may have closed it before.
        if let Some(sid) = self.cx.directory.clients.remove(&client) {
            self.in_room_of(Some(sid), |room, cx, sid| room.client_gone(cx, sid, code));
        }
    }

    /// 300 ms without a word.
    pub(super) fn silence_is_over(&mut self, sid: SessionId) {
        self.in_room_of(Some(sid), |room, cx, sid| room.silence_is_over(cx, sid));
        let Some(room) = self.cx.directory.sessions.get(&sid) else { return };
        let Some(session) = self.rooms.get(room).and_then(|room| room.members.get(&sid)) else {
            return;
        };
        if !is_idle(session) || session.addr.is_unlimited() {
            return;
        }
        let network = session.addr.network();
        let sessions = self.rooms.values().flat_map(|room| room.members.values());
        let n_idle = sessions.filter(|it| is_idle(it) && it.addr.network() == network).count();
        if n_idle > SILENT_SOCKETS {
            let message = "too many idle sockets from this network";
            let refusal = Refusal::new(ErrorCode::RateLimited, message).fatal();
            self.refuse(sid, ReplyTo::Nobody, refusal);
        }
    }

    /// Moves a session to the room that a message names.
    ///
    /// # Errors
    /// When the session may not move any more.
    fn check_room(
        &mut self,
        sid: SessionId,
        message: &ClientMessage,
        name: Option<RoomName>,
    ) -> Result<(), Refusal> {
        // `hello` carries its room itself, and is checked there.
        let Some(name) = name.filter(|_| !matches!(message, ClientMessage::Hello { .. })) else {
            return Ok(());
        };
        let may_move = self.in_room_of(Some(sid), |room, _, sid| {
            if room.name == name {
                return None;
            }
            let session = room.members.get(&sid)?;
            Some(!session.hears_room() && !session.has_media() && !room.is_host(sid))
        });
        match may_move {
            None => Ok(()),
            Some(true) => {
                self.move_to(sid, &name);
                Ok(())
            }
            Some(false) => {
                Err(Refusal::unexpected("this socket is in another room; open a new one"))
            }
        }
    }

    /// Moves a session without media to another room.
    pub(super) fn move_to(&mut self, sid: SessionId, name: &RoomName) {
        let to = self.room_id(name);
        let Some(from) = self.cx.directory.sessions.insert(sid, to) else { return };
        if from == to {
            return;
        }
        let session = self.in_room(from, |room, cx| {
            room.leave_person(cx, sid);
            room.members.remove(&sid)
        });
        if let Some(mut session) = session {
            session.has_spoken = false;
            self.in_room(to, |room, _| {
                room.members.insert(sid, session);
            });
        }
        self.cx.member_left(from);
    }

    pub(super) fn try_in_room_of(
        &mut self,
        sid: SessionId,
        act: impl FnOnce(
            &mut crate::room::Room,
            &mut crate::context::Context,
            SessionId,
        ) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        self.in_room_of(Some(sid), |room, cx, sid| Some(act(room, cx, sid)))
            .unwrap_or_else(|| Err(Refusal::session_over()))
    }
}

/// Whether a session is a WebSocket that says nothing and is sent nothing.
fn is_idle(session: &Session) -> bool {
    matches!(session.profile, Profile::Basic) && !session.has_media() && !session.has_spoken
}
