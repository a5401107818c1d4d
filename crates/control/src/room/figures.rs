//! What is counted and listed of a room for the operator.

use std::collections::BTreeMap;

use protocol::{CloseCode, Role};

use super::Room;
use crate::context::Context;
use crate::figures::{Entrance, Part, RoomCounts, RoomSessions, SessionFigures, Stand};
use crate::session::{LayerNow, Session, SessionId};
use crate::why::Why;

impl Room {
    /// What is counted of it.
    pub(crate) fn counts(&self, cx: &Context) -> RoomCounts {
        let mut sessions: BTreeMap<(Entrance, Part, Stand), u32> = BTreeMap::new();
        let mut layers: BTreeMap<&str, u32> = BTreeMap::new();
        for (sid, session) in &self.members {
            *sessions.entry(self.kind_of(*sid, session)).or_default() += 1;
            let layer = session.watching.as_ref().and_then(|it| it.layer.as_ref());
            if let Some(layer) = layer {
                *layers.entry(layer.word()).or_default() += 1;
            }
        }
        RoomCounts {
            id: self.id,
            name: self.name.clone(),
            live: self.broadcast.live,
            since: self.broadcast.since,
            viewers: self.audience.n_viewers,
            peak: self.audience.peak,
            joins: self.audience.joins,
            sessions: sessions.into_iter().collect(),
            layers: layers.into_iter().map(|(name, n)| (name.to_owned(), n)).collect(),
            latency_ms: self.latencies.now(cx.now.at),
            findings: self.broadcast.findings.since().collect(),
        }
    }

    /// Its sessions.
    pub(crate) fn sessions(&self) -> RoomSessions {
        let sessions = self.members.iter().map(|(sid, session)| {
            let (door, part, stand) = self.kind_of(*sid, session);
            let watching = session.watching.as_ref();
            let layer = watching.and_then(|it| it.layer.as_ref());
            SessionFigures {
                id: sid.0,
                door,
                part,
                stand,
                name: session.name.as_ref().map(|it| it.as_str().to_owned()),
                network: session.addr.network().to_string(),
                joined: session.joined,
                layer: layer.map(|it| it.word().to_owned()),
                reason: layer.map(|it| it.reason),
                peers: [session.publisher().map(|it| it.peer), watching.map(|it| it.peer)],
            }
        });
        RoomSessions {
            room: self.id,
            has_host_trouble: self.broadcast.has_host_trouble(),
            sessions: sessions.collect(),
        }
    }

    fn kind_of(&self, sid: SessionId, session: &Session) -> (Entrance, Part, Stand) {
        let part = if self.is_host(sid) || session.role == Some(Role::Host) {
            Part::Host
        } else if self.is_guest(sid) {
            Part::Guest
        } else {
            Part::Fan
        };
        let watching = session.watching.as_ref();
        let is_up =
            session.publisher().is_some() || watching.is_some_and(|it| it.connected_at.is_some());
        let stand = match session.client {
            None => Stand::Away,
            Some(_) if is_up => Stand::Connected,
            Some(_) if session.has_media() => Stand::Connecting,
            Some(_) => Stand::Idle,
        };
        (session.entrance(), part, stand)
    }

    /// The operator ends a session.
    pub(crate) fn kick(&mut self, cx: &mut Context, sid: SessionId) {
        self.dismiss(cx, sid, "kicked", CloseCode::Banned);
        self.remove(cx, sid, Why::Kicked);
    }
}

impl LayerNow {
    /// A word for programs: see [`RoomCounts::layers`].
    fn word(&self) -> &str {
        match &self.layer {
            _ if !self.has_picture => "none",
            Some(layer) => layer,
            None => "whole",
        }
    }
}
