//! Guests on stage (连麦): who waits, who is on, and what the host does about it.

mod cast;
mod guests;
mod queue;

use auth::Secret;
use media_api::{Command, Seat};
use protocol::{
    ErrorCode, Person, PersonId, Role, ServerMessage, StageAction, StageLayout, StageStep, Standing,
};

use super::Room;
use crate::context::Context;
use crate::refusal::Refusal;
use crate::session::SessionId;

/// The stage of a room.
#[derive(Debug)]
pub(crate) struct Stage {
    /// Whether fans may ask, while there is a host.
    is_open: bool,
    layout: StageLayout,
    /// Who asks to come on, oldest first; at most [`crate::limits::STAGE_QUEUE`].
    queue: Vec<SessionId>,
    /// Who is on, oldest first; at most [`protocol::MAX_GUESTS`].
    guests: Vec<Guest>,
    /// The host's second picture flows.
    has_second: bool,
    /// Which guest speaks.
    speaker: Option<SessionId>,
    /// Sockets of the basic profile that asked: they are called by their number.
    n_unnamed: u32,
}

impl Default for Stage {
    fn default() -> Self {
        Self {
            is_open: true,
            layout: StageLayout::default(),
            queue: Vec::new(),
            guests: Vec::new(),
            has_second: false,
            speaker: None,
            n_unnamed: 0,
        }
    }
}

/// A guest on stage. The session exists as long as it is named here.
#[derive(Debug)]
struct Guest {
    session: SessionId,
    seat: Seat,
    /// The stream of its tracks in the descriptions of viewers.
    stream: String,
    /// By which it is known when it comes back with another session.
    secret: Option<Secret>,
    /// The media plane has taken it once: viewers are offered its tracks.
    has_published: bool,
    /// Its media flows.
    is_live: bool,
    /// The host has switched its microphone off.
    is_muted: bool,
    /// What it says of its microphone and its camera.
    audio: bool,
    video: bool,
}

impl Room {
    /// `stage`: a fan, a guest or the host does something about the stage.
    pub(crate) fn stage(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        action: StageAction,
    ) -> Result<(), Refusal> {
        match action {
            StageAction::Ask {} => return self.ask(cx, sid),
            StageAction::Leave {} => {
                self.leave_stage(cx, sid);
                return Ok(());
            }
            _ if !self.runs_stage(cx, sid) => {
                let message = "only the host and moderators decide who is on stage";
                return Err(Refusal::new(ErrorCode::Forbidden, message));
            }
            _ => {}
        }
        match action {
            StageAction::Accept { uid } => self.accept(cx, &uid),
            StageAction::Decline { uid } => self.decline(cx, &uid),
            StageAction::Drop { uid } => {
                let guest = self.guest_called(&uid)?.session;
                self.end_guest(cx, guest, StageStep::Dropped);
                Ok(())
            }
            StageAction::Mute { uid, on } => {
                let room = self.id;
                let guest = self.guest_called(&uid)?;
                if std::mem::replace(&mut guest.is_muted, on) != on {
                    let seat = guest.seat;
                    cx.command(Command::Mute { room, seat, is_muted: on });
                    self.tell_state(cx);
                }
                Ok(())
            }
            StageAction::Set { open, layout } => {
                let stage = &mut self.stage;
                let before = (stage.is_open, stage.layout);
                stage.is_open = open.unwrap_or(stage.is_open);
                stage.layout = layout.unwrap_or(stage.layout);
                if (stage.is_open, stage.layout) != before {
                    self.tell_state(cx);
                    self.seat_unnamed(cx);
                }
                Ok(())
            }
            StageAction::Ask {} | StageAction::Leave {} => Ok(()),
        }
    }

    /// Whether a member decides who is on stage.
    pub(super) fn runs_stage(&self, cx: &Context, sid: SessionId) -> bool {
        self.standing(cx, sid) >= Standing::Moderator
    }

    /// The person that a member is to the stage.
    fn uid_on_stage(&self, sid: SessionId) -> PersonId {
        let person = self.members.get(&sid).and_then(|session| session.person.clone());
        person.unwrap_or_else(|| self.people.id_of_session(sid))
    }

    /// A member as the stage shows it; `None` without a name.
    fn person_on_stage(&self, sid: SessionId) -> Option<Person> {
        let name = self.members.get(&sid)?.name.clone()?;
        let standing = if self.is_guest(sid) { Standing::Guest } else { Standing::Fan };
        Some(Person { uid: self.uid_on_stage(sid), name, standing })
    }

    /// The stage, as members may know it.
    pub(crate) fn stage_state(&self) -> protocol::Stage {
        let guests = self.stage.guests.iter().filter_map(|it| {
            Some(protocol::Guest {
                person: self.person_on_stage(it.session)?,
                stream: it.stream.clone(),
                live: it.is_live,
                audio: it.audio && !it.is_muted,
                video: it.video,
            })
        });
        protocol::Stage {
            open: self.is_stage_open(),
            layout: self.stage.layout,
            guests: guests.collect(),
        }
    }

    fn is_stage_open(&self) -> bool {
        self.stage.is_open && self.host.is_some()
    }

    /// Whether a member is on stage.
    pub(crate) fn is_guest(&self, sid: SessionId) -> bool {
        self.stage.guests.iter().any(|it| it.session == sid)
    }

    /// Whether pages may be sent more than the host's sound and first picture.
    pub(crate) fn shows_more_than_host(&self) -> bool {
        self.has_guests() || self.stage.has_second
    }

    /// Whether anybody is on stage.
    pub(crate) fn has_guests(&self) -> bool {
        !self.stage.guests.is_empty()
    }

    fn guest_mut(&mut self, sid: SessionId) -> Option<&mut Guest> {
        self.stage.guests.iter_mut().find(|it| it.session == sid)
    }

    fn guest_at(&mut self, seat: Seat) -> Option<&mut Guest> {
        self.stage.guests.iter_mut().find(|it| it.seat == seat)
    }

    fn guest_called(&mut self, uid: &PersonId) -> Result<&mut Guest, Refusal> {
        let found =
            self.stage.guests.iter().map(|it| it.session).find(|it| self.uid_on_stage(*it) == *uid);
        let guest = found.and_then(|sid| self.guest_mut(sid));
        guest.ok_or_else(|| Refusal::new(ErrorCode::NotFound, "nobody of this uid is on stage"))
    }

    /// Tells a page where it stands on its way to the stage.
    fn tell_step(&self, cx: &mut Context, sid: SessionId, step: StageStep) {
        let page = self.members.get(&sid).filter(|session| session.page().is_some());
        cx.send(page.and_then(|session| session.client), ServerMessage::Stage { step });
    }

    /// A guest's media flows, or does not any more.
    pub(crate) fn guest_flows(&mut self, cx: &mut Context, seat: Seat, is_flowing: bool) {
        if seat == Seat::SECOND {
            return self.second_flows(cx, is_flowing);
        }
        // It may have left while the event was under way.
        if let Some(guest) = self.guest_at(seat)
            && guest.is_live != is_flowing
        {
            guest.is_live = is_flowing;
            self.tell_state(cx);
        }
    }

    /// The host's second picture flows, or does not any more.
    fn second_flows(&mut self, cx: &mut Context, is_flowing: bool) {
        if std::mem::replace(&mut self.stage.has_second, is_flowing) != is_flowing {
            self.recast(cx);
        }
    }

    /// Another speaks.
    pub(crate) fn speaks(&mut self, cx: &mut Context, seat: Option<Seat>) {
        let guest = seat.and_then(|seat| self.guest_at(seat)).map(|it| it.session);
        if std::mem::replace(&mut self.stage.speaker, guest) != guest {
            self.tell(cx, self.speaker());
        }
    }

    /// Who leaves the stage does not speak.
    fn speaks_no_more(&mut self, cx: &mut Context, sid: SessionId) {
        if self.stage.speaker == Some(sid) {
            self.stage.speaker = None;
            self.tell(cx, self.speaker());
        }
    }

    /// Which guest speaks, for members.
    fn speaker(&self) -> ServerMessage {
        ServerMessage::Speaker { uid: self.stage.speaker.map(|sid| self.uid_on_stage(sid)) }
    }

    /// Tells a page that has just come who speaks, if a guest does.
    pub(crate) fn tell_speaker(&self, cx: &mut Context, sid: SessionId) {
        if self.stage.speaker.is_some() {
            let client = self.members.get(&sid).and_then(|session| session.client);
            cx.send(client, self.speaker());
        }
    }

    /// The broadcast is over: so is the stage.
    pub(crate) fn end_stage(&mut self, cx: &mut Context) {
        self.stage.has_second = false;
        for sid in std::mem::take(&mut self.stage.queue) {
            self.tell_step(cx, sid, StageStep::Off);
        }
        while let Some(sid) = self.stage.guests.first().map(|it| it.session) {
            self.take_off(cx, sid, StageStep::Off);
            self.reap(cx, sid);
        }
        self.recast(cx);
    }

    /// A member says `leave` of the stage.
    fn leave_stage(&mut self, cx: &mut Context, sid: SessionId) {
        if self.is_guest(sid) {
            self.end_guest(cx, sid, StageStep::Off);
        } else if self.unqueue(cx, sid) {
            self.tell_step(cx, sid, StageStep::Off);
        }
    }

    /// Whether a member may ask to come on.
    fn may_ask(&self, sid: SessionId) -> Result<(), Refusal> {
        let Some(session) = self.members.get(&sid) else { return Err(Refusal::session_over()) };
        if session.role != Some(Role::Fan) {
            return Err(Refusal::unexpected("only a fan asks to come on stage"));
        }
        if session.name.is_none() {
            let message = "say a name first: the host sees who asks";
            return Err(Refusal::new(ErrorCode::NameNeeded, message));
        }
        if self.is_guest(sid) {
            return Err(Refusal::unexpected("this page is on stage"));
        }
        Ok(())
    }
}

/// There is no place on stage.
fn stage_full(message: &str) -> Refusal {
    Refusal::new(ErrorCode::StageFull, message)
}
