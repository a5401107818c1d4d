//! The fan's side: offers to it, its answers, its own offers, restarts.

use engine::{Codec, Command, NegotiationError, PeerId};
use protocol::{ErrorCode, Pc, Role, ServerMessage};

use super::fault::Fault;
use super::session::{Echo, SessionId, Step, Viewer};
use super::timers::Timer;
use super::{ANSWER_TIMEOUT, Action, Door, Hub, Now, RESTART_EVERY};

impl Hub {
    /// Offers the broadcast to a fan that has none of it, when there is one.
    pub(super) fn offer_if_on_air(&mut self, sid: SessionId) {
        let Some(session) = self.sessions.get(&sid) else { return };
        let on_air = self.rooms.get(&session.room).is_some_and(super::room::Room::is_on_air);
        if on_air && session.wants_offer() {
            self.watch(sid);
        }
    }

    /// Asks the media plane for an offer to a fan.
    pub(super) fn watch(&mut self, sid: SessionId) {
        if let Err(fault) = self.admit(sid) {
            self.fail(sid, fault);
            return;
        }
        let peer = self.new_peer(sid);
        if let Some(room) = self.add_viewer(sid, Viewer::new(peer, Step::Offering)) {
            self.command(Command::Watch { room, peer, via: None });
            self.prefer_again(sid);
        }
    }

    fn admit(&self, sid: SessionId) -> Result<(), Fault> {
        let room = self.sessions.get(&sid).and_then(|session| self.rooms.get(&session.room));
        if room.is_some_and(|room| room.n_watching >= self.config.max_viewers) {
            let message = "the room has all the viewers it takes";
            return Err(Fault::new(ErrorCode::RoomFull, message).retry_ms(10_000));
        }
        Ok(())
    }

    fn add_viewer(&mut self, sid: SessionId, viewer: Viewer) -> Option<engine::RoomId> {
        let session = self.sessions.get_mut(&sid)?;
        session.viewer = Some(viewer);
        session.early = [0; 2];
        let room = session.room;
        if let Some(found) = self.rooms.get_mut(&room) {
            found.n_watching += 1;
        }
        Some(room)
    }

    /// Takes the watching connection of a session out of the books.
    pub(super) fn take_viewer(&mut self, sid: SessionId, now: Now) -> Option<Viewer> {
        let session = self.sessions.get_mut(&sid)?;
        let viewer = session.viewer.take()?;
        let room = session.room;
        self.by_peer.remove(&viewer.peer);
        self.timers.cancel(Timer::Answer(viewer.peer));
        if let Some(found) = self.rooms.get_mut(&room) {
            found.n_watching = found.n_watching.saturating_sub(1);
            if viewer.connected {
                found.n_viewers = found.n_viewers.saturating_sub(1);
                self.viewers_changed(room, now);
            }
        }
        Some(viewer)
    }

    /// Closes the watching connection of a session, if any. An answer that is on its way to it
    /// will find nothing, and is no fault.
    pub(super) fn withdraw_viewer(&mut self, sid: SessionId, now: Now) {
        let Some(viewer) = self.take_viewer(sid, now) else { return };
        self.drop_peer(viewer.peer);
        if matches!(viewer.step, Step::Offered(_))
            && let Some(session) = self.sessions.get_mut(&sid)
        {
            session.withdrawn += 1;
        }
    }

    /// The media plane made an offer.
    pub(super) fn viewer_offered(&mut self, sid: SessionId, sdp: String, now: Now) {
        let Some(session) = self.sessions.get_mut(&sid) else { return };
        let extended = session.extended;
        let Some(viewer) = session.viewer.as_mut() else { return };
        viewer.neg += 1;
        viewer.step = Step::Offered(sdp.clone());
        let (peer, neg) = (viewer.peer, viewer.neg);
        self.timers.set(Timer::Answer(peer), now.at + ANSWER_TIMEOUT);
        let pc = self.pc_for(sid, Pc::Sub);
        self.send(sid, ServerMessage::Offer { sdp, pc, neg: extended.then_some(neg) });
    }

    /// The client answers our offer, or one that is no longer.
    pub(super) fn answer(&mut self, sid: SessionId, sdp: String, echo: &Echo) -> Result<(), Fault> {
        let Some(session) = self.sessions.get_mut(&sid) else { return Ok(()) };
        let has_viewer = session.viewer.is_some();
        let viewer = session.viewer.as_mut().filter(|_| echo.pc != Some(Pc::Pub));
        let awaited = viewer.filter(|viewer| matches!(viewer.step, Step::Offered(_)));
        match awaited {
            Some(viewer) if echo.neg.is_none_or(|neg| neg == viewer.neg) => {
                let peer = viewer.peer;
                // An offer of this same connection, later, is a restart.
                viewer.sdp_session = super::sdp::glance(&sdp).session;
                viewer.step = Step::Answering(echo.re.clone());
                self.timers.cancel(Timer::Answer(peer));
                self.command(Command::Answer { peer, sdp });
                Ok(())
            }
            // To an offer that was followed by another.
            Some(_) => Ok(()),
            None if session.withdrawn > 0 => {
                session.withdrawn -= 1;
                Ok(())
            }
            None if echo.neg.is_some() && has_viewer => Ok(()),
            None => Err(Fault::unexpected("there is no offer to answer")),
        }
    }

    /// The fan did not answer.
    pub(super) fn answer_is_overdue(&mut self, peer: PeerId, now: Now) {
        let Some(&sid) = self.by_peer.get(&peer) else { return };
        self.withdraw_viewer(sid, now);
        let message = "the offer was not answered in 15 s: the page must apply it with \
                       setRemoteDescription and send the answer of createAnswer";
        self.fail(sid, Fault::new(ErrorCode::AnswerTimeout, message));
        self.reap(sid, now);
    }

    /// A fan that offers itself, as in WHEP.
    pub(super) fn watch_offer(
        &mut self,
        sid: SessionId,
        offer: String,
        sdp_session: Option<String>,
        echo: Echo,
        now: Now,
    ) -> Result<(), Fault> {
        let Some(session) = self.sessions.get_mut(&sid) else { return Ok(()) };
        if session.has_published() || session.role == Some(Role::Host) {
            return Err(Fault::unexpected("this page publishes; watch with another socket"));
        }
        session.role = Some(Role::Fan);
        if let Some(viewer) = session.viewer.as_mut()
            && matches!(viewer.step, Step::Stable)
            && viewer.sdp_session.is_some()
            && viewer.sdp_session == sdp_session
        {
            let peer = viewer.peer;
            viewer.step = Step::ClientOffered(echo);
            self.command(Command::Reoffer { peer, offer, via: None });
            return Ok(());
        }
        let room = session.room;
        if !self.rooms.get(&room).is_some_and(super::room::Room::is_on_air) {
            let message = "nobody is live in this room; an offer comes when somebody is";
            return Err(Fault::new(ErrorCode::RoomOffline, message));
        }
        // Both sides offered: ours gives way.
        self.withdraw_viewer(sid, now);
        self.admit(sid)?;
        let peer = self.new_peer(sid);
        let viewer = Viewer { sdp_session, ..Viewer::new(peer, Step::ClientOffered(echo)) };
        if let Some(room) = self.add_viewer(sid, viewer) {
            self.command(Command::WatchOffer { room, peer, offer, via: None });
            self.prefer_again(sid);
        }
        Ok(())
    }

    /// The media plane answered the fan's own offer.
    pub(super) fn viewer_answered(
        &mut self,
        sid: SessionId,
        sdp: String,
        codecs: Vec<Codec>,
        now: Now,
    ) {
        let Some(session) = self.sessions.get_mut(&sid) else { return };
        let extended = session.extended;
        let Some(viewer) = session.viewer.as_mut() else { return };
        let Step::ClientOffered(echo) = std::mem::replace(&mut viewer.step, Step::Stable) else {
            return;
        };
        let is_first = viewer.codecs.replace(codecs).is_none();
        if is_first
            && session.door == Door::Http
            && let Some(fault) = self.lacking(sid)
        {
            self.withdraw_viewer(sid, now);
            return self.fail(sid, fault.re(echo.re));
        }
        let pc = if extended { Some(Pc::Sub) } else { echo.pc };
        self.send(sid, ServerMessage::Answer { sdp, pc, neg: echo.neg });
        self.check_codec(sid);
    }

    /// The media plane took the fan's answer.
    pub(super) fn viewer_negotiated(&mut self, sid: SessionId, codecs: Vec<Codec>, now: Now) {
        let Some(session) = self.sessions.get_mut(&sid) else { return };
        let (door, socket) = (session.door, session.socket);
        let Some(viewer) = session.viewer.as_mut() else { return };
        if matches!(viewer.step, Step::Answering(_)) {
            viewer.step = Step::Stable;
        }
        viewer.codecs = Some(codecs);
        if door == Door::Http {
            match (self.lacking(sid), socket) {
                (Some(fault), _) => {
                    self.withdraw_viewer(sid, now);
                    self.fail(sid, fault);
                    self.reap(sid, now);
                }
                (None, Some(socket)) => self.act(Action::Negotiated { socket }),
                (None, None) => {}
            }
            return;
        }
        self.check_codec(sid);
    }

    /// The media plane did not take what a fan said, or made it no offer.
    pub(super) fn viewer_rejected(&mut self, sid: SessionId, error: NegotiationError, now: Now) {
        let Some(session) = self.sessions.get_mut(&sid) else { return };
        let Some(viewer) = session.viewer.as_mut() else { return };
        let is_unknown = error == NegotiationError::UnknownPeer;
        match std::mem::replace(&mut viewer.step, Step::Stable) {
            Step::Offering => {
                self.take_viewer(sid, now);
                self.fail(sid, error.into());
            }
            Step::ClientOffered(echo) => {
                // Answered before: the rejected offer was a second one, and the first still holds.
                if viewer.codecs.is_none() || is_unknown {
                    self.take_viewer(sid, now);
                }
                self.fail(sid, Fault::from(error).re(echo.re));
            }
            Step::Restarting if is_unknown => {
                self.take_viewer(sid, now);
                self.watch(sid);
            }
            Step::Answering(re) => {
                self.withdraw_viewer(sid, now);
                self.fail(sid, Fault::from(error).re(re));
            }
            Step::Restarting | Step::Stable => self.fail(sid, error.into()),
            step @ Step::Offered(_) => viewer.step = step,
        }
        self.reap(sid, now);
    }

    /// `restart`: the fan's connection is bad, it wants another offer.
    pub(super) fn restart(
        &mut self,
        sid: SessionId,
        pc: Option<Pc>,
        now: Now,
    ) -> Result<(), Fault> {
        self.extended_only(sid)?;
        let Some(session) = self.sessions.get_mut(&sid) else { return Ok(()) };
        if pc == Some(Pc::Pub) || session.role != Some(Role::Fan) {
            return Err(Fault::unexpected("a host restarts with an offer of its own"));
        }
        if session.restarted.is_some_and(|at| now.at < at + RESTART_EVERY) {
            let message = "one restart a second is enough";
            return Err(Fault::new(ErrorCode::RateLimited, message).retry_ms(1000));
        }
        session.restarted = Some(now.at);
        match session.viewer.as_mut() {
            Some(viewer) if matches!(viewer.step, Step::Stable) => {
                viewer.step = Step::Restarting;
                let peer = viewer.peer;
                self.command(Command::RestartIce { peer, via: None });
            }
            // Another offer is on its way.
            Some(viewer) if matches!(viewer.step, Step::Offering | Step::Restarting) => {}
            Some(_) => {
                self.withdraw_viewer(sid, now);
                self.watch(sid);
            }
            None => self.watch(sid),
        }
        Ok(())
    }

    /// Tells a fan that its browser cannot play what the room sends; once for each codec.
    pub(super) fn check_codec(&mut self, sid: SessionId) {
        if let Some(fault) = self.lacking(sid) {
            self.fail(sid, fault);
        }
    }

    /// The codec of the room that a fan's connection has not, when it was not said yet.
    fn lacking(&mut self, sid: SessionId) -> Option<Fault> {
        let session = self.sessions.get_mut(&sid)?;
        let codec = self.rooms.get(&session.room).and_then(super::room::Room::video_codec)?;
        let viewer = session.viewer.as_mut()?;
        let codecs = viewer.codecs.as_ref()?;
        if codecs.contains(&codec) || viewer.lacks == Some(codec) {
            return None;
        }
        viewer.lacks = Some(codec);
        let who = if session.door == Door::Http { "this player" } else { "this browser" };
        let message = format!("{who} cannot play {codec}, which the host sends");
        Some(Fault::new(ErrorCode::CodecUnsupported, message).detail(codec.as_str()))
    }
}
