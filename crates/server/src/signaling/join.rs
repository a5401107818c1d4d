//! Sockets: opened, `hello`, resumed, closed, left. And the sessions that outlive them.

use engine::RoomId;
use protocol::{
    ClientMessage, CloseCode, DisplayName, ErrorCode, LiveState, MAX_SDP_BYTES, PROTOCOL_VERSION,
    Role, RoomName, SelfInfo, ServerMessage,
};

use super::fault::Fault;
use super::policy::Denied;
use super::session::{Session, SessionId, Step};
use super::timers::Timer;
use super::{Caller, Door, Hub, LINGER, Now, SILENCE, SILENT_SOCKETS, SocketId, SocketQuery};
use crate::limits::MESSAGES_PER_SECOND;

/// The fields of `hello` that matter here.
pub(super) struct Hello {
    pub(super) v: u32,
    pub(super) role: Option<Role>,
    pub(super) room: Option<RoomName>,
    pub(super) name: Option<DisplayName>,
    pub(super) key: Option<String>,
    pub(super) secret: Option<String>,
    pub(super) resume: Option<String>,
    pub(super) pauses: bool,
}

impl Hub {
    pub(super) fn open(&mut self, socket: SocketId, caller: Caller, query: SocketQuery, now: Now) {
        if self.by_socket.contains_key(&socket) {
            return;
        }
        if self.draining {
            self.act(super::Action::Close { socket, code: CloseCode::GoingAway });
            return;
        }
        let name = query.room.unwrap_or_else(|| self.config.default_room.clone());
        let room = self.room_id(&name);
        let sid = SessionId(self.new_id());
        let mut session = Session::new(socket, caller, room);
        session.role = query.role;
        session.key = query.key.filter(|key| !key.is_empty());
        session.door = query.door;
        // It says no `hello`, and need not.
        session.extended = query.door == Door::Http;
        self.sessions.insert(sid, session);
        self.by_socket.insert(socket, sid);
        if let Some(room) = self.rooms.get_mut(&room) {
            room.members.insert(sid);
        }
        tracing::debug!(session = %sid, room = %name, ip = %caller.ip, "socket opened");
        if query.door == Door::Http {
            self.welcome(sid, false, now);
            return self.tell_rates(sid);
        }
        self.timers.set(Timer::Silence(sid), now.at + SILENCE);
        // A page that says in its URL to be a fan need not wait.
        if query.role == Some(Role::Fan) {
            self.offer_if_on_air(sid);
        }
    }

    /// 300 ms without a word: a fan of the seed profile.
    pub(super) fn silence_is_over(&mut self, sid: SessionId, now: Now) {
        let Some(session) = self.sessions.get_mut(&sid) else { return };
        if session.extended || session.socket.is_none() {
            return;
        }
        session.silent = true;
        if session.has_media() {
            return;
        }
        let ip = session.caller.ip;
        // Programs of this machine are not held to what protects it from others.
        if !session.caller.local {
            let silent = self
                .sessions
                .values()
                .filter(|s| s.caller.ip == ip && s.silent && !s.extended && !s.has_media())
                .count();
            if silent > SILENT_SOCKETS {
                let message = "too many idle sockets from this address";
                self.fail(sid, Fault::new(ErrorCode::RateLimited, message).fatal());
                self.close_socket(sid, CloseCode::RateLimited);
                self.remove(sid, now);
                return;
            }
        }
        self.offer_if_on_air(sid);
    }

    /// Moves a session to the room that a message names, or says why not.
    pub(super) fn check_room(
        &mut self,
        sid: SessionId,
        message: &ClientMessage,
        room: Option<RoomName>,
    ) -> Result<(), Fault> {
        let Some(name) = room else { return Ok(()) };
        // `hello` carries its room itself, and is checked there.
        if matches!(message, ClientMessage::Hello { .. }) {
            return Ok(());
        }
        let Some(session) = self.sessions.get(&sid) else { return Ok(()) };
        if self.rooms.get(&session.room).is_some_and(|own| own.name == name) {
            return Ok(());
        }
        if session.extended || session.has_media() || self.is_host(sid) {
            return Err(Fault::unexpected("this socket is in another room; open a new one"));
        }
        self.move_to(sid, &name);
        Ok(())
    }

    fn move_to(&mut self, sid: SessionId, name: &RoomName) {
        let to = self.room_id(name);
        let Some(session) = self.sessions.get_mut(&sid) else { return };
        let from = std::mem::replace(&mut session.room, to);
        if from == to {
            return;
        }
        if let Some(room) = self.rooms.get_mut(&from) {
            room.members.remove(&sid);
        }
        if let Some(room) = self.rooms.get_mut(&to) {
            room.members.insert(sid);
        }
        self.collect_room(from);
    }

    pub(super) fn hello(&mut self, sid: SessionId, hello: Hello, now: Now) -> Result<(), Fault> {
        let is_host = self.is_host(sid);
        let Some(session) = self.sessions.get_mut(&sid) else { return Ok(()) };
        if session.extended {
            return Err(Fault::unexpected("hello was said already"));
        }
        if hello.v != PROTOCOL_VERSION {
            let message = format!("this server speaks version {PROTOCOL_VERSION}");
            return Err(Fault::new(ErrorCode::VersionUnsupported, message)
                .detail(PROTOCOL_VERSION.to_string()));
        }
        if session.has_published() || is_host {
            return Err(Fault::unexpected("hello comes before anything else"));
        }
        if let Some(key) = hello.key.filter(|key| !key.is_empty()) {
            session.key = Some(key);
        }
        session.secret = hello.secret.filter(|secret| !secret.is_empty());
        let role = hello.role.or(session.role).unwrap_or(Role::Fan);
        if let Some(token) = &hello.resume
            && let Some(&old) = self.by_token.get(token)
            && self.can_resume(old, role, hello.room.as_ref())
        {
            self.resume(sid, old, hello.name, hello.pauses, now);
            return Ok(());
        }
        if let Some(name) = &hello.room {
            // An offer may have been made already, on a slow line; it was for the other profile.
            self.withdraw_viewer(sid, now);
            self.move_to(sid, name);
        }
        if role == Role::Host {
            // Also when it is refused: it may say `hello` again, with a key, and is no fan.
            if let Some(session) = self.sessions.get_mut(&sid) {
                session.role = Some(Role::Host);
            }
            self.authorize(sid, now)?;
        }
        self.withdraw_viewer(sid, now);
        let token = self.new_token();
        let Some(session) = self.sessions.get_mut(&sid) else { return Ok(()) };
        session.extended = true;
        session.role = Some(role);
        session.name = hello.name;
        session.pauses = hello.pauses;
        session.token = Some(token.clone());
        session.withdrawn = 0;
        self.by_token.insert(token, sid);
        self.timers.cancel(Timer::Silence(sid));
        self.welcome(sid, false, now);
        if role == Role::Fan {
            self.watch(sid);
        }
        Ok(())
    }

    /// Whether a page that holds the token may take the session up: in the same part as before.
    fn can_resume(&self, old: SessionId, role: Role, room: Option<&RoomName>) -> bool {
        let Some(session) = self.sessions.get(&old) else { return false };
        let own = self.rooms.get(&session.room).map(|own| &own.name);
        session.role == Some(role) && room.is_none_or(|name| own == Some(name))
    }

    /// Gives the socket of session `new` to session `old`.
    fn resume(
        &mut self,
        new: SessionId,
        old: SessionId,
        name: Option<DisplayName>,
        pauses: bool,
        now: Now,
    ) {
        self.dismiss(old, "replaced", CloseCode::Replaced);
        let Some(fresh) = self.sessions.get_mut(&new) else { return };
        let (socket, caller) = (fresh.socket.take(), fresh.caller);
        self.remove(new, now);
        let Some(session) = self.sessions.get_mut(&old) else { return };
        session.socket = socket;
        session.caller = caller;
        session.name = name.or(session.name.take());
        session.pauses = pauses;
        let held = session.held.take();
        let has_viewer = session.viewer.is_some();
        let is_fan = session.role == Some(Role::Fan);
        let offered = session.viewer.as_ref().and_then(|viewer| match &viewer.step {
            Step::Offered(sdp) => Some((sdp.clone(), viewer.neg)),
            _ => None,
        });
        if let Some(socket) = socket {
            self.by_socket.insert(socket, old);
        }
        self.timers.cancel(Timer::Forget(old));
        tracing::info!(session = %old, "session resumed");
        self.welcome(old, true, now);
        if let Some(message) = held {
            self.send(old, message);
        }
        // The old socket may have died before the offer arrived.
        if let Some((sdp, neg)) = offered {
            let pc = self.pc_for(old, protocol::Pc::Sub);
            self.send(old, ServerMessage::Offer { sdp, pc, neg: Some(neg) });
        }
        if is_fan && !has_viewer {
            self.watch(old);
        }
        self.retell_layers(old);
    }

    fn welcome(&mut self, sid: SessionId, resumed: bool, now: Now) {
        let Some(session) = self.sessions.get(&sid) else { return };
        let Some(room) = self.rooms.get(&session.room) else { return };
        let role = session.role.unwrap_or(Role::Fan);
        // Of a session by HTTP it is told once it is one: players ask again and again for a room that is
        // offline.
        if session.door == Door::Socket {
            tracing::info!(session = %sid, room = %room.name, ?role, resumed, "page joined");
        }
        let count = ServerMessage::Viewers { n: room.n_viewers, peak: room.peak };
        let message = ServerMessage::Welcome {
            v: PROTOCOL_VERSION,
            me: SelfInfo { id: sid.to_string(), role },
            room: room.state(),
            resume: session.token.clone().unwrap_or_default(),
            resumed,
            ice_servers: self.config.ice_servers.clone(),
            now: now.unix_ms,
            limits: protocol::Limits {
                sdp_bytes: u32::try_from(MAX_SDP_BYTES).unwrap_or(u32::MAX),
                messages_per_second: MESSAGES_PER_SECOND,
            },
        };
        self.send(sid, message);
        self.send(sid, count);
    }

    /// Whether the session may publish; counts wrong keys.
    pub(super) fn authorize(&mut self, sid: SessionId, now: Now) -> Result<(), Fault> {
        let Some(session) = self.sessions.get_mut(&sid) else { return Ok(()) };
        if session.authorized {
            return Ok(());
        }
        let ip = session.caller.ip;
        if session.key.is_some() && self.bad_keys.is_blocked(ip, now.at) {
            let message = "too many wrong keys from this address; try again in a minute";
            return Err(Fault::new(ErrorCode::RateLimited, message).retry_ms(60_000));
        }
        match self.config.publish.check(session.caller, session.key.as_deref()) {
            Ok(()) => {
                session.authorized = true;
                Ok(())
            }
            Err(Denied::KeyRequired) => {
                Err(Fault::new(ErrorCode::AuthRequired, "publishing here needs a key"))
            }
            Err(Denied::KeyBad) => {
                session.key = None;
                self.bad_keys.note(ip, now.at);
                tracing::warn!(session = %sid, "wrong publishing key");
                Err(Fault::new(ErrorCode::AuthBad, "the publishing key is wrong"))
            }
        }
    }

    pub(super) fn close(&mut self, socket: SocketId, code: Option<u16>, now: Now) {
        let Some(sid) = self.by_socket.remove(&socket) else { return };
        let Some(session) = self.sessions.get_mut(&sid) else { return };
        session.socket = None;
        let room = session.room;
        let hosts =
            session.claim.is_some() || self.rooms.get(&room).is_some_and(|room| room.is_host(sid));
        tracing::debug!(session = %sid, code, "socket closed");
        match code {
            // The tab was closed, or shows another page.
            Some(1001) => self.remove(sid, now),
            Some(1000) if !hosts => self.remove(sid, now),
            _ => self.detach(sid, now),
        }
    }

    pub(super) fn leave(&mut self, sid: SessionId, now: Now) {
        self.dismiss(sid, "left", CloseCode::Normal);
        self.remove(sid, now);
    }

    /// The session lost its socket: keeps what flows, and what may be taken up again.
    fn detach(&mut self, sid: SessionId, now: Now) {
        let Some(session) = self.sessions.get(&sid) else { return };
        if !session.extended && !session.has_media() && !self.is_host(sid) {
            self.remove(sid, now);
        } else {
            self.timers.set(Timer::Forget(sid), now.at + LINGER);
        }
    }

    /// The session has lost a connection: when its socket is gone too, it will not be long.
    pub(super) fn reap(&mut self, sid: SessionId, now: Now) {
        self.end_without_media(sid, now);
        let Some(session) = self.sessions.get(&sid) else { return };
        if session.socket.is_none()
            && !session.has_media()
            && !self.is_host(sid)
            && !self.timers.is_set(Timer::Forget(sid))
        {
            self.detach(sid, now);
        }
    }

    /// A session by HTTP is its media connection, and ends with it. A host's is kept while its place
    /// is: it may be deleted still, or another may follow it.
    fn end_without_media(&mut self, sid: SessionId, now: Now) {
        let is_over = self.sessions.get(&sid).is_some_and(|session| {
            session.door == Door::Http && session.socket.is_some() && !session.has_media()
        });
        if is_over && !self.is_host(sid) {
            self.close_socket(sid, CloseCode::Normal);
            self.remove(sid, now);
        }
    }

    /// A minute without socket: keeps the session only while its media flows in a live room.
    pub(super) fn forget(&mut self, sid: SessionId, now: Now) {
        let Some(session) = self.sessions.get(&sid) else { return };
        let live = self.rooms.get(&session.room).map(|room| room.live);
        let is_over = matches!(live, None | Some(LiveState::Offline | LiveState::Ended));
        if session.socket.is_none() && !self.is_host(sid) && (is_over || !session.has_media()) {
            self.remove(sid, now);
        }
    }

    /// The broadcast has been over for a minute: those who left without a word are not kept.
    pub(super) fn linger_is_over(&mut self, room: RoomId, now: Now) {
        let Some(found) = self.rooms.get(&room) else { return };
        if found.is_on_air() || found.live == LiveState::Starting {
            return;
        }
        let members: Vec<SessionId> = found.members.iter().copied().collect();
        for sid in members {
            self.forget(sid, now);
        }
    }

    /// Ends a session and all that is its own.
    pub(super) fn remove(&mut self, sid: SessionId, now: Now) {
        if self.is_host(sid)
            && let Some(session) = self.sessions.get(&sid)
        {
            self.end(session.room, now);
        }
        self.withdraw_viewer(sid, now);
        if let Some(claim) = self.sessions.get_mut(&sid).and_then(|session| session.claim.take()) {
            self.drop_peer(claim.peer);
            self.unclaim(sid, now);
        }
        let Some(session) = self.sessions.remove(&sid) else { return };
        if let Some(publisher) = session.publisher {
            self.drop_peer(publisher.peer);
        }
        if let Some(token) = session.token {
            self.by_token.remove(&token);
        }
        if let Some(socket) = session.socket {
            self.by_socket.remove(&socket);
        }
        self.timers.cancel(Timer::Silence(sid));
        self.timers.cancel(Timer::Forget(sid));
        self.timers.cancel(Timer::Prefer(sid));
        if let Some(room) = self.rooms.get_mut(&session.room) {
            room.members.remove(&sid);
        }
        self.collect_room(session.room);
    }

    /// Forgets a room that nobody is in.
    fn collect_room(&mut self, id: RoomId) {
        if self.rooms.get(&id).is_some_and(|room| room.members.is_empty())
            && let Some(room) = self.rooms.remove(&id)
        {
            self.room_ids.remove(&room.name);
            for timer in [Timer::Grace(id), Timer::Viewers(id), Timer::Linger(id)] {
                self.timers.cancel(timer);
            }
        }
    }

    /// Whether a session hosts its room.
    pub(super) fn is_host(&self, sid: SessionId) -> bool {
        self.sessions
            .get(&sid)
            .and_then(|session| self.rooms.get(&session.room))
            .is_some_and(|room| room.is_host(sid))
    }
}
