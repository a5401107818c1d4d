//! Which layer a fan wants and is sent, and which layers the host need not send.

use std::time::Instant;

use engine::{Cap, Command, LayerRate, Preference, Reason, RoomId};
use protocol::{ErrorCode, LayerName, LayerReason, Role, ServerMessage};

use super::fault::Fault;
use super::session::SessionId;
use super::timers::Timer;
use super::{Action, Door, Hub, Now, PREFER_EVERY};

/// What a fan wants of the picture.
#[derive(Debug, Clone, Default)]
pub(super) struct Preferred {
    preference: Preference,
    /// When the media plane was told.
    told_at: Option<Instant>,
}

/// What a fan is sent of the picture.
#[derive(Debug, Clone)]
pub(super) struct LayerNow {
    pub(super) has_picture: bool,
    pub(super) layer: Option<String>,
    pub(super) reason: Reason,
}

impl Hub {
    /// `layer`: what the fan wants of the picture, also before it has a connection.
    pub(super) fn layer(
        &mut self,
        sid: SessionId,
        video: Option<LayerName>,
        visible: Option<bool>,
        now: Now,
    ) -> Result<(), Fault> {
        self.extended_only(sid)?;
        let Some(session) = self.sessions.get_mut(&sid) else { return Ok(()) };
        if session.role != Some(Role::Fan) {
            return Err(Fault::new(ErrorCode::Forbidden, "only a fan is sent layers"));
        }
        let preferred = &mut session.preferred;
        let before = preferred.preference.clone();
        if let Some(video) = video {
            preferred.preference.cap = match video.as_str() {
                "auto" => Cap::None,
                "off" => Cap::SoundOnly,
                rid => Cap::Layer(rid.into()),
            };
        }
        if let Some(visible) = visible {
            preferred.preference.is_hidden = !visible;
        }
        if preferred.preference == before {
            return Ok(());
        }
        match preferred.told_at {
            Some(at) if now.at < at + PREFER_EVERY => {
                self.timers.set(Timer::Prefer(sid), at + PREFER_EVERY);
            }
            _ => self.prefer(sid, now),
        }
        Ok(())
    }

    /// Tells the media plane what a fan wants now.
    pub(super) fn prefer(&mut self, sid: SessionId, now: Now) {
        let Some(session) = self.sessions.get_mut(&sid) else { return };
        session.preferred.told_at = Some(now.at);
        let preference = session.preferred.preference.clone();
        if let Some(peer) = session.viewer.as_ref().map(|viewer| viewer.peer) {
            self.command(Command::Prefer { peer, preference });
        }
    }

    /// The same of a new connection, which begins without a preference.
    pub(super) fn prefer_again(&mut self, sid: SessionId) {
        let Some(session) = self.sessions.get(&sid) else { return };
        let preference = session.preferred.preference.clone();
        if preference != Preference::default()
            && let Some(peer) = session.viewer.as_ref().map(|viewer| viewer.peer)
        {
            self.command(Command::Prefer { peer, preference });
        }
    }

    /// The media plane sends a fan another layer, or for another reason.
    pub(super) fn layer_sent(&mut self, sid: SessionId, now: LayerNow) {
        if let Some(viewer) = self.sessions.get_mut(&sid).and_then(|it| it.viewer.as_mut()) {
            viewer.layer = Some(now);
            self.tell_layer(sid);
        }
    }

    /// The media plane says which layers nobody watches.
    pub(super) fn layers_unwanted(&mut self, room: RoomId, layers: Vec<String>) {
        let Some(found) = self.rooms.get_mut(&room) else { return };
        found.unwanted = layers;
        if let Some(sid) = found.host.as_ref().map(|host| host.session) {
            self.tell_unwanted(sid);
        }
    }

    /// The media plane says what each layer takes.
    pub(super) fn layer_rates(&mut self, room: RoomId, rates: Vec<LayerRate>) {
        let Some(found) = self.rooms.get_mut(&room) else { return };
        found.rates = rates;
        let members: Vec<SessionId> = found.members.iter().copied().collect();
        for sid in members {
            self.tell_rates(sid);
        }
    }

    /// Tells a player what each layer takes, when that is known.
    pub(super) fn tell_rates(&mut self, sid: SessionId) {
        let Some(session) = self.sessions.get(&sid) else { return };
        let is_player = session.door == Door::Http && session.role == Some(Role::Fan);
        let Some(socket) = session.socket.filter(|_| is_player) else { return };
        let Some(room) = self.rooms.get(&session.room) else { return };
        if !room.rates.is_empty() {
            let rates = room.rates.clone();
            self.act(Action::Rates { socket, rates });
        }
    }

    /// Tells a page that came back what it may have missed.
    pub(super) fn retell_layers(&mut self, sid: SessionId) {
        self.tell_layer(sid);
        if self.is_host(sid) {
            self.tell_unwanted(sid);
            self.retell_findings(sid);
        }
    }

    fn tell_layer(&mut self, sid: SessionId) {
        let Some(session) = self.sessions.get(&sid).filter(|session| session.extended) else {
            return;
        };
        let Some(now) = session.viewer.as_ref().and_then(|viewer| viewer.layer.clone()) else {
            return;
        };
        let sizes = self.rooms.get(&session.room).map(|room| &*room.sizes).unwrap_or_default();
        let size = sizes.iter().find(|size| Some(size.rid.as_str()) == now.layer.as_deref());
        let message = ServerMessage::LayerNow {
            on: now.has_picture,
            w: size.map(|size| size.w),
            h: size.map(|size| size.h),
            rid: now.layer,
            auto: session.preferred.preference.cap == Cap::None,
            reason: match now.reason {
                Reason::Viewer => LayerReason::User,
                Reason::Link => LayerReason::Bandwidth,
                Reason::Publisher => LayerReason::Host,
                Reason::Hidden => LayerReason::Hidden,
            },
        };
        self.send(sid, message);
    }

    /// Tells a host that pauses which layers it need not send.
    pub(super) fn tell_unwanted(&mut self, sid: SessionId) {
        let Some(session) = self.sessions.get(&sid).filter(|it| it.extended && it.pauses) else {
            return;
        };
        let paused =
            self.rooms.get(&session.room).map(|room| room.unwanted.clone()).unwrap_or_default();
        self.send(sid, ServerMessage::Layers { paused });
    }
}
