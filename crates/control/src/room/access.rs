//! Who may be in a room by its rules, and who may not any more once they have changed.

use auth::{Action, Credential, InviteRole, Secret};
use protocol::{CloseCode, DisplayName};

use super::Room;
use crate::context::Context;
use crate::refusal::Refusal;
use crate::session::SessionId;
use crate::why::Why;

impl Room {
    /// Whether a member may watch, and be told of the room. Who may publish may.
    pub(crate) fn check_watch(&mut self, cx: &Context, sid: SessionId) -> Result<(), Refusal> {
        let Some(session) = self.members.get_mut(&sid) else {
            return Err(Refusal::session_over());
        };
        if session.is_authorized {
            return Ok(());
        }
        let (addr, credential) = (session.addr, &session.credential);
        cx.auth.may(&addr, Action::Watch, &self.name, credential, cx.now.at).map_err(|denied| {
            // It may say another.
            session.credential.key = None;
            session.credential.shown = None;
            denied.into()
        })
    }

    /// The code of a link that is an invitation of the operator's is what the member shows, if it shows nothing else.
    pub(crate) fn take_invite(&mut self, cx: &Context, sid: SessionId, code: Option<&str>) {
        let Some(code) = code.and_then(|it| Secret::parse(it).ok().flatten()) else { return };
        let is_one = cx.auth.takes_invite(&self.name, &code);
        if let Some(session) = self.members.get_mut(&sid)
            && session.credential.key.is_none()
            && is_one
        {
            session.credential.key = Some(code);
        }
    }

    /// A member has come in by its credential: that is counted, and an invitation may make it a moderator.
    pub(crate) fn use_credential(&mut self, cx: &mut Context, sid: SessionId) {
        let Some(session) = self.members.get(&sid) else { return };
        let role = cx.auth.use_credential(&self.name, &session.credential, cx.now.at);
        if role == Some(InviteRole::Moderator) && session.secret.is_some() {
            let (uid, name) = (self.uid_of(sid, session), session.name.clone());
            if self.people.promote(uid, name, true) {
                tracing::info!(room = %self.name, session = %sid, "moderator by invitation");
                self.desk_changed(cx);
                self.has_settled = true;
                self.changed(cx);
            }
        }
    }

    /// The name that a member's token gives it.
    pub(crate) fn granted_name(&self, sid: SessionId) -> Option<DisplayName> {
        let shown = self.members.get(&sid)?.credential.shown.as_ref()?;
        let grant = shown.as_ref().ok()?;
        DisplayName::parse(grant.name.as_deref()?).ok()
    }

    /// The rules of the room have changed.
    pub(crate) fn rules_changed(&mut self, cx: &mut Context) {
        let policy = cx.auth.rules(&self.name).chat;
        if std::mem::replace(&mut self.chat_policy, policy) != policy {
            self.tell_state(cx);
        }
        let kept = self.kept.clone();
        self.review_kept(cx);
        if self.kept != kept {
            self.tell_state(cx);
        }
        self.review_access(cx);
    }

    /// Ends the sessions that have no right any more, after the rules of the room have changed.
    fn review_access(&mut self, cx: &mut Context) {
        for sid in self.ids() {
            let Some(session) = self.members.get(&sid) else { continue };
            let action = if session.is_authorized { Action::Publish } else { Action::Watch };
            let (addr, credential) = (&session.addr, &session.credential);
            if !cx.auth.still_may(addr, action, &self.name, credential, cx.now.at) {
                self.revoke(cx, sid);
            }
        }
    }

    /// Ends the session of a member that has lost its right. A page is told why, so that it can ask its person for another
    /// secret.
    fn revoke(&mut self, cx: &mut Context, sid: SessionId) {
        let Some(session) = self.members.get(&sid) else { return };
        let action = if session.is_authorized { Action::Publish } else { Action::Watch };
        let (client, addr, is_program) = (session.client, session.addr, session.is_http());
        tracing::info!(room = %self.name, session = %sid, ip = %addr.ip, "access revoked");
        // Asked without a secret: the answer says what is needed, and counts no guess.
        let nothing = Credential::default();
        if !is_program
            && let Err(denied) = cx.auth.may(&addr, action, &self.name, &nothing, cx.now.at)
        {
            cx.send(client, Refusal::from(denied).fatal().into_message(None));
        }
        self.dismiss(cx, sid, "revoked", CloseCode::Auth);
        self.remove(cx, sid, Why::Revoked);
    }
}
