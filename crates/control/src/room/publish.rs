//! The host's side: who may be host, claims, take-overs, restarts.
//!
//! A claim is a publishing peer that the media plane has not taken yet. The one before it goes on until then.

use std::collections::VecDeque;

use auth::{Action, SecretKind};
use media_api::{Command, NegotiationError, Seat};
use protocol::{
    AudioState, CloseCode, ErrorCode, HostInfo, LayerSize, LiveState, MAX_LAYERS, Role,
    ServerMessage, VideoState,
};

use super::{Host, Room};
use crate::api::ClientId;
use crate::context::Context;
use crate::limits::PENDING_OFFERS;
use crate::refusal::Refusal;
use crate::session::{MediaState, PendingOffer, Publisher, ReplyTo, Session, SessionId};
use crate::timers::Timer;
use crate::why::Why;

impl Room {
    /// Whether a member may publish. It stays allowed for the life of its session.
    pub(crate) fn authorize(&mut self, cx: &mut Context, sid: SessionId) -> Result<(), Refusal> {
        let name = self.name.clone();
        let Some(session) = self.members.get_mut(&sid) else {
            return Err(Refusal::session_over());
        };
        if session.is_authorized {
            return Ok(());
        }
        let (addr, credential) = (session.addr, &session.credential);
        match cx.auth.may(&addr, Action::Publish, &name, credential, cx.now.at) {
            Ok(()) => {
                session.is_authorized = true;
                Ok(())
            }
            Err(denied) => {
                // It may say another key.
                session.credential.key = None;
                session.credential.shown = None;
                Err(denied.into())
            }
        }
    }

    /// An offer of a member that wants to publish, or does already.
    pub(crate) fn publish(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        offer: String,
        sdp_session: Option<String>,
        reply_to: ReplyTo,
    ) -> Result<(), Refusal> {
        self.authorize(cx, sid)?;
        if self.members.get(&sid).is_some_and(|session| session.page().is_none()) {
            self.check_ban(cx, sid)?;
        }
        self.may_claim(cx, sid)?;
        // The server withdraws its own offer where both would offer on one connection. Who publishes needs no preview.
        let looks_at_another = !self.is_host(sid);
        let gives_way = |session: &Session| {
            let previews = session.watching.as_ref().is_some_and(|it| it.is_preview);
            !session.hears_room() || looks_at_another && previews
        };
        if self.members.get(&sid).is_some_and(gives_way) {
            self.withdraw_viewer(cx, sid, Why::Replaced);
        }
        if self.reoffer(cx, sid, &offer, sdp_session.as_ref(), &reply_to)? {
            return Ok(());
        }
        self.claim(cx, sid, offer, sdp_session, reply_to)
    }

    /// Passes an offer on to the peer that the member publishes with; whether it is of that `RTCPeerConnection`.
    pub(crate) fn reoffer(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        offer: &str,
        sdp_session: Option<&String>,
        reply_to: &ReplyTo,
    ) -> Result<bool, Refusal> {
        let Some(session) = self.member(sid) else { return Err(Refusal::session_over()) };
        let via = session.via;
        let publishing = session.publishing_mut();
        let current = publishing.claim.as_mut().or(publishing.current.as_mut());
        let is_own =
            |it: &&mut Publisher| sdp_session.is_some() && it.sdp_session.as_ref() == sdp_session;
        let Some(publisher) = current.filter(is_own) else { return Ok(false) };
        if publisher.pending.len() >= PENDING_OFFERS {
            return Err(Refusal::unexpected("the offers before it are not answered yet"));
        }
        let (peer, offer, reply_to) = (publisher.peer, offer.to_owned(), reply_to.clone());
        publisher.pending.push_back(PendingOffer { offer: offer.clone(), reply_to });
        cx.command(Command::Reoffer { peer, offer, via });
        Ok(true)
    }

    /// Asks for a new publishing peer.
    fn claim(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        offer: String,
        sdp_session: Option<String>,
        reply_to: ReplyTo,
    ) -> Result<(), Refusal> {
        let room = self.id;
        let is_on_air = self.broadcast.is_on_air();
        let Some(session) = self.member(sid) else { return Err(Refusal::session_over()) };
        let (addr, via) = (session.addr, session.via);
        let superseded = session.publishing_mut().claim.take();
        if let Some(superseded) = superseded {
            self.close_publisher(cx, sid, superseded, Why::Replaced);
        }
        let place = match cx.publisher_place(&addr) {
            Ok(place) => place,
            Err(refusal) => {
                self.unclaim(cx, sid);
                return Err(refusal);
            }
        };
        let Some(session) = self.member(sid) else { return Err(Refusal::session_over()) };
        let peer = cx.new_peer(sid);
        // Who returns to a broadcast that is on air goes on with it.
        let on_air = !session.hears_room() || session.wants_to_be_live() || is_on_air;
        let pending = VecDeque::from([PendingOffer { offer: offer.clone(), reply_to }]);
        let claim = Publisher { peer, place, on_air, sdp_session, pending, joined_at: None };
        session.publishing_mut().claim = Some(claim);
        self.claimant = Some(sid);
        let seat = Seat::HOST;
        let max_kbps = cx.auth.rules(&self.name).max_kbps;
        cx.command(Command::Publish { room, peer, seat, offer, on_air, max_kbps, via });
        Ok(())
    }

    /// Closes a publishing peer that was taken out of its session.
    pub(crate) fn close_publisher(
        &self,
        cx: &mut Context,
        sid: SessionId,
        publisher: Publisher,
        why: Why,
    ) {
        cx.close_peer(publisher.peer);
        self.drop_publisher(cx, sid, publisher, why);
    }

    /// Forgets a publishing peer that was taken out of its session. Every way that one ends leads here, so that who
    /// waits for the answer to an offer is told, and the log has a `left` for each `joined`.
    pub(crate) fn drop_publisher(
        &self,
        cx: &mut Context,
        sid: SessionId,
        publisher: Publisher,
        why: Why,
    ) {
        cx.forget_peer(publisher.peer);
        if let Some(since) = publisher.joined_at {
            let after_s = cx.now.at.saturating_duration_since(since).as_secs();
            let what = if self.is_guest(sid) { "guest left" } else { "publisher left" };
            tracing::info!(room = %self.name, session = %sid, after_s, %why, "{what}");
        }
        let client = self.members.get(&sid).and_then(|session| session.client);
        refuse_pending(cx, client, publisher.pending);
    }

    /// Whether a member may be the room's host now.
    pub(crate) fn may_claim(&self, cx: &Context, sid: SessionId) -> Result<(), Refusal> {
        let Some(session) = self.members.get(&sid) else { return Err(Refusal::session_over()) };
        let taken = || Refusal::new(ErrorCode::HostTaken, "somebody else is live in this room");
        let is_same = |theirs: Option<&auth::Secret>| match (theirs, session.identity()) {
            (Some(theirs), Some(ours)) => {
                let kind = SecretKind::HostIdentity;
                cx.auth.is_same(&session.addr, kind, theirs, ours, cx.now.at).map_err(Refusal::from)
            }
            _ => Err(taken()),
        };
        if let Some(other) = self.claimant.filter(|other| *other != sid) {
            is_same(self.members.get(&other).and_then(|other| other.identity()))?;
        }
        let Some(host) = &self.host else { return Ok(()) };
        if host.session == sid {
            return Ok(());
        }
        if host.identity.is_some() {
            return is_same(host.identity.as_ref());
        }
        // A host without a key whose page vanished, or an encoder that was killed: known by its address until
        // the grace is over.
        let is_gone = self
            .members
            .get(&host.session)
            .is_none_or(|other| other.client.is_none() || other.is_http());
        let is_back = is_gone
            && self.broadcast.live == LiveState::Interrupted
            && host.addr.ip == session.addr.ip;
        if is_back { Ok(()) } else { Err(taken()) }
    }

    /// The media plane answered an offer of a publisher.
    pub(crate) fn publisher_answered(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        is_claim: bool,
        sdp: String,
    ) {
        let Some(session) = self.member(sid) else { return };
        let client = session.client;
        let publishing = session.publishing_mut();
        let publisher =
            if is_claim { publishing.claim.as_mut() } else { publishing.current.as_mut() };
        let Some(publisher) = publisher else { return };
        if let Some(offer) = publisher.pending.pop_front() {
            match (client, offer.reply_to) {
                // Kept for the next WebSocket of a page.
                (None, ReplyTo::Page(echo)) => {
                    if let Some(page) = session.page_mut() {
                        let (pc, neg) = (echo.pc, echo.neg);
                        page.held = Some(ServerMessage::Answer { sdp, pc, neg });
                    }
                }
                (_, reply_to) => cx.answer(client, &reply_to, sdp),
            }
        }
        match is_claim {
            true if self.is_guest(sid) => self.guest_joined(cx, sid),
            true => self.commit(cx, sid),
            false => {}
        }
    }

    /// A claim failed. If the host lost its peer meanwhile, the room is interrupted or over from now on.
    pub(crate) fn unclaim(&mut self, cx: &mut Context, sid: SessionId) {
        // A guest claims nothing of the host's.
        if self.is_guest(sid) {
            return;
        }
        if self.claimant == Some(sid) {
            self.claimant = None;
        }
        if self.claimant.is_some() || self.is_published() {
            return;
        }
        match self.broadcast.live {
            LiveState::Starting => self.end(cx, Why::Refused),
            LiveState::Live => self.interrupt(cx),
            LiveState::Offline | LiveState::Interrupted | LiveState::Ended => {}
        }
    }

    /// A claim was taken: the member is the host now.
    fn commit(&mut self, cx: &mut Context, sid: SessionId) {
        let Some(session) = self.members.get_mut(&sid) else { return };
        let entrance = session.entrance();
        let publishing = session.publishing.get_or_insert_default();
        let Some(mut claim) = publishing.claim.take() else { return };
        cx.counts.published(entrance);
        claim.joined_at = Some(cx.now.at);
        cx.publisher_taken(&session.addr);
        if self.claimant == Some(sid) {
            self.claimant = None;
        }
        let broadcast = &mut self.broadcast;
        let returns = broadcast.is_on_air();
        if !returns {
            broadcast.on_air = false;
            broadcast.video = VideoState::On;
            broadcast.audio = AudioState::On;
            broadcast.sizes = Vec::new();
            cx.timers.cancel(Timer::Linger(self.id));
        }
        // The host said this of its media while its offer was under way.
        if let Some(state) = publishing.media_state.take() {
            broadcast.take_media_state(state);
        }
        // The new peer may have another way here.
        broadcast.uplink_ms = None;
        // A new peer begins with all its layers; the page may think of the one before.
        let has_paused = !std::mem::take(&mut broadcast.unwanted).is_empty();
        // Until media of the new peer flows, even if that of the old one did.
        broadcast.live = if returns { LiveState::Interrupted } else { LiveState::Starting };
        broadcast.is_flowing = false;
        broadcast.on_air |= claim.on_air || publishing.golive;
        let must_go_live = broadcast.on_air && !claim.on_air;
        publishing.golive = broadcast.on_air;
        // The media plane closed it when it took the new one.
        let old = publishing.current.replace(claim);
        // A page of the basic profile that has been a host is not offered what others send.
        session.role = Some(Role::Host);
        let host = Host {
            session: sid,
            identity: session.identity().cloned(),
            addr: session.addr,
            info: session.name.clone().map(|name| HostInfo { name }),
        };
        let door = if session.is_http() { "whip" } else { "ws" };
        let ip = session.addr.ip;
        let former = self.host.replace(host).map(|host| host.session);
        if let Some(old) = old {
            self.drop_publisher(cx, sid, old, Why::Replaced);
        }
        if must_go_live {
            cx.command(Command::GoLive { room: self.id });
        }
        if has_paused {
            self.tell_unwanted(cx, sid);
        }
        self.forget_findings(cx);
        if returns {
            cx.timers.set(Timer::Grace(self.id), cx.now.at + cx.config.host_grace);
        }
        if let Some(former) = former.filter(|former| *former != sid) {
            self.replace_host(cx, former);
        }
        tracing::info!(room = %self.name, session = %sid, door, %ip, returns, "publisher joined");
        self.tell_state(cx);
        self.seat_unnamed(cx);
        self.tell_queue_if_any(cx);
        self.recast(cx);
        self.review_standings(cx);
    }

    /// Closes the session of the host that was replaced.
    fn replace_host(&mut self, cx: &mut Context, former: SessionId) {
        if let Some(publishing) =
            self.member(former).and_then(|session| session.publishing.as_mut())
            && let Some(old) = publishing.current.take()
        {
            // The media plane closed it when it took the new one.
            self.drop_publisher(cx, former, old, Why::Replaced);
        }
        self.dismiss(cx, former, "replaced", CloseCode::Replaced);
        self.remove(cx, former, Why::Replaced);
    }

    /// `golive`: remembered when it comes before the offer.
    pub(crate) fn go_live_by_host(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
    ) -> Result<(), Refusal> {
        let Some(session) = self.member(sid) else { return Err(Refusal::session_over()) };
        if session.role != Some(Role::Host) {
            return Err(Refusal::new(ErrorCode::Forbidden, "only the host goes live"));
        }
        session.publishing_mut().golive = true;
        if self.is_host(sid) && !self.broadcast.on_air {
            self.put_on_air(cx);
        }
        Ok(())
    }

    /// `end`, said by the host, or by another page of the same host: one that was reloaded, or that belongs to an
    /// encoder. It may end what has not been answered yet.
    pub(crate) fn end_by_host(&mut self, cx: &mut Context, sid: SessionId) -> Result<(), Refusal> {
        let Some(session) = self.member(sid) else { return Err(Refusal::session_over()) };
        let role = session.role;
        let claim = session.publishing.as_mut().and_then(|publishing| {
            publishing.golive = false;
            publishing.claim.take()
        });
        let had_claim = claim.is_some();
        if let Some(claim) = claim {
            self.close_publisher(cx, sid, claim, Why::Ended);
            self.unclaim(cx, sid);
        }
        let ends =
            self.is_host(sid) || role == Some(Role::Host) && self.host.is_some() && !had_claim;
        if ends {
            self.authorize(cx, sid)?;
            self.may_claim(cx, sid)?;
            self.end(cx, Why::Ended);
        } else if !had_claim && role != Some(Role::Host) {
            return Err(Refusal::new(ErrorCode::Forbidden, "only the host ends the broadcast"));
        }
        Ok(())
    }

    /// `media_state`: the camera or the microphone was switched, or the picture has another size.
    pub(crate) fn media_state(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        audio: bool,
        video: bool,
        sizes: Option<Vec<LayerSize>>,
    ) -> Result<(), Refusal> {
        if sizes.as_ref().is_some_and(|sizes| sizes.len() > MAX_LAYERS) {
            let message = format!("\"layers\" has more than {MAX_LAYERS} entries");
            return Err(Refusal::new(ErrorCode::BadField, message));
        }
        let audio = if audio { AudioState::On } else { AudioState::Muted };
        let video = if video { VideoState::On } else { VideoState::Off };
        let state = MediaState { audio, video, sizes };
        if self.is_host(sid) {
            if self.broadcast.take_media_state(state) {
                self.tell_state(cx);
                self.review_findings(cx);
            }
            return Ok(());
        }
        if self.media_state_of_guest(cx, sid, &state) {
            return Ok(());
        }
        let Some(session) = self.member(sid) else { return Err(Refusal::session_over()) };
        if !session.has_claim() {
            return Err(Refusal::new(ErrorCode::Forbidden, "only the host has a camera here"));
        }
        // Its offer is under way: it will be the host.
        session.publishing_mut().media_state = Some(state);
        Ok(())
    }

    /// The media plane did not take a publisher's offer.
    pub(crate) fn publisher_rejected(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        is_claim: bool,
        error: NegotiationError,
    ) {
        // Then it is tried again.
        if error != NegotiationError::UnknownPeer {
            self.log_refused(sid, true, &error.clone().into());
        }
        let Some(session) = self.member(sid) else { return };
        let client = session.client;
        let publishing = session.publishing_mut();
        // An offer that is tried again with a new peer, since its own peer is gone.
        let again = if is_claim {
            let Some(mut claim) = publishing.claim.take() else { return };
            if let Some(first) = claim.pending.pop_front() {
                cx.refuse(client, first.reply_to, error.into());
            }
            let last = claim.pending.pop_back();
            let again = last.map(|last| (last, claim.sdp_session.clone()));
            self.drop_publisher(cx, sid, claim, Why::Refused);
            self.unclaim(cx, sid);
            again
        } else {
            let Some(publisher) = publishing.current.as_mut() else { return };
            let Some(pending) = publisher.pending.pop_front() else { return };
            if error == NegotiationError::UnknownPeer {
                // It was closed while the offer was under way.
                Some((pending, publisher.sdp_session.clone()))
            } else {
                cx.refuse(client, pending.reply_to, error.into());
                None
            }
        };
        let Some((PendingOffer { offer, reply_to }, sdp_session)) = again else { return };
        let claimed = if self.is_guest(sid) {
            self.publish_as_guest(cx, sid, offer, sdp_session, reply_to.clone())
        } else if self.members.contains_key(&sid) {
            self.claim(cx, sid, offer, sdp_session, reply_to.clone())
        } else {
            Err(Refusal::session_over())
        };
        if let Err(refusal) = claimed {
            cx.refuse(client, reply_to, refusal);
        }
    }
}

/// Refuses the offers that a publishing peer takes with it. A page sees what it said since; a program waits.
fn refuse_pending(
    cx: &mut Context,
    client: Option<ClientId>,
    pending: impl IntoIterator<Item = PendingOffer>,
) {
    for offer in pending {
        if matches!(offer.reply_to, ReplyTo::Request(_)) {
            let refusal = Refusal::unexpected("the connection was closed before the answer");
            cx.refuse(client, offer.reply_to, refusal);
        }
    }
}
