//! The fan's side: offers to it, its answers, its own offers, restarts.

use media_api::{Codec, Command, NegotiationError};
use protocol::{CloseCode, ErrorCode, LiveState, Pc, Role, ServerMessage};

use super::Room;
use crate::admission::PeerPlace;
use crate::context::Context;
use crate::limits::{ANSWER_TIMEOUT, RESTART_EVERY};
use crate::refusal::Refusal;
use crate::sdp_summary;
use crate::session::{Echo, ReplyTo, SessionId, Step, Watching};
use crate::timers::Timer;
use crate::why::Why;

impl Room {
    /// Makes an offer to a fan without a connection, when the room is on air.
    pub(crate) fn offer_if_on_air(&mut self, cx: &mut Context, sid: SessionId) {
        let live = self.broadcast.live;
        let session = self.members.get_mut(&sid).filter(|it| it.wants_offer());
        let Some(session) = session else { return };
        // In an interrupted room, who does not say what it is may be the host, back with another page. An offer now
        // would meet its own on its one connection. There is nothing to see yet: it comes with the picture.
        session.awaits_picture = session.role.is_none() && live == LiveState::Interrupted;
        if self.broadcast.is_on_air() && !session.awaits_picture {
            self.watch(cx, sid);
        }
    }

    /// Asks the media plane for an offer to a fan. It is told when there is no place.
    pub(crate) fn watch(&mut self, cx: &mut Context, sid: SessionId) {
        if let Err(refusal) = self.try_watch(cx, sid, ReplyTo::Nobody) {
            self.log_refused(sid, false, &refusal);
            let client = self.members.get(&sid).and_then(|session| session.client);
            let is_fatal = refusal.is_fatal;
            cx.refuse(client, ReplyTo::Nobody, refusal);
            if is_fatal {
                self.disconnect(cx, sid, CloseCode::Banned);
            }
        }
    }

    /// Asks the media plane for an offer, for who asked for it.
    ///
    /// # Errors
    /// When there is no place.
    pub(crate) fn try_watch(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        reply_to: ReplyTo,
    ) -> Result<(), Refusal> {
        let place = self.viewer_place(cx, sid)?;
        let (room, peer) = (self.id, cx.new_peer(sid));
        let Some(session) = self.member(sid) else { return Err(Refusal::session_over()) };
        let via = session.via;
        let cast = self.cast_of(sid);
        let publishes = self.seat_of_unnamed(sid);
        let watching = Watching::new(peer, place, Step::Offering(reply_to), cx.now.at);
        self.add_viewer(cx, sid, Watching { cast: cast.clone(), ..watching });
        cx.command(Command::Watch { room, peer, cast, publishes, via });
        self.prefer_again(cx, sid);
        Ok(())
    }

    /// A place for one more viewer. In a full room another that is not connected gives way, once the newcomer has its
    /// place.
    fn viewer_place(&mut self, cx: &mut Context, sid: SessionId) -> Result<PeerPlace, Refusal> {
        self.check_watch(cx, sid)?;
        let Some(session) = self.members.get(&sid) else { return Err(Refusal::session_over()) };
        let addr = session.addr;
        // Pages were asked at `hello`.
        if session.page().is_none() {
            self.check_ban(cx, sid)?;
        }
        // A host that watches its guests is not of the audience. Outside the page profile it is sent itself.
        let own = cx.auth.rules(&self.name).max_viewers.map(|n| n as usize);
        let max_viewers = own.unwrap_or(usize::MAX).min(cx.config.max_viewers);
        if !self.cast_of(sid).has_host || self.audience.n_watching < max_viewers {
            return cx.viewer_place(&addr);
        }
        let victim = cx.half_open.victim(Some(self.id), cx.now.at);
        let victim = victim.and_then(|peer| cx.directory.peers.get(&peer).copied());
        let victim = victim.ok_or_else(room_full)?;
        let place = cx.viewer_place_in_exchange(&addr)?;
        self.evict(cx, victim, room_full());
        Ok(place)
    }

    /// Closes a watching peer that is not connected: its place is needed.
    pub(crate) fn evict(&mut self, cx: &mut Context, sid: SessionId, refusal: Refusal) {
        let Some(session) = self.members.get(&sid) else { return };
        let client = session.client;
        self.log_refused(sid, false, &refusal);
        let waiting = self.take_open_viewer(cx, sid, Why::GaveWay);
        cx.refuse(client, waiting.unwrap_or(ReplyTo::Nobody), refusal);
        self.reap(cx, sid);
    }

    fn add_viewer(&mut self, cx: &mut Context, sid: SessionId, watching: Watching) {
        let room = self.id;
        if let Some(session) = self.member(sid) {
            cx.half_open.add(watching.peer, room, &session.addr, cx.now.at);
            self.audience.n_watching += usize::from(watching.cast.has_host);
            let Some(session) = self.member(sid) else { return };
            let is_preview = session.role == Some(Role::Host);
            session.watching = Some(Watching { is_preview, ..watching });
            session.manners.early = [0; 2];
        }
    }

    /// Removes the watching peer of a member, and counts it no longer.
    pub(crate) fn take_viewer(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        why: Why,
    ) -> Option<Watching> {
        let watching = self.member(sid)?.watching.take()?;
        cx.forget_peer(watching.peer);
        self.unnamed_lost(cx, sid);
        if !watching.cast.has_host {
            return Some(watching);
        }
        self.audience.n_watching = self.audience.n_watching.saturating_sub(1);
        if let Some(since) = watching.connected_at.filter(|_| !watching.is_preview) {
            let n_viewers = self.audience.n_viewers.saturating_sub(1);
            self.audience.n_viewers = n_viewers;
            let after_s = cx.now.at.saturating_duration_since(since).as_secs();
            tracing::info!(
                room = %self.name, session = %sid, after_s, %why, n_viewers, "viewer left"
            );
            self.viewers_changed(cx);
        }
        Some(watching)
    }

    /// Closes the watching peer of a member, if any. An answer that is under way to it is ignored later.
    pub(crate) fn withdraw_viewer(&mut self, cx: &mut Context, sid: SessionId, why: Why) {
        if let Some(reply_to) = self.take_open_viewer(cx, sid, why) {
            let client = self.members.get(&sid).and_then(|session| session.client);
            let refusal = Refusal::unexpected("the connection was closed before the answer");
            cx.refuse(client, reply_to, refusal);
        }
    }

    /// The same; the caller tells the program that waits for an answer.
    fn take_open_viewer(&mut self, cx: &mut Context, sid: SessionId, why: Why) -> Option<ReplyTo> {
        let watching = self.take_viewer(cx, sid, why)?;
        cx.close_peer(watching.peer);
        if matches!(watching.step, Step::Offered(_)) {
            self.member(sid)?.manners.withdrawn += 1;
        }
        watching.step.into_waiting()
    }

    /// The media plane made an offer.
    pub(crate) fn viewer_offered(&mut self, cx: &mut Context, sid: SessionId, sdp: String) {
        let Some(session) = self.member(sid) else { return };
        let (client, pc) = (session.client, session.pc(Pc::Sub));
        let Some(watching) = session.watching.as_mut() else { return };
        // The client offered meanwhile, or answered the offer before: that goes on.
        if matches!(watching.step, Step::Answering(_) | Step::ClientOffered(_)) {
            return;
        }
        watching.neg += 1;
        let step = std::mem::replace(&mut watching.step, Step::Offered(sdp.clone()));
        cx.timers.set(Timer::Answer(watching.peer), cx.now.at + ANSWER_TIMEOUT);
        match step {
            Step::Offering(reply_to @ ReplyTo::Request(_)) => cx.answer(client, &reply_to, sdp),
            _ => {
                let neg = pc.map(|_| watching.neg);
                cx.send(client, ServerMessage::Offer { sdp, pc, neg });
            }
        }
    }

    /// The client answers the server's offer, or one that was withdrawn.
    pub(crate) fn answer(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        sdp: String,
        reply_to: ReplyTo,
    ) -> Result<(), Refusal> {
        let Some(session) = self.member(sid) else { return Err(Refusal::session_over()) };
        let Echo { pc, neg, .. } = match &reply_to {
            ReplyTo::Page(echo) => echo.clone(),
            ReplyTo::Request(_) | ReplyTo::Nobody => Echo::default(),
        };
        let has_viewer = session.watching.is_some();
        let watching = session.watching.as_mut().filter(|_| pc != Some(Pc::Pub));
        let awaited = watching.filter(|watching| matches!(watching.step, Step::Offered(_)));
        match awaited {
            Some(watching) if neg.is_none_or(|neg| neg == watching.neg) => {
                let peer = watching.peer;
                // An offer of this same connection, later, is a restart.
                watching.sdp_session = sdp_summary::inspect(&sdp).ok().and_then(|it| it.session);
                watching.step = Step::Answering(reply_to);
                cx.timers.cancel(Timer::Answer(peer));
                cx.command(Command::Answer { peer, sdp });
                Ok(())
            }
            // To an offer that was followed by another.
            Some(_) => {
                cx.done(&reply_to);
                Ok(())
            }
            None if session.manners.withdrawn > 0 => {
                session.manners.withdrawn -= 1;
                cx.done(&reply_to);
                Ok(())
            }
            None if neg.is_some() && has_viewer => {
                cx.done(&reply_to);
                Ok(())
            }
            None => Err(Refusal::unexpected("there is no offer to answer")),
        }
    }

    /// The fan did not answer.
    pub(crate) fn answer_is_overdue(&mut self, cx: &mut Context, sid: SessionId) {
        self.withdraw_viewer(cx, sid, Why::Unanswered);
        let Some(session) = self.member(sid) else { return };
        let client = session.client;
        let message = "the offer was not answered in 10 s: the page must apply it with \
                       setRemoteDescription and send the answer of createAnswer";
        let refusal = Refusal::new(ErrorCode::AnswerTimeout, message);
        cx.refuse(client, ReplyTo::Nobody, refusal);
        self.reap(cx, sid);
    }

    /// An offer of a fan's own, as in WHEP.
    pub(crate) fn watch_offer(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        offer: String,
        sdp_session: Option<String>,
        reply_to: ReplyTo,
    ) -> Result<(), Refusal> {
        let room = self.id;
        let Some(session) = self.member(sid) else { return Err(Refusal::session_over()) };
        if session.publishes() || session.role == Some(Role::Host) {
            return Err(Refusal::unexpected("this page publishes; watch with another socket"));
        }
        session.role = Some(Role::Fan);
        let via = session.via;
        if let Some(watching) = session.watching.as_mut()
            && matches!(watching.step, Step::Stable)
            && watching.sdp_session.is_some()
            && watching.sdp_session == sdp_session
        {
            let peer = watching.peer;
            watching.step = Step::ClientOffered(reply_to);
            cx.command(Command::Reoffer { peer, offer, via });
            return Ok(());
        }
        if !self.broadcast.is_on_air() {
            let message = "nobody is live in this room; an offer comes when somebody is";
            return Err(Refusal::new(ErrorCode::RoomOffline, message));
        }
        // Both sides offered: the server gives way.
        self.withdraw_viewer(cx, sid, Why::Replaced);
        let place = self.viewer_place(cx, sid)?;
        let peer = cx.new_peer(sid);
        let watching = Watching::new(peer, place, Step::ClientOffered(reply_to), cx.now.at);
        self.add_viewer(cx, sid, Watching { sdp_session, ..watching });
        cx.command(Command::WatchOffer { room, peer, offer, via });
        self.prefer_again(cx, sid);
        Ok(())
    }

    /// The media plane answered the fan's own offer.
    pub(crate) fn viewer_answered(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        sdp: String,
        codecs: Vec<Codec>,
    ) {
        let Some(session) = self.member(sid) else { return };
        let (client, is_http) = (session.client, session.is_http());
        let Some(watching) = session.watching.as_mut() else { return };
        // An answer that nobody waits for: the client's offer was withdrawn meanwhile.
        let step = std::mem::replace(&mut watching.step, Step::Stable);
        let Step::ClientOffered(reply_to) = step else {
            watching.step = step;
            return;
        };
        let is_first = watching.codecs.replace(codecs).is_none();
        if is_first
            && is_http
            && let Some(refusal) = self.plays_nothing(sid)
        {
            self.withdraw_viewer(cx, sid, Why::Refused);
            cx.refuse(client, reply_to, refusal);
            return self.reap(cx, sid);
        }
        cx.watches(client, &reply_to, Some(sdp), self.left_out(sid));
        self.check_codec(cx, sid);
    }

    /// The media plane took the fan's answer.
    pub(crate) fn viewer_negotiated(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        codecs: Vec<Codec>,
    ) {
        let Some(session) = self.member(sid) else { return };
        let (client, is_http) = (session.client, session.is_http());
        let Some(watching) = session.watching.as_mut() else { return };
        watching.codecs = Some(codecs);
        if let Step::Answering(_) = watching.step {
            let Step::Answering(reply_to) = std::mem::replace(&mut watching.step, Step::Stable)
            else {
                return;
            };
            if is_http && let Some(refusal) = self.plays_nothing(sid) {
                self.withdraw_viewer(cx, sid, Why::Refused);
                cx.refuse(client, reply_to, refusal);
                return self.reap(cx, sid);
            }
            cx.watches(client, &reply_to, None, self.left_out(sid));
        }
        self.check_codec(cx, sid);
        self.recast_one(cx, sid);
        self.unnamed_joined(cx, sid);
    }

    /// The media plane did not take what a fan said, or made it no offer.
    pub(crate) fn viewer_rejected(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        error: NegotiationError,
    ) {
        let Some(session) = self.member(sid) else { return };
        let client = session.client;
        let Some(watching) = session.watching.as_mut() else { return };
        let is_unknown = error == NegotiationError::UnknownPeer;
        match std::mem::replace(&mut watching.step, Step::Stable) {
            Step::Offering(reply_to) => {
                self.take_viewer(cx, sid, Why::Refused);
                cx.refuse(client, reply_to, error.into());
            }
            Step::ClientOffered(reply_to) => {
                // Answered before: the rejected offer was a second one, and the first still holds.
                if watching.codecs.is_none() || is_unknown {
                    self.take_viewer(cx, sid, Why::Refused);
                }
                cx.refuse(client, reply_to, error.into());
            }
            Step::Restarting if is_unknown => {
                self.take_viewer(cx, sid, Why::Refused);
                self.watch(cx, sid);
            }
            Step::Answering(reply_to) => {
                self.withdraw_viewer(cx, sid, Why::Refused);
                cx.refuse(client, reply_to, error.into());
            }
            Step::Restarting | Step::Stable => {
                cx.refuse(client, ReplyTo::Nobody, error.into());
            }
            step @ Step::Offered(_) => watching.step = step,
        }
        self.reap(cx, sid);
    }

    /// `restart`: the connection is bad, or there is none. A host is offered what another program sends in its name.
    pub(crate) fn restart(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        pc: Option<Pc>,
    ) -> Result<(), Refusal> {
        let has_guests = self.is_host(sid) && self.has_guests();
        let Some(session) = self.member(sid) else { return Err(Refusal::session_over()) };
        let may_preview = session.is_authorized && !session.publishes();
        let watches = session.role == Some(Role::Fan)
            || session.watching.is_some()
            || has_guests
            || may_preview;
        if pc == Some(Pc::Pub) || !watches {
            return Err(Refusal::unexpected("a host restarts with an offer of its own"));
        }
        if session.manners.restarted.is_some_and(|at| cx.now.at < at + RESTART_EVERY) {
            let message = "one restart a second is enough";
            return Err(Refusal::new(ErrorCode::RateLimited, message).retry_ms(1000));
        }
        session.manners.restarted = Some(cx.now.at);
        let via = session.via;
        match session.watching.as_mut() {
            Some(watching) if matches!(watching.step, Step::Stable) => {
                watching.step = Step::Restarting;
                let peer = watching.peer;
                cx.command(Command::RestartIce { peer, via });
            }
            // Another offer is on its way.
            Some(watching) if matches!(watching.step, Step::Offering(_) | Step::Restarting) => {}
            Some(_) => {
                self.withdraw_viewer(cx, sid, Why::Replaced);
                self.watch(cx, sid);
            }
            None => self.watch(cx, sid),
        }
        Ok(())
    }

    /// Tells a fan that it cannot play the room's video codec; once for each codec.
    pub(crate) fn check_codec(&mut self, cx: &mut Context, sid: SessionId) {
        let Some(refusal) = self.lacks_video(sid) else { return };
        let client = self.members.get(&sid).and_then(|session| session.client);
        cx.refuse(client, ReplyTo::Nobody, refusal);
    }

    /// A refusal when a fan's peer lacks the room's video codec and was not told yet.
    fn lacks_video(&mut self, sid: SessionId) -> Option<Refusal> {
        let codec = self.broadcast.media.video?;
        let session = self.members.get_mut(&sid)?;
        let who = if session.is_http() { "this player" } else { "this browser" };
        let watching = session.watching.as_mut().filter(|it| it.cast.has_host)?;
        let codecs = watching.codecs.as_ref()?;
        if codecs.contains(&codec) || watching.lacks == Some(codec) {
            return None;
        }
        watching.lacks = Some(codec);
        let message = format!("{who} cannot play {codec}, which the host sends");
        Some(Refusal::new(ErrorCode::CodecUnsupported, message).detail(codec.as_str()))
    }

    /// What of the broadcast a viewer's description does not take.
    fn left_out(&self, sid: SessionId) -> Vec<Codec> {
        let session = self.members.get(&sid);
        let taken = session.and_then(|it| it.watching.as_ref()?.codecs.as_deref());
        let media = &self.broadcast.media;
        let sent = [media.audio, media.video].into_iter().flatten();
        sent.filter(|it| taken.is_some_and(|taken| !taken.contains(it))).collect()
    }

    /// A refusal when a player takes neither the picture nor the sound of the broadcast. One that takes sound alone
    /// gets the sound.
    fn plays_nothing(&mut self, sid: SessionId) -> Option<Refusal> {
        let audio = self.broadcast.media.audio;
        let codecs = self.members.get(&sid)?.watching.as_ref()?.codecs.as_ref()?;
        if audio.is_some_and(|audio| codecs.contains(&audio)) {
            return None;
        }
        self.lacks_video(sid)
    }
}

fn room_full() -> Refusal {
    let message = "the room has all the viewers it takes";
    Refusal::new(ErrorCode::RoomFull, message).retry_ms(10_000)
}
