//! Who waits to come on stage.

use protocol::{DisplayName, ErrorCode, MAX_GUESTS, PersonId, Role, ServerMessage, StageStep};

use super::{Room, stage_full};
use crate::api::{Effect, Notice};
use crate::context::Context;
use crate::limits::STAGE_QUEUE;
use crate::refusal::Refusal;
use crate::session::SessionId;

impl Room {
    /// `ask`: a fan wants to come on.
    pub(super) fn ask(&mut self, cx: &mut Context, sid: SessionId) -> Result<(), Refusal> {
        self.may_ask(sid)?;
        if self.stage.queue.contains(&sid) {
            self.tell_step(cx, sid, StageStep::Asked);
            return Ok(());
        }
        if !self.is_stage_open() {
            return Err(stage_full("the stage of this room takes nobody now"));
        }
        if self.stage.queue.len() >= STAGE_QUEUE {
            return Err(stage_full("too many wait to come on stage"));
        }
        self.stage.queue.push(sid);
        self.tell_step(cx, sid, StageStep::Asked);
        self.tell_queue(cx);
        Ok(())
    }

    /// `accept`: the host lets somebody on who waits.
    pub(super) fn accept(&mut self, cx: &mut Context, uid: &PersonId) -> Result<(), Refusal> {
        let sid = self.waiting_called(uid)?;
        if self.stage.guests.len() >= MAX_GUESTS {
            let message = format!("the stage has {MAX_GUESTS} guests, and takes no more");
            return Err(stage_full(&message));
        }
        self.unqueue(cx, sid);
        self.seat(cx, sid);
        Ok(())
    }

    /// `decline`: the host does not let somebody on who waits.
    pub(super) fn decline(&mut self, cx: &mut Context, uid: &PersonId) -> Result<(), Refusal> {
        let sid = self.waiting_called(uid)?;
        self.unqueue(cx, sid);
        self.tell_step(cx, sid, StageStep::Declined);
        Ok(())
    }

    fn waiting_called(&self, uid: &PersonId) -> Result<SessionId, Refusal> {
        let mut queue = self.stage.queue.iter().copied();
        let found = queue.find(|sid| self.uid_on_stage(*sid) == *uid);
        found.ok_or_else(|| Refusal::new(ErrorCode::NotFound, "nobody of this uid waits"))
    }

    /// A member waits no more; whether it did.
    pub(super) fn unqueue(&mut self, cx: &mut Context, sid: SessionId) -> bool {
        let before = self.stage.queue.len();
        self.stage.queue.retain(|it| *it != sid);
        let is_changed = self.stage.queue.len() != before;
        if is_changed {
            self.tell_queue(cx);
        }
        is_changed
    }

    /// Tells hosts and moderators who waits.
    pub(crate) fn tell_queue(&self, cx: &mut Context) {
        let queue = self.stage.queue.iter();
        let people = queue.filter_map(|sid| self.person_on_stage(*sid)).collect();
        let pages = self.members.iter().filter(|(_, it)| it.page().is_some());
        let mut to = Vec::new();
        for (sid, session) in pages {
            if let Some(client) = session.client.filter(|_| self.runs_stage(cx, *sid)) {
                to.push(client);
            }
        }
        if !to.is_empty() {
            let notice = Notice::Message(ServerMessage::StageQueue { people });
            cx.push(Effect::Broadcast { to, notice });
        }
    }

    /// Tells a host that has just come who waits.
    pub(crate) fn tell_queue_if_any(&self, cx: &mut Context) {
        if !self.stage.queue.is_empty() {
            self.tell_queue(cx);
        }
    }

    /// Sockets of the basic profile that want to be guests wait from the moment that the stage is open.
    pub(crate) fn seat_unnamed(&mut self, cx: &mut Context) {
        if !self.is_stage_open() {
            return;
        }
        for sid in self.ids() {
            self.ask_unnamed(cx, sid);
        }
    }

    /// A socket with `role=guest` waits under a name of ours, where there is a place in the queue.
    pub(crate) fn ask_unnamed(&mut self, cx: &mut Context, sid: SessionId) {
        let number = self.stage.n_unnamed + 1;
        let Some(session) = self.members.get_mut(&sid) else { return };
        if !session.is_unnamed_guest() || session.has_media() {
            return;
        }
        session.role = Some(Role::Fan);
        if session.name.is_none() {
            session.name = DisplayName::parse(&format!("guest-{number}")).ok();
            self.stage.n_unnamed = number;
        }
        if let Err(refusal) = self.ask(cx, sid) {
            self.log_refused(sid, false, &refusal);
        }
    }
}
