//! `hello`: a WebSocket becomes a page, or takes an earlier session up.

use auth::Secret;
use protocol::{DisplayName, ErrorCode, PROTOCOL_VERSION, Role, RoomName};

use super::Hub;
use crate::refusal::Refusal;
use crate::room::{Hello, read_secret};
use crate::session::SessionId;
use crate::why::Why;

/// The fields of `hello` that matter here.
pub(super) struct Fields {
    pub(super) v: u32,
    pub(super) role: Option<Role>,
    pub(super) room: Option<RoomName>,
    pub(super) name: Option<DisplayName>,
    pub(super) key: Option<String>,
    pub(super) secret: Option<String>,
    pub(super) resume: Option<String>,
    pub(super) pauses: bool,
    pub(super) invite: Option<String>,
}

impl Hub {
    pub(super) fn hello(&mut self, sid: SessionId, hello: Fields) -> Result<(), Refusal> {
        let Fields { v, role, room: name_of_room, name, key, secret, resume, pauses, invite } =
            hello;
        if v != PROTOCOL_VERSION {
            let message = format!("this server speaks version {PROTOCOL_VERSION}");
            return Err(Refusal::new(ErrorCode::VersionUnsupported, message)
                .detail(PROTOCOL_VERSION.to_string()));
        }
        let key = read_secret("key", key)?;
        let secret = read_secret("secret", secret)?;
        let mut said_role = None;
        self.try_in_room_of(sid, |room, cx, sid| {
            let is_host = room.is_host(sid);
            let Some(session) = room.member(sid) else { return Err(Refusal::session_over()) };
            if session.page().is_some() {
                return Err(Refusal::unexpected("hello was said already"));
            }
            if session.publishes() || is_host {
                return Err(Refusal::unexpected("hello comes before anything else"));
            }
            if key.is_some() {
                session.credential.key = key;
            }
            // Who says no secret is another person each time.
            let person = secret.clone().unwrap_or_else(|| Secret::new(cx.new_token()));
            session.credential.person = Some(person);
            session.secret = secret;
            said_role = session.role;
            Ok(())
        })?;
        let role = role.or(said_role).unwrap_or(Role::Fan);
        if let Some(old) = resume.and_then(|token| self.cx.directory.tokens.get(&token).copied())
            && self.can_resume(old, role, name_of_room.as_ref())
        {
            self.resume(sid, old, name, pauses);
            return Ok(());
        }
        if let Some(name_of_room) = &name_of_room {
            // An offer may have been made already, on a slow line; it was for the basic profile.
            self.in_room_of(Some(sid), |room, cx, sid| {
                room.withdraw_viewer(cx, sid, Why::Replaced)
            });
            self.move_to(sid, name_of_room);
        }
        self.try_in_room_of(sid, |room, cx, sid| {
            if role == Role::Host {
                // Also when it is refused: it may say `hello` again, with a key, and is no fan.
                if let Some(session) = room.member(sid) {
                    session.role = Some(Role::Host);
                }
                let right = room.authorize(cx, sid);
                right.inspect_err(|refusal| room.log_refused(sid, true, refusal))?;
            }
            room.take_invite(cx, sid, invite.as_deref());
            room.check_watch(cx, sid)?;
            room.check_ban(cx, sid)?;
            room.use_credential(cx, sid);
            let name = name.or_else(|| room.granted_name(sid));
            room.greet(cx, sid, Hello { role, name, pauses, invite });
            Ok(())
        })
    }

    /// Whether a page that has the token may resume the session: only in the same role and room.
    fn can_resume(&self, old: SessionId, role: Role, name: Option<&RoomName>) -> bool {
        let room = self.cx.directory.sessions.get(&old).and_then(|id| self.rooms.get(id));
        room.is_some_and(|room| {
            let session = room.members.get(&old);
            session.is_some_and(|session| session.role == Some(role))
                && name.is_none_or(|name| room.name == *name)
        })
    }

    /// Gives the client of session `new` to session `old`.
    fn resume(&mut self, new: SessionId, old: SessionId, name: Option<DisplayName>, pauses: bool) {
        self.in_room_of(Some(old), |room, cx, old| {
            room.dismiss(cx, old, "replaced", protocol::CloseCode::Replaced);
        });
        let fresh = self.in_room_of(Some(new), |room, cx, new| {
            room.withdraw_viewer(cx, new, Why::Replaced);
            room.leave_person(cx, new);
            cx.directory.sessions.remove(&new);
            cx.timers.cancel(crate::timers::Timer::Silence(new));
            cx.member_left(room.id);
            room.members.remove(&new)
        });
        if let Some(fresh) = fresh {
            self.in_room_of(Some(old), |room, cx, old| room.resume(cx, old, fresh, name, pauses));
        }
    }
}
