//! The hub: owns rooms and sessions, takes inputs, leaves actions.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::time::Instant;

use engine::{Command, PeerId, RoomId};
use protocol::{ClientMessage, CloseCode, Pc, RoomName, RoomSummary, ServerMessage};
use serde_json::Value;

use super::fault::Fault;
use super::policy::BadKeys;
use super::room::Room;
use super::session::{Echo, Session, SessionId};
use super::timers::{Timer, Timers};
use super::{Action, Config, Input, Now, SocketId};

/// The control plane as a state machine. One task owns it; change it with [`Hub::handle`], then
/// drain [`Hub::poll_action`], then sleep until [`Hub::poll_timeout`].
pub struct Hub {
    pub(super) config: Config,
    random: Box<dyn FnMut() -> u128 + Send>,
    pub(super) rooms: HashMap<RoomId, Room>,
    pub(super) room_ids: HashMap<RoomName, RoomId>,
    pub(super) sessions: HashMap<SessionId, Session>,
    pub(super) by_socket: HashMap<SocketId, SessionId>,
    pub(super) by_token: HashMap<String, SessionId>,
    pub(super) by_peer: HashMap<PeerId, SessionId>,
    pub(super) timers: Timers,
    pub(super) bad_keys: BadKeys,
    pub(super) draining: bool,
    actions: VecDeque<Action>,
    last_id: u64,
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("n_rooms", &self.rooms.len())
            .field("n_sessions", &self.sessions.len())
            .finish_non_exhaustive()
    }
}

impl Hub {
    /// A hub without rooms. `random` makes resume tokens: 128 bits nobody can guess.
    pub fn new(config: Config, random: impl FnMut() -> u128 + Send + 'static) -> Self {
        Self {
            config,
            random: Box::new(random),
            rooms: HashMap::new(),
            room_ids: HashMap::new(),
            sessions: HashMap::new(),
            by_socket: HashMap::new(),
            by_token: HashMap::new(),
            by_peer: HashMap::new(),
            timers: Timers::default(),
            bad_keys: BadKeys::default(),
            draining: false,
            actions: VecDeque::new(),
            last_id: 0,
        }
    }

    /// Takes one input. What is to be done is in [`Hub::poll_action`] afterwards.
    pub fn handle(&mut self, input: Input, now: Now) {
        self.run_timers(now);
        match input {
            Input::Opened { socket, caller, query } => self.open(socket, caller, query, now),
            Input::Frame { socket, frame } => {
                if let Some(&sid) = self.by_socket.get(&socket) {
                    self.handle_message(sid, frame.message, frame.room, frame.id, now);
                }
            }
            Input::Closed { socket, code } => self.close(socket, code, now),
            Input::Media(event) => self.handle_event(event, now),
            Input::Timeout => {}
            Input::Drain => self.drain(),
        }
    }

    /// The next thing to do; to be asked until there is none.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// When [`Input::Timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// The rooms with something to watch, by name.
    pub fn summaries(&self) -> Vec<RoomSummary> {
        let mut all: Vec<_> = self.rooms.values().filter_map(Room::summary).collect();
        all.sort_by(|a, b| a.room.cmp(&b.room));
        all
    }

    fn run_timers(&mut self, now: Now) {
        while let Some(timer) = self.timers.pop(now.at) {
            match timer {
                Timer::Silence(sid) => self.silence_is_over(sid, now),
                Timer::Answer(peer) => self.answer_is_overdue(peer, now),
                Timer::Forget(sid) => self.forget(sid, now),
                Timer::Prefer(sid) => self.prefer(sid, now),
                Timer::Grace(room) => self.end(room, now),
                Timer::Viewers(room) => self.tell_viewers(room, now),
                Timer::Linger(room) => self.linger_is_over(room, now),
            }
        }
    }

    fn handle_message(
        &mut self,
        sid: SessionId,
        message: ClientMessage,
        room: Option<RoomName>,
        re: Option<Value>,
        now: Now,
    ) {
        if let Err(fault) = self.check_room(sid, &message, room) {
            self.fail(sid, fault.re(re));
            return;
        }
        let result = match message {
            ClientMessage::Hello { v, role, room, name, key, secret, resume, lang: _, caps } => {
                let pauses = caps.is_some_and(|caps| caps.pauses);
                let hello = super::join::Hello { v, role, room, name, key, secret, resume, pauses };
                self.hello(sid, hello, now)
            }
            ClientMessage::Offer { sdp, pc, neg, key } => {
                let echo = Echo { pc, neg, re: re.clone() };
                self.offer(sid, sdp, echo, key, now)
            }
            ClientMessage::Answer { sdp, pc, neg } => {
                self.answer(sid, sdp, &Echo { pc, neg, re: re.clone() })
            }
            ClientMessage::OfferIce { pc, .. } | ClientMessage::AnswerIce { pc, .. } => {
                self.candidate(sid, pc)
            }
            ClientMessage::Leave {} => {
                self.leave(sid, now);
                Ok(())
            }
            ClientMessage::End {} => self.end_by_host(sid, now),
            ClientMessage::Golive {} => self.go_live_by_host(sid, now),
            ClientMessage::MediaState { audio, video, layers } => {
                self.media_state(sid, audio, video, layers)
            }
            ClientMessage::Layer { video, visible } => self.layer(sid, video, visible, now),
            ClientMessage::Restart { pc } => self.restart(sid, pc, now),
            ClientMessage::Ping { t } => self.ping(sid, t, now),
        };
        if let Err(fault) = result {
            self.fail(sid, fault.re(re));
        }
    }

    fn ping(&mut self, sid: SessionId, t: f64, now: Now) -> Result<(), Fault> {
        self.extended_only(sid)?;
        self.send(sid, ServerMessage::Pong { t, now: now.unix_ms });
        Ok(())
    }

    /// What only makes sense after `hello`.
    pub(super) fn extended_only(&self, sid: SessionId) -> Result<(), Fault> {
        match self.sessions.get(&sid) {
            Some(session) if session.extended => Ok(()),
            _ => Err(Fault::unexpected("say hello first")),
        }
    }

    /// Does something later, outside.
    pub(super) fn act(&mut self, action: Action) {
        self.actions.push_back(action);
    }

    /// Asks the media plane.
    pub(super) fn command(&mut self, command: Command) {
        self.act(Action::Media(command));
    }

    /// Sends to a session, when it has a socket.
    pub(super) fn send(&mut self, sid: SessionId, message: ServerMessage) {
        if let Some(socket) = self.sessions.get(&sid).and_then(|session| session.socket) {
            self.act(Action::Send { socket, message });
        }
    }

    /// Tells a session that something failed.
    pub(super) fn fail(&mut self, sid: SessionId, fault: Fault) {
        tracing::debug!(session = %sid, code = fault.code.as_str(), "refused");
        self.send(sid, fault.into_message());
    }

    /// Closes a session's socket and forgets the socket, so that no close of the client's counts.
    pub(super) fn close_socket(&mut self, sid: SessionId, code: CloseCode) {
        let socket = self.sessions.get_mut(&sid).and_then(|session| session.socket.take());
        if let Some(socket) = socket {
            self.by_socket.remove(&socket);
            self.act(Action::Close { socket, code });
        }
    }

    /// `bye`, for those who know it, and the end of the socket.
    pub(super) fn dismiss(&mut self, sid: SessionId, reason: &str, code: CloseCode) {
        if self.sessions.get(&sid).is_some_and(|session| session.extended) {
            let retry_ms = (reason == "draining").then_some(1000);
            self.send(sid, ServerMessage::Bye { reason: reason.into(), retry_ms });
        }
        self.close_socket(sid, code);
    }

    /// A number never used before: of a session, a peer or a room.
    pub(super) fn new_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// A secret of 128 bits.
    pub(super) fn new_token(&mut self) -> String {
        format!("{:032x}", (self.random)())
    }

    /// A new peer of a session.
    pub(super) fn new_peer(&mut self, sid: SessionId) -> PeerId {
        let peer = PeerId(self.new_id());
        self.by_peer.insert(peer, sid);
        peer
    }

    /// Closes a peer and forgets it: its events no longer matter.
    pub(super) fn drop_peer(&mut self, peer: PeerId) {
        self.by_peer.remove(&peer);
        self.timers.cancel(Timer::Answer(peer));
        self.command(Command::Close { peer });
    }

    /// The room of that name, made when it is new.
    pub(super) fn room_id(&mut self, name: &RoomName) -> RoomId {
        if let Some(&id) = self.room_ids.get(name) {
            return id;
        }
        let id = RoomId(self.new_id());
        self.room_ids.insert(name.clone(), id);
        self.rooms.insert(id, Room::new(name.clone()));
        id
    }

    /// The `pc` that messages to a session carry: only pages that said `hello` know of two.
    pub(super) fn pc_for(&self, sid: SessionId, pc: Pc) -> Option<Pc> {
        self.sessions.get(&sid).filter(|session| session.extended).map(|_| pc)
    }

    fn drain(&mut self) {
        self.draining = true;
        let mut all: Vec<SessionId> = self.by_socket.values().copied().collect();
        all.sort();
        for sid in all {
            self.dismiss(sid, "draining", CloseCode::GoingAway);
        }
    }
}
