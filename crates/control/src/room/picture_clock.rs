//! What a fan's page needs to tell how late its picture is: when it was captured, and how far the host is.

use std::time::Instant;

use protocol::ServerMessage;

use super::Room;
use crate::context::Context;
use crate::session::SessionId;

/// A change of the host's way here that fans are not told, in milliseconds.
const SAME_WAY_MS: f64 = 5.0;

impl Room {
    /// A fan's picture with the timestamp `rtp` was captured at `captured`.
    pub(crate) fn tell_clock(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        captured: Instant,
        rtp: u32,
        rate: u32,
    ) {
        let Some(session) = self.members.get(&sid).filter(|it| it.page().is_some()) else { return };
        let ago_ms = |it: std::time::Duration| it.as_secs_f64() * 1_000.0;
        let ago = ago_ms(cx.now.at.saturating_duration_since(captured))
            - ago_ms(captured.saturating_duration_since(cx.now.at));
        let wall = cx.now.unix_ms - ago;
        cx.send(session.client, ServerMessage::Clock { rtp, rate, wall });
    }

    /// The round trip of a member's media. Half of the host's is what its packets take to the server.
    pub(crate) fn host_round_trip(&mut self, cx: &mut Context, sid: SessionId, rtt_ms: f64) {
        if !self.is_host(sid) {
            return;
        }
        let uplink_ms = (rtt_ms / 2.0).round();
        let told = self.broadcast.uplink_ms;
        if told.is_none_or(|told| (told - uplink_ms).abs() > SAME_WAY_MS) {
            self.broadcast.uplink_ms = Some(uplink_ms);
            self.tell_state(cx);
        }
    }
}
