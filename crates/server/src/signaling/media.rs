//! What the media plane reports.

use engine::{CloseReason, Event, MediaInfo, PeerId, RoomId};
use protocol::LiveState;

use super::session::SessionId;
use super::timers::Timer;
use super::{Hub, Now, fault};

/// Which of a session's connections a peer is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Claim,
    Publisher,
    Viewer,
}

impl Hub {
    pub(super) fn handle_event(&mut self, event: Event, now: Now) {
        match event {
            Event::Answer { peer, sdp, codecs } => match self.find(peer) {
                Some((sid, Which::Viewer)) => self.viewer_answered(sid, sdp, codecs, now),
                Some((sid, which)) => {
                    self.publisher_answered(sid, which == Which::Claim, sdp, now);
                }
                None => {}
            },
            Event::Offer { peer, sdp } => {
                if let Some((sid, Which::Viewer)) = self.find(peer) {
                    self.viewer_offered(sid, sdp, now);
                }
            }
            Event::Negotiated { peer, codecs } => {
                if let Some((sid, Which::Viewer)) = self.find(peer) {
                    self.viewer_negotiated(sid, codecs, now);
                }
            }
            Event::Rejected { peer, error } => match self.find(peer) {
                Some((sid, Which::Viewer)) => self.viewer_rejected(sid, error, now),
                Some((sid, which)) => {
                    self.publisher_rejected(sid, which == Which::Claim, error, now);
                    self.reap(sid, now);
                }
                None => {}
            },
            Event::Connected { peer } => self.connected(peer, now),
            Event::Closed { peer, reason } => self.peer_closed(peer, reason, now),
            Event::MediaFlowing { room, media } => self.media_flows(room, media, now),
            Event::MediaStalled { room } => self.interrupt(room, now),
            Event::LayerSent { peer, has_picture, layer, reason } => {
                if let Some((sid, Which::Viewer)) = self.find(peer) {
                    self.layer_sent(sid, super::layers::LayerNow { has_picture, layer, reason });
                }
            }
            Event::LayerRates { room, rates } => self.layer_rates(room, rates),
            Event::LayersUnwanted { room, layers } => self.layers_unwanted(room, layers),
            Event::Findings { room, findings } => self.found(room, findings),
        }
    }

    fn find(&self, peer: PeerId) -> Option<(SessionId, Which)> {
        let sid = *self.by_peer.get(&peer)?;
        let session = self.sessions.get(&sid)?;
        let is = |own: Option<PeerId>| own == Some(peer);
        if is(session.viewer.as_ref().map(|viewer| viewer.peer)) {
            Some((sid, Which::Viewer))
        } else if is(session.claim.as_ref().map(|claim| claim.peer)) {
            Some((sid, Which::Claim))
        } else if is(session.publisher.as_ref().map(|publisher| publisher.peer)) {
            Some((sid, Which::Publisher))
        } else {
            None
        }
    }

    fn connected(&mut self, peer: PeerId, now: Now) {
        let Some((sid, Which::Viewer)) = self.find(peer) else { return };
        let Some(session) = self.sessions.get_mut(&sid) else { return };
        let room = session.room;
        if let Some(viewer) = session.viewer.as_mut()
            && !std::mem::replace(&mut viewer.connected, true)
            && let Some(found) = self.rooms.get_mut(&room)
        {
            found.n_viewers += 1;
            tracing::info!(room = %found.name, n_viewers = found.n_viewers, "viewer joined");
            self.viewers_changed(room, now);
        }
    }

    fn peer_closed(&mut self, peer: PeerId, reason: CloseReason, now: Now) {
        let Some((sid, which)) = self.find(peer) else {
            self.by_peer.remove(&peer);
            return;
        };
        tracing::info!(session = %sid, %peer, ?reason, "connection closed");
        self.by_peer.remove(&peer);
        match which {
            Which::Viewer => {
                self.take_viewer(sid, now);
            }
            Which::Claim => {
                if let Some(session) = self.sessions.get_mut(&sid) {
                    session.claim = None;
                    self.unclaim(sid, now);
                }
            }
            Which::Publisher => self.publisher_closed(sid, reason, now),
        }
        if let Some(fault) = fault::of_close(reason) {
            self.fail(sid, fault);
        }
        self.reap(sid, now);
    }

    fn publisher_closed(&mut self, sid: SessionId, reason: CloseReason, now: Now) {
        let Some(session) = self.sessions.get_mut(&sid) else { return };
        let room = session.room;
        let publisher = session.publisher.take();
        // A new connection took the place of this one; what comes of it decides. Offers to the old
        // one that are not answered belong to a page that is gone.
        drop(publisher);
        let Some(found) = self.rooms.get(&room).filter(|room| room.is_host(sid)) else { return };
        if reason == CloseReason::Replaced && found.claimant.is_some() {
            return;
        }
        match found.live {
            LiveState::Live => self.interrupt(room, now),
            // It never was on air: the room is free for another try.
            LiveState::Starting if found.claimant.is_none() => self.end(room, now),
            _ => {}
        }
    }

    fn media_flows(&mut self, room: RoomId, media: MediaInfo, now: Now) {
        // What was on its way when the connection was closed is no news.
        if !self.host_publishes(room) {
            return;
        }
        let Some(found) = self.rooms.get_mut(&room) else { return };
        let changed = found.media != media;
        found.media = media;
        found.flowing = true;
        let (on_air, live) = (found.on_air, found.live);
        if on_air && live != LiveState::Live {
            self.go_live(room, now);
        } else if changed {
            self.tell_state(room);
        }
        self.timers.cancel(Timer::Grace(room));
        if changed {
            let members: Vec<SessionId> = self
                .rooms
                .get(&room)
                .map(|room| room.members.iter().copied().collect())
                .unwrap_or_default();
            for sid in members {
                self.check_codec(sid);
            }
        }
    }
}
