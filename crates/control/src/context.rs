//! What rooms share: the time, ids, effects, deadlines, and who is where.

use std::collections::VecDeque;
use std::fmt;

use auth::{Auth, ClientAddr};
use media_api::{Codec, Command, PeerId, RoomId};
use protocol::{CloseCode, ErrorCode, IceServer, ServerMessage};

use crate::admission::{Admission, NoPeerPlace, PeerKind, PeerPlace};
use crate::api::{ClientId, Effect, Now, Reply};
use crate::config::Config;
use crate::directory::Directory;
use crate::figures::Counts;
use crate::half_open::HalfOpen;
use crate::kept::KeptRooms;
use crate::refusal::Refusal;
use crate::session::{ReplyTo, SessionId};
use crate::timers::{Timer, Timers};

/// Handed to every method of a room. Effects queue here until the hub is drained.
pub(crate) struct Context {
    pub(crate) now: Now,
    pub(crate) config: Config,
    pub(crate) auth: Auth,
    pub(crate) admission: Admission,
    pub(crate) directory: Directory,
    pub(crate) timers: Timers,
    pub(crate) kept: KeptRooms,
    pub(crate) is_draining: bool,
    pub(crate) counts: Counts,
    /// Tells this run of the server from others.
    pub(crate) run: u32,
    effects: VecDeque<Effect>,
    pub(crate) half_open: HalfOpen,
    /// Peers that give way in a full server; the hub closes them before it is drained.
    evicted: Vec<PeerId>,
    /// Rooms that lost a member; the hub forgets those that are empty.
    left: Vec<RoomId>,
    random: Box<dyn FnMut() -> u128 + Send>,
    last_id: u64,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("n_effects", &self.effects.len()).finish_non_exhaustive()
    }
}

impl Context {
    pub(crate) fn new(
        config: Config,
        auth: Auth,
        admission: Admission,
        now: Now,
        mut random: impl FnMut() -> u128 + Send + 'static,
    ) -> Self {
        // The low bits.
        let run = random() as u32;
        Self {
            now,
            config,
            auth,
            admission,
            directory: Directory::default(),
            timers: Timers::default(),
            kept: KeptRooms::default(),
            is_draining: false,
            counts: Counts::default(),
            run,
            effects: VecDeque::new(),
            half_open: HalfOpen::default(),
            evicted: Vec::new(),
            left: Vec::new(),
            random: Box::new(random),
            last_id: 0,
        }
    }

    // Effects.

    pub(crate) fn push(&mut self, effect: Effect) {
        self.effects.push_back(effect);
    }

    pub(crate) fn poll(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    pub(crate) fn command(&mut self, command: Command) {
        self.push(Effect::Media(command));
    }

    /// Tells a client, when there is one.
    pub(crate) fn send(&mut self, to: Option<ClientId>, message: ServerMessage) {
        if let Some(to) = to {
            self.push(Effect::Send { to, message });
        }
    }

    /// Passes an answer on to who made the offer.
    pub(crate) fn answer(&mut self, client: Option<ClientId>, to: &ReplyTo, sdp: String) {
        match to {
            ReplyTo::Request(id) => {
                self.push(Effect::Reply { id: *id, result: Ok(Reply::Description(sdp)) });
            }
            ReplyTo::Page(echo) => {
                let message = ServerMessage::Answer { sdp, pc: echo.pc, neg: echo.neg };
                self.send(client, message);
            }
            ReplyTo::Nobody => {}
        }
    }

    /// Tells a viewer what its description came to: the answer to its offer, if it was one.
    pub(crate) fn watches(
        &mut self,
        client: Option<ClientId>,
        to: &ReplyTo,
        sdp: Option<String>,
        left_out: Vec<Codec>,
    ) {
        match (to, sdp) {
            (ReplyTo::Request(id), sdp) => {
                self.push(Effect::Reply { id: *id, result: Ok(Reply::Watching { sdp, left_out }) });
            }
            // A page is told with an error, and sees the effect of its answer.
            (_, Some(sdp)) => self.answer(client, to, sdp),
            (_, None) => {}
        }
    }

    /// Says that a request is done. A page is not told: it sees the effect.
    pub(crate) fn done(&mut self, to: &ReplyTo) {
        if let ReplyTo::Request(id) = to {
            self.push(Effect::Reply { id: *id, result: Ok(Reply::Done) });
        }
    }

    /// Tells who asked, or the client if nobody did, that something is refused.
    pub(crate) fn refuse(&mut self, client: Option<ClientId>, to: ReplyTo, refusal: Refusal) {
        tracing::debug!(code = refusal.code.as_str(), "refused");
        // A door counts what it answers itself.
        if !matches!(to, ReplyTo::Request(_)) {
            self.counts.refused(refusal.code);
        }
        match to {
            ReplyTo::Request(id) => self.push(Effect::Reply { id, result: Err(refusal) }),
            ReplyTo::Page(echo) => self.send(client, refusal.into_message(echo.re)),
            ReplyTo::Nobody => self.send(client, refusal.into_message(None)),
        }
    }

    /// Disconnects a client and forgets it, so that no close of its own counts.
    pub(crate) fn close_client(&mut self, client: ClientId, code: CloseCode) {
        self.directory.clients.remove(&client);
        self.push(Effect::Close { client, code });
    }

    // Ids.

    /// A number never used before: of a session, a peer or a room.
    pub(crate) fn new_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// A secret of 128 bits.
    pub(crate) fn new_token(&mut self) -> String {
        format!("{:032x}", (self.random)())
    }

    /// A key of 128 bits.
    pub(crate) fn new_key(&mut self) -> u128 {
        (self.random)()
    }

    /// The code of an invitation link: 80 bits.
    pub(crate) fn new_invite(&mut self) -> String {
        format!("{:020x}", (self.random)() & ((1 << 80) - 1))
    }

    /// Names a broadcast: later ones sort after earlier ones.
    pub(crate) fn new_broadcast_id(&mut self) -> String {
        let random = (self.random)() & ((1 << 40) - 1);
        format!("{:011x}{random:010x}", self.now.unix_ms as u64)
    }

    // Peers.

    /// A place for one more viewer. In a full server another that is not connected gives way.
    pub(crate) fn viewer_place(&mut self, addr: &ClientAddr) -> Result<PeerPlace, Refusal> {
        let place = match self.admission.peer(addr, PeerKind::Viewer) {
            Err(NoPeerPlace::Server) => {
                let victim = self.half_open.victim(None, self.now.at).ok_or_else(server_full)?;
                let place = self.admission.peer_in_exchange(addr);
                if place.is_ok() {
                    self.evict(victim);
                }
                place
            }
            place => place,
        };
        place.map_err(no_place)
    }

    /// A place for one more viewer in exchange for one that the caller closes next.
    pub(crate) fn viewer_place_in_exchange(
        &mut self,
        addr: &ClientAddr,
    ) -> Result<PeerPlace, Refusal> {
        self.admission.peer_in_exchange(addr).map_err(no_place)
    }

    /// A place for one more publisher. In a full server a viewer that is not connected gives way, once the media
    /// plane has taken the publisher: see [`Self::publisher_taken`].
    pub(crate) fn publisher_place(&mut self, addr: &ClientAddr) -> Result<PeerPlace, Refusal> {
        let place = match self.admission.peer(addr, PeerKind::Publisher) {
            Err(NoPeerPlace::Server) if self.half_open.victim(None, self.now.at).is_some() => {
                self.admission.peer_beyond(addr)
            }
            place => place,
        };
        place.map_err(no_place)
    }

    /// The media plane has taken a publisher, which may have a place beyond the others.
    pub(crate) fn publisher_taken(&mut self, addr: &ClientAddr) {
        if self.admission.is_beyond(addr, PeerKind::Publisher)
            && let Some(victim) = self.half_open.victim(None, self.now.at)
        {
            self.evict(victim);
        }
    }

    fn evict(&mut self, peer: PeerId) {
        self.half_open.remove(peer);
        self.evicted.push(peer);
    }

    /// A new peer of a session.
    pub(crate) fn new_peer(&mut self, session: SessionId) -> PeerId {
        let peer = PeerId(self.new_id());
        self.directory.peers.insert(peer, session);
        peer
    }

    /// Forgets a peer: its events no longer matter.
    pub(crate) fn forget_peer(&mut self, peer: PeerId) {
        self.directory.peers.remove(&peer);
        self.half_open.remove(peer);
        self.timers.cancel(Timer::Answer(peer));
    }

    /// Closes a peer and forgets it.
    pub(crate) fn close_peer(&mut self, peer: PeerId) {
        self.forget_peer(peer);
        self.command(Command::Close { peer });
    }

    pub(crate) fn take_evicted(&mut self) -> Option<PeerId> {
        self.evicted.pop()
    }

    // Rooms.

    /// A room lost a member.
    pub(crate) fn member_left(&mut self, room: RoomId) {
        self.left.push(room);
    }

    pub(crate) fn take_left(&mut self) -> Vec<RoomId> {
        std::mem::take(&mut self.left)
    }

    /// STUN and TURN servers for one client; `own` is the server's own TURN.
    pub(crate) fn ice_servers(
        &self,
        session: SessionId,
        own: Option<&IceServer>,
    ) -> Vec<IceServer> {
        let label = session.to_string();
        let configured = self.config.ice_servers.iter();
        let configured = configured.map(|server| server.for_client(&label, self.now.unix_ms));
        configured.chain(own.cloned()).collect()
    }
}

fn no_place(why: NoPeerPlace) -> Refusal {
    match why {
        NoPeerPlace::Server => server_full(),
        NoPeerPlace::Network => {
            let message = "too many media connections from this network; close some";
            Refusal::new(ErrorCode::RateLimited, message).retry_ms(10_000)
        }
    }
}

/// What a client is told that finds no place for a peer, or whose peer gives way in a full server.
pub(crate) fn server_full() -> Refusal {
    let message = "the server has as many media connections as it takes";
    Refusal::new(ErrorCode::ServerFull, message).retry_ms(10_000)
}

/// Reports a broken invariant: a bug of ours that no client can cause. The caller goes on without what is missing.
pub(crate) fn broken(what: &str) {
    tracing::error!(what, "broken invariant in the control plane; please report it");
    debug_assert!(false, "{what}");
}
