//! The host's side: who may be it, going live, the return, the end.

use std::collections::VecDeque;

use engine::{Command, RoomId};
use protocol::{
    AudioState, CloseCode, ErrorCode, HostInfo, LayerSize, LiveState, MAX_LAYERS, Pc, Role,
    ServerMessage, VideoState,
};

use super::fault::Fault;
use super::policy::same_key;
use super::room::Host;
use super::session::{Echo, MediaState, PendingOffer, Publisher, SessionId};
use super::timers::Timer;
use super::{Door, GRACE, Hub, LINGER, Now, PENDING_OFFERS};

impl Hub {
    /// An offer of who wants to publish, or does already.
    pub(super) fn publish(
        &mut self,
        sid: SessionId,
        offer: String,
        sdp_session: Option<String>,
        echo: Echo,
        now: Now,
    ) -> Result<(), Fault> {
        self.authorize(sid, now)?;
        if !self.may_claim(sid) {
            let message = "somebody else is live in this room";
            return Err(Fault::new(ErrorCode::HostTaken, message));
        }
        // One connection, two offerers: ours gives way.
        if self.sessions.get(&sid).is_some_and(|session| !session.extended) {
            self.withdraw_viewer(sid, now);
        }
        let Some(session) = self.sessions.get_mut(&sid) else { return Ok(()) };
        let current = session.claim.as_mut().or(session.publisher.as_mut());
        if let Some(publisher) = current
            && sdp_session.is_some()
            && publisher.sdp_session == sdp_session
        {
            if publisher.pending.len() >= PENDING_OFFERS {
                return Err(Fault::unexpected("the offers before it are not answered yet"));
            }
            let peer = publisher.peer;
            publisher.pending.push_back(PendingOffer { offer: offer.clone(), echo });
            self.command(Command::Reoffer { peer, offer, via: None });
            return Ok(());
        }
        self.publish_anew(sid, offer, sdp_session, echo);
        Ok(())
    }

    /// Asks for a new publishing connection. The old one goes on until the new one is taken.
    fn publish_anew(
        &mut self,
        sid: SessionId,
        offer: String,
        sdp_session: Option<String>,
        echo: Echo,
    ) {
        if !self.sessions.contains_key(&sid) {
            return;
        }
        let peer = self.new_peer(sid);
        let Some(session) = self.sessions.get_mut(&sid) else { return };
        let room = session.room;
        let Some(found) = self.rooms.get_mut(&room) else { return };
        found.claimant = Some(sid);
        // Who returns to a broadcast that is on air goes on with it.
        let on_air = !session.extended || session.golive || found.is_on_air();
        let pending = VecDeque::from([PendingOffer { offer: offer.clone(), echo }]);
        let claim = Publisher { peer, on_air, sdp_session, pending };
        let superseded = session.claim.replace(claim);
        if let Some(superseded) = superseded {
            self.drop_peer(superseded.peer);
        }
        self.command(Command::Publish { room, peer, offer, on_air, via: None });
    }

    /// Whether a session may be the room's host now.
    fn may_claim(&self, sid: SessionId) -> bool {
        let Some(session) = self.sessions.get(&sid) else { return false };
        let Some(room) = self.rooms.get(&session.room) else { return false };
        let same = |identity: Option<&str>| match (identity, session.identity()) {
            (Some(theirs), Some(ours)) => same_key(theirs, ours),
            _ => false,
        };
        if let Some(other) = room.claimant.filter(|other| *other != sid)
            && !self.sessions.get(&other).is_some_and(|other| same(other.identity()))
        {
            return false;
        }
        match &room.host {
            None => true,
            Some(host) if host.session == sid || same(host.identity.as_deref()) => true,
            // A host without a key whose page vanished, or an encoder that sends nothing any more, as one
            // that was killed: known by its address, until the grace is over.
            Some(host) => {
                let is_gone = self
                    .sessions
                    .get(&host.session)
                    .is_none_or(|other| other.socket.is_none() || other.door == Door::Http);
                host.identity.is_none()
                    && is_gone
                    && room.live == LiveState::Interrupted
                    && host.ip == session.caller.ip
            }
        }
    }

    /// The media plane answered an offer of a publisher.
    pub(super) fn publisher_answered(
        &mut self,
        sid: SessionId,
        is_claim: bool,
        sdp: String,
        now: Now,
    ) {
        let Some(session) = self.sessions.get_mut(&sid) else { return };
        let publisher = if is_claim { session.claim.as_mut() } else { session.publisher.as_mut() };
        let Some(publisher) = publisher else { return };
        let echo = publisher.pending.pop_front().map(|offer| offer.echo).unwrap_or_default();
        let message = if session.extended {
            let pc = Some(echo.pc.unwrap_or(Pc::Pub));
            ServerMessage::Answer { sdp, pc, neg: echo.neg }
        } else {
            ServerMessage::Answer { sdp, pc: echo.pc, neg: echo.neg }
        };
        if session.socket.is_some() {
            self.send(sid, message);
        } else if session.extended {
            session.held = Some(message);
        }
        if is_claim {
            self.commit(sid, now);
        }
    }

    /// Whether a room has a host with a publishing connection.
    pub(super) fn host_publishes(&self, room: RoomId) -> bool {
        self.rooms
            .get(&room)
            .and_then(|room| room.host.as_ref())
            .and_then(|host| self.sessions.get(&host.session))
            .is_some_and(|session| session.publisher.is_some())
    }

    /// The session's claim came to nothing. A host that has lost its own connection meanwhile is
    /// treated as if it were lost now.
    pub(super) fn unclaim(&mut self, sid: SessionId, now: Now) {
        let Some(session) = self.sessions.get(&sid) else { return };
        let room = session.room;
        let Some(found) = self.rooms.get_mut(&room) else { return };
        if found.claimant == Some(sid) {
            found.claimant = None;
        }
        let live = found.live;
        if found.claimant.is_some() || self.host_publishes(room) {
            return;
        }
        match live {
            LiveState::Starting => self.end(room, now),
            LiveState::Live => self.interrupt(room, now),
            LiveState::Offline | LiveState::Interrupted | LiveState::Ended => {}
        }
    }

    /// A claim was taken: the session is the host now.
    fn commit(&mut self, sid: SessionId, now: Now) {
        let Some(session) = self.sessions.get_mut(&sid) else { return };
        let Some(claim) = session.claim.take() else { return };
        let room = session.room;
        let Some(found) = self.rooms.get_mut(&room) else { return };
        if found.claimant == Some(sid) {
            found.claimant = None;
        }
        let returns = found.is_on_air();
        if !returns {
            found.on_air = false;
            found.video = VideoState::On;
            found.audio = AudioState::On;
            found.sizes = Vec::new();
            self.timers.cancel(Timer::Linger(room));
        }
        // Until its media flows, also when another's did.
        if let Some(state) = session.media_state.take() {
            found.take_media_state(state);
        }
        // A new connection begins with all its layers; the page may think of the one before.
        let has_paused = !std::mem::take(&mut found.unwanted).is_empty();
        found.live = if returns { LiveState::Interrupted } else { LiveState::Starting };
        found.flowing = false;
        found.on_air |= claim.on_air || session.golive;
        let must_go_live = found.on_air && !claim.on_air;
        let host = Host {
            session: sid,
            identity: session.identity().map(str::to_owned),
            ip: session.caller.ip,
            info: session.name.clone().map(|name| HostInfo { name }),
        };
        let former = found.host.replace(host).map(|host| host.session);
        session.golive = found.on_air;
        // A page of the seed profile that has been a host is not offered what others send.
        session.role = Some(Role::Host);
        tracing::info!(room = %found.name, session = %sid, returns, "publisher accepted");
        if let Some(old) = session.publisher.replace(claim) {
            // The media plane closed it when it took the new one.
            self.by_peer.remove(&old.peer);
        }
        if must_go_live {
            self.command(Command::GoLive { room });
        }
        if has_paused {
            self.tell_unwanted(sid);
        }
        self.forget_findings(room);
        if returns {
            self.timers.set(Timer::Grace(room), now.at + GRACE);
        }
        if let Some(former) = former.filter(|former| *former != sid) {
            self.replace_host(former, now);
        }
        self.tell_state(room);
    }

    /// Takes leave of the host whose place was taken.
    fn replace_host(&mut self, former: SessionId, now: Now) {
        tracing::info!(session = %former, "host replaced");
        let old = self.sessions.get_mut(&former).and_then(|session| session.publisher.take());
        if let Some(old) = old {
            // The media plane closed it when it took the new one.
            self.by_peer.remove(&old.peer);
        }
        self.dismiss(former, "replaced", CloseCode::Replaced);
        self.remove(former, now);
    }

    /// `golive`: remembered when it comes before the offer.
    pub(super) fn go_live_by_host(&mut self, sid: SessionId, now: Now) -> Result<(), Fault> {
        self.extended_only(sid)?;
        let Some(session) = self.sessions.get_mut(&sid) else { return Ok(()) };
        if session.role != Some(Role::Host) {
            return Err(Fault::new(ErrorCode::Forbidden, "only the host goes live"));
        }
        session.golive = true;
        let room = session.room;
        if self.rooms.get(&room).is_some_and(|room| room.is_host(sid) && !room.on_air) {
            self.put_on_air(room, now);
        }
        Ok(())
    }

    /// Lets the viewers see. It is live once media flows.
    fn put_on_air(&mut self, room: RoomId, now: Now) {
        let Some(found) = self.rooms.get_mut(&room) else { return };
        found.on_air = true;
        let flows = found.flowing;
        self.command(Command::GoLive { room });
        if flows {
            self.go_live(room, now);
        }
    }

    /// The host is on air and its media flows.
    pub(super) fn go_live(&mut self, room: RoomId, now: Now) {
        let Some(found) = self.rooms.get_mut(&room) else { return };
        let returns = found.is_on_air();
        found.live = LiveState::Live;
        self.timers.cancel(Timer::Grace(room));
        if returns {
            return self.tell_state(room);
        }
        found.since = Some(now.unix_ms);
        found.has_been_live = true;
        found.peak = found.n_viewers;
        tracing::info!(room = %found.name, "broadcast went live");
        self.tell_state(room);
        self.viewers_changed(room, now);
        let members: Vec<SessionId> = self
            .rooms
            .get(&room)
            .map(|room| room.members.iter().copied().collect())
            .unwrap_or_default();
        for sid in members {
            self.offer_if_on_air(sid);
        }
    }

    /// The host's media stopped: it has a while to return.
    pub(super) fn interrupt(&mut self, room: RoomId, now: Now) {
        let Some(found) = self.rooms.get_mut(&room) else { return };
        found.flowing = false;
        if found.live == LiveState::Live {
            found.live = LiveState::Interrupted;
            tracing::info!(room = %found.name, "broadcast interrupted");
            self.timers.set(Timer::Grace(room), now.at + GRACE);
            self.tell_state(room);
        }
    }

    /// `end`, said by the host.
    pub(super) fn end_by_host(&mut self, sid: SessionId, now: Now) -> Result<(), Fault> {
        let Some(session) = self.sessions.get_mut(&sid) else { return Ok(()) };
        let room = session.room;
        session.golive = false;
        // It may end what has not been answered yet.
        if let Some(claim) = session.claim.take() {
            self.drop_peer(claim.peer);
            self.unclaim(sid, now);
            self.end_if_host(sid, room, now);
            return Ok(());
        }
        if self.end_if_host(sid, room, now) {
            return Ok(());
        }
        match self.sessions.get(&sid).and_then(|session| session.role) {
            // Nothing runs, and that is what it wants.
            Some(Role::Host) => Ok(()),
            _ => Err(Fault::new(ErrorCode::Forbidden, "only the host ends the broadcast")),
        }
    }

    fn end_if_host(&mut self, sid: SessionId, room: RoomId, now: Now) -> bool {
        let is_host = self.is_host(sid);
        if is_host {
            self.end(room, now);
        }
        is_host
    }

    /// Ends a broadcast, or a rehearsal, at once; the room has no host afterwards.
    pub(super) fn end(&mut self, room: RoomId, now: Now) {
        let Some(found) = self.rooms.get_mut(&room) else { return };
        let Some(host) = found.host.take() else { return };
        found.live = if found.has_been_live { LiveState::Ended } else { LiveState::Offline };
        found.since = None;
        found.on_air = false;
        found.flowing = false;
        found.media = engine::MediaInfo::default();
        found.sizes = Vec::new();
        found.rates = Vec::new();
        found.unwanted = Vec::new();
        found.findings = super::findings::Findings::default();
        tracing::info!(room = %found.name, peak = found.peak, "broadcast ended");
        self.timers.cancel(Timer::Grace(room));
        self.timers.set(Timer::Linger(room), now.at + LINGER);
        if let Some(session) = self.sessions.get_mut(&host.session) {
            session.golive = false;
            if let Some(publisher) = session.publisher.take() {
                self.drop_peer(publisher.peer);
            }
        }
        self.tell_state(room);
        self.reap(host.session, now);
    }

    /// `media_state`: the camera or the microphone was switched, or the picture has another size.
    pub(super) fn media_state(
        &mut self,
        sid: SessionId,
        audio: bool,
        video: bool,
        sizes: Option<Vec<LayerSize>>,
    ) -> Result<(), Fault> {
        self.extended_only(sid)?;
        if sizes.as_ref().is_some_and(|sizes| sizes.len() > MAX_LAYERS) {
            let message = format!("\"layers\" has more than {MAX_LAYERS} entries");
            return Err(Fault::new(ErrorCode::BadField, message));
        }
        let audio = if audio { AudioState::On } else { AudioState::Muted };
        let video = if video { VideoState::On } else { VideoState::Off };
        let Some(session) = self.sessions.get_mut(&sid) else { return Ok(()) };
        let room = session.room;
        let Some(found) = self.rooms.get_mut(&room).filter(|room| room.is_host(sid)) else {
            if session.claim.is_none() {
                return Err(Fault::new(ErrorCode::Forbidden, "only the host has a camera here"));
            }
            // Its offer is under way: it will be the host.
            session.media_state = Some(MediaState { audio, video, sizes });
            return Ok(());
        };
        if found.take_media_state(MediaState { audio, video, sizes }) {
            self.tell_state(room);
            self.review_findings(room);
        }
        Ok(())
    }

    /// The media plane did not take a publisher's offer.
    pub(super) fn publisher_rejected(
        &mut self,
        sid: SessionId,
        is_claim: bool,
        error: engine::NegotiationError,
        now: Now,
    ) {
        let Some(session) = self.sessions.get_mut(&sid) else { return };
        if is_claim {
            let Some(mut claim) = session.claim.take() else { return };
            self.by_peer.remove(&claim.peer);
            self.unclaim(sid, now);
            let re = claim.pending.pop_front().and_then(|offer| offer.echo.re);
            self.fail(sid, Fault::from(error).re(re));
            // What it offered since was for a connection that never was: the last one begins anew.
            if let Some(next) = claim.pending.pop_back() {
                self.publish_anew(sid, next.offer, claim.sdp_session, next.echo);
            }
            return;
        }
        let Some(publisher) = session.publisher.as_mut() else { return };
        let Some(pending) = publisher.pending.pop_front() else { return };
        if error == engine::NegotiationError::UnknownPeer {
            // It was closed while the offer was under way: the offer begins anew.
            let sdp_session = publisher.sdp_session.clone();
            self.publish_anew(sid, pending.offer, sdp_session, pending.echo);
        } else {
            self.fail(sid, Fault::from(error).re(pending.echo.re));
        }
    }
}
