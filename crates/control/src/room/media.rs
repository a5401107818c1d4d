//! What the media plane reports of a room and its peers.

use media_api::{CloseReason, Event, MediaInfo, PeerId};
use protocol::LiveState;

use super::Room;
use crate::context::Context;
use crate::refusal::Refusal;
use crate::session::{LayerNow, ReplyTo, SessionId, Which};
use crate::timers::Timer;
use crate::why::Why;

impl Room {
    /// An event of one of a member's peers.
    pub(crate) fn handle_peer_event(&mut self, cx: &mut Context, sid: SessionId, event: Event) {
        let Some(peer) = event.peer() else { return };
        let which = self.member(sid).and_then(|session| session.which(peer));
        let Some(which) = which else {
            // It was replaced while the event was under way.
            return;
        };
        match (event, which) {
            (Event::Answer { sdp, codecs, .. }, Which::Watching) => {
                self.viewer_answered(cx, sid, sdp, codecs);
            }
            (Event::Answer { sdp, .. }, which) => {
                self.publisher_answered(cx, sid, which == Which::Claim, sdp);
            }
            (Event::Offer { sdp, .. }, Which::Watching) => self.viewer_offered(cx, sid, sdp),
            (Event::Negotiated { codecs, .. }, Which::Watching) => {
                self.viewer_negotiated(cx, sid, codecs);
            }
            (Event::Rejected { error, .. }, Which::Watching) => {
                self.viewer_rejected(cx, sid, error);
            }
            (Event::Rejected { error, .. }, which) => {
                self.publisher_rejected(cx, sid, which == Which::Claim, error);
                self.reap(cx, sid);
            }
            (Event::Connected { .. }, which) => {
                cx.half_open.remove(peer);
                if which == Which::Watching {
                    self.viewer_connected(cx, sid);
                }
            }
            (Event::Closed { reason, .. }, which) => {
                self.peer_closed(cx, sid, peer, which, reason);
            }
            (Event::LayerSent { has_picture, layer, reason, .. }, Which::Watching) => {
                self.layer_sent(cx, sid, LayerNow { has_picture, layer, reason });
            }
            (Event::Captured { captured, rtp_ts, clock_rate, .. }, Which::Watching) => {
                self.tell_clock(cx, sid, captured, rtp_ts, clock_rate);
            }
            (Event::PastOver { .. }, Which::Watching) => self.rewound(cx, sid, None),
            // Not of publishers; events of rooms name no peer.
            _ => {}
        }
    }

    /// An event of the room.
    pub(crate) fn handle_event(&mut self, cx: &mut Context, event: Event) {
        match event {
            Event::MediaFlowing { media, .. } => self.media_flows(cx, media),
            Event::MediaQuiet { .. } => self.media_quiet(cx),
            Event::MediaStalled { .. } => self.interrupt(cx),
            Event::LayerRates { rates, .. } => self.layer_rates(cx, rates),
            Event::LayersUnwanted { layers, .. } => self.layers_unwanted(cx, layers),
            Event::Findings { findings, .. } => self.found(cx, findings),
            Event::GuestFlowing { seat, is_flowing, .. } => self.guest_flows(cx, seat, is_flowing),
            Event::Speaker { seat, .. } => self.speaks(cx, seat),
            // Events of peers are handled with their session.
            Event::Answer { .. }
            | Event::Offer { .. }
            | Event::Negotiated { .. }
            | Event::Rejected { .. }
            | Event::Connected { .. }
            | Event::Closed { .. }
            | Event::Captured { .. }
            | Event::PastWanted { .. }
            | Event::PastOver { .. }
            | Event::LayerSent { .. } => {}
        }
    }

    fn viewer_connected(&mut self, cx: &mut Context, sid: SessionId) {
        let Some(session) = self.members.get_mut(&sid) else { return };
        let is_audience = session.watching.as_ref().is_some_and(|it| it.cast.has_host);
        let (entrance, ip) = (session.entrance(), session.addr.ip);
        let door = entrance.as_str();
        let Some(watching) = session.watching.as_mut() else { return };
        if watching.connected_at.is_none() {
            watching.connected_at = Some(cx.now.at);
            let took = cx.now.at.saturating_duration_since(watching.asked_at);
            if !is_audience || watching.is_preview {
                return;
            }
            self.audience.n_viewers += 1;
            self.audience.joins += 1;
            cx.counts.watches(entrance, took.as_millis() as u64);
            self.record_join();
            let n_viewers = self.audience.n_viewers;
            tracing::info!(
                room = %self.name, session = %sid, door, %ip, n_viewers, "viewer joined"
            );
            self.viewers_changed(cx);
        }
    }

    fn peer_closed(
        &mut self,
        cx: &mut Context,
        sid: SessionId,
        peer: PeerId,
        which: Which,
        reason: CloseReason,
    ) {
        cx.forget_peer(peer);
        let why = Why::Media(reason);
        tracing::debug!(session = %sid, %peer, %why, "peer closed");
        match which {
            Which::Watching => {
                let taken = self.take_viewer(cx, sid, why);
                if let Some(reply_to) = taken.and_then(|watching| watching.step.into_waiting()) {
                    let client = self.members.get(&sid).and_then(|session| session.client);
                    let refusal =
                        Refusal::unexpected("the connection was closed before the answer");
                    cx.refuse(client, reply_to, refusal);
                }
            }
            Which::Claim => {
                let claim = self
                    .member(sid)
                    .and_then(|session| session.publishing.as_mut())
                    .and_then(|publishing| publishing.claim.take());
                if let Some(claim) = claim {
                    self.drop_publisher(cx, sid, claim, why);
                }
                self.unclaim(cx, sid);
            }
            Which::Publisher => self.publisher_closed(cx, sid, reason),
        }
        if let Some(refusal) = Refusal::of_close(reason)
            && let Some(session) = self.members.get(&sid)
        {
            cx.refuse(session.client, ReplyTo::Nobody, refusal);
        }
        self.reap(cx, sid);
    }

    fn publisher_closed(&mut self, cx: &mut Context, sid: SessionId, reason: CloseReason) {
        let Some(session) = self.members.get_mut(&sid) else { return };
        let publishing = session.publishing.as_mut();
        if let Some(publisher) = publishing.and_then(|publishing| publishing.current.take()) {
            self.drop_publisher(cx, sid, publisher, Why::Media(reason));
        }
        if !self.is_host(sid) {
            return self.guest_lost(cx, sid, reason);
        }
        // A new peer takes the place of this one; what comes of it decides.
        if reason == CloseReason::Replaced && self.claimant.is_some() {
            return;
        }
        match self.broadcast.live {
            LiveState::Live => self.interrupt(cx),
            // It never was on air: the room is free for another try.
            LiveState::Starting if self.claimant.is_none() => self.end(cx, Why::Media(reason)),
            LiveState::Starting
            | LiveState::Offline
            | LiveState::Interrupted
            | LiveState::Ended => {}
        }
    }

    fn media_flows(&mut self, cx: &mut Context, media: MediaInfo) {
        // An event that was under way when the peer was closed is out of date.
        if !self.is_published() {
            return;
        }
        let is_changed = self.broadcast.media != media;
        self.broadcast.media = media;
        self.broadcast.is_flowing = true;
        self.broadcast.is_quiet = false;
        if self.broadcast.on_air && self.broadcast.live != LiveState::Live {
            self.go_live(cx);
        } else if is_changed {
            self.tell_state(cx);
        }
        self.review_trouble(cx);
        cx.timers.cancel(Timer::Grace(self.id));
        if is_changed {
            for sid in self.ids() {
                self.check_codec(cx, sid);
            }
        }
    }
}
