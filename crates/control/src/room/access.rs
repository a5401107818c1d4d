//! Who may be in a room by its rules, and who may not any more once they have changed.

use auth::{Action, Credential};
use protocol::CloseCode;

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
            denied.into()
        })
    }

    /// Ends the sessions that have no right any more, after the rules of the room have changed.
    pub(crate) fn review_access(&mut self, cx: &mut Context) {
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
