//! Whose offer, answer or candidate it is.

use protocol::{ErrorCode, Pc, Role};

use super::fault::Fault;
use super::session::{Echo, SessionId};
use super::{EARLY_CANDIDATES, Hub, Now, sdp};

impl Hub {
    /// An offer of the client's: of a host, or of a fan that offers itself.
    pub(super) fn offer(
        &mut self,
        sid: SessionId,
        sdp: String,
        echo: Echo,
        key: Option<String>,
        now: Now,
    ) -> Result<(), Fault> {
        let glance = sdp::glance(&sdp);
        if !glance.is_sdp {
            let message = "\"sdp\" is not a session description: it does not begin with v=0";
            return Err(Fault::new(ErrorCode::SdpBad, message));
        }
        if !glance.has_media {
            let message = "the session description has no audio or video";
            return Err(Fault::new(ErrorCode::SdpNoMedia, message));
        }
        let Some(session) = self.sessions.get_mut(&sid) else { return Ok(()) };
        if let Some(key) = key.filter(|key| !key.is_empty()) {
            session.key = Some(key);
        }
        let publishes = match (echo.pc, session.role) {
            (Some(Pc::Pub), Some(Role::Fan)) => {
                return Err(Fault::unexpected("this page said that it is a fan"));
            }
            (Some(Pc::Pub), _) => true,
            (Some(Pc::Sub), _) => false,
            (None, Some(role)) => role == Role::Host,
            (None, None) => glance.can_send,
        };
        if publishes {
            self.publish(sid, sdp, glance.session, echo, now)
        } else {
            self.watch_offer(sid, sdp, glance.session, echo, now)
        }
    }

    /// A candidate of the client's. The server is ICE-lite: it learns the client's address from
    /// the client's own checks and needs no candidate, so they are counted and dropped.
    pub(super) fn candidate(&mut self, sid: SessionId, pc: Option<Pc>) -> Result<(), Fault> {
        let Some(session) = self.sessions.get_mut(&sid) else { return Ok(()) };
        let is_described = match pc {
            Some(Pc::Pub) => session.claim.is_some() || session.publisher.is_some(),
            Some(Pc::Sub) => session.viewer.is_some(),
            None => session.has_media(),
        };
        let early = &mut session.early[usize::from(pc == Some(Pc::Pub))];
        if is_described {
            *early = 0;
            return Ok(());
        }
        *early = early.saturating_add(1);
        if *early == EARLY_CANDIDATES + 1 && session.extended {
            let message = "too many candidates before the description they belong to";
            return Err(Fault::new(ErrorCode::IceQueueFull, message));
        }
        Ok(())
    }
}
