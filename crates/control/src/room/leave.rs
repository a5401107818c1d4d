//! Members that lose their client or their media, leave, or are closed.

use protocol::{CloseCode, ServerMessage};

use super::Room;
use crate::context::Context;
use crate::limits::LINGER;
use crate::session::{Profile, Publishing, SessionId, Step};
use crate::timers::Timer;
use crate::why::Why;

/// How long a page that is told to come back should wait.
const RETRY_MS: u32 = 1000;

impl Room {
    /// A client is gone. `code` is that of its close frame.
    pub(crate) fn client_gone(&mut self, cx: &mut Context, sid: SessionId, code: Option<u16>) {
        let hosts = self.is_host(sid);
        let is_on_air = self.broadcast.is_on_air();
        let Some(session) = self.member(sid) else { return };
        session.client = None;
        let may_return = hosts && is_on_air && !session.is_http();
        let hosts = hosts || session.has_claim();
        tracing::debug!(session = %sid, code, "client gone");
        match code {
            // A page that was reloaded, or closed by mistake, comes back to its broadcast.
            Some(1001) if may_return => {
                self.interrupt(cx);
                self.detach(cx, sid);
            }
            // The tab was closed, or shows another page.
            Some(1001) if self.guest_reloads(cx, sid) => self.detach(cx, sid),
            Some(1001) => self.remove(cx, sid, Why::Left),
            Some(1000) if !hosts => self.remove(cx, sid, Why::Left),
            _ => {
                self.close_unanswered(cx, sid);
                self.detach(cx, sid);
            }
        }
    }

    /// Closes a peer whose offer nobody can answer any more. A page that comes back is made a new offer.
    fn close_unanswered(&mut self, cx: &mut Context, sid: SessionId) {
        let watching = self.members.get(&sid).and_then(|session| session.watching.as_ref());
        let is_unanswered = watching.is_some_and(|watching| {
            watching.connected_at.is_none()
                && matches!(watching.step, Step::Offering(_) | Step::Offered(_))
        });
        if is_unanswered {
            self.withdraw_viewer(cx, sid, Why::ClientGone);
            if let Some(session) = self.member(sid) {
                // No answer can come: its client is gone.
                session.manners.withdrawn = 0;
            }
        }
    }

    /// `leave`: the page leaves for good.
    pub(crate) fn leave(&mut self, cx: &mut Context, sid: SessionId) {
        self.dismiss(cx, sid, "left", CloseCode::Normal);
        self.remove(cx, sid, Why::Left);
    }

    /// Says `bye` to a client that knows it, and disconnects it.
    pub(crate) fn dismiss(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        reason: &str,
        code: CloseCode,
    ) {
        let Some(session) = self.member(sid) else { return };
        let Some(client) = session.client.take() else { return };
        if session.hears_room() {
            let retry_ms = (reason == "draining").then_some(RETRY_MS);
            cx.send(Some(client), ServerMessage::Bye { reason: reason.into(), retry_ms });
        }
        cx.close_client(client, code);
    }

    /// Disconnects a member without `bye`. What is kept of it is decided as when its client vanishes.
    pub(crate) fn disconnect(&mut self, cx: &mut Context, sid: SessionId, code: CloseCode) {
        let Some(session) = self.member(sid) else { return };
        if let Some(client) = session.client.take() {
            cx.close_client(client, code);
            self.close_unanswered(cx, sid);
            self.detach(cx, sid);
        }
    }

    /// The member lost its client: its media flows on, and its session can be resumed for a minute.
    fn detach(&mut self, cx: &mut Context, sid: SessionId) {
        let Some(session) = self.members.get(&sid) else { return };
        // A page may come back; a program opens another session.
        let comes_back = session.hears_room() && !session.is_http();
        if !comes_back && !session.has_media() && !self.is_host(sid) {
            self.remove(cx, sid, Why::ClientGone);
        } else {
            cx.timers.set(Timer::Forget(sid), cx.now.at + LINGER);
        }
    }

    /// The member lost a peer. When its client is gone as well, it is kept for a minute at most.
    pub(crate) fn reap(&mut self, cx: &mut Context, sid: SessionId) {
        self.end_without_media(cx, sid);
        let Some(session) = self.members.get(&sid) else { return };
        if session.client.is_none()
            && !session.has_media()
            && !self.is_host(sid)
            && !cx.timers.is_set(Timer::Forget(sid))
        {
            self.detach(cx, sid);
        }
    }

    /// A session of WHIP or WHEP ends with its peer. That of a room's host is kept until the broadcast is over: its
    /// client may still delete it, or come again with another session.
    fn end_without_media(&mut self, cx: &mut Context, sid: SessionId) {
        let hosts = self.is_host(sid);
        let Some(session) = self.members.get_mut(&sid) else { return };
        if !session.is_http() || session.has_media() || hosts {
            return;
        }
        if let Some(client) = session.client.take() {
            cx.close_client(client, CloseCode::Normal);
        }
        self.remove(cx, sid, Why::ClientGone);
    }

    /// A minute without client: keeps the member only while its media flows in a live room.
    pub(crate) fn forget(&mut self, cx: &mut Context, sid: SessionId) {
        let Some(session) = self.members.get(&sid) else { return };
        if session.client.is_none()
            && !self.is_host(sid)
            && (self.is_idle() || !session.has_media())
        {
            self.remove(cx, sid, Why::ClientGone);
        }
    }

    /// Ends a member's session and all that is its own.
    pub(crate) fn remove(&mut self, cx: &mut Context, sid: SessionId, why: Why) {
        if self.is_host(sid) {
            self.end(cx, why);
        }
        // The end of its broadcast may have been the end of it.
        if !self.members.contains_key(&sid) {
            return;
        }
        self.forget_on_stage(cx, sid);
        if !self.members.contains_key(&sid) {
            return;
        }
        self.withdraw_viewer(cx, sid, why);
        let publishing = self.members.get_mut(&sid).and_then(|it| it.publishing.take());
        if let Some(Publishing { claim, current, .. }) = publishing {
            let has_claim = claim.is_some();
            for publisher in [claim, current].into_iter().flatten() {
                self.close_publisher(cx, sid, publisher, why);
            }
            if has_claim {
                self.unclaim(cx, sid);
            }
        }
        self.leave_person(cx, sid);
        self.desks.remove(&sid);
        let Some(session) = self.members.remove(&sid) else { return };
        if let Profile::Page(page) = session.profile {
            cx.directory.tokens.remove(&page.token);
        }
        if let Some(client) = session.client {
            cx.close_client(client, CloseCode::Normal);
        }
        cx.directory.sessions.remove(&sid);
        let timers =
            [Timer::Silence(sid), Timer::Forget(sid), Timer::Prefer(sid), Timer::Guest(sid)];
        for timer in timers {
            cx.timers.cancel(timer);
        }
        cx.member_left(self.id);
    }
}
