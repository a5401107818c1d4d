//! Who is on stage: its media, its absence, its end.

use std::collections::VecDeque;

use media_api::{CloseReason, Command, Seat};
use protocol::{StageStep, VideoState};

use super::{Guest, Room};
use crate::context::Context;
use crate::limits::{GUEST_GRACE, STAGE_ENTRANCE};
use crate::refusal::Refusal;
use crate::session::{MediaState, PendingOffer, Publisher, Publishing, ReplyTo, SessionId};
use crate::timers::Timer;
use crate::why::Why;

impl Room {
    /// Gives a member a place on stage.
    pub(super) fn seat(&mut self, cx: &mut Context, sid: SessionId) {
        let is_free = |seat: &Seat| self.stage.guests.iter().all(|it| it.seat != *seat);
        let Some(seat) = Seat::guests().find(is_free) else { return };
        let Some(session) = self.members.get(&sid) else { return };
        let secret = session.secret.clone();
        let guest = Guest {
            session: sid,
            seat,
            stream: format!("g{}", cx.new_id()),
            secret,
            has_published: false,
            is_live: false,
            is_muted: false,
            audio: true,
            video: true,
        };
        tracing::info!(room = %self.name, session = %sid, %seat, "guest accepted");
        self.stage.guests.push(guest);
        cx.timers.set(Timer::Guest(sid), cx.now.at + STAGE_ENTRANCE);
        self.tell_step(cx, sid, StageStep::Accepted);
        self.tell_you(cx, sid);
        self.tell_state(cx);
        self.recast(cx);
        // It cannot offer: it is offered a connection for both ways.
        if self.seat_of_unnamed(sid).is_some() {
            self.watch(cx, sid);
        }
    }

    /// An offer of a guest that wants to publish, or does already.
    pub(crate) fn publish_as_guest(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        offer: String,
        sdp_session: Option<String>,
        reply_to: ReplyTo,
    ) -> Result<(), Refusal> {
        let room = self.id;
        let Some(seat) = self.guest_mut(sid).map(|it| it.seat) else {
            return Err(Refusal::unexpected("this page is not on stage"));
        };
        if self.reoffer(cx, sid, &offer, sdp_session.as_ref(), &reply_to)? {
            return Ok(());
        }
        let Some(session) = self.member(sid) else { return Err(Refusal::session_over()) };
        let (addr, via) = (session.addr, session.via);
        if let Some(superseded) = session.publishing_mut().claim.take() {
            self.close_publisher(cx, sid, superseded, Why::Replaced);
        }
        // A guest has no right to the places that are kept for hosts.
        let place = cx.viewer_place(&addr)?;
        let peer = cx.new_peer(sid);
        let pending = VecDeque::from([PendingOffer { offer: offer.clone(), reply_to }]);
        let claim = Publisher { peer, place, on_air: true, sdp_session, pending, joined_at: None };
        if let Some(session) = self.member(sid) {
            session.publishing_mut().claim = Some(claim);
        }
        let max_kbps = cx.auth.rules(&self.name).max_kbps;
        cx.command(Command::Publish { room, peer, seat, offer, on_air: true, max_kbps, via });
        Ok(())
    }

    /// The media plane took a guest's offer.
    pub(crate) fn guest_joined(&mut self, cx: &mut Context, sid: SessionId) {
        let Some(session) = self.members.get_mut(&sid) else { return };
        let (entrance, ip) = (session.entrance(), session.addr.ip);
        let publishing = session.publishing_mut();
        let Some(mut claim) = publishing.claim.take() else { return };
        claim.joined_at = Some(cx.now.at);
        cx.counts.published(entrance);
        // The media plane closed it when it took the new one.
        let old = publishing.current.replace(claim);
        let state = publishing.media_state.take();
        if let Some(old) = old {
            self.drop_publisher(cx, sid, old, Why::Replaced);
        }
        cx.timers.cancel(Timer::Guest(sid));
        let n_guests = self.stage.guests.len();
        let Some(guest) = self.guest_mut(sid) else { return };
        let returns = std::mem::replace(&mut guest.has_published, true);
        if let Some(state) = state {
            guest.take_media_state(&state);
        }
        tracing::info!(room = %self.name, session = %sid, %ip, returns, n_guests, "guest joined");
        self.tell_state(cx);
        self.recast(cx);
    }

    /// The media plane closed a guest's publishing peer: the guest has a while to return.
    pub(crate) fn guest_lost(&mut self, cx: &mut Context, sid: SessionId, reason: CloseReason) {
        let Some(guest) = self.guest_mut(sid) else { return };
        guest.is_live = false;
        // A new peer takes the place of this one.
        if reason != CloseReason::Replaced {
            cx.timers.set(Timer::Guest(sid), cx.now.at + GUEST_GRACE);
        }
        self.tell_state(cx);
    }

    /// A guest's page is loaded anew, or closed: it has a while to come back. Whether the member is a guest.
    pub(crate) fn guest_reloads(&mut self, cx: &mut Context, sid: SessionId) -> bool {
        // A page of the basic profile does not come back as itself.
        let is_page = self.members.get(&sid).is_some_and(|session| session.page().is_some());
        let Some(guest) = self.guest_mut(sid).filter(|_| is_page) else { return false };
        guest.is_live = false;
        cx.timers.set(Timer::Guest(sid), cx.now.at + GUEST_GRACE);
        self.withdraw_viewer(cx, sid, Why::Left);
        self.close_publishing(cx, sid, Why::Left);
        self.tell_state(cx);
        true
    }

    /// A page came back as a guest, with its session or with a new one.
    pub(crate) fn guest_returns(&mut self, cx: &mut Context, sid: SessionId) {
        let Some(secret) = self.members.get(&sid).map(|session| session.secret.clone()) else {
            return;
        };
        if !self.is_guest(sid) {
            let is_gone = |it: &Guest| {
                self.members.get(&it.session).is_none_or(|session| session.client.is_none())
            };
            let is_same = |it: &Guest| match (&it.secret, &secret) {
                (Some(theirs), Some(ours)) => cx.auth.are_same(theirs, ours),
                _ => false,
            };
            let mut guests = self.stage.guests.iter();
            let Some(at) = guests.position(|it| is_gone(it) && is_same(it)) else { return };
            let old = std::mem::replace(&mut self.stage.guests[at].session, sid);
            cx.timers.cancel(Timer::Guest(old));
            cx.timers.set(Timer::Guest(sid), cx.now.at + STAGE_ENTRANCE);
            if self.members.contains_key(&old) {
                self.remove(cx, old, Why::Replaced);
            }
            self.tell_you(cx, sid);
            self.tell_state(cx);
        }
        self.tell_step(cx, sid, StageStep::Accepted);
    }

    /// The guest did not come, or did not come back.
    pub(crate) fn guest_is_overdue(&mut self, cx: &mut Context, sid: SessionId) {
        self.end_guest(cx, sid, StageStep::Off);
    }

    /// A guest leaves the stage, and all are told.
    pub(super) fn end_guest(&mut self, cx: &mut Context, sid: SessionId, step: StageStep) {
        if self.is_guest(sid) {
            self.take_off(cx, sid, step);
            self.tell_state(cx);
            self.recast(cx);
            self.reap(cx, sid);
        }
    }

    /// A guest leaves the stage.
    pub(super) fn take_off(&mut self, cx: &mut Context, sid: SessionId, step: StageStep) {
        let Some(at) = self.stage.guests.iter().position(|it| it.session == sid) else { return };
        let Guest { seat, is_muted, .. } = self.stage.guests.remove(at);
        cx.timers.cancel(Timer::Guest(sid));
        self.speaks_no_more(cx, sid);
        let why = if step == StageStep::Dropped { Why::Ended } else { Why::Left };
        self.close_publishing(cx, sid, why);
        if self.members.get(&sid).is_some_and(|session| session.is_unnamed_guest()) {
            self.withdraw_viewer(cx, sid, why);
        }
        if is_muted {
            cx.command(Command::Mute { room: self.id, seat, is_muted: false });
        }
        let n_guests = self.stage.guests.len();
        tracing::info!(room = %self.name, session = %sid, ?step, n_guests, "guest left the stage");
        self.tell_step(cx, sid, step);
        self.tell_you(cx, sid);
    }

    /// Closes what a member publishes.
    pub(crate) fn close_publishing(&mut self, cx: &mut Context, sid: SessionId, why: Why) {
        let publishing = self.members.get_mut(&sid).and_then(|it| it.publishing.take());
        if let Some(Publishing { claim, current, .. }) = publishing {
            for publisher in [claim, current].into_iter().flatten() {
                self.close_publisher(cx, sid, publisher, why);
            }
        }
    }

    /// The seat of a guest of the basic profile, which publishes on the connection that it watches on.
    pub(crate) fn seat_of_unnamed(&self, sid: SessionId) -> Option<Seat> {
        let is_unnamed = self.members.get(&sid).is_some_and(|session| session.is_unnamed_guest());
        let guest = self.stage.guests.iter().find(|it| it.session == sid);
        guest.filter(|_| is_unnamed).map(|it| it.seat)
    }

    /// The media plane took the answer of a guest of the basic profile: it publishes.
    pub(crate) fn unnamed_joined(&mut self, cx: &mut Context, sid: SessionId) {
        if self.seat_of_unnamed(sid).is_none() {
            return;
        }
        let Some(ip) = self.members.get(&sid).map(|session| session.addr.ip) else { return };
        let n_guests = self.stage.guests.len();
        let Some(guest) = self.guest_mut(sid) else { return };
        if !std::mem::replace(&mut guest.has_published, true) {
            cx.timers.cancel(Timer::Guest(sid));
            tracing::info!(room = %self.name, session = %sid, %ip, n_guests, "guest joined");
            self.recast(cx);
        }
    }

    /// A guest of the basic profile lost its connection: it is no guest any more.
    pub(crate) fn unnamed_lost(&mut self, cx: &mut Context, sid: SessionId) {
        if self.seat_of_unnamed(sid).is_some() {
            self.take_off(cx, sid, StageStep::Off);
            self.tell_state(cx);
            self.recast(cx);
        }
    }

    /// `media_state` of a guest; whether the member is one.
    pub(crate) fn media_state_of_guest(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        state: &MediaState,
    ) -> bool {
        let Some(guest) = self.guest_mut(sid) else { return false };
        if guest.take_media_state(state) {
            self.tell_state(cx);
        }
        true
    }

    /// A member is gone for good, with its place on stage or in the queue.
    pub(crate) fn forget_on_stage(&mut self, cx: &mut Context, sid: SessionId) {
        self.unqueue(cx, sid);
        self.end_guest(cx, sid, StageStep::Off);
    }
}

impl Guest {
    /// Takes what the guest says of its media; whether anything is new.
    fn take_media_state(&mut self, state: &MediaState) -> bool {
        let (audio, video) =
            (state.audio == protocol::AudioState::On, state.video == VideoState::On);
        let is_new = (self.audio, self.video) != (audio, video);
        (self.audio, self.video) = (audio, video);
        is_new
    }
}
