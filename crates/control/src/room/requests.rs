//! Requests of programs: WHIP and WHEP.

use protocol::{ErrorCode, Role};

use super::Room;
use super::frames::read_offer;
use crate::api::{Effect, Reply, Request, RequestId};
use crate::context::Context;
use crate::refusal::Refusal;
use crate::session::{ReplyTo, SessionId};

impl Room {
    /// A new member that came by HTTP; the hub has checked its right.
    pub(crate) fn joined(&mut self, cx: &mut Context, sid: SessionId, id: RequestId) {
        let own = self.members.get(&sid).and_then(|it| it.turn.as_ref());
        let (room, ice_servers) = (self.state(), cx.ice_servers(sid, own));
        cx.push(Effect::Reply { id, result: Ok(Reply::Joined { room, ice_servers }) });
        let Some(session) = self.member(sid) else { return };
        let (client, role) = (session.client, session.role);
        if role == Some(Role::Host) {
            // Remembered until there is something to put on air.
            session.publishing_mut().golive = true;
        }
        let count = protocol::ServerMessage::Viewers {
            n: self.audience.n_viewers,
            peak: self.audience.peak,
        };
        cx.send(client, count);
        if role == Some(Role::Fan) {
            self.tell_rates(cx, client.into_iter().collect());
        }
    }

    /// Acts on a request of a member. The caller replies with what fails.
    pub(crate) fn request(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        id: RequestId,
        request: Request,
    ) -> Result<(), Refusal> {
        let reply_to = ReplyTo::Request(id);
        match request {
            Request::Publish { offer } => {
                self.authorize(cx, sid)?;
                self.may_offer(cx, sid)?;
                let summary = read_offer(&offer)?;
                self.publish(cx, sid, offer, summary.session, reply_to)
            }
            Request::Watch { offer: Some(offer) } => {
                self.may_offer(cx, sid)?;
                let summary = read_offer(&offer)?;
                self.watch_offer(cx, sid, offer, summary.session, reply_to)
            }
            Request::Watch { offer: None } => {
                self.may_offer(cx, sid)?;
                if self.members.get(&sid).is_some_and(|session| session.has_media()) {
                    return Err(Refusal::unexpected("there is a connection already"));
                }
                if !self.broadcast.is_on_air() {
                    let message = "nobody is live in this room";
                    return Err(Refusal::new(ErrorCode::RoomOffline, message));
                }
                self.try_watch(cx, sid, reply_to)
            }
            Request::Answer { sdp } => self.answer(cx, sid, sdp, reply_to),
            Request::Rewind(wish) => {
                self.rewind(cx, sid, wish)?;
                cx.done(&reply_to);
                Ok(())
            }
            Request::Prefer { video } => {
                self.layer(cx, sid, Some(video), None)?;
                cx.done(&reply_to);
                Ok(())
            }
            Request::Join { .. } => Err(Refusal::unexpected("it has joined already")),
        }
    }
}
