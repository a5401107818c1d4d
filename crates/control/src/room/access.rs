//! Who may be in a room by its rules, and who may not any more once they have changed.

use auth::Action;
use protocol::CloseCode;

use super::Room;
use crate::context::Context;
use crate::refusal::Refusal;
use crate::session::{Session, SessionId};
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

    /// The rules of the room have changed: who has lost its right goes.
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

    /// A member has lost its right. It hears why: a page may ask its person for another secret.
    fn revoke(&mut self, cx: &mut Context, sid: SessionId) {
        let Some(session) = self.members.get_mut(&sid) else { return };
        let action = if session.is_authorized { Action::Publish } else { Action::Watch };
        let (client, addr) = (session.client, session.addr);
        tracing::info!(room = %self.name, session = %sid, ip = %addr.ip, "right taken away");
        // As to somebody who shows nothing: whether what it showed is near another is no business of its.
        let nothing = auth::Credential::default();
        if let Err(denied) = cx.auth.may(&addr, action, &self.name, &nothing, cx.now.at) {
            let is_program = self.members.get(&sid).is_some_and(Session::is_http);
            if !is_program {
                cx.send(client, Refusal::from(denied).fatal().into_message(None));
            }
        }
        self.dismiss(cx, sid, "revoked", CloseCode::Auth);
        self.remove(cx, sid, Why::Revoked);
    }
}
