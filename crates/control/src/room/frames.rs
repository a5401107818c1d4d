//! Messages of a WebSocket, of the basic profile and of pages. `hello` is the hub's: it may change the room.

use auth::Secret;
use protocol::{
    ClientMessage, DisplayName, ErrorCode, LiveState, MAX_SDP_BYTES, PROTOCOL_VERSION, Pc, Role,
    ServerMessage,
};
use serde_json::Value;

use super::Room;
use super::settings::Changes;
use super::talk::Words;
use crate::context::Context;
use crate::limits::{EARLY_CANDIDATES, MESSAGES_PER_SECOND};
use crate::refusal::Refusal;
use crate::sdp_summary::{self, SdpSummary};
use crate::session::{Echo, Page, Profile, ReplyTo, SessionId};
use crate::timers::Timer;
use crate::why::Why;

/// The fields of `hello` that matter here.
#[derive(Debug)]
pub(crate) struct Hello {
    pub(crate) role: Role,
    pub(crate) name: Option<DisplayName>,
    pub(crate) pauses: bool,
    /// The code of an invitation link.
    pub(crate) invite: Option<String>,
}

impl Room {
    /// Acts on a message of a member. The caller tells the member what fails.
    pub(crate) fn hear(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        message: ClientMessage,
        re: Option<Value>,
    ) -> Result<(), Refusal> {
        match message {
            ClientMessage::Offer { sdp, pc, neg, key } => {
                self.offer(cx, sid, sdp, Echo { pc, neg, re }, key)
            }
            ClientMessage::Answer { sdp, pc, neg } => {
                self.answer(cx, sid, sdp, ReplyTo::Page(Echo { pc, neg, re }))
            }
            ClientMessage::OfferIce { pc, .. } | ClientMessage::AnswerIce { pc, .. } => {
                self.candidate(sid, pc)
            }
            ClientMessage::Leave {} => {
                self.leave(cx, sid);
                Ok(())
            }
            ClientMessage::End {} => self.end_by_host(cx, sid),
            ClientMessage::Golive {} => {
                self.page_only(sid)?;
                self.go_live_by_host(cx, sid)
            }
            ClientMessage::MediaState { audio, video, layers } => {
                self.page_only(sid)?;
                self.media_state(cx, sid, audio, video, layers)
            }
            ClientMessage::Layer { video, visible } => {
                self.page_only(sid)?;
                self.layer(cx, sid, video, visible)
            }
            ClientMessage::Rewind { ago_ms, paused, fast } => {
                self.page_only(sid)?;
                self.rewind_page(cx, sid, ago_ms, paused, fast)
            }
            ClientMessage::Restart { pc } => {
                self.page_only(sid)?;
                self.restart(cx, sid, pc)
            }
            ClientMessage::Ping { t } => {
                self.page_only(sid)?;
                let client = self.member(sid).and_then(|session| session.client);
                let now = cx.now.unix_ms;
                cx.send(client, ServerMessage::Pong { t, now });
                Ok(())
            }
            ClientMessage::Chat { text, style, at } => {
                self.say(cx, sid, Words { text, style, at, re })
            }
            message @ (ClientMessage::Stats { .. }
            | ClientMessage::Rename { .. }
            | ClientMessage::Like { .. }
            | ClientMessage::React { .. }
            | ClientMessage::Flag { .. }
            | ClientMessage::Moderate(_)
            | ClientMessage::Desk { .. }
            | ClientMessage::RoomSet { .. }) => {
                self.page_only(sid)?;
                self.hear_person(cx, sid, message)
            }
            ClientMessage::Stage(action) => {
                self.page_only(sid)?;
                self.stage(cx, sid, action)
            }
            // The hub has heard it.
            ClientMessage::Hello { .. } => Ok(()),
        }
    }

    /// What people in a room say and do beside their media.
    fn hear_person(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        message: ClientMessage,
    ) -> Result<(), Refusal> {
        match message {
            ClientMessage::Stats { rtt_ms, latency_ms } => self.stats(cx, sid, rtt_ms, latency_ms),
            ClientMessage::Rename { name } => self.rename(cx, sid, name),
            ClientMessage::Like { n } => self.like(cx, sid, n),
            ClientMessage::React { kind } => self.react(cx, sid, kind),
            ClientMessage::Flag { mid } => self.flag(cx, sid, mid),
            ClientMessage::Moderate(deed) => self.moderate(cx, sid, deed),
            ClientMessage::Desk { on } => self.open_desk(cx, sid, on),
            ClientMessage::RoomSet { title, notice, chat, words, recording } => {
                self.set(cx, sid, Changes { title, notice, chat, words, recording })
            }
            // None else is passed on to here.
            _ => Ok(()),
        }
    }

    /// Refuses a message that only pages may send when there was no `hello`.
    fn page_only(&self, sid: SessionId) -> Result<(), Refusal> {
        match self.members.get(&sid) {
            Some(session) if session.page().is_some() => Ok(()),
            _ => Err(Refusal::unexpected("say hello first")),
        }
    }

    /// An offer: of a host, or of a fan that offers itself.
    fn offer(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        sdp: String,
        echo: Echo,
        key: Option<String>,
    ) -> Result<(), Refusal> {
        let key = read_secret("key", key)?;
        let Some(session) = self.member(sid) else { return Err(Refusal::session_over()) };
        if key.is_some() {
            session.credential.key = key;
        }
        let (role, is_page) = (session.role, session.page().is_some());
        if echo.pc == Some(Pc::Pub) && role == Some(Role::Fan) {
            return self.offer_of_fan(cx, sid, sdp, echo);
        }
        let says_publish = match (echo.pc, role) {
            (Some(pc), _) => Some(pc == Pc::Pub),
            (None, Some(role)) => Some(role == Role::Host),
            (None, None) => None,
        };
        // Rights come before the description.
        if says_publish == Some(true) {
            let right = self.authorize(cx, sid);
            right.inspect_err(|refusal| self.log_refused(sid, true, refusal))?;
        }
        self.may_offer(cx, sid)?;
        let summary = read_offer(&sdp)?;
        let publishes = says_publish.unwrap_or(summary.can_send);
        let default_pc = if publishes { Pc::Pub } else { Pc::Sub };
        let pc = if is_page && !publishes { Some(Pc::Sub) } else { echo.pc };
        let pc = pc.or_else(|| is_page.then_some(default_pc));
        let reply_to = ReplyTo::Page(Echo { pc, ..echo });
        let result = if publishes {
            self.publish(cx, sid, sdp, summary.session, reply_to)
        } else {
            self.watch_offer(cx, sid, sdp, summary.session, reply_to)
        };
        result.inspect_err(|refusal| self.log_refused(sid, publishes, refusal))
    }

    /// A fan publishes when it is on stage.
    fn offer_of_fan(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        sdp: String,
        echo: Echo,
    ) -> Result<(), Refusal> {
        if !self.is_guest(sid) {
            return Err(Refusal::unexpected("this page is a fan, and not on stage"));
        }
        self.may_offer(cx, sid)?;
        let summary = read_offer(&sdp)?;
        let result = self.publish_as_guest(cx, sid, sdp, summary.session, ReplyTo::Page(echo));
        result.inspect_err(|refusal| self.log_refused(sid, true, refusal))
    }

    /// Whether a member may make one more offer now.
    pub(crate) fn may_offer(&mut self, cx: &Context, sid: SessionId) -> Result<(), Refusal> {
        let Some(session) = self.member(sid) else { return Err(Refusal::session_over()) };
        if session.manners.offers.take(cx.now.at) {
            return Ok(());
        }
        let message = "too many offers of one session; one a second is enough";
        Err(Refusal::new(ErrorCode::RateLimited, message).retry_ms(1000))
    }

    /// A candidate of the client's. The server is ICE-lite: it learns the client's address from the client's own
    /// checks and needs no candidate, so they are counted and dropped.
    fn candidate(&mut self, sid: SessionId, pc: Option<Pc>) -> Result<(), Refusal> {
        let Some(session) = self.member(sid) else { return Err(Refusal::session_over()) };
        let is_described = match pc {
            Some(Pc::Pub) => session.publishes(),
            Some(Pc::Sub) => session.watching.is_some(),
            None => session.has_media(),
        };
        let is_page = session.page().is_some();
        let early = &mut session.manners.early[usize::from(pc == Some(Pc::Pub))];
        if is_described {
            *early = 0;
            return Ok(());
        }
        *early = early.saturating_add(1);
        if *early == EARLY_CANDIDATES + 1 && is_page {
            let message = "too many candidates before the description they belong to";
            return Err(Refusal::new(ErrorCode::IceQueueFull, message));
        }
        Ok(())
    }

    /// `hello`, after its fields, room and rights were checked: the member is a page from now on.
    pub(crate) fn greet(&mut self, cx: &mut Context, sid: SessionId, hello: Hello) {
        // An offer may have been made already, on a slow line; it was for the basic profile.
        self.withdraw_viewer(cx, sid, Why::Replaced);
        let token = cx.new_token();
        let Some(session) = self.member(sid) else { return };
        let Hello { role, name, pauses, invite } = hello;
        session.profile =
            Profile::Page(Box::new(Page { token: token.clone(), pauses, held: None }));
        session.role = Some(role);
        session.manners.withdrawn = 0;
        cx.directory.tokens.insert(token, sid);
        cx.timers.cancel(Timer::Silence(sid));
        self.enter_person(cx, sid, name);
        if invite.is_some_and(|code| code == self.settings.invite)
            && let Ok(uid) = self.person_of(sid)
            && let Some(known) = self.people.get_mut(&uid)
        {
            known.is_invited = true;
        }
        self.welcome(cx, sid, false);
        match role {
            Role::Fan => {
                self.watch(cx, sid);
                self.guest_returns(cx, sid);
            }
            Role::Host => self.retell_findings(cx, sid),
        }
        self.announce(cx, sid);
    }

    pub(crate) fn welcome(&mut self, cx: &mut Context, sid: SessionId, resumed: bool) {
        self.review_kept(cx);
        let Some(me) = self.self_info(cx, sid) else { return };
        let Some(session) = self.members.get(&sid) else { return };
        let role = me.role;
        let resume = session.page().map(|page| page.token.clone()).unwrap_or_default();
        tracing::debug!(session = %sid, room = %self.name, ?role, resumed, "page joined");
        let message = ServerMessage::Welcome {
            v: PROTOCOL_VERSION,
            me,
            room: self.state(),
            resume,
            resumed,
            ice_servers: cx.ice_servers(sid, session.turn.as_ref()),
            now: cx.now.unix_ms,
            limits: protocol::Limits {
                sdp_bytes: u32::try_from(MAX_SDP_BYTES).unwrap_or(u32::MAX),
                messages_per_second: MESSAGES_PER_SECOND,
            },
        };
        let count = ServerMessage::Viewers { n: self.audience.n_viewers, peak: self.audience.peak };
        let client = session.client;
        cx.send(client, message);
        self.tell_history(cx, sid);
        cx.send(client, count);
        self.tell_speaker(cx, sid);
        self.tell_queue_to(cx, sid);
    }

    /// 300 ms without a word: a fan of the basic profile.
    pub(crate) fn silence_is_over(&mut self, cx: &mut Context, sid: SessionId) {
        if let Some(session) = self.members.get_mut(&sid)
            && matches!(session.profile, Profile::Silent)
        {
            session.profile = Profile::Basic;
            self.offer_if_on_air(cx, sid);
            self.ask_unnamed(cx, sid);
        }
    }

    /// The broadcast has been over for a while: members that left without a word are not kept.
    pub(crate) fn linger_is_over(&mut self, cx: &mut Context) {
        if self.broadcast.is_on_air() || self.broadcast.live == LiveState::Starting {
            return;
        }
        for sid in self.ids() {
            self.forget(cx, sid);
        }
    }
}

/// Reads a secret of a message; an empty one is none.
pub(crate) fn read_secret(name: &str, text: Option<String>) -> Result<Option<Secret>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    Secret::parse(&text).map_err(|error| {
        Refusal::new(ErrorCode::BadField, format!("{name:?}: {error}")).detail(name)
    })
}

/// The few facts of an offer that tell whether it publishes.
pub(crate) fn read_offer(sdp: &str) -> Result<SdpSummary, Refusal> {
    let summary = sdp_summary::inspect(sdp)?;
    if !summary.has_media {
        let message = "the session description has no audio or video";
        return Err(Refusal::new(ErrorCode::SdpNoMedia, message));
    }
    Ok(summary)
}
