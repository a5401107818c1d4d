//! The hub: routes inputs to rooms, and takes effects out of them.

mod hello;
mod sessions;

use std::collections::HashMap;
use std::fmt;
use std::time::Instant;

use auth::Auth;
use media_api::{Event, RoomId};
use protocol::{CloseCode, ErrorCode, RoomInfo, RoomName, RoomSummary};

use crate::admission::Admission;
use crate::api::{ClientId, Effect, Input, Now, RequestId};
use crate::config::Config;
use crate::context::{Context, broken, server_full};
use crate::figures::{Figures, RoomSessions};
use crate::refusal::Refusal;
use crate::room::Room;
use crate::saved::SavedRoom;
use crate::session::{ReplyTo, SessionId};
use crate::timers::Timer;
use crate::why::Why;

/// The control plane as a state machine. One task owns it. Change it with [`Hub::handle`], drain
/// [`Hub::poll_effect`], then sleep until [`Hub::poll_timeout`].
pub struct Hub {
    /// A room exists while somebody is in it, and a session is in one room: the bound of sessions is theirs too.
    pub(crate) rooms: HashMap<RoomId, Room>,
    pub(crate) cx: Context,
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("n_rooms", &self.rooms.len()).finish_non_exhaustive()
    }
}

impl Hub {
    /// A hub without rooms. `random` makes resume tokens: 128 bits that nobody can guess.
    pub fn new(
        config: Config,
        auth: Auth,
        admission: Admission,
        now: Now,
        random: impl FnMut() -> u128 + Send + 'static,
    ) -> Self {
        let cx = Context::new(config, auth, admission, now, random);
        Self { rooms: HashMap::new(), cx }
    }

    /// Takes one input. What is to be done is in [`Hub::poll_effect`] afterwards.
    pub fn handle(&mut self, input: Input, now: Now) {
        self.cx.now = now;
        self.run_timers();
        match input {
            Input::Connected { client, join } => self.connected(client, join),
            Input::Frame { client, frame } => self.frame(client, *frame),
            Input::Shown { client, token, shown } => self.shown(client, token, shown),
            Input::Request { client, id, request } => self.request(client, id, request),
            Input::Gone { client, code } => self.gone(client, code),
            Input::Media(event) => self.media(event),
            Input::Rules { room } => {
                let ids: Vec<RoomId> = match room {
                    Some(room) => self.cx.directory.rooms.get(&room).copied().into_iter().collect(),
                    None => self.rooms.keys().copied().collect(),
                };
                ids.into_iter().for_each(|id| self.in_room(id, Room::rules_changed));
            }
            Input::Configure(config) => self.cx.config = *config,
            Input::Cover { room, version } => self.cover(&room, version),
            Input::Rewound { peer, at } => {
                if let Some(&sid) = self.cx.directory.peers.get(&peer) {
                    self.in_room_of(Some(sid), |room, cx, sid| room.rewound(cx, sid, at));
                }
            }
            Input::Recording { room, on } => {
                if let Some(&id) = self.cx.directory.rooms.get(&room) {
                    self.in_room(id, |room, cx| room.set_recording(cx, on));
                }
            }
            Input::Kick { room, session } => self.kick(&room, session),
            Input::Seen { room, seen } => {
                if let Some(&id) = self.cx.directory.rooms.get(&room) {
                    self.in_room(id, |room, cx| room.record_seen(cx, seen));
                }
            }
            Input::Timeout => {}
            Input::Drain => self.drain(),
        }
        self.settle();
    }

    /// The next thing to do; to be asked until there is none.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.cx.poll()
    }

    /// When [`Input::Timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.cx.timers.next()
    }

    /// The rooms with something to watch, by name.
    pub fn summaries(&self) -> Vec<RoomSummary> {
        let listed = self.rooms.values().filter(|room| self.cx.auth.is_listed(&room.name));
        let mut all: Vec<_> = listed.filter_map(Room::summary).collect();
        all.sort_by(|a, b| a.room.cmp(&b.room));
        all
    }

    /// What is known of one room; `None` when nobody is in it, or not everybody may know.
    pub fn room_info(&self, name: &RoomName) -> Option<RoomInfo> {
        if !self.cx.auth.is_public(name) {
            return None;
        }
        self.cx.directory.rooms.get(name).and_then(|id| self.rooms.get(id)).map(Room::info)
    }

    /// The same for the operator, who may know of every room.
    pub fn room_for_operator(&self, name: &RoomName) -> Option<RoomInfo> {
        self.cx.directory.rooms.get(name).and_then(|id| self.rooms.get(id)).map(Room::info)
    }

    /// What is counted of all rooms.
    pub fn figures(&self) -> Figures {
        let rooms = self.rooms.values().filter(|room| !room.members.is_empty());
        self.cx.counts.figures(rooms.map(|room| room.counts(&self.cx)).collect())
    }

    /// The sessions of one room; `None` when nobody is in it.
    pub fn sessions(&self, name: &RoomName) -> Option<RoomSessions> {
        self.cx.directory.rooms.get(name).and_then(|id| self.rooms.get(id)).map(Room::sessions)
    }

    /// Whether anybody is in a room.
    pub fn has_room(&self, name: &RoomName) -> bool {
        self.cx.directory.rooms.contains_key(name)
    }

    fn kick(&mut self, name: &RoomName, session: u64) {
        let sid = SessionId(session);
        if let Some(&id) = self.cx.directory.rooms.get(name)
            && self.cx.directory.sessions.get(&sid) == Some(&id)
        {
            self.in_room(id, |room, cx| room.kick(cx, sid));
        }
    }

    /// Rooms that were saved: each is as it was when somebody comes.
    pub fn restore(&mut self, rooms: impl IntoIterator<Item = SavedRoom>) {
        rooms.into_iter().for_each(|saved| self.cx.kept.put(saved));
    }

    /// A room has another picture. Nobody need be in it.
    fn cover(&mut self, name: &RoomName, version: Option<u32>) {
        if let Some(&id) = self.cx.directory.rooms.get(name) {
            return self.in_room(id, |room, cx| room.set_cover(cx, version));
        }
        let id = self.room_id(name);
        self.in_room(id, |room, cx| room.set_cover(cx, version));
        // It is saved as rooms are that everybody has left.
        self.cx.member_left(id);
    }

    fn run_timers(&mut self) {
        while let Some(timer) = self.cx.timers.pop(self.cx.now.at) {
            match timer {
                Timer::Silence(sid) => self.silence_is_over(sid),
                Timer::Answer(peer) => {
                    let sid = self.cx.directory.peers.get(&peer).copied();
                    self.in_room_of(sid, |room, cx, sid| room.answer_is_overdue(cx, sid));
                }
                Timer::Forget(sid) => {
                    self.in_room_of(Some(sid), |room, cx, sid| room.forget(cx, sid));
                }
                Timer::Guest(sid) => {
                    self.in_room_of(Some(sid), |room, cx, sid| room.guest_is_overdue(cx, sid));
                }
                Timer::Prefer(sid) => {
                    self.in_room_of(Some(sid), |room, cx, sid| room.prefer(cx, sid));
                }
                Timer::Grace(id) => self.in_room(id, |room, cx| room.end(cx, Why::NoMedia)),
                Timer::Viewers(id) => self.in_room(id, Room::tell_viewers),
                Timer::Linger(id) => self.in_room(id, Room::linger_is_over),
                Timer::Chats(id) => self.in_room(id, Room::tell_lines),
                Timer::Likes(id) => self.in_room(id, Room::tell_likes),
                Timer::Desk(id) => self.in_room(id, Room::tell_desk),
                Timer::Latency(id) => self.in_room(id, Room::tell_latency),
                Timer::Keep(id) => self.in_room(id, Room::keep),
                Timer::Sample(id) => self.in_room(id, Room::sample),
            }
            self.settle();
        }
    }

    fn media(&mut self, event: Event) {
        if let Some(peer) = event.peer() {
            // Events of a peer that was closed meanwhile come after it was forgotten.
            if let Some(&sid) = self.cx.directory.peers.get(&peer) {
                self.in_room_of(Some(sid), |room, cx, sid| room.handle_peer_event(cx, sid, event));
            }
        } else if let Some(id) = event.room() {
            // A room is forgotten before the media plane has said its last word of it.
            if self.rooms.contains_key(&id) {
                self.in_room(id, |room, cx| room.handle_event(cx, event));
            }
        }
    }

    fn drain(&mut self) {
        self.cx.is_draining = true;
        let mut all: Vec<SessionId> = self.cx.directory.clients.values().copied().collect();
        all.sort();
        for sid in all {
            self.in_room_of(Some(sid), |room, cx, sid| {
                room.dismiss(cx, sid, "draining", CloseCode::GoingAway);
                room.reap(cx, sid);
            });
        }
        let mut left: Vec<SessionId> = self.cx.directory.sessions.keys().copied().collect();
        left.sort();
        for sid in left {
            // The end of another may have been its end.
            if self.cx.directory.sessions.contains_key(&sid) {
                self.in_room_of(Some(sid), |room, cx, sid| {
                    room.remove(cx, sid, Why::ServerStopped);
                });
            }
        }
    }

    /// Closes the peers that gave way, and forgets the rooms that nobody is in.
    fn settle(&mut self) {
        while let Some(peer) = self.cx.take_evicted() {
            // It may be gone since.
            if let Some(&sid) = self.cx.directory.peers.get(&peer) {
                self.in_room_of(Some(sid), |room, cx, sid| room.evict(cx, sid, server_full()));
            }
        }
        for id in self.cx.take_left() {
            if self.rooms.get(&id).is_some_and(|room| room.members.is_empty())
                && let Some(mut room) = self.rooms.remove(&id)
            {
                room.close(&mut self.cx);
                self.cx.directory.rooms.remove(&room.name);
                for timer in Timer::of_room(id) {
                    self.cx.timers.cancel(timer);
                }
            }
        }
    }

    // Finding rooms.

    /// The room of that name, made when it is new.
    fn room_id(&mut self, name: &RoomName) -> RoomId {
        if let Some(&id) = self.cx.directory.rooms.get(name) {
            return id;
        }
        let id = RoomId(self.cx.new_id());
        self.cx.directory.rooms.insert(name.clone(), id);
        let room = Room::open(id, name.clone(), &mut self.cx);
        self.rooms.insert(id, room);
        id
    }

    fn in_room<T: Default>(
        &mut self,
        id: RoomId,
        act: impl FnOnce(&mut Room, &mut Context) -> T,
    ) -> T {
        match self.rooms.get_mut(&id) {
            Some(room) => act(room, &mut self.cx),
            None => {
                broken("a room that is named does not exist");
                T::default()
            }
        }
    }

    /// Acts in the room of a session; nothing when there is no session, as after it left.
    fn in_room_of<T: Default>(
        &mut self,
        sid: Option<SessionId>,
        act: impl FnOnce(&mut Room, &mut Context, SessionId) -> T,
    ) -> T {
        let Some(sid) = sid else { return T::default() };
        match self.cx.directory.sessions.get(&sid).copied() {
            Some(id) => self.in_room(id, |room, cx| act(room, cx, sid)),
            None => {
                broken("a session that is named does not exist");
                T::default()
            }
        }
    }

    /// Tells a client why it was refused; disconnects it if that is the end.
    fn refuse(&mut self, sid: SessionId, reply_to: ReplyTo, refusal: Refusal) {
        if !self.cx.directory.sessions.contains_key(&sid) {
            // It ended by what it asked for.
            return self.cx.refuse(None, reply_to, refusal);
        }
        let is_fatal = refusal.is_fatal;
        let code = match refusal.code {
            ErrorCode::RateLimited => CloseCode::RateLimited,
            ErrorCode::Banned => CloseCode::Banned,
            _ => CloseCode::Full,
        };
        self.in_room_of(Some(sid), |room, cx, sid| {
            let client = room.members.get(&sid).and_then(|session| session.client);
            cx.refuse(client, reply_to, refusal);
            if is_fatal {
                room.disconnect(cx, sid, code);
            }
        });
    }

    /// Refuses a client that has no session.
    fn turn_away(&mut self, client: ClientId, id: Option<RequestId>, refusal: Refusal) {
        match id {
            Some(id) => self.cx.push(Effect::Reply { id, result: Err(refusal) }),
            None => {
                let code = match refusal.code {
                    ErrorCode::Draining => CloseCode::GoingAway,
                    ErrorCode::RateLimited => CloseCode::RateLimited,
                    _ => CloseCode::Full,
                };
                self.cx.counts.refused(refusal.code);
                if refusal.code != ErrorCode::Draining {
                    self.cx.send(Some(client), refusal.fatal().into_message(None));
                }
                self.cx.push(Effect::Close { client, code });
            }
        }
    }
}
