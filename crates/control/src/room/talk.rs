//! What people say to each other: chat, likes, gestures, and that somebody came in.

use auth::ChatPolicy;
use protocol::{ChatStyle, ChatText, DisplayName, ErrorCode, PersonId, ReactionKind, Role};
use protocol::{ServerMessage, Standing};
use serde_json::Value;

use super::Room;
use super::chat::Said;
use super::identity::blocked;
use super::latency::MAX_MS;
use super::people::Doing;
use crate::api::{ClientId, Effect, Notice, RecordedChat};
use crate::context::Context;
use crate::limits::{ARRIVAL_AGAIN, ARRIVALS_EVERY, ARRIVALS_UP_TO, LATENCY_EVERY, LIKES_AT_ONCE};
use crate::refusal::Refusal;
use crate::session::{Session, SessionId};
use crate::timers::Timer;

/// What a member says.
#[derive(Debug)]
pub(crate) struct Words {
    pub(crate) text: ChatText,
    pub(crate) style: Option<ChatStyle>,
    pub(crate) at: Option<f64>,
    pub(crate) re: Option<Value>,
}

impl Room {
    /// `chat`, of a page or of the basic profile.
    pub(crate) fn say(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        words: Words,
    ) -> Result<(), Refusal> {
        self.enter_guest(cx, sid)?;
        let Words { text, style, at, re } = words;
        let by = self.as_person(cx, sid)?;
        self.may_write(cx, sid, &by.uid, by.standing)?;
        if self.order.words.blocks(text.as_str()) {
            return Err(blocked("the message"));
        }
        if let Some(known) = self.people.get_mut(&by.uid) {
            known.wrote = Some(cx.now.at);
        }
        let said = Said { by, text: Some(text), style, at };
        let item = self.chat.add(said, cx.now.unix_ms);
        let client = self.members.get(&sid).and_then(|session| session.client);
        self.record_chat(cx, || RecordedChat::Line(item.clone()));
        cx.send(client, ServerMessage::Sent { item, re });
        self.lines_wait(cx);
        self.changed(cx);
        Ok(())
    }

    /// A socket of the basic profile is a person from its first message on, under a name that we make.
    fn enter_guest(&mut self, cx: &mut Context, sid: SessionId) -> Result<(), Refusal> {
        let Some(session) = self.members.get(&sid) else { return Err(Refusal::session_over()) };
        if session.page().is_some() || session.has_spoken {
            return Ok(());
        }
        self.check_watch(cx, sid)?;
        self.check_ban(cx, sid)?;
        let name = DisplayName::parse(&format!("guest-{}", sid.0)).ok();
        self.enter_person(cx, sid, name);
        if let Some(session) = self.members.get_mut(&sid) {
            session.has_spoken = true;
        }
        Ok(())
    }

    /// Whether a person may write now. It takes one of its messages of this second.
    fn may_write(
        &mut self,
        cx: &Context,
        sid: SessionId,
        uid: &PersonId,
        standing: Standing,
    ) -> Result<(), Refusal> {
        if self.chat_policy == ChatPolicy::Nobody {
            let message = "the operator of this server has closed the chat of this room";
            return Err(Refusal::new(ErrorCode::ChatOff, message));
        }
        let known = self.people.get(uid);
        if let Some(until) = known.and_then(|it| it.muted_until)
            && until > cx.now.unix_ms
        {
            let message = "you may not write for a while";
            // A mute is at most 30 days long, which fits.
            let left = (until - cx.now.unix_ms).ceil() as u32;
            return Err(Refusal::new(ErrorCode::Muted, message).retry_ms(left));
        }
        let rules = self.order.rules;
        if standing < Standing::Moderator {
            let is_invited = known.is_some_and(|it| it.is_invited);
            let session = self.members.get(&sid);
            let may_chat = session.is_none_or(|it| cx.auth.may_chat(&self.name, &it.credential));
            if !rules.on || !may_chat {
                return Err(Refusal::new(ErrorCode::ChatOff, "nobody may write in this room now"));
            }
            if rules.invited_only && !is_invited {
                let message = "only people who were invited may write in this room";
                return Err(Refusal::new(ErrorCode::ChatOff, message).detail("invited_only"));
            }
            if let Some(wrote) = known.and_then(|it| it.wrote) {
                let passed = cx.now.at.saturating_duration_since(wrote).as_millis();
                let left = (u128::from(rules.slow_s) * 1000).saturating_sub(passed);
                if left > 0 {
                    let slow_s = rules.slow_s;
                    let message = format!("in this room a person may write once in {slow_s} s");
                    let left = u32::try_from(left).unwrap_or(u32::MAX);
                    return Err(Refusal::new(ErrorCode::ChatSlow, message).retry_ms(left));
                }
            }
        }
        let doing = if standing == Standing::Host { Doing::HostChat } else { Doing::Chat };
        self.take_rate(cx, uid, doing)
    }

    /// A line waits to be told: now, or when the last batch is long enough ago.
    fn lines_wait(&mut self, cx: &mut Context) {
        let due = self.chat.due(cx.now.at);
        if due <= cx.now.at {
            self.tell_lines(cx);
        } else if !cx.timers.is_set(Timer::Chats(self.id)) {
            cx.timers.set(Timer::Chats(self.id), due);
        }
    }

    /// Tells the lines that wait.
    pub(crate) fn tell_lines(&mut self, cx: &mut Context) {
        if let Some(message) = self.chat.take(self.members.len(), cx.now.at) {
            self.tell_those(cx, message, Session::hears_chat);
        }
    }

    /// Tells who came what was said before.
    pub(crate) fn tell_history(&mut self, cx: &mut Context, sid: SessionId) {
        let client = self.members.get(&sid).and_then(|session| session.client);
        let Some(to) = client else { return };
        let lines = self.chat.history(self.order.rules.history);
        cx.push(Effect::History { to, lines });
        if let Some(message) = self.likes.so_far() {
            cx.send(client, message);
        }
    }

    /// Says that a person came in: not in a crowd, at most one a second, and not again within minutes.
    pub(crate) fn announce(&mut self, cx: &mut Context, sid: SessionId) {
        let is_fan = self.members.get(&sid).is_some_and(|it| it.role == Some(Role::Fan));
        let Ok(by) = self.as_person(cx, sid) else { return };
        let Some(known) = self.people.get_mut(&by.uid) else { return };
        let is_recent = |at: Option<std::time::Instant>, within| {
            at.is_some_and(|at| cx.now.at.saturating_duration_since(at) < within)
        };
        let is_known = is_recent(known.announced, ARRIVAL_AGAIN);
        known.announced = Some(cx.now.at);
        if !is_fan
            || is_known
            || !self.order.rules.on
            || self.audience.n_viewers > ARRIVALS_UP_TO
            || is_recent(self.announced_at, ARRIVALS_EVERY)
        {
            return;
        }
        self.announced_at = Some(cx.now.at);
        self.chat.add(Said { by, text: None, style: None, at: None }, cx.now.unix_ms);
        self.lines_wait(cx);
    }

    // Likes.

    pub(crate) fn like(&mut self, cx: &mut Context, sid: SessionId, n: u8) -> Result<(), Refusal> {
        if !(1..=LIKES_AT_ONCE).contains(&n) {
            let message = format!("\"n\" is a number from 1 to {LIKES_AT_ONCE}");
            return Err(Refusal::new(ErrorCode::BadField, message).detail("n"));
        }
        let uid = self.person_of(sid)?;
        self.take_rate(cx, &uid, Doing::Like)?;
        self.likes.like(n);
        self.likes_wait(cx);
        Ok(())
    }

    pub(crate) fn react(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        kind: ReactionKind,
    ) -> Result<(), Refusal> {
        let uid = self.person_of(sid)?;
        self.take_rate(cx, &uid, Doing::React)?;
        self.likes.react(kind);
        self.likes_wait(cx);
        Ok(())
    }

    /// A new broadcast begins: its likes count from 0.
    pub(crate) fn reset_likes(&mut self, cx: &mut Context) {
        self.likes.reset();
        self.likes_wait(cx);
    }

    fn likes_wait(&mut self, cx: &mut Context) {
        let due = self.likes.due(cx.now.at);
        if due <= cx.now.at {
            self.tell_likes(cx);
        } else if !cx.timers.is_set(Timer::Likes(self.id)) {
            cx.timers.set(Timer::Likes(self.id), due);
        }
    }

    pub(crate) fn tell_likes(&mut self, cx: &mut Context) {
        if let Some(message) = self.likes.take(cx.now.at) {
            self.tell_those(cx, message, |session| session.page().is_some());
        }
    }

    // What pages measure.

    /// `stats`. A measurement that makes no sense is not taken.
    pub(crate) fn stats(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        rtt_ms: Option<f64>,
        latency_ms: Option<f64>,
    ) -> Result<(), Refusal> {
        let makes_sense = |ms: &f64| (0.0..=MAX_MS).contains(ms);
        let Some(session) = self.member(sid) else { return Err(Refusal::session_over()) };
        let is_fan = session.role == Some(Role::Fan);
        if let Some(ms) = rtt_ms.filter(makes_sense) {
            self.host_round_trip(cx, sid, ms);
        }
        if let Some(ms) = latency_ms.filter(makes_sense)
            && is_fan
        {
            self.latencies.add(sid, ms, cx.now.at);
            self.record_latency(ms);
            if !cx.timers.is_set(Timer::Latency(self.id)) {
                cx.timers.set(Timer::Latency(self.id), cx.now.at + LATENCY_EVERY);
            }
        }
        Ok(())
    }

    /// Tells the host how late its fans see the picture; the next time in 5 s, as long as any say so.
    pub(crate) fn tell_latency(&mut self, cx: &mut Context) {
        let Some(message) = self.latencies.tell(cx.now.at) else { return };
        cx.timers.set(Timer::Latency(self.id), cx.now.at + LATENCY_EVERY);
        self.tell_those(cx, message, |it| it.role == Some(Role::Host) && it.page().is_some());
    }

    /// Tells some of the members.
    pub(crate) fn tell_those(
        &self,
        cx: &mut Context,
        message: ServerMessage,
        is_told: impl Fn(&Session) -> bool,
    ) {
        let members = self.members.values().filter(|session| is_told(session));
        let to: Vec<ClientId> = members.filter_map(|session| session.client).collect();
        if !to.is_empty() {
            cx.push(Effect::Broadcast { to, notice: Notice::Message(message) });
        }
    }
}
