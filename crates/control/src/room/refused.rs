//! Refusals that an operator reads: a page that may not publish, or finds no place to watch.

use protocol::ErrorCode;

use super::Room;
use crate::refusal::Refusal;
use crate::session::SessionId;

impl Room {
    /// Logs that a page was refused to publish or to watch. The doors of WHIP and WHEP log what they refuse.
    pub(crate) fn log_refused(&self, sid: SessionId, publishes: bool, refusal: &Refusal) {
        let Some(session) = self.members.get(&sid).filter(|session| !session.is_http()) else {
            return;
        };
        let (code, ip) = (refusal.code, session.addr.ip);
        let (room, session, code) = (&self.name, sid, code.as_str());
        if publishes {
            tracing::info!(%room, %session, door = "ws", %ip, code, "publisher refused");
        } else if refusal.code != ErrorCode::RoomOffline {
            tracing::info!(%room, %session, door = "ws", %ip, code, "viewer refused");
        }
    }
}
