//! A viewer goes back in the broadcast, on the connection that it has.

use std::time::Duration;

use protocol::{ErrorCode, ServerMessage};

use super::Room;
use crate::api::{Effect, Rewind};
use crate::context::Context;
use crate::refusal::Refusal;
use crate::session::SessionId;

impl Room {
    /// `rewind` of a page: all that it names, in this order.
    pub(crate) fn rewind_page(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        ago_ms: Option<f64>,
        paused: Option<bool>,
        fast: Option<bool>,
    ) -> Result<(), Refusal> {
        if let Some(ms) = ago_ms {
            let ago = Duration::try_from_secs_f64(ms / 1_000.0).map_err(|_| {
                Refusal::new(ErrorCode::BadField, "\"agoMs\" is 0 or more").detail("agoMs")
            })?;
            self.rewind(cx, sid, Rewind::To(ago))?;
        }
        if paused == Some(true) {
            self.rewind(cx, sid, Rewind::Pause)?;
        }
        if let Some(fast) = fast {
            self.rewind(cx, sid, Rewind::Fast(fast))?;
        }
        Ok(())
    }

    /// Sends a viewer the past of the broadcast, or what is live again.
    pub(crate) fn rewind(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        wish: Rewind,
    ) -> Result<(), Refusal> {
        let past = Duration::from_secs(self.kept.past_s.into());
        let goes_live = wish == Rewind::To(Duration::ZERO);
        if past.is_zero() && !goes_live {
            let message = "the past of the broadcast is not kept here";
            return Err(Refusal::new(ErrorCode::RoomOffline, message));
        }
        let Some(session) = self.member(sid) else { return Err(Refusal::session_over()) };
        let Some(watching) = session.watching.as_ref().filter(|it| it.connected_at.is_some())
        else {
            return Err(Refusal::unexpected("only who watches can go back"));
        };
        let peer = watching.peer;
        let wish = match wish {
            Rewind::To(ago) => Rewind::To(ago.min(past)),
            other => other,
        };
        cx.push(Effect::Rewind { room: self.id, peer, wish });
        Ok(())
    }

    /// A viewer is sent something else from now on.
    pub(crate) fn rewound(&mut self, cx: &mut Context, sid: SessionId, at: Option<f64>) {
        let client = self.member(sid).and_then(|session| session.client);
        cx.send(client, ServerMessage::Rewound { at });
    }
}
